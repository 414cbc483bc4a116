"""A hedge that drifts: a Kalman filter for `y = intercept + slope x`, one observation at a time."""

import math

import msgspec


class Hedge(msgspec.Struct):
    """The filtered intercept and slope, and their covariance (symmetric: three numbers)."""

    intercept: float
    slope: float
    p00: float
    p01: float
    p11: float


class Innovation(msgspec.Struct, frozen=True):
    """What an observation came to beyond what was expected, and the deviation with which that was known."""

    spread: float
    deviation: float

    @property
    def z(self) -> float:
        """Return the spread in deviations; 0 where nothing was uncertain."""
        return self.spread / self.deviation if self.deviation > 0 else 0.0


def begin_hedge(intercept: float, slope: float, variance: float) -> Hedge:
    """Return a filter that starts at a fitted line, as uncertain about both of its numbers as `variance`."""
    return Hedge(intercept, slope, variance, 0.0, variance)


def follow(hedge: Hedge, y: float, x: float, drift: float, noise: float) -> Innovation:
    """Take one observation into the filter and return its innovation: the spread, known one step ahead.

    Shape   floats -> Innovation; the filter is changed. `drift` is the variance that both numbers gain per step,
            `noise` that of an observation round the line.
    Timing  The innovation uses the filter as it was before this observation.
    NaN     NaN in, NaN out.
    Raises  ZeroDivisionError where nothing at all is uncertain.
    Source  Chan, Algorithmic Trading, chapter 3; filterpy's KalmanFilter, step by step.
    """
    p00, p01, p11 = hedge.p00 + drift, hedge.p01, hedge.p11 + drift
    spread = y - hedge.intercept - hedge.slope * x
    first, second = p00 + p01 * x, p01 + p11 * x
    total = first + x * second + noise
    gain0, gain1 = first / total, second / total
    hedge.intercept += gain0 * spread
    hedge.slope += gain1 * spread
    hedge.p00 = p00 - gain0 * first
    hedge.p01 = p01 - gain0 * second
    hedge.p11 = p11 - gain1 * second
    return Innovation(spread, math.sqrt(total))
