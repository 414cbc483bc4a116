"""The engine's driver told of the journal: events noted before they are processed, intents before they are sent.

Where orders leave the process, each waits until its intent is on the disk. Everything else waits a little for company:
a larger group takes a fraction of the space and of the time, and what a crash can cost is that moment of market data.
"""

import time
from collections.abc import Callable, Sequence

from tradewind.engine.digest import state_digest
from tradewind.engine.replay import run_digest
from tradewind.engine.state import EngineState
from tradewind.model.effects import Effect
from tradewind.model.entries import Checkpoint, Closed, Event, Intended, sent
from tradewind.storage.journal.writer import Journal

CHECKPOINT_EVENTS = 1_000
GATHER_EVENTS = 512
GATHER_S = 0.25


class JournalRecorder:
    """Writes one session. With `durable` an order leaves only when its intent is on the disk, as trading live asks for;
    without, as in paper, where nothing leaves the process, intents are journaled in their order and no one waits.
    `now_s` is any monotonic clock: it groups writes, and nothing else depends on it.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        durable: bool = False,
        checkpoint_events: int = CHECKPOINT_EVENTS,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.journal = journal
        self.note: Callable[[Event], None] = journal.append
        self._durable = durable
        self._checkpoint_events = checkpoint_events
        self._next_checkpoint = checkpoint_events
        self._now_s = now_s
        self._committed_s = now_s()

    def intend(self, sequence: int, effects: Sequence[Effect]) -> None:
        """Journal what is about to leave the process; with `durable`, return when it is on the disk (I11)."""
        leaving = sent(effects)
        if leaving:
            self.journal.append(Intended(sequence, leaving))
            if self._durable:
                self.journal.wait(self.journal.commit())

    def settle(self, state: EngineState) -> None:
        """Commit what has gathered when it is enough or has waited long enough, with a checkpoint when one is due."""
        if state.sequence >= self._next_checkpoint:
            self._next_checkpoint = state.sequence + self._checkpoint_events
            self.journal.append(Checkpoint(state.sequence, state.now_ns, state_digest(state)))
        now_s = self._now_s()
        if self.journal.uncommitted >= GATHER_EVENTS or now_s - self._committed_s >= GATHER_S:
            self._committed_s = now_s
            self.journal.commit()

    def close(self, state: EngineState, audit_digest: str, reason: str = "ended") -> Closed:
        """Write the closing record, make everything durable, and return what the session ended as."""
        end = state_digest(state)
        closed = Closed(state.sequence, state.now_ns, end, audit_digest, run_digest(audit_digest, end), reason)
        self.journal.append(closed)
        self.journal.close()
        return closed
