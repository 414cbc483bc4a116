"""A run as one picture: prices with the trades on them, below them the equity. A plain SVG file, for any page."""

from collections.abc import Sequence

import msgspec

from tradewind.engine.readmodel import ReadModel
from tradewind.research.backtest import BacktestResult
from tradewind.research.curve import EquityCurve
from tradewind.research.metrics import Metrics
from tradewind.research.pages import environment
from tradewind.research.report.charts import Chart, Marker
from tradewind.research.report.formats import day, percent
from tradewind.research.report.panels import equity_charts, price_charts
from tradewind.research.series import BarSeries
from tradewind.strategy.registry import BUILTIN

WIDTH, LEFT, RIGHT, TOP, GAP, FOOT = 900, 12, 78, 30, 46, 28
PRICE_HEIGHT, EQUITY_HEIGHT = 230, 150
COLUMNS = 420
PRICES_MAX = 3
MARKERS_MAX = 160
SHAPES = {"▲": "M0 -5L4.5 4H-4.5Z", "▼": "M0 5L4.5 -4H-4.5Z", "●": "M-3 0A3 3 0 1 0 3 0A3 3 0 1 0 -3 0Z"}


class Panel(msgspec.Struct, frozen=True):
    """A chart at its place: the top of its plot and its height, in pixels."""

    chart: Chart
    top: int
    height: int


class Sign(msgspec.Struct, frozen=True):
    """A trade's beginning or end: where, in shares of the plot, and what is drawn there."""

    x: float
    y: float
    shape: str
    style: str


def picture(
    result: BacktestResult, series: Sequence[BarSeries], curve: EquityCurve, model: ReadModel, metrics: Metrics
) -> str:
    """Return the picture of a run: its most traded instruments, and its equity beside buying and holding."""
    prices = price_charts(model, series, curve, columns=COLUMNS)[:PRICES_MAX]
    equity = equity_charts(curve, series, result.config.currency, columns=COLUMNS)[-1]
    panels, top = [], TOP + GAP
    for chart, height in [*((each, PRICE_HEIGHT) for each in prices), (equity, EQUITY_HEIGHT)]:
        panels.append(Panel(chart, top, height))
        top += height + GAP
    names = {cls: name for name, cls in BUILTIN.items()}
    used = {type(bot.strategy) for bot in result.config.bots}
    strategies = ", ".join(sorted(names.get(cls, cls.__name__) for cls in used))
    pages = environment("tradewind.research.report")
    pages.globals["signs"] = signs
    return pages.get_template("picture.svg").render(
        panels=panels, width=WIDTH, height=top - GAP + FOOT, left=LEFT, plot=WIDTH - LEFT - RIGHT, title_y=TOP - 6,
        title=f"{strategies}, {day(metrics.start_ns)} to {day(metrics.end_ns)}",
        told=f"return {percent(metrics.total_return)}, deepest fall {percent(metrics.max_drawdown)}, "
        f"{metrics.trades:,} trades closed, costs included",
    )  # fmt: skip


def signs(chart: Chart) -> list[Sign]:
    """Return what is drawn on a chart; where there is too much of it, every second, third ... of the trades."""
    step = -(-len(chart.markers) // MARKERS_MAX) or 1
    return [_sign(each) for number, each in enumerate(chart.markers) if number // 2 % step == 0]


def _sign(marker: Marker) -> Sign:
    return Sign(marker.x / 100, marker.y / 100, SHAPES[marker.sign], marker.style.split()[0])
