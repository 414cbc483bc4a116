"""`tradewind live` and what operators say to it, on a local exchange."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_rig import Say, speaker
from tests.e2e.live_rig import BotProcess, ExchangeProcess, bots_config, until
from tradewind.app.home import HOME_VARIABLE


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExchangeProcess]:
    process = ExchangeProcess(tmp_path_factory.mktemp("exchange"))
    yield process
    process.stop()


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    return speaker(capsys)


@pytest.mark.slow
def test_a_session_runs_ends_clean_and_the_next_one_knows_its_account(
    tmp_path: Path, exchange: ExchangeProcess, say: Say
) -> None:
    config = bots_config(tmp_path / "bots.toml", bots=4, seconds=1)
    words = ("live", config, "--endpoint", exchange.keys, "--account", "beta", "--yes")
    code, told, error = say(*words, "--minutes", "0.08", "--json")
    assert code == 0, error
    assert told["clean"]
    assert told["cash"].keys() == {"USD"}
    code, out, error = say(*words, "--minutes", "0.03")
    assert code == 0, error
    assert "ended since it was minutes" in out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--account", "mover", "--yes"), "may transfer money"),
        (("--account", "viewer", "--yes"), "may not trade"),
        (("--account", "nobody", "--yes"), "no account 'nobody'"),
        ((), "nobody is there to confirm"),
        (("--yes", "--set", 'data.instruments=["NOPE-USD"]', "--set", "bots=[]"), "no product NOPE-USD"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(
    tmp_path: Path, exchange: ExchangeProcess, say: Say, words: tuple[str, ...], complaint: str
) -> None:
    config = bots_config(tmp_path / "bots.toml", bots=1)
    code, _, error = say("live", config, "--endpoint", exchange.keys, *words)
    assert code == 2
    assert complaint in error


def test_nothing_trades_real_money_by_default(tmp_path: Path, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "bots.toml"
    config.write_text('[data]\ninstruments = ["BTC-USD"]\n[[bots]]\nstrategy = "macd"\n')
    monkeypatch.delenv("COINBASE_API_KEY", raising=False)
    code, _, error = say("live", config, "--yes")
    assert code == 2
    assert "needs a key" in error


@pytest.mark.slow
def test_operators_ask_and_tell_a_running_session(tmp_path: Path, exchange: ExchangeProcess, say: Say) -> None:
    assert say("status")[0] == say("halt")[0] == 2
    bot = BotProcess(tmp_path, exchange, bots_config(tmp_path / "bots.toml", bots=4, seconds=1))
    bot.ready_within(30)
    until(lambda: bot.status()["requests"]["placed"] > 2, 30, "the bots do not trade")
    assert say("status", "--json")[1]["phase"] == "trading"
    assert "open orders" in say("status")[1]
    assert say("orders", "--all", "--json")[1]["orders"]
    assert "orders" in say("orders")[1]
    assert "positions" in say("positions", "--json")[1]
    assert say("fills", "--limit", "3", "--json")[1]["fills"]
    assert say("halt", "--reason", "look", "--json")[1]["halted"] == "look"
    assert "positions" in say("flatten", "--json")[1]
    code, _, error = say("flatten", "--bot", "nobody")
    assert code == 2
    assert "no bot 'nobody'" in error
    assert say("resume", "--json")[1]["halted"] is None
    bot.kill()
    code, told, error = say("halt", "--venue", "--endpoint", exchange.keys, "--reason", "dead", "--json")
    assert code == 0, error
    assert told["left"] == []
    assert "halted: dead" in say("halt", "--reason", "again")[1]
    assert say("resume")[0] == 0


def test_paper_on_a_live_market_needs_no_key(tmp_path: Path, exchange: ExchangeProcess, say: Say) -> None:
    config = bots_config(tmp_path / "bots.toml", bots=4, seconds=1)
    words = ("paper", config, "--venue", "coinbase", "--endpoint", exchange.keys, "--minutes", "0.06", "--json")
    code, told, error = say(*words)
    assert code == 0, error
    assert told["clean"]
    assert told["requests"] == {}
