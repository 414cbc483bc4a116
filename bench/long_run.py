"""Half a million to five million bars in one run: is the time per bar the same, and how much memory does it take?

    python -m bench.long_run [--sizes 500000 1000000 2500000 5000000] [--json]

Each size is made and run in processes of its own, so that a peak is that run's peak: one makes the bars and writes
them, another reads them, runs the crossover of `bench.event_engine` with everything on, notes its peak, and then runs
the bare loop in the same process as the reference (in chunks, so that it needs little memory itself). At five million
bars exact sums give an equity of 5,138,268.16; the bare loop's floats drift a few fills away from it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench import bare_loop
from bench.event_engine import run_engine
from bench.figures import Report, peak_mb, show
from bench.market import MINUTE_NS, make_series
from tradewind.model.instrument import define_instrument
from tradewind.research.series import BarSeries

SIZES = (500_000, 1_000_000, 2_500_000, 5_000_000)
EQUITY = {500_000: "9747366.77", 5_000_000: "5138268.16"}
MEMORY_MB_MAX = 1000
LINEAR = 1.25  # a bar of the longest run may cost this much of one of the shortest
CHUNK = 50_000


def make(bars: int, path: Path) -> None:
    """Write the bars to a file."""
    series, _ = make_series(bars)
    volume = np.zeros(bars, np.int64) if series.volume is None else series.volume
    np.save(path, np.stack([series.open_ns, series.open, series.high, series.low, series.close, volume]))


def run(path: Path) -> dict[str, object]:
    """Return the figures of one run over the bars of a file."""
    columns = np.load(path, mmap_mode="r")
    instrument = define_instrument("BENCH-USD", price_increment="0.01", base_increment="0.0001")
    series = BarSeries(instrument, MINUTE_NS, *columns, source="generated")
    bars = len(series)
    taken, result = run_engine("sma", series, instrument)
    peak = peak_mb()
    reference = bare_loop.BareLoop()
    strategy = bare_loop.Crossover(reference)
    bare = 0.0
    for start in range(0, bars, CHUNK):
        stop = start + CHUNK
        rows = [columns[0, start:stop].tolist()]
        rows += [(columns[row, start:stop] / 100).tolist() for row in range(1, 5)]
        rows.append((columns[5, start:stop] / 10_000).tolist())
        started = time.perf_counter()
        reference.run(strategy, zip(*rows, strict=True))
        bare += time.perf_counter() - started
    return {
        "ns_per_bar": taken / bars * 1e9,
        "ratio": bare / taken,
        "peak_mb": peak,
        "fills": result.fills,
        "equity": f"{result.equity:.2f}",
        "digest": result.digest,
    }


def child(what: str, bars: int, path: Path) -> dict[str, object]:
    """Return what this program prints in a process of its own."""
    command = [sys.executable, "-m", "bench.long_run", "--child", what, "--sizes", str(bars), "--file", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    values: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return values


def measure(sizes: list[int]) -> Report:
    """Return the figures of all sizes."""
    report = Report(benchmark="long_run")
    per_bar = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars.npy"
        for bars in sizes:
            child("make", bars, path)
            values = child("run", bars, path)
            per_bar.append(float(str(values["ns_per_bar"])))
            report.add(f"{bars}_ns_per_bar", per_bar[-1], "ns")
            report.add(f"{bars}_ratio", float(str(values["ratio"])), "x bare loop", higher=True)
            report.add(f"{bars}_peak_mb", float(str(values["peak_mb"])), "MB", floor=MEMORY_MB_MAX)
            for name in ("fills", "equity", "digest"):
                report.facts[f"{bars}_{name}"] = str(values[name])
            if bars in EQUITY and values["equity"] != EQUITY[bars]:
                report.notes.append(
                    f"WRONG: equity at {bars} bars is {values['equity']}, exact sums give {EQUITY[bars]}"
                )
    report.add("longest_by_shortest_per_bar", per_bar[-1] / per_bar[0], "x", floor=LINEAR)
    return report


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", choices=["make", "run"], help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child == "make":
        make(options.sizes[0], options.file)
        print("{}")
    elif options.child == "run":
        print(json.dumps(run(options.file)))
    else:
        show(measure(options.sizes), as_json=options.json)


if __name__ == "__main__":
    main()
