"""No module imports itself by any road: imports inside functions and typing-only imports count like the others."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.architecture.source_tree import SOURCE, modules_under


def imported_names(tree: ast.Module, module: str, is_package: bool) -> set[str]:
    """Every dotted name the module imports, wherever in it the statement stands."""
    here = module.split(".") if is_package else module.split(".")[:-1]
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            names |= {f"{source}.{alias.name}" for alias in node.names}
    return names


def import_graph(root: Path) -> dict[str, set[str]]:
    """Module -> the modules of the same tree that it imports."""
    modules = modules_under(root)

    def module_of(name: str) -> str | None:
        if name in modules:
            return name
        parent = name.rpartition(".")[0]
        return parent if parent in modules else None

    graph: dict[str, set[str]] = {}
    for module, path in modules.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = {module_of(name) for name in imported_names(tree, module, path.name == "__init__.py")}
        graph[module] = {target for target in found if target is not None and target != module}
    return graph


def first_cycle(root: Path) -> list[str]:
    """The modules of one import cycle in order, the first repeated at the end; empty when there is none."""
    try:
        TopologicalSorter(import_graph(root)).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_the_package_has_no_cycle() -> None:
    assert first_cycle(SOURCE) == []


def test_the_graph_is_read() -> None:
    graph = import_graph(SOURCE)
    assert "tradewind.cli.main" in graph["tradewind.__main__"]


@pytest.mark.parametrize(
    "back",
    [
        "from pack.first import one",
        "import pack.first",
        "from pack import first",
        "from . import first",
        "from .first import one",
        "def late():\n    from pack.first import one\n    return one",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pack.first import one",
    ],
)
def test_a_planted_cycle_is_found(tmp_path: Path, back: str) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "__init__.py").write_text("", encoding="utf-8")
    (pack / "first.py").write_text("from pack.second import two\none = two\n", encoding="utf-8")
    (pack / "second.py").write_text("two = 2\n", encoding="utf-8")
    assert first_cycle(tmp_path) == []
    (pack / "second.py").write_text(f"two = 2\n{back}\n", encoding="utf-8")
    assert set(first_cycle(tmp_path)) == {"pack.first", "pack.second"}


def test_a_cycle_through_the_package_itself_is_found(tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "__init__.py").write_text("from pack.first import one\n", encoding="utf-8")
    (pack / "first.py").write_text("from pack import two\none = 1\n", encoding="utf-8")
    assert set(first_cycle(tmp_path)) == {"pack", "pack.first"}
