"""Where an order stands: what answers and looks say of it becomes moves of the engine's order, or doubt."""

from tradewind.engine.order_booking import OrderBooking
from tradewind.engine.order_questions import Pace
from tradewind.engine.order_record import Record, differs
from tradewind.engine.order_records import OrderRecords
from tradewind.engine.order_telling import CAUSE, Telling
from tradewind.model import answers as a
from tradewind.model.venue import Placed, VenueOrder, VenueOrderStatus
from tradewind.orders.lifecycle import OrderEvent, OrderStatus

CANCEL = "cancel"
GONE = "GONE"
ID_REUSED = "ID_REUSED"
NEVER_ARRIVED = "NEVER_ARRIVED"


class OrderStanding:
    """Moves one record at a time."""

    def __init__(self, records: OrderRecords, telling: Telling, booking: OrderBooking, pace: Pace) -> None:
        self._records = records
        self._telling = telling
        self._booking = booking
        self._pace = pace

    def placed(self, record: Record, answer: Placed, now_ns: int) -> None:
        """The venue has taken it, under a name of its own."""
        other = self._records.of_venue(answer.venue_id)
        if other is not None and other is not record:
            self._mistaken(record, answer.venue_id, f"the venue answered with order {other.id}", now_ns)
            return
        self._records.name(record, answer.venue_id)
        self._booking.take_orphans(record, now_ns)
        record.doubt = ""
        if record.final is None:
            self._accept(record, now_ns)
            if not record.is_live:
                record.find.want(now_ns)  # given up before, and here it is: see what it is doing
        self._booking.settle(record, now_ns)

    def identified(self, record: Record, order: VenueOrder, now_ns: int) -> bool:
        """Return whether the order is the one this record is about; the first look decides."""
        if record.venue_id and order.venue_id and order.venue_id != record.venue_id:
            record.others.add(order.venue_id)
            self._telling.alarm(
                record, f"duplicate:{order.venue_id}", f"a second order under the name {record.id}", now_ns
            )
            return False
        if not record.seen:
            why = differs(record, order, self._pace)
            if why:
                self._mistaken(record, order.venue_id, why, now_ns)
                return False
            record.seen = True
        if order.venue_id and not record.venue_id:
            self._records.name(record, order.venue_id)
            self._booking.take_orphans(record, now_ns)
        return True

    def alive(self, record: Record, order: VenueOrder, now_ns: int) -> None:
        """The order is at the venue and not over."""
        if not record.is_live:
            # Given up as never arrived, and here it is: it must go, and until then we are in doubt (I10).
            record.doubt = "alive at the venue after it was given up"
            record.cancel.want(now_ns)
            record.find.want(now_ns + self._pace.apart_ns)
            return
        record.doubt = ""
        self._accept(record, now_ns)
        if order.triggered and not record.triggered and record.may(OrderEvent.WAKE):
            record.triggered = True
            self._telling.give(record, OrderEvent.WAKE, a.OrderTriggered(record.id, now_ns))
        if not record.wants_cancel or record.cancel.due_ns is not None:
            record.find.settle()
        if order.status is VenueOrderStatus.CANCEL_QUEUED:
            record.cancel.settle()
        elif record.cancel_taken_ns is not None and now_ns >= record.cancel_taken_ns + self._pace.visible_ns:
            record.cancel_taken_ns = None
            record.cancel.want(now_ns)  # taken, and still open long after: ask again

    def over(self, record: Record, order: VenueOrder) -> None:
        """The venue says that it is over; the engine hears so when nothing is owed."""
        if record.final is None:
            record.final = order.status
            asked = record.wants_cancel and order.status is VenueOrderStatus.CANCELED
            record.reason = "REQUESTED" if asked else order.reason or order.status.name
        record.closed = True
        record.doubt = ""
        record.find.settle()

    def absent(self, record: Record, asked_ns: int, now_ns: int) -> None:
        """A complete, targeted look, begun at `asked_ns`, did not show it."""
        pace = self._pace
        early = asked_ns < record.left_ns + pace.visible_ns or asked_ns < record.absent_ns + pace.apart_ns
        if early or record.in_flight or record.final is not None:
            if not record.is_known:
                counts_ns = max(record.left_ns + pace.visible_ns, record.absent_ns + pace.apart_ns)
                record.find.bring_forward(counts_ns, now_ns)
            return
        record.absences += 1
        record.absent_ns = asked_ns
        if not record.is_known:
            record.find.bring_forward(asked_ns + pace.apart_ns, now_ns)
            if record.absences >= pace.absences:
                self.reject(record, NEVER_ARRIVED, now_ns)
        elif record.absences >= pace.vanished and not record.owed:
            record.final, record.reason = VenueOrderStatus.CANCELED, GONE
            record.doubt = ""
            self._booking.settle(record, now_ns)

    def reject(self, record: Record, reason: str, now_ns: int) -> None:
        """It is certain that it is not at the venue."""
        record.doubt = ""
        record.reason = reason
        record.find.settle()
        record.cancel.settle()
        if record.may(OrderEvent.REJECT):
            self._telling.give(record, OrderEvent.REJECT, a.OrderRejected(record.id, now_ns, reason))

    def in_doubt(self, record: Record, reason: str, now_ns: int) -> None:
        """Nobody knows what came of a request."""
        record.doubt = reason
        if record.status is not OrderStatus.UNKNOWN and record.may(OrderEvent.TIME_OUT):
            self._telling.give(record, OrderEvent.TIME_OUT, a.OrderUnknown(record.id, now_ns, reason))

    def cancel_fails(self, record: Record, now_ns: int) -> None:
        """Go on at the slow pace, and tell: operators by an alarm, the engine that its order is still open."""
        record.cancel.due_ns = now_ns + self._pace.slow_ns
        cause = f"{CANCEL}:{record.id}"
        if cause not in record.causes:
            record.causes.append(cause)
            self._telling.alarm(record, cause, f"still open after {self._pace.cancels} cancels", now_ns)
            if record.may(OrderEvent.KEEP):  # only an order whose cancel the engine waits for
                why = f"asked {self._pace.cancels} times"
                self._telling.give(record, OrderEvent.KEEP, a.CancelRejected(record.id, now_ns, why))

    def overdue(self, record: Record, now_ns: int) -> None:
        """Tell operators, once, of an order that the quick questions did not settle."""
        bound = len(self._pace.steps_ns)
        if (record.find.asked > bound or record.fetch.asked > bound) and not record.alarmed:
            record.alarmed = True
            record.doubt = record.doubt or ("" if record.troubled else "what it does at the venue is not to be found")
            self._telling.alarm(record, CAUSE, f"{record.troubled}, asked {bound} times", now_ns)

    def _accept(self, record: Record, now_ns: int) -> None:
        if record.status in (OrderStatus.SENT, OrderStatus.UNKNOWN) and record.may(OrderEvent.ACCEPT):
            self._telling.give(record, OrderEvent.ACCEPT, a.OrderAccepted(record.id, now_ns, int(record.cap or 0)))

    def _mistaken(self, record: Record, venue_id: str, why: str, now_ns: int) -> None:
        """The venue shows another order under this name: ours does not exist, and somebody must look (I16)."""
        self._records.unname(record, venue_id)
        record.excess.clear()
        record.total = record.booked
        record.final, record.reason = VenueOrderStatus.REJECTED, ID_REUSED
        record.doubt = ""
        self._telling.alarm(
            record, f"identity:{record.id}", f"the venue has another order under this name: {why}", now_ns
        )
        self._booking.settle(record, now_ns)
