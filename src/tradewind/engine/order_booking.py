"""Executions, each booked once with its own fee; what is owed of an order, and its end when nothing is.

A foreign order may turn out to be larger than it was known to be when it was adopted, and the engine's order may be
over by then. What is left of it is adopted as a further order of the engine's, to which `hand_over` gives everything.
"""

from decimal import Decimal

from tradewind.engine.order_questions import Pace
from tradewind.engine.order_record import Record, beyond, units_of
from tradewind.engine.order_records import OrderRecords
from tradewind.engine.order_telling import CAUSE, Telling
from tradewind.model import answers as a
from tradewind.model.money import ZERO, add, subtract
from tradewind.model.orders import Liquidity
from tradewind.model.venue import VenueFill, VenueOrder, VenueOrderStatus
from tradewind.orders.lifecycle import OrderEvent, OrderStatus


class OrderBooking:
    """Books for one record at a time. `repeated` counts executions that were told once more."""

    def __init__(self, records: OrderRecords, telling: Telling, pace: Pace) -> None:
        self.repeated = 0
        self._records = records
        self._telling = telling
        self._pace = pace

    def totals(self, record: Record, order: VenueOrder, now_ns: int) -> None:
        """Take running totals: hints of what is owed. Raises ValueError for what the units cannot hold."""
        instrument = record.instrument
        size = order.filled if order.quantity is None and order.is_final else order.quantity
        if record.foreign and size is not None and record.cap is not None:
            self._find_before(record, order, instrument.quantity_units(size))
        total = instrument.quantity_units(order.filled) - record.before - record.waived
        if total >= record.total:
            record.total, record.fees = total, order.fees
        if record.owed:
            record.fetch.want(now_ns)
        elif order.is_final and record.excess:
            record.denied |= record.excess.keys()
            record.excess.clear()  # the venue's own total has no room for them
        if order.quantity is None or record.cap is None or not record.may(OrderEvent.ACCEPT):
            return
        quantity = instrument.quantity_units(order.quantity) - record.before
        if max(record.booked, record.total) <= quantity < record.cap:
            record.cap = quantity
            self._telling.say(a.OrderAmended(record.id, now_ns, quantity, "changed at the venue"))

    def fill(self, record: Record, fill: VenueFill, now_ns: int) -> None:
        """Book one execution, or keep it where it waits: for its fee, or for somebody to look at it."""
        if fill.fill_id in record.fill_ids or (record.foreign and fill.ts_ns <= record.sent_ns):
            self.repeated += 1
            return
        if not record.venue_id:
            self._records.name(record, fill.venue_order_id)
        quantity, price, why = units_of(record, fill, self._pace)
        if fill.fill_id in self._records.booked_before:
            # On another exit, of those that this one order is at the venue: here it only counts.
            self.repeated += 1
            _count(record, fill.fill_id, quantity, fill.fee or ZERO)
            if record.is_live and quantity:
                record.move(_fills(record))
            return
        if why and fill.fill_id in record.denied and not record.owed:
            self.repeated += 1
            return
        if why:
            if fill.fill_id not in record.excess:
                self._telling.alarm(record, CAUSE, f"order {record.id}: execution {fill.fill_id} {why}", now_ns)
            record.excess[fill.fill_id] = fill  # with its fee, where that was not known at first
            record.find.want(now_ns)
            return
        if fill.fee is None:
            record.waiting[fill.fill_id] = fill
            record.fetch.want(now_ns)
            return
        self._book(record, fill, quantity, price, fill.fee)

    def take_orphans(self, record: Record, now_ns: int) -> None:
        """Book what was executed before we knew the order's name at the venue."""
        for fill in self._records.orphans.pop(record.venue_id, {}).values():
            self.fill(record, fill, now_ns)

    def settle(self, record: Record, now_ns: int) -> None:
        """Let go of what is known by now: the end of the order, if it is over and nothing is owed."""
        if record.status is OrderStatus.FILLED and record.final is None:
            record.final = VenueOrderStatus.FILLED
        if record.waiting and record.final is not None:
            self._fee_of_the_rest(record)
        if record.owed or record.waiting:
            record.fetch.want(now_ns)
            return
        record.fetch.settle()
        if record.final is None:
            return
        if not record.excess:
            record.find.settle()
        record.cancel.settle()
        if not record.is_live:
            return
        if record.final is VenueOrderStatus.REJECTED and record.may(OrderEvent.REJECT) and not record.booked:
            self._telling.give(record, OrderEvent.REJECT, a.OrderRejected(record.id, now_ns, record.reason))
        else:
            self._telling.give(record, OrderEvent.CANCEL, a.OrderCanceled(record.id, now_ns, record.reason))

    def hand_over(self, former: Record, later: Record) -> None:
        """Let the same order of the venue go on under another name of ours: what is not booked is for that one."""
        later.before = later.earlier = former.earlier + former.booked + former.waived
        later.fill_ids |= former.fill_ids
        later.denied |= former.denied
        if open_fills := former.excess | former.waiting:
            self._records.orphans.setdefault(former.venue_id, {}).update(open_fills)
        former.excess.clear()
        former.waiting.clear()
        former.total, former.doubt = former.booked, ""
        former.final = former.final or VenueOrderStatus.CANCELED
        former.reason = former.reason or f"goes on as {later.id}"

    def _find_before(self, record: Record, order: VenueOrder, size: int) -> None:
        """Note what of a foreign order is not this record's: nothing but `earlier` if it began within our books.

        Of an older one it is what its size has beyond ours, unless executions show that ours was taken too small.
        """
        record.before = record.earlier
        if order.created_ns <= record.sent_ns:
            known = record.booked + sum(beyond(record, self._pace).values())
            filled = record.instrument.quantity_units(order.filled)
            record.before = max(record.earlier, min(size - int(record.cap or 0), filled - known))

    def _book(self, record: Record, fill: VenueFill, quantity: int, price: int, fee: Decimal) -> None:
        record.waiting.pop(fill.fill_id, None)
        record.excess.pop(fill.fill_id, None)
        _count(record, fill.fill_id, quantity, fee)
        maker = fill.liquidity is Liquidity.MAKER or (fill.liquidity is None and record.request.post_only)
        liquidity = Liquidity.MAKER if maker else Liquidity.TAKER
        event = a.OrderFilled(
            record.id, fill.fill_id, fill.ts_ns, fill.instrument, fill.side, quantity, price, liquidity, fee
        )
        self._telling.give(record, _fills(record), event)

    def _fee_of_the_rest(self, record: Record) -> None:
        """Give the one execution without a fee what is left of the order's total fee, once asking has not helped."""
        if len(record.waiting) > 1 or record.fees is None or record.before or record.fetch.asked < self._pace.absences:
            return
        fill = next(iter(record.waiting.values()))
        quantity, price, why = units_of(record, fill, self._pace)
        if not why and record.booked + quantity == record.total:
            self._book(record, fill, quantity, price, subtract(record.fees, record.booked_fees))


def _count(record: Record, fill_id: str, quantity: int, fee: Decimal) -> None:
    record.fill_ids.add(fill_id)
    record.booked += quantity
    record.booked_fees = add(record.booked_fees, fee)
    record.total = max(record.total, record.booked)
    if record.is_live:
        record.doubt = ""  # it is there, whatever became of the answer


def _fills(record: Record) -> OrderEvent:
    return OrderEvent.FILL_ALL if record.booked == record.cap else OrderEvent.FILL_PART
