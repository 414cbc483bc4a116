"""The joint behaviour of several instruments' returns in a form that can be applied to any holdings in microseconds."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tradewind.numeric.covariance import correlation_from, ledoit_wolf, symmetric
from tradewind.numeric.risk_measures import EWMA_DECAY, EWMA_SEED_OBSERVATIONS, HISTORICAL_MINIMUM, HISTORICAL_WINDOW

FloatArray = NDArray[np.float64]

RECENT_ROWS = 30  # what the exponential average still remembers of older ones is little


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
    NaN     An instrument with fewer than 100 returns, or without one in the last 30 rows, is left out: what it did last
            is no forecast. A volatility is of the instrument's own returns; correlations are of the rows that have all.
    Raises  ValueError if the input is no table or `bars_per_day` is not positive.
    Source  METHODS 2; Barone-Adesi et al. (1999), J.P. Morgan (1996), Ledoit and Wolf (2004).
    """
    rows = np.asarray(returns, dtype=np.float64)
    if rows.ndim != 2 or not bars_per_day > 0:
        raise ValueError(
            f"a table of returns and a positive bars_per_day are needed, were {rows.shape}, {bars_per_day}"
        )
    rows = rows[-HISTORICAL_WINDOW:]
    known = np.isfinite(rows)
    enough = (known.sum(axis=0) >= HISTORICAL_MINIMUM) & known[-RECENT_ROWS:].any(axis=0)
    moving = np.abs(np.where(known, rows, 0.0)).max(axis=0, initial=0.0) > 0
    places = np.flatnonzero(enough & moving)
    complete = known[:, places].all(axis=1)
    table = rows[:, places][complete]
    if not places.size or table.shape[0] < HISTORICAL_MINIMUM:
        return None
    # Returns of one instrument are not forgotten because another has none: with gaps each is taken by itself.
    parts = [table] if complete.all() else [rows[known[:, place], place][:, None] for place in places]
    found = [_standardised(part) for part in parts]
    deviations = np.concatenate([each for each, _ in found])
    if not (deviations > 0).all():
        return None
    correlation = correlation_from(ledoit_wolf(table).covariance)
    covariance = symmetric(correlation * np.outer(deviations, deviations)) * bars_per_day
    found.append(_standardised(table.mean(axis=1)[:, None]))
    alpha = 1 - confidence
    multiplier = max(
        float(np.maximum(-np.quantile(each, alpha, axis=0), np.quantile(each, 1 - alpha, axis=0)).max())
        for _, each in found
    )
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
