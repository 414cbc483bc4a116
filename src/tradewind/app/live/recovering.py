"""A session that was cut off, brought back: its journal replayed into a fresh engine, to the last durable event.

What was on its way when it died is left as the engine knows it: sent, perhaps. Whoever goes on asks the venue (I14); an
order whose intent had not reached the disk had not left either. Recovering twice gives the same state (I28).
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from tradewind.app.regime import model_of_hash
from tradewind.app.strategies import load_source, recorded_loader
from tradewind.engine.config import EngineConfig
from tradewind.engine.core import process
from tradewind.engine.digest import AuditDigest, state_digest
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.resolved import engine_config
from tradewind.engine.state import EngineState
from tradewind.model.commands import TimerFired
from tradewind.model.effects import Effect, SetTimer
from tradewind.model.entries import Checkpoint, Closed, Entry, Intended, Sent, sent
from tradewind.model.errors import StateError
from tradewind.storage.journal.layout import SessionHeader
from tradewind.storage.journal.reader import read_journal

AUDIT_BATCH = 4_096
ModelFor = Callable[[EngineConfig], ReadModel]


class Recovered(msgspec.Struct):
    """An engine as it was. `timers` are still due; `unsent` is what the last event wanted to send, unrecorded."""

    header: SessionHeader
    config: EngineConfig
    state: EngineState
    model: ReadModel
    digest: AuditDigest
    timers: list[SetTimer]
    unsent: tuple[Sent, ...]
    events: int
    closed: Closed | None
    message: str


def recover(path: Path, model_for: ModelFor) -> Recovered:
    """Return the engine that the journal's events lead to.

    Raises  StateError when the journal is damaged, or when this version does other things with the same events.
    """
    reader = read_journal(path)
    if reader.session is None:
        raise StateError(f"{path} holds no session ({reader.finish().message}): restore it from a backup")
    config = engine_config(reader.session.engine, recorded_loader(reader.session.sources), model_of_hash)
    replayed = Replayed(config, model_for(config), path)
    replayed.take(reader)
    end = reader.finish()
    return Recovered(
        reader.session,
        config,
        replayed.state,
        replayed.model,
        replayed.digest,
        replayed.timers,
        replayed.unsent,
        end.events,
        end.closed,
        end.message,
    )


class Replayed:
    """The engine while its journal is read; what it wants to send is held to what the session recorded."""

    def __init__(self, config: EngineConfig, model: ReadModel, path: Path) -> None:
        self.state = EngineState(config, load_source)
        self.model = model
        self.digest = AuditDigest()
        self.timers: list[SetTimer] = []
        self.unsent: tuple[Sent, ...] = ()
        self._path = path

    def take(self, entries: Iterable[Entry]) -> None:
        """Process what the engine had consumed, in order."""
        state, audit = self.state, self.state.audit
        for entry in entries:
            if isinstance(entry, Intended):
                if entry.sequence != state.sequence or entry.effects != self.unsent:
                    raise self._different("sends something else")
                self.unsent = ()
            elif isinstance(entry, Checkpoint):
                self._compare(entry)
            elif not isinstance(entry, Closed):
                if self.unsent:
                    raise self._different("sends what the session did not")
                effects = process(state, entry)
                if effects:
                    self._follow(effects)
                if type(entry) is TimerFired:
                    self._fired(entry)
                if len(audit) >= AUDIT_BATCH:
                    self._keep()
                    audit = state.audit
        self._keep()

    def _follow(self, effects: Iterable[Effect]) -> None:
        listed = list(effects)
        self.unsent = sent(listed)
        self.timers += [effect for effect in listed if isinstance(effect, SetTimer)]

    def _fired(self, fired: TimerFired) -> None:
        due = [timer for timer in self.timers if timer.key == fired.key]
        if due:
            self.timers.remove(min(due, key=lambda timer: timer.due_ns))

    def _keep(self) -> None:
        records = list(self.state.audit)
        self.state.audit.clear()
        self.digest.update(records)
        self.model.take(records)

    def _compare(self, entry: Checkpoint) -> None:
        if entry.sequence != self.state.sequence or entry.state_digest != state_digest(self.state):
            raise self._different("comes to another state")

    def _different(self, how: str) -> StateError:
        return StateError(
            f"the journal {self._path} replayed {how} after event {self.state.sequence}: it was written by another "
            "version, or a strategy has changed; go on with what wrote it, or halt at the venue and start anew"
        )
