"""Budgets by results in the engine: measured at fixed times, weighed outside, in force from the recorded event."""

from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.engine_rig import BTC, MINUTE_NS, Desk, Scripted, config
from tradewind.engine import resolved
from tradewind.engine.config import EngineConfig
from tradewind.engine.core import process
from tradewind.engine.digest import AuditDigest, state_digest
from tradewind.engine.driver import Driver
from tradewind.engine.replay import replay
from tradewind.engine.state import EngineState
from tradewind.model.codec import decode_audit, encode_audit
from tradewind.model.commands import ChangeBot, Fitted, PauseBot
from tradewind.model.decisions import Allotted
from tradewind.model.effects import Estimate
from tradewind.model.intents import FLAT, TargetWeight
from tradewind.model.market_events import Bar
from tradewind.portfolio.budgets import ALLOCATION, BudgetRules
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.settings import OpeningAccount, SimulationSettings
from tradewind.storage.journal.layout import SessionHeader
from tradewind.storage.journal.reader import read_journal
from tradewind.storage.journal.recorder import JournalRecorder
from tradewind.storage.journal.writer import Journal
from tradewind.strategy.base import Strategy

RULES = BudgetRules(method="inverse_volatility", every_ns=2 * MINUTE_NS, minimum=5, window=20, least=0.0)
LONG = TargetWeight(1.0)


def settings(*scripts: object, rules: BudgetRules = RULES) -> EngineConfig:
    return config(*scripts, budget=Decimal("0.5"), budgets=rules)  # type: ignore[arg-type]


def budgets(state: EngineState) -> list[Decimal]:
    return [seat.budget for seat in state.markets["BTC-USD"].seats_all]


def fitted(ts_ns: int = 1, **weights: float) -> Fitted:
    return Fitted(ts_ns, ALLOCATION, ts_ns, weights, ts_ns + 1)


def test_bots_begin_with_equal_parts_whatever_their_own_were() -> None:
    made = settings((), ())
    made = msgspec.structs.replace(
        made, bots=(msgspec.structs.replace(made.bots[0], budget=Decimal("0.1")), made.bots[1])
    )
    assert budgets(EngineState(made)) == [Decimal("0.3"), Decimal("0.3")]


def test_results_are_asked_about_when_they_are_due() -> None:
    desk = Desk(settings((LONG,), ()))
    for _ in range(4):
        desk.bar()
    desk.fill(desk.sent[0].order_id)
    desk.bar(10_100)
    desk.bar(10_100)
    asked = [each for each in desk.effects if isinstance(each, Estimate)]
    assert [each.ts_ns // MINUTE_NS for each in asked] == [2, 4, 6]
    assert asked[1].rows == ((0.0, 0.0), (0.0, 0.0))
    gained, idle = asked[2].rows[2]
    assert 0 < gained <= 0.01  # of what it works with, and it is not all invested
    assert idle == 0


def test_weights_come_into_force_at_the_next_entry_and_are_on_record() -> None:
    desk = Desk(settings((LONG,), (None, TargetWeight(0.5))))
    desk.bar()
    desk.fill(desk.sent[0].order_id)
    held = desk.state.markets["BTC-USD"].held
    desk.take(fitted(desk.ts_ns + 1, a=0.2, b=0.8))
    assert budgets(desk.state) == [Decimal("0.2"), Decimal("0.8")]
    assert desk.state.markets["BTC-USD"].held == held
    told = next(each for each in desk.state.audit if isinstance(each, Allotted))
    assert told.weights == {"a": 0.2, "b": 0.8}
    assert told.turnover == pytest.approx(0.3)
    assert told.cost == pytest.approx(0.3 * 2 * 0.009)
    desk.bar()
    assert desk.sent[1].quantity == pytest.approx(held * 0.4 / 0.5, rel=0.01)
    assert decode_audit(encode_audit([told])) == [told]


def test_a_small_change_is_left_alone() -> None:
    desk = Desk(settings((), ()))
    desk.take(fitted(a=0.54, b=0.46))
    assert budgets(desk.state) == [Decimal("0.5"), Decimal("0.5")]
    assert not any(isinstance(each, Allotted) for each in desk.state.audit)


@pytest.mark.parametrize("weights", [{"a": 1.0}, {"a": 0.9, "b": 0.9}, {"a": float("inf"), "b": 0.0}])
def test_weights_that_are_none_change_nothing_and_raise_an_alarm(weights: dict[str, float]) -> None:
    desk = Desk(settings((), ()))
    desk.take(fitted(**weights))
    assert budgets(desk.state) == [Decimal("0.5"), Decimal("0.5")]
    assert [each.name for each in desk.alarms] == [ALLOCATION]


def test_a_wish_that_came_to_nothing_is_heard_again() -> None:
    desk = Desk(settings((), ()))
    seat = desk.state.markets["BTC-USD"].seats_all[0]
    seat.target = LONG
    desk.take(fitted(a=0.9, b=0.1))
    assert seat.target is None


def test_a_bot_that_changes_its_own_budget_changes_what_is_shared() -> None:
    desk = Desk(settings((), ()))
    desk.take(fitted(a=0.2, b=0.8))
    desk.take(ChangeBot(2, "a", "less", budget=Decimal("0.1")))
    assert budgets(desk.state) == [Decimal("0.12"), Decimal("0.48")]


def test_nothing_is_measured_while_a_session_warms_up() -> None:
    desk = Desk(settings((), ()))
    for name in "ab":
        desk.take(PauseBot(1, name, "warming up"))
    for _ in range(6):
        desk.bar()
    assert desk.state.budgets is not None
    assert not desk.state.budgets.worth


def test_an_engine_with_budgets_of_its_own_asks_for_nothing() -> None:
    desk = Desk(config((LONG,)))
    for _ in range(10):
        desk.bar()
    assert not any(isinstance(each, Estimate) for each in desk.effects)
    desk.take(fitted(a=0.1))
    assert budgets(desk.state) == [Decimal(1)]


# -- a run, and the same run again -------------------------------------------------------------------------------------

SCRIPTS = tuple(tuple(LONG if (n // every) % 2 == 0 else FLAT for n in range(200)) for every in (3, 20))


def path(size: int = 200) -> list[Bar]:
    closes = (10_000 * np.exp(np.cumsum(np.random.default_rng(3).normal(0, 0.01, size)))).astype(int).tolist()
    return [
        Bar("BTC-USD", (n + 1) * MINUTE_NS, MINUTE_NS, close, close + 50, close - 50, close, 10**9)
        for n, close in enumerate(closes)
    ]


def test_a_replay_of_the_journal_gives_the_same_budgets_bit_for_bit(tmp_path: Path) -> None:
    made = settings(*SCRIPTS)
    state = EngineState(made)
    header = SessionHeader(
        session="test", mode="paper", created_at_ns=1, code_version="1", engine={}, settings={}, config={},
        config_hash="", data={}, flags={}, seed=None,
    )  # fmt: skip
    place = tmp_path / "journal.twj"
    recorder = JournalRecorder(Journal.create(place, header))
    venue = BarVenue((BTC,), SimulationSettings(fees=made.fees), OpeningAccount(made.cash, made.volume_30d, ()))
    driver = Driver(state, venue, recorder=recorder)
    for each in path():
        driver.feed([each])
    driver.finish()
    running = AuditDigest()
    running.update(state.audit)
    recorder.close(state, running.hexdigest())
    told = [each for each in state.audit if isinstance(each, Allotted)]
    assert told
    assert told[-1].weights["a"] != told[-1].weights["b"]
    done = replay(made, read_journal(place))
    assert done.difference is None
    assert done.state_digest == state_digest(state)
    assert budgets(done.state) == budgets(state)


def test_the_grouping_of_events_into_chunks_does_not_matter() -> None:
    def digest(size: int) -> str:
        made = settings(*SCRIPTS)
        state = EngineState(made)
        venue = BarVenue((BTC,), SimulationSettings(fees=made.fees), OpeningAccount(made.cash, made.volume_30d, ()))
        driver, events = Driver(state, venue), path()
        for start in range(0, len(events), size):
            driver.feed(events[start : start + size])
        driver.finish()
        return state_digest(state)

    assert digest(1) == digest(7) == digest(200)


def test_the_rules_are_in_the_recorded_configuration() -> None:
    made = settings((), ())
    values = resolved.engine_values(made, {Scripted: "tests:Scripted"})

    def load(_: str) -> type[Strategy]:
        return Scripted

    assert resolved.engine_config(values, load).budgets == RULES
    assert process(EngineState(resolved.engine_config(values, load)), path()[0]) == ()
