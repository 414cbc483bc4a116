"""Reasons of the session's own to take no new risk on an instrument, told to the engine when they come and go."""

from collections.abc import Callable, Iterable

from tradewind.model.corrections import InstrumentCleared, InstrumentDoubted


class Doubts:
    """What is in doubt now, by instrument and cause. A reason that is repeated is not told again."""

    def __init__(
        self,
        take: Callable[[InstrumentDoubted | InstrumentCleared], None],
        now_ns: Callable[[], int],
        known: Iterable[tuple[str, str]] = (),
    ) -> None:
        self._take = take
        self._now_ns = now_ns
        self.held: set[tuple[str, str]] = set(known)

    def raise_(self, instrument: str, cause: str, reason: str, *, alarm: bool = False) -> None:
        """From now on nothing that adds risk is sent here, for this cause."""
        if (instrument, cause) not in self.held:
            self.held.add((instrument, cause))
            self._take(InstrumentDoubted(self._now_ns(), instrument, cause, reason, alarm=alarm))

    def clear(self, instrument: str, cause: str, evidence: str) -> None:
        """The cause is over."""
        if (instrument, cause) in self.held:
            self.held.discard((instrument, cause))
            self._take(InstrumentCleared(self._now_ns(), instrument, cause, evidence))

    def say(self, instrument: str, cause: str, reason: str) -> None:
        """Raise or clear, by whether there is a reason."""
        if reason:
            self.raise_(instrument, cause, reason)
        else:
            self.clear(instrument, cause, "it holds no more")
