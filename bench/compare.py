"""Run every benchmark and hold its figures against the ones in the repository.

    python -m bench.compare [NAME...] [--quick] [--write]

Each benchmark runs in a process of its own, one after the other. Ratios to the reference of the same run, and facts
that no machine changes (fills, orders, equity), are compared with `bench/baseline.json`; times are shown only. A
figure more than a quarter worse than the baseline is marked `slower`, a different fact `DIFFERENT`: the exit code is 1
for a different fact, never for a time. `--write` makes these figures the new baseline.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import msgspec

FOLDER = Path(__file__).resolve().parent
BASELINE = FOLDER / "baseline.json"
OUT = FOLDER / "out"
MARGIN = 1.25
Values = dict[str, object]


class Program(msgspec.Struct, frozen=True):
    """A benchmark, what it is called with, and how each figure that is compared should move."""

    module: str
    arguments: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()
    higher: tuple[str, ...] = ()
    lower: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()


PROGRAMS: dict[str, Program] = {
    "sma": Program(
        "event_engine",
        ("--strategy", "sma"),
        ("--bars", "100000", "--rounds", "3"),
        ("ratio",),
        (),
        ("fills", "equity"),
    ),
    "noop": Program(
        "event_engine", ("--strategy", "noop"), ("--bars", "100000", "--rounds", "3"), ("ratio",), (), ("fills",)
    ),
    "order_path": Program(
        "order_path", (), ("--bars", "10000", "--rounds", "3"), (), ("order_in_bare_bars",), ("orders", "fills")
    ),
    "fleet": Program(
        "fleet",
        (),
        ("--rounds", "2"),
        ("one_each_ratio", "all_on_all_ratio"),
        ("peak_mb",),
        ("one_each_fills", "one_each_equity", "all_on_all_fills", "all_on_all_equity"),
    ),
    "long_run": Program(
        "long_run",
        (),
        ("--sizes", "200000", "500000"),
        ("5000000_ratio",),
        ("5000000_peak_mb", "longest_by_shortest_per_bar"),
        ("500000_fills", "500000_equity", "5000000_fills", "5000000_equity"),
    ),
    "book_replay": Program(
        "book_replay", (), ("--events", "100000", "--rounds", "1"), ("ratio",), (), ("orders", "fills", "position")
    ),
    "exchange_core": Program(
        "exchange_core",
        (),
        ("--commands", "60000", "--rounds", "3"),
        ("ratio",),
        (),
        ("orders", "trades", "ledger"),
    ),
    "exchange_http": Program("exchange_http", (), ("--orders", "4800", "--rounds", "2"), ("ratio",), (), ("refused",)),
    "stream_decode": Program(
        "stream_decode",
        (),
        ("--messages", "4000", "--rounds", "2", "--paced", "0"),
        (),
        ("decode_by_json_loads", "decode_and_book_by_json_loads", "decode_and_book_and_events_by_json_loads"),
        ("bytes_per_message",),
    ),
    "stream_burst": Program("stream_burst", (), ("--sustained", "2", "--burst", "2"), (), (), ("products",)),
    "live_path": Program("live_path", (), ("--seconds", "8"), (), ("path_by_signing",), ("rate", "products")),
    "paper_memory": Program(
        "paper_memory",
        (),
        ("--hours", "2", "--minutes", "0.5"),
        (),
        (),
        ("instruments", "recorded_orders", "recorded_events"),
    ),
    "risk_gate": Program(
        "risk_gate",
        (),
        ("--orders", "400", "--rounds", "3"),
        (),
        ("gate_ratio", "every_check_ratio"),
        ("open",),
    ),
    "regime": Program(
        "regime",
        (),
        ("--updates", "300"),
        (),
        ("6_ratio", "13_ratio", "40_ratio"),
        ("model",),
    ),
    "startup": Program("startup", (), ("--rounds", "3"), (), ("version_ratio", "backtest_help_ratio"), ()),
}


def run(program: Program, *, quick: bool) -> Values:
    """Return the figures that a benchmark prints as its last line."""
    given = program.quick if quick else program.arguments
    if quick and program.arguments:
        given = (*program.arguments, *program.quick)
    command = [sys.executable, "-m", f"bench.{program.module}", *given, "--json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=FOLDER.parent)
    values: Values = json.loads(done.stdout.splitlines()[-1])
    return values


def judge(program: Program, now: Values, before: Values) -> list[tuple[str, object, object, str]]:
    """Return (figure, now, before, verdict) for every figure that both runs have and that may be compared."""
    rows = []
    for names, sign in ((program.higher, 1), (program.lower, -1)):
        for name in names:
            if name in now and name in before:
                change = (float(str(now[name])) / float(str(before[name]))) ** sign
                verdict = "slower" if change < 1 / MARGIN else "faster" if change > MARGIN else "same"
                rows.append((name, now[name], before[name], verdict))
    for name in (each for each in program.facts if each in now and each in before):
        rows += [(name, now[name], before[name], "same" if now[name] == before[name] else "DIFFERENT")]
    return rows


def main() -> int:
    """Run what was asked for, print the comparison, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(PROGRAMS)}; all without one")
    parser.add_argument("--quick", action="store_true", help="smaller inputs: ratios only, facts differ from full runs")
    parser.add_argument("--write", action="store_true", help="make these figures the baseline")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(PROGRAMS))
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}: choose from {', '.join(PROGRAMS)}")
    kind = "quick" if options.quick else "full"
    baseline: dict[str, dict[str, Values]] = json.loads(BASELINE.read_text("utf-8")) if BASELINE.exists() else {}
    before = baseline.setdefault(kind, {})
    figures: dict[str, Values] = {}
    different = False
    print(f"{'benchmark':14}{'figure':34}{'now':>16}{'baseline':>16}")
    for name in options.names or PROGRAMS:
        program = PROGRAMS[name]
        figures[name] = now = run(program, quick=options.quick)
        for figure, value, old, verdict in judge(program, now, before.get(name, {})):
            different = different or verdict == "DIFFERENT"
            print(f"{name:14}{figure:34}{value!s:>16}{old!s:>16}  {verdict}")
        if name not in before:
            print(f"{name:14}{json.dumps(now)}")
    OUT.mkdir(exist_ok=True)
    (OUT / f"figures-{kind}.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    if options.write:
        baseline[kind] = before | figures
        BASELINE.write_text(json.dumps(baseline, indent=1, sort_keys=True) + "\n", "utf-8")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
