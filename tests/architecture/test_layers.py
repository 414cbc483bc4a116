"""The import contracts hold, hold for every package there is, and do notice a breach."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source_tree import CONTRACTS, SOURCE, contract_lines, floors, pure_packages

PACKAGES = sorted(path.name for path in (SOURCE / "tradewind").iterdir() if (path / "__init__.py").exists())


def check_contracts(folder: Path) -> subprocess.CompletedProcess[str]:
    """What import-linter says of the package in `folder/src`."""
    program = "import sys; from importlinter.cli import lint_imports_command as run; sys.exit(run())"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-logo", "--no-cache", "--config", str(CONTRACTS)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_contracts_hold() -> None:
    verdict = check_contracts(SOURCE.parent)
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


def test_every_package_has_a_floor() -> None:
    assert set(PACKAGES) <= {name for floor in floors() for name in floor}


@pytest.mark.parametrize(("contract", "exempt"), [("no-world", set()), ("numba-in-numeric", {"numeric"})])
def test_every_pure_package_is_named_by_the_contract(contract: str, exempt: set[str]) -> None:
    held = {line.removeprefix("tradewind.") for line in contract_lines(contract, "source_modules")}
    assert set(PACKAGES) & set(pure_packages()) - exempt <= held


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("model/planted.py", "import tradewind.numeric", "A package knows only what is below it"),
        ("risk/planted.py", "import tradewind.orders", "A package knows only what is below it"),
        ("portfolio/planted.py", "def f():\n    import tradewind.engine", "A package knows only what is below it"),
        ("engine/planted.py", "import tradewind.simulation", "The engine composes without the simulated venue"),
        ("market/planted.py", "import time", "At or below engine"),
        ("orders/planted.py", "def f():\n    from os import environ", "At or below engine"),
        ("strategy/planted.py", "def f():\n    import numba", "Compiled kernels live in numeric"),
        ("gossip/__init__.py", "", "A package knows only what is below it"),
        ("regime/__init__.py", "import tradewind.risk", "A package knows only what is below it"),
    ],
)
def test_a_planted_breach_is_found(tmp_path: Path, module: str, line: str, broken: str) -> None:
    shutil.copytree(SOURCE / "tradewind", tmp_path / "src/tradewind", ignore=shutil.ignore_patterns("__pycache__"))
    planted = tmp_path / "src/tradewind" / module
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(line + "\n", encoding="utf-8")
    verdict = check_contracts(tmp_path)
    assert verdict.returncode == 1
    assert re.search(rf"^{broken}.* BROKEN", verdict.stdout, re.MULTILINE), verdict.stdout
