"""What we know of each order at the venue, kept apart from what we wish: reports in, events for the engine out.

Only executions with an identity are booked, once each, with their own fee. Running totals (a stream, a listing) are
hints: they say that an order lives or is over, and how much its executions will sum to. An order is *owed* while less
is booked than the venue has told of, and its end is given to the engine only when nothing is owed. A request without
a usable answer puts the order in doubt: it is looked for, at a stated pace, and never sent anew. "Not found" counts
only after the venue's read-after-write window, and repeated. While anything of an order is in doubt or owed, its
instrument takes no new risk (cause `orders`).

Pure: every call takes the time and returns events, in the order in which the engine is to take them; what is to be
asked comes from `due`. Not journaled: after a restart it is built again from the engine's orders (`restore`).
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from tradewind.engine.order_questions import FetchFills, FindOrder, Pace, Query, SendCancel
from tradewind.engine.order_record import Record, differs, restored, units_of
from tradewind.model import answers as a
from tradewind.model.corrections import InstrumentCleared, InstrumentDoubted, OrderAdopted
from tradewind.model.errors import StateError
from tradewind.model.instrument import Instrument
from tradewind.model.money import add, subtract
from tradewind.model.orders import Liquidity, OrderRequest
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

CAUSE = "orders"
CANCEL = "cancel"
FORGOTTEN_MAX = 20_000
NEVER_ARRIVED = "NEVER_ARRIVED"
GONE = "GONE"
ID_REUSED = "ID_REUSED"

Told = a.VenueAnswer | InstrumentDoubted | InstrumentCleared


class Due(msgspec.Struct, frozen=True):
    """What to ask the venue now, and what follows because asking has come to its bound."""

    queries: tuple[Query, ...] = ()
    events: tuple[Told, ...] = ()


class OrderTruth:
    """The orders of one account, ours and adopted ones. One writer; nothing here waits, sends or reads a clock."""

    def __init__(self, instruments: Iterable[Instrument], pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self.records: dict[str, Record] = {}
        self.repeated_fills = 0
        self._instruments = {each.id: each for each in instruments}
        self._by_venue: dict[str, Record] = {}
        self._watched: dict[str, Record] = {}
        self._orphans: dict[str, dict[str, VenueFill]] = {}  # executions of orders whose venue id we do not know yet
        self._booked_before: dict[str, str] = {}  # execution -> order, of what was booked before a restart
        self._forgotten: dict[str, None] = {}
        self._doubted: dict[str, dict[str, str]] = {}  # instrument -> order -> why
        self._events: list[Told] = []

    # -- what we do --------------------------------------------------------------------------------------------------

    def sending(self, request: OrderRequest, now_ns: int) -> None:
        """Note that the request is about to leave (again: a repeat carries the same name). Call it before the send."""
        record = self.records.get(request.order_id)
        if record is None:
            record = Record(request, self._instruments[request.instrument], now_ns)
            self.records[record.id] = self._watched[record.id] = record
        record.left_ns = now_ns
        record.in_flight = True

    def answered(self, order_id: str, answer: PlaceAnswer, now_ns: int) -> list[Told]:
        """Take what came of a send. Certain that it never left, for good: `PlaceRefused`."""
        record = self.records[order_id]
        record.in_flight = False
        if isinstance(answer, Placed):
            self._placed(record, answer, now_ns)
        elif isinstance(answer, InDoubt):
            if not record.is_known:
                self._in_doubt(record, answer.reason, now_ns)
            record.find.want(now_ns)
        elif record.doubt or record.is_known:
            # An earlier attempt may have arrived: this refusal is of the repeat, and says nothing of the first.
            record.find.want(now_ns)
        else:
            self._reject(record, _words(answer), now_ns)
        return self._told(record, now_ns)

    def canceling(self, order_id: str, now_ns: int) -> None:
        """Note that the engine wants the order canceled; `due` says when to send that, until it is over."""
        record = self.records[order_id]
        record.wants_cancel = True
        if record.may(OrderEvent.ASK_CANCEL):
            record.move(OrderEvent.ASK_CANCEL)
        if record.final is None and record.is_live:
            self._watched[record.id] = record
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
        return self._told(record, now_ns)

    # -- what the venue tells ----------------------------------------------------------------------------------------

    def order_seen(self, order: VenueOrder, now_ns: int) -> list[Told]:
        """Take the venue's word on an order (stream, listing, query): totals and status, a hint. [] for a stranger."""
        record = self._record_of(order)
        if record is None:
            return []
        if not self._identified(record, order, now_ns):
            return self._told(record, now_ns)
        record.absences = 0
        try:
            self._totals(record, order, now_ns)
        except ValueError as error:
            self._alarm(record, f"inexact:{record.id}", str(error), now_ns)
            return self._told(record, now_ns)
        if order.is_final:
            self._over(record, order)
        elif order.status is VenueOrderStatus.UNKNOWN:
            record.find.want(now_ns)
        elif record.final is None:
            self._alive(record, order, now_ns)
        self._settle(record, now_ns)
        return self._told(record, now_ns)

    def order_absent(self, order_id: str, asked_ns: int, now_ns: int) -> list[Told]:
        """Take that a complete, targeted look, begun at `asked_ns`, did not show the order."""
        record, pace = self.records[order_id], self.pace
        early = asked_ns < record.left_ns + pace.visible_ns or asked_ns < record.absent_ns + pace.apart_ns
        if early or record.in_flight or record.final is not None:
            return []
        record.absences += 1
        record.absent_ns = asked_ns
        if not record.is_known:
            if record.absences >= pace.absences:
                self._reject(record, NEVER_ARRIVED, now_ns)
        elif record.absences >= pace.vanished and not record.owed:
            record.final, record.reason = VenueOrderStatus.CANCELED, GONE
            record.doubt = ""
            self._settle(record, now_ns)
        return self._told(record, now_ns)

    def fills_seen(self, fills: Sequence[VenueFill], now_ns: int) -> list[Told]:
        """Book executions, each once, whatever the order of arrival; those of strangers wait for their order."""
        of: dict[str, list[VenueFill]] = {}
        for fill in fills:
            record = self._owner(fill)
            if fill.venue_order_id in self._forgotten or (record is None and fill.fill_id in self._booked_before):
                self.repeated_fills += 1
            elif record is None:
                self._orphans.setdefault(fill.venue_order_id, {})[fill.fill_id] = fill
            else:
                of.setdefault(record.id, []).append(fill)
        told: list[Told] = []
        for order_id, own in of.items():
            record = self.records[order_id]
            for fill in own:
                self._fill(record, fill, now_ns)
            self._settle(record, now_ns)
            told += self._told(record, now_ns)
        return told

    # -- what is to be asked -----------------------------------------------------------------------------------------

    @property
    def next_due_ns(self) -> int | None:
        """Return when `due` has something to say next, None while everything is settled."""
        waits = [due for each in self._watched.values() if (due := each.next_due_ns()) is not None]
        return min(waits, default=None)

    def due(self, now_ns: int) -> Due:
        """Return what is to be asked now. Each query is given once per step of the pace; a lost answer costs a step."""
        queries: list[Query] = []
        told: list[Told] = []
        for record in list(self._watched.values()):
            if record.find.take(now_ns, self.pace):
                queries.append(FindOrder(record.id, record.venue_id))
            if record.fetch.take(now_ns, self.pace):
                queries.append(FetchFills(record.id, record.venue_id))
            if record.venue_id and record.cancel.take(now_ns, self.pace):
                queries.append(SendCancel(record.id, record.venue_id))
                if record.cancel.asked >= self.pace.cancels:
                    self._cancel_fails(record, now_ns)
            self._overdue(record, now_ns)
            told += self._told(record, now_ns)
        return Due(tuple(queries), tuple(told))

    # -- for reconciliation ------------------------------------------------------------------------------------------

    def owns(self, order: VenueOrder) -> bool:
        """Return whether this is one of our orders, or an adopted one."""
        return self._record_of(order) is not None

    def knows(self, fill: VenueFill) -> bool:
        """Return whether the execution is of one of our orders, or was booked before a restart."""
        return self._owner(fill) is not None or fill.fill_id in self._booked_before

    def live(self) -> list[Record]:
        """Return the orders that are not over, oldest first."""
        return [record for record in self._watched.values() if record.is_live]

    def look_for(self, order_id: str, now_ns: int) -> None:
        """Ask for an order that a listing should have shown and did not."""
        self.records[order_id].find.want(now_ns)

    def orphans(self) -> dict[str, dict[str, VenueFill]]:
        """Return executions of orders that are not known here, by the venue's order id."""
        return self._orphans

    def drop_orphans(self, venue_id: str) -> None:
        """Forget the executions of an order that is not to be known here; what they moved shows in the holdings."""
        self._orphans.pop(venue_id, None)

    def settled(self, instrument: str) -> bool:
        """Return whether no order of the instrument is in flight, in doubt or owed: its holdings can be compared.

        Executions that can never be booked do not count: comparing holdings is what resolves them.
        """
        for record in self._watched.values():
            if record.request.instrument == instrument and (
                record.in_flight or record.doubt or record.waiting or (record.owed and not record.excess)
            ):
                return False
        return not any(fill.instrument == instrument for fills in self._orphans.values() for fill in fills.values())

    def release_excess(self, instrument: str, now_ns: int) -> list[Told]:
        """Let go of executions that could not be booked, since the holdings have been compared and put right."""
        told: list[Told] = []
        for record in list(self._watched.values()):
            if record.request.instrument == instrument and record.excess:
                record.fill_ids.update(record.excess)
                record.excess.clear()
                record.waived += record.total - record.booked
                record.total = record.booked
                self._settle(record, now_ns)
                told += self._told(record, now_ns)
        return told

    def adopt(self, event: OrderAdopted, order: VenueOrder, now_ns: int) -> list[Told]:
        """Know a foreign order from now on; what is returned comes after the event itself."""
        record = Record(event.request, self._instruments[event.request.instrument], event.since_ns)
        record.foreign = record.seen = True
        record.status = OrderStatus.OPEN
        self._name(record, event.venue_id)
        self.records[record.id] = self._watched[record.id] = record
        self._take_orphans(record, now_ns)
        told = self._told(record, now_ns)
        return told + self.order_seen(order, now_ns)

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
                self._doubted.setdefault(name, {})[""] = "before the restart"
        told: list[Told] = []
        for order in orders:
            if order.status is not OrderStatus.PENDING:
                told += self._restore(order, now_ns)
        for name, each in causes.items():
            told += self._restore_doubts(name, each, now_ns)
        return told

    def _restore(self, order: Order, now_ns: int) -> list[Told]:
        record = restored(order, self._instruments[order.request.instrument])
        self.records[record.id] = record
        self._booked_before |= dict.fromkeys(order.fill_ids, record.id)
        if record.foreign:
            self._name(record, order.tag)
        if not order.is_live:
            record.ended_ns = now_ns
            return []
        record.left_ns = now_ns
        record.find.want(now_ns)
        record.doubt = "restarted, what it did meanwhile is not known"
        if order.status is OrderStatus.SENT:
            self._in_doubt(record, "restarted before the venue's answer was recorded", now_ns)
        if record.wants_cancel:
            record.cancel.want(now_ns)
        return self._told(record, now_ns)

    def _restore_doubts(self, instrument: str, causes: Sequence[str], now_ns: int) -> list[Told]:
        """Take up the doubts that orders began before the restart; those of orders that are over end now."""
        told: list[Told] = []
        doubts = self._doubted.get(instrument, {})
        if doubts.pop("", None) is not None and not doubts:
            told.append(InstrumentCleared(now_ns, instrument, CAUSE, "no order is left from before the restart"))
        for cause in causes:
            kind, _, order_id = cause.partition(":")
            if kind != CANCEL:
                continue
            record = self._watched.get(order_id)
            if record is not None:
                record.causes.append(cause)
                self.withdraw(order_id, now_ns)  # a cancel that had not worked is still wanted
            else:
                told.append(InstrumentCleared(now_ns, instrument, cause, f"order {order_id} is over"))
        return told

    def forget_ended(self, before_ns: int) -> list[str]:
        """Drop the records of orders that were over before `before_ns`, to bound memory; return their names.

        Their names at the venue are kept, so that an execution that is told once more is not taken for a stranger's.
        """
        gone: list[str] = []
        for record in [each for each in self.records.values() if each.ended_ns is not None]:
            if record.id not in self._watched and (record.ended_ns or 0) < before_ns:
                del self.records[record.id]
                gone.append(record.id)
                self._by_venue.pop(record.venue_id, None)
                if record.venue_id:
                    self._forgotten[record.venue_id] = None
        for venue_id in list(self._forgotten)[:-FORGOTTEN_MAX]:
            del self._forgotten[venue_id]
        return gone

    # -- one report --------------------------------------------------------------------------------------------------

    def _record_of(self, order: VenueOrder) -> Record | None:
        record = self._by_venue.get(order.venue_id)
        if record is None and order.client_id:
            record = self.records.get(order.client_id)
        return None if record is None or order.venue_id in record.others else record

    def _owner(self, fill: VenueFill) -> Record | None:
        record = self._by_venue.get(fill.venue_order_id) or self.records.get(fill.client_id or "")
        if record is None and (booked := self._booked_before.get(fill.fill_id)) is not None:
            record = self.records.get(booked)
        return None if record is None or fill.venue_order_id in record.others else record

    def _placed(self, record: Record, answer: Placed, now_ns: int) -> None:
        other = self._by_venue.get(answer.venue_id)
        if other is not None and other is not record:
            self._mistaken(record, answer.venue_id, f"the venue answered with order {other.id}", now_ns)
            return
        self._name(record, answer.venue_id)
        self._take_orphans(record, now_ns)
        record.doubt = ""
        if record.final is None:
            self._accept(record, now_ns)
            if not record.is_live:
                record.find.want(now_ns)  # given up before, and here it is: see what it is doing
        self._settle(record, now_ns)

    def _identified(self, record: Record, order: VenueOrder, now_ns: int) -> bool:
        """Return whether the order is the one this record is about; the first look decides."""
        if record.venue_id and order.venue_id and order.venue_id != record.venue_id:
            record.others.add(order.venue_id)
            self._alarm(record, f"duplicate:{order.venue_id}", f"a second order under the name {record.id}", now_ns)
            return False
        if not record.seen:
            why = differs(record, order, self.pace)
            if why:
                self._mistaken(record, order.venue_id, why, now_ns)
                return False
            record.seen = True
        if order.venue_id and not record.venue_id:
            self._name(record, order.venue_id)
            self._take_orphans(record, now_ns)
        return True

    def _totals(self, record: Record, order: VenueOrder, now_ns: int) -> None:
        instrument = record.instrument
        size = order.filled if order.quantity is None and order.is_final else order.quantity
        if record.foreign and size is not None and record.cap is not None:
            record.before = max(0, instrument.quantity_units(size) - record.cap)
        total = instrument.quantity_units(order.filled) - record.before - record.waived
        if total >= record.total:
            record.total, record.fees = total, order.fees
        if record.owed:
            record.fetch.want(now_ns)
        if order.quantity is None or record.cap is None or not record.may(OrderEvent.ACCEPT):
            return
        quantity = instrument.quantity_units(order.quantity) - record.before
        if max(record.booked, record.total) <= quantity < record.cap:
            record.cap = quantity
            self._events.append(a.OrderAmended(record.id, now_ns, quantity, "changed at the venue"))

    def _alive(self, record: Record, order: VenueOrder, now_ns: int) -> None:
        """The order is at the venue and not over."""
        if not record.is_live:
            # Given up as never arrived, and here it is: it must go, and until then we are in doubt (I10).
            record.doubt = "alive at the venue after it was given up"
            record.cancel.want(now_ns)
            record.find.want(now_ns + self.pace.apart_ns)
            return
        record.doubt = ""
        self._accept(record, now_ns)
        if order.triggered and not record.triggered and record.may(OrderEvent.WAKE):
            record.triggered = True
            self._give(record, OrderEvent.WAKE, a.OrderTriggered(record.id, now_ns))
        if not record.wants_cancel or record.cancel.due_ns is not None:
            record.find.settle()
        if order.status is VenueOrderStatus.CANCEL_QUEUED:
            record.cancel.settle()
        elif record.cancel_taken_ns is not None and now_ns >= record.cancel_taken_ns + self.pace.visible_ns:
            record.cancel_taken_ns = None
            record.cancel.want(now_ns)  # taken, and still open long after: ask again

    def _over(self, record: Record, order: VenueOrder) -> None:
        if record.final is None:
            record.final = order.status
            asked = record.wants_cancel and order.status is VenueOrderStatus.CANCELED
            record.reason = "REQUESTED" if asked else order.reason or order.status.name
        record.closed = True
        record.doubt = ""
        record.find.settle()

    def _fill(self, record: Record, fill: VenueFill, now_ns: int) -> None:
        """Book one execution, or keep it where it waits: for its fee, or for somebody to look at it."""
        if fill.fill_id in record.fill_ids or (record.foreign and fill.ts_ns <= record.sent_ns):
            self.repeated_fills += 1
            return
        if not record.venue_id:
            self._name(record, fill.venue_order_id)
        quantity, price, why = units_of(record, fill, self.pace)
        if why:
            if fill.fill_id not in record.excess:
                record.excess[fill.fill_id] = fill
                self._alarm(record, CAUSE, f"order {record.id}: execution {fill.fill_id} {why}", now_ns)
            record.find.want(now_ns)
            return
        if fill.fee is None:
            record.waiting[fill.fill_id] = fill
            record.fetch.want(now_ns)
            return
        self._book(record, fill, quantity, price, fill.fee)

    def _book(self, record: Record, fill: VenueFill, quantity: int, price: int, fee: Decimal) -> None:
        record.waiting.pop(fill.fill_id, None)
        record.excess.pop(fill.fill_id, None)
        record.fill_ids.add(fill.fill_id)
        record.booked += quantity
        record.booked_fees = add(record.booked_fees, fee)
        record.total = max(record.total, record.booked)
        if record.is_live:
            record.doubt = ""  # it is there, whatever became of the answer
        maker = fill.liquidity is Liquidity.MAKER or (fill.liquidity is None and record.request.post_only)
        liquidity = Liquidity.MAKER if maker else Liquidity.TAKER
        event = a.OrderFilled(
            record.id, fill.fill_id, fill.ts_ns, fill.instrument, fill.side, quantity, price, liquidity, fee
        )
        self._give(record, OrderEvent.FILL_ALL if record.booked == record.cap else OrderEvent.FILL_PART, event)

    # -- what follows ------------------------------------------------------------------------------------------------

    def _settle(self, record: Record, now_ns: int) -> None:
        """Let go of what is known by now: the end of the order, if it is over and nothing is owed."""
        if record.status is OrderStatus.FILLED and record.final is None:
            record.final = VenueOrderStatus.FILLED
        if record.waiting and record.final is not None:
            self._fee_of_the_rest(record)
        if record.closed and record.excess and record.total == record.booked:
            record.excess.clear()  # the venue's own total has no room for them
        if record.owed or record.waiting:
            record.fetch.want(now_ns)
            return
        record.fetch.settle()
        if record.final is None:
            return
        if record.closed or not record.excess:
            record.find.settle()
        record.cancel.settle()
        if not record.is_live:
            return
        if record.final is VenueOrderStatus.REJECTED and record.may(OrderEvent.REJECT) and not record.booked:
            self._give(record, OrderEvent.REJECT, a.OrderRejected(record.id, now_ns, record.reason))
        else:
            self._give(record, OrderEvent.CANCEL, a.OrderCanceled(record.id, now_ns, record.reason))

    def _fee_of_the_rest(self, record: Record) -> None:
        """Give the one execution without a fee what is left of the order's total fee, once asking has not helped."""
        if len(record.waiting) > 1 or record.fees is None or record.before or record.fetch.asked < self.pace.absences:
            return
        fill = next(iter(record.waiting.values()))
        quantity, price, why = units_of(record, fill, self.pace)
        if not why and record.booked + quantity == record.total:
            self._book(record, fill, quantity, price, subtract(record.fees, record.booked_fees))

    def _accept(self, record: Record, now_ns: int) -> None:
        if record.status in (OrderStatus.SENT, OrderStatus.UNKNOWN) and record.may(OrderEvent.ACCEPT):
            self._give(record, OrderEvent.ACCEPT, a.OrderAccepted(record.id, now_ns, int(record.cap or 0)))

    def _reject(self, record: Record, reason: str, now_ns: int) -> None:
        record.doubt = ""
        record.reason = reason
        record.find.settle()
        record.cancel.settle()
        if record.may(OrderEvent.REJECT):
            self._give(record, OrderEvent.REJECT, a.OrderRejected(record.id, now_ns, reason))

    def _in_doubt(self, record: Record, reason: str, now_ns: int) -> None:
        record.doubt = reason
        if record.status is not OrderStatus.UNKNOWN and record.may(OrderEvent.TIME_OUT):
            self._give(record, OrderEvent.TIME_OUT, a.OrderUnknown(record.id, now_ns, reason))

    def _mistaken(self, record: Record, venue_id: str, why: str, now_ns: int) -> None:
        """The venue shows another order under this name: ours does not exist, and somebody must look (I16)."""
        record.others.add(venue_id)
        if self._by_venue.get(venue_id) is record:
            del self._by_venue[venue_id]
        record.venue_id = ""
        record.excess.clear()
        record.total = record.booked
        record.final, record.reason = VenueOrderStatus.REJECTED, ID_REUSED
        record.doubt = ""
        self._alarm(record, f"identity:{record.id}", f"the venue has another order under this name: {why}", now_ns)
        self._settle(record, now_ns)

    def _cancel_fails(self, record: Record, now_ns: int) -> None:
        """Go on at the slow pace, and tell: operators by an alarm, the engine that its order is still open."""
        record.cancel.due_ns = now_ns + self.pace.slow_ns
        cause = f"{CANCEL}:{record.id}"
        if cause not in record.causes:
            record.causes.append(cause)
            self._alarm(record, cause, f"still open after {self.pace.cancels} cancels", now_ns)
            if record.may(OrderEvent.KEEP):  # only an order whose cancel the engine waits for
                why = f"asked {self.pace.cancels} times"
                self._give(record, OrderEvent.KEEP, a.CancelRejected(record.id, now_ns, why))

    def _overdue(self, record: Record, now_ns: int) -> None:
        """Tell operators, once, of an order that the quick questions did not settle."""
        bound = len(self.pace.steps_ns)
        if (record.find.asked > bound or record.fetch.asked > bound) and not record.alarmed:
            record.alarmed = True
            record.doubt = record.doubt or ("" if record.troubled else "what it does at the venue is not to be found")
            self._alarm(record, CAUSE, f"{record.troubled}, asked {bound} times", now_ns)

    # -- leaves ------------------------------------------------------------------------------------------------------

    def _name(self, record: Record, venue_id: str) -> None:
        if venue_id:
            record.venue_id = venue_id
            self._by_venue[venue_id] = record

    def _take_orphans(self, record: Record, now_ns: int) -> None:
        for fill in self._orphans.pop(record.venue_id, {}).values():
            self._fill(record, fill, now_ns)

    def _give(self, record: Record, move: OrderEvent, event: a.VenueAnswer) -> None:
        if not record.may(move):
            raise StateError(f"order {record.id} cannot take {move.name} in {record.status.name}: keep the journal")
        record.move(move)
        self._events.append(event)

    def _alarm(self, record: Record, cause: str, reason: str, now_ns: int) -> None:
        self._events.append(InstrumentDoubted(now_ns, record.request.instrument, cause, reason, alarm=True))

    def _told(self, record: Record, now_ns: int) -> list[Told]:
        """Return what has come up, between the doubt that it begins and the doubt that it ends.

        The end of a doubt comes just before the last event, so that whatever the engine decides upon that one is
        decided on all that is known now.
        """
        events, self._events = self._events, []
        instrument, why = record.request.instrument, record.troubled
        doubts = self._doubted.setdefault(instrument, {})
        if why and not doubts:
            events.insert(0, InstrumentDoubted(now_ns, instrument, CAUSE, why))
        if why:
            doubts[record.id] = why
        elif doubts.pop(record.id, None) is not None and not doubts:
            last = len(events) - 1 if events else 0
            events.insert(last, InstrumentCleared(now_ns, instrument, CAUSE, f"all is known of order {record.id}"))
        if record.is_live or why or record.in_flight or record.next_due_ns() is not None:
            self._watched[record.id] = record
        elif self._watched.pop(record.id, None) is not None:
            record.ended_ns = now_ns
            for cause in record.causes:
                events.append(InstrumentCleared(now_ns, instrument, cause, f"order {record.id} is over"))
            record.causes.clear()
        return events


def _words(answer: PlaceRefused) -> str:
    return f"{answer.reason}: {answer.text}" if answer.text else answer.reason
