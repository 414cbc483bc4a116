"""What happened to the money: drawdowns of an equity path, and statistics of closed trades.

Equities and trade results are exact decimals (floats are accepted where a study has nothing better); depths are
compared by cross-multiplication, so two drawdowns that tie come out as a tie.
"""

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tradewind.model.money import ZERO, add, ratio

FloatArray = NDArray[np.float64]
Amount = Decimal | float | int

NEGLIGIBLE = 1e-12


class MaxDrawdown(NamedTuple):
    """The deepest fall: a positive share, where it began, where it was deepest first, where it was made up."""

    drawdown: float
    peak_index: int
    trough_index: int
    recovery_index: int | None


class TimeUnderWater(NamedTuple):
    """The longest time below a peak, in points: from the peak to the first value at the peak again."""

    longest: int
    start_index: int
    end_index: int | None


class TradeStatistics(NamedTuple):
    """Ratios of closed trades; `flag` says why the profit factor is None."""

    profit_factor: float | None
    win_rate: float | None
    expectancy: Decimal | None
    flag: str | None = None


class SystemQuality(NamedTuple):
    """Mean and deviation (ddof 1) of the R multiples and the system quality number."""

    mean: float | None
    deviation: float | None
    sqn: float | None


def max_drawdown(equity: Sequence[Amount]) -> MaxDrawdown:
    """The largest fall of equity from its highest point so far, as a share of that point.

    Shape   (T,) -> share and indices. A path that never falls: 0 at index 0, recovered at once.
    Timing  Point t knows equity up to and including t.
    NaN     Raises.
    Raises  ValueError on an empty path or one that does not start above zero.
    Source  Magdon-Ismail and Atiya (2004), Maximum drawdown.
    """
    points = _path(equity)
    if points[0] <= 0:
        raise ValueError("a drawdown needs positive equity to fall from")
    peak_at = trough_at = 0
    worst = MaxDrawdown(0.0, 0, 0, 0)
    depth = Fraction(0)
    for t, point in enumerate(points):
        if point > points[peak_at]:
            peak_at = trough_at = t
        elif point < points[trough_at]:
            trough_at = t
            # Only a new low of its own fall can be the deepest of all, so the exact division is rare.
            fall = 1 - Fraction(point) / Fraction(points[peak_at])
            if fall > depth:
                depth, worst = fall, MaxDrawdown(float(fall), peak_at, t, None)
    peak = points[worst.peak_index]
    recovery = next((t for t in range(worst.trough_index, len(points)) if points[t] >= peak), None)
    return worst._replace(recovery_index=recovery)


def time_under_water(equity: Sequence[Amount]) -> TimeUnderWater:
    """The longest stretch from a peak to the first value at that peak again, or to the end of the path.

    Shape   (T,) -> points and indices; the earliest of equal stretches. Never under water: 0, 0, 0.
    Timing  Uses the whole path.
    NaN     Raises.
    Raises  ValueError on an empty path.
    Source  Bailey and Lopez de Prado (2015), Stop-outs under serial correlation.
    """
    points = _path(equity)
    longest = TimeUnderWater(0, 0, 0)
    peak_at = 0
    for t, point in enumerate(points):
        if point < points[peak_at]:
            continue
        # Consecutive peaks have nothing between them that was under water.
        if t - peak_at > max(1, longest.longest):
            longest = TimeUnderWater(t - peak_at, peak_at, t)
        peak_at = t
    unfinished = len(points) - 1 - peak_at
    return TimeUnderWater(unfinished, peak_at, None) if unfinished > longest.longest else longest


def drawdown_series(equity: ArrayLike) -> FloatArray:
    """The drawdown from the highest equity so far, per point, as a positive share (for charts and statistics).

    Shape   (T,) -> (T,) float64.
    Timing  Output t uses equity up to and including t.
    NaN     A NaN makes every later output NaN.
    Raises  ValueError if the highest equity so far is not positive.
    Source  Definition.
    """
    points = np.asarray(equity, dtype=np.float64)
    highest = np.maximum.accumulate(points)
    if (highest <= 0).any():
        raise ValueError("a drawdown needs positive equity to fall from")
    return np.asarray(1 - points / highest)


def trade_statistics(pnls: Sequence[Decimal]) -> TradeStatistics:
    """Profit factor, share of winners and mean result of closed trades; a trade of 0 is no winner.

    Shape   (N,) exact results -> two floats and an exact amount (rounded to 1e-18 if it has no end).
    Timing  Closed trades only.
    NaN     None: money is exact.
    Raises  nothing. No losing trade: profit factor None with NO_LOSING_TRADE; no trade at all: NO_TRADES.
    Source  Tharp, Trade Your Way to Financial Freedom; Pardo, The Evaluation and Optimization of Trading Strategies.
    """
    if not pnls:
        return TradeStatistics(None, None, None, "NO_TRADES")
    won = lost = ZERO
    winners = 0
    for pnl in pnls:
        if pnl > 0:
            won, winners = add(won, pnl), winners + 1
        else:
            lost = add(lost, -pnl)
    expectancy = ratio(add(won, -lost), Decimal(len(pnls)))
    win_rate = winners / len(pnls)
    if lost == 0:
        return TradeStatistics(None, win_rate, expectancy, "NO_LOSING_TRADE")
    return TradeStatistics(float(Fraction(won) / Fraction(lost)), win_rate, expectancy)


def sqn(r_multiples: ArrayLike) -> SystemQuality:
    """The root of the number of trades times mean over deviation of their R multiples.

    Shape   (N,) results in units of the risk taken -> three floats, None where undefined.
    Timing  Closed trades only.
    NaN     Raises. Below two trades, or without variance, the number is None.
    Raises  ValueError on a value that is not finite.
    Source  Tharp, Trade Your Way to Financial Freedom, system quality number.
    """
    sample = np.asarray(r_multiples, dtype=np.float64)
    if not np.isfinite(sample).all():
        raise ValueError("an R multiple is not finite: a trade without risk has none")
    if sample.size == 0:
        return SystemQuality(None, None, None)
    mean = float(sample.mean())
    if sample.size == 1:
        return SystemQuality(mean, None, None)
    deviation = float(sample.std(ddof=1))
    if deviation <= NEGLIGIBLE * float(np.abs(sample).max()):
        return SystemQuality(mean, deviation, None)
    return SystemQuality(mean, deviation, math.sqrt(sample.size) * mean / deviation)


def _path(equity: Sequence[Amount]) -> list[Amount]:
    points = list(equity)
    if not points:
        raise ValueError("an equity path needs at least one point")
    if any(point != point for point in points):  # noqa: PLR0124 - only NaN differs from itself
        raise ValueError("the equity path holds a NaN: an account always has a value")
    return points
