"""What a fill costs: the tier by the account's 30-day volume, and the commission's rounding.

Rates are integers of 1e-8. A commission is value x rate, rounded half-even to the unit of money (1e-18); with the
increments and rates of real products that product is exact. The tier of an order is fixed when it is placed.
"""

from bisect import bisect_right
from decimal import Decimal

import msgspec

from tradewind.exchange.core.amounts import DIGITS, decimal_of, half_even, units_of
from tradewind.model.errors import ConfigError
from tradewind.model.fees import FeeSchedule, FeeTier

RATE_DIGITS = 8
RATE_UNIT = 10**RATE_DIGITS

_TIERS = (  # 30-day volume from, maker, taker: a default for simulation, never read from the venue itself
    ("0", "0.006", "0.012"),
    ("1000", "0.0035", "0.0075"),
    ("10000", "0.0025", "0.004"),
    ("50000", "0.0015", "0.0025"),
    ("100000", "0.001", "0.002"),
    ("1000000", "0.0008", "0.0015"),
    ("25000000", "0.0005", "0.001"),
    ("100000000", "0.0002", "0.0008"),
    ("250000000", "0", "0.0005"),
)
SPOT_FEES = FeeSchedule(
    tuple(FeeTier(Decimal(start), Decimal(maker), Decimal(taker)) for start, maker, taker in _TIERS),
    source="public write-ups that agree up to a volume of one million",
    as_of="2025-11-09",
)
PERPETUAL_FEES = FeeSchedule(
    (
        FeeTier(Decimal(0), Decimal("0.0002"), Decimal("0.0004")),
        FeeTier(Decimal(1_000_000), Decimal("0.00016"), Decimal("0.0004")),
    ),
    source="public dump of the international venue's tiers",
    as_of="2025-06-15",
)


class FeeTierView(msgspec.Struct, frozen=True):
    """The tier an account trades at; `to_volume` None is the last tier."""

    name: str
    from_volume: Decimal
    to_volume: Decimal | None
    maker: Decimal
    taker: Decimal


class FeeTable:
    """A schedule in integers: start volumes (money units) and (maker, taker) rates by tier."""

    __slots__ = ("names", "rates", "schedule", "starts")

    def __init__(self, schedule: FeeSchedule) -> None:
        self.schedule = schedule
        self.starts = [units_of(tier.from_volume) for tier in schedule.tiers]
        self.rates = [(_rate(tier.maker), _rate(tier.taker)) for tier in schedule.tiers]
        if schedule.per_contract:
            raise ConfigError("the exchange has no fee per contract: give maker and taker rates")

    def tier_at(self, volume: int) -> int:
        """Return the index of the tier for a 30-day volume in money units."""
        return max(0, bisect_right(self.starts, volume) - 1)

    def view(self, tier: int) -> FeeTierView:
        """Return a tier as its owner sees it."""
        row = self.schedule.tiers[tier]
        last = tier + 1 == len(self.starts)
        upper = None if last else decimal_of(self.starts[tier + 1])
        return FeeTierView(f"Tier {tier + 1}", row.from_volume, upper, row.maker, row.taker)


class FeeScale:
    """How a product's value in integers and a rate make a commission: value x rate x `multiply` / `divide`."""

    __slots__ = ("divide", "multiply")

    def __init__(self, value_unit: int) -> None:
        whole = value_unit % RATE_UNIT == 0
        self.multiply = value_unit // RATE_UNIT if whole else value_unit
        self.divide = 1 if whole else RATE_UNIT

    def per_value(self, rate: int) -> int:
        """Return the rate's factor: commission = value x factor, when `divide` is 1."""
        return rate * self.multiply

    def commission(self, value: int, factor: int) -> int:
        """Return the commission of a fill, rounded half-even to the unit of money."""
        return value * factor if self.divide == 1 else half_even(value * factor, self.divide)

    def hold_factor(self, factor: int, value_unit: int) -> int:
        """Return what a unit of value with the commission at this factor comes to, rounded up."""
        return value_unit - (-factor // self.divide)


def _rate(rate: Decimal) -> int:
    try:
        return units_of(rate, RATE_DIGITS)
    except ValueError:
        raise ConfigError(f"fee rate {rate} needs more than {RATE_DIGITS} decimals of {DIGITS}: round it") from None
