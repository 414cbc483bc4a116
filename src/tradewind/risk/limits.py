"""The limits of an account, and which checks they switch on. A limit that is None leaves its check `off`, visibly."""

from decimal import Decimal

import msgspec

from tradewind.model.errors import ConfigError


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shares are of equity. Defaults are SPEC K1's for the checks that need no venue; None switches a check off."""

    data_age_ns_max: int | None = None
    order_notional_max: Decimal | None = None
    leverage_max: Decimal | None = Decimal(1)
    instrument_notional_max: Decimal | None = None
    instrument_share_max: Decimal | None = Decimal("0.20")
    exposure_share_max: Decimal | None = Decimal("0.80")
    concentration_max: Decimal | None = None
    liquidation_buffer_min: Decimal | None = Decimal("0.15")
    liquidation_distance_min: Decimal | None = None
    slippage_bps_max: Decimal | None = Decimal(50)
    orders_per_minute_max: int | None = None
    orders_per_hour_max: int | None = None
    orders_per_day_max: int | None = None
    seconds_between_orders_min: Decimal | None = None

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is not None and (not Decimal(value).is_finite() or value < 0):
                raise ConfigError(f"limits.{name} must be a number of at least 0, was {value}")


RESEARCH_LIMITS = Limits(
    leverage_max=Decimal(1),
    instrument_share_max=Decimal(1),
    exposure_share_max=Decimal(1),
    slippage_bps_max=Decimal(50),
)
