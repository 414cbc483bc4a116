"""What we know of each order at the venue, kept apart from what we wish: reports in, events for the engine out.

Only executions with an identity are booked, once each, with their own fee. Running totals (a stream, a listing) are
hints: they say that an order lives or is over, and how much its executions will sum to. An order is *owed* while less
is booked than the venue has told of, and its end is given to the engine only when nothing is owed. A request without
a usable answer puts the order in doubt: it is looked for, at a stated pace, and never sent anew. "Not found" counts
only after the venue's read-after-write window, and repeated. While anything of an order is in doubt or owed, its
instrument takes no new risk (cause `orders`).

Pure: every call takes the time and returns events, in the order in which the engine is to take them; what is to be
asked comes from `due`. Not journaled: after a restart it is built again from the engine's orders (`restore`).

    order_records    which orders are known, by which names        order_booking     executions, and what is owed
    order_telling    what the engine hears, and doubt              order_standing    where an order stands
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tradewind.engine.order_booking import OrderBooking
from tradewind.engine.order_questions import FetchFills, FindOrder, Pace, Query, SendCancel
from tradewind.engine.order_record import Record, beyond, restored
from tradewind.engine.order_records import OrderRecords
from tradewind.engine.order_standing import CANCEL, OrderStanding
from tradewind.engine.order_telling import CAUSE, Telling, Told
from tradewind.model.corrections import InstrumentCleared, OrderAdopted
from tradewind.model.instrument import Instrument
from tradewind.model.orders import OrderRequest
from tradewind.model.venue import (
    CancelAnswer,
    CancelRefused,
    CancelTaken,
    InDoubt,
    PlaceAnswer,
    Placed,
    PlaceRefused,
    VenueFill,
    VenueOrder,
    VenueOrderStatus,
)
from tradewind.orders.lifecycle import OrderEvent, OrderStatus
from tradewind.orders.order import Order


class Due(msgspec.Struct, frozen=True):
    """What to ask the venue now, and what follows because asking has come to its bound."""

    queries: tuple[Query, ...] = ()
    events: tuple[Told, ...] = ()


class OrderTruth:
    """The orders of one account, ours and adopted ones. One writer; nothing here waits, sends or reads a clock."""

    def __init__(self, instruments: Iterable[Instrument], pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self._known = OrderRecords(instruments, self.pace)
        self._telling = Telling(self._known)
        self._booking = OrderBooking(self._known, self._telling, self.pace)
        self._standing = OrderStanding(self._known, self._telling, self._booking, self.pace)

    @property
    def records(self) -> Mapping[str, Record]:
        """The orders that are known, by our names."""
        return self._known.by_id

    @property
    def repeated_fills(self) -> int:
        """How many executions were told once more than needed."""
        return self._booking.repeated

    # -- what we do --------------------------------------------------------------------------------------------------

    def sending(self, request: OrderRequest, now_ns: int) -> None:
        """Note that the request is about to leave (again: a repeat carries the same name). Call it before the send."""
        record = self.records.get(request.order_id)
        if record is None:
            record = Record(request, self._known.instruments[request.instrument], now_ns)
            self._known.add(record)
        record.left_ns = now_ns
        record.in_flight = True

    def answered(self, order_id: str, answer: PlaceAnswer, now_ns: int) -> list[Told]:
        """Take what came of a send. Certain that it never left, for good: `PlaceRefused`."""
        record = self.records[order_id]
        record.in_flight = False
        if isinstance(answer, Placed):
            self._standing.placed(record, answer, now_ns)
        elif isinstance(answer, InDoubt):
            if not record.is_known:
                self._standing.in_doubt(record, answer.reason, now_ns)
            record.find.want(now_ns)
        elif record.doubt or record.is_known:
            # An earlier attempt may have arrived: this refusal is of the repeat, and says nothing of the first.
            record.find.want(now_ns)
        else:
            self._standing.reject(record, _words(answer), now_ns)
        return self._telling.told(record, now_ns)

    def canceling(self, order_id: str, now_ns: int) -> None:
        """Note that the engine wants the order canceled; `due` says when to send that, until it is over."""
        record = self.records[order_id]
        record.wants_cancel = True
        if record.may(OrderEvent.ASK_CANCEL):
            record.move(OrderEvent.ASK_CANCEL)
        if record.final is None and record.is_live:
            self._known.watched[record.id] = record
            record.cancel_taken_ns = None
            record.cancel.want(now_ns)

    def withdraw(self, order_id: str, now_ns: int) -> None:
        """Have the venue cancel an order without the engine's asking, as the policy on foreign orders may want."""
        record = self.records[order_id]
        if not record.wants_cancel and record.final is None and record.is_live:
            record.wants_cancel = True
            record.cancel.want(now_ns)

    def cancel_answered(self, order_id: str, answer: CancelAnswer, now_ns: int) -> list[Told]:
        """Take what came of a cancel: it never decides anything, the order itself is asked for."""
        record = self.records[order_id]
        if isinstance(answer, CancelTaken):
            record.cancel.settle()
            record.cancel_taken_ns = now_ns
        if record.final is None:
            record.find.want(now_ns + (self.pace.apart_ns if isinstance(answer, CancelTaken) else 0))
            if isinstance(answer, CancelRefused):
                record.reason = record.reason or answer.reason
        return self._telling.told(record, now_ns)

    # -- what the venue tells ----------------------------------------------------------------------------------------

    def order_seen(self, order: VenueOrder, now_ns: int) -> list[Told]:
        """Take the venue's word on an order (stream, listing, query): totals and status, a hint. [] for a stranger."""
        record = self._known.of_order(order)
        if record is None:
            return []
        if not self._standing.identified(record, order, now_ns):
            return self._telling.told(record, now_ns)
        record.absences = 0
        try:
            self._booking.totals(record, order, now_ns)
        except ValueError as error:
            self._telling.alarm(record, f"inexact:{record.id}", str(error), now_ns)
            return self._telling.told(record, now_ns)
        if order.is_final:
            self._standing.over(record, order)
        elif order.status is VenueOrderStatus.UNKNOWN:
            record.find.want(now_ns)
        elif record.final is None:
            self._standing.alive(record, order, now_ns)
        self._booking.settle(record, now_ns)
        return self._telling.told(record, now_ns)

    def order_absent(self, order_id: str, asked_ns: int, now_ns: int) -> list[Told]:
        """Take that a complete, targeted look, begun at `asked_ns`, did not show the order."""
        record = self.records[order_id]
        self._standing.absent(record, asked_ns, now_ns)
        return self._telling.told(record, now_ns)

    def fills_seen(self, fills: Sequence[VenueFill], now_ns: int) -> list[Told]:
        """Book executions, each once, whatever the order of arrival; those of strangers wait for their order."""
        of: dict[str, list[VenueFill]] = {}
        for fill in fills:
            record = self._known.of_fill(fill)
            if self._known.is_past(fill, record):
                self._booking.repeated += 1
            elif record is None:
                self._known.orphans.setdefault(fill.venue_order_id, {})[fill.fill_id] = fill
            else:
                of.setdefault(record.id, []).append(fill)
        told: list[Told] = []
        for order_id, own in of.items():
            record = self.records[order_id]
            for fill in own:
                self._booking.fill(record, fill, now_ns)
            self._booking.settle(record, now_ns)
            told += self._telling.told(record, now_ns)
        return told

    # -- what is to be asked -----------------------------------------------------------------------------------------

    @property
    def next_due_ns(self) -> int | None:
        """Return when `due` has something to say next, None while everything is settled."""
        waits = [due for each in self._known.watched.values() if (due := each.next_due_ns()) is not None]
        return min(waits, default=None)

    def due(self, now_ns: int) -> Due:
        """Return what is to be asked now. Each query is given once per step of the pace; a lost answer costs a step."""
        queries: list[Query] = []
        told: list[Told] = []
        for record in list(self._known.watched.values()):
            if record.find.take(now_ns, self.pace):
                queries.append(FindOrder(record.id, record.venue_id))
            if record.fetch.take(now_ns, self.pace):
                queries.append(FetchFills(record.id, record.venue_id))
            if record.venue_id and record.cancel.take(now_ns, self.pace):
                queries.append(SendCancel(record.id, record.venue_id))
                if record.cancel.asked >= self.pace.cancels:
                    self._standing.cancel_fails(record, now_ns)
            self._standing.overdue(record, now_ns)
            told += self._telling.told(record, now_ns)
        return Due(tuple(queries), tuple(told))

    # -- for reconciliation ------------------------------------------------------------------------------------------

    def owns(self, order: VenueOrder) -> bool:
        """Return whether this is one of our orders, or an adopted one."""
        return self._known.of_order(order) is not None

    def knows(self, fill: VenueFill) -> bool:
        """Return whether the execution is of one of our orders, or was booked before a restart."""
        return self._known.of_fill(fill) is not None or fill.fill_id in self._known.booked_before

    def live(self) -> list[Record]:
        """Return the orders that are not over, oldest first."""
        return [record for record in self._known.watched.values() if record.is_live]

    def look_for(self, order_id: str, now_ns: int) -> None:
        """Ask for an order that a listing should have shown and did not."""
        self.records[order_id].find.want(now_ns)

    def orphans(self) -> dict[str, dict[str, VenueFill]]:
        """Return executions of orders that are not known here, by the venue's order id."""
        return self._known.orphans

    def drop_orphans(self, venue_id: str) -> None:
        """Forget the executions of an order that is not to be known here; what they moved shows in the holdings."""
        self._known.orphans.pop(venue_id, None)

    def settled(self, instrument: str) -> bool:
        """Return whether no order of the instrument is in flight, in doubt or owed: its holdings can be compared."""
        return self._known.settled(instrument)

    def release_excess(self, instrument: str, now_ns: int) -> list[Told]:
        """Let go of executions that could not be booked, since the holdings have been compared and put right."""
        told: list[Told] = []
        for record in list(self._known.watched.values()):
            if record.request.instrument == instrument and record.excess:
                record.fill_ids.update(record.excess)
                record.excess.clear()
                record.waived += record.total - record.booked
                record.total = record.booked
                self._booking.settle(record, now_ns)
                told += self._telling.told(record, now_ns)
        return told

    def beyond(self) -> dict[str, dict[str, VenueFill]]:
        """Return what foreign orders executed beyond what was adopted of them, by the venue's order id."""
        found: dict[str, dict[str, VenueFill]] = {}
        for record in self._known.watched.values():
            if units := beyond(record, self.pace):
                found[record.venue_id] = {fill_id: record.excess[fill_id] for fill_id in units}
        return found

    def adopted(self, venue_id: str) -> Record | None:
        """Return the record under which an order of the venue is known, None for a stranger."""
        return self._known.of_venue(venue_id)

    def adopt(self, event: OrderAdopted, order: VenueOrder | None, now_ns: int) -> list[Told]:
        """Know a foreign order from now on, or what was left of one; what is returned comes after the event itself.

        None for `order` where nothing shows it: it is over with its executions, as far as is known.
        """
        record = Record(event.request, self._known.instruments[event.request.instrument], event.since_ns)
        record.foreign = record.seen = True
        record.status = OrderStatus.OPEN
        former = self._take_name(record, event.venue_id)
        self._known.add(record)
        self._booking.take_orphans(record, now_ns)
        if order is None:
            record.total, record.final = int(record.cap or 0), VenueOrderStatus.FILLED
            self._booking.settle(record, now_ns)
        told = self._telling.told(record, now_ns)
        if order is not None:
            told += self.order_seen(order, now_ns)
        return told + self._end_of(former, now_ns)

    def booked(self, orders: Iterable[Order]) -> None:
        """Know every execution that the engine booked before a restart: it is never told again, under whatever name
        it comes. A venue's one order for several exits carries the name of one and may have been booked on another.
        """
        for order in orders:
            self._known.booked_before |= dict.fromkeys(order.fill_ids, order.request.order_id)

    def restore(
        self, orders: Iterable[Order], now_ns: int, doubts: Mapping[str, Iterable[str]] | None = None
    ) -> list[Told]:
        """Take up the orders of an engine that was replayed: what was live then is in doubt until it has been seen.

        `doubts` are the causes that the engine holds by instrument: those that orders began end with them. Orders in
        status PENDING are held on our side until their parent fills and have never left; give them to `sending` when
        they do.
        """
        causes = {name: tuple(each) for name, each in (doubts or {}).items()}
        for name, each in causes.items():
            if CAUSE in each:
                self._telling.doubted_before(name)
        told: list[Told] = []
        for order in orders:
            if order.status is not OrderStatus.PENDING:
                told += self._restore(order, now_ns)
        for name, each in causes.items():
            told += self._restore_doubts(name, each, now_ns)
        return told

    def _restore(self, order: Order, now_ns: int) -> list[Told]:
        record = restored(order, self._known.instruments[order.request.instrument])
        former: Record | None = None
        self._known.by_id[record.id] = record
        self.booked([order])
        if record.foreign:
            former = self._take_name(record, order.tag)
        if not order.is_live:
            record.ended_ns = now_ns
            return self._end_of(former, now_ns)
        record.left_ns = now_ns
        record.find.want(now_ns)
        record.doubt = "restarted, what it did meanwhile is not known"
        if order.status is OrderStatus.SENT:
            self._standing.in_doubt(record, "restarted before the venue's answer was recorded", now_ns)
        if record.wants_cancel:
            record.cancel.want(now_ns)
        return self._telling.told(record, now_ns) + self._end_of(former, now_ns)

    def _take_name(self, record: Record, venue_id: str) -> Record | None:
        """Know a foreign order by its name at the venue; return what had that name, whose end is to be told last."""
        former = self._known.of_venue(venue_id)
        if former is not None:
            self._booking.hand_over(former, record)
        self._known.name(record, venue_id)
        return former

    def _end_of(self, former: Record | None, now_ns: int) -> list[Told]:
        if former is None:
            return []
        self._booking.settle(former, now_ns)
        return self._telling.told(former, now_ns)

    def _restore_doubts(self, instrument: str, causes: Sequence[str], now_ns: int) -> list[Told]:
        """Take up the doubts that orders began before the restart; those of orders that are over end now."""
        told = [*self._telling.end_of_before(instrument, now_ns)]
        for cause in causes:
            kind, _, order_id = cause.partition(":")
            if kind != CANCEL:
                continue
            record = self._known.watched.get(order_id)
            if record is not None:
                record.causes.append(cause)
                self.withdraw(order_id, now_ns)  # a cancel that had not worked is still wanted
            else:
                told.append(InstrumentCleared(now_ns, instrument, cause, f"order {order_id} is over"))
        return told

    def forget_ended(self, before_ns: int) -> list[str]:
        """Drop the records of orders that were over before `before_ns`, to bound memory; return their names."""
        return self._known.forget_ended(before_ns)


def _words(answer: PlaceRefused) -> str:
    return f"{answer.reason}: {answer.text}" if answer.text else answer.reason
