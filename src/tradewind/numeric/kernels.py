"""Loops over columns that a compiler makes fast; each mirrors a stream, named in its docstring, bit for bit.

They are plain functions over float64 arrays. `compiled` turns one into machine code when a caller first needs it, so
that importing this module, and running a small backtest, never loads the compiler. No reassociation is allowed
(`fastmath` stays off): the order of operations below is the stream's.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import TypeVar, cast

import numpy as np

from tradewind.numeric.bars import FloatArray

Function = TypeVar("Function", bound=Callable[..., object])

RESUM_BARS = 4096
TINY = 1e-12


def compiled(function: Function) -> Function:
    """Return the machine code of a kernel, from the compiler's disk cache where it is there."""
    return cast(Function, _compiled(function))


@cache
def _compiled(function: Callable[..., object]) -> object:
    import numba

    return numba.njit(cache=True)(function)


def rolling_sum(values: FloatArray, length: int, out: FloatArray) -> None:
    """Fill `out` with the sums of the last `length` values; mirrors `indicators.rolling.RollingSum`."""
    total = 0.0
    zeros = 0
    for i in range(values.size):
        value = values[i]
        if i >= length:
            total += value - values[i - length]
        else:
            total += value
        if value != 0.0:
            zeros = 0
        else:
            zeros += 1
            if zeros >= length:
                total = 0.0
        if (i + 1) % RESUM_BARS == 0:
            total = 0.0
            for j in range(max(0, i + 1 - length), i + 1):
                total += values[j]
        out[i] = total if i >= length - 1 else np.nan


def rolling_spread(values: FloatArray, length: int, totals: FloatArray, spreads: FloatArray) -> None:
    """Fill the sums and the summed squared deviations; mirrors `indicators.bands.RollingSpread`."""
    total = 0.0
    spread = 0.0
    mean = 0.0
    run = 0
    for i in range(values.size):
        value = values[i]
        run = run + 1 if i > 0 and value == values[i - 1] else 1
        if i < length:
            total += value
            if i == length - 1:
                mean = total / length
                for j in range(length):
                    spread += (values[j] - mean) * (values[j] - mean)
        else:
            oldest = values[i - length]
            total += value - oldest
            before = mean
            mean = total / length
            spread += (value - oldest) * ((value - mean) + (oldest - before))
        if (i + 1) % RESUM_BARS == 0:
            total = 0.0
            for j in range(max(0, i + 1 - length), i + 1):
                total += values[j]
            mean = total / length
            spread = 0.0
            if i >= length - 1:
                for j in range(i + 1 - length, i + 1):
                    spread += (values[j] - mean) * (values[j] - mean)
        if i >= length - 1:
            if run >= length or spread < 0.0:
                spread = 0.0
            totals[i] = total
            spreads[i] = spread
        else:
            totals[i] = np.nan
            spreads[i] = np.nan


def exponential(values: FloatArray, start: int, length: int, alpha: float, out: FloatArray) -> None:
    """Fill `out` with the average seeded by `length` values from `start`; mirrors `indicators.smoothing.Smoother`."""
    for i in range(min(start + length - 1, values.size)):
        out[i] = np.nan
    if values.size < start + length:
        return
    total = 0.0
    for i in range(start, start + length):
        total += values[i]
    average = total / length
    out[start + length - 1] = average
    for i in range(start + length, values.size):
        average += (values[i] - average) * alpha
        out[i] = average


def strength(closes: FloatArray, length: int, out: FloatArray) -> None:
    """Fill `out` with Wilder's RSI; mirrors `indicators.momentum.RsiStream`."""
    gains = 0.0
    losses = 0.0
    alpha = 1.0 / length
    if closes.size:
        out[0] = np.nan
    for i in range(1, closes.size):
        change = closes[i] - closes[i - 1]
        gain = change if change > 0.0 else 0.0
        loss = -change if change < 0.0 else 0.0
        if i <= length:
            gains += gain
            losses += loss
            if i < length:
                out[i] = np.nan
                continue
            gains /= length
            losses /= length
        else:
            gains += (gain - gains) * alpha
            losses += (loss - losses) * alpha
        moved = gains + losses
        out[i] = 50.0 if moved < TINY * closes[i] else 100.0 * gains / moved


def wilder(
    highs: FloatArray,
    lows: FloatArray,
    closes: FloatArray,
    length: int,
    ranges: FloatArray,
    pluses: FloatArray,
    minuses: FloatArray,
    trends: FloatArray,
) -> None:
    """Fill ATR in the bars' units, +DI, -DI and ADX in one pass; mirrors `indicators.wilder.DirectionalCore`.

    An output given as an empty array is left out: touching fresh memory costs more than the arithmetic.
    """
    rows = closes.size
    alpha = 1.0 / length
    ranges[:length] = np.nan
    pluses[:length] = np.nan
    minuses[:length] = np.nan
    trends[: 2 * length - 1] = np.nan
    if rows <= length:
        return
    width = 0.0
    up = 0.0
    down = 0.0
    trend = 0.0
    for i in range(1, rows):
        high = highs[i]
        low = lows[i]
        previous = closes[i - 1]
        reach = max(high, previous) - min(low, previous)
        rise = high - highs[i - 1]
        fall = lows[i - 1] - low
        plus_move = rise if (rise > fall) & (rise > 0.0) else 0.0
        minus_move = fall if (fall > rise) & (fall > 0.0) else 0.0
        if i <= length:
            width += reach
            up += plus_move
            down += minus_move
            if i < length:
                continue
            width /= length
            up /= length
            down /= length
        else:
            width += (reach - width) * alpha
            up += (plus_move - up) * alpha
            down += (minus_move - down) * alpha
        if i < ranges.size:
            ranges[i] = width
        plus = 0.0
        minus = 0.0
        if width >= TINY * closes[i]:
            percent = 100.0 / width
            plus = up * percent
            minus = down * percent
        if i < pluses.size:
            pluses[i] = plus
        if i < minuses.size:
            minuses[i] = minus
        if trends.size == 0:
            continue
        both = plus + minus
        index = 100.0 * abs(plus - minus) / both if both >= 100.0 * TINY else 0.0
        if i < 2 * length - 1:
            trend += index
        elif i == 2 * length - 1:
            trend = (trend + index) / length
            trends[i] = trend
        else:
            trend += (index - trend) * alpha
            trends[i] = trend


def log_ratio(numerators: FloatArray, denominators: FloatArray, out: FloatArray) -> None:
    """Fill `out` with natural logs of ratios; the C library's log, as `math.log` in the streams."""
    for i in range(numerators.size):
        out[i] = math.log(numerators[i] / denominators[i])


def log_ten(values: FloatArray, out: FloatArray) -> None:
    """Fill `out` with decimal logs, NaN where the value is NaN; the C library's log10, as in the streams."""
    for i in range(values.size):
        out[i] = np.nan if np.isnan(values[i]) else math.log10(values[i])


def middle_rank(values: FloatArray, window: int, minimum: int, out: FloatArray) -> None:
    """Fill `out` with the mid-ranks in a window; mirrors `indicators.volatility.VolatilityPercentileStream`."""
    kept = np.empty(window)
    ordered = np.empty(window)
    held = 0
    oldest = 0
    for i in range(values.size):
        value = values[i]
        out[i] = np.nan
        if np.isnan(value):
            continue
        if held == window:
            leaving = np.searchsorted(ordered[:held], kept[oldest])
            for j in range(leaving, held - 1):
                ordered[j] = ordered[j + 1]
            held -= 1
        below = np.searchsorted(ordered[:held], value)
        above = np.searchsorted(ordered[:held], value, side="right")
        for j in range(held, above, -1):
            ordered[j] = ordered[j - 1]
        ordered[above] = value
        kept[oldest] = value
        oldest = (oldest + 1) % window
        held += 1
        if held >= minimum:
            out[i] = (below + 0.5 * (above - below + 1)) / held
