"""Did it earn its risk? Ratios of a return series, in numbers that stay defined at the edges.

A ratio without a denominator is None, never infinity: no variance, no losing trade, no drawdown. Returns are simple
returns per period, one per UTC day unless said otherwise, and a year has 365 of them. What happened to the money
itself (drawdowns, trades) is in `equity_path`; whether the result could be luck is in `significance`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

DAYS_PER_YEAR = 365
NEGLIGIBLE = 1e-12


class Sharpe(NamedTuple):
    """Mean and deviation (ddof 1) per period, and the annualised Sharpe ratio; None where undefined."""

    mean: float | None
    deviation: float | None
    sharpe: float | None


class Sortino(NamedTuple):
    """Downside deviation per period and the annualised Sortino ratio; None where undefined."""

    downside: float | None
    sortino: float | None


class Extremes(NamedTuple):
    """The best and the worst period of a series."""

    best: float
    worst: float


def sharpe(returns: ArrayLike, periods_per_year: float = DAYS_PER_YEAR) -> Sharpe:
    """Mean over sample deviation of the returns, times the root of the periods in a year.

    Shape   (T,) -> mean and deviation per period, Sharpe per year. Excess returns if a rate is subtracted first.
    Timing  Uses every return given.
    NaN     Raises. Below two returns the deviation is None; without variance the ratio is None.
    Raises  ValueError on a value that is not finite.
    Source  Sharpe (1994), The Sharpe ratio.
    """
    sample = _finite(returns)
    if sample.size == 0:
        return Sharpe(None, None, None)
    mean = float(sample.mean())
    if sample.size == 1:
        return Sharpe(mean, None, None)
    deviation = float(sample.std(ddof=1))
    if _negligible(deviation, sample):
        return Sharpe(mean, deviation, None)
    return Sharpe(mean, deviation, mean / deviation * math.sqrt(periods_per_year))


def sharpe_autocorrelated(
    returns: ArrayLike, periods_per_year: int = DAYS_PER_YEAR, lags: int | None = None
) -> float | None:
    """The annualised Sharpe ratio, corrected for serial correlation of the returns.

    Shape   (T,) -> float, or None where the plain ratio is undefined or the correlations leave no variance.
    Timing  Uses every return given; `lags` (default: the Newey-West rule of thumb) correlations are estimated.
    NaN     Raises.
    Raises  ValueError on a value that is not finite.
    Source  Lo (2002), The statistics of Sharpe ratios, equation 20.
    """
    sample = _finite(returns)
    plain = sharpe(sample, 1).sharpe
    if plain is None:
        return None
    count = int(4 * (sample.size / 100) ** (2 / 9)) if lags is None else lags
    count = min(count, sample.size - 1, periods_per_year - 1)
    centred = sample - sample.mean()
    variance = float(centred @ centred)
    spread = float(periods_per_year)
    for lag in range(1, count + 1):
        correlation = float(centred[lag:] @ centred[:-lag]) / variance
        spread += 2 * (periods_per_year - lag) * correlation
    return plain * periods_per_year / math.sqrt(spread) if spread > 0 else None


def sortino(returns: ArrayLike, target: float = 0.0, periods_per_year: float = DAYS_PER_YEAR) -> Sortino:
    """Mean return above `target` over the downside deviation, annualised.

    Shape   (T,), target per period -> downside per period, ratio per year.
    Timing  Uses every return given. The downside is taken over all periods, not only the losing ones.
    NaN     Raises. Without a period below target the ratio is None.
    Raises  ValueError on a value that is not finite.
    Source  Sortino and van der Meer (1991), Downside risk.
    """
    sample = _finite(returns)
    if sample.size == 0:
        return Sortino(None, None)
    shortfall = np.minimum(sample - target, 0.0)
    downside = math.sqrt(float((shortfall * shortfall).mean()))
    if _negligible(downside, sample):
        return Sortino(downside, None)
    return Sortino(downside, (float(sample.mean()) - target) / downside * math.sqrt(periods_per_year))


def volatility(returns: ArrayLike, periods_per_year: float = DAYS_PER_YEAR) -> float | None:
    """The annualised sample deviation of the returns; None below two of them.

    Shape   (T,) -> float per root year.
    Timing  Uses every return given.
    NaN     Raises.
    Raises  ValueError on a value that is not finite.
    Source  Hull, Options, Futures and Other Derivatives.
    """
    sample = _finite(returns)
    return float(sample.std(ddof=1)) * math.sqrt(periods_per_year) if sample.size > 1 else None


def cagr(start: float, end: float, years: float) -> float | None:
    """The constant yearly growth that turns `start` into `end`; -1 after a total loss, None without time.

    Shape   floats -> float per year.
    Timing  None.
    NaN     NaN in, NaN out. Growth too large for a float is None.
    Raises  ValueError if `start` is not positive.
    Source  Definition.
    """
    if start <= 0:
        raise ValueError(f"start must be positive, was {start}")
    if years <= 0:
        return None
    if end <= 0:
        return -1.0
    try:
        return math.expm1(math.log(end / start) / years)
    except OverflowError:
        return None


def calmar(cagr: float, max_drawdown: float) -> float | None:
    """Yearly growth over the largest drawdown (a positive share); None without a drawdown.

    Shape   floats -> float.
    Timing  None.
    NaN     NaN in, NaN out.
    Raises  ValueError if the drawdown is negative.
    Source  Young (1991), Calmar ratio: a smoother tool.
    """
    if max_drawdown < 0:
        raise ValueError(f"max_drawdown is a positive share, was {max_drawdown}")
    return cagr / max_drawdown if max_drawdown > NEGLIGIBLE else None


def total_return(returns: ArrayLike) -> float:
    """The compounded return of the series: 0 of an empty one."""
    return float(np.prod(1 + _finite(returns))) - 1


def best_and_worst(returns: ArrayLike) -> Extremes | None:
    """The largest and the smallest return, or None of an empty series."""
    sample = _finite(returns)
    return Extremes(float(sample.max()), float(sample.min())) if sample.size else None


def exposure(in_position: ArrayLike) -> float | None:
    """The share of periods with a position; None of an empty series."""
    held = np.asarray(in_position, dtype=np.bool_)
    return float(held.mean()) if held.size else None


def turnover(before: Mapping[str, float], target: Mapping[str, float]) -> float:
    """Half the summed weight changes from the drifted portfolio to the target; a name missing has weight 0.

    Shape   {name: weight} twice -> float, one-way.
    Timing  `before` is the portfolio as it drifted, not the last target.
    NaN     NaN in, NaN out.
    Raises  nothing.
    Source  DeMiguel, Garlappi and Uppal (2009), Optimal versus naive diversification.
    """
    names = sorted(before.keys() | target.keys())
    return math.fsum(abs(target.get(name, 0.0) - before.get(name, 0.0)) for name in names) / 2


def brier_binary(probabilities: ArrayLike, outcomes: ArrayLike) -> float:
    """The mean squared distance of probabilities from what happened (0 or 1): 0 is perfect, 0.25 a coin's.

    Shape   (T,), (T,) -> float.
    Timing  A probability is the forecast made before its outcome.
    NaN     Raises.
    Raises  ValueError if the shapes differ, nothing is given, or a value is out of range.
    Source  Brier (1950), Verification of forecasts expressed in terms of probability.
    """
    forecast, happened = _finite(probabilities), _finite(outcomes)
    if forecast.shape != happened.shape or forecast.size == 0:
        raise ValueError(f"give one outcome per probability: {forecast.size} and {happened.size} were given")
    if (forecast < 0).any() or (forecast > 1).any() or not np.isin(happened, (0.0, 1.0)).all():
        raise ValueError("probabilities must lie in [0, 1] and outcomes be 0 or 1")
    return float(((forecast - happened) ** 2).mean())


def monthly_returns(days: Sequence[tuple[int, int]], returns: ArrayLike) -> dict[tuple[int, int], float]:
    """The compounded return of each (year, month), in the order they first appear.

    Shape   (T,) of (year, month) labels, (T,) returns -> {(year, month): return}.
    Timing  A return belongs to the month its period began in.
    NaN     Raises.
    Raises  ValueError if the lengths differ.
    Source  Definition.
    """
    sample = _finite(returns)
    if len(days) != sample.size:
        raise ValueError(f"give one month per return: {len(days)} and {sample.size} were given")
    growth: dict[tuple[int, int], float] = {}
    for month, value in zip(days, sample.tolist(), strict=True):
        growth[month] = growth.get(month, 1.0) * (1 + value)
    return {month: value - 1 for month, value in growth.items()}


def simple_returns(equity: ArrayLike) -> FloatArray:
    """The simple returns of consecutive equities: one fewer than the points given.

    Shape   (T,) -> (max(T - 1, 0),).
    Timing  Output `t` is known with equity `t + 1`.
    NaN     Raises.
    Raises  ValueError if an equity that is returned on is not positive.
    Source  Definition.
    """
    points = _finite(equity)
    if (points[:-1] <= 0).any():
        raise ValueError("returns need positive equity: the account was wiped out before the end")
    return np.asarray(points[1:] / points[:-1] - 1)


def _finite(values: ArrayLike) -> FloatArray:
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1:
        raise ValueError(f"a series is needed, shape was {sample.shape}")
    if not np.isfinite(sample).all():
        raise ValueError("the series holds a value that is not finite: drop or repair it first")
    return sample


def _negligible(deviation: float, sample: FloatArray) -> bool:
    return deviation <= NEGLIGIBLE * float(np.abs(sample).max())
