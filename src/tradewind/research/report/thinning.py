"""Fewer points, same picture: per column of a chart its lowest and highest point stay, so no extreme is lost."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

COLUMNS = 1000


def positions(ts_ns: IntArray, start_ns: int, end_ns: int) -> FloatArray:
    """Return where each time lies between start (0) and end (1); 0 when there is no span."""
    span = end_ns - start_ns
    return (ts_ns - start_ns) / span if span > 0 else np.zeros(len(ts_ns))


def thin(x: FloatArray, y: FloatArray, columns: int = COLUMNS) -> IntArray:
    """Return the rows to draw, ascending: of every column the lowest and the highest, and the first and last of all.

    Shape   (T,) ascending positions in [0, 1], (T,) values -> rows; all of them when there are few.
    Timing  None.
    NaN     Raises.
    Raises  ValueError on a value that is not finite.
    Source  Jugel et al. (2014), M4: a visualization-oriented time series data aggregation.
    """
    if not np.isfinite(y).all():
        raise ValueError("a chart needs finite values")
    if len(y) <= 2 * columns:
        return np.arange(len(y))
    column = np.minimum((x * columns).astype(np.int64), columns - 1)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(column)) + 1])
    ends = np.concatenate([starts[1:], [len(y)]])
    kept = {0, len(y) - 1}
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        part = y[start:end]
        kept.add(start + int(part.argmin()))
        kept.add(start + int(part.argmax()))
    return np.array(sorted(kept), dtype=np.int64)
