"""Quantiles and tail means of a moving window, made for forecasts: output t knows the values before t only.

The window is kept sorted, so one pass serves every level.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


class Tails(NamedTuple):
    """Per level (rows) and time (columns): the lower quantile, and the mean of the values at or below it."""

    quantile: FloatArray
    mean: FloatArray


def rolling_tails(
    values: ArrayLike, alphas: Sequence[float], window: int, minimum: int, *, centred: bool = False
) -> Tails:
    """The empirical lower quantiles of the last `window` values before t, and the means beyond them.

    Shape   (T,) and A levels -> two (A, T). Unit: that of the values.
    Timing  Output t uses values up to and including t - 1: it is the forecast for t.
    NaN     Leading NaN values are a warm-up and left out; with fewer than `minimum` values the output is NaN.
    Raises  ValueError on a NaN after the first value, a level outside (0, 1), or `minimum` below 1 or above `window`.
    Source  Hyndman and Fan (1996): definition 7; `centred` is definition 6, under which the chance that the next of
            independent values falls below is exactly the level (under 7 it is larger: 1.2 % in place of 1 % with 500).
    """
    series = np.asarray(values, dtype=np.float64)
    if not all(0 < alpha < 1 for alpha in alphas):
        raise ValueError(f"levels must lie between 0 and 1, were {tuple(alphas)}")
    if not 1 <= minimum <= window:
        raise ValueError(f"minimum must lie between 1 and the window of {window}, was {minimum}")
    known = np.flatnonzero(~np.isnan(series))
    quantile = np.full((len(alphas), series.size), np.nan)
    mean = np.full_like(quantile, np.nan)
    if not known.size:
        return Tails(quantile, mean)
    first = int(known[0])
    if not np.isfinite(series[first:]).all():
        raise ValueError("values hold one that is not finite: drop or repair it first")
    past: list[float] = series[first:].tolist()
    ordered: list[float] = []
    for place, value in enumerate(past):
        if len(ordered) >= minimum:
            for level, alpha in enumerate(alphas):
                found = quantile_of(ordered, alpha, centred=centred)
                tail = ordered[: _count_at_most(ordered, found)]
                quantile[level, first + place] = found
                mean[level, first + place] = sum(tail) / len(tail) if tail else found
        if len(ordered) == window:
            del ordered[bisect_left(ordered, past[place - window])]
        insort(ordered, value)
    return Tails(quantile, mean)


def quantile_of(ordered: Sequence[float], alpha: float, *, centred: bool = False) -> float:
    """The interpolated quantile of sorted values: definition 7 of Hyndman and Fan, or 6 if `centred`."""
    last = len(ordered) - 1
    place = min(max((last + 2) * alpha - 1, 0.0), float(last)) if centred else last * alpha
    below = int(place)
    part = place - below
    if part == 0.0:
        return ordered[below]
    return ordered[below] + part * (ordered[below + 1] - ordered[below])


def _count_at_most(ordered: list[float], limit: float) -> int:
    # The tail is short: walking past the few values that equal the limit is cheaper than a second search.
    place = bisect_left(ordered, limit)
    while place < len(ordered) and ordered[place] <= limit:
        place += 1
    return place
