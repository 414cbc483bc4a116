"""`check lookahead` and `check warmup` as a person types them: generated markets, files, and a planted leak."""

from pathlib import Path

import pytest

from tests.integration.test_cli import Run, candles, home, last_object, run

__all__ = ["candles", "home", "run"]

LEAK = """
import numpy as np
from tradewind.model.intents import FLAT, TargetWeight
from tradewind.numeric.indicators import IndicatorSpec
from tradewind.strategy.base import Strategy

class Stream:
    def __init__(self, scale):
        self.scale = scale
    def update(self, bar):
        return bar.close / self.scale

class Tomorrow(IndicatorSpec, frozen=True):
    state = Stream
    @property
    def warmup_bars(self):
        return 1
    def direct(self, bars):
        closes = bars.close / bars.price_scale
        return (np.append(closes[1:], closes[-1:]),)

class Prophet(Strategy):
    def indicators(self):
        return (Tomorrow(),)
    def on_bar(self, view):
        return TargetWeight(1.0) if view.values[0] > view.close else FLAT
"""


def test_an_honest_strategy_passes_on_a_generated_market(run: Run) -> None:
    code, out, _ = run("check", "lookahead", "macd", "--bars", "200", "--json")
    found = last_object(out)
    assert (code, found["clean"]) == (0, True)
    assert [test["test"] for test in found["tests"]] == [
        "repetition", "truncation", "future changed", "too good", "shuffled returns",
    ]  # fmt: skip
    assert found["decisions"] > 5


BROKEN = """
from tradewind.strategy.base import Strategy

class Broken(Strategy):
    def {callback}(self, *_):
        raise RuntimeError("boom")
"""


def test_a_strategy_that_raises_is_told_with_what_it_raised(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "broken.py"
    place.write_text(BROKEN.format(callback="on_bar"))
    code, out, _ = run("check", "lookahead", place, "--bars", "100")
    assert code == 1
    assert "it failed, and decides nothing from there on: RuntimeError: boom" in out
    place.write_text(BROKEN.format(callback="indicators"))
    for words in (("check", "lookahead"), ("check", "warmup"), ("strategies", "show")):
        code, _, err = run(*words, place)
        assert (code, "its indicators() raised RuntimeError: boom" in err) == (2, True)


@pytest.mark.parametrize("bars", ["0", "-5", "99"])
def test_too_few_bars_are_refused(run: Run, candles: Path, bars: str) -> None:
    for check in ("lookahead", "warmup"):
        code, _, err = run("check", check, "macd", "--data", candles, "--interval", "1h", "--bars", bars)
        assert (code, "--bars must be at least 100" in err) == (2, True)
    few = ("--data", candles, "--interval", "1h", "--to", "2024-01-02")
    code, _, err = run("check", "lookahead", "macd", *few)
    assert (code, "a check needs 100" in err) == (2, True)


def test_a_planted_leak_is_caught_on_files(run: Run, candles: Path, tmp_path: Path) -> None:
    place = tmp_path / "prophet.py"
    place.write_text(LEAK)
    words = ("--data", candles, "--interval", "1h", "--bars", "200")
    code, out, _ = run("check", "lookahead", place, *words)
    assert code == 1
    assert "a leak was found" in out
    assert "Sharpe per bar" in out
    code, out, _ = run("check", "warmup", f"{place}:Prophet", *words, "--json")
    (test,) = last_object(out)["tests"]
    assert code == 1
    assert test["told"] == "over columns it is not what its stream gives, first at bar 1"


@pytest.mark.parametrize("name", ["donchian", "buy_and_hold"])
def test_warm_ups_are_told(run: Run, name: str) -> None:
    code, out, _ = run("check", "warmup", name, "--bars", "300")
    assert code == 0
    assert ("donchian(20)" in out) is (name == "donchian")
    assert ("it declares no indicators" in out) is (name == "buy_and_hold")


def test_a_strategy_that_decides_nothing_shows_nothing(run: Run) -> None:
    code, out, _ = run("check", "lookahead", "market_maker", "--bars", "100")
    assert code == 1
    assert "nothing was shown" in out
