"""The catalog: five million bars imported, verified, read and resampled, and a book kept by level updates.

    python -m bench.catalog [--rows 5000000] [--json]

Every format is imported by a process of its own, so that the peak of memory is that of the import. The reference is
polars copying the same file to compressed Parquet without a look at a row. Seed 1.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from bench.figures import Report, peak_mb, seconds, show
from tradewind.market.book import Book
from tradewind.model.market_events import BookSnapshot, LevelUpdate
from tradewind.model.orders import Side
from tradewind.storage.catalog import Catalog, SeriesKey

KEY = SeriesKey("generated", "BTC-USD", "bars", "1m")
MINUTE_MS = 60_000
FIRST_MS = 1_500_000_000_000 // MINUTE_MS * MINUTE_MS
FORMATS = ("parquet", "feather", "csv")
UPDATES = 200_000


def make_bars(rows: int) -> pl.DataFrame:
    """A random walk in cents with volumes of eight decimals."""
    chance = np.random.default_rng(1)
    close = np.round(30_000 + np.cumsum(chance.normal(0, 1, rows)).clip(-20_000), 2)
    opening = np.r_[close[0], close[:-1]]
    return pl.DataFrame(
        {
            "ts": FIRST_MS + np.arange(rows) * MINUTE_MS,
            "open": opening,
            "high": np.round(np.maximum(opening, close) + chance.random(rows) * 3, 2),
            "low": np.round(np.minimum(opening, close) - chance.random(rows) * 3, 2),
            "close": close,
            "volume": np.round(chance.random(rows) * 100, 8),
        }
    )


def write_sources(folder: Path, rows: int) -> None:
    bars = make_bars(rows)
    bars.write_parquet(folder / "bars.parquet", compression="zstd")
    bars.write_ipc(folder / "bars.feather", compression="lz4")
    bars.write_csv(folder / "bars.csv")


def import_one(path: Path, root: Path) -> dict[str, float]:
    """Import and verify one file in this process, and tell what it took."""
    catalog = Catalog(root)
    figures = {"import_s": seconds(lambda: catalog.import_file(path, KEY))}
    figures["peak_mb"] = peak_mb()
    report = None

    def verify() -> None:
        nonlocal report
        report = catalog.verify(KEY)

    figures["verify_s"] = seconds(verify)
    if report is None or not report.passed:
        raise SystemExit(f"verify found problems: {report}")
    figures["verify_peak_mb"] = peak_mb()
    return figures


def in_own_process(path: Path, root: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.catalog", "--import-one", str(path), "--root", str(root)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def copied(path: Path, target: Path) -> None:
    """What polars alone takes for the file."""
    scan: dict[str, Callable[[Path], pl.LazyFrame]] = {
        ".parquet": pl.scan_parquet,
        ".feather": pl.scan_ipc,
        ".csv": pl.scan_csv,
    }
    scan[path.suffix](path).sink_parquet(target, compression="zstd")


def book_ns_per_update() -> float:
    """Nanoseconds per level update of a book of 2,000 levels: most changes near the best, a third of them removals."""
    chance = np.random.default_rng(1)
    distance = np.minimum(chance.geometric(0.02, UPDATES), 990)
    bids = chance.random(UPDATES) < 0.5
    sizes = np.where(chance.random(UPDATES) < 1 / 3, 0, chance.integers(1, 1_000, UPDATES))
    updates = [
        LevelUpdate(
            "BTC-USD", row, Side.BUY if bid else Side.SELL, 50_000 - gap if bid else 50_000 + gap, size, row + 1
        )
        for row, (bid, gap, size) in enumerate(zip(bids.tolist(), distance.tolist(), sizes.tolist(), strict=True))
    ]
    book = Book("BTC-USD")
    levels = [(gap, 5) for gap in range(1, 1_001)]
    book.on_snapshot(
        BookSnapshot(
            "BTC-USD",
            0,
            tuple((50_000 - gap, size) for gap, size in levels),
            tuple((50_000 + gap, size) for gap, size in levels),
        )
    )

    def replay() -> None:
        for update in updates:
            book.on_update(update)

    return seconds(replay) / UPDATES * 1e9


def measure(rows: int) -> Report:
    report = Report(benchmark="catalog", facts={"rows": rows})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_sources(folder, rows)
        for form in FORMATS:
            path = folder / f"bars.{form}"
            found = in_own_process(path, folder / form)
            reference = seconds(partial(copied, path, folder / "copy.parquet"))
            report.add(f"{form}_import_s", found["import_s"], "s")
            report.add(f"{form}_import_rows_per_s", rows / found["import_s"], "rows/s", higher=True)
            report.add(f"{form}_import_ratio", found["import_s"] / reference, "x polars copy")
            report.add(f"{form}_peak_mb", found["peak_mb"], "MB", floor=1_000)
            report.add(f"{form}_verify_s", found["verify_s"], "s")
        catalog = Catalog(folder / "parquet")
        report.add("read_s", seconds(lambda: catalog.bars(KEY.venue, KEY.instrument, KEY.interval)), "s")
        report.add("resample_1h_s", seconds(lambda: catalog.resample(KEY, "1h")), "s")
        report.facts["bytes"] = catalog.manifest(KEY).size
    report.add("book_update_ns", book_ns_per_update(), "ns/level", goal=1_500)
    return report


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--import-one", type=Path)
    parser.add_argument("--root", type=Path)
    options = parser.parse_args()
    if options.import_one:
        print(json.dumps(import_one(options.import_one, options.root)))
    else:
        show(measure(options.rows), as_json=options.json)


if __name__ == "__main__":
    main()
