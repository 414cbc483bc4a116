"""Resampling a time series in blocks of random length, so that what belongs together in time stays together."""

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


def stationary_counts(length: int, mean_block: float, replicates: int, generator: np.random.Generator) -> IntArray:
    """How often each position is drawn in each replicate of the stationary bootstrap.

    Shape   -> (replicates, length); every row adds up to `length`.
    Timing  None: it resamples what is over.
    NaN     None.
    Raises  ValueError below one position, one replicate or a mean block of one.
    Source  Politis and Romano (1994), The stationary bootstrap: blocks of geometric length, wrapped round the end.
    """
    if length < 1 or replicates < 1 or mean_block < 1:
        raise ValueError(f"length {length}, replicates {replicates} and mean_block {mean_block} must be at least 1")
    counts = np.empty((replicates, length), dtype=np.int64)
    steps = np.arange(length)
    for replicate in range(replicates):
        starts = generator.random(length) < 1 / mean_block
        starts[0] = True
        begins = np.flatnonzero(starts)
        chosen = generator.integers(0, length, begins.size)
        block = np.cumsum(starts) - 1
        counts[replicate] = np.bincount((chosen[block] + steps - begins[block]) % length, minlength=length)
    return counts
