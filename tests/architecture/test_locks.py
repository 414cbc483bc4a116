"""The locks pin what pyproject.toml asks for, by hash, and name no address and no path."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.source_tree import REPOSITORY

LOCKS = sorted((REPOSITORY / "requirements").glob("*.txt"), key=lambda path: path.name)
APART = {"oracle-sdk", "venues"}
"""Groups and extras that are installed in environments of their own: their versions need not agree with anybody's."""
PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>\S+)( ; .+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def wanted(group: str) -> list[Requirement]:
    """What pyproject.toml asks for in one group or extra; `core` is the project's own dependencies."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    own = project["project"]["dependencies"]
    extras = {name: own + more for name, more in project["project"]["optional-dependencies"].items()}
    lines = {"core": own, **extras, **project["dependency-groups"]}[group]
    return [Requirement(line) for line in lines]


def pins(lock: Path) -> dict[str, set[str]]:
    """Package -> the versions a lock pins (more than one where platforms differ)."""
    found: dict[str, set[str]] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        if pin := PIN.match(line):
            found.setdefault(canonicalize_name(pin["name"]), set()).add(pin["version"])
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_every_line_is_a_pin_or_a_hash(lock: Path) -> None:
    strange = [
        line for line in lock.read_text(encoding="utf-8").splitlines() if not (PIN.match(line) or HASH.match(line))
    ]
    assert strange == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_lock_holds_what_is_asked_for(lock: Path) -> None:
    pinned = pins(lock)
    for requirement in wanted(lock.stem):
        versions = pinned.get(canonicalize_name(requirement.name), set())
        assert versions, f"{requirement.name} is not in {lock.name}: run `make lock`"
        assert all(requirement.specifier.contains(version) for version in versions)


def test_groups_agree_on_versions() -> None:
    together: dict[str, set[frozenset[str]]] = {}
    for lock in LOCKS:
        if lock.stem in APART:
            continue
        for name, versions in pins(lock).items():
            together.setdefault(name, set()).add(frozenset(versions))
    assert {name: seen for name, seen in together.items() if len(seen) > 1} == {}


def test_every_group_has_a_lock() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    assert {lock.stem for lock in LOCKS} == {"core", *extras, *project["dependency-groups"]}


def test_groups_apart_are_what_the_script_says() -> None:
    script = (REPOSITORY / "scripts/lock.sh").read_text(encoding="utf-8")
    [names] = re.findall(r"^apart=\((.*)\)$", script, re.MULTILINE)
    assert set(names.split()) == APART
