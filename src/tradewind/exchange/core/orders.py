"""Orders of the exchange: what a client asks for, what the exchange keeps, and the states between.

`NewOrder` is the request, in decimals. `Order` is what lives in the books, in integers; it is mutable, and never
leaves the core: `views.OrderView` does.
"""

from collections import deque
from decimal import Decimal
from enum import Enum

import msgspec

from tradewind.exchange.core.accounts import Seat
from tradewind.model.orders import Side, TimeInForce


class OrderType(Enum):
    """The kinds of order of the venue; `market` is immediate-or-cancel or fill-or-kill."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP_LIMIT = "STOP_LIMIT"
    BRACKET = "BRACKET"
    TWAP = "TWAP"


class StopDirection(Enum):
    UP = "STOP_DIRECTION_STOP_UP"
    DOWN = "STOP_DIRECTION_STOP_DOWN"


class TriggerStatus(Enum):
    NONE = "INVALID_ORDER_TYPE"
    PENDING = "STOP_PENDING"
    TRIGGERED = "STOP_TRIGGERED"


class OrderStatus(Enum):
    PENDING = "PENDING"
    QUEUED = "QUEUED"
    OPEN = "OPEN"
    CANCEL_QUEUED = "CANCEL_QUEUED"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"


PENDING, QUEUED, OPEN, CANCEL_QUEUED, FILLED, CANCELLED, EXPIRED, FAILED = OrderStatus
TERMINAL = frozenset({FILLED, CANCELLED, EXPIRED, FAILED})
LIVE = frozenset({PENDING, QUEUED, OPEN, CANCEL_QUEUED})

# From which state an order may go where. A fill keeps the state, or ends in FILLED.
TRANSITIONS: dict[OrderStatus, frozenset[OrderStatus]] = {
    PENDING: frozenset({QUEUED, OPEN, CANCEL_QUEUED, FILLED, CANCELLED, EXPIRED, FAILED}),
    QUEUED: frozenset({OPEN, CANCEL_QUEUED, FILLED, CANCELLED, EXPIRED, FAILED}),
    OPEN: frozenset({CANCEL_QUEUED, FILLED, CANCELLED, EXPIRED}),
    CANCEL_QUEUED: frozenset({FILLED, CANCELLED, EXPIRED}),
    FILLED: frozenset(),
    CANCELLED: frozenset(),
    EXPIRED: frozenset(),
    FAILED: frozenset(),
}


class NewOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A request. Exactly one of `base_size` and `quote_size` sizes it (a close may leave both out).

    `quote_size` of a market buy is spent fees included; of a limit order it is floor(quote_size / limit_price).
    `buckets` and `bucket_ns` belong to a TWAP: give one of them.
    """

    client_order_id: str
    product_id: str
    side: Side
    kind: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce = TimeInForce.GTC
    base_size: Decimal | None = None
    quote_size: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    stop_direction: StopDirection | None = None
    start_ns: int | None = None
    end_ns: int | None = None
    buckets: int | None = None
    bucket_ns: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    leverage: Decimal | None = None
    margin_type: str = ""


class Edit(msgspec.Struct, frozen=True):
    """One accepted change of an order."""

    price: Decimal
    size: Decimal
    ts_ns: int


class Order(msgspec.Struct, eq=False, gc=False):
    """An order in the books. `sign` is +1 for a buy; `open` is what may still be executed, 0 once it ended.

    `hold_unit` money is held per open quantity unit, on the balance of the currency it would spend; `stands` says that
    it is in the queue at its price. The garbage collector does not look at orders: nothing an order refers to leads
    back to it (seats and accounts do not know orders, registers and levels do).
    """

    number: int
    seat: Seat
    sign: int
    price: int  # limit price; for a market order the bound of its walk
    quantity: int
    open: int
    maker_factor: int  # commission in money units = price x quantity x factor / the product's divisor
    taker_factor: int
    hold_unit: int
    created_ns: int
    client_id: str = ""
    kind: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce = TimeInForce.GTC
    status: OrderStatus = OPEN
    post_only: bool = False
    filled: int = 0
    value: int = 0  # sum of price x quantity of the fills
    fees: int = 0
    fills: int = 0
    last_fill_ns: int = 0
    updated_ns: int = 0
    stands: bool = False
    stop: int = 0
    trigger: TriggerStatus = TriggerStatus.NONE
    expire_ns: int | None = None
    reason: str = ""
    pending_cancel: bool = False
    reducing: bool = False
    liquidation: bool = False
    request: NewOrder | None = None
    edits: tuple[Edit, ...] = ()

    @property
    def hold(self) -> int:
        """What this order holds back now, in money units."""
        return self.hold_unit * self.open


class Register:
    """The orders of one account by number, open ones and those remembered, and by the client's ids."""

    __slots__ = ("by_client_id", "ended", "keeps", "open")

    def __init__(self, *, keeps: bool) -> None:
        self.keeps = keeps  # whether ended orders are remembered
        self.open: dict[int, Order] = {}
        self.ended: dict[int, Order] = {}
        self.by_client_id: dict[str, Order] = {}

    def find(self, number: int) -> Order | None:
        """Return an order that is open or remembered."""
        return self.open.get(number) or self.ended.get(number)

    def all(self) -> list[Order]:
        """Return open and remembered orders, in the order of their placement."""
        return sorted((*self.ended.values(), *self.open.values()), key=lambda order: order.number)

    def end(self, order: Order) -> None:
        """Move an order that ended from the open ones to those remembered."""
        del self.open[order.number]
        if self.keeps:
            self.ended[order.number] = order
        elif order.client_id:
            self.by_client_id.pop(order.client_id, None)

    def prune(self, history: int) -> None:
        """Forget the oldest ended orders when there are a quarter more than the history kept."""
        surplus = len(self.ended) - history
        if surplus > history // 4:
            for order in list(self.ended.values())[:surplus]:
                del self.ended[order.number]
                self.by_client_id.pop(order.client_id, None)


class Level:
    """Orders at one price in the order of their arrival. Ended and moved ones are skipped when they come up.

    `size` is the sum of what is open; `gone` counts entries that are only waiting to be skipped.
    """

    __slots__ = ("gone", "key", "queue", "size")

    def __init__(self, key: int) -> None:
        self.key = key
        self.queue: deque[Order] = deque()
        self.size = 0
        self.gone = 0
