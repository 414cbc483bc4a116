"""A user's own strategies: loaded from modules and files, described, and started from a template that runs."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import REPOSITORY
from tests.unit.strategy.runs import run
from tests.unit.strategy.series import KINDS
from tradewind.app.strategies import TEMPLATE, describe_strategy, load_class, make_strategy, write_template
from tradewind.model.errors import ConfigError
from tradewind.strategy.base import Strategy
from tradewind.strategy.builtin.macd import Macd

EXAMPLE = REPOSITORY / "examples" / "dip_buyer.py"


def trades(strategy: Strategy) -> bool:
    result = run(strategy, KINDS["swings"](np.random.default_rng(4), 300))
    assert result.failed == []
    return set(np.diff(result.sides).tolist()) == {-1, 0, 1}


def wrong(place: str) -> str:
    with pytest.raises(ConfigError) as refusal:
        load_class(place)
    return str(refusal.value)


def file(folder: Path, text: str) -> Path:
    path = folder / "mine.py"
    path.write_text("from tradewind.strategy.base import Strategy\n" + text, encoding="utf-8")
    return path


# -- the template -----------------------------------------------------------------------------------------------------


def test_the_template_is_fifteen_lines_that_trade(tmp_path: Path) -> None:
    place = write_template(tmp_path / "my_trend.py")
    assert place == f"{tmp_path / 'my_trend.py'}:MyTrend"
    assert len((tmp_path / "my_trend.py").read_text(encoding="utf-8").splitlines()) <= 15
    assert trades(make_strategy(place, {"fast": "5", "slow": 15}))
    assert [path.name for path in tmp_path.iterdir()] == ["my_trend.py"]


def test_the_template_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "my_trend.py"
    path.write_text("precious", encoding="utf-8")
    with pytest.raises(ConfigError) as refusal:
        write_template(path)
    assert str(refusal.value) == f"{path} already exists: choose another name, or ask to overwrite it"
    assert path.read_text(encoding="utf-8") == "precious"


def test_a_name_without_a_suffix_becomes_a_python_file(tmp_path: Path) -> None:
    assert write_template(tmp_path / "fast-trend") == f"{tmp_path / 'fast-trend.py'}:FastTrend"


@pytest.mark.parametrize("name", ["3.py", "my trend.py", "notes.txt", "_.py", "a:b.py"])
def test_a_file_that_cannot_name_a_class_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        write_template(tmp_path / name)
    assert str(refusal.value) == f"{name!r} cannot name a strategy: use letters, digits and _, as in my_trend.py"
    assert list(tmp_path.iterdir()) == []


def test_the_documented_first_strategy_is_the_template_and_trades(tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "first-strategy.md").read_text(encoding="utf-8")
    shown = page.split("```python\n", 1)[1].split("```", 1)[0]
    assert shown == TEMPLATE.format(name="MyTrend")
    path = tmp_path / "shown.py"
    path.write_text(shown, encoding="utf-8")
    assert trades(make_strategy(f"{path}:MyTrend", {"fast": 5, "slow": 15}))


# -- the example ------------------------------------------------------------------------------------------------------


def test_the_example_trades() -> None:
    assert trades(make_strategy(f"{EXAMPLE}:DipBuyer", {"drop": 0.02}))


def test_the_example_describes_itself() -> None:
    description = describe_strategy(str(EXAMPLE))
    assert description.name == str(EXAMPLE)
    assert [each.name for each in description.parameters] == ["length", "drop", "patience_bars"]
    assert all(each.doc for each in description.parameters)


# -- finding and loading ----------------------------------------------------------------------------------------------


def test_a_module_is_imported() -> None:
    assert make_strategy("tradewind.strategy.builtin.macd:Macd", {"fast": 3}) == Macd(fast=3)


def test_a_file_is_run_again_each_time(tmp_path: Path) -> None:
    path = file(tmp_path, "class Mine(Strategy):\n    size: int = 1\n")
    before = load_class(f"{path}:Mine")()
    file(tmp_path, "class Mine(Strategy):\n    size: int = 22\n")
    after = load_class(f"{path}:Mine")()
    assert (before.size, after.size) == (1, 22)  # type: ignore[attr-defined]


def test_a_file_with_one_strategy_needs_no_class(tmp_path: Path) -> None:
    path = file(tmp_path, "class Mine(Strategy):\n    pass\n")
    assert load_class(str(path)).__name__ == "Mine"


def test_a_builtin_name_needs_no_file() -> None:
    assert make_strategy("macd", {}) == Macd()
    assert describe_strategy("macd").name == "macd"


def test_what_cannot_be_found_says_what_to_do(tmp_path: Path) -> None:
    path = file(tmp_path, "class Mine(Strategy):\n    pass\nclass Yours(Strategy):\n    pass\nnumber = 3\n")
    assert wrong(f"{path}:Mime") == f"{path} has no strategy 'Mime': did you mean 'Mine'?"
    assert wrong(f"{path}:Zzzz") == f"{path} has no strategy 'Zzzz': choose from Mine, Yours"
    assert wrong(str(path)) == f"{path} has 2 strategies: name one, as in {path}:Mine"
    assert wrong(f"{path}:number") == (
        f"{path}:number is not a strategy: derive it from tradewind.strategy.base.Strategy"
    )
    missing = tmp_path / "gone.py"
    assert wrong(f"{missing}:Gone") == (
        f"there is no file {missing}: `tradewind strategies new gone` writes one to start from"
    )
    assert wrong("no_such_module:X") == (
        "there is no module 'no_such_module': install it, or give the path of its file"
    )
    assert wrong("tradewind.nowhere:X") == (
        "there is no module 'tradewind.nowhere': install it, or give the path of its file"
    )
    assert wrong("tradewind.strategy.registry:Nothing") == (
        "tradewind.strategy.registry has no strategy 'Nothing': it defines no class derived from Strategy"
    )


def test_a_file_without_a_strategy_says_so(tmp_path: Path) -> None:
    path = file(tmp_path, "")
    assert wrong(str(path)) == f"{path} has no strategy: it defines no class derived from Strategy"


def test_a_file_that_fails_is_named_with_its_error(tmp_path: Path) -> None:
    path = file(tmp_path, "1 / 0\n")
    assert wrong(f"{path}:Mine") == f"{path} cannot be loaded: ZeroDivisionError: division by zero"
    path = file(tmp_path, "def (:\n")
    assert wrong(f"{path}:Mine").startswith(f"{path} cannot be loaded: SyntaxError: ")


def test_a_module_that_fails_is_named_with_its_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_by_need.py").write_text("import not_installed_anywhere\n", encoding="utf-8")
    (tmp_path / "broken_by_sum.py").write_text("1 / 0\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert wrong("broken_by_need:X") == (
        "module 'broken_by_need' cannot be loaded: ModuleNotFoundError: No module named 'not_installed_anywhere'"
    )
    assert wrong("broken_by_sum:X") == "module 'broken_by_sum' cannot be loaded: ZeroDivisionError: division by zero"
