"""How much prices move: realised volatility, its range-based relatives, and where the present stands among the past.

All windows begin with bar 1, the first that has a return, so that the estimators speak of the same bars.

Source  Parkinson, "The extreme value method" (1980); Garman and Klass, "On the estimation of security price
        volatilities" (1980); realised volatility as in Andersen and others (2003).
"""

import math
from bisect import bisect_left, bisect_right
from collections import deque
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tradewind.numeric import kernels
from tradewind.numeric.bars import BarArrays, BarLike, FloatArray
from tradewind.numeric.indicators.rolling import RollingSum
from tradewind.numeric.indicators.spec import IndicatorSpec, Stream, at_least, undefined

BARS_PER_YEAR_HOURLY = 8760.0

RANGE_FACTOR = 4.0 * math.log(2.0)
BODY_FACTOR = 2.0 * math.log(2.0) - 1.0


class RealisedVolatilityStream:
    """The root of the summed squared log returns."""

    __slots__ = ("_factor", "_previous", "_squares")

    def __init__(self, length: int, bars_per_year: float) -> None:
        self._factor = math.sqrt(bars_per_year / length)
        self._squares = RollingSum(length)
        self._previous: float | None = None

    def update(self, bar: BarLike) -> float | None:
        """Return the annual volatility, or None until `length` returns are in."""
        close = bar.close
        previous, self._previous = self._previous, close
        if previous is None:
            return None
        log_return = math.log(close / previous)
        squares = self._squares.push(log_return * log_return)
        if squares is None:
            return None
        return math.sqrt(squares) * self._factor if squares > 0.0 else 0.0


class ParkinsonStream:
    """Parkinson's estimate from highs and lows."""

    __slots__ = ("_divisor", "_factor", "_squares", "_started")

    def __init__(self, length: int, bars_per_year: float) -> None:
        self._divisor = RANGE_FACTOR * length
        self._factor = math.sqrt(bars_per_year)
        self._squares = RollingSum(length)
        self._started = False

    def update(self, bar: BarLike) -> float | None:
        """Return the annual volatility, or None until `length` bars after the first are in."""
        if not self._started:
            self._started = True
            return None
        log_range = math.log(bar.high / bar.low)
        squares = self._squares.push(log_range * log_range)
        if squares is None:
            return None
        return math.sqrt(squares / self._divisor) * self._factor if squares > 0.0 else 0.0


class GarmanKlassStream:
    """Garman and Klass's estimate from the whole bar."""

    __slots__ = ("_factor", "_length", "_squares", "_started")

    def __init__(self, length: int, bars_per_year: float) -> None:
        self._length = length
        self._factor = math.sqrt(bars_per_year)
        self._squares = RollingSum(length)
        self._started = False

    def update(self, bar: BarLike) -> float | None:
        """Return the annual volatility, or None until `length` bars after the first are in."""
        if not self._started:
            self._started = True
            return None
        log_range, log_body = math.log(bar.high / bar.low), math.log(bar.close / bar.open)
        squares = self._squares.push(0.5 * (log_range * log_range) - BODY_FACTOR * (log_body * log_body))
        if squares is None:
            return None
        return math.sqrt(squares / self._length) * self._factor if squares > 0.0 else 0.0


class VolatilityPercentileStream:
    """The mid-rank of the newest value among the last `window` values of another indicator."""

    __slots__ = ("_minimum", "_ordered", "_ring", "_source", "_window")

    def __init__(self, window: int, minimum: int, source: Stream) -> None:
        self._window = window
        self._minimum = minimum
        self._source = source
        self._ring: deque[float] = deque(maxlen=window)
        self._ordered: list[float] = []

    def update(self, bar: BarLike) -> float | None:
        """Return the share of values below the newest, ties counted half, or None until `minimum` are in.

        A bar where the source has no value (NaN) has none here either, and does not enter the window.
        """
        value = self._source.update(bar)
        if value is None:
            return None
        if not isinstance(value, float) or math.isnan(value):
            return math.nan
        ring, ordered = self._ring, self._ordered
        if len(ring) == self._window:
            del ordered[bisect_left(ordered, ring[0])]
        ring.append(value)
        below, above = bisect_left(ordered, value), bisect_right(ordered, value)
        ordered.insert(above, value)
        held = len(ordered)
        return (below + 0.5 * (above - below + 1)) / held if held >= self._minimum else None


class RealisedVolatility(IndicatorSpec, frozen=True):
    """Realised volatility of the close."""

    length: int
    bars_per_year: float

    state: ClassVar[type[Any]] = RealisedVolatilityStream
    scale: ClassVar[str | None] = None

    @property
    def warmup_bars(self) -> int:
        return self.length + 1

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        returns = log_ratios(bars.close[1:], bars.close[:-1])
        volatility = np.sqrt(_positive_sums(returns * returns, self.length))
        return (_after_first(volatility * math.sqrt(self.bars_per_year / self.length)),)


class Parkinson(IndicatorSpec, frozen=True):
    """Parkinson volatility."""

    length: int
    bars_per_year: float

    state: ClassVar[type[Any]] = ParkinsonStream
    scale: ClassVar[str | None] = None

    @property
    def warmup_bars(self) -> int:
        return self.length + 1

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        spans = log_ratios(bars.high[1:], bars.low[1:])
        volatility = np.sqrt(_positive_sums(spans * spans, self.length) / (RANGE_FACTOR * self.length))
        return (_after_first(volatility * math.sqrt(self.bars_per_year)),)


class GarmanKlass(IndicatorSpec, frozen=True):
    """Garman-Klass volatility."""

    length: int
    bars_per_year: float

    state: ClassVar[type[Any]] = GarmanKlassStream
    scale: ClassVar[str | None] = None

    @property
    def warmup_bars(self) -> int:
        return self.length + 1

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        spans, bodies = log_ratios(bars.high[1:], bars.low[1:]), log_ratios(bars.close[1:], bars.open[1:])
        squares = 0.5 * (spans * spans) - BODY_FACTOR * (bodies * bodies)
        volatility = np.sqrt(_positive_sums(squares, self.length) / self.length)
        return (_after_first(volatility * math.sqrt(self.bars_per_year)),)


class VolatilityPercentile(IndicatorSpec, frozen=True):
    """Mid-rank of another indicator's newest value."""

    window: int
    minimum: int
    source: IndicatorSpec

    @property
    def warmup_bars(self) -> int:
        return self.source.warmup_bars + self.minimum - 1

    def stream(self, price_scale: int = 1, volume_scale: int = 1) -> Stream:
        return VolatilityPercentileStream(self.window, self.minimum, self.source.stream(price_scale, volume_scale))

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        (values,) = self.source.batch(bars)
        out = np.empty(len(bars))
        kernels.compiled(kernels.middle_rank)(values, self.window, self.minimum, out)
        return (out,)


def realised_volatility(length: int = 24, bars_per_year: float = BARS_PER_YEAR_HOURLY) -> RealisedVolatility:
    """Return sqrt(sum of squared log returns) * sqrt(bars_per_year / length); the mean is not removed."""
    return RealisedVolatility(at_least("length", length, 1), _yearly(bars_per_year))


def parkinson(length: int = 24, bars_per_year: float = BARS_PER_YEAR_HOURLY) -> Parkinson:
    """Return Parkinson's volatility sqrt(mean(ln(H/L)^2) / (4 ln 2)), annualised."""
    return Parkinson(at_least("length", length, 1), _yearly(bars_per_year))


def garman_klass(length: int = 24, bars_per_year: float = BARS_PER_YEAR_HOURLY) -> GarmanKlass:
    """Return Garman-Klass volatility sqrt(mean(0.5 ln(H/L)^2 - (2 ln 2 - 1) ln(C/O)^2)), annualised."""
    return GarmanKlass(at_least("length", length, 1), _yearly(bars_per_year))


def volatility_percentile(window: int, minimum: int, source: IndicatorSpec) -> VolatilityPercentile:
    """Return the mid-rank, 0 to 1, of `source`'s newest value among its last `window`, once `minimum` are there.

    The defaults of the method are 500 and 100, of realised volatility or NATR. The window is kept in order, so a bar
    costs two binary searches.
    """
    if source.outputs != 1:
        raise ValueError(f"a percentile ranks one number, but {source.name} gives {source.outputs}: choose another")
    at_least("minimum", minimum, 1)
    return VolatilityPercentile(at_least("window", window, minimum), minimum, source)


def log_ratios(numerators: NDArray[Any], denominators: NDArray[Any]) -> FloatArray:
    """Return natural logs of ratios from the compiled kernel, which rounds as `math.log` does.

    Shape   (T,), (T,) -> (T,), float64.
    NaN     Passed through.
    """
    out = np.empty(numerators.size)
    kernels.compiled(kernels.log_ratio)(numerators.astype(np.float64), denominators.astype(np.float64), out)
    return out


def _positive_sums(values: FloatArray, length: int) -> FloatArray:
    sums = np.empty(values.size)
    kernels.compiled(kernels.rolling_sum)(values, length, sums)
    return np.where(sums < 0.0, 0.0, sums)


def _after_first(values: FloatArray) -> FloatArray:
    out = undefined(values.size + 1)
    out[1:] = values
    return out


def _yearly(bars_per_year: float) -> float:
    if not (math.isfinite(bars_per_year) and bars_per_year > 0):
        raise ValueError(f"bars_per_year must be finite and positive, was {bars_per_year!r}; hourly bars have 8760")
    return float(bars_per_year)
