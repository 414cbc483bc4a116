"""A paper session: market events, paced by a clock, through the same engine and venue as a backtest (SPEC B8).

A recorder writes along what the engine takes, so that the session can be replayed; an operator's commands enter between
two moments. Stopping is always orderly: orders kept or cancelled, records closed, result handed out.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import Literal

import msgspec

from tradewind.app.config_watch import EVERY_S, ConfigWatch, commands, open_positions
from tradewind.app.forgetting import Forgetting
from tradewind.app.pacing import Pacer
from tradewind.app.readings import Reading, readings
from tradewind.app.shadow import WARMING_UP, Shadow
from tradewind.app.strategies import load_source
from tradewind.app.strategy_fits import fit_events
from tradewind.app.tail_fits import TailFits
from tradewind.engine.config import EngineConfig
from tradewind.engine.digest import AuditDigest, state_digest
from tradewind.engine.driver import Driver
from tradewind.engine.ports import Recorder, Venue
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.sequencer import Recorded, merge
from tradewind.engine.state import EngineState
from tradewind.model.commands import CancelAll, Command, PauseBot, ResumeBot
from tradewind.model.effects import Alarm
from tradewind.model.market_events import MarketEvent
from tradewind.model.money import ZERO
from tradewind.simulation.desk import Desk
from tradewind.simulation.settings import SimulationSettings

OnStop = Literal["keep", "cancel"]
FORGET_NS = 3_600_000_000_000
ALARMS_KEPT = 1_000


class Glance(msgspec.Struct, frozen=True):
    """The account at one moment of a session, for a display."""

    ts_ns: int
    done: int
    total: int
    elapsed_s: float
    equity: Decimal
    cash: Decimal
    fees: Decimal
    drawdown: Decimal
    marks: dict[str, int]


class SessionRecord(msgspec.Struct):
    """What a session did, as values; `ended` says why it is over: `data`, `minutes` or `asked`.

    `audit` and the orders of `state` are whole only where the session was told to keep all.
    """

    config: EngineConfig
    settings: SimulationSettings
    state: EngineState
    audit: list[msgspec.Struct]
    audit_digest: str
    state_digest: str
    alarms: list[Alarm]
    events: int
    ended: str


class PaperSession:
    """One session. `model` is folded as it goes; `commands` takes an operator's commands from any thread.

    Without `keep_all` its memory does not grow with its length: records are folded and let go, and so are orders some
    time after their end. A recorder then has all of it, and `app.replaying.rebuild` brings it back.
    """

    def __init__(
        self,
        config: EngineConfig,
        settings: SimulationSettings,
        venue: Venue,
        sources: Sequence[Recorded],
        *,
        pacer: Pacer,
        model: ReadModel,
        recorder: Recorder | None = None,
        on_stop: OnStop = "cancel",
        keep_all: bool = True,
        tails: TailFits | None = None,
        guardian: ConfigWatch | None = None,
        shadow: Shadow | None = None,
        history_ns: int | None = None,
    ) -> None:
        """Up to `history_ns` everything is history: bots are paused, and nothing waits for the clock."""
        self.config = config
        self.settings = settings
        self.model = model
        self.commands: SimpleQueue[Command] = SimpleQueue()
        self._sources = sources
        self._pacer = pacer
        self._on_stop = on_stop
        self._tails = tails
        self._guardian = guardian
        self._guarded_s = pacer.elapsed_s()
        self._history_ns = history_ns
        self._state = EngineState(config, load_source)
        self._driver = Driver(self._state, venue, recorder=recorder)
        self._shadow = shadow
        for fit in fit_events(config, sources):
            self._driver.agenda.add(fit.ts_ns, fit)
        self._digest = AuditDigest()
        self._audit: list[msgspec.Struct] = []
        self._forgetting: Forgetting | None = None
        if not keep_all:
            self._forgetting = Forgetting(self._state, FORGET_NS, venue if isinstance(venue, Desk) else None)
        self._events = 0
        self._total = sum(len(source.ts_ns) for source in sources)

    def run(self, watch: Callable[[Glance], None]) -> SessionRecord:
        """Run to the end of the data, of the time, or until asked to stop; `watch` is shown every moment."""
        ended = "data"
        warming = self._pause()
        for ts_ns, events in moments(self._sources):
            if warming and ts_ns > (self._history_ns or 0):
                warming = False
                self._resume()
            if self._pacer.stop.is_set() if warming else not self._pacer.until(ts_ns, self._obey):
                ended = "asked" if self._pacer.stop.is_set() else "minutes"
                break
            self._obey()
            if self._tails is not None:
                for fit in self._tails.upto(ts_ns):
                    self._driver.agenda.add(fit.ts_ns, fit)
            self._driver.feed(events)
            self._events += len(events)
            self._keep()
            if self._shadow is not None:
                self._shadow.step()
            watch(self.glance())
        return self._close(ended)

    def _pause(self) -> bool:
        """Pause all bots for the history there is; return whether there is any."""
        if self._history_ns is None:
            return False
        if self._tails is not None:
            self._tails.begin(self._history_ns)
        for name in self._state.bots:
            self._driver.take(PauseBot(self._state.now_ns, name, WARMING_UP))
        return True

    def _resume(self) -> None:
        for name in self._state.bots:
            self._driver.take(ResumeBot(self._state.now_ns, name))

    def glance(self) -> Glance:
        """Return the account as it is now."""
        state = self._state
        equity = state.equity() or ZERO
        purse = state.ledger.purses[self.config.currency]
        marks = {name: market.mark for name, market in state.markets.items() if market.mark is not None}
        fall = (state.peak - equity) / state.peak if state.peak > ZERO else ZERO
        return Glance(
            state.now_ns,
            self._events,
            self._total,
            self._pacer.elapsed_s(),
            equity,
            purse.cash,
            purse.fees,
            max(ZERO, fall),
            marks,
        )

    def readings(self) -> list[Reading]:
        """Return what the strategies say of themselves now; ask in the session's own thread."""
        return readings(self._state)

    def _obey(self) -> None:
        """Let the guardian's and the operator's commands happen now, in the order in which they came."""
        if self._guardian is not None:
            self._guard(self._guardian)
        while True:
            try:
                command = self.commands.get_nowait()
            except Empty:
                return
            self._driver.take(msgspec.structs.replace(command, ts_ns=self._state.now_ns))
            self._keep()

    def _guard(self, guardian: ConfigWatch) -> None:
        """Every few seconds, see whether the configuration is still what the session runs by."""
        now_s = self._pacer.elapsed_s()
        if now_s - self._guarded_s < EVERY_S:
            return
        self._guarded_s = now_s
        act = guardian.look(open_positions(self._state))
        for command in () if act is None else commands(act, self._state, self._state.now_ns):
            self._driver.take(command)
            self._keep()

    def _close(self, ended: str) -> SessionRecord:
        if self._on_stop == "cancel":
            self._driver.take(CancelAll(self._state.now_ns))
        self._driver.finish()
        self._keep()
        if self._shadow is not None:
            self._shadow.close(ended)
        return SessionRecord(
            self.config,
            self.settings,
            self._state,
            self._audit,
            self._digest.hexdigest(),
            state_digest(self._state),
            self._driver.alarms,
            self._events,
            ended,
        )

    def _keep(self) -> None:
        """Take what happened into digest, record and views."""
        if self._state.audit:
            self._digest.update(self._state.audit)
            if self._forgetting is None:
                self._audit.extend(self._state.audit)
            self.model.take(self._state.audit)
            self._state.audit.clear()
        if self._forgetting is not None:
            self._forgetting.step(self._state.now_ns)
            del self._driver.alarms[:-ALARMS_KEPT]


def moments(sources: Sequence[Recorded]) -> Iterator[tuple[int, list[MarketEvent]]]:
    """Yield (time, the events of that time) in total order; what chunks divide comes in two parts."""
    for chunk in merge(sources):
        for ts_ns, events in groupby(chunk, key=lambda event: event.ts_ns):
            yield ts_ns, list(events)
