"""One of our orders while it lives: what was asked, for whom, and what has come of it."""

from decimal import Decimal
from enum import IntEnum
from typing import Any

import msgspec

from tradewind.model.answers import OrderFilled
from tradewind.model.decisions import Share
from tradewind.model.errors import StateError
from tradewind.model.money import ZERO, add, portion, subtract
from tradewind.model.orders import OrderRequest
from tradewind.orders.lifecycle import TERMINAL, OrderEvent, OrderStatus, next_status

SENT, FILLED = OrderStatus.SENT, OrderStatus.FILLED
FILL_PART = OrderEvent.FILL_PART


class OrderRole(IntEnum):
    """Why the order exists: to reach a target, because a strategy placed it, to protect a position, to close one,
    because somebody else sent it, or as part of a plan that leads to a target.
    """

    TARGET = 1
    PLACED = 2
    PROTECTION = 3
    CLOSING = 4
    FOREIGN = 5
    CHILD = 6


class Order(msgspec.Struct, eq=False):
    """Mutable life of one order. `quantity` is the total that can become filled; `owners` is whoever asked for it."""

    request: OrderRequest
    shares: tuple[Share, ...]
    role: OrderRole
    ts_ns: int
    quantity: int
    tag: str = ""
    owners: tuple[Any, ...] = ()
    number: int = 0
    status: OrderStatus = SENT
    held_cash: Decimal = ZERO
    filled: int = 0
    fills: tuple[OrderFilled, ...] = ()
    reason: str = ""
    received: tuple[int, ...] = ()
    late_fills: int = 0

    @property
    def is_live(self) -> bool:
        return self.status not in TERMINAL

    @property
    def remaining(self) -> int:
        return self.quantity - self.filled

    @property
    def value(self) -> int:
        """Price x quantity of what has filled, in units."""
        return sum([fill.price * fill.quantity for fill in self.fills])

    @property
    def fees(self) -> Decimal:
        """What the fills have cost."""
        total = ZERO
        for fill in self.fills:
            total = add(total, fill.fee)
        return total

    @property
    def fill_ids(self) -> tuple[str, ...]:
        return tuple([fill.fill_id for fill in self.fills])

    def move(self, event: OrderEvent) -> None:
        """Take the event along the table."""
        self.status = next_status(self.status, event)

    def take_fill(self, fill: OrderFilled) -> bool:
        """Book a fill once by its identity; return False for one that is already booked (I04).

        Raises  StateError when the venue filled more than was asked (I05).
        """
        fills, quantity, status = self.fills, fill.quantity, self.status
        if fills and fill.fill_id in self.fill_ids:
            return False
        filled, ordered = self.filled + quantity, self.quantity
        if filled > ordered or quantity <= 0:
            raise StateError(
                f"order {self.request.order_id}: fill {fill.fill_id} of {quantity} after {self.filled} of "
                f"{ordered}: the venue and our journal disagree; trading stops, keep the journal and reconcile"
            )
        if status in TERMINAL:
            self.late_fills += 1
        # A fill of the rest ends the order from wherever it stands; the table says so in every row but FILLED.
        self.status = FILLED if filled == ordered else next_status(status, FILL_PART)
        self.fills = (*fills, fill) if fills else (fill,)
        self.filled = filled
        return True

    def share_of(self, bot: str) -> int:
        """Return the bot's part of the order's quantity."""
        return sum(share.quantity for share in self.shares if share.bot == bot)

    def release_hold(self, filled: int) -> Decimal:
        """Return how much of the cash hold a fill of `filled` units frees, everything when the order is over."""
        if self.status in TERMINAL:
            freed, self.held_cash = self.held_cash, ZERO
            return freed
        freed = portion(self.held_cash, filled, filled + self.quantity - self.filled)
        self.held_cash = subtract(self.held_cash, freed)
        return freed
