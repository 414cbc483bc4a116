"""Highs and lows over a window: highest, lowest, Donchian channel and choppiness.

Source  Dreiss, for choppiness; a true range uses the close before its bar, also that of the oldest bar in a window.
"""

import math
from collections import deque
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tradewind.numeric import kernels
from tradewind.numeric.bars import BarArrays, BarLike, FloatArray, scaled
from tradewind.numeric.indicators.rolling import RollingMaximum, RollingMinimum, RollingSum
from tradewind.numeric.indicators.spec import TINY, IndicatorSpec, at_least, undefined
from tradewind.numeric.indicators.wilder import ranges

Values = NDArray[Any]


class HighestStream:
    """The highest high of the last `length` bars."""

    __slots__ = ("_scale", "_top")

    def __init__(self, length: int, scale: int) -> None:
        self._scale = scale
        self._top = RollingMaximum(length)

    def update(self, bar: BarLike) -> float | None:
        """Return the high, or None until `length` bars are in."""
        top = self._top.push(bar.high)
        return None if top is None else top / self._scale


class LowestStream:
    """The lowest low of the last `length` bars."""

    __slots__ = ("_bottom", "_scale")

    def __init__(self, length: int, scale: int) -> None:
        self._scale = scale
        self._bottom = RollingMinimum(length)

    def update(self, bar: BarLike) -> float | None:
        """Return the low, or None until `length` bars are in."""
        bottom = self._bottom.push(bar.low)
        return None if bottom is None else bottom / self._scale


class DonchianStream:
    """Highest high and lowest low of the `length` bars before the current one."""

    __slots__ = ("_bottom", "_channel", "_highs", "_lows", "_missing", "_scale", "_top")

    def __init__(self, length: int, scale: int) -> None:
        self._scale = scale
        self._missing = length
        self._highs: deque[float] = deque(maxlen=length)
        self._lows: deque[float] = deque(maxlen=length)
        self._top = -math.inf
        self._bottom = math.inf
        self._channel: tuple[float, float] | None = None

    def update(self, bar: BarLike) -> tuple[float, float] | None:
        """Return (upper, lower), or None until `length` bars lie before this one.

        An extreme is looked for again only when it leaves: one bar in eight in a wandering market, in C.
        """
        channel, high, low = self._channel, bar.high, bar.low
        highs, lows = self._highs, self._lows
        if self._missing:
            self._missing -= 1
            highs.append(high)
            lows.append(low)
            self._top = max(self._top, high)
            self._bottom = min(self._bottom, low)
            if not self._missing:
                self._channel = self._top / self._scale, self._bottom / self._scale
            return None
        gone_high, gone_low, moved = highs[0], lows[0], False
        highs.append(high)
        lows.append(low)
        if high > self._top:
            self._top, moved = high, True
        elif gone_high == self._top:
            self._top, moved = max(highs), True
        if low < self._bottom:
            self._bottom, moved = low, True
        elif gone_low == self._bottom:
            self._bottom, moved = min(lows), True
        if moved:
            self._channel = self._top / self._scale, self._bottom / self._scale
        return channel


class ChoppinessStream:
    """The choppiness index: the path of the bars against the range they cover."""

    __slots__ = ("_bottom", "_logarithm", "_path", "_previous", "_top", "flat")

    def __init__(self, length: int) -> None:
        self._logarithm = math.log10(length)
        self._path = RollingSum(length)
        self._top = RollingMaximum(length)
        self._bottom = RollingMinimum(length)
        self._previous: float | None = None
        self.flat = False

    def update(self, bar: BarLike) -> float | None:
        """Return the index, or None until `length` true ranges are in; NaN where the range is 0 (flag `flat`)."""
        high, low, close = bar.high, bar.low, bar.close
        top, bottom = self._top.push(high), self._bottom.push(low)
        previous, self._previous = self._previous, close
        if previous is None:
            return None
        path = self._path.push((high if high > previous else previous) - (low if low < previous else previous))
        if path is None or top is None or bottom is None:
            return None
        covered = top - bottom
        if covered < TINY * close:
            self.flat = True
            return math.nan
        self.flat = False
        return 100.0 * math.log10(path / covered) / self._logarithm


class Highest(IndicatorSpec, frozen=True):
    """Highest high."""

    length: int

    state: ClassVar[type[Any]] = HighestStream

    @property
    def warmup_bars(self) -> int:
        return self.length

    def direct(self, bars: BarArrays) -> tuple[FloatArray, ...] | None:
        return (_placed(scaled(tops(bars.high, self.length), bars.price_scale), len(bars), self.length - 1),)


class Lowest(IndicatorSpec, frozen=True):
    """Lowest low."""

    length: int

    state: ClassVar[type[Any]] = LowestStream

    @property
    def warmup_bars(self) -> int:
        return self.length

    def direct(self, bars: BarArrays) -> tuple[FloatArray, ...] | None:
        return (_placed(scaled(bottoms(bars.low, self.length), bars.price_scale), len(bars), self.length - 1),)


class Donchian(IndicatorSpec, frozen=True):
    """Donchian channel of the previous bars."""

    length: int

    outputs: ClassVar[int] = 2
    state: ClassVar[type[Any]] = DonchianStream

    @property
    def warmup_bars(self) -> int:
        return self.length + 1

    def direct(self, bars: BarArrays) -> tuple[FloatArray, ...] | None:
        upper = scaled(tops(bars.high[:-1], self.length), bars.price_scale)
        lower = scaled(bottoms(bars.low[:-1], self.length), bars.price_scale)
        return _placed(upper, len(bars), self.length), _placed(lower, len(bars), self.length)


class Choppiness(IndicatorSpec, frozen=True):
    """Choppiness index."""

    length: int

    state: ClassVar[type[Any]] = ChoppinessStream
    scale: ClassVar[str | None] = None

    @property
    def warmup_bars(self) -> int:
        return self.length + 1

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        length, rows = self.length, len(bars)
        path = np.empty(rows - 1)
        kernels.compiled(kernels.rolling_sum)(ranges(bars)[1:], length, path)
        high, low, close = (column[1:].astype(np.float64) for column in (bars.high, bars.low, bars.close))
        covered = tops(high, length) - bottoms(low, length)
        flat = covered < TINY * close[length - 1 :]
        ratio = np.where(flat, np.nan, path[length - 1 :] / np.where(flat, 1.0, covered))
        out = np.empty(ratio.size)
        kernels.compiled(kernels.log_ten)(ratio, out)
        return (_placed(100.0 * out / math.log10(length), rows, length),)


def highest(length: int) -> Highest:
    """Return the highest high of the last `length` bars, the current one included."""
    return Highest(at_least("length", length, 1))


def lowest(length: int) -> Lowest:
    """Return the lowest low of the last `length` bars, the current one included."""
    return Lowest(at_least("length", length, 1))


def donchian(length: int = 20) -> Donchian:
    """Return (upper, lower): highest high and lowest low of the `length` bars before the current one."""
    return Donchian(at_least("length", length, 1))


def choppiness(length: int = 20) -> Choppiness:
    """Return the choppiness index; not clipped, because it passes 100 where bars gap."""
    return Choppiness(at_least("length", length, 2))


def tops(values: Values, length: int) -> Values:
    """Return the maximum of every run of `length` neighbours, by doubling the run.

    Shape   (T,) -> (max(T - length + 1, 0),), the input's type.
    """
    return _extremes(values, length, np.maximum)


def bottoms(values: Values, length: int) -> Values:
    """Return the minimum of every run of `length` neighbours, by doubling the run.

    Shape   (T,) -> (max(T - length + 1, 0),), the input's type.
    """
    return _extremes(values, length, np.minimum)


def _extremes(values: Values, length: int, pick: np.ufunc) -> Values:
    if values.size < length:
        return values[:0]
    reached = 1
    while reached < length:
        step = min(reached, length - reached)
        values = pick(values[:-step], values[step:])
        reached += step
    return values


def _placed(values: FloatArray, rows: int, first: int) -> FloatArray:
    out = undefined(rows)
    out[first : first + values.size] = values
    return out
