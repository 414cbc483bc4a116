"""What a venue tells of orders, fills and money, in its own words: the facts that adapters hand to the engine's side.

Prices and quantities are Decimals in the venue's units (base units, or contracts of a perpetual); engine units are made
of them in one place, `engine.order_truth`. Times are UTC nanoseconds, 0 where the venue says none.
"""

from decimal import Decimal
from enum import Enum

import msgspec

from tradewind.model.money import ZERO, add
from tradewind.model.orders import Liquidity, Side


class VenueOrderStatus(Enum):
    """Where an order stands at the venue. What an adapter cannot read is UNKNOWN, and counts as live."""

    PENDING = "pending"
    QUEUED = "queued"
    OPEN = "open"
    CANCEL_QUEUED = "cancel_queued"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


FINAL = frozenset(
    {VenueOrderStatus.FILLED, VenueOrderStatus.CANCELED, VenueOrderStatus.EXPIRED, VenueOrderStatus.REJECTED}
)


class VenueOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One order as the venue tells of it: totals since its start, never increments.

    `client_id` is "" where the venue names none; `quantity` is None for an order by quote amount (`quote_quantity`).
    `filled`, `average_price` and `fees` are running totals: hints of what the fills will sum to, never booked.
    `reason` is the venue's word for a cancellation or rejection; `liquidation` says that the venue itself sent it.
    """

    client_id: str
    venue_id: str
    instrument: str
    side: Side
    status: VenueOrderStatus
    kind: str = "limit"
    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    filled: Decimal = ZERO
    average_price: Decimal | None = None
    fees: Decimal = ZERO
    price: Decimal | None = None
    stop: Decimal | None = None
    time_in_force: str = "gtc"
    post_only: bool = False
    reduce_only: bool = False
    triggered: bool = False
    liquidation: bool = False
    expire_ns: int | None = None
    created_ns: int = 0
    updated_ns: int = 0
    reason: str = ""

    @property
    def is_final(self) -> bool:
        """Whether the venue will do nothing more with the order; its fills may still be on their way to us."""
        return self.status in FINAL


class VenueFill(msgspec.Struct, frozen=True, kw_only=True):
    """One execution with its own identity: the only thing that is ever booked.

    `fee` is positive when paid, negative for a rebate, in the quote currency unless `fee_currency` says otherwise.
    None for `liquidity` or `fee` means that the venue has not said yet: such a fill waits.
    """

    fill_id: str
    venue_order_id: str
    instrument: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal | None
    ts_ns: int
    client_id: str | None = None
    liquidity: Liquidity | None = None
    fee_currency: str | None = None


class VenueBalance(msgspec.Struct, frozen=True):
    """What an account has of one currency: free, and held for orders; together it is what the account owns."""

    currency: str
    available: Decimal
    hold: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """Everything the account owns of the currency, exactly."""
        return add(self.available, self.hold)


class VenuePosition(msgspec.Struct, frozen=True, kw_only=True):
    """An open futures position: signed quantity in contracts (long is positive)."""

    instrument: str
    quantity: Decimal
    average_price: Decimal | None = None
    unrealised: Decimal = ZERO
    liquidation_price: Decimal | None = None


# -- what came of a request ------------------------------------------------------------------------------------------


class Placed(msgspec.Struct, frozen=True):
    """The venue took the order and named it; `ts_ns` is when, 0 where it does not say."""

    venue_id: str
    ts_ns: int = 0


class PlaceRefused(msgspec.Struct, frozen=True):
    """The venue said no, and it is certain that there is no order; `reason` is its word, `text` its explanation."""

    reason: str
    text: str = ""


class CancelTaken(msgspec.Struct, frozen=True):
    """The venue will cancel; what has filled until then is for the fills to say."""


class CancelRefused(msgspec.Struct, frozen=True):
    """The venue does not cancel (already done, not found, wrong state): ask for the order, it decides nothing."""

    reason: str


class InDoubt(msgspec.Struct, frozen=True):
    """Sent, and no usable answer (timeout, 5xx, dropped, unreadable): a state, never a no. Never resent anew."""

    reason: str


PlaceAnswer = Placed | PlaceRefused | InDoubt
CancelAnswer = CancelTaken | CancelRefused | InDoubt
