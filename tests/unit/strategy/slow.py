"""The rules once more, slowly: every number is recomputed from the whole past with its textbook formula.

Each function returns `decide(t, side)`: the side wanted after the close of bar `t` by someone who holds `side`, or None
to leave it. Nothing here reads the indicators or strategies of the package.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from statistics import fmean, pstdev

from tests.unit.strategy.series import Candles

Decide = Callable[[int, int], int | None]


def held(decide: Decide, rows: int, *, spot: bool) -> list[int]:
    """The side held at each close, when a decision at one close is filled at the next open."""
    side, sides = 0, []
    for t in range(rows):
        sides.append(side)
        wanted = decide(t, side)
        if wanted is not None:
            side = max(wanted, 0) if spot else wanted
    return sides


def exponential(values: list[float], length: int) -> list[float | None]:
    out: list[float | None] = [None] * len(values)
    for t in range(length - 1, len(values)):
        before = out[t - 1] if t else None
        alpha = 2 / (length + 1)
        out[t] = fmean(values[:length]) if before is None else alpha * values[t] + (1 - alpha) * before
    return out


def wilder(values: list[float], length: int) -> list[float | None]:
    out: list[float | None] = [None] * len(values)
    for t in range(length - 1, len(values)):
        before = out[t - 1] if t else None
        out[t] = fmean(values[:length]) if before is None else (before * (length - 1) + values[t]) / length
    return out


def true_ranges(bars: Candles) -> list[float]:
    """True ranges of bars 1, 2, ..."""
    high, low, close = bars.prices()
    return [
        max(high[t] - low[t], abs(high[t] - close[t - 1]), abs(low[t] - close[t - 1])) for t in range(1, len(close))
    ]


def average_true_range(bars: Candles, length: int) -> list[float | None]:
    return [None, *wilder(true_ranges(bars), length)]


def moving_average(bars: Candles, *, fast: int, slow: int, average: str, short: bool) -> Decide:
    close = bars.prices()[2]
    if average == "ema":
        quick, calm = exponential(close, fast), exponential(close, slow)
    else:
        quick = [fmean(close[t - fast + 1 : t + 1]) if t >= fast - 1 else None for t in range(len(close))]
        calm = [fmean(close[t - slow + 1 : t + 1]) if t >= slow - 1 else None for t in range(len(close))]

    def decide(t: int, side: int) -> int | None:
        if calm[t] is None or quick[t] == calm[t]:
            return None
        return 1 if quick[t] > calm[t] else -1 if short else 0

    return decide


def rsi_reversion(bars: Candles, *, length: int, entry: float, exit: float, short: bool) -> Decide:
    close = bars.prices()[2]
    moves = [b - a for a, b in pairwise(close)]
    gains = [None, *wilder([max(move, 0.0) for move in moves], length)]
    losses = [None, *wilder([max(-move, 0.0) for move in moves], length)]

    def decide(t: int, side: int) -> int | None:
        gain, loss = gains[t], losses[t]
        if gain is None or loss is None:
            return None
        strength = 100 - 100 / (1 + gain / loss) if loss else 100.0 if gain else 50.0
        if strength < entry:
            return 1
        if short and strength > 100 - entry:
            return -1
        return 0 if (side > 0 and strength > exit) or (side < 0 and strength < 100 - exit) else None

    return decide


def macd(bars: Candles, *, fast: int, slow: int, signal: int, short: bool) -> Decide:
    close = bars.prices()[2]
    # The fast average starts later, so that both have their first value on the same bar.
    quick = [None] * (slow - fast) + exponential(close[slow - fast :], fast)
    calm = exponential(close, slow)
    lines = [q - c for q, c in zip(quick, calm, strict=True) if q is not None and c is not None]
    trigger = exponential(lines, signal)
    offset = len(close) - len(lines)
    sign = [0] * len(close)
    for t in range(len(lines)):
        if trigger[t] is not None:
            sign[t + offset] = 1 if lines[t] > trigger[t] else -1

    def decide(t: int, side: int) -> int | None:
        if t and sign[t] and sign[t - 1] == -sign[t] and (sign[t] > 0 or short):
            return sign[t]
        return 0 if side * sign[t] < 0 else None

    return decide


def momentum(bars: Candles, *, length: int, threshold: float, short: bool) -> Decide:
    close = bars.prices()[2]

    def decide(t: int, side: int) -> int | None:
        if t < length:
            return None
        change = close[t] / close[t - length] - 1
        squares = [math.log(close[i] / close[i - 1]) ** 2 for i in range(t - length + 1, t + 1)]
        score = change / math.sqrt(math.fsum(squares))
        if score > threshold:
            return 1
        if short and score < -threshold:
            return -1
        return 0 if side * change < 0 else None

    return decide


def donchian(bars: Candles, *, entry_bars: int, exit_bars: int, atr_bars: int, stop_atr: float, short: bool) -> Decide:
    high, low, close = bars.prices()
    average = average_true_range(bars, atr_bars)
    warm = max(entry_bars, atr_bars)
    stop = math.nan

    def decide(t: int, side: int) -> int | None:
        nonlocal stop
        width = average[t]
        if t < warm or width is None:
            return None
        if close[t] > max(high[t - entry_bars : t]) and side <= 0:
            stop = close[t] - stop_atr * width
            return 1
        if short and close[t] < min(low[t - entry_bars : t]) and side >= 0:
            stop = close[t] + stop_atr * width
            return -1
        if side > 0:
            return 0 if close[t] < min(low[t - exit_bars : t]) or close[t] <= stop else None
        if side < 0:
            return 0 if close[t] > max(high[t - exit_bars : t]) or close[t] >= stop else None
        return None

    return decide


def bollinger(bars: Candles, *, length: int, deviations: float, short: bool) -> Decide:
    close = bars.prices()[2]

    def decide(t: int, side: int) -> int | None:
        if t < length - 1:
            return None
        window = close[t - length + 1 : t + 1]
        mean, reach = fmean(window), deviations * pstdev(window)
        if close[t] < mean - reach:
            return 1
        if short and close[t] > mean + reach:
            return -1
        return 0 if (side > 0 and close[t] >= mean) or (side < 0 and close[t] <= mean) else None

    return decide


def volatility_breakout(bars: Candles, *, atr_bars: int, reach_atr: float, hold_bars: int, short: bool) -> Decide:
    close = bars.prices()[2]
    ranges = true_ranges(bars)
    average = average_true_range(bars, atr_bars)
    entered = 0

    def decide(t: int, side: int) -> int | None:
        nonlocal entered
        if t < atr_bars:
            return None
        # On the first bar the average has no value before it: the mean of the ranges before stands in.
        before = average[t - 1] if t > atr_bars else fmean(ranges[: atr_bars - 1])
        change, reach = close[t] - close[t - 1], reach_atr * before
        if change > reach and side <= 0:
            entered = t
            return 1
        if change < -reach and side >= 0:
            entered = t
            return -1 if short else 0
        return 0 if side and t - entered >= hold_bars else None

    return decide


def sma_stack(bars: Candles, *, fast: int, middle: int, slow: int, short: bool) -> Decide:
    close = bars.prices()[2]

    def decide(t: int, side: int) -> int | None:
        if t < slow - 1:
            return None
        quick, even, calm = (fmean(close[t - length + 1 : t + 1]) for length in (fast, middle, slow))
        if quick > even > calm:
            return 1
        if short and quick < even < calm:
            return -1
        return 0 if (side > 0 and quick < even) or (side < 0 and quick > even) else None

    return decide


def grid(bars: Candles, *, step: float, rungs: int, stop_steps: int, short: bool) -> Decide:
    """Every rung is looked at by itself: bought at its price, sold one step higher (a short one mirrored)."""
    close = bars.prices()[2]
    anchor, held = math.nan, set[int]()

    def decide(t: int, side: int) -> int | None:
        nonlocal anchor
        price = close[t]
        if math.isnan(anchor) or (not short and not held and price > anchor):
            anchor = price
        edge = (1 + step) ** (rungs + stop_steps)
        if not anchor / edge < price < anchor * edge:
            anchor = price
            held.clear()
            return 0
        for rung in range(1, rungs + 1):
            if price <= anchor / (1 + step) ** rung:
                held.add(rung)
            if price >= anchor / (1 + step) ** (rung - 1):
                held.discard(rung)
            if short and price >= anchor * (1 + step) ** rung:
                held.add(-rung)
            if price <= anchor * (1 + step) ** (rung - 1):
                held.discard(-rung)
        return 0 if not held else 1 if max(held) > 0 else -1

    return decide


def score(
    bars: Candles,
    *,
    rsi_bars: int,
    fast: int,
    slow: int,
    signal: int,
    weight_rsi: float,
    weight_average: float,
    weight_macd: float,
    threshold: float,
    confirm_minutes: float,
    cooldown_minutes: float,
    price_step: float,
    short: bool,
) -> Decide:
    close = bars.prices()[2]
    moves = [b - a for a, b in pairwise(close)]
    gains = [None, *wilder([max(move, 0.0) for move in moves], rsi_bars)]
    losses = [None, *wilder([max(-move, 0.0) for move in moves], rsi_bars)]
    ranges = average_true_range(bars, rsi_bars)
    # The averages of the vote start with the series, the fast one of the MACD with the slow one.
    quick, calm = exponential(close, fast), exponential(close, slow)
    late = [None] * (slow - fast) + exponential(close[slow - fast :], fast)
    lines = [None if q is None or c is None else q - c for q, c in zip(late, calm, strict=True)]
    begin = slow - 1
    triggers = [None] * begin + exponential([line for line in lines if line is not None], signal)
    voted: list[float] = []
    entered: int | None = None

    def vote(t: int) -> float:
        gain, loss, width, line = gains[t], losses[t], ranges[t], lines[t]
        strength = 100 - 100 / (1 + gain / loss) if loss else 100.0 if gain else 50.0
        path = math.fsum(abs(move) for move in moves[t - slow : t])
        straight = abs(close[t] - close[t - slow]) / path if path else 0.0
        bars_up = (quick[t] - calm[t]) / width if width else 0.0
        swing = 4 * (line - triggers[t]) / width if width else 0.0
        agrees = 1.0 if line * (line - triggers[t]) > 0 else 0.5
        parts = [
            (weight_rsi * (1 - straight), (50 - strength) / 20),
            (weight_average * straight, bars_up),
            (weight_macd * agrees, swing),
        ]
        total = sum(weight for weight, _ in parts)
        return sum(weight * min(1.0, max(-1.0, each)) for weight, each in parts) / total if total else 0.0

    def decide(t: int, side: int) -> int | None:
        nonlocal entered
        if t < slow + signal - 2:
            return None
        voted.append(vote(t))
        calls = [1 if each >= threshold else -1 if each <= -threshold else 0 for each in voted]
        same = 0
        while same < len(calls) and calls[-1 - same] == calls[-1]:
            same += 1
        called = calls[-1]
        if not called or (same - 1) * 60 < confirm_minutes or side * called > 0:
            return None
        leave = 0 if side else None
        if called < 0 and not short:
            return leave
        if entered is not None and (
            (t - entered) * 60 < cooldown_minutes or (abs(close[t] / close[entered] - 1) < price_step)
        ):
            return leave
        entered = t
        return called

    return decide


RULES: dict[str, Callable[..., Decide]] = {
    "bollinger": bollinger,
    "donchian": donchian,
    "grid": grid,
    "macd": macd,
    "momentum": momentum,
    "moving_average": moving_average,
    "rsi_reversion": rsi_reversion,
    "score": score,
    "sma_stack": sma_stack,
    "volatility_breakout": volatility_breakout,
}
