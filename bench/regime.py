"""Time of one regime update per bar and instrument, streaming, for panels of several sizes.

    python -m bench.regime [--updates 1500] [--json]

Everything is in it: bars checked, indicators, features across instruments, the model, hysteresis, the answers. The
reference is one ADX stream, per bar, in the same process; what the machine does besides slows both. Seed 3; the
tenth percentile of single updates, because another process steals from the others.
"""

import argparse
import time

import numpy as np

from bench.figures import Report, show
from tradewind.app.regime import require_regime_model
from tradewind.numeric.bars import BarRow
from tradewind.numeric.indicators import adx
from tradewind.numeric.regime_chain import Difficulty
from tradewind.numeric.regime_market import regime_market
from tradewind.regime.classifier import RegimeClassifier
from tradewind.regime.inputs import MODEL_BARS
from tradewind.research.regime.markets import bar_rows

PANELS = (1, 3, 6, 13, 40)
GOAL_US = 20.0
PERCENTILE = 10


def panel(rows: list[list[BarRow]], instruments: int) -> list[dict[str, BarRow]]:
    """The bars of each time by instrument; beyond the generated ones they repeat."""
    names = [f"asset{i}" for i in range(instruments)]
    return [{name: rows[i % len(rows)][at] for i, name in enumerate(names)} for at in range(len(rows[0]))]


def update_us(bars: list[dict[str, BarRow]], updates: int) -> float:
    """Microseconds per bar and instrument once the model answers."""
    classifier = RegimeClassifier(list(bars[0]), model=require_regime_model())
    for at in range(MODEL_BARS):
        classifier.update(at, bars[at])
    taken = []
    for at in range(MODEL_BARS, MODEL_BARS + updates):
        row = bars[at]
        start = time.perf_counter_ns()
        classifier.update(at, row)
        taken.append(time.perf_counter_ns() - start)
    return float(np.percentile(taken, PERCENTILE)) / 1000 / len(bars[0])


def reference_us(rows: list[BarRow]) -> float:
    """Microseconds per bar of one ADX stream."""
    stream = adx().stream()
    taken = []
    for bar in rows:
        start = time.perf_counter_ns()
        stream.update(bar)
        taken.append(time.perf_counter_ns() - start)
    return float(np.percentile(taken, PERCENTILE)) / 1000


def measure(updates: int) -> Report:
    """Everything, as a report; ratios are to one ADX stream."""
    rows = bar_rows(regime_market(3, Difficulty.MEDIUM))
    report = Report(benchmark="regime", facts={"model": require_regime_model().sha256[:12]})
    reference = reference_us(rows[0])
    report.add("one_adx_us", reference, "us")
    for instruments in PANELS:
        each = update_us(panel(rows, instruments), updates)
        report.add(f"{instruments}_us", each, "us", goal=GOAL_US)
        report.add(f"{instruments}_ratio", each / reference)
    return report


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--updates", type=int, default=1_500)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    show(measure(options.updates), as_json=options.json)


if __name__ == "__main__":
    main()
