"""Wilder's family: true range, ATR, directional indicators and ADX.

Wilder's smoothing is seeded by the mean of its first `length` inputs. The first input is that of bar 1, because a true
range and a directional move need a previous bar.

Source  Wilder, New Concepts in Technical Trading Systems (1978).
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from tradewind.numeric import kernels
from tradewind.numeric.bars import BarArrays, BarLike, FloatArray
from tradewind.numeric.indicators.smoothing import Smoother
from tradewind.numeric.indicators.spec import TINY, IndicatorSpec, at_least, undefined


class TrueRangeStream:
    """The true range of the current bar."""

    __slots__ = ("_previous", "_scale")

    def __init__(self, scale: int) -> None:
        self._scale = scale
        self._previous: float | None = None

    def update(self, bar: BarLike) -> float | None:
        """Return the true range in price, or None on the first bar."""
        previous, self._previous = self._previous, bar.close
        return None if previous is None else reach(bar.high, bar.low, previous) / self._scale


class AtrStream:
    """Wilder's average of the true range."""

    __slots__ = ("_alpha", "_average", "_length", "_missing", "_previous", "_scale")

    def __init__(self, length: int, scale: int) -> None:
        self._length = length
        self._alpha = 1.0 / length
        self._scale = scale
        self._missing = length
        self._average = 0.0
        self._previous: float | None = None

    def update(self, bar: BarLike) -> float | None:
        """Return the average in price, or None until `length` true ranges are in."""
        average = self.units(bar)
        return None if average is None else average / self._scale

    def units(self, bar: BarLike) -> float | None:
        """Return the average in the bars' own units, or None until `length` true ranges are in."""
        previous, self._previous = self._previous, bar.close
        if previous is None:
            return None
        high, low = bar.high, bar.low
        width = (high if high > previous else previous) - (low if low < previous else previous)
        if self._missing:
            self._average += width
            self._missing -= 1
            if self._missing:
                return None
            self._average /= self._length
        else:
            self._average += (width - self._average) * self._alpha
        return self._average


class NatrStream(AtrStream):
    """Wilder's average of the true range, as a percentage of the close."""

    __slots__ = ()

    def update(self, bar: BarLike) -> float | None:
        """Return the percentage, or None until `length` true ranges are in."""
        average = self.units(bar)
        return None if average is None else 100.0 * average / bar.close


class DirectionalCore:
    """Smoothed directional moves and true range; all ratios, so the unit of price cancels."""

    __slots__ = ("_alpha", "_close", "_down", "_high", "_length", "_low", "_missing", "_up", "_width", "flat")

    def __init__(self, length: int) -> None:
        self._length = length
        self._alpha = 1.0 / length
        self._missing = length
        self._high: float | None = None
        self._low: float = 0
        self._close: float = 0
        self._width = 0.0
        self._up = 0.0
        self._down = 0.0
        self.flat = False

    def push(self, bar: BarLike) -> tuple[float, float] | None:
        """Return (+DI, -DI), or None until `length` moves are in; both are 0 where nothing moved (flag `flat`)."""
        high, low, close = bar.high, bar.low, bar.close
        before, floor, previous = self._high, self._low, self._close
        self._high, self._low, self._close = high, low, close
        if before is None:
            return None
        width = (high if high > previous else previous) - (low if low < previous else previous)
        rise, fall = high - before, floor - low
        plus = rise if rise > fall and rise > 0 else 0.0
        minus = fall if fall > rise and fall > 0 else 0.0
        if self._missing:
            self._width += width
            self._up += plus
            self._down += minus
            self._missing -= 1
            if self._missing:
                return None
            length = self._length
            self._width /= length
            self._up /= length
            self._down /= length
        else:
            alpha = self._alpha
            self._width += (width - self._width) * alpha
            self._up += (plus - self._up) * alpha
            self._down += (minus - self._down) * alpha
        smoothed = self._width
        if smoothed < TINY * close:
            self.flat = True
            return 0.0, 0.0
        self.flat = False
        percent = 100.0 / smoothed
        return self._up * percent, self._down * percent


class DirectionalStream:
    """The directional indicators +DI and -DI."""

    __slots__ = ("_core",)

    def __init__(self, length: int) -> None:
        self._core = DirectionalCore(length)

    @property
    def flat(self) -> bool:
        """Return whether the last bar's smoothed true range was zero."""
        return self._core.flat

    def update(self, bar: BarLike) -> tuple[float, float] | None:
        """Return (plus, minus), or None until `length` moves are in."""
        return self._core.push(bar)


class AdxStream:
    """The average directional index."""

    __slots__ = ("_average", "_core", "flat")

    def __init__(self, length: int) -> None:
        self._core = DirectionalCore(length)
        self._average = Smoother(length, 1.0 / length)
        self.flat = False

    def update(self, bar: BarLike) -> float | None:
        """Return ADX, or None until `length` directional indexes are in."""
        pair = self._core.push(bar)
        if pair is None:
            return None
        plus, minus = pair
        both = plus + minus
        if both < 100.0 * TINY:
            self.flat = True
            return self._average.push(0.0)
        self.flat = False
        return self._average.push(100.0 * abs(plus - minus) / both)


class TrueRange(IndicatorSpec, frozen=True):
    """True range of the bar."""

    state: ClassVar[type[Any]] = TrueRangeStream

    @property
    def warmup_bars(self) -> int:
        return 2

    def direct(self, bars: BarArrays) -> tuple[FloatArray, ...] | None:
        return (ranges(bars) / float(bars.price_scale),) if bars.exact_over(1) else None


class Atr(IndicatorSpec, frozen=True):
    """Average true range."""

    length: int

    state: ClassVar[type[Any]] = AtrStream

    @property
    def warmup_bars(self) -> int:
        return self.length + 1

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        (average,) = family(bars, self.length, ["range"])
        return (average / float(bars.price_scale),)


class Natr(IndicatorSpec, frozen=True):
    """Average true range as a percentage of the close."""

    length: int

    state: ClassVar[type[Any]] = NatrStream

    @property
    def warmup_bars(self) -> int:
        return self.length + 1

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        (average,) = family(bars, self.length, ["range"])
        return (100.0 * average / bars.close.astype(np.float64),)


class Directional(IndicatorSpec, frozen=True):
    """Directional indicators."""

    length: int

    outputs: ClassVar[int] = 2
    state: ClassVar[type[Any]] = DirectionalStream
    scale: ClassVar[str | None] = None

    @property
    def warmup_bars(self) -> int:
        return self.length + 1

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        return tuple(family(bars, self.length, ["plus", "minus"]))


class Adx(IndicatorSpec, frozen=True):
    """Average directional index."""

    length: int

    state: ClassVar[type[Any]] = AdxStream
    scale: ClassVar[str | None] = None

    @property
    def warmup_bars(self) -> int:
        return 2 * self.length

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        return tuple(family(bars, self.length, ["trend"]))


def true_range() -> TrueRange:
    """Return the true range max(H - L, |H - Cp|, |L - Cp|); Cp is the previous close."""
    return TrueRange()


def atr(length: int = 14) -> Atr:
    """Return Wilder's average true range, in price."""
    return Atr(at_least("length", length, 1))


def natr(length: int = 14) -> Natr:
    """Return 100 * ATR / close."""
    return Natr(at_least("length", length, 1))


def directional(length: int = 14) -> Directional:
    """Return the directional indicators (plus, minus); a tie of the two moves counts for neither."""
    return Directional(at_least("length", length, 1))


def adx(length: int = 14) -> Adx:
    """Return the average directional index; it is 0 where nothing moves."""
    return Adx(at_least("length", length, 1))


def reach(high: float, low: float, previous: float) -> float:
    """Return the true range: the span of the bar and the previous close, which is the largest of the three."""
    return (high if high > previous else previous) - (low if low < previous else previous)


def ranges(bars: BarArrays) -> FloatArray:
    """Return the true ranges in the bars' units, NaN on the first row.

    Shape   (T,) -> (T,), float64.
    Timing  Output `t` uses bars `t - 1` and `t`.
    NaN     Row 0.
    """
    out = undefined(len(bars))
    previous = bars.close[:-1]
    out[1:] = np.maximum(bars.high[1:], previous) - np.minimum(bars.low[1:], previous)
    return out


def family(bars: BarArrays, length: int, wanted: Sequence[str]) -> list[FloatArray]:
    """Return the wanted of `range` (ATR in the bars' units), `plus`, `minus` and `trend` (ADX), from one compiled pass.

    Shape   (T,) -> (T,) for each one wanted, float64.
    Timing  Output `t` uses bars up to and including `t`.
    NaN     The first `length` rows, for ADX the first `2 * length - 1`.
    """
    high, low, close = (column.astype(np.float64, copy=False) for column in (bars.high, bars.low, bars.close))
    out = {name: np.empty(len(bars) if name in wanted else 0) for name in ("range", "plus", "minus", "trend")}
    kernels.compiled(kernels.wilder)(high, low, close, length, out["range"], out["plus"], out["minus"], out["trend"])
    return [out[name] for name in wanted]
