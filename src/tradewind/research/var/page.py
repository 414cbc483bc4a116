"""The page of `tradewind risk backtest`: one HTML document that needs nothing else."""

from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from tradewind.research.pages import environment
from tradewind.research.var.backtest import LEVELS, OBSERVATIONS_MIN, PASS_P, Cell, Plot, RiskReport, Summary
from tradewind.research.var.goals import goals
from tradewind.research.var.methods import DEFAULT

BOX = 1000.0
POINTS_MAX = 1200


class Drawing(NamedTuple):
    """One plot as the coordinates of its paths, and the words beside it."""

    asset: str
    told: str
    returns: str
    hits: str
    var95: str
    var99: str
    first: str
    last: str
    low: str
    high: str
    zero: str  # where 0 lies, in percent of the height from the top


def backtest_page(report: RiskReport) -> str:
    """Return the report as a page."""
    return (
        environment("tradewind.research.var")
        .get_template("backtest.html")
        .render(
            assets=len({(cell.venue, cell.asset) for cell in report.cells}),
            first=_day(report.first_ns),
            last=_day(report.last_ns),
            minimum={name: f"{count:,}" for name, count in OBSERVATIONS_MIN.items()},
            default=DEFAULT,
            goals=[(each.title, each.text, each.limit, each.reached) for each in goals(report)],
            methods=[(name, summary_row(found)) for name, found in report.methods.items()],
            plots=[_drawing(plot) for plot in report.plots],
            rows=[_row(cell) for cell in report.cells if cell.method == DEFAULT],
            left_out=report.left_out,
        )
    )


def summary_row(found: Summary) -> list[str]:
    """Return a method's figures as words, in the order of the tables of page and screen."""
    interval = (
        "-" if found.pinball_ratio_low is None else f"{found.pinball_ratio_low:.3f} to {found.pinball_ratio_high:.3f}"
    )
    return [
        str(found.cells),
        percent(found.passed_share),
        percent(found.kupiec_share),
        percent(found.conditional_coverage_share),
        percent(found.coverage_error_95),
        percent(found.coverage_error_99),
        "-" if found.pinball_ratio is None else f"{found.pinball_ratio:.3f}",
        interval,
    ]


def percent(value: float | None) -> str:
    """Return a share as a percentage, a dash where there is none."""
    return "-" if value is None else f"{100 * value:.1f} %"


def _row(cell: Cell) -> list[str]:
    def mark(p_value: float) -> str:
        return ("pass" if p_value > PASS_P else "fail") if cell.counted else "thin"

    return [
        cell.asset,
        cell.frequency,
        f"{100 * cell.level:.0f} %",
        f"{cell.violations:,} of {cell.observations:,}",
        f"{100 * cell.violations / cell.observations:.2f} %",
        f"{cell.kupiec_p:.3f}",
        f"{cell.conditional_coverage_p:.3f}",
        "-" if cell.pinball_ratio is None else f"{cell.pinball_ratio:.3f}",
        "-" if cell.es_z2 is None else f"{cell.es_z2:.2f}",
        cell.traffic_light or "-",
        mark(cell.kupiec_p),
        mark(cell.conditional_coverage_p),
    ]


def _drawing(plot: Plot) -> Drawing:
    """Return the plot with its latest bars only, where there are more than can be told apart."""
    returns, var, times = plot.returns[-POINTS_MAX:], plot.var[:, -POINTS_MAX:], plot.close_ns[-POINTS_MAX:]
    low = min(float(returns.min()), float(-var.max()))
    # One great rise would flatten what the plot is about: rises are cut off at the depth of the deepest fall.
    high = max(min(float(returns.max()), -low), 0.0)
    room = (high - low) or 1.0
    x = np.arange(returns.size) * BOX / max(1, returns.size - 1)

    def height(value: float) -> float:
        return BOX * (high - value) / room

    zero = height(0.0)
    hit = returns < -var[0]
    bars = ["" for _ in range(2)]
    for place, which in enumerate((~hit, hit)):
        bars[place] = "".join(
            f"M{x[i]:.1f} {zero:.1f}V{height(min(float(returns[i]), high)):.1f}" for i in np.flatnonzero(which)
        )
    lines = [
        " ".join(f"{x[i]:.1f},{height(float(-var[level, i])):.1f}" for i in range(returns.size)) for level in (0, 1)
    ]
    beyond = [int((returns < -var[level]).sum()) for level in (0, 1)]
    told = " and ".join(
        f"{count} of {returns.size:,} days below VaR {100 * level:.0f} % (expected {returns.size * (1 - level):.0f})"
        for count, level in zip(beyond, LEVELS, strict=True)
    )
    return Drawing(
        plot.asset, told, bars[0], bars[1], lines[0], lines[1], _day(int(times[0])), _day(int(times[-1])),
        f"{100 * low:.1f} %", f"{100 * high:.1f} %", f"{100 * zero / BOX:.1f}",
    )  # fmt: skip


def _day(ts_ns: int) -> str:
    return datetime.fromtimestamp(ts_ns / 1e9, UTC).strftime("%Y-%m-%d")
