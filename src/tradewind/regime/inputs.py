"""Everything the two tiers read of a panel of instruments, kept bar by bar.

The rules need three indicators of each instrument and the correlation of all; the model reads those too, after the
features across instruments.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tradewind.numeric.bars import BarLike
from tradewind.numeric.indicators import Stream, adx, choppiness, natr
from tradewind.numeric.indicators.volatility import VolatilityPercentileStream
from tradewind.regime.correlation import RollingCorrelation
from tradewind.regime.features import MINIMUM_INSTRUMENTS, PANEL_FEATURES, FeaturePanel
from tradewind.regime.rules import RuleInputs

FloatArray = NDArray[np.float64]

RULE_BARS = 100
"""The rules are defined from the 100th bar on, when the percentile has its minimum of values."""

MODEL_BARS = 520
NATR_BARS = 14
PERCENTILE_BARS = 500

FEATURES = (*PANEL_FEATURES, "adx", "choppiness", "atr_percentile", "correlation_z")


class KeptStream:
    """A stream that remembers its last value, so that two readers cost one update."""

    __slots__ = ("_stream", "value")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.value: float | None = None

    def update(self, bar: BarLike) -> float | None:
        """Return the value of the stream, and keep it."""
        value = self._stream.update(bar)
        self.value = value if isinstance(value, float) else None
        return self.value


class Indicators:
    """One instrument's indicators of the rules."""

    __slots__ = ("_adx", "_choppiness", "_natr", "_percentile", "adx", "bars", "choppiness", "natr", "percentile")

    def __init__(self) -> None:
        self._adx = adx().stream()
        self._choppiness = choppiness().stream()
        self._natr = KeptStream(natr(NATR_BARS).stream())
        self._percentile = VolatilityPercentileStream(PERCENTILE_BARS, RULE_BARS - NATR_BARS, self._natr)
        self.adx = self.choppiness = self.natr = self.percentile = math.nan
        self.bars = 0

    def update(self, bar: BarLike) -> None:
        """Take one bar; the values are NaN until they are defined."""
        self.bars += 1
        self.adx = _number(self._adx.update(bar))
        self.choppiness = _number(self._choppiness.update(bar))
        self.percentile = _number(self._percentile.update(bar))
        self.natr = _number(self._natr.value)

    @property
    def flat(self) -> bool:
        """Return whether nothing moved over the window of the choppiness."""
        return self.bars >= RULE_BARS and math.isnan(self.choppiness)


class PanelInputs:
    """The inputs of both tiers for a fixed list of instruments; `bars` given as None is one that is not there."""

    __slots__ = ("_closes", "_matrix", "correlation", "correlation_z", "indicators", "panel", "together")

    def __init__(self, instruments: int) -> None:
        self.indicators = [Indicators() for _ in range(instruments)]
        several = instruments >= MINIMUM_INSTRUMENTS
        self.panel = FeaturePanel(instruments) if several else None
        self.together = RollingCorrelation(instruments) if several else None
        self.correlation: float | None = None
        self.correlation_z: float | None = None
        self._matrix = np.zeros((len(FEATURES), instruments))
        self._closes = np.full(instruments, np.nan)

    def update(self, bars: Sequence[BarLike | None]) -> None:
        """Take the bars that closed at one time, one of each instrument or None."""
        for indicators, bar in zip(self.indicators, bars, strict=True):
            if bar is not None:
                indicators.update(bar)
        if self.panel is None or self.together is None:
            return
        row = np.array([_prices(bar) for bar in bars]).T
        ahead = len(PANEL_FEATURES)
        closes = self._closes
        self._matrix[:ahead] = self.panel.update(row)
        self._closes = np.where(np.isnan(row[3]), closes, row[3])
        self.correlation = self.together.update(row[3] / closes - 1.0)
        self.correlation_z = self.together.z_score
        rest = self._matrix[ahead:]
        rest[0] = [each.adx for each in self.indicators]
        rest[1] = [each.choppiness for each in self.indicators]
        rest[2] = [each.percentile for each in self.indicators]
        rest[3] = 0.0 if self.correlation_z is None else self.correlation_z

    @property
    def features(self) -> FloatArray:
        """Return the model's features (F, N) after the last bar; the array is used again."""
        return self._matrix

    def rule_inputs(self, instrument: int) -> RuleInputs | None:
        """Return what the rules read of an instrument, or None until all of it is defined."""
        own = self.indicators[instrument]
        if own.bars < RULE_BARS:
            return None
        return RuleInputs(own.adx, own.choppiness, own.percentile, self.correlation)

    def model_ready(self, instrument: int) -> bool:
        """Return whether every feature of the model is defined for an instrument."""
        return self.indicators[instrument].bars >= MODEL_BARS and self.correlation is not None

    def reset(self, instrument: int) -> None:
        """Forget one instrument, as after a data gap."""
        self.indicators[instrument] = Indicators()
        self._closes[instrument] = math.nan
        if self.panel is not None:
            self.panel.reset(instrument)


def _number(value: object) -> float:
    return value if isinstance(value, float) else math.nan


def _prices(bar: BarLike | None) -> tuple[float, float, float, float]:
    return (math.nan,) * 4 if bar is None else (bar.open, bar.high, bar.low, bar.close)
