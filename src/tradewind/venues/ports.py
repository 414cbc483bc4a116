"""What a session asks of a venue: one protocol per capability, all asynchronous, in our own words.

Orders and money travel as the facts of `model.venue`; market data as the events of `model.market_events`. Expected
outcomes (refused, in doubt) are values; what a protocol raises is a `VenueError`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Protocol

import msgspec

from tradewind.model.fees import FeeTier
from tradewind.model.instrument import Instrument
from tradewind.model.market_events import Bar, BookSnapshot, LevelUpdate, QuoteTick, TradePrint
from tradewind.model.orders import OrderRequest
from tradewind.model.venue import (
    CancelAnswer,
    PlaceAnswer,
    VenueBalance,
    VenueFill,
    VenueOrder,
    VenuePosition,
)


class KeyRights(msgspec.Struct, frozen=True, kw_only=True):
    """What a key may do. A session refuses one that may move money away."""

    view: bool
    trade: bool
    transfer: bool
    portfolio_id: str = ""
    portfolio_type: str = ""


class ProductMode(Enum):
    """What a venue lets people do with an instrument just now; the strictest word that applies."""

    ONLINE = "online"
    POST_ONLY = "post_only"
    LIMIT_ONLY = "limit_only"
    AUCTION = "auction"
    CANCEL_ONLY = "cancel_only"
    VIEW_ONLY = "view_only"
    DISABLED = "disabled"


TAKES_ORDERS = frozenset({ProductMode.ONLINE, ProductMode.POST_ONLY, ProductMode.LIMIT_ONLY, ProductMode.AUCTION})

LAST_DAY_NS = 86_400_000_000_000


class ProductState(msgspec.Struct, frozen=True, kw_only=True):
    """What may change about an instrument from one minute to the next, and the limits that no increment tells.

    `canonical` names the instrument whose book this one shares (USD and USDC pairs), else itself. `expiry_ns` is set
    for a dated future only; `is_perpetual` is the venue's statement, never read from the name.
    """

    instrument: str
    mode: ProductMode = ProductMode.ONLINE
    canonical: str = ""
    price: Decimal | None = None
    min_quantity: Decimal | None = None
    max_quantity: Decimal | None = None
    min_notional: Decimal | None = None
    max_notional: Decimal | None = None
    is_future: bool = False
    is_perpetual: bool = False
    expiry_ns: int | None = None
    session_open: bool = True
    funding_rate: Decimal | None = None
    funding_ns: int | None = None
    funding_interval_ns: int | None = None
    initial_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None

    @property
    def takes_orders(self) -> bool:
        """Whether the venue takes any new order here now."""
        return self.mode in TAKES_ORDERS and self.session_open

    def takes_new_risk(self, now_ns: int) -> bool:
        """Whether a position may be opened or added to: orders are taken, and a dated future has a day left."""
        return self.takes_orders and (self.expiry_ns is None or now_ns < self.expiry_ns - LAST_DAY_NS)


class OrderSeen(msgspec.Struct, frozen=True):
    """The stream told of an order: running totals, no executions. A hint, never booked."""

    order: VenueOrder
    ts_ns: int


class StreamKind(Enum):
    CONNECTED = "connected"
    STALE = "stale"
    GAP = "gap"
    RESYNCED = "resynced"
    CLOSED = "closed"


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """How far the stream can be trusted; without `instrument` the whole channel is meant."""

    kind: StreamKind
    ts_ns: int
    channel: str = ""
    instrument: str = ""
    reason: str = ""


StreamEvent = BookSnapshot | LevelUpdate | TradePrint | QuoteTick | Bar | OrderSeen | StreamState


Look = Callable[[], str]
"""Why a request may not leave now, "" when it may: asked as each attempt leaves, whatever it waited for until then."""


class OrderDesk(Protocol):
    """Where orders go. An order's name is chosen before the first send and is the same in every attempt."""

    async def place(self, request: OrderRequest, look: Look | None = None) -> PlaceAnswer:
        """Send an order once; a repeat with the same name is recognised by the venue as the same order.

        What `look` holds back is refused with its reason: nothing of it has left.
        """
        ...

    def prepare(self, request: OrderRequest) -> None:
        """Make what can be made of an order that is about to be placed; a hint, and nothing leaves."""
        ...

    def forget(self, client_ids: Iterable[str]) -> None:
        """Drop what is remembered of orders that are long over."""
        ...

    async def cancel(self, client_ids: Sequence[str]) -> Mapping[str, CancelAnswer]:
        """Ask for cancellation; one answer per name that was given."""
        ...

    async def cancel_venue_orders(self, venue_ids: Sequence[str]) -> Mapping[str, CancelAnswer]:
        """Ask for cancellation of orders by the venue's own names (orders that are not ours have no other)."""
        ...

    async def edit(
        self, client_id: str, *, price: Decimal | None = None, quantity: Decimal | None = None
    ) -> PlaceAnswer:
        """Change price or total quantity of a live order; `Placed` names the order as it is called from now on."""
        ...

    async def find(self, client_id: str) -> VenueOrder | None:
        """Return the order of that name, live or done, or None when a complete look did not show it."""
        ...

    async def find_venue_order(self, venue_id: str) -> VenueOrder | None:
        """Return the order by the venue's own name, or None when it has none of that name."""
        ...

    async def open_orders(self, instrument: str | None = None) -> Sequence[VenueOrder]:
        """Return every order that may still do something, also those the venue has not opened yet."""
        ...

    async def fills(self, since_ns: int, order_id: str | None = None) -> Sequence[VenueFill]:
        """Return executions from `since_ns` on, oldest first; `order_id` is the venue's name of an order."""
        ...


class AccountDesk(Protocol):
    """What we own and may do."""

    async def balances(self) -> Sequence[VenueBalance]: ...

    async def positions(self) -> Sequence[VenuePosition]: ...

    async def fee_rates(self) -> FeeTier:
        """Return the rates that apply now, at the volume they start from."""
        ...

    async def permissions(self) -> KeyRights: ...

    async def volume_30d(self) -> Decimal: ...


class MarketDesk(Protocol):
    """What can be asked of a market without a stream."""

    async def instruments(self, ids: Sequence[str]) -> Sequence[Instrument]: ...

    async def product_states(self, ids: Sequence[str]) -> Mapping[str, ProductState]: ...

    async def candles(self, id: str, span_ns: int, start_ns: int, end_ns: int) -> Sequence[Bar]:
        """Return closed bars that open in [start_ns, end_ns), oldest first."""
        ...

    async def book(self, id: str) -> BookSnapshot: ...

    async def trades(self, id: str) -> Sequence[TradePrint]: ...

    async def server_time_ns(self) -> int: ...


Take = Callable[[Sequence[StreamEvent]], None]  # of what a venue tells by itself, in the order in which it arrived
