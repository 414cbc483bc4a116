"""What `tradewind risk` does once its options are read."""

from pathlib import Path
from typing import Any

import msgspec

from tradewind.app.price_history import price_histories
from tradewind.app.times import moment_ns
from tradewind.cli.layers import here, listed
from tradewind.cli.main import DONE
from tradewind.cli.output import ENCODER, console, print_json, progress, table
from tradewind.cli.pages import page_folder, written
from tradewind.research.var.backtest import RiskReport, run_backtest
from tradewind.research.var.goals import goals
from tradewind.research.var.methods import DEFAULT
from tradewind.research.var.page import backtest_page, summary_row

COLUMNS = (
    "method", "cells", "pass both", "Kupiec", "cond. coverage", "error 95 %", "error 99 %", "loss ratio", "interval",
)  # fmt: skip


def backtest_and_show(
    data: Path | None,
    assets: list[str] | None,
    venue: str | None,
    scored: tuple[str | None, str | None],
    out: Path | None,
    *,
    garch: bool,
    json: bool,
) -> int:
    """Run the backtest, print its figures, write its page, and return the exit code."""
    start, end = scored
    start_ns = moment_ns(start, "--from") if start else None
    end_ns = moment_ns(end, "--to") if end else None
    folder = page_folder(out)
    place = data if data is not None else here().catalog
    with progress("reading prices", quiet=json) as observer:
        histories = price_histories(place, listed(assets), venue, observer)
    with progress("forecasting and scoring", quiet=json) as observer:
        report = run_backtest(histories, garch=garch, start_ns=start_ns, end_ns=end_ns, progress=observer)
    value = report_object(report)
    page = written(folder, "risk-backtest", backtest_page(report), ENCODER.encode(value))
    if json:
        print_json(value)
        return DONE
    screen = console()
    rows = [(name, *summary_row(found)) for name, found in report.methods.items()]
    screen.print(table("VaR and expected shortfall, forecast a bar ahead", COLUMNS, rows))
    for goal in goals(report):
        screen.print(
            f"{goal.title}: {goal.text} ({goal.limit}) {'reached' if goal.reached else 'NOT reached'}", markup=False
        )
    thin = {(c.asset, c.frequency, c.observations, c.observations_min) for c in report.cells if not c.counted}
    if thin:
        told = (
            f"{asset} {frequency} with {seen:,} of {needed:,} bars" for asset, frequency, seen, needed in sorted(thin)
        )
        screen.print(f"shown, but too short to count: {', '.join(told)}", markup=False, soft_wrap=True)
    if report.left_out:
        names = ", ".join(f"{asset} {frequency}" for asset, frequency, _ in report.left_out)
        screen.print(f"left out, too short: {names}", markup=False, soft_wrap=True)
    if page is not None:
        screen.print(f"page {page}", markup=False, soft_wrap=True)
    return DONE


def report_object(report: RiskReport) -> dict[str, Any]:
    """Return the report as `--json` prints it: a row for each asset, bar length, level and method, and summaries."""
    return {
        "default": DEFAULT,
        "goals": {
            goal.name: {"value": goal.value, "limit": goal.limit, "reached": goal.reached} for goal in goals(report)
        },
        "methods": {name: msgspec.to_builtins(found) for name, found in report.methods.items()},
        "left_out": [
            {"asset": asset, "frequency": frequency, "reason": why} for asset, frequency, why in report.left_out
        ],
        "cells": [{**msgspec.to_builtins(cell), "passed": cell.passed} for cell in report.cells],
    }
