"""What `tradewind report` does: find the page, copy it, or make it from the run's record."""

import shutil
from pathlib import Path

from tradewind.app.home import Home
from tradewind.app.recording import rebuild
from tradewind.cli.keeping import REPORT_FOLDER, tear_sheet
from tradewind.cli.layers import here
from tradewind.cli.main import DONE
from tradewind.cli.output import print_json
from tradewind.cli.running import bar_series, carried, run_market
from tradewind.model.errors import ConfigError, StateError
from tradewind.research.ranges import fill_range
from tradewind.research.report.writing import PAGE
from tradewind.storage.runs import JOURNAL_FILE, RunRecord, RunStore


def report_run(run: str, out: Path | None, *, ranges: bool, json: bool) -> int:
    """Print the path of the run's page, after making or copying it where that was asked for."""
    home = here()
    store = RunStore(home.runs)
    record = store.load(run)
    there = store.folder(run) / REPORT_FOLDER
    if ranges or not (there / PAGE).is_file():
        page = _made(home, store, record, out, ranges=ranges)
    elif out is not None:
        page = _copied(there, out)
    else:
        page = there / PAGE
    if json:
        print_json({"run": record.id, "report": str(page)})
    else:
        print(page)
    return DONE


def _made(home: Home, store: RunStore, record: RunRecord, out: Path | None, *, ranges: bool) -> Path:
    if (store.folder(record.id) / JOURNAL_FILE).exists():
        raise ConfigError(f"run {record.id} is a session: its report is written when it ends, without a range")
    parts = rebuild(record, home)
    series = bar_series(parts.market)
    result = run_market(parts.engine, parts.settings, parts.market, serve=parts.serve)
    if record.digests is not None and result.digest != record.digests.digest:
        raise StateError(
            f"run {record.id} had digest {record.digests.digest}, run again it gives {result.digest}: use the version "
            f"that made it ({record.code_version}), and compare your strategies' files"
        )
    if ranges and any(each.ticks for each in parts.market):
        raise ConfigError("a range of fills is for bars: recorded trades, quotes and books are filled as they were")
    extra = carried(parts.market)
    fills = fill_range(parts.engine, parts.settings, series, extra=extra, expected=result) if ranges else None
    target = out
    if target is None and (store.folder(record.id) / REPORT_FOLDER).exists():
        target = store.folder(record.id) / f"{REPORT_FOLDER}-range"
    return tear_sheet(store, record, result, series, target, fills)


def _copied(there: Path, out: Path) -> Path:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out} already exists: choose another folder for --out")
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(there, partial)
    partial.rename(out)
    return out / PAGE
