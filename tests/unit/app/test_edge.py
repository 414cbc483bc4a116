"""Edges from kept runs: of the same bot only, and held to with real money."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from tests.engine_rig import BTC, Desk, Scripted, config
from tradewind.app.config import resolve
from tradewind.app.edge import known_edges, live_rules, measured_edges
from tradewind.app.home import Home
from tradewind.app.replaying import recorded_engine
from tradewind.app.settings import Config
from tradewind.app.wiring import engine_config
from tradewind.engine.readmodel import ReadModel
from tradewind.model.errors import ConfigError
from tradewind.model.intents import FLAT, TargetWeight
from tradewind.portfolio.edge_gate import EdgeRules, KnownEdge
from tradewind.portfolio.tiers import TIERS
from tradewind.storage.runs import RunRecord, RunStore

MADE = config((TargetWeight(0.5), FLAT))


def settings(**overrides: Any) -> Config:
    return resolve(Home(Path("nowhere")), {}, overrides=overrides).config


@pytest.fixture
def traded() -> Desk:
    """A bot that gained 200 bps on its one trade, before costs."""
    desk = Desk(MADE)
    for price in (10_000, 10_200):
        desk.bar()
        desk.fill(desk.sent[-1].order_id, price=price, fee="1")
    return desk


@pytest.fixture
def store(tmp_path: Path, traded: Desk) -> RunStore:
    kept = RunStore(tmp_path)
    record = RunRecord(
        kind="backtest", created_at_ns=10**18, code_version="1", engine=recorded_engine(MADE), settings={}
    )
    kept.save(record, audit=traded.state.audit)
    return kept


def test_an_edge_is_known_from_a_kept_run_of_the_same_bot(store: RunStore) -> None:
    (run,) = [each.id for each in store.listing().runs]
    assert known_edges(MADE, store, [run]) == {"a": KnownEdge(1, Decimal(200))}
    assert known_edges(MADE, store, [run, run])["a"].trades == 2
    other = msgspec.structs.replace(MADE.bots[0], strategy=Scripted(script=()))
    assert known_edges(msgspec.structs.replace(MADE, bots=(other,)), store, [run]) == {}


def test_a_run_that_is_not_there_is_refused(store: RunStore) -> None:
    with pytest.raises(ConfigError, match="nosuch"):
        known_edges(MADE, store, ["nosuch"])


def test_the_gate_holds_with_real_money_and_where_it_is_asked_for(store: RunStore) -> None:
    for gate, real, held in (("auto", True, True), ("auto", False, False), ("block", False, True)):
        found = live_rules(settings(edge={"gate": gate}), MADE, store, real_money=real)
        assert found == (EdgeRules() if held else UNSET)


def test_an_override_names_a_bot_and_says_why(store: RunStore) -> None:
    rules = live_rules(settings(edge={"override": {"a": "ann: trial"}}), MADE, store, real_money=True)
    assert isinstance(rules, EdgeRules)
    assert rules.overrides == {"a": "ann: trial"}
    with pytest.raises(ConfigError, match="'b', which is no bot: choose from a"):
        live_rules(settings(edge={"override": {"b": "ann: trial"}}), MADE, store, real_money=True)
    with pytest.raises(ConfigError, match="who lets it trade and why"):
        settings(edge={"override": {"a": " "}})


def test_a_run_that_is_over_says_who_would_open_nothing(traded: Desk) -> None:
    model = ReadModel([BTC])
    model.take(traded.state.audit)
    (found,) = measured_edges(MADE, model, Decimal(5))
    assert (found.bot, found.trades, found.answer.passes) == ("a", 1, False)
    assert found.answer.edge_bps == pytest.approx(Decimal(200) / 21)
    assert found.answer.hurdle_bps == 85


def test_tiers_reach_the_engine_with_the_families_that_they_ask_for() -> None:
    bots = [{"strategy": "macd"}]
    made = engine_config(settings(bots=bots, tiers={"enabled": True, "excluded": ["BTC-USD"]}), [BTC])
    assert made.tiers.table == TIERS  # type: ignore[union-attr]
    assert made.tiers.excluded == ("BTC-USD",)  # type: ignore[union-attr]
    assert made.bots[0].family == "momentum"
    assert engine_config(settings(bots=bots), [BTC]).tiers is UNSET
    own = {"name": "one", "from": 5, "positions": 3, "risk_daily": "0.1", "risk_total": "0.2"}
    made = engine_config(settings(bots=bots, tiers={"enabled": True, "table": [own]}), [BTC])
    assert made.tiers.table[0].positions_max == 3  # type: ignore[union-attr]
    with pytest.raises(ConfigError, match="rising"):
        engine_config(settings(bots=bots, tiers={"enabled": True, "table": [own, own]}), [BTC])
