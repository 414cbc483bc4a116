"""Did the VaR forecasts hold? Coverage and independence tests of a violation series.

A violation is a return below minus the VaR that was forecast for it one period earlier.
"""

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

YELLOW_FROM = 5
RED_FROM = 10


class LikelihoodRatio(NamedTuple):
    """A likelihood-ratio statistic and the probability of one at least as large if the forecasts are right."""

    statistic: float
    p_value: float


class Transitions(NamedTuple):
    """Counts of consecutive pairs: `n01` is "no violation, then a violation"."""

    n00: int
    n01: int
    n10: int
    n11: int


def violations(returns: ArrayLike, var_forecasts: ArrayLike) -> NDArray[np.bool_]:
    """True where a return fell below minus its VaR forecast.

    Shape   (T,), (T,) -> (T,) of bool.
    Timing  `var_forecasts[t]` is the forecast for t, made at t - 1.
    NaN     A NaN forecast (warm-up) or return is no violation: cut the warm-up off before counting.
    Raises  ValueError if the lengths differ.
    Source  Christoffersen (1998), Evaluating interval forecasts.
    """
    realised, forecasts = np.asarray(returns, dtype=np.float64), np.asarray(var_forecasts, dtype=np.float64)
    if realised.shape != forecasts.shape:
        raise ValueError(f"returns and forecasts differ in shape: {realised.shape} and {forecasts.shape}")
    return realised < -forecasts


def transitions(violated: ArrayLike) -> Transitions:
    """The four transition counts of a violation series."""
    flags = np.asarray(violated, dtype=np.bool_)
    before, after = flags[:-1], flags[1:]
    return Transitions(
        int((~before & ~after).sum()),
        int((~before & after).sum()),
        int((before & ~after).sum()),
        int((before & after).sum()),
    )


def kupiec(observations: int, violations: int, probability: float) -> LikelihoodRatio:
    """The proportion-of-failures test: is `violations / observations` compatible with `probability`?

    Shape   counts and the expected share -> statistic ~ chi-square with 1 degree, p-value.
    Timing  None: counts of the past.
    NaN     None; no violations and nothing but violations are the limits `0 ln 0 = 0`.
    Raises  ValueError if the counts are impossible or `probability` is not inside (0, 1).
    Source  Kupiec (1995), Techniques for verifying the accuracy of risk measurement models.
    """
    if not 0 <= violations <= observations or observations == 0:
        raise ValueError(f"{violations} violations of {observations} observations are impossible")
    if not 0 < probability < 1:
        raise ValueError(f"probability must lie between 0 and 1, was {probability}")
    kept = observations - violations
    expected = _log_power(kept, 1 - probability) + _log_power(violations, probability)
    observed = _log_power(kept, kept / observations) + _log_power(violations, violations / observations)
    return _one_degree(-2 * (expected - observed))


def christoffersen_independence(n00: int, n01: int, n10: int, n11: int) -> LikelihoodRatio:
    """The independence test: does a violation make another one next period more or less likely?

    Shape   four transition counts -> statistic ~ chi-square with 1 degree, p-value.
    Timing  None: counts of the past.
    NaN     None; an empty row or `n11 = 0` is the limit `0 ln 0 = 0`.
    Raises  ValueError if a count is negative or all are zero.
    Source  Christoffersen (1998), Evaluating interval forecasts.
    """
    if min(n00, n01, n10, n11) < 0 or n00 + n01 + n10 + n11 == 0:
        raise ValueError(f"transition counts must be at least 0 and not all 0, were {(n00, n01, n10, n11)}")
    pooled = _share(n01 + n11, n00 + n10)
    after_calm, after_violation = _share(n01, n00), _share(n11, n10)
    independent = _log_power(n00 + n10, 1 - pooled) + _log_power(n01 + n11, pooled)
    dependent = (
        _log_power(n00, 1 - after_calm)
        + _log_power(n01, after_calm)
        + _log_power(n10, 1 - after_violation)
        + _log_power(n11, after_violation)
    )
    return _one_degree(-2 * (independent - dependent))


def conditional_coverage(violated: ArrayLike, probability: float) -> LikelihoodRatio:
    """Coverage and independence together: the sum of both statistics, chi-square with 2 degrees.

    Shape   (T,) of bool -> statistic, p-value.
    Timing  None: violations of the past.
    NaN     None.
    Raises  ValueError with fewer than 2 observations.
    Source  Christoffersen (1998), Evaluating interval forecasts.
    """
    flags = np.asarray(violated, dtype=np.bool_)
    if flags.size < 2:
        raise ValueError(f"conditional coverage needs at least 2 observations, was given {flags.size}")
    coverage = kupiec(flags.size, int(flags.sum()), probability)
    independence = christoffersen_independence(*transitions(flags))
    statistic = coverage.statistic + independence.statistic
    return LikelihoodRatio(statistic, chi_square_survival_2(statistic))


def traffic_light(exceptions: int) -> Literal["green", "yellow", "red"]:
    """The Basel zone of a count of violations in 250 days at 99%.

    Shape   count -> name. Timing: none. NaN: none.
    Raises  ValueError if the count is negative.
    Source  Basel Committee (1996), Supervisory framework for the use of backtesting.
    """
    if exceptions < 0:
        raise ValueError(f"exceptions must not be negative, was {exceptions}")
    if exceptions < YELLOW_FROM:
        return "green"
    return "yellow" if exceptions < RED_FROM else "red"


def acerbi_szekely_z2(returns: ArrayLike, var_forecasts: ArrayLike, es_forecasts: ArrayLike, alpha: float) -> float:
    """The Z2 statistic of ES forecasts: about 0 if they are right, negative if they understate the loss.

    Shape   three (T,) -> float.
    Timing  Forecasts for t, made at t - 1.
    NaN     A NaN forecast counts as no violation.
    Raises  ValueError if an ES forecast at a violation is not positive, or shapes differ.
    Source  Acerbi and Szekely (2014), Backtesting expected shortfall, test 2.
    """
    hit = violations(returns, var_forecasts)
    shortfall = np.asarray(es_forecasts, dtype=np.float64)[hit]
    if (shortfall <= 0).any():
        raise ValueError("an ES forecast at a violation is not positive: the Z2 statistic is undefined")
    losses = np.asarray(returns, dtype=np.float64)[hit]
    return float((losses / shortfall).sum() / (hit.size * alpha) + 1)


def pinball_loss(returns: ArrayLike, quantile_forecasts: ArrayLike, alpha: float) -> float:
    """The mean quantile loss of forecasts of the `alpha` quantile (a VaR forecast is minus the quantile).

    Shape   (T,), (T,) -> float. Unit: return.
    Timing  Forecasts for t, made at t - 1.
    NaN     NaN in, NaN out.
    Raises  ValueError if `alpha` is not inside (0, 1).
    Source  Koenker and Bassett (1978), Regression quantiles.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, was {alpha}")
    errors = np.asarray(returns, dtype=np.float64) - np.asarray(quantile_forecasts, dtype=np.float64)
    return float(np.maximum(alpha * errors, (alpha - 1) * errors).mean())


def chi_square_survival_1(statistic: float) -> float:
    """The probability that a chi-square variable with 1 degree of freedom exceeds `statistic`."""
    return math.erfc(math.sqrt(statistic / 2))


def chi_square_survival_2(statistic: float) -> float:
    """The probability that a chi-square variable with 2 degrees of freedom exceeds `statistic`."""
    return math.exp(-statistic / 2)


def _one_degree(statistic: float) -> LikelihoodRatio:
    # A perfect fit can come out as -1e-16.
    clipped = max(0.0, statistic)
    return LikelihoodRatio(clipped, chi_square_survival_1(clipped))


def _log_power(count: int, base: float) -> float:
    return count * math.log(base) if count else 0.0


def _share(hits: int, misses: int) -> float:
    return hits / (hits + misses) if hits + misses else 0.0
