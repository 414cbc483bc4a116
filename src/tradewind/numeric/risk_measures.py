"""Value at risk and expected shortfall of one return series.

A loss is minus a return, so VaR and ES are positive numbers for a loss. `confidence` is the coverage (0.95),
`alpha = 1 - confidence` the lower tail. Backtests of these forecasts are in `var_backtests`.
"""

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

EWMA_DECAY = 0.94
EWMA_SEED_OBSERVATIONS = 30
HISTORICAL_WINDOW = 500
HISTORICAL_MINIMUM = 100
NEGLIGIBLE = 1e-12

_NORMAL = NormalDist()


class TailRisk(NamedTuple):
    """VaR and ES at one confidence, both positive for a loss; `method` names what was really used."""

    var: float
    es: float
    method: str
    flag: str | None = None


def var_historical(returns: ArrayLike, confidence: float) -> float:
    """Minus the empirical quantile of `returns` at `1 - confidence`, linearly interpolated (numpy type 7).

    Shape   (T,) -> float. Unit: return of one period. Negative when even the tail gained.
    Timing  Uses every return given; the forecast is for the period after the last.
    NaN     Raises: a missing return has to be decided on before its risk is measured.
    Raises  ValueError on no returns, on a NaN, or if `confidence` is not inside (0, 1).
    Source  Hyndman and Fan (1996), definition 7; Jorion, Value at Risk.
    """
    sample = _sample(returns)
    return -float(np.quantile(sample, _tail(confidence)))


def es_historical(returns: ArrayLike, confidence: float) -> float:
    """Minus the mean of the returns at or beyond the historical VaR.

    Shape   (T,) -> float. Unit: return of one period.
    Timing  Uses every return given; the forecast is for the period after the last.
    NaN     Raises. With no return in the tail the answer is the VaR.
    Raises  ValueError as `var_historical`.
    Source  Acerbi and Tasche (2002), On the coherence of expected shortfall.
    """
    sample = _sample(returns)
    quantile = np.quantile(sample, _tail(confidence))
    tail = sample[sample <= quantile]
    return -float(tail.mean()) if tail.size else -float(quantile)


def historical_risk(
    returns: ArrayLike,
    confidence: float,
    window: int = HISTORICAL_WINDOW,
    minimum: int = HISTORICAL_MINIMUM,
) -> TailRisk | None:
    """Historical VaR and ES of the last `window` returns, or None with fewer than `minimum` of them."""
    sample = np.asarray(returns, dtype=np.float64)[-window:]
    if sample.size < minimum:
        return None
    return TailRisk(var_historical(sample, confidence), es_historical(sample, confidence), "historical")


def var_parametric(mean: float, sigma: float, confidence: float) -> float:
    """VaR of a normal return: `-(mean + z_alpha sigma)`; with zero sigma `max(0, -mean)`.

    Shape   floats -> float. Unit: that of `mean` and `sigma`, per period.
    Timing  Mean and sigma known at t give the forecast for t + 1.
    NaN     NaN in, NaN out.
    Raises  ValueError on a negative sigma or a confidence outside (0, 1).
    Source  J.P. Morgan, RiskMetrics Technical Document (1996).
    """
    tail = _tail(confidence)
    _require_sigma(sigma)
    if sigma == 0:
        return max(0.0, -mean)
    return -(mean + _NORMAL.inv_cdf(tail) * sigma)


def es_parametric(mean: float, sigma: float, confidence: float) -> float:
    """Expected shortfall of a normal return: `-mean + sigma phi(z_alpha) / alpha`.

    Shape   floats -> float. Unit: that of `mean` and `sigma`, per period.
    Timing  Mean and sigma known at t give the forecast for t + 1.
    NaN     NaN in, NaN out. With zero sigma the answer is `max(0, -mean)`, as for VaR.
    Raises  ValueError on a negative sigma or a confidence outside (0, 1).
    Source  McNeil, Frey and Embrechts, Quantitative Risk Management, example 2.14.
    """
    tail = _tail(confidence)
    _require_sigma(sigma)
    if sigma == 0:
        return max(0.0, -mean)
    return -mean + sigma * _NORMAL.pdf(_NORMAL.inv_cdf(tail)) / tail


def cornish_fisher_z(alpha: float, skew: float, excess_kurtosis: float) -> float:
    """The lower-tail normal quantile at `alpha`, corrected for skewness and excess kurtosis.

    Shape   floats -> float, in standard deviations.
    Timing  None: a formula of moments.
    NaN     NaN in, NaN out.
    Raises  ValueError if `alpha` is not inside (0, 1).
    Source  Cornish and Fisher (1938); Maillard (2012), A user's guide to the Cornish Fisher expansion.
    """
    z = _NORMAL.inv_cdf(_open_unit(alpha, "alpha"))
    return _corrected(z, skew, excess_kurtosis)


def cornish_fisher_is_monotone(skew: float, excess_kurtosis: float) -> bool:
    """True where the corrected quantile rises with z everywhere, so that it is a quantile at all.

    The derivative is a parabola in z; it stays positive exactly when its leading coefficient and its
    value at the vertex do.
    """
    a = excess_kurtosis / 8 - skew**2 / 6
    b = skew / 3
    c = 1 - excess_kurtosis / 8 + 5 * skew**2 / 36
    if abs(a) < NEGLIGIBLE:
        return abs(b) < NEGLIGIBLE and c > 0
    return a > 0 and c - b * b / (4 * a) > 0


def cornish_fisher_risk(returns: ArrayLike, confidence: float) -> TailRisk:
    """Cornish-Fisher VaR with the historical ES beyond it; historical with a flag where the expansion fails.

    Shape   (T,) -> TailRisk. Unit: return of one period.
    Timing  Uses every return given; the forecast is for the period after the last.
    NaN     Raises.
    Raises  ValueError as `var_historical`.
    Source  as `cornish_fisher_z`; skewness and kurtosis bias-corrected (Joanes and Gill 1998, G1 and G2).
    """
    sample = _sample(returns)
    skew, excess_kurtosis = bias_corrected_moments(sample)
    if math.isnan(skew) or not cornish_fisher_is_monotone(skew, excess_kurtosis):
        fallback = var_historical(sample, confidence), es_historical(sample, confidence)
        return TailRisk(*fallback, "historical", "CORNISH_FISHER_NOT_MONOTONE")
    z = cornish_fisher_z(_tail(confidence), skew, excess_kurtosis)
    var = -float(sample.mean() + z * sample.std(ddof=1))
    tail = sample[sample <= -var]
    return TailRisk(var, -float(tail.mean()) if tail.size else var, "cornish_fisher")


def bias_corrected_moments(returns: FloatArray) -> tuple[float, float]:
    """Skewness and excess kurtosis with the usual small-sample corrections; NaN below 4 values or without variance."""
    n = returns.size
    if n < 4:
        return math.nan, math.nan
    deviations = returns - returns.mean()
    m2 = float((deviations**2).mean())
    if math.sqrt(m2) <= NEGLIGIBLE * float(np.abs(returns).max()):
        return math.nan, math.nan
    g1 = float((deviations**3).mean()) / m2**1.5
    g2 = float((deviations**4).mean()) / m2**2 - 3
    skew = g1 * math.sqrt(n * (n - 1)) / (n - 2)
    return skew, (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6)


def ewma_variance(previous: float, value: float, decay: float = EWMA_DECAY) -> float:
    """The exponentially weighted variance after one more return: `decay * previous + (1 - decay) * value^2`.

    Shape   floats -> float. Unit: squared return.
    Timing  With the return of t it is the forecast for t + 1.
    NaN     NaN in, NaN out.
    Raises  ValueError if `decay` is not inside (0, 1).
    Source  J.P. Morgan, RiskMetrics Technical Document (1996), section 5.3.
    """
    _open_unit(decay, "decay")
    return decay * previous + (1 - decay) * value * value


def ewma_variances(
    returns: ArrayLike, decay: float = EWMA_DECAY, seed_observations: int = EWMA_SEED_OBSERVATIONS
) -> FloatArray:
    """The variance forecast made after each return, seeded with the variance of the first `seed_observations`.

    Shape   (T,) -> (T,). Unit: squared return.
    Timing  Output t uses returns up to and including t: it is the forecast for t + 1.
    NaN     The outputs before the seed is complete; a NaN return raises.
    Raises  ValueError on a NaN, fewer than 2 seed observations or a decay outside (0, 1).
    Source  as `ewma_variance`.
    """
    sample = _sample(returns)
    if seed_observations < 2:
        raise ValueError(f"seed_observations must be at least 2, was {seed_observations}")
    out = np.full(sample.size, np.nan)
    if sample.size < seed_observations:
        return out
    variance = float(sample[:seed_observations].var(ddof=1))
    out[seed_observations - 1] = variance
    for t in range(seed_observations, sample.size):
        variance = ewma_variance(variance, float(sample[t]), decay)
        out[t] = variance
    return out


def filtered_historical_risk(returns: ArrayLike, variances: ArrayLike, confidence: float) -> TailRisk:
    """VaR and ES for the next period from standardised residuals scaled by the latest volatility forecast.

    Shape   returns (T,), variances (T,) as `ewma_variances` gives them -> TailRisk.
    Timing  Residual t is return t over the forecast made at t - 1; the answer is for T.
    NaN     Residuals without a forecast are left out.
    Raises  ValueError if the lengths differ, or if no residual or no latest forecast exists.
    Source  Barone-Adesi, Giannopoulos and Vosper (1999), VaR without correlations.
    """
    sample = _sample(returns)
    sigma = np.sqrt(np.asarray(variances, dtype=np.float64))
    if sigma.shape != sample.shape:
        raise ValueError(f"returns and variances differ in length: {sample.size} and {sigma.size}")
    known = sigma[:-1] > 0
    if not known.any() or not sigma[-1] >= 0:
        raise ValueError("filtered historical simulation needs volatility forecasts: give more returns")
    residuals = (sample[1:][known] / sigma[:-1][known])[-HISTORICAL_WINDOW:]
    scale = float(sigma[-1])
    return TailRisk(
        scale * var_historical(residuals, confidence), scale * es_historical(residuals, confidence), "filtered"
    )


def _corrected(z: float, skew: float, excess_kurtosis: float) -> float:
    return z + (z**2 - 1) * skew / 6 + (z**3 - 3 * z) * excess_kurtosis / 24 - (2 * z**3 - 5 * z) * skew**2 / 36


def _sample(returns: ArrayLike) -> FloatArray:
    sample = np.asarray(returns, dtype=np.float64)
    if sample.ndim != 1 or sample.size == 0:
        raise ValueError(f"returns must be a series of at least one value, shape was {sample.shape}")
    if not np.isfinite(sample).all():
        raise ValueError("returns hold a value that is not finite: drop or repair it first")
    return sample


def _tail(confidence: float) -> float:
    return 1 - _open_unit(confidence, "confidence")


def _open_unit(value: float, name: str) -> float:
    if not 0 < value < 1:
        raise ValueError(f"{name} must lie between 0 and 1, was {value}")
    return value


def _require_sigma(sigma: float) -> None:
    if sigma < 0:
        raise ValueError(f"sigma must not be negative, was {sigma}")
