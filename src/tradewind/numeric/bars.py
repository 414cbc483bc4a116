"""Bars as columns: what every indicator, in batch or streaming, reads.

A column holds prices as floats, or as whole numbers of the instrument's increment together with the power of ten that
turns them into a price. Whole numbers keep sums exact, so two averages that tie come out as a tie.
"""

import math
from collections.abc import Iterator
from itertools import repeat
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

EXACT_IN_FLOAT = 2**53
"""Whole numbers below this are all representable in a float64, so float sums of them are exact too."""


class BarLike(Protocol):
    """Anything with the five columns of one bar as attributes, in units (int) or as prices (float)."""

    @property
    def open(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def close(self) -> float: ...
    @property
    def volume(self) -> float | None: ...


class BarRow(msgspec.Struct, frozen=True, gc=False):
    """One row of `BarArrays`, in the same units."""

    open: float | int
    high: float | int
    low: float | int
    close: float | int
    volume: float | int


class BarArrays(msgspec.Struct, frozen=True, eq=False):
    """Columns of consecutive bars; a price is a column's value divided by `price_scale`."""

    open: NDArray[Any]
    high: NDArray[Any]
    low: NDArray[Any]
    close: NDArray[Any]
    volume: NDArray[Any] | None = None
    price_scale: int = 1
    volume_scale: int = 1

    def __post_init__(self) -> None:
        shape = self.close.shape
        for name in ("open", "high", "low", "close", "volume"):
            column = getattr(self, name)
            if column is None and name == "volume":
                continue
            if column.ndim != 1 or column.shape != shape:
                raise ValueError(f"column {name} has shape {column.shape}, give it the close's shape, (rows,): {shape}")
            if column.dtype not in (np.int64, np.float64):
                raise ValueError(f"column {name} holds {column.dtype}, convert it to int64 units or float64 prices")
        if self.price_scale < 1 or self.volume_scale < 1:
            raise ValueError(f"scales divide and are at least 1, were {self.price_scale} and {self.volume_scale}")

    def __len__(self) -> int:
        return len(self.close)

    def span(self, start: int, stop: int) -> "BarArrays":
        """Return the rows from `start` up to, not including, `stop`, sharing memory."""
        return BarArrays(
            open=self.open[start:stop],
            high=self.high[start:stop],
            low=self.low[start:stop],
            close=self.close[start:stop],
            volume=None if self.volume is None else self.volume[start:stop],
            price_scale=self.price_scale,
            volume_scale=self.volume_scale,
        )

    def rows(self) -> Iterator[BarRow]:
        """Return the rows one after another; a missing volume column reads as 0."""
        volume = repeat(0) if self.volume is None else self.volume.tolist()
        columns = (self.open.tolist(), self.high.tolist(), self.low.tolist(), self.close.tolist(), volume)
        return map(BarRow, *columns)

    def exact_over(self, window_bars: int) -> bool:
        """Return whether sums of `window_bars` prices are the same in float64 as in Python's own numbers."""
        return all(fits_in_float(column, window_bars) for column in (self.open, self.high, self.low, self.close))


def fits_in_float(column: NDArray[Any], window_bars: int = 1) -> bool:
    """Return whether a column is float, or holds ints so small that sums of `window_bars` are exact in float64."""
    if column.dtype == np.float64 or column.size == 0:
        return True
    largest = max(abs(int(column.max())), abs(int(column.min())))
    return largest * window_bars < EXACT_IN_FLOAT


def scaled(column: NDArray[Any], scale: int) -> FloatArray:
    """Return the column divided by its scale, rounded once, as Python divides.

    Shape   (T,) -> (T,), float64.
    Timing  Output `t` uses row `t` only.
    NaN     Passed through.
    """
    if fits_in_float(column):
        return np.asarray(column.astype(np.float64) / float(scale))
    return np.array([value / scale for value in column.tolist()], dtype=np.float64)


def reject_reason(bar: BarLike) -> str | None:
    """Return why no indicator may see this bar, or None if it is sound."""
    if not all(map(math.isfinite, (bar.open, bar.high, bar.low, bar.close, bar.volume or 0))):
        return "a field is not finite"
    if min(bar.open, bar.high, bar.low, bar.close) <= 0:
        return "a price is not positive"
    if bar.high < max(bar.open, bar.close):
        return "the high is below the open or the close"
    if bar.low > min(bar.open, bar.close):
        return "the low is above the open or the close"
    return None
