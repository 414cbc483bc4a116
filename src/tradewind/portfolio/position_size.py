"""How large a new position may be, and what decided it (SPEC S7).

The least of several sizes: a fraction of Kelly's on a record that is shrunk towards a coin's, the size whose
volatility is the target, what the market can take, and the limit; times what the regime leaves. Without an edge: zero.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from tradewind.model.errors import ConfigError
from tradewind.model.regime import Regime
from tradewind.numeric.sizing import (
    KELLY_FRACTION,
    PRIOR_LOSSES,
    PRIOR_WINS,
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
DAY_NS = 86_400_000_000_000


class SizingRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How large an entry may be; sizes are shares of equity.

    `method` is `kelly` or `volatility_target`. With `kelly` the bot's trades of the last `record_ns` decide, and below
    `trades_min` of them it may hold `probe`. `volatility` is what a day may move a position by, None for no such limit;
    `volume_share` what part of a bar's volume an entry may be, None for any.
    """

    method: str
    kelly_fraction: float = KELLY_FRACTION
    volatility: float | None = 0.01
    volume_share: float | None = 0.05
    share_max: float = 1.0
    trades_min: int = 20
    probe: float = 0.02
    record_ns: int = 180 * DAY_NS
    regime: bool = True

    def __post_init__(self) -> None:
        if self.method not in ("kelly", "volatility_target"):
            raise ConfigError(f"sizing.method {self.method!r} is none: choose kelly or volatility_target")
        if self.method == "volatility_target" and self.volatility is None:
            raise ConfigError("sizing.method is volatility_target, which needs a target: set sizing.volatility")


class Measured(NamedTuple):
    """What a size is measured by: the bot's results, what the instrument moves and trades, and its regime.

    `wanted` and `volume` are shares of equity; None is not known, of `regime` that none is told.
    """

    wanted: float
    results: Sequence[float]
    volatility: float | None
    volume: float | None
    regime: Regime | None


class MeasuredSize(NamedTuple):
    """The share of equity to hold at most, what was binding, and all sizes that were compared."""

    share: float
    binding: str
    sizes: dict[str, float]


def measured_size(rules: SizingRules, by: Measured) -> MeasuredSize:
    """Return the size of an entry: the least of what is wanted and what each rule allows, times what the regime leaves.

    `binding` is one of weight, limit, probe, kelly, volatility_target, liquidity, regime; `no_edge` for results without
    one, and `no_data` where a number is missing or none: both give zero. Never above what is wanted.
    """
    sizes = {"weight": by.wanted, "limit": rules.share_max}
    if rules.method == "kelly":
        if len(by.results) < rules.trades_min:
            sizes["probe"] = rules.probe
        elif (kelly := _kelly(by.results, rules.kelly_fraction)) > 0:
            sizes["kelly"] = kelly
        else:
            return MeasuredSize(0.0, NO_EDGE, sizes)
    if rules.volatility is not None:
        if by.volatility is None or not by.volatility > 0:
            return MeasuredSize(0.0, NO_DATA, sizes)  # what does not move gives nothing to size by
        sizes["volatility_target"] = rules.volatility / by.volatility
    if rules.volume_share is not None and by.volume is not None:
        sizes["liquidity"] = rules.volume_share * by.volume
    if not all(math.isfinite(size) and size >= 0 for size in sizes.values()):
        return MeasuredSize(0.0, NO_DATA, sizes)
    least = smallest_size(sizes)
    left = REGIME_SHARES[by.regime] if rules.regime and by.regime is not None else 1.0
    if left < 1:
        sizes["regime"] = least.weight * left
    return MeasuredSize(least.weight * left, least.binding if left else "regime", sizes)


def _kelly(results: Sequence[float], fraction: float) -> float:
    """Return a part of Kelly's share on results of trades, pooled with ten wins and ten losses of their mean size."""
    wins = [each for each in results if each > 0]
    losses = [-each for each in results if each <= 0]
    typical = math.fsum(map(abs, results)) / len(results)
    if not (math.isfinite(typical) and typical > 0):
        return 0.0
    win = (math.fsum(wins) + PRIOR_WINS * typical) / (len(wins) + PRIOR_WINS)
    loss = (math.fsum(losses) + PRIOR_LOSSES * typical) / (len(losses) + PRIOR_LOSSES)
    return kelly_binary(shrunk_win_probability(len(wins), len(losses)), win / loss, fraction)


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
