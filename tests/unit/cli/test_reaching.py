"""The packages for venues: asked for before they are used, and left alone by everything that needs none."""

import importlib.util
import subprocess
import sys
from typing import Any

import pytest

from tradewind.cli.main import main

WITHOUT = "aiohttp cryptography jwt uvloop".split()


@pytest.mark.parametrize(
    "words",
    [
        ["markets"],
        ["doctor"],
        ["account", "snapshot"],
        ["order", "cancel", "x"],
        ["data", "fetch", "coinbase/BTC-USD/1h"],
    ],
)
def test_a_missing_package_is_named_with_the_remedy(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec

    def without(name: str, *rest: Any) -> Any:
        return None if name == "aiohttp" else found(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    assert main(words) == 2
    assert capsys.readouterr().err == "error: aiohttp is missing: install tradewind[live]\n"


def test_backtest_paper_demo_and_help_load_none_of_them() -> None:
    code = (
        "import sys\n"
        "from tradewind.cli.tree import COMMANDS, command_tree\n"
        "import tradewind.cli.backtesting, tradewind.cli.demonstration, tradewind.cli.papering\n"
        "import tradewind.cli.data_commands, tradewind.research.backtest\n"
        "for name in ('markets', 'doctor', 'order', 'account', 'data', 'exchange'):\n"
        "    command_tree([name])\n"
        f"print([name for name in {WITHOUT} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
