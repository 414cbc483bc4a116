"""Figures are judged on the right side of their bounds, and a comparison fails on facts, never on times."""

import importlib
import json

import pytest

from bench import figures
from bench.compare import PROGRAMS, Program, judge
from bench.figures import Figure, Report
from bench.order_path import Stopwatch


@pytest.mark.parametrize(
    ("value", "bound", "higher", "met"),
    [(1.0, 2.0, False, True), (3.0, 2.0, False, False), (3.0, 2.0, True, True), (1.0, 2.0, True, False)],
)
def test_a_bound_is_met_on_its_side(value: float, bound: float, higher: bool, met: bool) -> None:
    assert Figure(name="x", value=value, higher=higher).meets(bound) is met


def test_a_bound_that_is_not_set_is_not_judged() -> None:
    assert Figure(name="x", value=1.0).meets(None) is None


def test_a_report_says_goal_and_floor_beside_the_figure(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(benchmark="demo", facts={"fills": 7})
    report.add("cost_us", 12.0, "us", goal=10.0, floor=15.0)
    figures.show(report, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    row = next(line for line in lines if line.startswith("cost_us"))
    assert row.split() == ["cost_us", "12", "us", "10", "missed", "15", "met"]
    values = json.loads(lines[-1])
    assert values["cost_us"] == 12.0
    assert values["fills"] == 7
    assert values["machine"]["python"]


def test_reports_do_not_share_their_figures() -> None:
    Report(benchmark="one").add("a", 1.0)
    assert Report(benchmark="two").figures == []


def test_works_are_timed_in_turn() -> None:
    order: list[str] = []
    times = figures.in_turn(2, lambda: order.append("a"), lambda: order.append("b"))
    assert order == ["a", "b", "a", "b"]
    assert [len(each) for each in times] == [2, 2]
    assert figures.median_ratio([2.0, 4.0, 9.0], [1.0, 2.0, 3.0]) == 2.0


PROGRAM = Program("demo", higher=("ratio",), lower=("mb",), facts=("fills",))


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        ({"ratio": 0.5}, "same"),
        ({"ratio": 0.39}, "slower"),
        ({"ratio": 0.7}, "faster"),
        ({"mb": 140}, "slower"),
        ({"mb": 100}, "same"),
        ({"fills": 8}, "DIFFERENT"),
        ({"fills": 7}, "same"),
    ],
)
def test_a_figure_is_judged_against_the_baseline(now: dict[str, object], verdict: str) -> None:
    rows = judge(PROGRAM, now, {"ratio": 0.5, "mb": 100, "fills": 7})
    assert [row[3] for row in rows] == [verdict]


def test_every_program_names_a_module_that_exists() -> None:
    modules = {path.stem for path in figures.Path(figures.__file__).parent.glob("*.py")}
    assert {program.module for program in PROGRAMS.values()} <= modules


def test_own_time_leaves_out_what_was_called() -> None:
    watch = Stopwatch()
    inner = watch.wrap("inner", lambda: sum(range(20_000)))
    outer = watch.wrap("outer", lambda: [inner(), inner()])
    outer()
    assert watch.calls == {"inner": 2, "outer": 1}
    assert watch.own_ns["outer"] < watch.own_ns["inner"]


@pytest.mark.parametrize("name", sorted({program.module for program in PROGRAMS.values()}))
def test_every_benchmark_knows_what_it_measures(name: str) -> None:
    """What a benchmark takes from the package still has its name: none of them runs in the tests."""
    assert importlib.import_module(f"bench.{name}").__doc__
