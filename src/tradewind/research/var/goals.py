"""What the default method has to reach, and whether it does."""

from typing import NamedTuple

from tradewind.research.var.backtest import RiskReport
from tradewind.research.var.methods import DEFAULT

PASSED_MIN = 0.85
COVERAGE_ERROR_MAX = 0.20
PINBALL_RATIO_MAX = 1.0
ASSETS_MIN = 10


class Goal(NamedTuple):
    """A figure, what it has to be, and whether it is; a figure that is missing does not reach its goal."""

    name: str
    title: str
    value: float | None
    text: str
    limit: str
    reached: bool


def goals(report: RiskReport) -> tuple[Goal, ...]:
    """Return the goals of the default method."""
    found = report.methods[DEFAULT]
    assets = len({(cell.venue, cell.asset) for cell in report.cells if cell.counted})
    passed, error, ratio = found.passed_share, found.coverage_error_95, found.pinball_ratio
    return (
        Goal("assets", "assets that count", float(assets), str(assets), f"at least {ASSETS_MIN}", assets >= ASSETS_MIN),
        Goal("passed_share", "cells that pass Kupiec and conditional coverage", passed, _percent(passed),
             f"at least {100 * PASSED_MIN:.0f} %", passed is not None and passed >= PASSED_MIN),
        Goal("coverage_error_95", "coverage error at 95 %", error, _percent(error),
             f"at most {100 * COVERAGE_ERROR_MAX:.0f} %", error is not None and error <= COVERAGE_ERROR_MAX),
        Goal("pinball_ratio", "mean pinball loss against historical simulation", ratio,
             "-" if ratio is None else f"{ratio:.3f}", "at most 1.000",
             ratio is not None and ratio <= PINBALL_RATIO_MAX),
    )  # fmt: skip


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"
