"""The scenario runner: strict reading, exact comparison, one line per scenario."""

import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tradewind.model.errors import ConfigError
from tradewind.research.scenarios import REFERENCE, ScenarioResult, format_line, run_paths
from tradewind.research.scenarios.comparison import first_difference

MARKET_BUY: dict[str, Any] = {
    "id": "X1",
    "title": "Market buy",
    "kind": "simulation",
    "mode": "bars",
    "instruments": [{"id": "BTC-USD", "kind": "spot", "base_increment": "0.0001"}],
    "events": [
        {"at": 0, "type": "bar", "open": "100", "high": "101", "low": "99", "close": "100"},
        {"at": 3600000, "type": "order", "id": "m", "side": "buy", "kind": "market", "quantity": "10"},
        {"at": 3600000, "type": "bar", "open": "100", "high": "105", "low": "99", "close": "104", "volume": "1000"},
    ],
    "expect": {"fills": [{"order": "m", "quantity": "10", "price": "100", "at": 3600000}], "equity": "100036"},
}
HALF_LIFE: dict[str, Any] = {
    "id": "X2",
    "title": "Half-life",
    "kind": "function",
    "function": "strategy.half_life",
    "arguments": {"coefficient": 0.9},
    "expect": 6.578813,
    "tolerance": 5e-7,
}


def run(tmp_path: Path, *scenarios: Any) -> list[ScenarioResult]:
    file = tmp_path / "scenarios.json"
    file.write_text(json.dumps(scenarios))
    return run_paths([file], REFERENCE)


def changed(scenario: dict[str, Any], **entries: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(scenario)), **entries}


def with_event(event: dict[str, Any]) -> dict[str, Any]:
    return changed(MARKET_BUY, events=[*MARKET_BUY["events"], event])


def test_a_simulation_and_a_function_pass(tmp_path: Path) -> None:
    results = run(tmp_path, MARKET_BUY, HALF_LIFE)

    assert [format_line(result) for result in results] == ["X1 PASS", "X2 PASS"]


def test_a_wrong_value_is_told_with_path_wanted_and_got(tmp_path: Path) -> None:
    scenario = changed(MARKET_BUY, expect={"fills": [{"order": "m", "quantity": "10", "price": "101"}]})

    [result] = run(tmp_path, scenario)

    assert format_line(result) == "X1 FAIL fills[0].price: wanted 101, got 100.00"


def test_a_check_on_the_way_is_told_with_its_event(tmp_path: Path) -> None:
    [result] = run(tmp_path, with_event({"at": 7200000, "type": "check", "expect": {"cash": "1"}}))

    assert format_line(result).startswith("X1 FAIL events[3].cash: wanted 1, got 98996")


@pytest.mark.parametrize(
    ("scenario", "named"),
    [
        (changed(MARKET_BUY, colour="red"), "colour"),
        (changed(MARKET_BUY, settings={"spread": "1"}), "spread"),
        (changed(MARKET_BUY, settings={"latency_ms": {"entry": 1}}), "latency_ms"),
        (changed(MARKET_BUY, account={"money": "1"}), "money"),
        (changed(MARKET_BUY, expect={"wealth": "1"}), "wealth"),
        (changed(MARKET_BUY, expect={"fills": [{"order": "m", "colour": "red"}]}), "colour"),
        (changed(MARKET_BUY, expect={"orders": {"n": {"status": "open"}}}), "orders.n"),
        (changed(MARKET_BUY, mode="candles"), "candles"),
        (changed(MARKET_BUY, kind="story"), "story"),
        (with_event({"at": 1, "type": "earthquake"}), "earthquake"),
        (with_event({"at": 1, "type": "clock", "tick": 1}), "tick"),
        (with_event({"at": 1, "type": "trade", "side": "buy", "price": "1", "quantity": "1"}), "events[3]"),
        (with_event({"at": 1, "type": "order", "id": "n", "side": "buy", "kind": "limit", "quantity": "1"}), "price"),
        (with_event({"at": 1, "type": "mark", "price": 100.0}), "events[3]"),
        (with_event({"at": 1, "type": "mark", "price": "1", "instrument": "ETH-USD"}), "ETH-USD"),
        (changed(HALF_LIFE, function="strategy.whole_life"), "strategy.whole_life"),
        (changed(HALF_LIFE, arguments={"coefficient": 0.9, "extra": 1}), "extra"),
        (changed(HALF_LIFE, arguments={}), "coefficient"),
        (changed(HALF_LIFE, tolerance={"life": 1}), "tolerance"),
    ],
)
def test_what_is_not_on_the_page_fails_by_name(tmp_path: Path, scenario: dict[str, Any], named: str) -> None:
    [result] = run(tmp_path, scenario)

    assert not result.passed
    assert named in format_line(result)


def test_a_second_scenario_with_the_same_id_fails(tmp_path: Path) -> None:
    first, second = run(tmp_path, HALF_LIFE, HALF_LIFE)

    assert first.passed
    assert "already used" in format_line(second)


def test_a_folder_gives_its_own_files_only(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(json.dumps([HALF_LIFE]))
    (tmp_path / "a.json").write_text(json.dumps([MARKET_BUY]))
    (tmp_path / "series").mkdir()
    (tmp_path / "series" / "c.json").write_text("[1, 2]")

    assert [result.id for result in run_paths([tmp_path], REFERENCE)] == ["X1", "X2"]


def test_a_missing_path_is_refused() -> None:
    with pytest.raises(ConfigError, match="no scenario file"):
        run_paths(["nowhere.json"], REFERENCE)


def test_a_file_that_is_no_array_of_scenarios_fails_under_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "b.json").write_text("[")

    lines = [format_line(result) for result in run_paths([tmp_path], REFERENCE)]

    assert lines[0] == "a.json FAIL file: wanted an array of scenarios, got an object"
    assert lines[1].startswith("b.json FAIL file: wanted JSON")


def test_a_reference_stands_for_the_content_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "series").mkdir()
    (tmp_path / "series" / "weights.json").write_text("[0.5, 0.5]")
    arguments = {"weights": {"$ref": "series/weights.json"}}

    [result] = run(
        tmp_path, changed(HALF_LIFE, function="risk.concentration", arguments=arguments, expect={"hhi": 0.5})
    )

    assert result.passed


@pytest.mark.parametrize(
    ("want", "got"),
    [
        ("4", Decimal("4.00")),
        ("4", 4),
        ("0.33333333", Decimal(1) / Decimal(3)),
        ("47368.42105263", Decimal("47368.421052631578947368")),
        ("0.00000002", Decimal("0.000000025")),
        (None, None),
        (None, math.nan),
        ({"1": None, "2": 2.0}, np.array([0.0, math.nan, 2.0])),
        ({"0,1": 3.0}, np.array([[1.0, 3.0], [0.0, 0.0]])),
        ({"a": 1}, {"a": 1, "b": 2}),
        (True, True),
        ("open", "open"),
        (0.1, 0.1 + 1e-17),
    ],
)
def test_what_counts_as_equal(want: Any, got: Any) -> None:
    assert first_difference(want, got) is None


@pytest.mark.parametrize(
    ("want", "got"),
    [
        ("4", Decimal("4.0000000001")),
        ("4", 4.0),
        ("4", None),
        ("0.33333334", Decimal(1) / Decimal(3)),
        (None, 0.0),
        (1, True),
        (True, 1),
        ([1], [1, 2]),
        ([1, 2], [2, 1]),
        ({"a": 1}, {"b": 1}),
        ({"3": 1.0}, np.array([1.0])),
        ("open", "OPEN"),
        (0.1, 0.1 + 1e-12),
        (1.0, math.nan),
    ],
)
def test_what_counts_as_different(want: Any, got: Any) -> None:
    assert first_difference(want, got) is not None


def test_a_tolerance_by_key_leaves_the_other_keys_exact() -> None:
    want, got = {"a": 1.0, "b": 1.0}, {"a": 1.01, "b": 1.01}

    assert first_difference(want, got, 0.1) is None
    assert first_difference(want, got, {"a": 0.1}) == "b: wanted 1.0, got 1.01"
