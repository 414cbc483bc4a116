"""The engine's driver told of the journal: events noted before they are processed, intents before they are sent."""

from collections.abc import Callable, Sequence

from tradewind.engine.digest import state_digest
from tradewind.engine.replay import run_digest
from tradewind.engine.state import EngineState
from tradewind.model.effects import Effect
from tradewind.model.entries import Checkpoint, Closed, Event, Intended, sent
from tradewind.storage.journal.writer import Journal

CHECKPOINT_EVENTS = 10_000


class JournalRecorder:
    """Writes one session. With `durable` an order leaves only when its intent is on the disk, as trading live asks for;
    without, as paper does, the intent is handed over first and the disk follows.
    """

    def __init__(self, journal: Journal, *, durable: bool = False, checkpoint_events: int = CHECKPOINT_EVENTS) -> None:
        self.journal = journal
        self.note: Callable[[Event], None] = journal.append
        self._durable = durable
        self._checkpoint_events = checkpoint_events
        self._next_checkpoint = checkpoint_events

    def intend(self, sequence: int, effects: Sequence[Effect]) -> None:
        """Journal what is about to leave the process; with `durable`, return when it is on the disk (I11)."""
        leaving = sent(effects)
        if leaving:
            self.journal.append(Intended(sequence, leaving))
            position = self.journal.commit()
            if self._durable:
                self.journal.wait(position)

    def settle(self, state: EngineState) -> None:
        """Commit what happened, with a checkpoint when one is due."""
        if state.sequence >= self._next_checkpoint:
            self._next_checkpoint = state.sequence + self._checkpoint_events
            self.journal.append(Checkpoint(state.sequence, state.now_ns, state_digest(state)))
        self.journal.commit()

    def close(self, state: EngineState, audit_digest: str, reason: str = "ended") -> Closed:
        """Write the closing record, make everything durable, and return what the session ended as."""
        end = state_digest(state)
        closed = Closed(state.sequence, state.now_ns, end, audit_digest, run_digest(audit_digest, end), reason)
        self.journal.append(closed)
        self.journal.close()
        return closed
