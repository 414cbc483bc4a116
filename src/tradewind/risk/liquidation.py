"""How close a mark may come to the price at which the venue takes a position over (SPEC K8)."""

from decimal import Decimal

import msgspec

from tradewind.model.errors import ConfigError
from tradewind.model.money import ONE


class LiquidationRules(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of the mark: closer than `warn` is an alarm, closer than `reduce_only` lets the account only reduce.

    The mode ends by itself when every position is further away than both. None switches a rule off.
    """

    warn: Decimal | None = Decimal("0.20")
    reduce_only: Decimal | None = Decimal("0.15")

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is not None and not (value.is_finite() and 0 < value < ONE):
                raise ConfigError(f"liquidation.{name} must be a share above 0 and below 1, was {value}")

    @property
    def widest(self) -> Decimal | None:
        """The larger of the two distances; None where nothing is watched."""
        return max((each for each in (self.warn, self.reduce_only) if each is not None), default=None)
