"""How much to hold: Kelly, volatility targets, concentration and the drawdown limits on top of them."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tradewind.numeric.covariance import square

FloatArray = NDArray[np.float64]

KELLY_FRACTION = 0.25
PRIOR_WINS = 10.0
PRIOR_LOSSES = 10.0


class VolatilityWeight(NamedTuple):
    """A weight, and `SIGMA_ZERO` when there was no volatility to scale by."""

    weight: float
    flag: str | None


class Concentration(NamedTuple):
    """The sum of squared weights and its inverse, the number of equal positions that are as concentrated."""

    hhi: float
    effective_number: float | None


class BreakerSeries(NamedTuple):
    """Per point: the drawdown from the highest equity so far, and whether the breaker is tripped by then."""

    drawdowns: list[float]
    tripped: list[bool]


class SizeDecision(NamedTuple):
    """The smallest of several allowed sizes, and the name of the rule that set it."""

    weight: float
    binding: str


def kelly_binary(win_probability: float, payoff_ratio: float, fraction: float = KELLY_FRACTION) -> float:
    """The share of wealth that maximises log growth of a win-or-lose bet, times `fraction`; 0 without an edge.

    Shape   floats -> float >= 0. `payoff_ratio` is average win over average loss.
    Timing  None.
    NaN     NaN in, NaN out.
    Raises  ValueError if the probability is outside [0, 1] or the payoff ratio is not positive.
    Source  Kelly (1956), A new interpretation of information rate.
    """
    if not 0 <= win_probability <= 1:
        raise ValueError(f"win_probability must lie in [0, 1], was {win_probability}")
    if payoff_ratio <= 0:
        raise ValueError(f"payoff_ratio must be positive, was {payoff_ratio}")
    return max(0.0, win_probability - (1 - win_probability) / payoff_ratio) * fraction


def shrunk_win_probability(
    wins: int, losses: int, prior_wins: float = PRIOR_WINS, prior_losses: float = PRIOR_LOSSES
) -> float:
    """The mean of the win probability under a Beta prior: a short record says little about the edge.

    Shape   counts -> float in (0, 1).
    Timing  Counts of closed trades only.
    NaN     None.
    Raises  ValueError on a negative count or a prior that is not positive.
    Source  Beta-binomial conjugacy; Gelman et al., Bayesian Data Analysis, section 2.4.
    """
    if wins < 0 or losses < 0 or prior_wins <= 0 or prior_losses <= 0:
        raise ValueError("wins and losses must not be negative, and the prior must be positive")
    return (wins + prior_wins) / (wins + losses + prior_wins + prior_losses)


def kelly_continuous(mean: float, sigma: float) -> float | None:
    """The growth-optimal leverage `mean / sigma^2` of a lognormal asset; None without volatility.

    Shape   floats of the same period -> float; negative for a short.
    Timing  None.
    NaN     NaN in, NaN out.
    Raises  ValueError on a negative sigma.
    Source  Thorp (2006), The Kelly criterion in blackjack, sports betting and the stock market.
    """
    if sigma < 0:
        raise ValueError(f"sigma must not be negative, was {sigma}")
    return mean / (sigma * sigma) if sigma > 0 else None


def kelly_weights(means: ArrayLike, covariance: ArrayLike) -> FloatArray:
    """The growth-optimal weights `S^-1 mu` of several assets; give a shrunk covariance.

    Shape   (N,), N x N -> (N,).
    Timing  None.
    NaN     NaN in, NaN out.
    Raises  numpy.linalg.LinAlgError if the covariance is singular: shrink it first.
    Source  Thorp (2006), section 8.
    """
    return np.asarray(np.linalg.solve(square(covariance), np.asarray(means, dtype=np.float64)), dtype=np.float64)


def volatility_target(target: float, sigma: float, cap: float = 1.0) -> VolatilityWeight:
    """The weight that brings forecast volatility to `target`, at most `cap`.

    Shape   floats in the same unit (both annual, or both per bar) -> weight and flag.
    Timing  `sigma` is the forecast for the period the weight is held.
    NaN     NaN in, NaN weight out. Zero sigma: the cap, flagged SIGMA_ZERO.
    Raises  ValueError if the target or sigma is negative or the cap is not positive.
    Source  Moreira and Muir (2017), Volatility-managed portfolios.
    """
    if target < 0 or sigma < 0:
        raise ValueError(f"target and sigma must not be negative, were {target} and {sigma}")
    if cap <= 0:
        raise ValueError(f"cap must be positive, was {cap}")
    if sigma == 0:
        return VolatilityWeight(cap, "SIGMA_ZERO")
    return VolatilityWeight(float(np.minimum(cap, target / sigma)), None)


def smallest_size(candidates: dict[str, float]) -> SizeDecision:
    """The least of the named sizes and the rule that binds; the first named wins a tie."""
    if not candidates:
        raise ValueError("no size was proposed: name at least one rule")
    binding = min(candidates, key=lambda name: candidates[name])
    return SizeDecision(candidates[binding], binding)


def concentration(weights: ArrayLike) -> Concentration:
    """The Herfindahl-Hirschman index of the weights and the effective number of positions.

    Shape   (N,) -> two floats. Weights are used as given; no positions at all has no effective number.
    Timing  None.
    NaN     NaN in, NaN out.
    Raises  nothing.
    Source  Hirschman (1964), The paternity of an index.
    """
    shares = np.asarray(weights, dtype=np.float64)
    hhi = float((shares * shares).sum())
    return Concentration(hhi, 1 / hhi if hhi != 0 else None)


def drawdown_breaker(equity: Sequence[Decimal], limit: Decimal) -> BreakerSeries:
    """The drawdown at each point and whether the breaker is tripped by then; it trips at equality and stays.

    Shape   (T,) exact equities -> (T,) floats and (T,) booleans.
    Timing  Point t knows equity up to and including t.
    NaN     None: money is exact.
    Raises  ValueError if the highest equity so far is not positive, or the limit not inside (0, 1].
    Source  Platform rule; drawdown is `1 - equity / highest equity so far`, compared exactly.
    """
    if not 0 < limit <= 1:
        raise ValueError(f"limit must lie in (0, 1], was {limit}")
    highest = Fraction(0)
    drawdowns: list[float] = []
    tripped: list[bool] = []
    latched = False
    for point in map(Fraction, equity):
        highest = max(highest, point)
        if highest <= 0:
            raise ValueError("a drawdown needs positive equity to fall from")
        drawdown = 1 - point / highest
        latched = latched or drawdown >= Fraction(limit)
        drawdowns.append(float(drawdown))
        tripped.append(latched)
    return BreakerSeries(drawdowns, tripped)


def drawdown_constrained_fraction(
    returns: ArrayLike,
    rng: np.random.Generator,
    drawdown: float = 0.10,
    probability: float = 0.05,
    cap: float = 1.0,
    paths: int = 1000,
    steps: int = 40,
) -> float:
    """The largest fraction of the given exposure whose estimated P(drawdown > `drawdown`) is at most `probability`.

    Shape   (T,) returns at full exposure -> float in [0, cap].
    Timing  Uses every return given.
    NaN     NaN in, NaN comparisons: clean the series first.
    Raises  ValueError on no returns.
    Source  Busseti, Ryu and Boyd (2016), Risk-constrained Kelly gambling; here by bootstrap and bisection.
    """
    sample = np.asarray(returns, dtype=np.float64)
    if sample.size == 0:
        raise ValueError("returns must hold at least one value")
    drawn = sample[rng.integers(0, sample.size, size=(paths, sample.size))]

    def breaks(fraction: float) -> bool:
        return _drawdown_probability(drawn * fraction, drawdown) > probability

    if not breaks(cap):
        return cap
    low, high = 0.0, cap
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (low, middle) if breaks(middle) else (middle, high)
    return low


def _drawdown_probability(paths: FloatArray, drawdown: float) -> float:
    # A path that loses everything stays at zero.
    wealth = np.cumprod(np.maximum(1 + paths, 0.0), axis=1)
    highest = np.maximum(np.maximum.accumulate(wealth, axis=1), 1.0)
    return float(((1 - wealth / highest).max(axis=1) > drawdown).mean())
