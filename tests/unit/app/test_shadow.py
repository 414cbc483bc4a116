"""A candidate beside a session: it hears the same, cannot reach the session, and costs no more than it may."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tradewind.app.candidate import candidate_config, refuse_unheard, shadow_plan
from tradewind.app.config import resolve
from tradewind.app.generated import generated_market
from tradewind.app.home import Home
from tradewind.app.pacing import Pacer, SystemClock
from tradewind.app.paper import PaperSession, SessionRecord
from tradewind.app.replaying import begin_session, recorded_engine, replay_run
from tradewind.app.settings import Config
from tradewind.app.shadow import Shadow, ShadowPlan, latest_shadow, shadow_journal
from tradewind.app.shadow_records import both_sides
from tradewind.app.wiring import engine_config, simulated_venue, simulation_settings, streamed_sources
from tradewind.engine.config import BotSpec
from tradewind.engine.digest import state_digest
from tradewind.engine.readmodel import ReadModel
from tradewind.market.book import Book
from tradewind.model.answers import CashTransferred
from tradewind.model.commands import ChangeBot, Flatten, PauseBot, TimerFired
from tradewind.model.corrections import PositionAdopted
from tradewind.model.errors import ConfigError
from tradewind.model.market_events import MarkPrice
from tradewind.storage.journal.reader import read_journal
from tradewind.storage.runs import RunRecord, RunStore
from tradewind.strategy.base import FitRequest, Strategy, View, Wish

CANDIDATE = """
[[bots]]
id = "trend"
strategy = "donchian"
parameters = { entry_bars = 10 }
"""
BOTS = [
    {"id": "trend", "strategy": "donchian", "parameters": {"entry_bars": 20, "exit_bars": 5}},
    {"strategy": "rsi_reversion"},
]
MARK = MarkPrice("BTC-USD", 1, 100)


def settings(candidate: str = "", **more: Any) -> Config:
    overrides = {
        "market": {"instruments": 3, "bars": 400},
        "bots": BOTS,
        "shadow": {"candidate": candidate, **more},
    }
    return resolve(Home(Path("nowhere")), {}, profile="paper", overrides=overrides).config


CONFIG = settings()
MARKET = generated_market(CONFIG.market, CONFIG.seed)
ENGINE = engine_config(CONFIG, [each.instrument for each in MARKET])


class Rig:
    """A run's folder, a shadow in it, and what the shadow complained of."""

    def __init__(self, folder: Path, **more: Any) -> None:
        candidate = folder / "candidate.toml"
        candidate.write_text(CANDIDATE)
        self.config = settings(str(candidate), **more)
        self.store = RunStore(folder / "runs")
        self.settings = simulation_settings(self.config)
        record = RunRecord(
            kind="paper", created_at_ns=10**18, code_version="test", engine=recorded_engine(ENGINE),
            settings=msgspec.to_builtins(self.settings),
        )  # fmt: skip
        self.record, self.recorder = begin_session(self.store, record)
        self.folder = self.store.folder(self.record.id)
        self.told: list[str] = []
        plan = shadow_plan(self.config, ENGINE, self.settings)
        assert plan is not None
        self.plan: ShadowPlan = plan

    def shadow(self, **more: Any) -> Shadow:
        venue = simulated_venue(self.plan.engine, self.plan.settings, MARKET)
        return Shadow(
            self.plan, venue, shadow_journal(self.plan, self.record, self.folder), tell=self.told.append, **more
        )

    def session(self, shadow: Shadow | None) -> SessionRecord:
        paper = PaperSession(
            ENGINE,
            self.settings,
            simulated_venue(ENGINE, self.settings, MARKET),
            streamed_sources(MARKET),
            pacer=Pacer(SystemClock(), threading.Event(), None, None),
            model=ReadModel(ENGINE.instruments),
            recorder=self.recorder,
            shadow=shadow,
        )
        done = paper.run(lambda _: None)
        self.recorder.close(done.state, done.audit_digest, done.ended)
        return done


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.recorder.journal.close()


def test_it_trades_as_a_session_of_the_candidate_would_and_the_session_as_without_it(rig: Rig, tmp_path: Path) -> None:
    shadow = rig.shadow()
    shadow.listen(rig.recorder)
    done = rig.session(shadow)
    assert rig.told == []
    assert shadow.ended == "data"

    (tmp_path / "alone").mkdir()
    alone = Rig(tmp_path / "alone")
    assert alone.session(None).audit_digest == done.audit_digest

    expected = PaperSession(
        rig.plan.engine,
        rig.settings,
        simulated_venue(rig.plan.engine, rig.settings, MARKET),
        streamed_sources(MARKET),
        pacer=Pacer(SystemClock(), threading.Event(), None, None),
        model=ReadModel(ENGINE.instruments),
    ).run(lambda _: None)
    assert shadow.state.equity() == expected.state.equity()
    assert shadow.state.fills == expected.state.fills > 0
    assert shadow.state.orders_made == expected.state.orders_made > len(shadow.state.orders)  # a long session lets go
    assert shadow.values()["bots"] == ["trend"]

    journal = latest_shadow(rig.folder)
    assert journal is not None
    outcome = replay_run(journal)
    assert outcome.equal
    assert outcome.complete
    one, other = both_sides(rig.store, rig.record.id)
    assert len(one.model.fills) == done.state.fills
    assert len(other.model.fills) == shadow.state.fills


def test_one_that_fails_is_told_once_and_the_session_goes_on(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    shadow = rig.shadow()
    shadow.listen(rig.recorder)
    monkeypatch.setattr(shadow._driver.venue, "on_event", _raise)
    shadow._driver.venue._awake = frozenset(market.instrument.id for market in MARKET)  # type: ignore[attr-defined]
    done = rig.session(shadow)
    assert done.ended == "data"
    assert done.events > 0
    assert len(rig.told) == 1
    assert rig.told[0] == f"the shadow has ended: {shadow.ended}; the session goes on"
    shadow.offer(MARK)
    assert shadow.values()["waiting"] == 0
    assert not shadow.step()
    shadow.close("asked")
    assert len(rig.told) == 1


def _raise(*_: object) -> None:
    raise RuntimeError("no venue")


def test_one_whose_disk_fails_is_told(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    shadow = rig.shadow()

    def full() -> None:
        raise OSError("no space left")

    monkeypatch.setattr(shadow._recorder.journal, "close", full)
    shadow.close("data")
    assert rig.told == ["the shadow has ended: OSError: no space left; its journal: no space left; the session goes on"]
    monkeypatch.undo()
    shadow._recorder.journal.close()


def test_one_that_falls_behind_ends(tmp_path: Path) -> None:
    rig = Rig(tmp_path, waiting_max=1_000)
    shadow = rig.shadow()
    for _ in range(1_001):
        shadow.offer(MARK)
    assert "it fell behind: 1001 events waited, at most 1000 may" in shadow.ended
    assert rig.told
    rig.recorder.journal.close()


def test_one_that_holds_the_loop_up_ends(rig: Rig) -> None:
    ticks = iter(range(100))
    shadow = rig.shadow(now_s=lambda: float(next(ticks)))
    shadow.offer(MarkPrice(MARKET[0].instrument.id, 1, 100))
    shadow.step(0.002)
    assert "it is too slow" in shadow.ended


def test_it_takes_slices_and_leaves_its_share_of_the_loop(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(10**6))
    shadow = rig.shadow(now_s=lambda: next(ticks) / 2_048)
    for number in range(640):
        shadow.offer(MarkPrice(MARKET[0].instrument.id, number, 100))
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if not shadow._waiting:
            shadow.close("data")

    monkeypatch.setattr(asyncio, "sleep", sleep)
    asyncio.run(shadow.run())
    assert shadow.taken == 640
    # A fifth is its share: five batches of half a millisecond each, and then four times as long for the session.
    assert slept[:-1] == [4 * 6 / 2_048] * 7


def test_it_hears_what_is_for_both_and_nothing_else(rig: Rig) -> None:
    shadow = rig.shadow()
    heard = [
        (MARK, True),
        (PauseBot(1, "trend", "lunch"), True),
        (PauseBot(1, "nobody", "lunch"), False),
        (ChangeBot(1, "trend", "promoted"), False),
        (ChangeBot(1, "rsi_reversion", "both"), True),
        (Flatten(1), True),
        (Flatten(1, "nobody"), False),
        (TimerFired(1, "clock"), False),
    ]
    for event, wanted in heard:
        before = len(shadow._waiting)
        shadow.offer(event)
        assert (len(shadow._waiting) > before) is wanted, event
    shadow.leave()


def test_it_has_what_the_account_has_beside_its_bots(rig: Rig) -> None:
    shadow = rig.shadow()
    name = MARKET[0].instrument.id
    shadow.offer(PositionAdopted(name, 1, 7, Decimal(70), "venue", "found at the start"))
    shadow.offer(CashTransferred("USD", 2, Decimal(50), "a deposit"))
    shadow.offer(PositionAdopted(name, 3, -8, Decimal(80), "cost", "sold by hand, and bought there before"))
    shadow.offer(PositionAdopted(name, 4, -2, Decimal(20), "cost", "left"))
    shadow.offer(PositionAdopted(name, 5, 3, Decimal(30), "venue", "of a bot", "trend"))
    shadow.step()
    assert shadow.ended == ""
    assert shadow.state.markets[name].held == 5
    assert shadow.state.ledger.purses["USD"].cash == ENGINE.cash + 50
    shadow.leave()


def test_a_session_that_goes_on_brings_its_shadow_to_where_it_was(rig: Rig) -> None:
    first = rig.shadow()
    first.listen(rig.recorder)
    done = rig.session(first)
    again = rig.shadow()
    again.catch_up(read_journal(rig.folder / "journal.twj"), done.state.sequence)
    while again.step(0.001):
        pass
    again.close("data")
    assert state_digest(again.state) == state_digest(first.state)
    found = latest_shadow(rig.folder)
    assert found is not None
    assert found.parent.name == "shadow-2"


def test_without_a_candidate_there_is_no_shadow(tmp_path: Path, rig: Rig) -> None:
    assert shadow_plan(CONFIG, ENGINE, rig.settings) is None
    (tmp_path / "runs" / "bare").mkdir()
    with pytest.raises(ConfigError, match="had no shadow"):
        both_sides(rig.store, "bare")


# -- candidates --------------------------------------------------------------------------------------------------------


def candidate(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "other.toml"
    path.write_text(text)
    return candidate_config(CONFIG, path)


def test_bots_go_by_their_ids_and_what_is_not_said_stays(tmp_path: Path) -> None:
    found = candidate(tmp_path, CANDIDATE + '[[bots]]\nstrategy = "macd"\nbudget = 0.1\n[limits]\nleverage_max = 1\n')
    assert [(bot.id, bot.strategy, dict(bot.parameters), str(bot.budget)) for bot in found.bots] == [
        ("trend", "donchian", {"entry_bars": 10, "exit_bars": 5}, "0.500000000000000000"),
        ("rsi_reversion", "rsi_reversion", {}, "0.500000000000000000"),
        ("macd", "macd", {}, "0.1"),
    ]
    assert found.limits.leverage_max == 1
    assert found.market == CONFIG.market


def test_another_strategy_begins_with_its_own_parameters(tmp_path: Path) -> None:
    found = candidate(tmp_path, '[[bots]]\nid = "trend"\nstrategy = "macd"\n')
    assert (found.bots[0].strategy, dict(found.bots[0].parameters)) == ("macd", {})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[fees]\nmaker = 0\n", r"leave \[fees\] out"),
        ('[[bots]]\nid = "trend"\n', "lacks the key strategy"),
        ("[limit]\n", "did you mean limits"),
        ("[market]\ninstruments = 4\n", r"leave \[market\] out"),
    ],
)
def test_what_a_candidate_may_not_say_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        candidate(tmp_path, text)


class Fitted(Strategy):
    """Needs a fit."""

    def fits(self, instruments: Sequence[str]) -> Sequence[FitRequest]:
        return (FitRequest("spread", "cointegration", tuple(instruments), 100, 10),)


class OnBooks(Strategy):
    """Decides on books."""

    def on_book(self, view: View, book: Book) -> Wish:
        return None


@pytest.mark.parametrize(
    ("strategy", "told"),
    [(Fitted(), "needs the fit spread, which no bot"), (OnBooks(), "decides on books, which no bot")],
)
def test_a_candidate_that_would_wait_for_ever_is_refused(rig: Rig, strategy: Strategy, told: str) -> None:
    bot = BotSpec(id="trend", strategy=strategy, instruments=("BTC-USD",))
    engine = msgspec.structs.replace(rig.plan.engine, bots=(bot,))
    plan = msgspec.structs.replace(rig.plan, engine=engine)
    with pytest.raises(ConfigError, match=told):
        refuse_unheard(plan, ENGINE, books=True)
    refuse_unheard(plan, engine, books=True)


def test_a_candidate_that_is_no_other_is_refused(tmp_path: Path, rig: Rig) -> None:
    path = tmp_path / "same.toml"
    path.write_text("[market]\nbars = 400\n")
    with pytest.raises(ConfigError, match="would be the same"):
        shadow_plan(settings(str(path)), ENGINE, rig.settings)
