"""Writing a report: everything into a folder beside the target, which then takes the target's name at once."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tradewind.engine.readmodel import ReadModel
from tradewind.model.errors import ConfigError
from tradewind.research.backtest import BacktestResult
from tradewind.research.breakdown import read_model
from tradewind.research.curve import EquityCurve, daily, equity_curve
from tradewind.research.metrics import Metrics, compute_metrics
from tradewind.research.pages import environment
from tradewind.research.ranges import FillRange
from tradewind.research.report import figures, files, panels, run_header, tables
from tradewind.research.report.formats import FILTERS
from tradewind.research.report.picture import picture
from tradewind.research.series import BarSeries
from tradewind.storage.atomic import sync

PAGE = "report.html"
PICTURE = "picture.svg"


def write_report(
    result: BacktestResult,
    series: Sequence[BarSeries],
    directory: Path,
    *,
    ranges: FillRange | None = None,
    title: str = "",
    overwrite: bool = False,
) -> Path:
    """Write the report of a run into `directory` and return the page's path.

    The folder gets report.html, picture.svg, metrics.json, fills.csv, trades.csv, orders.csv and equity.csv, all of
    them or none.
    Raises  ConfigError when the folder exists with something in it and `overwrite` is false.
    """
    if not overwrite and directory.exists() and any(directory.iterdir()):
        raise ConfigError(f"{directory} already exists: choose another folder, or ask to overwrite it")
    curve = equity_curve(result, series)
    model = read_model(result)
    metrics = compute_metrics(result, series, curve=curve, model=model)
    html = render(result, series, curve, model, metrics, ranges=ranges, title=title)
    directory.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", suffix=".partial", dir=directory.parent))
    try:
        partial.chmod(0o755)
        _write(partial / "metrics.json", files.metrics_json(result, metrics, ranges))
        _write(partial / "fills.csv", files.fills_csv(model).encode())
        _write(partial / "trades.csv", files.trades_csv(model).encode())
        _write(partial / "orders.csv", files.orders_csv(model).encode())
        _write(partial / "equity.csv", files.equity_csv(curve))
        _write(partial / PICTURE, picture(result, series, curve, model, metrics).encode())
        _write(partial / PAGE, html.encode())
        _publish(partial, directory)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return directory / PAGE


def render(
    result: BacktestResult,
    series: Sequence[BarSeries],
    curve: EquityCurve,
    model: ReadModel,
    metrics: Metrics,
    *,
    ranges: FillRange | None = None,
    title: str = "",
) -> str:
    """Return the page as one HTML document that needs nothing else."""
    by_day = daily(curve)
    charts = [
        *panels.equity_charts(curve, series, result.config.currency),
        panels.drawdown_chart(curve),
        panels.rolling_sharpe_chart(by_day, curve),
        panels.exposure_chart(curve),
        panels.costs_chart(result, model, curve),
        panels.profit_chart(result, model, curve),
    ]
    pages = environment("tradewind.research.report")
    pages.filters |= FILTERS
    return pages.get_template("page.html").render(
        heading=run_header.heading(result, series),
        title=title or result.config.session,
        metrics=metrics,
        result=result,
        headline=figures.headline(metrics),
        flags=figures.warnings(metrics, model),
        alarms=result.alarms,
        charts={chart.id: chart for chart in charts if chart is not None},
        prices=panels.price_charts(model, series, curve),
        instruments=len(series),
        figures=figures.figures(metrics),
        months=figures.month_rows(by_day),
        month_names=figures.MONTHS,
        range_table=None if ranges is None else tables.range_table(ranges),
        profit_tables=tables.profit_tables(metrics),
        trade_table=tables.trade_table(tuple(model.trips)),
        reason_tables=[tables.refusal_table(model), tables.ended_table(model), tables.quiet_table(model)],
        run_sections=run_header.run_sections(result, series, metrics),
        run_tables=[run_header.data_table(series), run_header.bot_table(result)],
    )


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    sync(path)


def _publish(partial: Path, directory: Path) -> None:
    """Give the finished folder its name; a folder that was there is moved aside first and removed last."""
    if directory.exists() and any(directory.iterdir()):
        aside = partial.with_suffix(".old")
        os.replace(directory, aside)
        os.replace(partial, directory)
        shutil.rmtree(aside)
    else:
        os.replace(partial, directory)
    sync(directory.parent)
