"""How long a person waits for the command line before it does anything.

    python -m bench.startup [--rounds 10] [--json]

Whole processes, in turn: `tradewind --version`, `tradewind backtest --help`, and as the reference an interpreter that
does nothing. What the version costs above the empty interpreter is what our imports cost.
"""

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

from bench.figures import Report, in_turn, median_ratio, show

EMPTY = [sys.executable, "-c", "pass"]
SCRIPT = Path(sys.executable).with_name("tradewind")
TRADEWIND = [str(SCRIPT)] if SCRIPT.exists() else [sys.executable, "-m", "tradewind.cli"]
COMMANDS = (
    ("version", [*TRADEWIND, "--version"], 150.0),
    ("backtest_help", [*TRADEWIND, "backtest", "--help"], 400.0),
)


def start(command: list[str]) -> None:
    """Run a command to its end; raises CalledProcessError with its output when it fails."""
    subprocess.run(command, check=True, capture_output=True)


def measure(rounds: int) -> Report:
    """Return the figures; one unmeasured start of each warms the file cache and writes bytecode."""
    commands = [EMPTY, *(command for _, command, _ in COMMANDS)]
    for command in commands:
        start(command)
    empty, *ours = in_turn(rounds, *(lambda command=command: start(command) for command in commands))
    report = Report(benchmark="startup")
    for (name, _, limit_ms), times in zip(COMMANDS, ours, strict=True):
        report.add(f"{name}_ms", statistics.median(times) * 1e3, "ms", floor=limit_ms)
        report.add(f"{name}_ratio", median_ratio(times, empty), "x empty")
    report.add("empty_interpreter_ms", statistics.median(empty) * 1e3, "ms")
    return report


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    show(measure(options.rounds), as_json=options.json)


if __name__ == "__main__":
    main()
