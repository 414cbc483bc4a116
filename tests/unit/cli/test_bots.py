"""`tradewind bots`: what is asked of the session, and what is shown of its answer."""

from pathlib import Path
from typing import Any

import pytest

from tradewind.cli import operations
from tradewind.cli.main import run

ROW: dict[str, Any] = {
    "bot": "trend", "state": "paused: news", "strategy": "bots/mine.py:Mine", "parameters": {"fast": 12},
    "budget": "0.25", "instruments": ["BTC-USD"], "exits": None, "changed": True, "former": None,
}  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    heard: list[dict[str, Any]] = []

    def ask(_: object, what: dict[str, Any]) -> object:
        heard.append(what)
        return [ROW] if what["do"] == "bots" else ROW | {"warms_up": 3, "trouble": "no candles of the past"}

    monkeypatch.setattr(operations, "session_folder", lambda *_: None)
    monkeypatch.setattr(operations, "ask", ask)
    return heard


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("pause", "trend", "--reason", "news"), {"do": "pause_bot", "bot": "trend", "reason": "news"}),
        (("resume", "trend"), {"do": "resume_bot", "bot": "trend"}),
        (
            ("disable", "trend", "--flatten"),
            {"do": "disable_bot", "bot": "trend", "reason": "operator", "flatten": True},
        ),
        (("budget", "trend", "0.25"), {"do": "budget_bot", "bot": "trend", "budget": "0.25", "reason": "operator"}),
        (
            ("reload", "trend", "--param", "fast=12", "--strategy", "mine.py:Mine"),
            {
                "do": "reload_bot", "bot": "trend", "strategy": f"{Path('mine.py').resolve()}:Mine",
                "parameters": {"fast": "12"}, "reason": "operator",
            },
        ),
    ],
)  # fmt: skip
def test_a_bot_is_spoken_of_and_its_answer_is_shown(
    words: tuple[str, ...],
    what: dict[str, Any],
    asked: list[dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["bots", *words]) == 0
    assert asked == [what]
    out = capsys.readouterr().out
    assert "trend is paused: news, mine.py:Mine (fast 12), budget 0.25" in out
    assert "it decides from the close of bar 3 from now on" in out
    assert "no candles of the past" in out


def test_bots_are_listed(asked: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bots", "list"]) == 0
    assert "paused: news" in capsys.readouterr().out


def test_a_parameter_without_a_value_is_wrong_input(
    asked: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["bots", "reload", "trend", "--param", "fast"]) == 2
    assert "write name=value" in capsys.readouterr().err
    assert asked == []


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ({"applied": ["bots.trend.budget"], "waits": ["seed"], "bots": []}, 0,
         "applied bots.trend.budget\nseed waits for the next start"),
        ({"applied": [], "waits": [], "bots": []}, 0, "the configuration is what the session runs by"),
        ({"refused": "a running session cannot take over limits.leverage_max: set it back"}, 2,
         "cannot take over limits.leverage_max: set it back"),
    ],
)  # fmt: skip
def test_a_reload_says_what_was_applied_and_what_was_refused(
    answer: dict[str, Any], code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(operations, "session_folder", lambda *_: None)
    monkeypatch.setattr(operations, "ask", lambda _, what: answer if what == {"do": "reload"} else None)
    assert run(["reload"]) == code
    told = capsys.readouterr()
    assert said in told.out + told.err
