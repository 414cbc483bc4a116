"""Exits at a venue without children, one-cancels-other or stop-market orders: emulated, and saying so (SPEC S8, X1).

    children of an entry    wait here for their parent's fill, and are as large as what of it has opened something
    stop                    a stop-limit order at the venue; reached and not filled, it is re-priced once, then crosses
    stop and take-profit    one bracket order at the venue: a LIMIT request with a `stop`
    trailing stop           watched here; when it is reached, what rests at the venue is withdrawn and the rest crosses

Pure: requests of the engine, answers about what was sent, marks and time go in; what to send and what to tell the
engine comes out. A replacement has an id of its own at the venue (`ID-x1`); the engine only ever hears of its own ids.

    covers    what is protected, and who is known by which name
    exits     what is put at the venue for a cover, replaced and withdrawn
    entries, exit_answers    what the venue says of either
"""

from collections.abc import Iterable, Mapping, Sequence

from tradewind.app.live.acts import Act, Note, Send, Tell, Withdraw
from tradewind.app.live.covers import Cover, Covers, Parent, Phase
from tradewind.app.live.entries import Entries
from tradewind.app.live.exit_answers import ExitAnswers
from tradewind.app.live.exits import REPRICES_MAX, REQUESTED, Exits, ProtectingRules
from tradewind.model import answers as a
from tradewind.model.effects import CancelOrder, SubmitOrder
from tradewind.model.instrument import Instrument
from tradewind.model.orders import OrderKind, OrderRequest
from tradewind.model.venue import VenueOrder
from tradewind.orders.lifecycle import OrderStatus
from tradewind.orders.order import Order

EMULATED = frozenset({OrderKind.STOP_MARKET, OrderKind.TRAILING_STOP})
ATTEMPTS_MAX = 64
BY_AMOUNT = "BY_AMOUNT"


class Protecting:
    """Stands between the engine and what is sent. Orders that the venue has by itself pass through unchanged."""

    def __init__(self, instruments: Mapping[str, Instrument], rules: ProtectingRules) -> None:
        self.covers = Covers()
        self.exits = Exits(self.covers, instruments, rules)
        self._answers = ExitAnswers(self.covers, self.exits)
        self._entries = Entries(self.covers, self.exits, instruments)
        self._instruments = instruments
        self._rules = rules

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
                self.covers.parents.setdefault(request.order_id, Parent(int(request.quantity or 0)))
                acts.append(Send(request))
            else:
                cover = self.covers.join(request)
                if cover not in fresh:
                    fresh.append(cover)
        for cover in fresh:
            if cover.phase is Phase.WATCHED:
                acts += self.exits.activate(cover, now_ns)
        return acts

    def _cancel(self, order_id: str, now_ns: int) -> list[Act]:
        cover = self.covers.of_leg(order_id)
        if cover is None:
            return [Withdraw(order_id)]
        return self.exits.withdraw(cover, REQUESTED, now_ns)

    # -- what the venue says ------------------------------------------------------------------------------------------

    def hear(self, event: a.VenueAnswer, now_ns: int) -> list[Act]:
        """Return what an answer about something sent means: for the engine, and for the orders that hang on it."""
        order_id = getattr(event, "order_id", None)
        if order_id is None:
            return [Tell(event)]
        cover = self.covers.of_sent(order_id)
        if cover is not None:
            return self._answers.hear(cover, order_id, event, now_ns)
        parent = self.covers.parents.get(order_id)
        if parent is None:
            return [Tell(event)]
        return self._entries.hear(order_id, parent, event, now_ns)

    # -- time and marks -----------------------------------------------------------------------------------------------

    def step(self, marks: Mapping[str, int], now_ns: int) -> list[Act]:
        """Return what follows from time and from the marks that may be believed just now."""
        acts: list[Act] = []
        for cover in self.covers.all():
            mark = marks.get(cover.instrument)
            if mark is not None and cover.phase in {Phase.RESTING, Phase.WATCHED}:
                acts += self._watch(cover, mark, now_ns)
            elif mark is not None and cover.phase is Phase.WAITING:
                acts += self._entries.watch(cover, mark)
            if cover.phase is Phase.FIRED and now_ns - cover.fired_ns >= self._rules.escalate_after_ns:
                acts += self.exits.escalate(cover, now_ns)
            if now_ns - cover.sent_ns >= self._rules.resize_after_ns:
                acts += self.exits.resize(cover, now_ns)
            if cover.phase is Phase.WATCHED and cover.retry_ns is not None and now_ns >= cover.retry_ns:
                acts += self.exits.activate(cover, now_ns)
        return acts

    def _watch(self, cover: Cover, mark: int, now_ns: int) -> list[Act]:
        leg = _reached(cover, mark)
        if leg is None:
            return []
        resting = leg.kind is OrderKind.STOP_MARKET and cover.phase is Phase.RESTING
        return self.exits.fire(cover, leg, now_ns, watch_only=resting)  # a stop at the venue has its time to fill

    # -- after a restart ----------------------------------------------------------------------------------------------

    def restore(self, orders: Iterable[Order]) -> list[Cover]:
        """Take up the live orders of an engine that was replayed; return the covers of which something may be sent."""
        known = {order.request.order_id: order for order in orders}
        groups: dict[str, list[str]] = {}  # also the legs that are over: what they filled is the cover's
        for name, order in known.items():
            groups.setdefault(order.request.oco or name, []).append(name)
        live = sorted((order for order in known.values() if order.is_live), key=lambda order: order.number)
        asked: list[Cover] = []
        for order in live:
            request = order.request
            if request.after is None and request.oco is None and request.kind not in EMULATED:
                parent = self.covers.parents.setdefault(request.order_id, Parent(order.quantity))
                parent.quantity, parent.filled = order.quantity, order.filled
                continue
            cover = self.covers.join(request)
            cover.leg_filled = {leg: known[leg].filled for leg in groups[cover.name]}
            cover.filled = sum(cover.leg_filled.values())
            cover.quantity = order.quantity
            if order.status is OrderStatus.CANCELING:
                cover.why = REQUESTED  # and that may not have left
            above = known.get(request.after or "")
            if above is None or not above.is_live or order.quantity < cover.whole or cover.why:
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
            self.covers.sent(client_id, cover)
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
        elif cover.remaining <= 0:
            return self.exits.over(cover, "OCO", now_ns)
        elif last is not None and self._filled_of(cover, found.values()) > cover.filled:
            # It executed meanwhile: how much is left to protect is known when that has been booked.
            cover.at_venue, cover.there, cover.asked = last, cover.remaining, cover.quantity
        elif cover.why:
            return self.exits.over(cover, cover.why, now_ns)
        else:
            return self.exits.activate(cover, now_ns) if cover.fired is None else self.exits.cross(cover, now_ns)
        cover.phase = Phase.RESTING if cover.fired is None else Phase.FIRED
        return self.exits.withdraw(cover, cover.why, now_ns) if cover.why else []

    def _filled_of(self, cover: Cover, orders: Iterable[VenueOrder]) -> int:
        instrument = self._instruments[cover.instrument]
        return sum(instrument.quantity_units(order.filled) for order in orders)


def _reached(cover: Cover, mark: int) -> OrderRequest | None:
    """Return the leg that the mark has reached, once a trailing stop has followed it; a resting target fills alone."""
    trail, stop, target = (
        cover.leg(kind) for kind in (OrderKind.TRAILING_STOP, OrderKind.STOP_MARKET, OrderKind.LIMIT)
    )
    if trail is not None and cover.loses(mark, cover.trailed(mark, int(trail.trail or 0))):
        return trail
    if stop is not None and cover.loses(mark, int(stop.stop or 0)):
        return stop
    if target is not None and cover.phase is Phase.WATCHED and cover.gains(mark, int(target.price or 0)):
        return target
    return None


def _refused_unsized(request: OrderRequest, now_ns: int) -> list[Act]:
    """Nothing that is not known in units is sent: its fills could be held against no size, its risk was not seen."""
    text = f"{request.order_id} is of an amount of money: a live session sends orders of a quantity only"
    return [Note("unsized", text), Tell(a.OrderRejected(request.order_id, now_ns, BY_AMOUNT))]
