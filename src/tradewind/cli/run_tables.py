"""What the `runs` commands do and print."""

import sys
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from tradewind.app.times import moment_text
from tradewind.cli.layers import here
from tradewind.cli.main import DONE, FAILED
from tradewind.cli.output import amount, console, print_json, share, table
from tradewind.model.errors import ConfigError
from tradewind.storage.runs import RunRecord, RunStore, compare_runs

HEADLINES = (
    "total_return", "cagr", "volatility", "sharpe", "sortino", "calmar", "max_drawdown", "trades", "win_rate",
    "profit_factor", "exposure", "turnover", "fees", "slippage", "refusals",
)  # fmt: skip


def list_runs(last: int, *, json: bool) -> int:
    """Print the latest runs; what cannot be read is named on stderr."""
    listing = _store().listing()
    runs = listing.runs[-last:] if last > 0 else ()
    for name, why in listing.broken.items():
        print(f"unreadable run {name}: {why}", file=sys.stderr)
    if json:
        print_json({"runs": [_headline(run) for run in runs], "unreadable": listing.broken})
        return DONE
    rows = [
        (
            run.id,
            run.status if run.status == "running" else run.ended or run.status,
            ", ".join(sorted(run.data)[:4]) + (" ..." if len(run.data) > 4 else ""),
            _equity(run),
            share(run.metrics.get("total_return")),
            _number(run.metrics.get("sharpe")),
            run.metrics.get("trades"),
            run.digests.digest[:12] if run.digests else "-",
        )
        for run in runs
    ]
    screen = console()
    if rows:
        screen.print(table("Runs", ("run", "ended", "data", "equity", "return", "sharpe", "trades", "digest"), rows))
    else:
        screen.print("No runs yet: tradewind demo makes one.")
    return DONE


def show_run(run: str, *, json: bool) -> int:
    """Print one run."""
    store = _store()
    record = store.load(run)
    folder = store.folder(run)
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    if json:
        print_json({**msgspec.to_builtins(record), "folder": str(folder), "files": files})
        return DONE
    screen = console()
    rows: list[tuple[str, object]] = [
        ("kind", f"{record.kind}, {record.ended or record.status}"),
        ("created", f"{moment_text(record.created_at_ns, seconds=True)} UTC, tradewind {record.code_version}"),
        ("digest", record.digests.digest if record.digests else "-"),
        ("config hash", record.config_hash),
        ("seed", record.seed),
        ("flags", ", ".join(f"{name}={str(value).lower()}" for name, value in sorted(record.flags.items()))),
        ("counts", ", ".join(f"{name} {count:,}" for name, count in record.counts.items())),
        ("equity", _equity(record)),
    ]
    rows += [(name.replace("_", " "), _figure(name, record.metrics.get(name))) for name in HEADLINES if record.metrics]
    screen.print(table(record.id, ("", ""), rows, numbers=False))
    data = [(name, each.source, each.digest[:32]) for name, each in sorted(record.data.items())]
    screen.print(table("Data", ("instrument", "source", "digest"), data, numbers=False))
    screen.print(f"folder {folder}: {', '.join(files)}", markup=False, soft_wrap=True)
    return DONE


def compare_two(left: str, right: str, *, json: bool) -> int:
    """Print everything in which two runs differ, and return 1 when their digests do."""
    store = _store()
    one, other = store.load(left), store.load(right)
    changes = compare_runs(one, other)
    equal = one.digests is not None and one.digests == other.digests
    if json:
        print_json({"equal": equal, "left": one.id, "right": other.id, "changes": msgspec.to_builtins(changes)})
    else:
        screen = console()
        if changes:
            rows = [(each.name, _shown(each.left), _shown(each.right)) for each in changes]
            screen.print(table("Differences", ("what", one.id, other.id), rows, numbers=False))
        screen.print("The results are equal." if equal else "The results differ.")
    return DONE if equal else FAILED


def delete_runs(runs: Sequence[str], *, json: bool) -> int:
    """Delete runs; all of them are looked up before the first is deleted."""
    if not runs:
        raise ConfigError("no run was named: see `tradewind runs list`")
    store = _store()
    names = [store.find(run) for run in runs]
    for name in names:
        store.delete(name)
    if json:
        print_json({"deleted": names})
    else:
        print(f"deleted {', '.join(names)}")
    return DONE


def _store() -> RunStore:
    return RunStore(here().runs)


def _headline(run: RunRecord) -> dict[str, object]:
    return {
        "id": run.id,
        "kind": run.kind,
        "status": run.status,
        "ended": run.ended,
        "created_at_ns": run.created_at_ns,
        "digest": run.digests.digest if run.digests else None,
        "equity": run.equity,
        "instruments": sorted(run.data),
        "metrics": {name: run.metrics.get(name) for name in HEADLINES} if run.metrics else {},
    }


def _equity(run: RunRecord) -> str:
    return "-" if run.equity is None else amount(Decimal(run.equity))


def _number(value: Any) -> str:
    return "-" if value is None else f"{value:,.2f}"


def _figure(name: str, value: Any) -> str:
    if name in {"total_return", "cagr", "volatility", "max_drawdown", "win_rate", "exposure"}:
        return share(value)
    if name in {"fees", "slippage"}:
        return "-" if value is None else amount(Decimal(value))
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def _shown(value: object) -> str:
    text = "-" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
