"""`why` and `why-not` as a person types them: chains of backtests and of paper sessions, in words and as JSON."""

import os
import re
from decimal import Decimal
from pathlib import Path

import pytest

from tests.integration.test_cli import Run, candles, last_object, run

__all__ = ["candles", "run"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own for each test."""
    for name in [name for name in os.environ if name.startswith("TRADEWIND_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TRADEWIND_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def tested(run: Run, candles: Path) -> None:
    """A backtest with a stop-loss on every entry."""
    words = ("--strategy", "macd", "--data", candles, "--interval", "1h", "--no-report", "--json")
    assert run("backtest", *words, "--set", "exits.stop_loss=0.05")[0] == 0


@pytest.mark.usefixtures("tested")
def test_the_chain_of_an_order_goes_from_inputs_to_outcome(run: Run) -> None:
    code, out, _ = run("why", "1", "--json")
    assert code == 0
    found = last_object(out)
    scene = found["scene"]
    assert found["order"].endswith("-1")
    assert found["reason"] == "MACD crossed above its signal"
    assert (scene["bot"], scene["strategy"]) == ("macd", "Macd")
    assert scene["wanted"] == "target 1 of its budget"
    assert set(scene["signal"]) == {f"macd(12, 26, 9)[{output}]" for output in range(3)}
    assert scene["signal"]["macd(12, 26, 9)[2]"] > 0
    inputs = {each["name"]: each for each in scene["inputs"]}
    assert inputs["bar (open high low close)"]["age_s"] == 0
    assert inputs["bar (open high low close)"]["value"].split()[-1] == inputs["mark"]["value"]
    checks = {each["check"]: each for each in found["checks"]}
    assert all(each["passed"] for each in checks.values())
    assert {"halted", "reduce_only", "funds", "leverage"} <= set(checks)
    assert Decimal(checks["funds"]["number"]) <= Decimal(checks["funds"]["limit"])
    size = {each["name"]: each["value"] for each in found["size"]}
    assert Decimal(size["equity"]) == 100_000
    assert Decimal(size["the bot held"]) == 0
    assert [line.split()[0] for line in found["plan"][1:]] == ["exit"]
    assert found["outcome"]["status"] == "filled"
    assert Decimal(found["outcome"]["filled"]) == Decimal(size["quantity"])


@pytest.mark.usefixtures("tested")
def test_the_words_are_a_chain_that_a_trader_can_follow(run: Run) -> None:
    _, out, _ = run("why", "1")
    titles = [line.split()[0] for line in out.splitlines() if not line.startswith(" ")]
    assert titles == ["order", "event", "inputs", "regime", "signal", "wanted", "size", "risk", "plan", "outcome"]
    assert " USD with its fee, 100,000.00 free" in out
    assert "         off: data_age, impact" in out
    assert "(0 s old)" in out
    assert "budget: 50.00 % of equity" in out
    assert re.search(r"size     quantity: [0-9.]+ \w+ \([0-9,.]+ USD, [0-9.]+ % of equity\)", out)


@pytest.mark.usefixtures("tested")
def test_the_end_of_an_order_tells_its_costs_and_its_exits(run: Run) -> None:
    entry = last_object(run("why", "1", "--json")[1])
    out = run("why", "1")[1]
    (fill,), (guard,) = entry["fills"], entry["exits"]
    bps = Decimal(fill["fee"]) / Decimal(fill["notional"]) * 10_000
    assert f"taker fees {Decimal(fill['fee']):,.2f} USD ({bps:.2f} bps); " in out
    assert f"bps against the last price then, {entry['mark']}" in out
    assert f"exit {guard['order_id']}: {guard['status']} " in out
    told = run("why", guard["order_id"])[1]
    assert f"wanted because: an exit that came with {entry['order']}" in told
    assert "signal   not asked: it waits at its price" in told
    assert "risk     covered by the approval of its entry" in told


def test_an_order_of_a_breaker_tells_the_fall_and_does_not_say_that_nothing_was_wrong(run: Run, candles: Path) -> None:
    words = ("--strategy", "buy_and_hold", "--data", candles, "--interval", "1h", "--no-report", "--json")
    run("backtest", *words, "--set", "protections.drawdown_max=0.02", "--set", "protections.drawdown_flatten=true")
    number = next(n for n in range(2, 9) if last_object(run("why", str(n), "--json")[1])["reason"] == "flatten")
    out = run("why", str(number))[1]
    assert re.search(r"modes    reduce-only by drawdown: .*; [0-9,.]+ USD now, [2-9]\.\d\d % below [0-9,.]+ USD", out)
    assert "passed reduce_only: only reduces, which goes on under drawdown: " in out
    assert re.search(r"realised -[0-9,.]+ USD before fees; its bot holds 0 then", out)


def test_a_refused_order_names_the_check_and_both_numbers(run: Run, candles: Path) -> None:
    words = ("--strategy", "buy_and_hold", "--data", candles, "--interval", "1h", "--no-report", "--json")
    run("backtest", *words, "--set", "limits.order_notional_max=100")
    found = last_object(run("why", "1", "--json")[1])
    assert not found["approved"]
    assert found["outcome"] is None
    (failed,) = [each for each in found["checks"] if not each["passed"]]
    assert (failed["check"], failed["limit"]) == ("order_notional", "100")
    assert Decimal(failed["number"]) > 100
    out = run("why", "1")[1]
    assert "FAILED order_notional: " in out
    assert "outcome  never sent: order_notional refused it" in out
    (quiet, *_) = last_object(run("why-not", "BTC-USD", "--json")[1])["bots"]
    assert quiet["reason"] == "refused"
    assert quiet["refused"][0]["check"] == "order_notional"
    assert quiet["refused"][0]["words"].endswith(" USD, at most 100.00")


@pytest.mark.usefixtures("tested")
def test_why_not_tells_the_reason_at_a_moment(run: Run) -> None:
    (warming,) = last_object(run("why-not", "BTC-USD", "--at", "2024-01-01T12:00", "--json")[1])["bots"]
    assert warming["reason"] == "warming_up"
    assert warming["scene"]["modes"] == ["warming up: 12 of 34 bars"]
    (later,) = last_object(run("why-not", "BTC-USD", "--at", "2024-01-03T12:00", "--json")[1])["bots"]
    assert later["reason"] in ("no_signal", "at_target")
    assert later["first"] <= later["last"]
    out = run("why-not", "BTC-USD", "--at", "2024-01-01T12:00")[1]
    assert "macd did nothing (warming_up): its indicators were not warm before the end" in out


@pytest.mark.usefixtures("tested")
def test_what_is_not_there_is_told_with_a_remedy(run: Run) -> None:
    assert run("why", "999999")[::2] == (2, _error("there is no order '999999' among the ", run("why", "999999")[2]))
    code, _, err = run("why-not", "DOGE-USD")
    assert (code, err) == (2, "error: the run has no instrument 'DOGE-USD': choose from BTC-USD, ETH-USD\n")
    code, _, err = run("why-not", "BTC-USD", "--at", "1999-01-01")
    assert (code, "the run had not begun at that moment" in err) == (2, True)
    code, _, err = run("why-not", "BTC-USD", "--bot", "nobody")
    assert (code, err) == (2, "error: the run has no bot 'nobody': choose from macd\n")


def _error(begins: str, err: str) -> str:
    assert err.startswith(f"error: {begins}")
    return err


def test_a_paper_session_is_explained_from_its_journal(run: Run) -> None:
    run("paper", "--strategy", "score", "--speed", "max", "--set", "market.bars=400", "--json")
    found = last_object(run("why", "1", "--json")[1])
    assert found["scene"]["strategy"] == "ScoreBot"
    assert found["scene"]["reading"]["temperature"] in ("HOT", "FROZEN")
    assert found["outcome"]["status"] == "filled"
    bots = last_object(run("why-not", found["scene"]["instrument"], "--json")[1])["bots"]
    assert {each["scene"]["bot"] for each in bots} <= {"score"}
