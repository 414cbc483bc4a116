"""Budgets of bots by what they have earned: equal, by risk, or learnt from results (SPEC S5).

Returns are a bot's own, on its own budget, measured at fixed times. What cannot be computed changes nothing; a bot that
has not moved keeps an equal part, since nothing is known of its risk. Weights sum to 1 at most: the rest is cash.
"""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray

from tradewind.model.errors import ConfigError
from tradewind.model.money import ONE, add, multiply, plain, ratio, subtract
from tradewind.numeric import allocation
from tradewind.numeric.covariance import ledoit_wolf

FloatArray = NDArray[np.float64]

ALLOCATION = "allocation"
"""The kind of the fits that carry weights by bot."""
METHODS = ("equal", "inverse_volatility", "risk_parity", "hrp", "mean_variance", "exponentiated_gradient")
DAY_NS = 86_400_000_000_000
STILL = 1e-12  # a return that never differs by more is none
RISK_AVERSION = 8.0
MEAN_PRIOR = 60  # returns of the common mean that a bot's own are pooled with
SPREAD_OVER = 20  # refreshes that a switch of weights is expected to last, for its cost
STEPS_MAX = 300  # a session waits for it: some tenths of a second at most
DIGITS = 10
PARTS = 1_000_000


class KnownResults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an earlier run had measured of the same bots, in the order of their names: whole rows, the oldest first.

    `as_of_ns` is when the last of it was measured.
    """

    run: str
    as_of_ns: int
    rows: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]


class BudgetRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How budgets are found: a return every `every_ns`, the last `window` of them, none below `minimum`.

    Weights stay while their one-way turnover is within `band`. Each lies between `least` (so that a bot goes on being
    measured) and `most`. With `known` results the first weights are those, and the next returns follow on theirs.
    """

    method: str
    every_ns: int = DAY_NS
    window: int = 60
    minimum: int = 20
    band: float = 0.05
    least: float = 0.02
    most: float = 1.0
    known: KnownResults | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ConfigError(f"allocation.method {self.method!r} is none: choose {', '.join(METHODS)}")
        if not 3 <= self.minimum <= self.window:
            raise ConfigError(
                f"allocation.minimum must be at least 3 and at most allocation.window {self.window}, was {self.minimum}"
            )
        if not (0 <= self.least <= self.most <= 1 and self.most > 0 and 0 <= self.band < 1):
            raise ConfigError(
                f"allocation: 0 <= weight_min <= weight_max <= 1 and 0 <= band < 1, were {self.least}, {self.most} "
                f"and {self.band}"
            )


def budget_weights(
    rules: BudgetRules, rows: Sequence[Sequence[float]], before: Sequence[float], cost_rate: float = 0.0
) -> tuple[float, ...] | None:
    """Return a weight for each bot, None where nothing follows from these returns: what was, stays.

    `rows` are returns, a row for each time, NaN where one is not known; `before` the weights in force. `cost_rate` is
    what one unit of weight costs to trade: the cost counts where expected gains do, in `mean_variance`.
    """
    held = np.asarray(before, dtype=np.float64)
    if not len(held):
        return None
    try:
        wanted = _weights(rules, np.asarray(rows, dtype=np.float64).reshape(-1, len(held)), held, cost_rate)
    except (ValueError, ArithmeticError, np.linalg.LinAlgError):
        return None
    if wanted is None or not np.isfinite(wanted).all() or (wanted < 0).any():
        return None
    least = min(rules.least, 1 / len(held))
    bounded = np.minimum(least + (1 - least * len(held)) * wanted, max(rules.most, least))
    return tuple([float(f"{weight:.{DIGITS}g}") for weight in bounded])


def _weights(rules: BudgetRules, rows: FloatArray, held: FloatArray, cost_rate: float) -> FloatArray | None:
    equal = allocation.equal_weights(len(held))
    if rules.method == "equal":
        return equal
    if rules.method == "exponentiated_gradient":
        if not len(rows):
            return None
        total = float(held.sum())
        return allocation.exponentiated_gradient(held / total if total > 0 else equal, 1 + np.nan_to_num(rows[-1]))
    whole = rows[np.isfinite(rows).all(axis=1)][-rules.window :]
    if len(whole) < rules.minimum:
        return None
    moving = np.ptp(whole, axis=0) > STILL
    weights = equal.copy()
    if moving.sum() > 1:
        weights[moving] = _among(rules, whole[:, moving], held[moving], cost_rate) * equal[moving].sum()
    return weights


def _among(rules: BudgetRules, rows: FloatArray, held: FloatArray, cost_rate: float) -> FloatArray:
    """Return weights that sum to 1 among bots that move."""
    covariance = ledoit_wolf(rows).covariance
    if rules.method == "inverse_volatility":
        return allocation.inverse_volatility(covariance)
    if rules.method == "risk_parity":
        return allocation.equal_risk_contribution(covariance)
    if rules.method == "hrp":
        return allocation.hierarchical_risk_parity(covariance)
    own = rows.mean(axis=0)
    shrunk = own.mean() + (own - own.mean()) * len(rows) / (len(rows) + MEAN_PRIOR)
    total = float(held.sum())
    before = held / total if total > 0 else allocation.equal_weights(len(held))
    return allocation.mean_variance(shrunk, covariance, RISK_AVERSION, before, cost_rate / SPREAD_OVER, STEPS_MAX)


class Budgets:
    """The weights of an account's bots, the returns they follow from, and where the next return is measured from."""

    __slots__ = ("due_ns", "names", "rows", "rules", "seen_ns", "stakes", "weights", "whole", "worth")

    def __init__(self, rules: BudgetRules, budgets: Mapping[str, Decimal]) -> None:
        """`budgets` are the bots' own; together, and at most all of the account, they are what is shared."""
        self.rules = rules
        self.names = tuple(sorted(budgets))
        self.whole = ONE
        self.own(budgets)
        first = budget_weights(msgspec.structs.replace(rules, method="equal"), (), [1.0] * len(budgets)) or ()
        self.rows: list[tuple[float, ...]] = []
        if rules.known is not UNSET:
            first, self.rows = rules.known.weights, list(rules.known.rows[-rules.window :])
        self.weights: dict[str, float] = dict(zip(self.names, first, strict=True))
        self.due_ns = 0
        self.seen_ns = 0
        self.worth: dict[str, Decimal | None] = {}
        self.stakes: dict[str, Decimal] = {}

    def own(self, budgets: Mapping[str, Decimal]) -> None:
        """Take what the bots' own budgets are now: what is shared is their sum, and at most the account."""
        self.whole = min(ONE, sum(budgets.values(), Decimal(0)))

    def part(self, bot: str, instruments: int) -> Decimal:
        """Return the share of equity that a bot may use of one of its instruments: weights count in millionths."""
        exact = multiply(self.whole, Decimal(int(self.weights[bot] * PARTS)))
        return ratio(exact, Decimal(PARTS * instruments))

    def measure(self, ts_ns: int, worth: dict[str, Decimal | None], stakes: dict[str, Decimal]) -> bool:
        """Take what each bot has earned so far and what it works with now; return whether that made a row of returns.

        After a pause of more than one period there is none: nobody knows when in it something was earned.
        """
        every = self.rules.every_ns
        fresh = bool(self.worth) and ts_ns - self.seen_ns < 2 * every
        if fresh:
            self.rows.append(tuple([self._gained(name, worth[name]) for name in self.names]))
            del self.rows[: -self.rules.window]
        self.worth, self.stakes, self.seen_ns = worth, stakes, ts_ns
        self.due_ns = (ts_ns // every + 1) * every
        return fresh

    def usable(self, weights: Mapping[str, float]) -> bool:
        """Return whether these are weights of all bots: finite, none below 0, at most 1 together."""
        values = [weights.get(name, math.nan) for name in self.names]
        return all(0 <= value <= 1 for value in values) and sum(int(value * PARTS) for value in values) <= PARTS

    def values(self) -> list[object]:
        """Return what later answers depend on, for digests."""
        told = {name: None if amount is None else plain(amount) for name, amount in self.worth.items()}
        stakes = {name: plain(amount) for name, amount in self.stakes.items()}
        return [plain(self.whole), self.weights, self.rows, self.due_ns, self.seen_ns, told, stakes]

    def _gained(self, name: str, now: Decimal | None) -> float:
        before, stake = self.worth[name], self.stakes[name]
        if now is None or before is None or stake <= 0:
            return math.nan
        return float(subtract(now, before)) / float(stake)


def worth_of(parts: Sequence[tuple[Decimal, Decimal, Decimal, Decimal]]) -> Decimal:
    """Return what was earned in all: realised, unrealised and funding less fees, summed over books."""
    total = Decimal(0)
    for realised, unrealised, funding, fees in parts:
        total = add(total, subtract(add(add(realised, unrealised), funding), fees))
    return total
