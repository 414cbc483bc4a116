"""Faults strike when, how often and where they were set to, and equal seeds strike alike."""

from collections import Counter
from pathlib import Path

import pytest

from tradewind.exchange.server.fault_plans import (
    CYCLE_S,
    FAULTY_S,
    KINDS_AT_ONCE,
    SHAPES,
    read_faults,
    seeded_faults,
)
from tradewind.exchange.server.faults import Fault, FaultBoard, FaultKind, products_of
from tradewind.model.errors import ConfigError

S = 1_000_000_000


def struck(board: FaultBoard, kind: FaultKind, second: float, **where: str) -> bool:
    return board.strikes(kind, round(second * S), **where) is not None


def test_a_fault_strikes_in_its_time() -> None:
    board = FaultBoard()
    board.put([Fault(kind=FaultKind.LOSS, start_s=10, duration_s=5)], 100 * S)
    seen = [second for second in range(100, 130) if struck(board, FaultKind.LOSS, second)]
    assert seen == [110, 111, 112, 113, 114]
    assert board.struck["loss"] == 5


def test_a_fault_without_an_end_lasts_until_it_is_cleared() -> None:
    board = FaultBoard()
    [fault] = board.put([Fault(kind=FaultKind.LOSS)], 0)
    assert struck(board, FaultKind.LOSS, 1e6)
    assert board.clear(fault.number) == 1
    assert not struck(board, FaultKind.LOSS, 1e6 + 1)


def test_a_repeated_fault_comes_back() -> None:
    board = FaultBoard()
    board.put([Fault(kind=FaultKind.LOSS, start_s=2, duration_s=1, every_s=10)], 0)
    assert [second for second in range(40) if struck(board, FaultKind.LOSS, second)] == [2, 12, 22, 32]


def test_a_fault_strikes_only_where_it_is_aimed() -> None:
    board = FaultBoard()
    board.put([Fault(kind=FaultKind.LOSS, paths=("/orders",), methods=("POST",))], 0)
    assert struck(board, FaultKind.LOSS, 1, method="POST", path="/api/v3/brokerage/orders")
    assert not struck(board, FaultKind.LOSS, 1, method="GET", path="/api/v3/brokerage/orders")
    assert not struck(board, FaultKind.LOSS, 1, method="POST", path="/api/v3/brokerage/accounts")


def test_a_probability_is_kept_and_equal_seeds_strike_alike() -> None:
    def run(seed: int) -> list[bool]:
        board = FaultBoard(seed)
        board.put([Fault(kind=FaultKind.LOSS, probability=0.2)], 0)
        return [struck(board, FaultKind.LOSS, 1) for _ in range(5_000)]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert 850 < sum(run(1)) < 1_150


def test_clock_skews_add_up() -> None:
    board = FaultBoard()
    board.put([Fault(kind=FaultKind.CLOCK_SKEW, ms=-1_500), Fault(kind=FaultKind.CLOCK_SKEW, ms=500)], 0)
    assert board.skew_ns(S) == -S


@pytest.mark.parametrize(
    "fields",
    [
        {"probability": 1.5},
        {"every_s": 10.0},
        {"every_s": 10.0, "duration_s": 10.0},
        {"jitter_ms": -1},
        {"ms": -5},
        {"status": 200},
        {"status": 99_999},
    ],
    ids=str,
)
def test_faults_that_make_no_sense_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="fault"):
        Fault(kind=FaultKind.LOSS, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("fields", [{"start_s": -1.0}, {"duration_s": 0.0}, {"duration_s": float("inf")}], ids=str)
def test_a_fault_has_a_stretch_of_time(fields: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="duration_s above 0"):
        Fault(kind=FaultKind.LOSS, **fields)  # type: ignore[arg-type]


def test_a_clock_may_be_behind() -> None:
    assert Fault(kind=FaultKind.CLOCK_SKEW, ms=-5).ms == -5


def test_the_products_of_faults_are_named_once() -> None:
    named = [Fault(kind=FaultKind.MODE, products=("B", "A")), Fault(kind=FaultKind.MODE, products=("A",))]
    assert products_of(named) == ["A", "B"]


def test_every_kind_has_a_shape_in_the_seeded_plan() -> None:
    assert set(SHAPES) == set(FaultKind)


def test_a_seeded_plan_alternates_and_deals_every_kind_equally() -> None:
    plan = seeded_faults(7, cycles=190)
    assert {fault.start_s % CYCLE_S for fault in plan} == {CYCLE_S - FAULTY_S}
    assert {fault.duration_s for fault in plan} == {FAULTY_S}
    assert set(Counter(fault.start_s for fault in plan).values()) == {KINDS_AT_ONCE}
    dealt = Counter(fault.kind for fault in plan)
    assert max(dealt.values()) - min(dealt.values()) <= 2
    assert plan == seeded_faults(7, cycles=190)
    assert plan != seeded_faults(8, cycles=190)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plan.json", '{"seed": 4, "faults": [{"kind": "error_after", "status": 502, "paths": ["/orders"]}]}'),
        ("plan.toml", 'seed = 4\n[[faults]]\nkind = "error_after"\nstatus = 502\npaths = ["/orders"]\n'),
    ],
)
def test_a_fault_file_is_read(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = read_faults(tmp_path / name)
    assert found.seed == 4
    assert found.faults == (Fault(kind=FaultKind.ERROR_AFTER, status=502, paths=("/orders",)),)


@pytest.mark.parametrize(
    "text",
    ['{"faults": [{"kind": "gremlins"}]}', '{"fault": []}', "[", '{"faults": [{"kind": "loss", "probability": 2}]}'],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"plan\.json"):
        read_faults(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        read_faults(tmp_path / "nowhere.json")
