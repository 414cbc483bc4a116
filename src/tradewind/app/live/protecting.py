"""Exits at a venue without children, one-cancels-other or stop-market orders: emulated, and saying so (SPEC S8, X1).

    children of an entry    wait here for their parent's fill, and are as large as what of it has opened something
    stop                    a stop-limit order at the venue; reached and not filled, it is re-priced once, then crosses
    stop and take-profit    one bracket order at the venue: a LIMIT request with a `stop`
    trailing stop           watched here; when it is reached, what rests at the venue is withdrawn and the rest crosses

Pure: requests of the engine, answers about what was sent, marks and time go in; what to send and what to tell the
engine comes out. A replacement has an id of its own at the venue (`ID-x1`); the engine only ever hears of its own ids.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

import msgspec

from tradewind.model import answers as a
from tradewind.model.effects import CancelOrder, SubmitOrder
from tradewind.model.instrument import Instrument, ceil_to, floor_to
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce
from tradewind.model.venue import VenueOrder
from tradewind.orders.order import Order

BPS = 10_000
EMULATED = frozenset({OrderKind.STOP_MARKET, OrderKind.TRAILING_STOP})
REPRICES_MAX = 1
ATTEMPTS_MAX = 64
RETRIES_NS = (2_000_000_000, 10_000_000_000, 60_000_000_000)  # a refusal may pass, as that of coins not free yet
BY_AMOUNT = "BY_AMOUNT"
ESCALATE, RESIZE, REQUESTED = "ESCALATE", "RESIZE", "REQUESTED"
ALIASES_MAX = 10_000
BUY = Side.BUY


class ProtectingRules(msgspec.Struct, frozen=True, kw_only=True):
    """How far a stop's limit may lie behind its trigger, how long a reached stop may stay unfilled, and how often exits
    grow with an entry that fills in parts.
    """

    stop_limit_bps: int = 50
    escalate_after_ns: int = 2_000_000_000
    resize_after_ns: int = 1_000_000_000


class Send(msgspec.Struct, frozen=True):
    """Place this at the venue, under its own id."""

    request: OrderRequest


class Withdraw(msgspec.Struct, frozen=True):
    """Ask the venue to cancel the order of this id."""

    client_id: str


class Tell(msgspec.Struct, frozen=True):
    """Let the engine hear this."""

    event: a.VenueAnswer


class Note(msgspec.Struct, frozen=True):
    """An operator should know."""

    name: str
    text: str


Act = Send | Withdraw | Tell | Note


class Phase(Enum):
    WAITING = "waiting for its parent"
    RESTING = "resting at the venue"
    WATCHED = "watched here"
    FIRED = "reached"
    LEAVING = "being withdrawn"
    DONE = "done"


class Cover:
    """The exits of one position as one thing: legs that cancel each other, and at most one order at the venue."""

    def __init__(self, name: str, first: OrderRequest) -> None:
        self.name = name
        self.instrument = first.instrument
        self.side = first.side
        self.whole = int(first.quantity or 0)
        self.quantity = self.whole  # of an entry that is still filling: what it has opened so far
        self.filled = 0
        self.there = 0  # what is left of the order at the venue
        self.asked = 0  # its `quantity` when the last order for it was sent
        self.sent_ns = 0
        self.refusals = 0
        self.retry_ns: int | None = None  # when the venue is asked again for what it refused
        self.legs: list[OrderRequest] = []
        self.leg_filled: dict[str, int] = {}
        self.known_fills: frozenset[str] = frozenset()  # booked before a restart
        self.parent = first.after
        self.phase = Phase.WAITING if first.after is not None else Phase.WATCHED
        self.at_venue: str | None = None  # the id of the order that is there, or may be
        self.is_bracket = False
        self.attempts = 0
        self.reprices = 0
        self.fired: OrderRequest | None = None  # the leg that was reached
        self.fired_ns = 0
        self.extreme: int | None = None  # the best mark since a trailing stop began
        self.why = ""

    @property
    def remaining(self) -> int:
        return self.quantity - self.filled

    @property
    def covered(self) -> int:
        """Return how much is protected where everything is in force: what is at the venue, or all that is watched."""
        return self.remaining if self.phase is Phase.WATCHED else min(self.remaining, self.there)

    @property
    def has_outgrown(self) -> bool:
        """Return whether the venue should be asked to hold more of it than it was."""
        wants = self.leg(OrderKind.STOP_MARKET) is not None or self.leg(OrderKind.TRAILING_STOP) is None
        return wants and self.phase in {Phase.RESTING, Phase.WATCHED} and self.quantity > self.asked

    def leg(self, kind: OrderKind) -> OrderRequest | None:
        return next((leg for leg in self.legs if leg.kind is kind), None)

    @property
    def leader(self) -> OrderRequest:
        """Return the leg under whose id the venue's order goes."""
        return self.leg(OrderKind.STOP_MARKET) or self.leg(OrderKind.LIMIT) or self.legs[0]


class Parent:
    """An order whose children wait."""

    __slots__ = ("covers", "filled", "quantity")

    def __init__(self, quantity: int) -> None:
        self.quantity = quantity
        self.filled = 0
        self.covers: list[Cover] = []

    @property
    def is_filled(self) -> bool:
        return self.filled >= self.quantity


class Protecting:
    """Stands between the engine and what is sent. Orders that the venue has by itself pass through unchanged."""

    def __init__(self, instruments: Mapping[str, Instrument], rules: ProtectingRules) -> None:
        self._instruments = instruments
        self._rules = rules
        self._covers: dict[str, Cover] = {}  # by the engine's ids of their legs
        self._aliases: dict[str, Cover] = {}  # by the ids of what was sent
        self._parents: dict[str, Parent] = {}
        self.escalations = 0

    # -- what the engine wants ----------------------------------------------------------------------------------------

    def take(self, box: Sequence[SubmitOrder | CancelOrder], now_ns: int) -> list[Act]:
        """Return what follows from requests that left the engine together: an entry comes with its children."""
        acts: list[Act] = []
        fresh: list[Cover] = []
        for each in box:
            if isinstance(each, CancelOrder):
                acts += self._cancel(each.order_id, now_ns)
                continue
            request = each.request
            if request.quantity is None:
                acts += _refused_unsized(request, now_ns)
            elif request.after is None and request.oco is None and request.kind not in EMULATED:
                self._parents.setdefault(request.order_id, Parent(int(request.quantity or 0)))
                acts.append(Send(request))
            else:
                cover = self._join(request)
                if cover not in fresh:
                    fresh.append(cover)
        for cover in fresh:
            if cover.phase is Phase.WATCHED:
                acts += self._activate(cover, now_ns)
        return acts

    def _join(self, request: OrderRequest) -> Cover:
        name = request.oco or request.order_id
        known = next((cover for cover in self._covers.values() if cover.name == name), None)
        cover = known or Cover(name, request)
        cover.legs.append(request)
        self._covers[request.order_id] = cover
        if known is None and cover.parent is not None:
            parent = self._parents.setdefault(cover.parent, Parent(0))
            parent.covers.append(cover)
        return cover

    def _cancel(self, order_id: str, now_ns: int) -> list[Act]:
        cover = self._covers.get(order_id)
        if cover is None:
            return [Withdraw(order_id)]
        return self._withdraw(cover, REQUESTED, now_ns)

    def _withdraw(self, cover: Cover, why: str, now_ns: int) -> list[Act]:
        if cover.phase in {Phase.DONE, Phase.LEAVING}:
            cover.why = why if cover.why == RESIZE else cover.why or why
            return []
        cover.why = why
        if cover.at_venue is None:
            return self._over(cover, why, now_ns)
        cover.phase = Phase.LEAVING
        return [Withdraw(cover.at_venue)]

    # -- what the venue says ------------------------------------------------------------------------------------------

    def hear(self, event: a.VenueAnswer, now_ns: int) -> list[Act]:
        """Return what an answer about something sent means: for the engine, and for the orders that hang on it."""
        order_id = getattr(event, "order_id", None)
        if order_id is None:
            return [Tell(event)]
        cover = self._aliases.get(order_id)
        if cover is not None:
            return self._hear_of_cover(cover, order_id, event, now_ns)
        parent = self._parents.get(order_id)
        if parent is None:
            return [Tell(event)]
        if isinstance(event, a.OrderFilled):
            return self._parent_filled(order_id, parent, event, now_ns)
        return [Tell(event), *self._hear_of_parent(order_id, parent, event, now_ns)]

    def _hear_of_parent(self, order_id: str, parent: Parent, event: a.VenueAnswer, now_ns: int) -> list[Act]:
        acts: list[Act] = []
        if isinstance(event, a.OrderAmended | a.OrderAccepted):
            parent.quantity = event.quantity
        elif isinstance(event, a.OrderCanceled | a.OrderRejected):
            for cover in self._parents.pop(order_id).covers:
                if cover.phase is Phase.WAITING:
                    acts += self._over(cover, "PARENT_NOT_FILLED", now_ns)
        return acts

    def _parent_filled(self, order_id: str, parent: Parent, event: a.OrderFilled, now_ns: int) -> list[Act]:
        """The engine hears that exits grow before it hears why: it never finds a position that nothing will cover."""
        parent.filled += event.quantity
        before: list[Act] = []
        after: list[Act] = []
        for cover in parent.covers:
            first = cover.phase is Phase.WAITING
            told, rest = self._grow(cover, parent, event.price, now_ns)
            (after if first else before).extend(told)
            after += rest
        if parent.is_filled:
            del self._parents[order_id]
        return [*before, Tell(event), *after]

    def _grow(self, cover: Cover, parent: Parent, price: int, now_ns: int) -> tuple[list[Act], list[Act]]:
        """What an entry has opened is protected at once, in what the venue takes; the rest follows as it fills.

        Returns  what the engine is told of the size, and what follows from it.
        """
        opened = cover.whole - (0 if parent.is_filled else parent.quantity - parent.filled)
        waits = cover.phase is Phase.WAITING
        if cover.phase is Phase.DONE or opened <= (0 if waits else cover.quantity):
            return [], []
        if waits and not parent.is_filled and self._instruments[cover.instrument].below_minimum(opened, price):
            return [], []
        told: list[Act] = []
        if opened < cover.whole or not waits:
            told += [Tell(a.OrderAmended(leg.order_id, now_ns, opened, "PARENT_FILLED")) for leg in cover.legs]
        cover.quantity = opened
        if waits:
            cover.phase = Phase.WATCHED
            told += [Tell(a.OrderTriggered(leg.order_id, now_ns)) for leg in cover.legs]
            return told, self._activate(cover, now_ns)
        if cover.phase is Phase.FIRED and cover.at_venue is None:
            return told, self._cross(cover, now_ns)
        return told, self._resize(cover, now_ns) if parent.is_filled else []

    def _resize(self, cover: Cover, now_ns: int) -> list[Act]:
        """The venue gets an order of the size that is due: what is there goes first, so that never both can fill."""
        if not cover.has_outgrown:
            return []
        if cover.at_venue is None:
            return self._activate(cover, now_ns)
        cover.phase, cover.why = Phase.LEAVING, RESIZE
        return [Withdraw(cover.at_venue)]

    def _hear_of_cover(self, cover: Cover, order_id: str, event: a.VenueAnswer, now_ns: int) -> list[Act]:
        current = order_id == cover.at_venue
        if isinstance(event, a.OrderFilled):
            return self._filled(cover, event, now_ns)
        if not current:
            return []  # an order that was replaced: only its fills still matter
        if isinstance(event, a.OrderAccepted):
            return [Tell(a.OrderAccepted(leg.order_id, now_ns, cover.quantity)) for leg in cover.legs]
        if isinstance(event, a.OrderTriggered):
            return self._fire(cover, cover.leg(OrderKind.STOP_MARKET) or cover.leader, now_ns, watch_only=True)
        if isinstance(event, a.OrderUnknown):
            return [Tell(a.OrderUnknown(cover.leader.order_id, now_ns, event.reason))]
        if isinstance(event, a.CancelRejected):
            return self._kept(cover, event, now_ns)
        if isinstance(event, a.OrderRejected):
            return self._rejected(cover, event, now_ns)
        if isinstance(event, a.OrderCanceled):
            return self._canceled(cover, event, now_ns)
        return []

    def _filled(self, cover: Cover, event: a.OrderFilled, now_ns: int) -> list[Act]:
        if event.fill_id in cover.known_fills:
            return []
        cover.filled += event.quantity
        leg = self._leg_of(cover, event)
        cover.leg_filled[leg.order_id] = cover.leg_filled.get(leg.order_id, 0) + event.quantity
        acts: list[Act] = [Tell(msgspec.structs.replace(event, order_id=leg.order_id))]
        if event.order_id == cover.at_venue:
            cover.there -= event.quantity
            if cover.there <= 0:
                cover.at_venue = None
        if cover.remaining <= 0:
            cover.at_venue = None
            return acts + self._over(cover, "OCO", now_ns)
        if cover.at_venue is None and cover.phase is not Phase.DONE:
            return acts + self._go_on(cover, now_ns)
        return acts

    def _go_on(self, cover: Cover, now_ns: int) -> list[Act]:
        """What was there is over, and not all is sold or bought: whatever is due comes next."""
        if cover.phase is Phase.LEAVING and cover.why not in {ESCALATE, RESIZE}:
            return self._over(cover, cover.why, now_ns)
        cover.why = ""
        return self._cross(cover, now_ns) if cover.fired is not None else self._activate(cover, now_ns)

    def _leg_of(self, cover: Cover, event: a.OrderFilled) -> OrderRequest:
        """Return the leg that a fill belongs to: of a bracket, by its price."""
        target = cover.leg(OrderKind.LIMIT)
        if cover.fired is not None:
            return cover.fired
        if target is None or target.price is None:
            return cover.leader
        reached = event.price >= target.price if cover.side is not BUY else event.price <= target.price
        return target if reached else cover.leader

    def _kept(self, cover: Cover, event: a.CancelRejected, now_ns: int) -> list[Act]:
        """The venue did not cancel: whoever wanted it hears so, and what is there goes on."""
        if cover.phase is not Phase.LEAVING:
            return []
        cover.phase, asked = (Phase.FIRED if cover.fired is not None else Phase.RESTING), cover.why
        cover.why = ""
        if asked != REQUESTED:
            return []
        return [Tell(a.CancelRejected(leg.order_id, now_ns, event.reason)) for leg in cover.legs]

    def _rejected(self, cover: Cover, event: a.OrderRejected, now_ns: int) -> list[Act]:
        """The venue will not have it: from now on it is watched here, and when it is reached it crosses."""
        cover.at_venue, cover.there = None, 0
        if cover.phase is Phase.LEAVING:
            return self._go_on(cover, now_ns)
        text = f"{cover.leader.order_id}: the venue refused it ({event.reason}), so it is watched here"
        if cover.fired is not None:
            return [Note("protection_refused", text), *self._cross(cover, now_ns)]
        if cover.leader.kind is OrderKind.LIMIT and len(cover.legs) == 1:
            return [Tell(a.OrderRejected(cover.leader.order_id, now_ns, event.reason)), *self._forget(cover)]
        cover.phase = Phase.WATCHED
        acts: list[Act] = [] if cover.refusals else [Note("protection_refused", text)]
        if cover.refusals < len(RETRIES_NS):
            cover.retry_ns = now_ns + RETRIES_NS[cover.refusals]
        cover.refusals += 1
        acts += [Tell(a.OrderAccepted(leg.order_id, now_ns, cover.quantity)) for leg in cover.legs]
        return acts

    def _canceled(self, cover: Cover, event: a.OrderCanceled, now_ns: int) -> list[Act]:
        cover.at_venue, cover.there = None, 0
        if cover.phase is Phase.LEAVING and cover.why != ESCALATE:
            return self._go_on(cover, now_ns)
        if cover.fired is not None:
            return self._escalated(cover, now_ns)
        # Somebody else ended it: the engine protects the position anew for as long as it has one.
        return [
            Note("protection_ended", f"{cover.leader.order_id} was ended from outside ({event.reason})"),
            *self._over(cover, REQUESTED, now_ns),
        ]

    # -- after a restart ----------------------------------------------------------------------------------------------

    def restore(self, orders: Iterable[Order]) -> list[Cover]:
        """Take up the live orders of an engine that was replayed; return the covers of which something may be sent."""
        known = {order.request.order_id: order for order in orders}
        live = sorted((order for order in known.values() if order.is_live), key=lambda order: order.number)
        asked: list[Cover] = []
        for order in live:
            request = order.request
            if request.after is None and request.oco is None and request.kind not in EMULATED:
                parent = self._parents.setdefault(request.order_id, Parent(order.quantity))
                parent.quantity, parent.filled = order.quantity, order.filled
                continue
            cover = self._join(request)
            cover.leg_filled[request.order_id] = order.filled
            cover.filled = sum(cover.leg_filled.values())
            cover.known_fills |= frozenset(order.fill_ids)
            cover.quantity = order.quantity
            above = known.get(request.after or "")
            if above is None or not above.is_live or order.quantity < cover.whole:
                cover.phase = Phase.WATCHED
                if cover not in asked:
                    asked.append(cover)
        return asked

    def candidates(self, cover: Cover) -> list[str]:
        """Return the ids under which something of a restored cover may be at the venue."""
        leader = cover.leader.order_id
        return [leader, *(f"{leader}-x{number}" for number in range(1, ATTEMPTS_MAX))]

    def resume(self, cover: Cover, found: Mapping[str, VenueOrder], now_ns: int) -> list[Act]:
        """Go on with a restored cover: `found` is what the venue knows of it by name, oldest first.

        What was never sent is sent now, under the same name: should it have arrived after all, it is the same order.
        """
        for client_id in found:
            self._aliases[client_id] = cover
        last = list(found)[-1] if found else None
        if last is not None:
            cover.attempts = self.candidates(cover).index(last) + 1
            if found[last].stop is None and (cover.leader.kind is not OrderKind.LIMIT or len(cover.legs) > 1):
                cover.fired, cover.fired_ns = cover.leg(OrderKind.STOP_MARKET) or cover.legs[0], now_ns
                cover.reprices = REPRICES_MAX
        alive = [client_id for client_id, order in found.items() if not order.is_final]
        if alive:
            cover.at_venue = alive[-1]
            size = found[alive[-1]].quantity
            units = None if size is None else self._instruments[cover.instrument].quantity_units(size)
            cover.there = cover.remaining if units is None else min(cover.remaining, units)
            cover.asked = cover.filled + cover.there
            cover.phase = Phase.RESTING if cover.fired is None else Phase.FIRED
            return []
        if cover.remaining <= 0:
            return self._over(cover, "OCO", now_ns)
        return self._activate(cover, now_ns) if cover.fired is None else self._cross(cover, now_ns)

    # -- time and marks -----------------------------------------------------------------------------------------------

    def step(self, marks: Mapping[str, int], now_ns: int) -> list[Act]:
        """Return what follows from time and from the marks that may be believed just now."""
        acts: list[Act] = []
        for cover in self.covers():
            mark = marks.get(cover.instrument)
            if mark is not None and cover.phase in {Phase.RESTING, Phase.WATCHED}:
                acts += self._watch(cover, mark, now_ns)
            elif mark is not None and cover.phase is Phase.WAITING:
                acts += self._watch_entry(cover, mark)
            if cover.phase is Phase.FIRED and now_ns - cover.fired_ns >= self._rules.escalate_after_ns:
                acts += self._escalate(cover, now_ns)
            if now_ns - cover.sent_ns >= self._rules.resize_after_ns:
                acts += self._resize(cover, now_ns)
            if cover.phase is Phase.WATCHED and cover.retry_ns is not None and now_ns >= cover.retry_ns:
                acts += self._activate(cover, now_ns)
        return acts

    def forget_done(self) -> None:
        """Drop the names of covers that are done, but for the latest: executions that late are rare."""
        if len(self._aliases) > ALIASES_MAX:
            done = [name for name, cover in self._aliases.items() if cover.phase is Phase.DONE]
            for name in done[: len(self._aliases) - ALIASES_MAX // 2]:
                del self._aliases[name]

    def covers(self) -> list[Cover]:
        """Return every cover that is not done, in the order in which they came."""
        return list({id(cover): cover for cover in self._covers.values()}.values())

    def cover_of(self, order_id: str) -> Cover | None:
        """Return the cover that a leg of this id belongs to, None when it passed through or is done."""
        return self._covers.get(order_id)

    def cover_at_venue(self, client_id: str) -> Cover | None:
        """Return the cover for which this was sent, None when it was sent for nothing but itself."""
        return self._aliases.get(client_id)

    def _watch(self, cover: Cover, mark: int, now_ns: int) -> list[Act]:
        sells = cover.side is not BUY
        trail, stop = cover.leg(OrderKind.TRAILING_STOP), cover.leg(OrderKind.STOP_MARKET)
        if trail is not None:
            best = mark if cover.extreme is None else (max if sells else min)(cover.extreme, mark)
            cover.extreme = best
            line = best - int(trail.trail or 0) if sells else best + int(trail.trail or 0)
            if (mark <= line) if sells else (mark >= line):
                return self._fire(cover, trail, now_ns)
        if stop is not None and ((mark <= int(stop.stop or 0)) if sells else (mark >= int(stop.stop or 0))):
            return self._fire(cover, stop, now_ns, watch_only=cover.phase is Phase.RESTING)
        target = cover.leg(OrderKind.LIMIT)
        if target is not None and cover.phase is Phase.WATCHED:
            price = int(target.price or 0)
            if (mark >= price) if sells else (mark <= price):
                return self._fire(cover, target, now_ns)
        return []

    def _watch_entry(self, cover: Cover, mark: int) -> list[Act]:
        """An entry that has filled in part has a stop too: when it is reached, the rest of the entry is withdrawn, and
        the engine protects what there is.
        """
        stop, parent = cover.leg(OrderKind.STOP_MARKET), self._parents.get(cover.parent or "")
        if stop is None or parent is None or not parent.filled or cover.why:
            return []
        line = int(stop.stop or 0)
        if not ((mark >= line) if cover.side is BUY else (mark <= line)):
            return []
        cover.why = "ENTRY_STOPPED"
        return [Withdraw(cover.parent or "")]

    def _fire(self, cover: Cover, leg: OrderRequest, now_ns: int, *, watch_only: bool = False) -> list[Act]:
        """A leg is reached: the venue's order for it has its time to fill, everything else is replaced at once."""
        if cover.phase in {Phase.FIRED, Phase.LEAVING, Phase.DONE}:
            return []
        cover.fired, cover.fired_ns = leg, now_ns
        cover.phase = Phase.FIRED
        acts: list[Act] = [Tell(a.OrderTriggered(leg.order_id, now_ns))]
        if cover.parent in self._parents and leg.kind is not OrderKind.LIMIT:
            acts.append(Withdraw(cover.parent))  # an entry that is still filling is not to be filled against its stop
        if watch_only:
            return acts
        cover.reprices = REPRICES_MAX
        return acts + (self._cross(cover, now_ns) if cover.at_venue is None else self._escalate(cover, now_ns))

    def _escalate(self, cover: Cover, now_ns: int) -> list[Act]:
        """What is reached has not filled in its time: withdraw what is there, or cross when nothing is."""
        if cover.at_venue is None:
            return self._cross(cover, now_ns)
        self.escalations += 1
        cover.phase, cover.why = Phase.LEAVING, ESCALATE
        return [Withdraw(cover.at_venue)]

    def _escalated(self, cover: Cover, now_ns: int) -> list[Act]:
        """What was there has gone: re-price once, then cross."""
        cover.phase, cover.why = Phase.FIRED, ""
        leg = cover.fired or cover.leader
        if cover.reprices < REPRICES_MAX and leg.stop is not None:
            cover.reprices += 1
            far = self._behind(leg.stop, cover, 4 * self._rules.stop_limit_bps)
            return [self._send(cover, OrderKind.LIMIT, now_ns, price=far, time_in_force=TimeInForce.IOC)]
        return self._cross(cover, now_ns)

    def _cross(self, cover: Cover, now_ns: int) -> list[Act]:
        cover.phase = Phase.FIRED
        return [self._send(cover, OrderKind.MARKET, now_ns, time_in_force=TimeInForce.IOC)]

    # -- sending ------------------------------------------------------------------------------------------------------

    def _activate(self, cover: Cover, now_ns: int) -> list[Act]:
        """Put what the venue can hold of a cover there; what it cannot is watched here, and says so."""
        stop, target = cover.leg(OrderKind.STOP_MARKET), cover.leg(OrderKind.LIMIT)
        cover.phase, cover.retry_ns = Phase.RESTING, None
        if stop is not None and target is not None:
            cover.is_bracket = True
            return [self._send(cover, OrderKind.LIMIT, now_ns, price=target.price, stop=stop.stop)]
        if stop is not None:
            behind = self._behind(int(stop.stop or 0), cover, self._rules.stop_limit_bps)
            return [self._send(cover, OrderKind.STOP_LIMIT, now_ns, price=behind, stop=stop.stop)]
        if target is not None and cover.leg(OrderKind.TRAILING_STOP) is None:
            return [self._send(cover, OrderKind.LIMIT, now_ns, price=target.price)]
        cover.phase = Phase.WATCHED
        cover.sent_ns = now_ns
        return [Tell(a.OrderAccepted(leg.order_id, now_ns, cover.quantity)) for leg in cover.legs]

    def _send(
        self,
        cover: Cover,
        kind: OrderKind,
        now_ns: int,
        *,
        price: int | None = None,
        stop: int | None = None,
        time_in_force: TimeInForce = TimeInForce.GTC,
    ) -> Send:
        leader = cover.leader
        client_id = leader.order_id if not cover.attempts else f"{leader.order_id}-x{cover.attempts}"
        cover.attempts += 1
        cover.at_venue, cover.there, cover.asked, cover.sent_ns = client_id, cover.remaining, cover.quantity, now_ns
        self._aliases[client_id] = cover
        return Send(
            OrderRequest(
                client_id, cover.instrument, cover.side, kind, cover.remaining, price, stop, time_in_force,
                reduce_only=leader.reduce_only,
            )
        )  # fmt: skip

    def _behind(self, stop: int, cover: Cover, bps: int) -> int:
        """Return a limit price so many basis points on the far side of a stop, on the tick."""
        tick = self._instruments[cover.instrument].tick
        away = -(-stop * bps // BPS)
        return ceil_to(stop + away, tick) if cover.side is BUY else max(tick, floor_to(stop - away, tick))

    def _over(self, cover: Cover, why: str, now_ns: int) -> list[Act]:
        """Return the ends of the legs; one that has filled whole is over by itself."""
        left = [leg for leg in cover.legs if cover.leg_filled.get(leg.order_id, 0) < cover.quantity]
        acts: list[Act] = [Tell(a.OrderCanceled(leg.order_id, now_ns, why)) for leg in left]
        return acts + self._forget(cover)

    def _forget(self, cover: Cover) -> list[Act]:
        cover.phase = Phase.DONE
        for leg in cover.legs:
            self._covers.pop(leg.order_id, None)
        return []


def _refused_unsized(request: OrderRequest, now_ns: int) -> list[Act]:
    """Nothing that is not known in units is sent: its fills could be held against no size, its risk was not seen."""
    text = f"{request.order_id} is of an amount of money: a live session sends orders of a quantity only"
    return [Note("unsized", text), Tell(a.OrderRejected(request.order_id, now_ns, BY_AMOUNT))]
