"""What the engine's driver asks of the world: a venue that answers requests, and a recorder that writes along."""

from collections.abc import Callable, Container, Sequence
from typing import Protocol

from tradewind.engine.state import EngineState
from tradewind.model.answers import VenueAnswer
from tradewind.model.effects import Effect
from tradewind.model.entries import Event
from tradewind.model.market_events import MarketEvent
from tradewind.model.orders import OrderRequest


class Venue(Protocol):
    """A venue without sockets: calls in, answers out, time given by the caller.

    `awake` holds the instruments whose market events can change anything at the venue just now (live orders, perpetual
    positions, books to keep); the driver skips the others. Answers come back in the order in which they happened.
    """

    @property
    def awake(self) -> Container[str]: ...

    @property
    def timed(self) -> bool:
        """Whether anything is ever in flight here, so that answers come at times of their own."""
        ...

    @property
    def due_ns(self) -> int | None:
        """When the next thing in flight happens by the passing of time alone, None when nothing is."""
        ...

    @property
    def next_ns(self) -> int | None:
        """When time alone next changes anything here: what is in flight, or an order's own end; None for never."""
        ...

    def submit(self, request: OrderRequest, ts_ns: int) -> Sequence[VenueAnswer]:
        """Take an order sent at `ts_ns`; return what the client learns at once (nothing in bar mode)."""
        ...

    def cancel(self, order_id: str, ts_ns: int) -> Sequence[VenueAnswer]:
        """Take a cancel sent at `ts_ns`; return what the client learns at once."""
        ...

    def on_event(self, event: MarketEvent) -> Sequence[VenueAnswer]:
        """Let the market event happen at the venue, before the engine sees it; return what the client learns."""
        ...

    def advance(self, ts_ns: int) -> Sequence[VenueAnswer]:
        """Let time pass to `ts_ns`: arrivals and notices in flight happen; return what the client learns."""
        ...


class Recorder(Protocol):
    """Writes down what the engine consumes, before it does, and what it is about to send, before that leaves (I11)."""

    @property
    def note(self) -> Callable[[Event], object]:
        """Take one event that the engine is about to process; called for each, so make it cheap."""
        ...

    def intend(self, sequence: int, effects: Sequence[Effect]) -> None:
        """Take the effects of event `sequence`; once this returns they may be carried out."""
        ...

    def settle(self, state: EngineState) -> None:
        """A stretch of events is over and nothing is in progress: a moment to commit and to checkpoint."""
        ...
