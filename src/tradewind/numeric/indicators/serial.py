"""Order in time: lag-1 autocorrelation, variance ratio, sign flips, and the share of wicks in the bars.

Each looks at the last `length` returns, so it has its first value on bar `length`.

Source  Lo and MacKinlay, "Stock market prices do not follow random walks" (1988), for the variance ratio.
"""

import math
from collections import deque
from typing import Any, ClassVar

import numpy as np

from tradewind.numeric import kernels
from tradewind.numeric.bars import BarArrays, BarLike, FloatArray
from tradewind.numeric.indicators.rolling import RollingSum
from tradewind.numeric.indicators.spec import TINY, IndicatorSpec, at_least, undefined
from tradewind.numeric.indicators.volatility import log_ratios


class Lag1AutocorrelationStream:
    """Correlation of each return with the one before it, over the pairs inside the window."""

    __slots__ = ("_last", "_moments", "_pairs", "_previous", "_products", "_squares", "_sums", "flat")

    def __init__(self, length: int) -> None:
        self._pairs = length - 1
        self._sums = RollingSum(length - 1)
        self._squares = RollingSum(length - 1)
        self._products = RollingSum(length - 1)
        self._previous: float | None = None
        self._last: float | None = None
        self._moments: tuple[float, float] = (0.0, 0.0)
        self.flat = False

    def update(self, bar: BarLike) -> float | None:
        """Return the correlation, or None until `length` returns are in; NaN without variance (flag `flat`)."""
        close = bar.close
        previous, self._previous = self._previous, close
        if previous is None:
            return None
        newest = math.log(close / previous)
        last, self._last = self._last, newest
        # The pairs' first members are the window one return earlier: their moments are those of the last update.
        first, first_square = self._moments
        self._sums.push(newest)
        self._squares.push(newest * newest)
        second, second_square = self._moments = self._sums.total, self._squares.total
        product = None if last is None else self._products.push(newest * last)
        if product is None:
            return None
        pairs = self._pairs
        spread_first = pairs * first_square - first * first
        spread_second = pairs * second_square - second * second
        self.flat = spread_first <= TINY * (pairs * first_square) or spread_second <= TINY * (pairs * second_square)
        if self.flat:
            return math.nan
        correlation = (pairs * product - first * second) / (math.sqrt(spread_first) * math.sqrt(spread_second))
        return min(1.0, max(-1.0, correlation))


class VarianceRatioStream:
    """Variance of `period`-bar returns over `period` times the variance of one-bar returns."""

    __slots__ = ("_closes", "_long_squares", "_long_sums", "_longs", "_period", "_shorts", "_squares", "_sums", "flat")

    def __init__(self, length: int, period: int) -> None:
        self._period = period
        self._shorts = length
        self._longs = length - period + 1
        self._sums = RollingSum(length)
        self._squares = RollingSum(length)
        self._long_sums = RollingSum(self._longs)
        self._long_squares = RollingSum(self._longs)
        self._closes: deque[float] = deque(maxlen=period)
        self.flat = False

    def update(self, bar: BarLike) -> float | None:
        """Return the ratio, or None until `length` returns are in; NaN without variance (flag `flat`)."""
        closes, close = self._closes, bar.close
        if not closes:
            closes.append(close)
            return None
        one = math.log(close / closes[-1])
        self._sums.push(one)
        squares = self._squares.push(one * one)
        if len(closes) == self._period:
            many = math.log(close / closes[0])
            self._long_sums.push(many)
            self._long_squares.push(many * many)
        closes.append(close)
        if squares is None:
            return None
        shorts, longs = self._shorts, self._longs
        mean, square = self._sums.total / shorts, squares / shorts
        variance = square - mean * mean
        self.flat = variance <= TINY * square
        if self.flat:
            return math.nan
        long_mean = self._long_sums.total / longs
        long_variance = self._long_squares.total / longs - long_mean * long_mean
        return max(0.0, long_variance) / (self._period * variance)


class SignFlipRateStream:
    """Share of neighbouring returns in the window that point in opposite directions."""

    __slots__ = ("_change", "_flips", "_pairs", "_previous")

    def __init__(self, length: int) -> None:
        self._pairs = length - 1
        self._flips = RollingSum(length - 1)
        self._previous: float | None = None
        self._change: float | None = None

    def update(self, bar: BarLike) -> float | None:
        """Return the share, or None until `length` returns are in; a return of 0 flips nothing."""
        previous, self._previous = self._previous, bar.close
        if previous is None:
            return None
        newest = bar.close - previous
        last, self._change = self._change, newest
        if last is None:
            return None
        flips = self._flips.push(1 if (newest > 0 and last < 0) or (newest < 0 and last > 0) else 0)
        return None if flips is None else flips / self._pairs


class WickShareStream:
    """Mean share of the wicks in the range of the bars; bars without a range are left out."""

    __slots__ = ("_bars", "_shares", "_started", "flat")

    def __init__(self, length: int) -> None:
        self._shares = RollingSum(length)
        self._bars = RollingSum(length)
        self._started = False
        self.flat = False

    def update(self, bar: BarLike) -> float | None:
        """Return the mean, or None until `length` bars after the first are in; NaN if all are flat (flag `flat`)."""
        if not self._started:
            self._started = True
            return None
        width = bar.high - bar.low
        if width < TINY * bar.close:
            shares, bars = self._shares.push(0.0), self._bars.push(0)
        else:
            shares, bars = self._shares.push((width - abs(bar.close - bar.open)) / width), self._bars.push(1)
        if shares is None or bars is None:
            return None
        self.flat = not bars
        return math.nan if self.flat else shares / bars


class Lag1Autocorrelation(IndicatorSpec, frozen=True):
    """Autocorrelation of the returns at lag 1."""

    length: int

    state: ClassVar[type[Any]] = Lag1AutocorrelationStream
    scale: ClassVar[str | None] = None

    @property
    def warmup_bars(self) -> int:
        return self.length + 1

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        pairs, first_row = self.length - 1, self.length - 1
        returns = log_ratios(bars.close[1:], bars.close[:-1])
        sums, squares = _sums(returns, pairs), _sums(returns * returns, pairs)
        products = _sums(returns[1:] * returns[:-1], pairs)[first_row - 1 :]
        first, second = sums[first_row - 1 : -1], sums[first_row:]
        first_square, second_square = squares[first_row - 1 : -1], squares[first_row:]
        spread_first = pairs * first_square - first * first
        spread_second = pairs * second_square - second * second
        flat = (spread_first <= TINY * (pairs * first_square)) | (spread_second <= TINY * (pairs * second_square))
        scale = np.sqrt(np.where(flat, 1.0, spread_first)) * np.sqrt(np.where(flat, 1.0, spread_second))
        correlation = np.minimum(1.0, np.maximum(-1.0, (pairs * products - first * second) / scale))
        return (_from_row(np.where(flat, np.nan, correlation), self.length, len(bars)),)


class VarianceRatio(IndicatorSpec, frozen=True):
    """Variance ratio of the returns."""

    length: int
    period: int

    state: ClassVar[type[Any]] = VarianceRatioStream
    scale: ClassVar[str | None] = None

    @property
    def warmup_bars(self) -> int:
        return self.length + 1

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        length, period, longs = self.length, self.period, self.length - self.period + 1
        returns = log_ratios(bars.close[1:], bars.close[:-1])
        mean, square = _sums(returns, length) / length, _sums(returns * returns, length) / length
        returns = log_ratios(bars.close[period:], bars.close[:-period])
        long_mean, long_square = _sums(returns, longs) / longs, _sums(returns * returns, longs) / longs
        mean, square = mean[length - 1 :], square[length - 1 :]
        long_mean, long_square = long_mean[longs - 1 :], long_square[longs - 1 :]
        variance = square - mean * mean
        flat = variance <= TINY * square
        long_variance = np.maximum(0.0, long_square - long_mean * long_mean)
        ratio = long_variance / (period * np.where(flat, 1.0, variance))
        return (_from_row(np.where(flat, np.nan, ratio), length, len(bars)),)


class SignFlipRate(IndicatorSpec, frozen=True):
    """Rate of direction changes."""

    length: int

    state: ClassVar[type[Any]] = SignFlipRateStream
    scale: ClassVar[str | None] = None

    @property
    def warmup_bars(self) -> int:
        return self.length + 1

    def direct(self, bars: BarArrays) -> tuple[FloatArray, ...] | None:
        out, pairs = undefined(len(bars)), self.length - 1
        if len(bars) <= self.length:
            return (out,)
        signs = np.sign(np.diff(bars.close)).astype(np.int64)
        counts = np.concatenate(([0], np.cumsum(signs[1:] * signs[:-1] < 0)))
        out[self.length :] = (counts[pairs:] - counts[:-pairs]) / float(pairs)
        return (out,)


class WickShare(IndicatorSpec, frozen=True):
    """Share of wicks in the bars."""

    length: int

    state: ClassVar[type[Any]] = WickShareStream
    scale: ClassVar[str | None] = None

    @property
    def warmup_bars(self) -> int:
        return self.length + 1

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        opens, highs, lows, closes = (
            column[1:].astype(np.float64) for column in (bars.open, bars.high, bars.low, bars.close)
        )
        width = highs - lows
        flat = width < TINY * closes
        share = np.where(flat, 0.0, (width - np.abs(closes - opens)) / np.where(flat, 1.0, width))
        shares, counted = _sums(share, self.length), _sums(np.where(flat, 0.0, 1.0), self.length)
        mean = np.where(counted == 0.0, np.nan, shares / np.where(counted == 0.0, 1.0, counted))
        return (_from_row(mean[self.length - 1 :], self.length, len(bars)),)


def lag1_autocorrelation(length: int = 24) -> Lag1Autocorrelation:
    """Return the correlation of log returns with their predecessors, over the pairs within `length` returns."""
    return Lag1Autocorrelation(at_least("length", length, 3))


def variance_ratio(length: int = 48, period: int = 4) -> VarianceRatio:
    """Return var(`period`-bar log returns, overlapping) / (`period` * var(one-bar log returns)) over `length` returns.

    Both variances are of the population. 1 means a random walk, less means reversion, more means drift.
    """
    at_least("period", period, 2)
    return VarianceRatio(at_least("length", length, period + 1), period)


def sign_flip_rate(length: int = 12) -> SignFlipRate:
    """Return the share of the `length - 1` neighbouring pairs of returns that change sign."""
    return SignFlipRate(at_least("length", length, 2))


def wick_share(length: int = 24) -> WickShare:
    """Return the mean of (H - L - |C - O|) / (H - L) over the last `length` bars that have a range."""
    return WickShare(at_least("length", length, 1))


def _sums(values: FloatArray, length: int) -> FloatArray:
    out = np.empty(values.size)
    kernels.compiled(kernels.rolling_sum)(values, length, out)
    return out


def _from_row(values: FloatArray, first: int, rows: int) -> FloatArray:
    out = undefined(rows)
    out[first:] = values
    return out
