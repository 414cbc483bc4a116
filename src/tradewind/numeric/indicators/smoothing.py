"""Averages that fade: the smoother behind Wilder's and the exponential average, EMA and MACD.

Source  Appel, Technical Analysis: Power Tools for Active Investors; MACD is seeded as TA-Lib seeds it.
"""

from typing import Any, ClassVar

import numpy as np

from tradewind.numeric import kernels
from tradewind.numeric.bars import BarArrays, BarLike, FloatArray, scaled
from tradewind.numeric.indicators.spec import IndicatorSpec, at_least


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


def ema(length: int) -> Ema:
    """Return the exponential average with alpha 2 / (length + 1), seeded by the simple average."""
    return Ema(at_least("length", length, 1))


def macd(fast: int = 12, slow: int = 26, signal: int = 9) -> Macd:
    """Return MACD (line, signal, histogram), seeded as in TA-Lib; all three start with the signal."""
    at_least("fast", fast, 1)
    at_least("signal", signal, 1)
    return Macd(fast, at_least("slow", slow, fast + 1), signal)


def _exponential(values: FloatArray, start: int, length: int) -> FloatArray:
    out = np.empty(values.size)
    kernels.compiled(kernels.exponential)(values, start, length, 2.0 / (length + 1), out)
    return out
