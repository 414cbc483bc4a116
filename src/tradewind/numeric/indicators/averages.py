"""Averages and spreads of the close: simple, exponential, MACD, rolling deviation and Bollinger bands.

An average is taken in the units the bars arrive in and divided once. With whole-number prices the sums are exact, so
two averages over equal prices are equal numbers, and a crossover is never decided by rounding.

Source  Appel, Technical Analysis: Power Tools (MACD); Bollinger, Bollinger on Bollinger Bands; Welford (1962) for the
        running deviation. MACD is seeded as TA-Lib seeds it.
"""

import math
from collections import deque
from typing import Any, ClassVar

import numpy as np

from tradewind.numeric import kernels
from tradewind.numeric.bars import BarArrays, BarLike, FloatArray, fits_in_float, scaled
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
        return self.push(bar.volume)


class Smoother:
    """A running average `w += (x - w) * alpha`, seeded by the mean of its first `length` values.

    With `alpha = 1 / length` this is Wilder's W_n; with `2 / (length + 1)` the usual exponential average.
    """

    __slots__ = ("_alpha", "_length", "_missing", "value")

    def __init__(self, length: int, alpha: float) -> None:
        self._length = length
        self._alpha = alpha
        self._missing = length
        self.value = 0.0

    def push(self, value: float) -> float | None:
        """Return the average, or None until `length` values are in."""
        if self._missing:
            self.value += value
            self._missing -= 1
            if self._missing:
                return None
            self.value /= self._length
        else:
            self.value += (value - self.value) * self._alpha
        return self.value


class ExponentialStream(Smoother):
    """The exponential average of the close."""

    __slots__ = ("_scale",)

    def __init__(self, length: int, scale: int) -> None:
        super().__init__(length, 2.0 / (length + 1))
        self._scale = scale

    def update(self, bar: BarLike) -> float | None:
        """Return the average, or None until `length` bars are in."""
        value = bar.close / self._scale
        if self._missing:
            return self.push(value)
        self.value += (value - self.value) * self._alpha
        return self.value


class MacdStream:
    """Line, signal and histogram; the fast average starts so that both averages have their first value together."""

    __slots__ = ("_fast", "_fast_alpha", "_scale", "_signal", "_skip", "_slow", "_slow_alpha", "_warm")

    def __init__(self, fast: int, slow: int, signal: int, scale: int) -> None:
        self._fast = Smoother(fast, 2.0 / (fast + 1))
        self._slow = Smoother(slow, 2.0 / (slow + 1))
        self._signal = Smoother(signal, 2.0 / (signal + 1))
        self._fast_alpha = 2.0 / (fast + 1)
        self._slow_alpha = 2.0 / (slow + 1)
        self._scale = scale
        self._skip = slow - fast
        self._warm = False

    def update(self, bar: BarLike) -> tuple[float, float, float] | None:
        """Return (line, signal, histogram), or None until the signal is there."""
        value = bar.close / self._scale
        fast, slow = self._fast, self._slow
        if self._warm:
            fast.value += (value - fast.value) * self._fast_alpha
            slow.value += (value - slow.value) * self._slow_alpha
        elif not self._seed(value):
            return None
        line = fast.value - slow.value
        signal = self._signal.push(line)
        return None if signal is None else (line, signal, line - signal)

    def _seed(self, value: float) -> bool:
        self._warm = self._slow.push(value) is not None
        if self._skip:
            self._skip -= 1
        else:
            self._fast.push(value)
        return self._warm


class RollingSpread:
    """The sum, and the summed squared deviation from the mean, of the last `length` values.

    Welford's update, moved by one value in and one out; taken afresh every 4096 values, and exactly zero once all
    values in the window are equal.
    """

    __slots__ = ("_count", "_length", "_mean", "_ring", "_run", "spread", "total")

    def __init__(self, length: int) -> None:
        self._length = length
        self._ring: deque[float] = deque(maxlen=length)
        self._count = 0
        self._run = 0
        self._mean = 0.0
        self.total: float = 0
        self.spread = 0.0

    def push(self, value: float) -> bool:
        """Take one value in; return whether `length` values are there, so that `total` and `spread` hold."""
        ring, length = self._ring, self._length
        self._count += 1
        self._run = self._run + 1 if ring and value == ring[-1] else 1
        if len(ring) < length:
            self.total += value
            ring.append(value)
            if len(ring) == length:
                self._mean = self.total / length
                self.spread = self._squares()
        else:
            oldest = ring[0]
            self.total += value - oldest
            ring.append(value)
            before = self._mean
            self._mean = mean = self.total / length
            self.spread += (value - oldest) * ((value - mean) + (oldest - before))
        if self._count == RESUM_BARS:
            self._afresh()
        if self._run >= length or self.spread < 0.0:
            self.spread = 0.0
        return len(ring) == length

    def _afresh(self) -> None:
        self._count = 0
        self.total = in_order(self._ring)
        self._mean = self.total / self._length
        self.spread = self._squares() if len(self._ring) == self._length else 0.0

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


class Ema(IndicatorSpec, frozen=True):
    """Exponential mean of the close."""

    length: int

    state: ClassVar[type[Any]] = ExponentialStream

    @property
    def warmup_bars(self) -> int:
        return self.length

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        closes = scaled(bars.close, bars.price_scale)
        return (_exponential(closes, 0, self.length),)


class Macd(IndicatorSpec, frozen=True):
    """Moving average convergence and divergence."""

    fast: int
    slow: int
    signal: int

    outputs: ClassVar[int] = 3
    state: ClassVar[type[Any]] = MacdStream

    @property
    def warmup_bars(self) -> int:
        return self.slow + self.signal - 1

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        closes = scaled(bars.close, bars.price_scale)
        line = _exponential(closes, self.slow - self.fast, self.fast) - _exponential(closes, 0, self.slow)
        signal = _exponential(line, self.slow - 1, self.signal)
        line[: self.warmup_bars - 1] = np.nan
        return line, signal, line - signal


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


def sma(length: int) -> Sma:
    """Return the simple average of the last `length` closes."""
    return Sma(at_least("length", length, 1))


def ema(length: int) -> Ema:
    """Return the exponential average with alpha 2 / (length + 1), seeded by the simple average."""
    return Ema(at_least("length", length, 1))


def macd(fast: int = 12, slow: int = 26, signal: int = 9) -> Macd:
    """Return MACD (line, signal, histogram), seeded as in TA-Lib; all three start with the signal."""
    at_least("fast", fast, 1)
    at_least("signal", signal, 1)
    return Macd(fast, at_least("slow", slow, fast + 1), signal)


def rolling_deviation(length: int) -> RollingDeviation:
    """Return the population standard deviation of the last `length` closes, in price."""
    return RollingDeviation(at_least("length", length, 1))


def bollinger(length: int = 20, deviations: float = 2.0) -> Bollinger:
    """Return Bollinger bands (upper, middle, lower) at `deviations` population standard deviations."""
    if not (math.isfinite(deviations) and deviations >= 0):
        raise ValueError(f"deviations must be finite and not negative, was {deviations!r}")
    return Bollinger(at_least("length", length, 1), float(deviations))


def volume_mean(length: int) -> VolumeMean:
    """Return the simple average of the last `length` volumes."""
    return VolumeMean(at_least("length", length, 1))


def _exact_mean(column: np.ndarray, length: int, scale: int) -> tuple[FloatArray, ...] | None:
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


def _float_mean(column: np.ndarray, length: int, scale: int) -> FloatArray:
    totals = undefined(column.size)
    kernels.compiled(kernels.rolling_sum)(column.astype(np.float64), length, totals)
    return np.asarray(totals / float(length * scale))


def _exponential(values: FloatArray, start: int, length: int) -> FloatArray:
    out = np.empty(values.size)
    kernels.compiled(kernels.exponential)(values, start, length, 2.0 / (length + 1), out)
    return out


def _spreads(column: np.ndarray, length: int) -> tuple[FloatArray, FloatArray]:
    totals, spreads = np.empty(column.size), np.empty(column.size)
    kernels.compiled(kernels.rolling_spread)(column.astype(np.float64), length, totals, spreads)
    return totals, spreads
