"""What every benchmark shares: the machine it ran on, medians, goals, and one way to show and keep figures.

A figure is a number with a unit, and where the project has set them a goal (what we want) and a floor (what must
never be passed). Times depend on the machine and on who else uses it; the ratio to a reference that ran in the same
process depends on them far less, so ratios are what `bench/baseline.json` is compared by.
"""

import gc
import json
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

PACKAGES = ("msgspec", "numpy", "numba")
MARKS = {True: "met", False: "missed", None: ""}


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured number. With `higher` more is better, else less."""

    name: str
    value: float
    unit: str = ""
    goal: float | None = None
    floor: float | None = None
    higher: bool = False

    def meets(self, bound: float | None) -> bool | None:
        """Return whether the value is on the right side of a bound, None where none is set."""
        if bound is None:
            return None
        return self.value >= bound if self.higher else self.value <= bound


class Report(msgspec.Struct, kw_only=True):
    """All figures of one benchmark; `facts` are results that do not depend on the machine (fills, equity, digests)."""

    benchmark: str
    figures: list[Figure] = []
    facts: dict[str, str | int] = {}
    notes: list[str] = []

    def add(self, name: str, value: float, unit: str = "", **bounds: object) -> None:
        """Take one more figure in."""
        self.figures.append(msgspec.convert({"name": name, "value": value, "unit": unit, **bounds}, Figure))

    def values(self) -> dict[str, object]:
        """Return everything as plain values, with the machine."""
        return {
            "benchmark": self.benchmark,
            **{figure.name: round(figure.value, 4) for figure in self.figures},
            **self.facts,
            "machine": machine(),
        }

    def text(self) -> str:
        """Return the table that people read."""
        here = machine()
        lines = [
            f"{self.benchmark}: {here['cpu']}, {here['cores']} cores, load {here['load']}, {here['system']}, "
            f"Python {here['python']}, " + ", ".join(f"{name} {here[name]}" for name in PACKAGES) + f", {here['date']}",
            f"{'':34}{'value':>14} {'unit':12}{'goal':>12}{'':8}{'floor':>12}",
        ]
        for each in self.figures:
            line = f"{each.name:34}{shown(each.value):>14} {each.unit:12}"
            for bound in (each.goal, each.floor):
                line += f"{'' if bound is None else shown(bound):>12} {MARKS[each.meets(bound)]:7}"
            lines.append(line.rstrip())
        lines += [f"{name:34}{value:>14}" for name, value in self.facts.items()]
        return "\n".join([*lines, *self.notes])


def shown(value: float) -> str:
    """Return a number with about four digits that matter."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def show(report: Report, *, as_json: bool) -> None:
    """Print a report: the table unless only JSON is wanted, and always one JSON object as the last line."""
    if not as_json:
        print(report.text())
    print(json.dumps(report.values()))


def machine() -> dict[str, object]:
    """Return what the figures depend on."""
    return {
        "cpu": _processor(),
        "cores": os.cpu_count() or 0,
        "load": round(os.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def peak_mb() -> float:
    """Return the largest resident size of this process so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 if platform.system() == "Linux" else peak / 1024**2


def seconds(work: Callable[[], object]) -> float:
    """Return how long one call takes; garbage goes before, and what the call returns is let go after the clock."""
    gc.collect()
    started = time.perf_counter()
    result = work()
    taken = time.perf_counter() - started
    del result
    return taken


def in_turn(rounds: int, *works: Callable[[], object]) -> list[list[float]]:
    """Return the seconds of each work over the rounds; they run in turn, so that what disturbs one disturbs all."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for taken, work in zip(times, works, strict=True):
            taken.append(seconds(work))
    return times


def median_ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Return the median over rounds of above / below."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
