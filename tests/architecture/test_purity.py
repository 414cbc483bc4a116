"""At or below `engine` nothing reads a clock, draws a number, opens a file or loads a heavy library.

The import contracts hold which modules may be imported; this holds what may be called, and what is really loaded.
"""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.architecture.source_tree import SOURCE, pure_modules

AMBIENT_MODULES = frozenset(
    "asyncio concurrent glob io logging multiprocessing os pathlib platform queue random secrets select selectors "
    "shutil signal socket sqlite3 ssl subprocess tempfile threading time urllib uuid".split()
)
HEAVY_MODULES = frozenset(
    "aiohttp ccxt duckdb jinja2 numba llvmlite pandas plotly polars pyarrow pydantic quantstats ray rich scipy "
    "sklearn talib".split()
)
AMBIENT_CALLS = frozenset({"open", "input", "breakpoint", "exec", "eval", "__import__"})
CLOCK_METHODS = frozenset({"now", "utcnow", "today"})
SEEDED = frozenset({"Generator", "PCG64", "PCG64DXSM", "Philox", "SFC64", "SeedSequence"})


def breaches(tree: ast.Module) -> Iterator[str]:
    """What in a module's syntax tree would read or change the world, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name in sorted(roots(node) & AMBIENT_MODULES):
                yield f"line {node.lineno}: imports {name}"
        elif isinstance(node, ast.Call) and (call := ambient_call(node)):
            yield f"line {node.lineno}: calls {call}"
    for node in module_level(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name in sorted(roots(node) & HEAVY_MODULES):
                yield f"line {node.lineno}: imports {name} when it is imported itself"


def roots(node: ast.Import | ast.ImportFrom) -> set[str]:
    """The top-level packages an import statement names."""
    if isinstance(node, ast.ImportFrom):
        return {(node.module or "").partition(".")[0]} if not node.level else set()
    return {alias.name.partition(".")[0] for alias in node.names}


def ambient_call(node: ast.Call) -> str | None:
    """The name of the call if it reads a clock, draws an unseeded number or opens something."""
    dotted = ast.unparse(node.func)
    last = dotted.rpartition(".")[2]
    seedless = not node.args and not node.keywords
    if dotted in AMBIENT_CALLS:
        return dotted
    if last in CLOCK_METHODS and any(part in {"datetime", "date"} for part in dotted.split(".")):
        return dotted
    if last in {*SEEDED, "default_rng"}:
        return dotted if seedless else None
    return dotted if f".{dotted}".endswith(f".random.{last}") else None


def module_level(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run when the module is imported: everything outside function bodies."""
    for node in ast.iter_child_nodes(tree):
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from module_level(node)


@pytest.mark.parametrize("module", sorted(pure_modules()))
def test_module_is_pure(module: str) -> None:
    tree = ast.parse(pure_modules()[module].read_text(encoding="utf-8"))
    assert list(breaches(tree)) == []


@pytest.mark.parametrize(
    "code",
    [
        "import time",
        "from os import environ",
        "import os.path",
        "def f():\n    import random",
        "from pathlib import Path",
        "import threading",
        "import uuid",
        "import secrets",
        "import asyncio",
        "import socket",
        "text = open('x').read()",
        "import datetime\nnow = datetime.datetime.now(datetime.UTC)",
        "from datetime import datetime\nnow = datetime.utcnow()",
        "from datetime import date\nnow = date.today()",
        "import numpy as np\nx = np.random.normal()",
        "import numpy as np\nnp.random.seed(3)",
        "import numpy as np\nrng = np.random.default_rng()",
        "from numpy.random import default_rng\nrng = default_rng()",
        "import numpy as np\nseeds = np.random.SeedSequence().spawn(2)",
        "import numba",
        "class A:\n    import polars",
        "try:\n    import pandas\nexcept ImportError:\n    pandas = None",
        "from pydantic import BaseModel",
    ],
)
def test_a_planted_breach_is_found(code: str) -> None:
    assert list(breaches(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "import numpy as np\nrng = np.random.default_rng(7)",
        "import numpy as np\nrng = np.random.Generator(np.random.PCG64(7))",
        "def kernel():\n    import numba\n    return numba",
        "from datetime import datetime\nstart = datetime.fromtimestamp(0)",
        "import numpy as np\nseeds = np.random.SeedSequence(7).spawn(2)",
        "x = rng.normal()",
    ],
)
def test_what_is_allowed_is_not_reported(code: str) -> None:
    assert list(breaches(ast.parse(code))) == []


def loaded_by(program: str) -> set[str]:
    """The top-level modules that are loaded once `program` has run in a process of its own."""
    report = "\nimport json, sys\nsys.stderr.write('\\n' + json.dumps(sorted(m for m in sys.modules if '.' not in m)))"
    run = subprocess.run(
        [sys.executable, "-c", program + report],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(run.stderr.rpartition("\n")[2]))


def test_importing_every_pure_module_loads_nothing_heavy() -> None:
    imports = "import importlib\nfor name in " + repr(sorted(pure_modules())) + ":\n    importlib.import_module(name)"
    assert loaded_by(imports) & HEAVY_MODULES == set()


def test_asking_for_the_version_loads_nothing_heavy() -> None:
    ask = (
        "import sys\nsys.argv = ['tradewind', '--version']\n"
        "from tradewind.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    )
    assert loaded_by(ask) & (HEAVY_MODULES - {"rich"} | {"numpy"}) == set()
