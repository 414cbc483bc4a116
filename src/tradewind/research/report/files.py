"""The same result for machines: metrics.json and four CSV files, money as exact text, times as ISO 8601 in UTC."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec
import numpy as np

from tradewind.engine.check_words import MODES
from tradewind.engine.readmodel import ReadModel
from tradewind.model.decisions import Decided, Refused
from tradewind.model.money import ZERO, plain
from tradewind.research.backtest import BacktestResult
from tradewind.research.curve import EquityCurve
from tradewind.research.metrics import Metrics, plain_values
from tradewind.research.ranges import FillRange
from tradewind.research.report.formats import iso


def metrics_json(result: BacktestResult, metrics: Metrics, ranges: FillRange | None) -> bytes:
    """Return one JSON object: the metrics, with the run's digest and, where there is one, its range."""
    values = {
        "session": result.config.session,
        "digest": result.digest,
        "metrics": plain_values(metrics),
        "range": None if ranges is None else plain_values(ranges),
        "checks_on": result.checks_on,
        "checks_off": result.checks_off,
    }
    return msgspec.json.format(msgspec.json.encode(values), indent=2) + b"\n"


def fills_csv(model: ReadModel) -> str:
    """Return every bot's part of every execution."""
    heads = (
        "time", "instrument", "bot", "strategy", "side", "quantity", "price", "notional", "liquidity", "fee",
        "realised", "position", "reason", "order_id", "fill_id",
    )  # fmt: skip
    return _csv(heads, ([iso(row.ts_ns), *_named(row, heads[1:])] for row in model.fills))


def trades_csv(model: ReadModel) -> str:
    """Return every closed round trip."""
    heads = (
        "instrument", "bot", "strategy", "direction", "quantity", "entry_price", "exit_price", "realised", "fees",
        "funding", "gained", "reason",
    )  # fmt: skip
    rows = ([iso(row.entry_ns) if row.entry_ns else "", iso(row.exit_ns), *_named(row, heads)] for row in model.trips)
    return _csv(("entry_time", "exit_time", *heads), rows)


def orders_csv(model: ReadModel) -> str:
    """Return every order, and every wish that risk refused (status `refused`, with what was found)."""
    heads = (
        "time", "order_id", "instrument", "bots", "side", "kind", "quantity", "price", "stop", "status", "filled",
        "average_price", "fees", "reason", "ended",
    )  # fmt: skip
    placed = [
        (row.ts_ns, row.sequence, [
            iso(row.ts_ns), row.order_id, row.instrument, " ".join(row.bots), row.side, row.kind, row.quantity,
            row.price, row.stop, row.status, row.filled, row.average_price, row.fees, row.reason,
            "" if row.ended_ns is None else iso(row.ended_ns),
        ])
        for row in model.orders.values()
    ]  # fmt: skip
    refused = [
        (each.ts_ns, each.sequence, _refused(each, model))
        for each in model.decisions
        if each.order is not None and isinstance(each.outcome, Refused)
    ]
    ordered = sorted([*placed, *refused], key=lambda row: row[:2])
    return _csv(heads, (row for _, _, row in ordered))


def equity_csv(curve: EquityCurve) -> bytes:
    """Return the curve at every bar close; the last equity is the exact one."""
    import polars

    columns = {
        "time": curve.ts_ns.astype("datetime64[ns]"),
        "equity": curve.equity,
        "cash": curve.cash,
        "exposure": np.round(curve.exposure, 8),
        "drawdown": np.round(curve.drawdown, 8),
    }
    text = polars.DataFrame(columns).write_csv(datetime_format="%Y-%m-%dT%H:%M:%SZ", line_terminator="\r\n").encode()
    body, last = text[:-2].rsplit(b"\r\n", 1)
    time, _, rest = last.split(b",", 2)
    return b"\r\n".join([body, b",".join([time, plain(curve.last).encode(), rest]), b""])


def _refused(decided: Decided, model: ReadModel) -> list[object]:
    order = decided.order
    if order is None or not isinstance(decided.outcome, Refused):
        raise TypeError("only a refused order has findings")
    instrument = model.instruments[order.instrument]
    price, stop = (None if each is None else instrument.price_decimal(each) for each in (order.price, order.stop))
    found = "; ".join(
        f"{each.check}: {each.number}" + ("" if each.check in MODES else f" against {each.limit}")
        for each in decided.outcome.findings
    )
    bots = " ".join(share.bot for share in decided.shares) or decided.bot
    quantity = instrument.quantity_decimal(int(order.quantity or 0))
    return [
        iso(decided.ts_ns), order.order_id, order.instrument, bots, order.side.name.lower(), order.kind.value, quantity,
        price, stop, "refused", ZERO, None, ZERO, found, iso(decided.ts_ns),
    ]  # fmt: skip


def _named(row: msgspec.Struct, names: Sequence[str]) -> list[object]:
    return [getattr(row, name) for name in names]


def _csv(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heads)
    for row in rows:
        writer.writerow(
            [plain(value) if isinstance(value, Decimal) else "" if value is None else value for value in row]
        )
    return out.getvalue()
