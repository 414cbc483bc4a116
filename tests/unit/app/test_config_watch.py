"""The configuration guardian: which changes halt, which reduce, when a file is believed, and what ends the mode."""

import os
from pathlib import Path

import msgspec
import pytest

from tests.engine_rig import Desk, config
from tradewind.app.config import Resolved, resolve
from tradewind.app.config_watch import RULE, Act, Action, ConfigWatch, commands, open_positions
from tradewind.app.home import Home
from tradewind.app.live.building import settings_of
from tradewind.app.recording import recorded_config
from tradewind.model.commands import EnterReduceOnly, Halt, LeaveReduceOnly
from tradewind.model.errors import ConfigError
from tradewind.model.intents import TargetQuantity
from tradewind.model.money import ONE
from tradewind.storage.runs import RunRecord

START = """
[data]
instruments = ["BTC-USD", "ETH-USD"]
interval = "1m"
[limits]
leverage_max = 2
[instruments."BTC-USD"]
min_notional = 5
[[bots]]
id = "trend"
strategy = "donchian"
budget = 0.5
[[bots]]
strategy = "macd"
instruments = ["ETH-USD"]
"""
HELD = {"macd": frozenset({"ETH-USD"})}


class Watched:
    """A configuration file and its guardian."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "bots.toml"
        self._age = 0
        self.write(START)
        self.watch = ConfigWatch([self.file], self._read, self._read().config)

    def _read(self) -> Resolved:
        return resolve(Home(self.file.parent / "home"), {}, file=self.file, profile="paper")

    def write(self, text: str) -> None:
        self.file.write_text(text, encoding="utf-8")
        self._age += 1
        os.utime(self.file, ns=(self._age * 10**9, self._age * 10**9))

    def told(self, text: str, held: dict[str, frozenset[str]] | None = None) -> Act | None:
        """Write a text and look twice, as it takes to believe it."""
        self.write(text)
        assert self.watch.look(held or {}) is None
        return self.watch.look(held or {})


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "action", "keys"),
    [
        ("leverage_max = 2", "leverage_max = 3", Action.REDUCE, "limits.leverage_max"),
        ("[limits]", "[breakers]\ndaily_loss_max = 0.05\n[limits]", Action.REDUCE, "breakers.daily_loss_max"),
        ("min_notional = 5", "min_notional = 6", Action.REDUCE, "instruments.BTC-USD.min_notional"),
        ("[limits]", "[live]\nvenue = 'other'\n[limits]", Action.HALT, "live.venue"),
        ("[limits]", "[live]\naccount = 'a'\nkeys = 'k'\n[limits]", Action.HALT, "live.account, live.keys"),
        ("[limits]", "[account]\ncurrency = 'EUR'\n[limits]", Action.HALT, "account.currency"),
        ("leverage_max = 2", "[live]\nvenue = 'x'", Action.HALT, "limits.leverage_max, live.venue"),
    ],
)
def test_grave_changes_are_acted_on_and_named(watched: Watched, old: str, new: str, action: Action, keys: str) -> None:
    assert watched.told(START.replace(old, new)) == Act(action, f"changed under the running session: {keys}")


@pytest.mark.parametrize(
    "change",
    [
        ("budget = 0.5", "budget = 0.4"),
        ('"donchian"', '"donchian"\nparameters = { entry_bars = 30 }'),
        ('strategy = "macd"', 'id = "macd"\nstrategy = "rsi_reversion"'),
        ('["BTC-USD", "ETH-USD"]', '["BTC-USD", "ETH-USD", "SOL-USD"]'),
        ("[data]", "seed = 9\n[data]"),
        ("[data]", "# a remark\n[data]"),
    ],
)
def test_harmless_changes_are_not(watched: Watched, change: tuple[str, str]) -> None:
    assert watched.told(START.replace(*change), HELD) is None


def test_the_order_of_bots_and_instruments_says_nothing(watched: Watched) -> None:
    first, second, third = START.split("[[bots]]")
    turned = first.replace('["BTC-USD", "ETH-USD"]', '["ETH-USD", "BTC-USD"]')
    assert watched.told(f"{turned}[[bots]]{third}[[bots]]{second}") is None


def test_a_symbol_with_an_open_position_cannot_be_removed(watched: Watched) -> None:
    less = START.replace('["BTC-USD", "ETH-USD"]', '["BTC-USD"]').replace('["ETH-USD"]', '["BTC-USD"]')
    assert watched.told(less) is None
    act = watched.told(less + "# held now\n", HELD)
    assert act is not None
    assert act.action is Action.REDUCE
    assert "data.instruments (ETH-USD has an open position and cannot be removed)" in act.reason
    assert "bots.macd.instruments (ETH-USD has an open position and cannot be removed)" in act.reason


def test_a_bot_with_an_open_position_cannot_be_removed(watched: Watched) -> None:
    act = watched.told(START.rpartition("[[bots]]")[0], HELD)
    assert act is not None
    assert act.reason.endswith("bots.macd (it has an open position and cannot be removed)")


def test_a_file_that_is_being_written_is_not_believed(watched: Watched) -> None:
    watched.write("")
    assert watched.watch.look({}) is None
    watched.write(START)
    assert watched.watch.look({}) is None
    assert watched.watch.look({}) is None


@pytest.mark.parametrize("text", ["[data", "[limits]\nleverage = 2\n", "[limits]\nleverage_max = 'much'\n"])
def test_an_invalid_file_takes_no_new_risk_until_it_is_as_it_was(watched: Watched, text: str) -> None:
    act = watched.told(text)
    assert act is not None
    assert act.action is Action.REDUCE
    assert "not valid" in act.reason
    assert str(watched.file) in act.reason
    assert watched.told(START) == Act(Action.CLEAR, "the configuration is as it was")


def test_a_file_that_is_gone_or_no_text_takes_no_new_risk(watched: Watched) -> None:
    watched.file.unlink()
    watched.watch.look({})
    act = watched.watch.look({})
    assert act is not None
    assert "cannot read the configuration" in act.reason
    watched.file.write_bytes(b"\xff\xfe\x00")
    watched.watch.look({})
    act = watched.watch.look({})
    assert act is not None
    assert act.action is Action.REDUCE


def test_what_was_acted_on_is_acted_on_once(watched: Watched) -> None:
    risky = START.replace("leverage_max = 2", "leverage_max = 3")
    assert watched.told(risky) is not None
    assert watched.told(risky + "# an operator has looked and resumed\n") is None
    assert watched.told(risky.replace("leverage_max = 3", "leverage_max = 4")) is not None
    assert watched.told(START) == Act(Action.CLEAR, "the configuration is as it was")


def test_what_was_applied_is_what_the_session_runs_by(watched: Watched) -> None:
    watched.write(START.replace("leverage_max = 2", "leverage_max = 3"))
    watched.watch.adopt(watched.watch.told())
    assert watched.watch.look({}) is None
    act = watched.told(START)
    assert act is not None
    assert act.action is Action.REDUCE


def test_a_reload_before_the_second_look_still_ends_the_mode(watched: Watched) -> None:
    assert watched.told(START.replace("leverage_max = 2", "leverage_max = 3")) is not None
    watched.write(START)
    watched.watch.adopt(watched.watch.told())
    acts = [watched.watch.look({}), watched.watch.look({})]
    assert Act(Action.CLEAR, "the configuration is as it was") in acts


def test_a_change_that_comes_while_another_is_applied_is_seen(watched: Watched) -> None:
    told = watched.watch.told()
    watched.write(START.replace("leverage_max = 2", "leverage_max = 3"))
    watched.watch.adopt(told)
    acts = [watched.watch.look({}), watched.watch.look({})]
    assert [act.action for act in acts if act is not None] == [Action.REDUCE]


def test_a_run_that_goes_on_is_held_to_what_it_began_with(watched: Watched) -> None:
    began = watched.watch.running
    record = RunRecord(
        kind="live",
        created_at_ns=1,
        code_version="test",
        config=msgspec.json.decode(msgspec.json.encode(recorded_config(began))),
    )
    watched.write(
        START.replace("leverage_max = 2", "leverage_max = 3").replace("[limits]", "[live]\npreview = true\n[limits]")
    )
    now = watched._read().config
    kept = settings_of(record, now)
    assert (kept.limits, kept.bots, kept.live) == (began.limits, began.bots, now.live)
    again = ConfigWatch([watched.file], watched._read, now)
    again.adopt(kept)
    act = again.look({})
    assert act == Act(Action.REDUCE, "changed under the running session: limits.leverage_max")
    watched.write(START.replace("[limits]", "[live]\npreview = true\n[limits]"))
    again.look({})
    assert again.look({}) == Act(Action.CLEAR, "the configuration is as it was")


def test_a_mode_from_before_a_death_is_over_where_the_file_was_set_back_meanwhile(watched: Watched) -> None:
    watched.watch.adopt(watched.watch.running)
    assert watched.watch.look({}) == Act(Action.CLEAR, "the configuration is as it was")


def test_the_acts_enter_the_engine_as_commands() -> None:
    desk = Desk(config([TargetQuantity(ONE)]))
    desk.bar()
    desk.fill("test-1")
    assert open_positions(desk.state) == {"a": frozenset({"BTC-USD"})}
    assert commands(Act(Action.REDUCE, "why"), desk.state, 7) == [EnterReduceOnly(7, RULE, "why")]
    assert commands(Act(Action.CLEAR, "why"), desk.state, 7) == []
    desk.take(EnterReduceOnly(7, RULE, "why"))
    assert commands(Act(Action.CLEAR, "why"), desk.state, 8) == [LeaveReduceOnly(8, RULE)]
    assert commands(Act(Action.HALT, "why"), desk.state, 8) == [Halt(8, "configuration: why")]
    desk.take(Halt(8, "x"))
    assert commands(Act(Action.HALT, "why"), desk.state, 9) == []


def test_a_file_that_cannot_be_read_is_told_to_whoever_reloads(watched: Watched) -> None:
    watched.write("[data")
    with pytest.raises(ConfigError, match="not valid TOML"):
        watched.watch.told()
