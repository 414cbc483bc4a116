"""The close itself, how far it moved, and how straight: momentum, rate of change, RSI and the efficiency ratio.

Source  Wilder, New Concepts in Technical Trading Systems (1978), for RSI; Kaufman, Trading Systems and Methods, for the
        efficiency ratio. RSI is 50 where both averages are 0; TA-Lib answers 0 there.
"""

from collections import deque
from typing import Any, ClassVar

import numpy as np

from tradewind.numeric import kernels
from tradewind.numeric.bars import BarArrays, BarLike, FloatArray, fits_in_float, scaled
from tradewind.numeric.indicators.rolling import RollingSum
from tradewind.numeric.indicators.spec import TINY, IndicatorSpec, at_least, undefined


class CloseStream:
    """The close as a price."""

    __slots__ = ("_scale",)

    def __init__(self, scale: int) -> None:
        self._scale = scale

    def update(self, bar: BarLike) -> float:
        """Return the close."""
        return bar.close / self._scale


class MomentumStream:
    """The difference to the close `length` bars ago."""

    __slots__ = ("_length", "_ring", "_scale")

    def __init__(self, length: int, scale: int) -> None:
        self._length = length
        self._scale = scale
        self._ring: deque[float] = deque(maxlen=length)

    def update(self, bar: BarLike) -> float | None:
        """Return the difference in price, or None until a bar lies `length` bars back."""
        ring, close = self._ring, bar.close
        change = (close - ring[0]) / self._scale if len(ring) == self._length else None
        ring.append(close)
        return change


class RateOfChangeStream:
    """The return over `length` bars."""

    __slots__ = ("_length", "_ring")

    def __init__(self, length: int) -> None:
        self._length = length
        self._ring: deque[float] = deque(maxlen=length)

    def update(self, bar: BarLike) -> float | None:
        """Return close / close `length` bars ago - 1, or None until there is one."""
        ring, close = self._ring, bar.close
        change = close / ring[0] - 1.0 if len(ring) == self._length else None
        ring.append(close)
        return change


class RsiStream:
    """Wilder's relative strength index of the close."""

    __slots__ = ("_alpha", "_gains", "_length", "_losses", "_missing", "_previous", "flat")

    def __init__(self, length: int) -> None:
        self._length = length
        self._alpha = 1.0 / length
        self._missing = length
        self._gains = 0.0
        self._losses = 0.0
        self._previous: float | None = None
        self.flat = False

    def update(self, bar: BarLike) -> float | None:
        """Return the index, or None until `length` changes are in; 50 where nothing moved (flag `flat`)."""
        close = bar.close
        previous, self._previous = self._previous, close
        if previous is None:
            return None
        change = close - previous
        gain = change if change > 0 else 0.0
        loss = -change if change < 0 else 0.0
        if self._missing:
            self._gains += gain
            self._losses += loss
            self._missing -= 1
            if self._missing:
                return None
            self._gains /= self._length
            self._losses /= self._length
        else:
            alpha = self._alpha
            self._gains += (gain - self._gains) * alpha
            self._losses += (loss - self._losses) * alpha
        gains = self._gains
        moved = gains + self._losses
        if moved < TINY * close:
            self.flat = True
            return 50.0
        self.flat = False
        return 100.0 * gains / moved


class EfficiencyRatioStream:
    """Net movement of the close over the length of its path."""

    __slots__ = ("_closes", "_path", "flat")

    def __init__(self, length: int) -> None:
        self._closes: deque[float] = deque(maxlen=length)
        self._path = RollingSum(length)
        self.flat = False

    def update(self, bar: BarLike) -> float | None:
        """Return the ratio, or None until `length` changes are in; 0 where nothing moved (flag `flat`)."""
        closes, close = self._closes, bar.close
        if not closes:
            closes.append(close)
            return None
        path = self._path.push(abs(close - closes[-1]))
        first = closes[0]
        closes.append(close)
        if path is None:
            return None
        self.flat = path < TINY * close
        return 0.0 if self.flat else abs(close - first) / path


class Close(IndicatorSpec, frozen=True):
    """Close of the bar."""

    state: ClassVar[type[Any]] = CloseStream

    @property
    def warmup_bars(self) -> int:
        return 1

    def direct(self, bars: BarArrays) -> tuple[FloatArray, ...] | None:
        return (scaled(bars.close, bars.price_scale),)


class Momentum(IndicatorSpec, frozen=True):
    """Change of the close."""

    length: int

    state: ClassVar[type[Any]] = MomentumStream

    @property
    def warmup_bars(self) -> int:
        return self.length + 1

    def direct(self, bars: BarArrays) -> tuple[FloatArray, ...] | None:
        if not fits_in_float(bars.close):
            return None
        out = undefined(len(bars))
        out[self.length :] = (bars.close[self.length :] - bars.close[: -self.length]) / float(bars.price_scale)
        return (out,)


class RateOfChange(IndicatorSpec, frozen=True):
    """Return of the close."""

    length: int

    state: ClassVar[type[Any]] = RateOfChangeStream
    scale: ClassVar[str | None] = None

    @property
    def warmup_bars(self) -> int:
        return self.length + 1

    def direct(self, bars: BarArrays) -> tuple[FloatArray, ...] | None:
        if not fits_in_float(bars.close):
            return None
        out = undefined(len(bars))
        out[self.length :] = bars.close[self.length :] / bars.close[: -self.length] - 1.0
        return (out,)


class Rsi(IndicatorSpec, frozen=True):
    """Relative strength index."""

    length: int

    state: ClassVar[type[Any]] = RsiStream
    scale: ClassVar[str | None] = None

    @property
    def warmup_bars(self) -> int:
        return self.length + 1

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        out = np.empty(len(bars))
        kernels.compiled(kernels.strength)(bars.close.astype(np.float64), self.length, out)
        return (out,)


class EfficiencyRatio(IndicatorSpec, frozen=True):
    """Kaufman's efficiency ratio."""

    length: int

    state: ClassVar[type[Any]] = EfficiencyRatioStream
    scale: ClassVar[str | None] = None

    @property
    def warmup_bars(self) -> int:
        return self.length + 1

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        closes, length = bars.close.astype(np.float64), self.length
        path = np.empty(len(bars) - 1)
        kernels.compiled(kernels.rolling_sum)(np.abs(np.diff(closes)), length, path)
        path, last = path[length - 1 :], closes[length:]
        flat = path < TINY * last
        out = undefined(len(bars))
        out[length:] = np.where(flat, 0.0, np.abs(last - closes[:-length]) / np.where(flat, 1.0, path))
        return (out,)


def close() -> Close:
    """Return the close as a price."""
    return Close()


def momentum(length: int) -> Momentum:
    """Return the close less the close `length` bars ago, in price."""
    return Momentum(at_least("length", length, 1))


def rate_of_change(length: int) -> RateOfChange:
    """Return the close over the close `length` bars ago, less 1."""
    return RateOfChange(at_least("length", length, 1))


def rsi(length: int = 14) -> Rsi:
    """Return Wilder's RSI of the close; 50 where the close has not moved at all."""
    return Rsi(at_least("length", length, 1))


def efficiency_ratio(length: int = 24) -> EfficiencyRatio:
    """Return Kaufman's efficiency ratio, between 0 (all detour) and 1 (a straight line)."""
    return EfficiencyRatio(at_least("length", length, 1))
