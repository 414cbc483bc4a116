"""Fees: which rate applies, by liquidity and by the 30-day volume tier at placement (SPEC X12, METHODS 6.8)."""

from decimal import Decimal

import msgspec

from tradewind.model.errors import ConfigError
from tradewind.model.money import ZERO, multiply
from tradewind.model.orders import Liquidity


class FeeTier(msgspec.Struct, frozen=True, rename={"from_volume": "from"}):
    """Rates from a 30-day volume of `from_volume` (inclusive) upwards; a negative rate is a rebate."""

    from_volume: Decimal
    maker: Decimal
    taker: Decimal


class FeeSchedule(msgspec.Struct, frozen=True):
    """Tiers in ascending order of volume, with the source and date they were taken from."""

    tiers: tuple[FeeTier, ...]
    per_contract: Decimal = ZERO
    source: str = ""
    as_of: str = ""

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


def flat_fees(maker: Decimal, taker: Decimal) -> FeeSchedule:
    """Return a schedule with one tier."""
    return FeeSchedule((FeeTier(ZERO, maker, taker),))


def fee_rate(tier: FeeTier, liquidity: Liquidity) -> Decimal:
    """Return the tier's rate as a share of notional."""
    return tier.maker if liquidity is Liquidity.MAKER else tier.taker


def fee_amount(notional: Decimal, rate: Decimal) -> Decimal:
    """Return |notional| x rate, exactly."""
    return multiply(abs(notional), rate)
