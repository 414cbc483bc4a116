"""A live order as a simulated venue keeps it, and the word for what it waits for."""

from decimal import Decimal
from enum import IntEnum

import msgspec

from tradewind.model.fees import FeeTier
from tradewind.model.money import EXACT, ZERO
from tradewind.model.orders import OrderKind, OrderRequest
from tradewind.simulation.settings import OrderReport
from tradewind.simulation.wallet import Holding


class Phase(IntEnum):
    """What an order waits for; the report calls PENDING pending and the phases up to STOP open."""

    PENDING = 0  # its parent's complete fill
    WAITING = 1  # the open of its instrument's next bar, or its arrival
    WOKEN = 2  # to be activated where its parent was filled, at this very point
    REMAINDER = 3  # what is left of a market order: fills at the next open
    LIMIT = 4  # rests at its limit
    STOP = 5  # rests until its stop is reached
    DONE = 6


PENDING, WAITING, WOKEN, REMAINDER, LIMIT, STOP, DONE = Phase

MARKET, STOP_MARKET, TRAILING_STOP = OrderKind.MARKET, OrderKind.STOP_MARKET, OrderKind.TRAILING_STOP
LIMIT_KIND, STOP_LIMIT = OrderKind.LIMIT, OrderKind.STOP_LIMIT
FILLED = "filled"
CANCELED = "canceled"
REJECTED = "rejected"


class Order(msgspec.Struct, eq=False, gc=False):  # nothing that an order holds leads back to it
    """One request with its age, its fee tier fixed at placement, and what has become of it."""

    request: OrderRequest
    order_id: str
    sequence: int  # age: the smaller, the older
    wake_ns: int  # bars that open before this cannot activate it
    tier: FeeTier
    holding: Holding
    sign: int
    quantity: int
    stop: int | None = None
    filled: int = 0
    fills: int = 0
    phase: Phase = WAITING
    outcome: str = FILLED  # what it has come to, once it is over
    reason: str | None = None
    held: Decimal = ZERO  # what it holds of cash (buy) or base units (sell)
    hold_unit: Decimal = ZERO  # the same per quantity unit
    ahead: Decimal = ZERO  # book mode: quantity units before us in the queue
    traded: int = 0  # book mode: traded at our price since the level's last update
    visible: int = 0  # book mode: what an iceberg still shows

    @property
    def remaining(self) -> int:
        return self.quantity - self.filled

    @property
    def status(self) -> str:
        if self.phase is PENDING:
            return "pending"
        return self.outcome if self.phase is DONE else "open"

    @property
    def limit(self) -> int:
        """The limit price; only asked of orders that have one (`malformed` refuses the others at submission)."""
        price = self.request.price
        if price is None:
            raise ValueError(f"order {self.order_id} has no limit price")
        return price

    def report(self, *, queued: bool = False) -> OrderReport:
        """Return the order as the venue sees it; `queued` tells the queue ahead of a resting limit (book mode)."""
        price = self.request.price
        if price is None and not (self.phase is DONE and self.request.trail is not None):
            price = self.stop  # where a trailing stop ended says nothing: it moves only where something can meet it
        scale = self.holding.instrument.quantity_scale
        ahead = self.ahead.scaleb(-scale, EXACT) if queued and self.phase is LIMIT else None
        return OrderReport(self.status, self.reason, self.filled, self.quantity - self.filled, price, ahead)


def malformed(request: OrderRequest) -> str | None:
    """Return why a request cannot be understood at all, or None."""
    kind, quantity = request.kind, request.quantity
    if quantity is None:
        if (request.quote_quantity is not None) is request.maximum:
            return "INVALID_QUANTITY"
    elif quantity <= 0 or request.maximum or request.quote_quantity is not None:
        return "INVALID_QUANTITY"
    if kind is MARKET:
        return None
    if request.price is None and (kind is LIMIT_KIND or kind is STOP_LIMIT):
        return "INVALID_PRICE"
    if request.stop is None and (kind is STOP_MARKET or kind is STOP_LIMIT):
        return "INVALID_STOP"
    if kind is TRAILING_STOP and (request.trail is None or request.trail < 0):
        return "INVALID_TRAIL"
    return None
