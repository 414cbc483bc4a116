"""Fees: which rate applies, by liquidity and by the 30-day volume tier at placement (SPEC X12, METHODS 6.8)."""

from collections import deque
from decimal import Decimal
from typing import Any

import msgspec

from tradewind.model.errors import ConfigError
from tradewind.model.money import ZERO, add, multiply, subtract
from tradewind.model.orders import Liquidity

DAY_NS = 86_400_000_000_000


class FeeTier(msgspec.Struct, frozen=True, rename={"from_volume": "from"}):
    """Rates from a 30-day volume of `from_volume` (inclusive) upwards; a negative rate is a rebate."""

    from_volume: Decimal
    maker: Decimal
    taker: Decimal


class FeeSchedule(msgspec.Struct, frozen=True):
    """Tiers in ascending order of volume, with the source and date they were taken from.

    The tier follows from the volume of the last `volume_days` UTC days, today included; None: no volume ever leaves.
    """

    tiers: tuple[FeeTier, ...]
    per_contract: Decimal = ZERO
    source: str = ""
    as_of: str = ""
    volume_days: int | None = None

    def __post_init__(self) -> None:
        volumes = [tier.from_volume for tier in self.tiers]
        if not volumes or volumes != sorted(set(volumes)):
            raise ConfigError("fee tiers must be given in strictly ascending order of 30-day volume, at least one")

    def tier(self, volume_30d: Decimal) -> FeeTier:
        """Return the tier with the largest start at or below `volume_30d` (the first one below its start)."""
        chosen = self.tiers[0]
        for candidate in self.tiers:
            if candidate.from_volume > volume_30d:
                break
            chosen = candidate
        return chosen


class TrailingVolume:
    """Traded notional of the last days, in daily sums. What an account opens with counts as of the first day seen."""

    __slots__ = ("_days", "_kept", "total")

    def __init__(self, opening: Decimal, days: int | None) -> None:
        self.total = opening
        self._kept = days
        self._days: deque[list[Any]] = deque()

    def at(self, ts_ns: int) -> Decimal:
        """Return the volume at a time; times never go back by more than a day's sum."""
        day = ts_ns // DAY_NS
        days = self._days
        if not days:
            days.append([day, self.total])
        if self._kept is not None:
            while days and days[0][0] <= day - self._kept:
                self.total = subtract(self.total, days.popleft()[1])
        if not days or days[-1][0] < day:
            days.append([day, ZERO])
        return self.total

    def add(self, ts_ns: int, notional: Decimal) -> Decimal:
        """Count a fill and return the volume after it."""
        self.at(ts_ns)
        today = self._days[-1]
        today[1] = add(today[1], notional)
        self.total = add(self.total, notional)
        return self.total


def flat_fees(maker: Decimal, taker: Decimal) -> FeeSchedule:
    """Return a schedule with one tier."""
    return FeeSchedule((FeeTier(ZERO, maker, taker),))


def fee_rate(tier: FeeTier, liquidity: Liquidity) -> Decimal:
    """Return the tier's rate as a share of notional."""
    return tier.maker if liquidity is Liquidity.MAKER else tier.taker


def fee_amount(notional: Decimal, rate: Decimal) -> Decimal:
    """Return |notional| x rate, exactly."""
    return multiply(abs(notional), rate)
