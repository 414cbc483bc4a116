"""Runs scenario files: one result each, in the order of the files; whatever cannot be understood fails by name."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from tradewind.model.errors import ConfigError, TradewindError
from tradewind.research.scenarios import functions
from tradewind.research.scenarios.comparison import first_difference
from tradewind.research.scenarios.schema import FunctionScenario, SimulationScenario, misplaced, parsed
from tradewind.research.scenarios.simulation import FAST, Venues, run_simulation

# What wrong data in a scenario can raise on its way through the product: told as a failure of that scenario.
WRONG_DATA = (TradewindError, ValueError, TypeError, LookupError, ArithmeticError, msgspec.MsgspecError)


class ScenarioResult(msgspec.Struct, frozen=True):
    """`difference` is the first one, as `path: wanted X, got Y`; None when the scenario passed."""

    id: str
    passed: bool
    difference: str | None = None


def format_line(result: ScenarioResult) -> str:
    """Return `ID PASS` or `ID FAIL path: wanted X, got Y`."""
    return f"{result.id} PASS" if result.passed else f"{result.id} FAIL {result.difference}"


def run_paths(paths: Iterable[Path | str], venues: Venues = FAST) -> list[ScenarioResult]:
    """Return one result per scenario of the files and folders (of a folder: its own *.json).

    Raises  ConfigError when a path does not exist or a folder holds no scenario file.
    """
    results: list[ScenarioResult] = []
    seen: dict[str, Path] = {}
    for file in scenario_files(paths):
        for raw, broken in _entries(file):
            result = broken or _result(raw, file, venues)
            if result.id in seen:
                told = f"id: wanted an id of its own, got one already used in {seen[result.id].name}"
                result = ScenarioResult(result.id, False, told)
            seen.setdefault(result.id, file)
            results.append(result)
    return results


def scenario_files(paths: Iterable[Path | str]) -> list[Path]:
    """Return the files named, and the *.json directly inside the folders named, folders in order of name."""
    files: list[Path] = []
    for path in map(Path, paths):
        found = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not found or not all(file.is_file() for file in found):
            raise ConfigError(f"no scenario file at {path}: give a *.json file or a folder that holds some")
        files.extend(found)
    return files


def _entries(file: Path) -> Iterator[tuple[Any, ScenarioResult | None]]:
    try:
        scenarios = json.loads(file.read_bytes())
    except ValueError as error:
        yield None, ScenarioResult(file.name, False, f"file: wanted JSON, got {error}")
        return
    if not isinstance(scenarios, list):
        yield None, ScenarioResult(file.name, False, f"file: wanted an array of scenarios, got {_kind(scenarios)}")
        return
    for scenario in scenarios:
        yield scenario, None


def _result(raw: Any, file: Path, venues: Venues) -> ScenarioResult:
    name = str(raw["id"]) if isinstance(raw, dict) and "id" in raw else f"{file.name}:?"
    try:
        scenario = parsed(raw)
        if isinstance(scenario, SimulationScenario):
            difference = misplaced(scenario) or run_simulation(scenario, venues)
        else:
            difference = _run_function(scenario, file.parent)
    except WRONG_DATA as error:
        difference = f"scenario: wanted one that runs, got {type(error).__name__}: {error}"
    return ScenarioResult(name, difference is None, difference)


def _run_function(scenario: FunctionScenario, folder: Path) -> str | None:
    if scenario.function not in functions.BINDINGS:
        return f"function: wanted a known function, got {scenario.function}"
    arguments = {name: _resolved(value, folder) for name, value in scenario.arguments.items()}
    return first_difference(scenario.expect, functions.call(scenario.function, arguments), scenario.tolerance)


def _resolved(value: Any, folder: Path) -> Any:
    """Return the value with every `{"$ref": file}` replaced by that file's content."""
    if isinstance(value, list):
        return [_resolved(item, folder) for item in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        if len(value) != 1:
            raise ValueError("a $ref stands alone in its object")
        return json.loads((folder / value["$ref"]).read_bytes())
    return {key: _resolved(item, folder) for key, item in value.items()}


def _kind(value: object) -> str:
    return "an object" if isinstance(value, dict) else type(value).__name__
