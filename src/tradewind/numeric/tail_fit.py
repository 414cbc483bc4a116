"""The joint behaviour of several instruments' returns in a form that can be applied to any holdings in microseconds."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tradewind.numeric.covariance import correlation_from, ledoit_wolf, symmetric
from tradewind.numeric.risk_measures import EWMA_DECAY, EWMA_SEED_OBSERVATIONS, HISTORICAL_MINIMUM, HISTORICAL_WINDOW

FloatArray = NDArray[np.float64]


class TailFit(NamedTuple):
    """Daily covariance of the instruments at `places`, and how many deviations the VaR at the confidence is."""

    places: tuple[int, ...]
    covariance: FloatArray
    multiplier: float


def fit_tail(returns: ArrayLike, bars_per_day: float, confidence: float = 0.95) -> TailFit | None:
    """The covariance of the next day and the multiplier of filtered historical VaR, or None with too few returns.

    Volatilities are exponentially weighted (0.94), correlations shrunk (Ledoit-Wolf). The multiplier is the largest
    quantile of standardised residuals, of gains and of losses, of every instrument and of all in equal parts: a fit
    does not know what will be held. A day is taken as `bars_per_day` bars by the root of time, which is an
    approximation.

    Shape   (T, N), NaN for missing returns -> N' x N' for the N' instruments that have enough. Unit: squared return.
    Timing  Uses the last 500 rows; the forecast is for the day after the last.
    NaN     An instrument with fewer than 100 returns is left out; rows in which one of the others is missing, too.
    Raises  ValueError if the input is no table or `bars_per_day` is not positive.
    Source  METHODS 2; Barone-Adesi et al. (1999), J.P. Morgan (1996), Ledoit and Wolf (2004).
    """
    rows = np.asarray(returns, dtype=np.float64)
    if rows.ndim != 2 or not bars_per_day > 0:
        raise ValueError(
            f"a table of returns and a positive bars_per_day are needed, were {rows.shape}, {bars_per_day}"
        )
    rows = rows[-HISTORICAL_WINDOW:]
    enough = np.isfinite(rows).sum(axis=0) >= HISTORICAL_MINIMUM
    moving = np.nanmax(np.abs(np.where(np.isfinite(rows), rows, 0.0)), axis=0, initial=0.0) > 0
    places = np.flatnonzero(enough & moving)
    table = rows[:, places]
    table = table[np.isfinite(table).all(axis=1)]
    if not places.size or table.shape[0] < HISTORICAL_MINIMUM:
        return None
    deviations, residuals = _standardised(table)
    if not (deviations > 0).all():
        return None
    correlation = correlation_from(ledoit_wolf(table).covariance)
    covariance = symmetric(correlation * np.outer(deviations, deviations)) * bars_per_day
    _, together = _standardised(table.mean(axis=1)[:, None])
    alpha = 1 - confidence
    sample = np.concatenate([residuals, together], axis=1)
    multiplier = float(np.maximum(-np.quantile(sample, alpha, axis=0), np.quantile(sample, 1 - alpha, axis=0)).max())
    return TailFit(tuple(places.tolist()), covariance, multiplier) if math.isfinite(multiplier) else None


def _standardised(table: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the deviation forecast for the row after the last, and the residuals of the rows before."""
    seed = EWMA_SEED_OBSERVATIONS
    variance = table[:seed].var(axis=0, ddof=1)
    out = np.empty((table.shape[0] - seed, table.shape[1]))
    for number, row in enumerate(table[seed:]):
        # Where nothing has moved yet the residual is unknown, and counts as none.
        out[number] = np.where(variance > 0, row / np.sqrt(np.where(variance > 0, variance, 1.0)), 0.0)
        variance = EWMA_DECAY * variance + (1 - EWMA_DECAY) * row * row
    return np.sqrt(variance), out
