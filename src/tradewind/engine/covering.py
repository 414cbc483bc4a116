"""Is what a bot holds covered by exits of exactly its size (I21)? Asked at the end of an event, of whom it concerns.

bare        the exits of the last entry that opened something are placed again, for what nothing covers
over        exits beyond the position are taken back, the youngest first
changing    a target, a closing's order or an entry that has filled in part is under way: its end is waited for,
            and an operator is told when nothing has covered the position for `BARE_NS_MAX`
dust        what the venue's minimum does not let an order close stays as it is; the next exit takes it along
"""

import msgspec

from tradewind.engine.placing import ask_cancel, submit_protection
from tradewind.engine.recording import alarm
from tradewind.engine.state import EngineState, Market, Seat
from tradewind.model.intents import Exits
from tradewind.model.orders import OrderKind
from tradewind.orders.lifecycle import OrderStatus
from tradewind.orders.order import Order, OrderRole
from tradewind.orders.protection import child_requests

BARE_NS_MAX = 60_000_000_000
TOLD = 1 << 63  # the alarm of this time has been raised
CHILD, PLACED, PROTECTION = OrderRole.CHILD, OrderRole.PLACED, OrderRole.PROTECTION
LIMIT = OrderKind.LIMIT
NONE = Exits()
LEAVING = OrderStatus.CANCELING


class Group:
    """The working legs of one exit: whichever acts first cancels the others."""

    __slots__ = ("leaving", "left", "legs", "reduce_only", "side", "watched")

    def __init__(self, legs: list[Order], exits: Exits) -> None:
        self.legs = legs
        self.side = legs[0].request.side
        self.left = max(leg.quantity for leg in legs) - sum(leg.filled for leg in legs)
        self.reduce_only = legs[0].request.reduce_only
        self.leaving = all(leg.status is LEAVING for leg in legs)
        stopped = exits.stop_loss is not None or exits.trailing is not None
        # A take-profit that filled in part has canceled its stop.
        self.watched = not stopped or any(leg.request.kind is not LIMIT for leg in legs)


def keep_protected(state: EngineState) -> None:
    """At the end of an event: protect what no exit covers, and take back exits that cover nothing.

    While a remote stage is being asked, the answer may yet change the position: then this waits for the answer's event.
    """
    if state.pending or state.jobs:
        return
    unchecked, state.unchecked = state.unchecked, []
    for seat in dict.fromkeys(unchecked):
        _look_at(state, seat)


def is_dust(market: Market, quantity: int) -> bool:
    """Return whether the venue takes no order of this size, at the mark, for being too small."""
    return market.instrument.below_minimum(abs(quantity), market.mark)


def _look_at(state: EngineState, seat: Seat) -> None:
    position = seat.view.position
    if seat.closing is not None:
        seat.bare_ns = None
        return
    exits = NONE if seat.cover is None else seat.cover[1]
    every = _groups(state, seat, exits)
    groups = [group for group in every if group.side * position < 0]
    if len(groups) < len(every):
        _take_back(state, seat, [group for group in every if group not in groups], 0)  # of a position that is gone
    if seat.cover is None or not position:
        return
    covered = sum(group.left for group in groups if group.watched)
    bare = abs(position) - covered
    if bare > 0 and is_dust(seat.market, bare):
        _leave_dust(state, seat)
    elif not bare and not any(group.leaving or not group.watched for group in groups):
        seat.bare_ns = None
    elif seat.deferred is not None or _is_changing(seat):
        _wait(state, seat, covered)
    elif any(not group.watched for group in groups):
        for group in groups:
            if not group.watched:
                _cancel(state, group)  # both legs are placed anew
        _wait(state, seat, covered)
    elif any(group.leaving for group in groups):
        _wait(state, seat, covered)
    elif bare < 0:
        _take_back(state, seat, groups, abs(position))
        _wait(state, seat, covered)
    else:
        _cover(state, seat, bare)


def _leave_dust(state: EngineState, seat: Seat) -> None:
    """Nothing covers so little; where it is the price that makes it little, look again after the next event."""
    seat.bare_ns = None
    if seat.market.instrument.min_notional:
        state.unchecked.append(seat)


def _groups(state: EngineState, seat: Seat, exits: Exits) -> list[Group]:
    """Return the exits that are at work, oldest first; those of an entry under way wait for its fill."""
    groups: dict[str, list[Order]] = {}
    for order in seat.working.values():
        request = order.request
        if order.role is PROTECTION and (request.after is None or _acts(state, order, request.after)):
            groups.setdefault(request.oco or request.order_id, []).append(order)
    return [Group(legs, exits) for legs in groups.values()]


def _acts(state: EngineState, order: Order, entry: str) -> bool:
    """Return whether an entry's exit is at work: the entry has filled, or the exit was cut to what of it has."""
    return not state.orders[entry].remaining or order.quantity < int(order.request.quantity or 0)


def covered_by_exits(state: EngineState, seat: Seat) -> int:
    """Return how much of the seat's position exits are at work for."""
    groups = _groups(state, seat, NONE)
    return sum(group.left for group in groups if group.side * seat.view.position < 0 and not group.leaving)


def _is_changing(seat: Seat) -> bool:
    """Return whether an order is under way that brings the position and its exits to where they shall be."""
    parents = {order.request.after for order in seat.working.values() if order.role is PROTECTION}
    for order in seat.working.values():
        adds = order.role is CHILD and order.request.side * seat.view.position > 0
        if order.role is PLACED or adds:
            if order.filled and order.request.order_id in parents:
                return True  # its exits wait for the rest of its fill
        elif order.role is not PROTECTION:
            return True
    return False


def _wait(state: EngineState, seat: Seat, covered: int) -> None:
    """Look again after the next event, for as long as somebody may be waited for; then say so, once."""
    since = seat.bare_ns
    if since is None:
        since = seat.bare_ns = state.now_ns
    if since == TOLD:
        return
    if state.now_ns - since < BARE_NS_MAX:
        state.unchecked.append(seat)
        return
    seat.bare_ns = TOLD
    seconds = BARE_NS_MAX // 1_000_000_000
    held = f"{seat.bot.id} holds {seat.view.position} units of {seat.market.id}"
    alarm(state, "unprotected", f"{held} and exits have covered {covered} for {seconds} s: an order is under way")


def _take_back(state: EngineState, seat: Seat, groups: list[Group], wanted: int) -> None:
    """Cancel the youngest exits until no more than `wanted` is covered; what is then bare is covered anew.

    Where an exit is reduce-only at the venue, the venue itself cuts it to the account's position.
    """
    staying = [group for group in groups if not group.leaving]
    while staying and _in_force(seat, staying) > wanted:
        _cancel(state, staying.pop())


def _in_force(seat: Seat, groups: list[Group]) -> int:
    """Return what exits cover once the venue has cut those that are reduce-only."""
    cut = sum(group.left for group in groups if group.reduce_only)
    whole = sum(group.left for group in groups if not group.reduce_only)
    return whole + min(cut, max(0, -seat.market.held * groups[0].side))


def _cancel(state: EngineState, group: Group) -> None:
    for leg in group.legs:
        ask_cancel(state, leg)


def _cover(state: EngineState, seat: Seat, bare: int) -> None:
    """Place the exits of the last entry again, at their old prices, for `bare` units."""
    if seat.cover is None:
        return
    entry, exits, reference = seat.cover
    seat.bare_ns = None
    seat.renewals += 1
    suffix = f"rest{seat.renewals}"
    for child in child_requests(entry, bare, exits, reference, seat.market.instrument):
        order_id, oco = f"{child.order_id}-{suffix}", f"{child.oco}-{suffix}"
        submit_protection(state, seat, msgspec.structs.replace(child, order_id=order_id, oco=oco, after=None))
