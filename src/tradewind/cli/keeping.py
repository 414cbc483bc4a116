"""A finished run kept with its record, audit stream and tear sheet; each appears whole or not at all."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import msgspec

from tradewind.research.backtest import BacktestResult
from tradewind.research.metrics import Metrics, plain_values
from tradewind.research.ranges import FillRange
from tradewind.research.report import write_report
from tradewind.research.series import BarSeries
from tradewind.storage.runs import RunDigests, RunRecord, RunStore

REPORT_FOLDER = "report"


def now_ns() -> int:
    """Return the time at which a run is made; nothing in its result depends on it."""
    return time.time_ns()


def completed(record: RunRecord, result: BacktestResult, metrics: Metrics, ended: str = "") -> RunRecord:
    """Return the record with what came of the run."""
    return msgspec.structs.replace(
        record,
        digests=RunDigests(result.digest, result.audit_digest, result.state_digest),
        counts={"events": result.events, "orders": result.orders, "fills": result.fills, "refusals": metrics.refusals},
        equity=str(result.equity),
        metrics=cast("dict[str, object]", plain_values(metrics)),
        ended=ended,
    )


def tear_sheet(
    store: RunStore,
    record: RunRecord,
    result: BacktestResult,
    series: Sequence[BarSeries],
    out: Path | None,
    ranges: FillRange | None = None,
) -> Path:
    """Write the run's tear sheet into `out`, else into the run's folder, and return the page's path."""
    folder = out if out is not None else store.folder(record.id) / REPORT_FOLDER
    return write_report(result, series, folder, ranges=ranges, title=record.id)
