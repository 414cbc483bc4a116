"""One of our orders while it lives: what was asked, for whom, and what has come of it."""

from decimal import Decimal
from enum import IntEnum

from tradewind.model.answers import OrderFilled
from tradewind.model.decisions import Share
from tradewind.model.errors import StateError
from tradewind.model.money import ZERO, add, multiply, subtract
from tradewind.model.orders import OrderRequest
from tradewind.orders.lifecycle import TERMINAL, OrderEvent, OrderStatus, next_status


class OrderRole(IntEnum):
    """Why the order exists: to reach a target, because a strategy placed it, or to protect a position."""

    TARGET = 1
    PLACED = 2
    PROTECTION = 3
    CLOSING = 4


class Order:
    """Mutable life of one order. `quantity` is the total that can still become filled (None until a venue sizes it)."""

    __slots__ = (
        "fees",
        "fill_ids",
        "filled",
        "held_cash",
        "held_unit",
        "late_fills",
        "quantity",
        "reason",
        "received",
        "request",
        "role",
        "shares",
        "status",
        "tag",
        "ts_ns",
        "value",
    )

    def __init__(
        self,
        request: OrderRequest,
        shares: tuple[Share, ...],
        role: OrderRole,
        ts_ns: int,
        quantity: int,
        tag: str = "",
    ) -> None:
        self.request = request
        self.shares = shares
        self.role = role
        self.ts_ns = ts_ns
        self.quantity = quantity
        self.tag = tag
        self.status = OrderStatus.SENT if request.after is None else OrderStatus.PENDING
        self.filled = 0
        self.value = 0
        self.fees = ZERO
        self.reason = ""
        self.fill_ids: list[str] = []
        self.received = [0] * len(shares) if len(shares) > 1 else []
        self.late_fills = 0
        self.held_cash = ZERO
        self.held_unit = ZERO

    @property
    def is_live(self) -> bool:
        return self.status not in TERMINAL

    @property
    def remaining(self) -> int:
        return self.quantity - self.filled

    def move(self, event: OrderEvent) -> None:
        """Take the event along the table."""
        self.status = next_status(self.status, event)

    def take_fill(self, fill: OrderFilled) -> bool:
        """Book a fill once by its identity; return False for one that is already booked (I04).

        Raises  StateError when the venue filled more than was asked (I05).
        """
        if fill.fill_id in self.fill_ids:
            return False
        filled = self.filled + fill.quantity
        if filled > self.quantity or fill.quantity <= 0:
            raise StateError(
                f"order {self.request.order_id}: fill {fill.fill_id} of {fill.quantity} after {self.filled} of "
                f"{self.quantity}: the venue and our journal disagree; trading stops, keep the journal and reconcile"
            )
        if self.status in TERMINAL:
            self.late_fills += 1
        self.move(OrderEvent.FILL_ALL if filled == self.quantity else OrderEvent.FILL_PART)
        self.fill_ids.append(fill.fill_id)
        self.filled = filled
        self.value += fill.quantity * fill.price
        self.fees = add(self.fees, fill.fee)
        return True

    def share_of(self, bot: str) -> int:
        """Return the bot's part of the order's quantity."""
        return sum(share.quantity for share in self.shares if share.bot == bot)

    def release_hold(self, filled: int) -> Decimal:
        """Return how much of the cash hold a fill of `filled` units frees, everything when the order is over."""
        if not self.is_live:
            freed = self.held_cash
        else:
            freed = min(self.held_cash, multiply(self.held_unit, filled))
        self.held_cash = subtract(self.held_cash, freed)
        return freed
