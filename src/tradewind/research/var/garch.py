"""Filtered historical simulation over a GARCH(1,1) volatility with Student-t errors, refitted as time goes on.

Needs the extra `research`. A fit that does not converge, or whose alpha + beta reaches 1, is replaced by the
exponentially weighted variance until the next; how many bars that concerned is told.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.model.errors import ConfigError
from tradewind.numeric.risk_measures import ewma_variances
from tradewind.numeric.rolling_tail import Tails
from tradewind.research.var.methods import filtered

FloatArray = NDArray[np.float64]

GARCH = "garch"
FIT_WINDOW = 1000
FIT_MINIMUM = 250
REFIT_DAILY = 50
REFIT_HOURLY = 168
PERCENT = 100.0  # the library's optimiser wants returns of about 1


class Fit(NamedTuple):
    """Parameters of a GARCH(1,1) in percent, and the variance of the bar after the last that was fitted."""

    mean: float
    omega: float
    alpha: float
    beta: float
    variance: float


class GarchTails(NamedTuple):
    """The forecasts, and how many bars were forecast by the exponentially weighted variance instead."""

    tails: Tails
    flagged: int


def garch_tails(returns: FloatArray, alphas: Sequence[float], refit_bars: int) -> GarchTails:
    """Return forecasts from volatilities that are refitted every `refit_bars` bars.

    Raises  ConfigError when the library is not installed.
    """
    scale, flagged = garch_scales(returns, refit_bars)
    return GarchTails(filtered(returns, scale, alphas), flagged)


def garch_scales(returns: FloatArray, refit_bars: int) -> tuple[FloatArray, int]:
    """Return the volatility forecast for each bar, made before it, and how many are the replacement's."""
    steady = np.sqrt(ewma_variances(returns))
    scale = np.full(returns.size, np.nan)
    scale[1:] = steady[:-1]
    flagged = 0
    for start in range(FIT_MINIMUM, returns.size, refit_bars):
        stop = min(start + refit_bars, returns.size)
        fitted = fit_garch(returns[max(0, start - FIT_WINDOW) : start])
        if fitted is None:
            flagged += stop - start
            continue
        variance = fitted.variance
        for t in range(start, stop):
            scale[t] = np.sqrt(variance) / PERCENT
            shock = returns[t] * PERCENT - fitted.mean
            variance = fitted.omega + fitted.alpha * shock * shock + fitted.beta * variance
    return scale, flagged


def fit_garch(returns: FloatArray) -> Fit | None:
    """Return a GARCH(1,1) with Student-t errors, or None when the fit failed or is not stationary."""
    try:
        from arch import arch_model
    except ImportError:
        raise ConfigError("GARCH needs the library arch: pip install 'tradewind[research]'") from None
    if not returns.std() > 0:
        return None
    model = arch_model(returns * PERCENT, mean="Constant", vol="GARCH", p=1, q=1, dist="t", rescale=False)
    result: Any = model.fit(disp="off", show_warning=False)
    names = ("mu", "omega", "alpha[1]", "beta[1]")
    mean, omega, alpha, beta = (float(result.params[name]) for name in names)
    if result.convergence_flag != 0 or not alpha + beta < 1:
        return None
    shock = float(returns[-1]) * PERCENT - mean
    last = float(np.asarray(result.conditional_volatility)[-1]) ** 2
    return Fit(mean, omega, alpha, beta, omega + alpha * shock * shock + beta * last)
