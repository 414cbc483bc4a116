"""The packages for venues: asked for before they are used, and left alone by everything that needs none."""

import importlib.util
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest

from tradewind.cli.main import main
from tradewind.cli.reaching import positive
from tradewind.model.errors import ConfigError

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
    told = "error: aiohttp is missing: install tradewind[live]; in a checkout `make live` does\n"
    assert capsys.readouterr().err == told


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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("abc", "must be a number"),
        ("", "must be a number"),
        ("NaN", "must be a number"),
        ("1_000", "such as 1000 or 0.001"),
        ("\u0663", "such as 1000 or 0.001"),
        ("0", "above 0"),
        ("-1", "above 0"),
        ("9" * 400, "below 1e31"),
        ("1e999999999", "below 1e31"),
    ],
)
def test_what_is_no_amount_is_told_in_a_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as found:
        positive(text, "--price")
    assert len(str(found.value)) < 120


def test_an_amount_is_exact() -> None:
    assert positive("0.1", "--price") == Decimal("0.1")
    assert positive("1e30", "--price") == Decimal(10) ** 30
