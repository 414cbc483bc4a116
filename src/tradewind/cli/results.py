"""A finished run as tables for people and as one object for machines."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from tradewind.app.edge import BotEdge
from tradewind.app.readings import Reading, readings
from tradewind.app.times import moment_text
from tradewind.cli.output import amount, reading_text, share, table
from tradewind.cli.silence import Silence, told
from tradewind.engine.readmodel import ReadModel
from tradewind.research.backtest import BacktestResult
from tradewind.research.breakdown import GroupRow
from tradewind.research.metrics import Metrics, plain_values
from tradewind.research.series import BarSeries, perpetual_notes

SHOWN_BOTS = 40
DERIVED = "Tick and lot were derived from the data; state the venue's own under [instruments.NAME]."


def result_object(
    result: BacktestResult,
    metrics: Metrics,
    run: str,
    quiet: Sequence[Silence],
    page: Path | None,
    series: Sequence[BarSeries] = (),
    edges: Sequence[BotEdge] = (),
) -> dict[str, Any]:
    """Return what `--json` prints; money is text."""
    return {
        "run": run,
        "digest": result.digest,
        "events": result.events,
        "orders": result.orders,
        "fills": result.fills,
        "equity": result.equity,
        "metrics": plain_values(metrics),
        "report": None if page is None else str(page),
        "edges": {each.bot: _edge(each) for each in edges},
        "readings": readings(result.state),
        "no_trades": [msgspec.to_builtins(each) for each in quiet],
        "perpetuals": {each.instrument.id: dict(notes) for each in series if (notes := perpetual_notes(each))},
    }


def show_result(
    screen: Console, metrics: Metrics, model: ReadModel, quiet: Sequence[Silence], series: Sequence[BarSeries] = ()
) -> None:
    """Print the figures of a run: account, instruments, strategies, exits, refusals, who did not trade and why, and
    what is to know of perpetuals.
    """
    screen.print(_summary(metrics))
    if metrics.by_instrument:
        screen.print(_groups("By instrument", "instrument", metrics.by_instrument))
        screen.print(_groups("By strategy", "strategy", metrics.by_strategy))
    if len(metrics.by_bot) > len(metrics.by_strategy) and len(metrics.by_bot) <= SHOWN_BOTS:
        screen.print(_groups("By bot", "bot", metrics.by_bot))
    if metrics.by_exit_reason:
        screen.print(_exits(metrics))
    show_refusals(screen, model)
    show_silences(screen, quiet)
    if "DERIVED_INCREMENTS" in metrics.flags:
        screen.print(DERIVED, markup=False)
    for each in series:
        for what, text in perpetual_notes(each):
            screen.print(f"{each.instrument.id} {what}: {text}", markup=False, soft_wrap=True)


def show_edges(screen: Console, edges: Sequence[BotEdge]) -> None:
    """Print which bots would open nothing live, for want of an edge (SPEC S9)."""
    for each in edges:
        if not each.answer.passes:
            screen.print(
                f"{each.bot} would open nothing live: {each.answer.reason} ({each.trades} trades).", markup=False
            )


def _edge(each: BotEdge) -> dict[str, Any]:
    answer = each.answer
    edge = None if answer.edge_bps is None else str(round(answer.edge_bps, 1))
    return {"trades": each.trades, "edge_bps": edge, "hurdle_bps": str(answer.hurdle_bps), "would_open": answer.passes}


def show_refusals(screen: Console, model: ReadModel) -> None:
    """Print how often each check refused, and the latest refusal with its numbers."""
    if not model.refusals:
        return
    latest: dict[str, str] = {}
    for decided in model.decisions:
        for finding in getattr(decided.outcome, "findings", ()):
            instrument = decided.order.instrument if decided.order is not None else ""
            latest[finding.check] = f"{decided.bot} in {instrument}: {told(decided, finding, model)}"
    rows = [(check, count, latest.get(check, "")) for check, count in model.refusals.most_common()]
    made = table("Refused by risk", ("check", "times", "latest"), rows)
    made.columns[2].justify = "left"
    screen.print(made)


def show_readings(screen: Console, said: Sequence[Reading]) -> None:
    """Print what strategies say of themselves at the end: temperature, distance to a signal, spread, inventory."""
    if not said:
        return
    rows = [(each.bot, each.instrument or "all of its own", reading_text(each.values, 3)) for each in said[:SHOWN_BOTS]]
    screen.print(table("Readings at the end", ("bot", "instrument", "says"), rows, numbers=False))


def show_silences(screen: Console, quiet: Iterable[Silence]) -> None:
    """Print why each bot without a fill has none."""
    for each in quiet:
        screen.print(f"{each.bot} made no trade: {each.reason}.", markup=False)


def _summary(metrics: Metrics) -> Table:
    span = f"{moment_text(metrics.start_ns)} to {moment_text(metrics.end_ns)} UTC, {metrics.days:,.0f} days"
    ratio = _ratio
    rows = [
        ("Equity", f"{amount(metrics.equity)} {metrics.currency}", "Trades closed", metrics.trades),
        ("Total return", share(metrics.total_return), "Win rate", share(metrics.win_rate)),
        ("CAGR", share(metrics.cagr), "Profit factor", ratio(metrics.profit_factor)),
        ("Volatility", share(metrics.volatility), "Expectancy", _money(metrics.expectancy)),
        ("Sharpe", ratio(metrics.sharpe), "Average win / loss", _pair(metrics.average_win, metrics.average_loss)),
        ("Sortino", ratio(metrics.sortino), "Fees", f"{amount(metrics.fees)} ({ratio(metrics.fees_bps)} bps)"),
        ("Calmar", ratio(metrics.calmar), "Slippage", _slippage(metrics)),
        ("Max drawdown", share(metrics.max_drawdown), "Exposure in time", share(metrics.exposure)),
        ("Best / worst day", _days(metrics), "Turnover a year", f"{ratio(metrics.turnover_per_year)} x equity"),
        ("Buy and hold", _hold(metrics), "Orders / fills / refusals", _counts(metrics)),
    ]
    made = table(span, ("", "", " ", ""), [])
    made.show_header = False
    made.columns[1].justify = made.columns[3].justify = "right"
    made.columns[2].justify = "left"
    for row in rows:
        made.add_row(row[0], str(row[1]), "   " + str(row[2]), str(row[3]))
    return made


def _groups(title: str, name: str, rows: Iterable[GroupRow]) -> Table:
    columns = (name, "net", "realised", "unrealised", "fees", "trades", "win rate", "profit factor", "fills", "volume")
    return table(
        title,
        columns,
        [
            (
                row.name,
                amount(row.net),
                amount(row.realised),
                amount(row.unrealised),
                amount(row.fees),
                row.trades,
                share(row.win_rate, 1),
                _ratio(row.profit_factor),
                row.fills,
                amount(row.volume, 0),
            )
            for row in rows
        ],
    )


def _exits(metrics: Metrics) -> Table:
    return table(
        "By exit",
        ("exit", "trades", "net", "win rate", "days held"),
        [
            (row.name, row.trades, amount(row.net), share(row.win_rate, 1), _ratio(row.days_held))
            for row in metrics.by_exit_reason
        ],
    )


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"


def _money(value: Any) -> str:
    return "-" if value is None else amount(value)


def _pair(first: Any, second: Any) -> str:
    return f"{_money(first)} / {_money(second)}"


def _days(metrics: Metrics) -> str:
    return f"{share(metrics.best_day)} / {share(metrics.worst_day)}"


def _slippage(metrics: Metrics) -> str:
    return f"{amount(metrics.slippage)} ({_ratio(metrics.slippage_bps)} bps)"


def _hold(metrics: Metrics) -> str:
    """Return what buying and holding all instruments in equal parts would have brought."""
    returns = [row.total_return for row in metrics.buy_and_hold]
    return share(sum(returns) / len(returns)) if returns else "-"


def _counts(metrics: Metrics) -> str:
    return f"{metrics.orders:,} / {metrics.fills:,} / {metrics.refusals:,}"
