"""What the engine's driver asks of the world: a venue that takes requests and gives answers as events."""

from collections.abc import Container, Sequence
from typing import Protocol

from tradewind.model.answers import VenueAnswer
from tradewind.model.market_events import MarketEvent
from tradewind.model.orders import OrderRequest


class Venue(Protocol):
    """A venue without sockets: calls in, answers out, time given by the caller.

    `awake` holds the instruments whose market events can change anything at the venue just now (live orders, perpetual
    positions, books to keep); the driver skips the others. Answers come back in the order in which they happened.
    """

    @property
    def awake(self) -> Container[str]: ...

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
