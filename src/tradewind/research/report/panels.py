"""The charts of a run: equity, drawdown, exposure, rolling Sharpe, costs, and prices with their trades."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
import numpy as np

from tradewind.engine.earnings import SIGNAL
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.views import RoundTrip
from tradewind.model.money import multiply
from tradewind.research.backtest import BacktestResult
from tradewind.research.breakdown import quote_rates, total
from tradewind.research.curve import DAY_NS, DailyEquity, EquityCurve, FloatArray, IntArray
from tradewind.research.metrics import slippages
from tradewind.research.report.charts import Chart, Line, Marker, line_chart, scale_of
from tradewind.research.report.formats import amount, exact, minute, signed, words
from tradewind.research.report.thinning import COLUMNS
from tradewind.research.series import BarSeries

MARKERS_MAX = 1200
PRICE_CHARTS_MAX = 16
DAYS_MIN = 30
FLAT = 8
EXPOSURE_POINTS_MAX = 200
SIGNS = {"long": "▲", "short": "▼"}
Reasons = dict[tuple[str, str, int], str]
STYLES = ("main", "hold", "third", "fourth", "fifth", "price")


def equity_charts(
    curve: EquityCurve, series: Sequence[BarSeries], currency: str, *, columns: int = COLUMNS
) -> list[Chart]:
    """Equity at every bar close, and the same money spread evenly over the instruments at their first open.

    Where holding moves so much that equity would be a flat line beside it, it gets a chart of its own.
    """
    opening = float(curve.opening)
    times, equity = opened(curve, curve.equity, opening)
    own = Line("Equity", "main", times, equity)
    start, end = curve.opening_ns, int(curve.ts_ns[-1])
    note, summary = f"{currency}, at every bar close, costs included", (
        f"Equity from {amount(curve.opening)} to {amount(curve.last)} {currency}"
    )  # fmt: skip
    if opening <= 0:
        return [
            line_chart(
                "equity", "Equity", [own], start, end, "money", tall=True, note=note, summary=summary, columns=columns
            )
        ]
    name = "Buy and hold" if len(series) == 1 else "Buy and hold, equal parts"
    both = [own, Line(name, "hold", *buy_and_hold(series, opening))]
    note_both = f"{note}; buy and hold without costs"
    wide = float(np.ptp(both[1].values)) > FLAT * float(np.ptp(equity)) > 0
    lines = [own] if wide else both
    charts = [
        line_chart(
            "equity", "Equity", lines, start, end, "money", tall=True, log=True, note=note if wide else note_both,
            summary=summary, columns=columns,
        )
    ]  # fmt: skip
    if wide:
        charts.append(
            line_chart(
                "hold", "Beside buy and hold", both, start, end, "money", log=True, note=note_both, columns=columns
            )
        )
    return charts


def drawdown_chart(curve: EquityCurve) -> Chart:
    """The share of equity lost since its peak, at every bar close."""
    times, fall = opened(curve, -curve.drawdown, 0.0)
    worst = float(curve.drawdown.max())
    return line_chart(
        "drawdown", "Drawdown", [Line("Drawdown", "loss", times, fall, filled=True)], curve.opening_ns,
        int(curve.ts_ns[-1]), "percent", zero=True, note="from the highest equity so far",
        summary=f"The deepest drawdown is {100 * worst:.2f} %",
    )  # fmt: skip


def exposure_chart(curve: EquityCurve) -> Chart:
    """Gross notional held over equity, averaged over stretches of a long run."""
    share = np.nan_to_num(curve.exposure)
    group = -(-len(share) // EXPOSURE_POINTS_MAX)
    starts = np.arange(0, len(share), group)
    lengths = np.diff([*starts.tolist(), len(share)])
    times, means = curve.ts_ns[starts + lengths - 1], np.add.reduceat(share, starts) / lengths
    note = "gross notional held over equity" + ("" if group == 1 else f", mean of {group} bars")
    return line_chart(
        "exposure", "Exposure", [Line("Gross exposure", "main", times, means, filled=True)], curve.opening_ns,
        int(curve.ts_ns[-1]), "percent", zero=True, note=note,
    )  # fmt: skip


def rolling_sharpe_chart(by_day: DailyEquity, curve: EquityCurve) -> Chart | None:
    """The Sharpe ratio of the last 90 days (30 in a short run), None when there are too few days."""
    returns = by_day.returns
    if len(returns) <= DAYS_MIN:
        return None
    window = 90 if len(returns) >= 180 else DAYS_MIN
    frames = np.lib.stride_tricks.sliding_window_view(returns, window)
    deviation = frames.std(axis=1, ddof=1)
    # A window without variance has no ratio: it is drawn as zero, which is what standing still earned.
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(deviation > 1e-12, frames.mean(axis=1) / deviation * np.sqrt(365), 0.0)
    days = by_day.day[window : window + len(ratio)]
    times: IntArray = np.minimum((days + 1) * DAY_NS, int(curve.ts_ns[-1]))
    return line_chart(
        "sharpe", f"Sharpe ratio, last {window} days", [Line("Rolling Sharpe", "main", times, ratio)],
        curve.opening_ns, int(curve.ts_ns[-1]), "number", zero=True, note="daily returns, 365 days a year",
    )  # fmt: skip


def costs_chart(result: BacktestResult, model: ReadModel, curve: EquityCurve) -> Chart | None:
    """What trading cost so far: fees, slippage against the decision's mark, and funding paid; None without fills."""
    rates = quote_rates(result)
    fees = [(fill.ts_ns, multiply(fill.fee, rates[fill.instrument])) for fill in model.fills]
    slipped = [(ts_ns, cost) for ts_ns, cost, _ in slippages(result, model)]
    funded = [(paid.ts_ns, multiply(-paid.amount, rates[paid.instrument])) for paid in model.funding]
    lines = [
        _running(name, style, rows, curve)
        for name, style, rows in (
            ("Fees", "main", fees),
            ("Slippage against the decision's mark", "hold", slipped),
            ("Funding paid", "third", funded),
        )
        if rows
    ]
    if not lines:
        return None
    return line_chart(
        "costs", "Costs so far", lines, curve.opening_ns, int(curve.ts_ns[-1]), "money", zero=True,
        note=f"{result.config.currency}; slippage below zero is a gain: the market moved in the order's favour",
    )  # fmt: skip


def profit_chart(result: BacktestResult, model: ReadModel, curve: EquityCurve) -> Chart | None:
    """What the closed trades brought so far, by bot, or by strategy where there are many bots; None without trades."""
    rates = quote_rates(result)
    by_bot = len(result.config.bots) <= len(STYLES)
    rows: dict[str, list[tuple[int, Decimal]]] = {}
    for trip in model.trips:
        name = trip.bot if by_bot else trip.strategy
        rows.setdefault(name, []).append((trip.exit_ns, multiply(trip.gained, rates[trip.instrument])))
    if not rows:
        return None
    largest = sorted(rows, key=lambda name: (-abs(total(amount for _, amount in rows[name])), name))[: len(STYLES)]
    lines = [_running(name, style, rows[name], curve) for name, style in zip(sorted(largest), STYLES, strict=False)]
    hidden = len(rows) - len(largest)
    return line_chart(
        "profit-lines", f"Closed profit by {'bot' if by_bot else 'strategy'}", lines, curve.opening_ns,
        int(curve.ts_ns[-1]), "money", zero=True,
        note=f"{result.config.currency}, costs included" + (f"; {hidden} smaller ones left out" if hidden else ""),
    )  # fmt: skip


def price_charts(
    model: ReadModel, series: Sequence[BarSeries], curve: EquityCurve, *, columns: int = COLUMNS
) -> list[Chart]:
    """Every instrument's closes with entries and exits; the most traded ones first, at most sixteen."""
    traded: dict[str, list[RoundTrip]] = {}
    for trip in model.trips:
        traded.setdefault(trip.instrument, []).append(trip)
    ordered = sorted(series, key=lambda each: (-len(traded.get(each.instrument.id, ())), each.instrument.id))
    chosen = ordered[:PRICE_CHARTS_MAX]
    budget = min(300, MARKERS_MAX // (2 * len(chosen)))
    said = reasons(model)
    return [
        price_chart(each, traded.get(each.instrument.id, []), model, curve, budget, said, columns) for each in chosen
    ]


def reasons(model: ReadModel) -> Reasons:
    """Return what a strategy said when it ordered, by (bot, instrument, time of the fill)."""
    words_of = {
        each.order.order_id: getattr(each.intent, "reason", "") for each in model.decisions if each.order is not None
    }
    return {(fill.bot, fill.instrument, fill.ts_ns): words_of.get(fill.order_id, "") for fill in model.fills}


def price_chart(
    series: BarSeries,
    trips: Sequence[RoundTrip],
    model: ReadModel,
    curve: EquityCurve,
    budget: int,
    said: Reasons,
    columns: int = COLUMNS,
) -> Chart:
    """Closes of one instrument; the `budget` trips with the largest results are marked where they began and ended."""
    instrument = series.instrument
    prices: FloatArray = series.close / 10.0**instrument.price_scale
    closes = series.open_ns + series.span_ns
    start, end = curve.opening_ns, int(curve.ts_ns[-1])
    shown = sorted(sorted(trips, key=lambda trip: -abs(trip.gained))[:budget], key=lambda trip: trip.exit_ns)
    note = "closes" if len(shown) == len(trips) else (
        f"closes; the {len(shown)} trades of {len(trips)} with the largest results are marked, all are in trades.csv"
    )  # fmt: skip
    chart = line_chart(
        f"price-{instrument.id}", instrument.id, [Line("Close", "price", closes, prices)], start, end, "money",
        tall=True, log=True, note=f"{instrument.quote}, {note}", columns=columns,
    )  # fmt: skip
    scale, _ = scale_of(float(prices.min()), float(prices.max()), "money", log=True)
    markers: list[Marker] = []

    def mark(ts_ns: int, price: Decimal, sign: str, style: str, text: str) -> None:
        height = float(scale.height(np.array([float(price)]))[0]) / 10
        x = 100 * (ts_ns - start) / (end - start) if end > start else 0.0
        markers.append(
            Marker(round(min(max(x, 0.0), 100.0), 2), round(min(max(height, 0.0), 100.0), 2), sign, style, text)
        )

    for trip in shown:
        if trip.entry_ns:
            what = f"{trip.direction} {exact(trip.quantity)} at {exact(trip.entry_price)}"
            why = said.get((trip.bot, trip.instrument, trip.entry_ns), "")
            text = _told(what, why, minute(trip.entry_ns), trip.bot)
            mark(trip.entry_ns, trip.entry_price, SIGNS[trip.direction], "entry", text)
        what = f"{words(trip.reason)}: {signed(trip.gained)} at {exact(trip.exit_price)}"
        why = said.get((trip.bot, trip.instrument, trip.exit_ns), "") if trip.reason == SIGNAL else ""
        text = _told(what, why, minute(trip.exit_ns), trip.bot)
        mark(trip.exit_ns, trip.exit_price, "●", "gain" if trip.gained > 0 else "loss", text)
    for held in model.positions():
        if held.instrument == instrument.id and held.since_ns:
            what = f"still open: {held.direction} {exact(held.quantity)} at {exact(held.average_price)}"
            why = said.get((held.bot, held.instrument, held.since_ns), "")
            text = _told(what, why, minute(held.since_ns), held.bot)
            mark(held.since_ns, held.average_price, SIGNS[held.direction], "entry open", text)
    return msgspec.structs.replace(chart, markers=tuple(markers))


def opened(curve: EquityCurve, values: FloatArray, first: float) -> tuple[IntArray, FloatArray]:
    """Return the curve's times and values with the opening put in front."""
    return np.concatenate([[curve.opening_ns], curve.ts_ns]), np.concatenate([[first], values])


def buy_and_hold(series: Sequence[BarSeries], opening: float) -> tuple[IntArray, FloatArray]:
    """Return what `opening` would be worth, put in equal parts into every instrument at its first open."""
    closes = [each.open_ns + each.span_ns for each in series]
    line = closes[0] if len(closes) == 1 else np.unique(np.concatenate(closes))
    total: FloatArray = np.zeros(len(line))
    for each, own in zip(series, closes, strict=True):
        rows = np.searchsorted(own, line, "right") - 1
        total += np.where(rows >= 0, each.close[rows] / int(each.open[0]), 1.0)
    start = min(int(each.open_ns[0]) for each in series)
    return np.concatenate([[start], line]), np.concatenate([[opening], opening * total / len(series)])


def _running(name: str, style: str, rows: Sequence[tuple[int, Decimal]], curve: EquityCurve) -> Line:
    times = np.array([curve.opening_ns, *(ts_ns for ts_ns, _ in rows), int(curve.ts_ns[-1])], dtype=np.int64)
    sums = np.cumsum([0.0, *(float(cost) for _, cost in rows), 0.0])
    return Line(name, style, np.clip(times, curve.opening_ns, int(curve.ts_ns[-1])), sums, stepped=True)


def _told(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
