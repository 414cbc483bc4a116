"""How large a new position may be, and what decided it (SPEC S7).

The least of several sizes: a fraction of Kelly's on a record that is shrunk towards a coin's, the size whose
volatility is the target, what the market can take, and the limit; times what the regime leaves. Without an edge: zero.
"""

import math
from collections.abc import Mapping

import msgspec

from tradewind.model.regime import Regime
from tradewind.numeric.sizing import (
    KELLY_FRACTION,
    SizeDecision,
    kelly_binary,
    shrunk_win_probability,
    smallest_size,
    volatility_target,
)

REGIME_SHARES: Mapping[Regime, float] = {
    Regime.TRENDING: 1.0,
    Regime.RANGING: 0.75,
    Regime.CHOPPY: 0.0,
    Regime.CRISIS: 0.0,
    Regime.UNKNOWN: 0.0,
}
NO_EDGE, NO_DATA = "no_edge", "no_data"


class SizeQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What a size depends on; all sizes are shares of equity.

    `wins` and `losses` count closed trades and `payoff_ratio` is their average win over their average loss. Both
    volatilities are of one unit of time. `volume` is what the market trades in the time the entry may take, as a
    multiple of equity, None where nobody knows; an entry may be `volume_share_max` of it.
    """

    wins: int
    losses: int
    payoff_ratio: float
    volatility: float
    volatility_target: float
    regime: Regime
    limit: float = 1.0
    volume: float | None = None
    volume_share_max: float = 0.05
    kelly_fraction: float = KELLY_FRACTION


def position_size(question: SizeQuestion) -> SizeDecision:
    """Return the share of equity to hold at most, and what was binding.

    `binding` is one of kelly, volatility_target, liquidity, limit, regime; `no_edge` for a record without one, and
    `no_data` where a number is missing or impossible: both give zero. The regime scales what the other rules leave.
    """
    if not _usable(question):
        return SizeDecision(0.0, NO_DATA)
    probability = shrunk_win_probability(question.wins, question.losses)
    kelly = kelly_binary(probability, question.payoff_ratio, question.kelly_fraction)
    if kelly <= 0:
        return SizeDecision(0.0, NO_EDGE)
    sizes = {
        "kelly": kelly,
        "volatility_target": volatility_target(question.volatility_target, question.volatility).weight,
        "limit": question.limit,
    }
    if question.volume is not None:
        sizes["liquidity"] = question.volume * question.volume_share_max
    least = smallest_size(sizes)
    left = REGIME_SHARES[question.regime]
    return SizeDecision(0.0, "regime") if left == 0 else SizeDecision(least.weight * left, least.binding)


def _usable(question: SizeQuestion) -> bool:
    """Return whether every number is one; a market that does not move, or has no volume, is no data to size by."""
    numbers = [
        question.payoff_ratio,
        question.volatility,
        question.volatility_target,
        question.limit,
        question.kelly_fraction,
        question.volume_share_max,
    ]
    if question.volume is not None:
        numbers.append(question.volume)
    return (
        all(map(math.isfinite, numbers))
        and min(numbers) >= 0
        and question.payoff_ratio > 0
        and question.volatility > 0
        and question.wins >= 0
        and question.losses >= 0
    )
