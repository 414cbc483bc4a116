"""A recorded session fed to a fresh engine: the same state at every checkpoint, or the first difference (I24).

No venue takes part. What the engine wants to send is compared with what the session sent, and what the session heard
back is among the recorded events. A replay may be held at an order, a fill, a refusal or a time, to look at the state.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

import msgspec

from tradewind.engine.config import EngineConfig
from tradewind.engine.core import process
from tradewind.engine.digest import AuditDigest, state_digest
from tradewind.engine.recording import close_records
from tradewind.engine.state import EngineState, LoadSource
from tradewind.model.answers import OrderFilled
from tradewind.model.decisions import Decided, Refused
from tradewind.model.effects import Effect, SubmitOrder
from tradewind.model.entries import Checkpoint, Closed, Entry, Event, Intended, Sent, sent
from tradewind.model.errors import ConfigError

BREAK_WORDS = ("order", "fill", "refusal")


class Breakpoints(msgspec.Struct, frozen=True):
    """Where to hold: at what happens (`order`, `fill`, `refusal`), and at times, before the next event."""

    on: frozenset[str] = frozenset()
    at_ns: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for word in sorted(self.on):
            if word not in BREAK_WORDS:
                raise ConfigError(f"a replay cannot break on {word!r}: choose from {', '.join(BREAK_WORDS)}")


class Break(msgspec.Struct, frozen=True):
    """Where a replay was held: after event `sequence`, at `ts_ns`, because of `what` (a word of the breakpoints or
    `time`), with the records that say so.
    """

    sequence: int
    ts_ns: int
    what: str
    records: tuple[msgspec.Struct, ...] = ()


class Difference(msgspec.Struct, frozen=True):
    """The first place where the replay and the record disagree."""

    sequence: int
    what: str
    recorded: str
    replayed: str


class Replayed(msgspec.Struct):
    """What a replay came to. `closed` is the session's own end, if the record has one and the replay reached it;
    `exhausted` says that all entries were taken.
    """

    state: EngineState
    events: int
    checkpoints: int
    state_digest: str
    audit_digest: str
    digest: str
    closed: Closed | None
    stopped: Break | None
    difference: Difference | None
    exhausted: bool


Hold = Callable[[Break, EngineState], bool]
Heard = Callable[[Sequence[msgspec.Struct]], None]


def replay(
    config: EngineConfig,
    entries: Iterable[Entry],
    *,
    until_ns: int | None = None,
    breakpoints: Breakpoints | None = None,
    hold: Hold | None = None,
    heard: Heard | None = None,
    load: LoadSource | None = None,
) -> Replayed:
    """Return what a fresh engine becomes on the recorded entries, up to the end, `until_ns` or the first difference.

    At a breakpoint `hold` is asked whether to go on; without `hold` the replay stops at the first. `heard` is given the
    audit records as they come up; `load` finds strategies that bots were changed to.
    """
    return Replay(config, until_ns, breakpoints or Breakpoints(), hold, heard, load).run(entries)


def run_digest(audit_digest: str, end_digest: str) -> str:
    """Return the one digest of a run: over everything decided and done, and the state it led to."""
    return hashlib.blake2b(f"{audit_digest}{end_digest}".encode(), digest_size=16).hexdigest()


class Replay:
    """One replay in progress: an engine, what it has yet to be seen sending, and why it stopped."""

    def __init__(
        self,
        config: EngineConfig,
        until_ns: int | None,
        breakpoints: Breakpoints,
        hold: Hold | None,
        heard: Heard | None = None,
        load: LoadSource | None = None,
    ) -> None:
        self.state = EngineState(config, load)
        self.difference: Difference | None = None
        self.stopped: Break | None = None
        self._until_ns = until_ns
        self._on = breakpoints.on
        self._times = sorted(breakpoints.at_ns, reverse=True)
        self._hold = hold
        self._heard = heard
        self._audit = AuditDigest()
        self._unsent: tuple[Sent, ...] = ()
        self._checkpoints = 0
        self._closed: Closed | None = None
        self._exhausted = False

    def run(self, entries: Iterable[Entry]) -> Replayed:
        """Take the entries until they end or something stops the replay, and return what came of it."""
        for entry in entries:
            if isinstance(entry, Intended):
                self._compare_intents(entry)
            elif isinstance(entry, Checkpoint):
                self._checkpoints += self._compare_state(entry)
            elif isinstance(entry, Closed):
                self._close(entry)
            elif not self._take(entry):
                break
            if self.difference is not None or self.stopped is not None:
                break
        else:
            self._exhausted = True
        return self._outcome()

    def _take(self, event: Event) -> bool:
        """Process one event; return whether it was still within the time asked for."""
        if self._until_ns is not None and event.ts_ns > self._until_ns:
            return False
        while self._times and event.ts_ns > self._times[-1]:
            self._times.pop()
            self._break("time", ())
            if self.stopped is not None:
                return True
        if self._unsent:
            self._differ("sent", "nothing", _told(self._unsent))
            return True
        state = self.state
        effects = process(state, event)
        if effects:
            self._unsent = sent(effects)
        if self._on:
            self._look(event, effects)
        self._drain()
        return True

    def _look(self, event: Event, effects: Sequence[Effect]) -> None:
        """Hold where the event is one that was asked for."""
        refused = tuple(each for each in self.state.audit if type(each) is Decided and type(each.outcome) is Refused)
        orders = tuple(each for each in effects if type(each) is SubmitOrder)
        fills = (event,) if type(event) is OrderFilled else ()
        for what, records in (("fill", fills), ("order", orders), ("refusal", refused)):
            if records and what in self._on and self.stopped is None:
                self._break(what, records)

    def _break(self, what: str, records: tuple[msgspec.Struct, ...]) -> None:
        here = Break(self.state.sequence, self.state.now_ns, what, records)
        if self._hold is None or not self._hold(here, self.state):
            self.stopped = here

    def _drain(self) -> None:
        self._audit.update(self.state.audit)
        if self._heard is not None and self.state.audit:
            self._heard(self.state.audit)
        self.state.audit.clear()

    # -- against the record -------------------------------------------------------------------------------------------

    def _compare_intents(self, entry: Intended) -> None:
        if entry.sequence != self.state.sequence or entry.effects != self._unsent:
            self._differ("sent", f"{_told(entry.effects)} at event {entry.sequence}", _told(self._unsent))
        self._unsent = ()

    def _compare_state(self, entry: Checkpoint | Closed) -> bool:
        """Return whether the state is the recorded one; note the difference if it is not."""
        if entry.sequence != self.state.sequence:
            self._differ("events", str(entry.sequence), str(self.state.sequence))
            return False
        digest = state_digest(self.state)
        if digest != entry.state_digest:
            self._differ("state digest", entry.state_digest, digest)
            return False
        return True

    def _close(self, entry: Closed) -> None:
        self._closed = entry
        if self._compare_state(entry):
            audit = self._audit_digest()
            if audit != entry.audit_digest:
                self._differ("audit digest", entry.audit_digest, audit)

    def _audit_digest(self) -> str:
        close_records(self.state)
        self._drain()
        return self._audit.hexdigest()

    def _differ(self, what: str, recorded: str, replayed: str) -> None:
        self.difference = Difference(self.state.sequence, what, recorded, replayed)

    def _outcome(self) -> Replayed:
        audit, end = self._audit_digest(), state_digest(self.state)
        return Replayed(
            state=self.state,
            events=self.state.sequence,
            checkpoints=self._checkpoints,
            state_digest=end,
            audit_digest=audit,
            digest=run_digest(audit, end),
            closed=self._closed,
            stopped=self.stopped,
            difference=self.difference,
            exhausted=self._exhausted,
        )


def _told(effects: tuple[Sent, ...]) -> str:
    return ", ".join(map(str, effects)) or "nothing"
