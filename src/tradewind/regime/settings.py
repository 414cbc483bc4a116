"""Thresholds of the rules and of the hysteresis, with the defaults of METHODS 1.4 and 1.5."""

import msgspec

from tradewind.model.errors import ConfigError

MAX_GAP_BARS = 3


class RuleSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the rules cut: ADX of 14 bars, choppiness of 20, correlation of 24, percentile of NATR in 500."""

    trend_adx: float = 25.0
    trend_choppiness: float = 50.0
    choppy_choppiness: float = 61.8
    crisis_correlation: float = 0.75
    crisis_percentile: float = 0.95
    crisis_percentile_alone: float = 0.99


class HysteresisSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How reluctantly a label changes; crisis enters at once and leaves slowly."""

    margin: float = 0.2
    confirm_bars: int = 2
    crisis_enter: float = 0.5
    crisis_leave: float = 0.3
    crisis_dwell_bars: int = 12

    def __post_init__(self) -> None:
        if not 0 <= self.margin < 1:
            raise ConfigError(f"regime margin is a difference of probabilities in [0, 1), was {self.margin}")
        if not 0 < self.crisis_leave <= self.crisis_enter < 1:
            raise ConfigError(
                f"crisis leaves at or below where it enters: 0 < leave <= enter < 1, were {self.crisis_leave} and "
                f"{self.crisis_enter}"
            )
        if self.confirm_bars < 1 or self.crisis_dwell_bars < 0:
            raise ConfigError("confirm_bars must be at least 1 and crisis_dwell_bars not negative")


class RegimeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything of the classifier that a person may set."""

    rules: RuleSettings = RuleSettings()
    hysteresis: HysteresisSettings = HysteresisSettings()
    use_model: bool = True
    max_gap_bars: int = MAX_GAP_BARS
    gaps_are_no_trade: bool = False
