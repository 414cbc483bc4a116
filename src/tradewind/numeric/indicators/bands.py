"""How far the close strays from its mean: rolling deviation and Bollinger bands.

Source  Bollinger, Bollinger on Bollinger Bands; Welford (1962) for the running sum of squares.
"""

import math
from collections import deque
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tradewind.numeric import kernels
from tradewind.numeric.bars import BarArrays, BarLike, FloatArray
from tradewind.numeric.indicators.rolling import RESUM_BARS, in_order
from tradewind.numeric.indicators.spec import IndicatorSpec, at_least


class RollingSpread:
    """The sum, and the summed squared deviation from the mean, of the last `length` values.

    Welford's update, moved by one value in and one out; taken afresh every 4096 values, and exactly zero once all
    values in the window are equal.
    """

    __slots__ = ("_last", "_length", "_mean", "_missing", "_ring", "_run", "_until_afresh", "spread", "total")

    def __init__(self, length: int) -> None:
        self._length = length
        self._ring: deque[float] = deque(maxlen=length)
        self._missing = length
        self._until_afresh = RESUM_BARS
        self._last: float | None = None
        self._run = 0
        self._mean = 0.0
        self.total: float = 0
        self.spread = 0.0

    def push(self, value: float) -> bool:
        """Take one value in; return whether `length` values are there, so that `total` and `spread` hold."""
        if self._missing:
            self._fill(value)
        else:
            ring, before = self._ring, self._mean
            oldest = ring[0]
            ring.append(value)
            moved = value - oldest
            self.total = total = self.total + moved
            self._mean = mean = total / self._length
            self.spread = spread = self.spread + moved * ((value - mean) + (oldest - before))
            if spread < 0.0:
                self.spread = 0.0
        self._until_afresh -= 1
        if not self._until_afresh:
            self._afresh()
        if value == self._last:
            self._run += 1
            if self._run >= self._length:
                self.spread = 0.0
        else:
            self._last, self._run = value, 1
        return not self._missing

    def _fill(self, value: float) -> None:
        self._missing -= 1
        self.total += value
        self._ring.append(value)
        if not self._missing:
            self._mean = self.total / self._length
            self.spread = self._squares()

    def _afresh(self) -> None:
        self._until_afresh = RESUM_BARS
        self.total = in_order(self._ring)
        self._mean = self.total / self._length
        self.spread = 0.0 if self._missing else self._squares()

    def _squares(self) -> float:
        mean, squares = self._mean, 0.0
        for value in self._ring:
            squares += (value - mean) * (value - mean)
        return squares


class DeviationStream:
    """The population standard deviation of the last `length` closes."""

    __slots__ = ("_length", "_scale", "_spread")

    def __init__(self, length: int, scale: int) -> None:
        self._length = length
        self._scale = scale
        self._spread = RollingSpread(length)

    def update(self, bar: BarLike) -> float | None:
        """Return the deviation in price, or None until `length` bars are in."""
        if not self._spread.push(bar.close):
            return None
        return math.sqrt(self._spread.spread / self._length) / self._scale


class BollingerStream:
    """Upper, middle and lower band round the mean of the last `length` closes."""

    __slots__ = ("_deviations", "_divisor", "_length", "_scale", "_spread")

    def __init__(self, length: int, deviations: float, scale: int) -> None:
        self._length = length
        self._deviations = deviations
        self._scale = scale
        self._divisor = length * scale
        self._spread = RollingSpread(length)

    def update(self, bar: BarLike) -> tuple[float, float, float] | None:
        """Return (upper, middle, lower), or None until `length` bars are in."""
        spread = self._spread
        if not spread.push(bar.close):
            return None
        middle = spread.total / self._divisor
        reach = self._deviations * (math.sqrt(spread.spread / self._length) / self._scale)
        return middle + reach, middle, middle - reach


class RollingDeviation(IndicatorSpec, frozen=True):
    """Population standard deviation of the close."""

    length: int

    state: ClassVar[type[Any]] = DeviationStream

    @property
    def warmup_bars(self) -> int:
        return self.length

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        _, spreads = _spreads(bars.close, self.length)
        return (np.sqrt(spreads / self.length) / bars.price_scale,)


class Bollinger(IndicatorSpec, frozen=True):
    """Mean of the close and bands at so many population deviations."""

    length: int
    deviations: float

    outputs: ClassVar[int] = 3
    state: ClassVar[type[Any]] = BollingerStream

    @property
    def warmup_bars(self) -> int:
        return self.length

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        totals, spreads = _spreads(bars.close, self.length)
        middle = totals / float(self.length * bars.price_scale)
        reach = self.deviations * (np.sqrt(spreads / self.length) / bars.price_scale)
        return middle + reach, middle, middle - reach


def rolling_deviation(length: int) -> RollingDeviation:
    """Return the population standard deviation of the last `length` closes, in price."""
    return RollingDeviation(at_least("length", length, 1))


def bollinger(length: int = 20, deviations: float = 2.0) -> Bollinger:
    """Return Bollinger bands (upper, middle, lower) at `deviations` population standard deviations."""
    if not (math.isfinite(deviations) and deviations >= 0):
        raise ValueError(f"deviations must be finite and not negative, was {deviations!r}")
    return Bollinger(at_least("length", length, 1), float(deviations))


def _spreads(column: NDArray[Any], length: int) -> tuple[FloatArray, FloatArray]:
    totals, spreads = np.empty(column.size), np.empty(column.size)
    kernels.compiled(kernels.rolling_spread)(column.astype(np.float64), length, totals, spreads)
    return totals, spreads
