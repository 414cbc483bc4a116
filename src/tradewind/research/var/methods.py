"""The forecasts of VaR and expected shortfall that are compared, each bar's made from the bars before it.

Every method is a function of the returns (and the time of day of each) -> `Tails`: the forecast quantiles and tail
means, levels by bars. VaR is minus the quantile, expected shortfall minus the mean.

Source  METHODS 2.
"""

from collections.abc import Callable, Mapping, Sequence
from statistics import NormalDist

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tradewind.numeric.layered_scale import layered_scales, slot_factors
from tradewind.numeric.risk_measures import (
    HISTORICAL_MINIMUM,
    HISTORICAL_WINDOW,
    cornish_fisher_is_monotone,
    cornish_fisher_z,
    ewma_variances,
)
from tradewind.numeric.rolling_tail import Tails, rolling_tails

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Forecast = Callable[[FloatArray, IntArray | None, Sequence[float]], Tails]

DEFAULT = "filtered_historical"
INTRADAY_WINDOW = 1000
SLOTS = 24
CHUNK = 4096
_NORMAL = NormalDist()


def historical(returns: FloatArray, slots: IntArray | None, alphas: Sequence[float]) -> Tails:
    """Return quantile and tail mean of the last 500 returns, of fewer while there are not so many."""
    return rolling_tails(returns, alphas, HISTORICAL_WINDOW, HISTORICAL_MINIMUM)


def parametric(returns: FloatArray, slots: IntArray | None, alphas: Sequence[float]) -> Tails:
    """Return the normal quantile and tail mean by mean and deviation of the last 500 returns."""
    mean, deviation, _, _ = _moments(returns)
    return _scaled(mean, deviation, alphas)


def cornish_fisher(returns: FloatArray, slots: IntArray | None, alphas: Sequence[float]) -> Tails:
    """Return the normal quantile corrected for skewness and tails; historical where the correction is no quantile."""
    mean, deviation, skew, kurtosis = _moments(returns)
    fallback = historical(returns, slots, alphas)
    usable = np.array([not np.isnan(s) and cornish_fisher_is_monotone(s, k)
                       for s, k in zip(skew.tolist(), kurtosis.tolist(), strict=True)], dtype=np.bool_)  # fmt: skip
    quantile, beyond = fallback.quantile.copy(), fallback.mean.copy()
    for level, alpha in enumerate(alphas):
        for t in np.flatnonzero(usable).tolist():
            limit = mean[t] + cornish_fisher_z(alpha, skew[t], kurtosis[t]) * deviation[t]
            window = returns[max(0, t - HISTORICAL_WINDOW) : t]
            tail = window[window <= limit]
            quantile[level, t] = limit
            beyond[level, t] = tail.mean() if tail.size else limit
    return Tails(quantile, beyond)


def ewma(returns: FloatArray, slots: IntArray | None, alphas: Sequence[float]) -> Tails:
    """Return the normal quantile and tail mean of an exponentially weighted variance of decay 0.94."""
    deviation = _ahead(np.sqrt(ewma_variances(returns)))
    return _scaled(np.zeros_like(deviation), deviation, alphas)


def filtered_ewma(returns: FloatArray, slots: IntArray | None, alphas: Sequence[float]) -> Tails:
    """Return filtered historical simulation in its textbook form: decay 0.94, 500 residuals."""
    scale = _ahead(np.sqrt(ewma_variances(returns)))
    return _filtered(returns, scale, alphas, HISTORICAL_WINDOW, centred=False)


def filtered_historical(returns: FloatArray, slots: IntArray | None, alphas: Sequence[float]) -> Tails:
    """Return filtered historical simulation by the layered scale: the default.

    With `slots` (the hour of each bar) the daily pattern is divided out first, and 1,000 residuals are kept; without,
    500. The quantile is the one under which the next residual falls below with exactly the level's chance.
    """
    factor = np.ones_like(returns) if slots is None else slot_factors(returns, slots, SLOTS)
    scale = _ahead(layered_scales(returns / factor)) * factor
    window = HISTORICAL_WINDOW if slots is None else INTRADAY_WINDOW
    return _filtered(returns, scale, alphas, window, centred=True)


METHODS: Mapping[str, Forecast] = {
    "historical": historical,
    "parametric": parametric,
    "cornish_fisher": cornish_fisher,
    "ewma": ewma,
    "filtered_ewma": filtered_ewma,
    DEFAULT: filtered_historical,
}


def filtered(returns: FloatArray, scale: FloatArray, alphas: Sequence[float]) -> Tails:
    """Return filtered historical simulation of 500 residuals over scales that were forecast a bar ahead."""
    return _filtered(returns, scale, alphas, HISTORICAL_WINDOW, centred=False)


def _filtered(returns: FloatArray, scale: FloatArray, alphas: Sequence[float], window: int, *, centred: bool) -> Tails:
    # Where nothing has moved for long the scale is 0 and the residual unknown: 0, and the forecast is 0 too.
    residuals = np.where(scale > 0, returns / np.where(scale > 0, scale, 1.0), np.where(np.isnan(scale), np.nan, 0.0))
    tails = rolling_tails(residuals, alphas, window, HISTORICAL_MINIMUM, centred=centred)
    return Tails(tails.quantile * scale, tails.mean * scale)


def _scaled(mean: FloatArray, deviation: FloatArray, alphas: Sequence[float]) -> Tails:
    """Return normal quantiles and tail means."""
    z = np.array([_NORMAL.inv_cdf(alpha) for alpha in alphas])
    density = np.array([_NORMAL.pdf(_NORMAL.inv_cdf(alpha)) / alpha for alpha in alphas])
    return Tails(mean + z[:, None] * deviation, mean - density[:, None] * deviation)


def _ahead(scales: FloatArray) -> FloatArray:
    """Return for each bar what was known before it."""
    out = np.full_like(scales, np.nan)
    out[1:] = scales[:-1]
    return out


def _moments(returns: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return mean, deviation (ddof 1), skewness and excess kurtosis (bias-corrected) of the 500 returns before t."""
    out = np.full((4, returns.size), np.nan)
    for t in range(HISTORICAL_MINIMUM, min(HISTORICAL_WINDOW, returns.size)):
        out[:, t] = _moments_of(returns[None, :t])[:, 0]
    if returns.size > HISTORICAL_WINDOW:
        windows = sliding_window_view(returns[:-1], HISTORICAL_WINDOW)
        for start in range(0, len(windows), CHUNK):
            part = _moments_of(windows[start : start + CHUNK])
            out[:, HISTORICAL_WINDOW + start : HISTORICAL_WINDOW + start + part.shape[1]] = part
    return out[0], out[1], out[2], out[3]


def _moments_of(windows: FloatArray) -> FloatArray:
    """Return the four moments of each row."""
    n = windows.shape[1]
    mean = windows.mean(axis=1)
    centred = windows - mean[:, None]
    square = centred**2
    m2 = square.mean(axis=1)
    moving = m2 > 0
    safe = np.where(moving, m2, 1.0)
    skew = (square * centred).mean(axis=1) / safe**1.5 * np.sqrt(n * (n - 1)) / (n - 2)
    kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * ((square * square).mean(axis=1) / safe**2 - 3) + 6)
    shape = np.where(moving, skew, np.nan), np.where(moving, kurtosis, np.nan)
    return np.array([mean, np.sqrt(m2 * n / (n - 1)), *shape])
