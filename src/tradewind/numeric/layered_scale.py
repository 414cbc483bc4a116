"""The scale of the next return: three memories of absolute returns at once, falls weighing more than rises.

A single exponential average is either quick or steady, and violations of a VaR that follows it come in clusters: the
hour after a fall is more dangerous than it says. Three averages with half-lives of about 1.4, 6.6 and 34 bars, and the
well-known asymmetry (volatility rises more after falls), remove most of that. They are of absolute returns, because
one squared crash would rule the average for days. Bars shorter than a day also have the hour of the day divided out.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

DECAYS = (0.6, 0.9, 0.98)
WEIGHTS = (0.25, 0.5, 0.25)
FALL_WEIGHT = 0.4
SEED_OBSERVATIONS = 100
SLOT_HALF_LIFE_DAYS = 60.0
SLOT_MINIMUM_DAYS = 30


def layered_scales(returns: ArrayLike, seed_observations: int = SEED_OBSERVATIONS) -> FloatArray:
    """The scale forecast made after each return: a weighted mean of three averages of absolute returns.

    Shape   (T,) -> (T,). Unit: return (a mean absolute deviation, not a standard deviation).
    Timing  Output t uses returns up to and including t: it is the forecast for t + 1.
    NaN     The outputs before the seed is complete; a NaN return raises.
    Raises  ValueError on a return that is not finite, or fewer than 2 seed observations.
    Source  Corsi (2009), heterogeneous memories; Glosten, Jagannathan and Runkle (1993), falls weigh more;
            constants chosen once, on Binance candles before July 2022.
    """
    sample = np.asarray(returns, dtype=np.float64)
    if not np.isfinite(sample).all():
        raise ValueError("returns hold a value that is not finite: drop or repair it first")
    if seed_observations < 2:
        raise ValueError(f"seed_observations must be at least 2, was {seed_observations}")
    out = np.full(sample.size, np.nan)
    if sample.size < seed_observations:
        return out
    # A fall counts 1 + FALL_WEIGHT, a rise 1 - FALL_WEIGHT: the average keeps its size.
    moves = (np.abs(sample) * np.where(sample < 0, 1 + FALL_WEIGHT, 1 - FALL_WEIGHT)).tolist()
    quick = middle = slow = float(np.abs(sample[:seed_observations]).mean())
    fast, medium, long = DECAYS
    first, second, third = WEIGHTS
    out[seed_observations - 1] = quick
    for t in range(seed_observations, sample.size):
        move = moves[t]
        quick += (1 - fast) * (move - quick)
        middle += (1 - medium) * (move - middle)
        slow += (1 - long) * (move - slow)
        out[t] = first * quick + second * middle + third * slow
    return out


def slot_factors(returns: ArrayLike, slots: ArrayLike, slot_count: int) -> FloatArray:
    """How large moves of each return's time of day usually are, as a multiple of the average time of day.

    Shape   (T,), (T,) of 0 to slot_count - 1 -> (T,), positive.
    Timing  Output t uses returns before t, and the slot of t, which is known beforehand.
    NaN     Raises. 1 until every slot was there for thirty days, and where nothing moved.
    Raises  ValueError if shapes differ, a slot is out of range, or a return is not finite.
    Source  Andersen and Bollerslev (1997), Intraday periodicity; an exponential average with a half-life of 60 days.
    """
    sample = np.abs(np.asarray(returns, dtype=np.float64))
    places = np.asarray(slots, dtype=np.int64)
    if sample.shape != places.shape or not np.isfinite(sample).all():
        raise ValueError("slot_factors needs as many slots as returns, all finite")
    if places.size and not 0 <= places.min() <= places.max() < slot_count:
        raise ValueError(f"slots must lie between 0 and {slot_count - 1}")
    decay = 0.5 ** (1 / SLOT_HALF_LIFE_DAYS)
    sums, weights, seen = [0.0] * slot_count, [0.0] * slot_count, [0] * slot_count
    out = np.ones(sample.size)
    moves, order = sample.tolist(), places.tolist()
    ready = 0
    for t, slot in enumerate(order):
        if ready == slot_count:
            means = [total / weight for total, weight in zip(sums, weights, strict=True)]
            usual = sum(means) / slot_count
            if usual > 0 and means[slot] > 0:
                out[t] = means[slot] / usual
        sums[slot] = decay * sums[slot] + moves[t]
        weights[slot] = decay * weights[slot] + 1
        seen[slot] += 1
        ready += seen[slot] == SLOT_MINIMUM_DAYS
    return out
