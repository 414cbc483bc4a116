"""The limits of an account, and which checks they switch on. A limit that is None leaves its check `off`, visibly."""

from decimal import Decimal

import msgspec

from tradewind.model.errors import ConfigError

CAPS = "instrument_notional_caps"


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shares are of equity. Defaults are SPEC K1's for the checks that need no venue; None switches a check off.

    `instrument_notional_caps` bounds single instruments by their ids, beside `instrument_notional_max` for all.
    """

    data_age_ns_max: int | None = None
    impact_bps_max: Decimal | None = None
    order_notional_max: Decimal | None = None
    leverage_max: Decimal | None = Decimal(1)
    instrument_notional_max: Decimal | None = None
    instrument_notional_caps: dict[str, Decimal] = {}
    instrument_share_max: Decimal | None = Decimal("0.20")
    exposure_share_max: Decimal | None = Decimal("0.80")
    concentration_max: Decimal | None = None
    liquidation_buffer_min: Decimal | None = Decimal("0.15")
    liquidation_distance_min: Decimal | None = None
    slippage_bps_max: Decimal | None = Decimal(50)
    instrument_orders_per_minute_max: int | None = None
    orders_per_minute_max: int | None = None
    orders_per_hour_max: int | None = None
    orders_per_day_max: int | None = None
    seconds_between_orders_min: Decimal | None = None

    def __post_init__(self) -> None:
        named = {name: getattr(self, name) for name in self.__struct_fields__ if name != CAPS}
        named |= {f"{CAPS}.{instrument}": cap for instrument, cap in self.instrument_notional_caps.items()}
        for name, value in named.items():
            if value is not None and (not Decimal(value).is_finite() or value < 0):
                raise ConfigError(f"limits.{name} must be a number of at least 0, was {value}")

    def notional_cap(self, instrument: str) -> Decimal | None:
        """Return how much of one instrument may be held: the tighter of its own cap and that of all, None without."""
        own, general = self.instrument_notional_caps.get(instrument), self.instrument_notional_max
        return general if own is None else own if general is None else min(own, general)


RESEARCH_LIMITS = Limits(
    leverage_max=Decimal(1),
    instrument_share_max=Decimal(1),
    exposure_share_max=Decimal(1),
    slippage_bps_max=Decimal(50),
)
