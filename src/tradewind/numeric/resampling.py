"""Series drawn again: blocks of random length, so that what hangs together in time stays together."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


class Estimate(NamedTuple):
    """A figure, and the interval in which resampled series have it."""

    value: float
    low: float
    high: float


def stationary_blocks(length: int, mean_block: float, draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Positions of resampled series: blocks that begin anywhere, of geometric length, wrapped at the end.

    Shape   -> (draws, length) of positions below `length`.
    Timing  None.
    NaN     None.
    Raises  ValueError without a length, a draw, or blocks of at least one.
    Source  Politis and Romano (1994), The stationary bootstrap.
    """
    if length < 1 or draws < 1 or mean_block < 1:
        raise ValueError(f"length, draws and mean_block must be at least 1, were {length}, {draws}, {mean_block}")
    starts = rng.integers(0, length, size=(draws, length))
    begins = rng.random((draws, length)) < 1.0 / mean_block
    begins[:, 0] = True
    rows = np.arange(length)
    since = np.maximum.accumulate(np.where(begins, rows, 0), axis=1)
    return np.asarray((np.take_along_axis(starts, since, axis=1) + rows - since) % length)


def paired_sum(left: ArrayLike, right: ArrayLike, blocks: NDArray[np.int64], confidence: float = 0.95) -> Estimate:
    """The sum of `left - right` and its percentile interval over the resampled series.

    Shape   (T,), (T,), (draws, T) -> figure and interval.
    Timing  Both series are of the same periods: a pair is always drawn together.
    NaN     NaN in, NaN out.
    Raises  ValueError if the shapes differ.
    Source  Efron and Tibshirani (1993), An introduction to the bootstrap, section 13.3.
    """
    first, second = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if first.shape != second.shape:
        raise ValueError(f"pairs are needed: {first.shape} and {second.shape} were given")
    difference = first - second
    return _interval(float(difference.sum()), difference[blocks].sum(axis=1), confidence)


def paired_drawdown(left: ArrayLike, right: ArrayLike, blocks: NDArray[np.int64], confidence: float = 0.95) -> Estimate:
    """The difference of two return series' largest drawdowns and its percentile interval over the resampled series.

    Shape   (T,), (T,) simple returns, (draws, T) -> figure and interval.
    Timing  As `paired_sum`.
    NaN     NaN in, NaN out.
    Raises  ValueError if the shapes differ.
    Source  As `paired_sum`.
    """
    first, second = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if first.shape != second.shape:
        raise ValueError(f"pairs are needed: {first.shape} and {second.shape} were given")
    value = float(_deepest(first[None, :])[0] - _deepest(second[None, :])[0])
    return _interval(value, _deepest(first[blocks]) - _deepest(second[blocks]), confidence)


def _deepest(returns: FloatArray) -> FloatArray:
    wealth = np.cumprod(np.maximum(1 + returns, 0.0), axis=1)
    highest = np.maximum(np.maximum.accumulate(wealth, axis=1), 1.0)
    return np.asarray((1 - wealth / highest).max(axis=1))


def _interval(value: float, drawn: FloatArray, confidence: float) -> Estimate:
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(value, float(low), float(high))
