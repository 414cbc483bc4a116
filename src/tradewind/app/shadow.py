"""A candidate beside the session: an engine of its own on the same events, whose orders fill in a simulation (S12).

It has no gateway, so nothing of it can reach a venue. It hears what the session's engine hears, a little later: events
wait in a queue, and are taken in slices, so that it never takes more of the loop than its share. Whatever goes wrong in
it is told once and ends it, and the session goes on. Its own journal lies in the run's folder.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, get_args

import msgspec

from tradewind.app.forgetting import Forgetting
from tradewind.app.replaying import recorded_engine, session_header, sources_of
from tradewind.app.strategies import load_source
from tradewind.engine.config import EngineConfig
from tradewind.engine.core import Event
from tradewind.engine.digest import AuditDigest
from tradewind.engine.driver import Driver
from tradewind.engine.ports import Venue
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.state import EngineState
from tradewind.model import commands as c
from tradewind.model.answers import CashTransferred
from tradewind.model.corrections import InstrumentCleared, InstrumentDoubted, PositionAdopted
from tradewind.model.entries import Checkpoint, Closed, Entry, Intended
from tradewind.model.market_events import MarketEvent
from tradewind.model.money import plain
from tradewind.portfolio.ledger import EXTERNAL
from tradewind.simulation.desk import Desk
from tradewind.simulation.settings import SimulationSettings
from tradewind.storage.journal.recorder import JournalRecorder
from tradewind.storage.journal.writer import Journal
from tradewind.storage.runs import JOURNAL_FILE, RunRecord

FOLDER = "shadow"
WARMING_UP = "warming up"  # why bots are paused while history is fed
ALL = float("inf")
BATCH = 16
SLICE_S = 0.002
IDLE_S = 0.02
EVENT_MAX_S = 0.5  # one batch may not hold the loop up longer than this
CHECKPOINT_EVENTS = 50_000
KEPT_ROWS = 5_000
FORGET_NS = 3_600_000_000_000
MARKET = frozenset(get_args(MarketEvent))
ALIKE = MARKET | {
    c.Halt, c.Resume, c.EnterReduceOnly, c.LeaveReduceOnly, c.SwitchFlag, c.Fitted,
    InstrumentDoubted, InstrumentCleared, CashTransferred,
}  # fmt: skip


class ShadowPlan(msgspec.Struct, frozen=True):
    """What a shadow is: its engine and how its orders fill; `changed` are the bots that are not those of the session,
    `added` those of them that the session does not have at all. `share_max` is how much of the session's
    loop it may take, `waiting_max` how many events may wait for it.
    """

    engine: EngineConfig
    settings: SimulationSettings
    changed: frozenset[str]
    added: frozenset[str]
    share_max: float
    waiting_max: int


class Shadow:
    """One shadow. `ended` says why it is over, "" while it goes on; `tell` hears it once when that is a failure."""

    def __init__(
        self,
        plan: ShadowPlan,
        venue: Venue,
        journal: Journal,
        *,
        tell: Callable[[str], None] = lambda _: None,
        now_s: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.plan = plan
        self.state = EngineState(plan.engine, load_source)
        names = {bot.id: type(bot.strategy).__name__ for bot in plan.engine.bots}
        self.model = ReadModel(plan.engine.instruments, strategies=names, held=plan.engine.held, keep=KEPT_ROWS)
        self.ended = ""
        self.taken = 0
        self.spent_s = 0.0
        self.slowest_s = 0.0
        self.waiting_most = 0
        self._recorder = JournalRecorder(journal, checkpoint_events=CHECKPOINT_EVENTS)
        self._driver = Driver(self.state, venue, recorder=self._recorder)
        self._forgetting = Forgetting(self.state, FORGET_NS, venue if isinstance(venue, Desk) else None)
        self._digest = AuditDigest()
        self._waiting: deque[Event] = deque()
        self._backlog: Iterator[Event] = iter(())
        self._behind = False
        self.tell = tell
        self._now_s = now_s

    # -- what it hears ------------------------------------------------------------------------------------------------

    def listen(self, recorder: JournalRecorder) -> None:
        """Hear from now on what this recorder is told; to be said before a driver is made with the recorder."""
        first, offer = recorder.note, self.offer

        def both(event: Event) -> None:
            first(event)
            offer(event)

        recorder.note = both

    def offer(self, event: Event) -> None:
        """Take an event of the session into the queue, if it is one for both; a queue that is full ends the shadow."""
        if self.ended or not self._is_for_both(event):
            return
        waiting = self._waiting
        waiting.append(event)
        if len(waiting) > self.plan.waiting_max:
            self._fail(f"it fell behind: {len(waiting)} events waited, at most {self.plan.waiting_max} may")

    def catch_up(self, entries: Iterable[Entry], events: int) -> None:
        """Take first what a session that goes on has behind it: its recorded events, `events` of them."""
        happened = (each for each in entries if not isinstance(each, Intended | Checkpoint | Closed))
        self._backlog = (each for each in islice(happened, events) if self._is_for_both(each))
        self._behind = True

    def _is_for_both(self, event: Event) -> bool:
        if type(event) in ALIKE:
            return True
        if isinstance(event, c.PauseBot | c.ResumeBot):
            return event.bot in self.state.bots
        if isinstance(event, c.ChangeBot | c.RestoreBot):
            return event.bot in self.state.bots and event.bot not in self.plan.changed
        if isinstance(event, PositionAdopted):
            return event.bot == EXTERNAL and self.state.markets[event.instrument].instrument.is_spot
        return isinstance(event, c.CancelAll | c.Flatten) and (event.bot is None or event.bot in self.state.bots)

    # -- what it does -------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Take what waits, in slices, and leave the loop to the session in between."""
        rest = 1.0 / self.plan.share_max - 1.0
        while not self.ended:
            before_s = self.spent_s
            more = self.step(SLICE_S)
            await asyncio.sleep((self.spent_s - before_s) * rest if more else IDLE_S)

    def step(self, seconds: float = ALL) -> bool:
        """Take what waits for about so long; return whether more is waiting. Nothing that goes wrong comes out."""
        if self.ended or not (self._waiting or self._behind):
            return False
        self.waiting_most = max(self.waiting_most, len(self._waiting))
        started_s = now_s = self._now_s()
        try:
            while now_s - started_s < seconds and (batch := self._next()):
                self._take(batch)
                before_s, now_s = now_s, self._now_s()
                self.slowest_s = max(self.slowest_s, now_s - before_s)
                if now_s - before_s > EVENT_MAX_S and seconds < ALL:
                    self._fail(f"it is too slow: {len(batch)} events took {now_s - before_s:.2f} s")
        except Exception as error:  # noqa: BLE001 - a candidate is a guest: whatever it does, the session goes on (S12)
            self._fail(f"{type(error).__name__}: {error}")
        self.spent_s += self._now_s() - started_s
        return bool(self._waiting or self._behind)

    def close(self, reason: str, seconds: float = ALL) -> None:
        """Take what still waits, for at most so long, and close the records; they stay open where it has failed."""
        try:
            while self.step(seconds) and seconds == ALL:
                pass
            if not self.ended:
                self._driver.finish()
                self._keep()
                self._recorder.close(self.state, self._digest.hexdigest(), reason)
                self.ended = reason
        except Exception as error:  # noqa: BLE001 - the session's own end must not depend on it
            self._fail(f"{type(error).__name__}: {error}")

    def leave(self) -> None:
        """Let go of the journal without an end: the session was cut off, and so is its shadow."""
        if not self.ended:
            self._fail("the session was cut off")

    def values(self) -> dict[str, Any]:
        """Return how it stands, for people."""
        equity = None if self.ended else self.state.equity()  # of what broke nothing is asked
        return {
            "ended": self.ended,
            "bots": sorted(self.plan.changed),
            "equity": None if equity is None else plain(equity),
            "orders": self.state.orders_made,
            "fills": self.state.fills,
            "trips": len(self.model.trips),
            "events": self.taken,
            "waiting": len(self._waiting),
            "waiting_most": self.waiting_most,
            "spent_s": round(self.spent_s, 4),
            "us_per_event": round(1e6 * self.spent_s / self.taken, 2) if self.taken else 0.0,
            "slowest_ms": round(1e3 * self.slowest_s, 3),
        }

    def _next(self) -> list[Event]:
        """Return the next events, of one kind of feeding: market events together, anything else alone."""
        if self._behind:
            batch = list(islice(self._backlog, BATCH))
            self._behind = bool(batch)
            if batch:
                return batch
        waiting = self._waiting
        return [waiting.popleft() for _ in range(min(BATCH, len(waiting)))]

    def _take(self, batch: list[Event]) -> None:
        market: list[MarketEvent] = []
        for event in batch:
            if type(event) in MARKET:
                market.append(event)  # type: ignore[arg-type]  # one of them
                continue
            self._driver.feed(market)
            market = []
            if isinstance(event, PositionAdopted) and not self._has(event):
                continue
            self._driver.reach(event.ts_ns)
            for each in self._with_added(event):
                self._driver.take(each)
        self._driver.feed(market)
        self.taken += len(batch)
        self._keep()

    def _with_added(self, event: Event) -> list[Event]:
        """Return the event, and what it means for bots that the session does not name: they warm up when it does."""
        bots = {name: self.state.bots[name] for name in sorted(self.plan.added)}
        if isinstance(event, c.PauseBot) and event.reason == WARMING_UP:
            return [event, *(c.PauseBot(event.ts_ns, name, event.reason) for name in bots if not bots[name].paused)]
        if isinstance(event, c.ResumeBot):
            waiting = [name for name in bots if bots[name].paused == WARMING_UP]
            return [event, *(c.ResumeBot(event.ts_ns, name) for name in waiting)]
        return [event]

    def _has(self, event: PositionAdopted) -> bool:
        """Return whether what leaves the account is there: what was bought beside the session never came here."""
        book = self.state.ledger.lines[event.instrument].books.get(EXTERNAL)
        return event.quantity + (0 if book is None else book.position.quantity) >= 0

    def _keep(self) -> None:
        audit = self.state.audit
        if audit:
            self._digest.update(audit)
            self.model.take(audit)
            audit.clear()
        self._driver.alarms.clear()
        self._forgetting.step(self.state.now_ns)

    def _fail(self, why: str) -> None:
        self.ended = why
        self._waiting.clear()
        self._backlog, self._behind = iter(()), False
        try:
            self._recorder.journal.close()
        except Exception as error:  # noqa: BLE001 - a disk that fails must not reach the session through its shadow
            why = f"{why}; its journal: {error}"
        self.tell(f"the shadow has ended: {why}; the session goes on")


def shadow_journal(plan: ShadowPlan, run: RunRecord, run_folder: Path) -> Journal:
    """Return a new journal for a shadow of the run: each time that a session goes on there is a further one."""
    engine = recorded_engine(plan.engine)
    header = msgspec.structs.replace(
        session_header(run),
        session=f"{run.id}/{FOLDER}",
        mode=FOLDER,
        engine=engine,
        settings=msgspec.to_builtins(plan.settings),
        sources=sources_of(engine),
    )
    folder, number = run_folder / FOLDER, 2
    while folder.exists():
        folder, number = run_folder / f"{FOLDER}-{number}", number + 1
    folder.mkdir()
    return Journal.create(folder / JOURNAL_FILE, header)


def latest_shadow(run_folder: Path) -> Path | None:
    """Return the latest shadow journal of a run, None where it had no shadow."""
    found = [each for each in run_folder.glob(f"{FOLDER}*") if (each / JOURNAL_FILE).is_file()]
    number = {each: int(each.name.rpartition("-")[2]) if "-" in each.name else 1 for each in found}
    return max(found, key=lambda each: number[each]) / JOURNAL_FILE if found else None
