"""Simple averages, of the close and of the volume.

An average is taken in the units the bars arrive in and divided once. With whole-number prices the sums are exact, so
two averages over equal prices are equal numbers, and a crossover is never decided by rounding.
"""

from collections import deque
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tradewind.numeric import kernels
from tradewind.numeric.bars import BarArrays, BarLike, FloatArray, fits_in_float
from tradewind.numeric.indicators.rolling import RESUM_BARS, in_order
from tradewind.numeric.indicators.spec import IndicatorSpec, at_least, undefined


class AverageStream:
    """The mean of the last `length` closes."""

    __slots__ = ("_count", "_divisor", "_length", "_missing", "_ring", "_total", "_zeros")

    def __init__(self, length: int, scale: int) -> None:
        self._length = length
        self._divisor = length * scale
        self._ring: deque[float] = deque(maxlen=length)
        self._missing = length
        self._count = 0
        self._zeros = 0
        self._total: float = 0

    def update(self, bar: BarLike) -> float | None:
        """Return the mean, or None until `length` bars are in."""
        return self.push(bar.close)

    def push(self, value: float) -> float | None:
        """Return the mean of the last `length` values, or None until they are in."""
        ring = self._ring
        if self._missing:
            self._missing -= 1
            self._total += value
        else:
            self._total += value - ring[0]
        ring.append(value)
        if not value:
            self._zeros += 1
            if self._zeros >= self._length:
                self._total = 0
        elif self._zeros:
            self._zeros = 0
        self._count += 1
        if self._count == RESUM_BARS:
            self._count = 0
            self._total = in_order(ring)
        return None if self._missing else self._total / self._divisor


class VolumeMeanStream(AverageStream):
    """The mean of the last `length` volumes."""

    __slots__ = ()

    def update(self, bar: BarLike) -> float | None:
        """Return the mean volume, or None until `length` bars are in."""
        if bar.volume is None:
            raise ValueError("volume_mean reads volumes: the bar has none")
        return self.push(bar.volume)


class Sma(IndicatorSpec, frozen=True):
    """Simple mean of the close."""

    length: int

    state: ClassVar[type[Any]] = AverageStream

    @property
    def warmup_bars(self) -> int:
        return self.length

    def direct(self, bars: BarArrays) -> tuple[FloatArray, ...] | None:
        return _exact_mean(bars.close, self.length, bars.price_scale)

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        return (_float_mean(bars.close, self.length, bars.price_scale),)


class VolumeMean(IndicatorSpec, frozen=True):
    """Simple mean of the volume."""

    length: int

    state: ClassVar[type[Any]] = VolumeMeanStream
    scale: ClassVar[str | None] = "volume_scale"

    @property
    def warmup_bars(self) -> int:
        return self.length

    def direct(self, bars: BarArrays) -> tuple[FloatArray, ...] | None:
        if bars.volume is None:
            raise ValueError("volume_mean reads volumes: give the bars a volume column")
        return _exact_mean(bars.volume, self.length, bars.volume_scale)

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        assert bars.volume is not None  # `direct` has checked
        return (_float_mean(bars.volume, self.length, bars.volume_scale),)


def sma(length: int) -> Sma:
    """Return the simple average of the last `length` closes."""
    return Sma(at_least("length", length, 1))


def volume_mean(length: int) -> VolumeMean:
    """Return the simple average of the last `length` volumes."""
    return VolumeMean(at_least("length", length, 1))


def _exact_mean(column: NDArray[Any], length: int, scale: int) -> tuple[FloatArray, ...] | None:
    """Return the mean of a whole-number column from one cumulative sum, or None for floats.

    A cumulative sum that wraps round still has exact differences while each window's own sum fits.
    """
    if column.dtype != np.int64:
        return None
    out = undefined(column.size)
    if column.size < length:
        return (out,)
    divisor = length * scale
    if not fits_in_float(column, length):
        return None
    sums = np.cumsum(column)
    windows = sums[length - 1 :].copy()
    windows[1:] -= sums[:-length]
    out[length - 1 :] = windows / float(divisor)
    return (out,)


def _float_mean(column: NDArray[Any], length: int, scale: int) -> FloatArray:
    totals = undefined(column.size)
    kernels.compiled(kernels.rolling_sum)(column.astype(np.float64), length, totals)
    return np.asarray(totals / float(length * scale))
