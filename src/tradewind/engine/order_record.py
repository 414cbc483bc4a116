"""What we know of one order at the venue, in units of its instrument: the record behind `engine.order_truth`.

`status` mirrors the engine's own view of the order: every event that changes it there was made here, so an event is
given only where the lifecycle's table has the move.
"""

from decimal import Decimal

from tradewind.engine.order_questions import SECOND_NS, Pace, Question
from tradewind.model.instrument import Instrument
from tradewind.model.money import ZERO
from tradewind.model.orders import OrderRequest
from tradewind.model.venue import VenueFill, VenueOrder, VenueOrderStatus
from tradewind.orders.lifecycle import TERMINAL, TRANSITIONS, OrderEvent, OrderStatus
from tradewind.orders.order import Order, OrderRole


class Record:
    """One order: what we asked, what the venue has said, what has been booked, and what is still to be found out."""

    __slots__ = (
        "absences", "absent_ns", "alarmed", "before", "booked", "booked_fees", "cancel", "cancel_taken_ns", "cap",
        "causes", "closed", "denied", "doubt", "earlier", "ended_ns", "excess", "fees", "fetch", "fill_ids", "final",
        "find", "foreign", "id", "in_flight", "instrument", "left_ns", "others", "reason", "request", "seen",
        "sent_ns", "status", "total", "triggered", "venue_id", "waiting", "waived", "wants_cancel",
    )  # fmt: skip

    def __init__(self, request: OrderRequest, instrument: Instrument, sent_ns: int) -> None:
        self.id = request.order_id
        self.request = request
        self.instrument = instrument
        self.sent_ns = sent_ns
        self.left_ns = sent_ns  # when it may last have left for the venue
        self.in_flight = False  # sent, and no word yet of what came of it
        self.status = OrderStatus.SENT
        self.venue_id = ""
        self.seen = False  # whether the venue has shown it to us and it was the order that we sent
        self.others: set[str] = set()  # orders that the venue showed under this name and that are not this one
        self.foreign = False
        self.before = 0  # what had filled of a foreign order before it was adopted, `earlier` included
        self.earlier = 0  # what was booked of it under the names by which it was adopted first
        self.cap = request.quantity  # what can be booked at most; None for an order by quote amount
        self.booked = 0
        self.booked_fees = ZERO
        self.fill_ids: set[str] = set()
        self.waiting: dict[str, VenueFill] = {}  # executions whose fee the venue has not said
        self.excess: dict[str, VenueFill] = {}  # executions that cannot be booked: beyond the order, or not exact
        self.denied: set[str] = set()  # executions for which the venue's own total, at the end, had no room
        self.waived = 0  # what the venue says was filled beyond what can be booked, and the holdings have taken in
        self.total = 0  # the largest running total seen
        self.fees: Decimal | None = None  # the running total of fees that came with it
        self.final: VenueOrderStatus | None = None
        self.closed = False  # whether the venue itself has said that it is over
        self.reason = ""
        self.doubt = ""  # why we do not know what came of a request; "" when we do
        self.alarmed = False
        self.causes: list[str] = []  # doubts of this order's own that end with it
        self.triggered = False
        self.absences = 0
        self.absent_ns = 0
        self.wants_cancel = False
        self.cancel_taken_ns: int | None = None
        self.find = Question()
        self.fetch = Question()
        self.cancel = Question()
        self.ended_ns: int | None = None

    @property
    def owed(self) -> bool:
        """Whether the venue has said of more fills than have been booked."""
        return self.booked < self.total

    @property
    def troubled(self) -> str:
        """Return why the order's instrument takes no new risk now; "" when all is known."""
        if self.doubt:
            return f"order {self.id}: {self.doubt}"
        if self.excess:
            return f"order {self.id}: {len(self.excess)} executions cannot be booked"
        if self.owed or self.waiting:
            return f"order {self.id}: fills of {self.total - self.booked} units are owed"
        return ""

    @property
    def is_known(self) -> bool:
        """Whether the venue has ever shown that it has the order."""
        return self.seen or bool(self.venue_id) or bool(self.booked)

    @property
    def is_live(self) -> bool:
        return self.status not in TERMINAL

    def may(self, event: OrderEvent) -> bool:
        """Return whether the engine's order can take the event from where it stands."""
        return event in TRANSITIONS[self.status]

    def move(self, event: OrderEvent) -> None:
        """Follow the engine's order along its table."""
        self.status = TRANSITIONS[self.status][event]

    def next_due_ns(self) -> int | None:
        """Return when something is to be asked next, None when nothing is; a cancel waits for the venue's name."""
        asked = (self.find, self.fetch, self.cancel) if self.venue_id else (self.find, self.fetch)
        waits = [each.due_ns for each in asked if each.due_ns is not None]
        return min(waits, default=None)


def differs(record: Record, order: VenueOrder, pace: Pace) -> str:
    """Return how the venue's order is not the one we sent under this name, "" when it is.

    A name that is used again brings the older order (sub-id-collision). Compared are instrument, side, quantity and
    limit price as far as both say them, and that it is not older than ours.
    """
    request, instrument = record.request, record.instrument
    if order.instrument != request.instrument:
        return f"instrument is {order.instrument}"
    if order.side is not request.side:
        return f"side is {order.side.name.lower()}"
    if order.quantity is not None and request.quantity is not None:
        ours = instrument.quantity_decimal(request.quantity)
        if order.quantity != ours and not (request.reduce_only and order.quantity < ours):
            return f"quantity is {order.quantity}, ours is {ours}"
    if order.price is not None and request.price is not None:
        price = instrument.price_decimal(request.price)
        if order.price != price:
            return f"price is {order.price}, ours is {price}"
    if order.created_ns and order.created_ns < record.sent_ns - pace.skew_ns:
        return f"it was created {(record.sent_ns - order.created_ns) // SECOND_NS} s before ours was sent"
    return ""


def units_of(record: Record, fill: VenueFill, pace: Pace) -> tuple[int, int, str]:
    """Return (quantity, price, "") in units, or why the execution cannot be booked for this order."""
    quantity, price, why = _exact_units(record, fill, pace)
    if not why and record.cap is not None and record.booked + quantity > record.cap:
        return 0, 0, f"of {quantity} goes beyond the order: {record.booked} of {record.cap} are booked"
    return quantity, price, why


def beyond(record: Record, pace: Pace) -> dict[str, int]:
    """Return what a foreign order executed beyond the size that it was adopted with: units, by execution."""
    found: dict[str, int] = {}
    for fill in record.excess.values() if record.foreign else ():
        quantity, _, why = _exact_units(record, fill, pace)
        if not why:
            found[fill.fill_id] = quantity
    return found


def _exact_units(record: Record, fill: VenueFill, pace: Pace) -> tuple[int, int, str]:
    instrument = record.instrument
    try:
        quantity, price = instrument.quantity_units(fill.quantity), instrument.price_units(fill.price)
    except ValueError as error:
        return 0, 0, f"is not exact: {error}"
    if fill.instrument != record.request.instrument or fill.side is not record.request.side:
        return 0, 0, f"is a {fill.side.name.lower()} of {fill.instrument}"
    if quantity <= 0 or price <= 0:
        return 0, 0, f"is of {fill.quantity} at {fill.price}"
    if fill.fee_currency not in (None, instrument.quote):
        return 0, 0, f"has its fee in {fill.fee_currency}"
    if not record.foreign and fill.ts_ns < record.sent_ns - pace.skew_ns:
        return 0, 0, "is older than the order"
    return quantity, price, ""


def restored(order: Order, instrument: Instrument) -> Record:
    """Return the record of an order as the replayed engine knows it."""
    record = Record(order.request, instrument, order.ts_ns)
    record.status = order.status
    record.cap = order.quantity if order.request.quantity is not None else None
    record.booked = record.total = order.filled
    record.booked_fees = order.fees
    record.fill_ids = set(order.fill_ids)
    record.foreign = record.seen = order.role is OrderRole.FOREIGN
    record.wants_cancel = order.status is OrderStatus.CANCELING
    record.reason = order.reason
    return record
