"""The engine of a session with what is round it: driver, journal, outbox, records, alarms, and the session's clock.

Everything that happens to the engine goes through `feed` and `take`; after each the records are taken over, and what
the engine wants to send is handed to the outbox.
"""

from collections.abc import Callable, Iterable

import msgspec

from tradewind.app.live.clock import LiveTime
from tradewind.engine.core import Event
from tradewind.engine.digest import AuditDigest
from tradewind.engine.driver import Driver
from tradewind.engine.ports import Venue
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.recording import close_records
from tradewind.engine.state import EngineState
from tradewind.model.answers import VenueAnswer
from tradewind.model.effects import Alarm
from tradewind.model.market_events import MarketEvent
from tradewind.storage.journal.recorder import JournalRecorder

Heard = Callable[[list[msgspec.Struct]], None]


class LiveEngine:
    """One engine. `release` is called when requests may wait in the outbox; `on_records` hears what happened."""

    def __init__(
        self,
        state: EngineState,
        venue: Venue,
        recorder: JournalRecorder,
        clock: LiveTime,
        *,
        model: ReadModel,
        digest: AuditDigest | None = None,
        release: Callable[[], None],
        on_records: Heard | None = None,
        on_alarm: Callable[[Alarm], None] | None = None,
    ) -> None:
        self.state = state
        self.recorder = recorder
        self.model = model
        self.digest = digest or AuditDigest()
        self.driver = Driver(state, venue, recorder=recorder)
        self._clock = clock
        self._release = release
        self._on_records = on_records
        self._on_alarm = on_alarm

    def now_ns(self) -> int:
        """Return the time that the next event may carry: never before the last one (I38)."""
        return max(self._clock.now_ns(), self.state.now_ns)

    def feed(self, events: Iterable[MarketEvent]) -> None:
        """Let market events happen; each carries a time from `now_ns`."""
        self.driver.feed(events)
        self._keep()

    def take(self, *events: Event) -> None:
        """Let answers, corrections and commands happen, in order; what follows from an answer happens now."""
        for event in events:
            if isinstance(event, VenueAnswer):
                self.driver.reach(self.now_ns())
            self.driver.take(event)
            self._keep()

    def advance(self) -> None:
        """Let what is due by now happen: timers, and what a simulated venue had on its way."""
        self.driver.advance(self.now_ns())
        self._keep()

    def close_records(self) -> None:
        """Write out what is still open in the records; the session is over."""
        close_records(self.state)
        self._keep()

    def _keep(self) -> None:
        self._release()  # first: what is to leave does not wait for the views
        state = self.state
        if state.audit:
            records = list(state.audit)
            state.audit.clear()
            self.digest.update(records)
            self.model.take(records)
            if self._on_records is not None:
                self._on_records(records)
        if self.driver.alarms:
            alarms = list(self.driver.alarms)
            self.driver.alarms.clear()
            if self._on_alarm is not None:
                for alarm in alarms:
                    self._on_alarm(alarm)
