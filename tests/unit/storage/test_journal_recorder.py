"""The recorder: intents before they leave, market events in company, checkpoints where they are due, an orderly end."""

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from tests.unit.storage.journals import HEADER, bar, kept
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.digest import AuditDigest, state_digest
from tradewind.engine.driver import Driver
from tradewind.engine.replay import replay
from tradewind.engine.state import EngineState
from tradewind.model.answers import VenueAnswer
from tradewind.model.effects import Alarm, CancelOrder, SubmitOrder
from tradewind.model.entries import Checkpoint, Closed, Intended
from tradewind.model.errors import StateError
from tradewind.model.instrument import define_instrument
from tradewind.model.intents import FLAT, TargetWeight
from tradewind.model.orders import OrderKind, OrderRequest, Side
from tradewind.risk.limits import RESEARCH_LIMITS
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.settings import OpeningAccount, SimulationSettings
from tradewind.storage.journal.reader import read_journal
from tradewind.storage.journal.recorder import GATHER_EVENTS, JournalRecorder
from tradewind.storage.journal.writer import Disk, Journal
from tradewind.strategy.base import Strategy, View, Wish

BTC = define_instrument("BTC-USD")


class InAndOut(Strategy):
    def on_bar(self, view: View) -> Wish:
        return FLAT if view.position else TargetWeight(0.5)


CONFIG = EngineConfig(
    session="s",
    instruments=(BTC,),
    bots=(BotSpec(id="bot", strategy=InAndOut(), instruments=("BTC-USD",)),),
    cash=Decimal(100),
    limits=RESEARCH_LIMITS,
)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Looking(BarVenue):
    """A venue that looks into the journal when an order arrives."""

    path: Path
    found: list[int]

    def submit(self, request: OrderRequest, ts_ns: int) -> tuple[VenueAnswer, ...]:
        self.found.append(sum(isinstance(each, Intended) for each in kept(self.path)))
        return tuple(super().submit(request, ts_ns))


def test_an_order_leaves_only_when_its_intent_is_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "j"
    venue = Looking((BTC,), SimulationSettings(), OpeningAccount(CONFIG.cash))
    venue.path, venue.found = path, []
    state = EngineState(CONFIG)
    recorder = JournalRecorder(Journal.create(path, HEADER), durable=True)
    Driver(state, venue, recorder=recorder).feed([bar(number) for number in range(1, 6)])
    recorder.journal.close()
    assert venue.found == [1, 2, 3, 4, 5][: len(venue.found)]
    assert len(venue.found) > 2


def test_an_order_does_not_leave_when_its_intent_cannot_be_written(tmp_path: Path) -> None:
    def fail(handle: int) -> None:
        raise OSError(5, "Input/output error")

    venue = Looking((BTC,), SimulationSettings(), OpeningAccount(CONFIG.cash))
    venue.path, venue.found = tmp_path / "j", []
    recorder = JournalRecorder(Journal.create(tmp_path / "j", HEADER, disk=Disk(sync=fail)), durable=True)
    with pytest.raises(StateError, match="cannot be written"):
        Driver(EngineState(CONFIG), venue, recorder=recorder).feed([bar(1), bar(2)])
    assert venue.found == []
    with pytest.raises(StateError, match="cannot be written"):
        recorder.journal.close()


def test_only_what_leaves_the_process_is_an_intent(tmp_path: Path) -> None:
    recorder = JournalRecorder(Journal.create(tmp_path / "j", HEADER))
    recorder.intend(1, [Alarm(1, "halted", "why")])
    recorder.intend(2, [CancelOrder("o-1"), Alarm(1, "halted", "why")])
    recorder.journal.close()
    assert kept(tmp_path / "j") == [Intended(2, (CancelOrder("o-1"),))]


def test_market_events_gather_for_a_while_or_a_number(tmp_path: Path) -> None:
    clock = Clock()
    journal = Journal.create(tmp_path / "j", HEADER)
    recorder = JournalRecorder(journal, now_s=clock)
    state = EngineState(CONFIG)

    def note(count: int) -> int:
        for number in range(count):
            recorder.note(bar(number))
        recorder.settle(state)
        return journal.uncommitted

    assert note(1) == 1
    assert note(GATHER_EVENTS - 1) == 0
    clock.now_s = 0.2
    assert note(2) == 2
    clock.now_s = 0.3
    assert note(1) == 0
    assert note(1) == 1
    JournalRecorder(journal, durable=True).intend(
        1, [SubmitOrder(OrderRequest("o", "BTC-USD", Side.BUY, OrderKind.MARKET, 1))]
    )
    assert journal.uncommitted == 0
    journal.close()
    assert read_journal(tmp_path / "j").finish().events == GATHER_EVENTS + 4


def test_a_session_ends_with_what_a_replay_comes_to(tmp_path: Path) -> None:
    state = EngineState(CONFIG)
    venue = BarVenue((BTC,), SimulationSettings(), OpeningAccount(CONFIG.cash))
    recorder = JournalRecorder(Journal.create(tmp_path / "j", HEADER), checkpoint_events=10)
    driver = Driver(state, venue, recorder=recorder)
    for start in range(1, 40, 4):
        driver.feed([bar(number) for number in range(start, start + 4)])
    driver.finish()
    audit = AuditDigest()
    audit.update(state.audit)
    closed = recorder.close(state, audit.hexdigest(), "asked")
    entries = kept(tmp_path / "j")
    assert entries[-1] == closed
    assert (closed.state_digest, closed.reason) == (state_digest(state), "asked")
    checkpoints = [each.sequence for each in entries if isinstance(each, Checkpoint)]
    assert len(checkpoints) > 2
    assert all(after - before >= 10 for before, after in pairwise(checkpoints))
    done = replay(CONFIG, entries)
    assert (done.difference, done.digest, done.checkpoints) == (None, closed.digest, len(checkpoints))
    assert sum(isinstance(each, Closed) for each in entries) == 1
