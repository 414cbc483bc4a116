"""Exit codes of what goes wrong, progress bars, pictures some times a second, series keys, and silences."""

import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from rich.live import Live
from rich.text import Text

from tradewind.cli import demonstration, main, output
from tradewind.cli.data_commands import parse_key
from tradewind.cli.explaining import age_text
from tradewind.cli.output import print_json, progress
from tradewind.model.errors import ConfigError
from tradewind.storage.catalog import SeriesKey


def raising(error: BaseException) -> Callable[[list[str]], Any]:
    def tree(_words: list[str]) -> Any:
        def app(*_: Any, **__: Any) -> int:
            raise error

        return app

    return tree


def test_interrupting_is_no_error_and_bugs_are_not_hidden(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tradewind.cli.tree.command_tree", raising(KeyboardInterrupt()))
    assert main.main(["x"]) == 130
    assert capsys.readouterr().err == "stopped\n"
    monkeypatch.setattr("tradewind.cli.tree.command_tree", raising(ConfigError("a: b")))
    assert main.main(["x"]) == 2
    assert capsys.readouterr().err == "error: a: b\n"
    monkeypatch.setattr("tradewind.cli.tree.command_tree", raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main.main(["x"])


def test_version_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--version"]) == main.main(["-V"]) == 0
    assert capsys.readouterr().out.startswith("tradewind ")


def test_progress_is_drawn_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = io.StringIO()
    with progress("reading", quiet=False) as observer:
        observer(1, 2)
    monkeypatch.setattr(output.sys, "stderr", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(output, "Console", lambda **_: Console(file=drawn, force_terminal=True, width=80))
    with progress("reading", quiet=False) as observer:
        observer(1, 2)
        observer(2, 2)
    assert "reading" in drawn.getvalue()
    assert "2/2" in drawn.getvalue()
    before = drawn.getvalue()
    with progress("reading", quiet=True) as observer:
        observer(2, 2)
    assert drawn.getvalue() == before


class Screen:
    """Counts what is asked of it."""

    def __init__(self) -> None:
        self.taken = self.drawn = 0

    def take(self, glance: object) -> None:
        self.taken += 1

    def draw(self, width: int, height: int) -> Text:
        self.drawn += 1
        return Text(f"picture {self.drawn}")

    def line(self) -> str:
        return f"line {self.taken}"


def moment(elapsed_s: float, done: int) -> Any:
    return SimpleNamespace(elapsed_s=elapsed_s, done=done, total=100)


def test_pictures_are_drawn_some_times_a_second_and_at_the_end() -> None:
    screen: Any = Screen()
    console = Console(file=io.StringIO(), force_terminal=True, width=80, height=10)
    with Live(console=console, auto_refresh=False) as picture:
        watch = demonstration._drawing(screen, picture, console)
        for step in range(100):
            watch(moment(step / 100, step + 1))
    assert screen.taken == 100
    assert 7 <= screen.drawn <= 10


def test_lines_are_told_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    screen: Any = Screen()
    with demonstration.shown(screen, live=False, quiet=False) as watch:
        for step in range(100):
            watch(moment(step / 10, step + 1))
    assert capsys.readouterr().out.splitlines() == ["line 51", "line 100"]
    with demonstration.shown(screen, live=False, quiet=True) as watch:
        watch(moment(50.0, 100))
    assert capsys.readouterr().out == ""


def test_series_are_named_by_three_parts() -> None:
    assert parse_key("coinbase/BTC-USD/1h") == SeriesKey("coinbase", "BTC-USD", "bars", "1h")
    assert parse_key("coinbase/BTC-USD/trades") == SeriesKey("coinbase", "BTC-USD", "trades")
    for text in ("BTC-USD", "a/b/c/d", ""):
        with pytest.raises(ConfigError, match="names no series"):
            parse_key(text)
    with pytest.raises(ConfigError, match="unknown interval"):
        parse_key("a/b/soon")


def test_numbers_of_numpy_and_money_become_json(capsys: pytest.CaptureFixture[str]) -> None:
    from decimal import Decimal

    import numpy as np

    print_json({"a": np.int64(3), "b": np.float64(0.5), "c": Decimal("1E+3"), "d": float("nan")})
    assert capsys.readouterr().out == '{"a":3,"b":0.5,"c":"1E+3","d":null}\n'
    with pytest.raises(TypeError, match="no JSON for object"):
        print_json(object())


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (3.9e-05, "0 s"),
        (0.0514, "0.051 s"),
        (42.81, "42.8 s"),
        (720, "12 min"),
        (108_000, "30 h"),
        (432_000, "5 d"),
    ],
)
def test_ages_have_the_digits_that_matter(seconds: float, text: str) -> None:
    assert age_text(seconds) == text
