"""What `tradewind execution costs` does: a kept run's audit stream and bars become a report of costs."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from tradewind.app.recording import rebuild
from tradewind.cli.layers import here
from tradewind.cli.main import DONE
from tradewind.cli.output import amount, console, print_json, progress, share, table
from tradewind.cli.running import bar_series
from tradewind.execution.cost_report import CostLine, CostReport, cost_report
from tradewind.research.breakdown import strategy_name
from tradewind.research.execution.run_costs import run_orders
from tradewind.storage.runs import RunStore

DAYS_SHOWN = 10
DAY_S = 86_400
HEADS = (
    "", "orders", "notional", "fees", "slippage", "shortfall", "expected", "all-market", "saved", "maker", "filled",
    "markout",
)  # fmt: skip


def show_costs(run: str, *, json: bool) -> int:
    """Print what the orders of a run cost, and return the exit code."""
    home = here()
    store = RunStore(home.runs)
    record = store.load(run)
    with progress("reading the run", quiet=json) as observer:
        parts = rebuild(record, home, observer)
    engine = parts.engine
    series = {each.instrument.id: each for each in bar_series(parts.market) if each.instrument.quote == engine.currency}
    strategies = {bot.id: strategy_name(bot.strategy) for bot in engine.bots}
    tier = parts.settings.fees.tier(engine.volume_30d)
    found = run_orders(store.audit(record.id), series, strategies, parts.settings, tier)
    report = cost_report(found.orders)
    if json:
        print_json(costs_object(record.id, report, found.left_out))
        return DONE
    screen = console()
    if report.total is None:
        screen.print(f"run {record.id}: no order to tell the cost of", markup=False)
        return DONE
    screen.print(
        table(f"Costs of run {record.id}, bps", HEADS, [_row(line) for line in (report.total, *report.strategies)])
    )
    days = sorted(report.days, key=lambda line: line.shortfall.amount, reverse=True)[:DAYS_SHOWN]
    title = f"The dearest {len(days)} of {len(report.days)} days"
    screen.print(table(title, HEADS, [_row(msgspec.structs.replace(line, name=_date(line.name))) for line in days]))
    if found.left_out:
        screen.print(
            f"{found.left_out} orders are left out: no bar after them, no mark, or another currency", markup=False
        )
    return DONE


def costs_object(run: str, report: CostReport, left_out: int) -> dict[str, Any]:
    """Return what `execution costs --json` prints: lines by order, strategy and day, days as dates."""
    value: dict[str, Any] = {"run": run, "left_out": left_out}
    for name in ("orders", "strategies", "days"):
        value[name] = list(getattr(report, name))
    value["days"] = [msgspec.structs.replace(line, name=_date(line.name)) for line in report.days]
    value["total"] = report.total
    return value


def _row(line: CostLine) -> tuple[str, ...]:
    markout = next(iter(line.markouts.values()), None)
    return (
        line.name,
        str(line.orders),
        amount(line.notional),
        _bps(line.fees_bps),
        _bps(line.slippage_bps),
        _bps(line.shortfall.bps),
        _bps(line.estimate_bps),
        _bps(line.market.bps),
        share(line.reduction, 1),
        share(line.maker_ratio_notional, 1),
        share(line.fill_rate, 1),
        _bps(markout),
    )


def _bps(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _date(day: str) -> str:
    return datetime.fromtimestamp(int(day) * DAY_S, UTC).strftime("%Y-%m-%d")
