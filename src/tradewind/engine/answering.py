"""What follows from a venue's answers: order status, ledger, the bots' positions, exits that must be renewed."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from tradewind.engine.breaking import day_moved, tell
from tradewind.engine.closing import close_position, closing_ended
from tradewind.engine.commanding import worth_changed
from tradewind.engine.covering import TOLD, covered_by_exits, is_dust
from tradewind.engine.deciding import resume_deferred
from tradewind.engine.placing import cancel_working, keep_tier, stop_parent, submit_protection
from tradewind.engine.recording import alarm
from tradewind.engine.state import EngineState, Partway, Seat
from tradewind.engine.telling_parents import child_ended, child_filled
from tradewind.engine.trades import trade_closed, trade_filled
from tradewind.model import answers as a
from tradewind.model.effects import Alarm
from tradewind.model.errors import StateError
from tradewind.model.intents import Exits
from tradewind.model.money import ZERO, add, multiply, subtract
from tradewind.model.orders import OrderRequest, Side
from tradewind.orders.lifecycle import TERMINAL, OrderEvent
from tradewind.orders.order import Order, OrderRole
from tradewind.orders.protection import child_requests
from tradewind.portfolio.attribution import attribute

REJECTIONS_MAX = 3
# Why a protective order may end and be placed anew: our own cancel, its other leg filled in part, or another bot's
# opposite position left the account none to reduce.
NOTHING_TO_REDUCE = "REDUCE_ONLY_NO_POSITION"
RENEWED = frozenset({"REQUESTED", "OCO", "PARENT_NOT_FILLED", NOTHING_TO_REDUCE})
BUY = Side.BUY
PROTECTION, TARGET, CLOSING, CHILD = OrderRole.PROTECTION, OrderRole.TARGET, OrderRole.CLOSING, OrderRole.CHILD


def on_filled(state: EngineState, fill: a.OrderFilled) -> bool:  # noqa: C901 - the hot way of every fill, one frame
    """Book a fill once, share it among the bots, and see to the order's end; return False for a fill known already."""
    order_id, quantity, price = fill.order_id, fill.quantity, fill.price
    order = state.orders.get(order_id) or _order(state, order_id)
    if not order.take_fill(fill):
        return False
    state.fills += 1
    state.audit.append(fill)
    market = state.markets[fill.instrument]
    line, role, shares = market.line, order.role, order.shares
    if market.mark is None:
        market.mark, market.mark_ns = price, fill.ts_ns
    shared = _parts(order, quantity, market.instrument.lot) if len(shares) > 1 else ()
    state.ledger.fill(fill, shares[0].bot, shared)
    state.rebase(market, price if fill.fee >= ZERO else None)
    if state.tiered:
        _count_volume(state, fill, line.unit_value)
    late = order.late_fills
    if role is not PROTECTION and not late:  # an order that is over counts as open no more; `rebase` told that it moved
        if fill.side is BUY:
            market.open_buys -= quantity
        else:
            market.open_sells -= quantity
    if order.held_cash:
        purse, freed = line.purse, order.release_hold(quantity)
        purse.held = ZERO if freed is purse.held else subtract(purse.held, freed)
    books, ended, waited_for = line.books, order.status in TERMINAL, False
    for seat in order.owners:
        view = seat.view
        before = view.position
        view.position = after = books[seat.bot.id].position.quantity
        if role is not TARGET or late:
            _off_target(state, seat, order, fill, after * fill.side)
        if not after or before * after < 0:
            # The position that the exits were for has gone; a turning order brings its own.
            seat.entry = seat.cover = seat.bare_ns = None
        if state.watches_trades:
            trade_filled(state, seat, before, fill.price, stopped=role is PROTECTION)
        if ended:
            working = seat.working
            working.pop(order_id, None)
            if working or seat.cover is not None or seat.deferred is not None or seat.entries:
                waited_for = True
    if state.watches_worth:
        worth_changed(state)  # before anything that waited for this fill is decided, here or by somebody who is asked
    if not ended:
        _filled_in_part(state, order)
    elif waited_for:
        _ended(state, order, fill.ts_ns, quantity if late else 0)
    return True


def _off_target(state: EngineState, seat: Seat, order: Order, fill: a.OrderFilled, ahead: int) -> None:
    """A fill that led to no target: what the bot wants is asked anew, and no exit leads to the other side.

    A child's leads there as its parent does.
    """
    role = order.role
    if role is CHILD and child_filled(state, seat, order, fill):
        return
    seat.target = None
    if role is PROTECTION or role is CLOSING:
        stop_parent(state, seat, "EXITED")  # an exit has taken what the plan was building, or leaving
        if ahead > 0:
            close_position(state, seat, "overshoot")


def _parts(order: Order, quantity: int, lot: int) -> tuple[tuple[str, int], ...]:
    """Return what each bot of a shared order receives of a fill, and remember it for the next one."""
    shares = order.shares
    received = order.received or (0,) * len(shares)
    split = attribute(quantity, shares, lot, received)
    order.received = tuple([had + part for had, part in zip(received, split, strict=True)])
    return tuple([(share.bot, part) for share, part in zip(shares, split, strict=True)])


def on_accepted(state: EngineState, event: a.OrderAccepted) -> None:
    """The order rests at the venue."""
    order = _order(state, event.order_id)
    if order.is_live:
        order.move(OrderEvent.ACCEPT)
    state.audit.append(event)


def on_triggered(state: EngineState, event: a.OrderTriggered) -> None:
    """A stop was reached, or a child order woke."""
    order = _order(state, event.order_id)
    if order.is_live:
        order.move(OrderEvent.WAKE)
    state.audit.append(event)


def on_amended(state: EngineState, event: a.OrderAmended) -> None:
    """The venue shrank a reduce-only order with its position."""
    order = _order(state, event.order_id)
    state.audit.append(event)
    if not order.is_live:
        return
    if event.quantity < order.filled:
        raise StateError(
            f"order {event.order_id} was cut to {event.quantity} with {order.filled} filled: the venue and our journal "
            "disagree; trading stops, keep the journal and reconcile"
        )
    if order.role is not PROTECTION:
        _free_open(state, order, order.quantity - event.quantity)
    order.quantity = event.quantity
    if order.role is PROTECTION:
        _cut(state, order, f"was cut to {event.quantity}")


def _cut(state: EngineState, order: Order, how: str) -> None:
    """The venue took from an exit what the account cannot reduce: the rest is placed anew at the end of the event.

    Where nothing is known to place, an operator is told.
    """
    for seat in order.owners:
        state.unchecked.append(seat)
        if seat.cover is None:
            _unprotected(state, seat, order, how, covered=order.remaining if order.is_live else 0)


def on_rejected(state: EngineState, event: a.OrderRejected) -> None:
    """The venue refused the order: free what it held; the same wish is tried again a few times at most (I15)."""
    order = _order(state, event.order_id)
    state.audit.append(event)
    if not order.is_live:
        return
    order.move(OrderEvent.REJECT)
    order.reason = event.reason
    would_cross = order.role is CHILD and order.request.post_only  # a matter of the price, no fault of anybody
    if state.breakers is not None and event.reason != NOTHING_TO_REDUCE and not would_cross:
        tell(state, state.breakers.on_error(state.now_ns))
    if state.guards is not None and event.reason != NOTHING_TO_REDUCE:
        state.guards.on_error(state.now_ns)
    if order.role is PROTECTION and event.reason == NOTHING_TO_REDUCE:
        _cut(state, order, f"ended {event.reason}")
    for seat in order.owners:
        if order.role is CHILD:
            child_ended(state, seat, order, rejected=True)
            continue
        seat.rejections += 1
        if order.role is TARGET and seat.rejections < REJECTIONS_MAX:
            seat.target = None
        elif order.role is TARGET and type(seat.target) is Partway:
            seat.target = seat.target.aim  # as often as any target, and no more
        if order.role is PROTECTION and event.reason != NOTHING_TO_REDUCE:
            _unprotected(state, seat, order, f"ended {event.reason}")
        if order.role is CLOSING:
            closing_ended(state, seat, order)
    _free_open(state, order, order.remaining)
    _ended(state, order, event.ts_ns)


def on_canceled(state: EngineState, event: a.OrderCanceled) -> None:
    """The order is over; what it did not fill will not be filled."""
    order = _order(state, event.order_id)
    state.audit.append(event)
    if not order.is_live:
        return
    order.move(OrderEvent.CANCEL)
    order.reason = event.reason
    _free_open(state, order, order.remaining)
    if order.role is PROTECTION and event.reason == NOTHING_TO_REDUCE:
        _cut(state, order, f"ended {event.reason}")
    for seat in order.owners:
        if order.role is TARGET:
            seat.target = None
        elif order.role is PROTECTION and event.reason not in RENEWED:
            _unprotected(state, seat, order, f"ended {event.reason}")
        elif order.role is CLOSING:
            closing_ended(state, seat, order)
        elif order.role is CHILD:
            child_ended(state, seat, order, rejected=False)
    _ended(state, order, event.ts_ns)


def on_cancel_rejected(state: EngineState, event: a.CancelRejected) -> None:
    """The cancel came too late or named nothing: a cancel's answer never decides what was filled."""
    order = _order(state, event.order_id)
    if order.is_live:
        order.move(OrderEvent.KEEP)
    state.audit.append(event)


def on_unknown(state: EngineState, event: a.OrderUnknown) -> None:
    """No usable answer: the order is in doubt, counts in full, and its instrument takes no new risk from these bots."""
    order = _order(state, event.order_id)
    if order.is_live:
        order.move(OrderEvent.TIME_OUT)
    state.audit.append(event)
    state.effects.append(Alarm(event.ts_ns, "order_in_doubt", f"order {event.order_id}: {event.reason}"))


def on_liquidated(state: EngineState, event: a.PositionLiquidated) -> None:
    """The venue closed a position: book it once, and forget every target that led there."""
    if _known(state, "liquidation", event.fill_id):
        return
    state.ledger.liquidate(event)
    market = state.markets[event.instrument]
    state.rebase(market)
    for seat in market.seats_all:
        book = market.line.books.get(seat.bot.id)
        before = seat.view.position
        seat.view.position = position = book.position.quantity if book is not None else 0
        if before and not position and state.watches_trades:
            trade_closed(state, seat, stopped=True)
        seat.target = None
        stop_parent(state, seat, "LIQUIDATED")
        if not position:
            seat.entry = seat.cover = seat.bare_ns = None
        state.unchecked.append(seat)
    state.audit.append(event)
    state.effects.append(
        Alarm(event.ts_ns, "liquidation", f"{event.instrument}: {event.kind.value}, {event.quantity} at {event.price}")
    )


def on_funding(state: EngineState, event: a.FundingPaid) -> None:
    """Funding moved to or from cash: book each payment once (I07)."""
    if _known(state, f"paid {event.instrument}", event.identity):
        return
    state.ledger.pay_funding(event)
    state.rebase(state.markets[event.instrument])
    state.audit.append(event)


def on_funding_accrued(state: EngineState, event: a.FundingAccrued) -> None:
    """Funding is owed and will be settled later."""
    if _known(state, f"accrued {event.instrument}", event.identity):
        return
    state.ledger.accrue_funding(event)
    state.audit.append(event)


def on_transfer(state: EngineState, event: a.CashTransferred) -> None:
    """Money came or went: equity and the drawdown's peak move together, profit does not."""
    state.ledger.transfer(event.currency, event.amount)
    worth = state.rate(event.currency)
    if worth is not None:
        moved = multiply(event.amount, worth)
        state.peak = add(state.peak, moved)
        day_moved(state, moved)
    for market in state.markets.values():
        state.rebase(market)
    state.audit.append(event)


def _known(state: EngineState, what: str, identity: str) -> bool:
    """Return whether this was booked before; from now on it was."""
    known = (what, identity) in state.booked
    state.booked.add((what, identity))
    return known


def _order(state: EngineState, order_id: str) -> Order:
    try:
        return state.orders[order_id]
    except KeyError:
        raise StateError(
            f"the venue speaks of order {order_id}, which is not in our journal; "
            "trading stops, reconcile before resuming"
        ) from None


def _free_open(state: EngineState, order: Order, quantity: int) -> None:
    if order.role is PROTECTION:
        return
    market = state.markets[order.request.instrument]
    if order.request.side is BUY:
        market.open_buys -= quantity
    else:
        market.open_sells -= quantity
    if state.worst_cases is not None:
        state.worst_cases.moved[market.id] = None


def _ended(state: EngineState, order: Order, ts_ns: int, late: int = 0) -> None:
    """An order is over: free its hold, protect what it filled (or the `late` part), and take up what waited for it."""
    request, role = order.request, order.role
    order_id = request.order_id
    if order.held_cash:
        purse = state.markets[request.instrument].line.purse
        purse.held = subtract(purse.held, order.release_hold(0))
    for seat in order.owners:
        working = seat.working
        working.pop(order_id, None)
        if seat.cover is None and seat.deferred is None and not seat.entries and not working:
            continue  # nothing guards a position, and nothing waited for this
        if seat.entries:
            # An entry that ended unfilled keeps its exits: a fill may still be on its way.
            entry = seat.entries.get(order_id)
            if entry is not None and order.filled:
                _protect(state, seat, order, entry, ts_ns, late)
                if order.remaining == 0:
                    del seat.entries[order_id]
        if seat.deferred is not None:
            if working:
                cancel_working(state, seat, None)  # what came since, an exit of a part or another order, goes too
            else:
                resume_deferred(state, seat)
        if role is not PROTECTION or (seat.cover is not None and (order.filled or order.reason in RENEWED)):
            state.unchecked.append(seat)


def _filled_in_part(state: EngineState, order: Order) -> None:
    """An order goes on that has changed positions: do their exits still fit?"""
    for seat in order.owners:
        entry = seat.entries.get(order.request.order_id) if seat.entries else None
        if entry is not None:
            _opened(seat, order.request, entry)
        if seat.cover is not None and order.role is not PROTECTION:
            state.unchecked.append(seat)


def _opened(seat: Seat, request: OrderRequest, entry: tuple[Exits, int]) -> None:
    """From now on the position gets the exits of this entry, if it has any that are orders."""
    exits = entry[0]
    priced = exits.stop_loss is not None or exits.take_profit is not None or exits.trailing is not None
    if priced and seat.view.position * request.side > 0:
        seat.cover = (request, *entry)
        if seat.bare_ns == TOLD:
            seat.bare_ns = None  # the operator was told of less than is held now


def _protect(state: EngineState, seat: Seat, order: Order, entry: tuple[Exits, int], ts_ns: int, late: int) -> None:
    """Start an entry's time stop; where the entry filled only in part, or late, protect that part anew.

    The children that were sent with the entry died with its unfilled rest, so the new ones have no parent.
    """
    market, exits = seat.market, entry[0]
    opened = seat.view.position * order.request.side
    if opened <= 0:
        return  # it only made an opposite position smaller
    _opened(seat, order.request, entry)
    if exits.time_ns is not None:
        seat.entry = order.request.order_id
        key = f"exit:{seat.bot.id}:{market.id}:{seat.entry}"
        state.set_timer(ts_ns + exits.time_ns, key)
    part = order.filled if order.remaining else 0
    quantity = min(opened, late) if late else min(opened - covered_by_exits(state, seat), part)
    if quantity > 0 and seat.deferred is None and seat.closing is None and not is_dust(market, quantity):
        reference = order.request.price or order.value // order.filled
        suffix = f"late{order.late_fills}" if late else "part"
        for child in child_requests(order.request, quantity, exits, reference, market.instrument):
            again = msgspec.structs.replace(
                child, order_id=f"{child.order_id}-{suffix}", oco=f"{child.oco}-{suffix}", after=None
            )
            submit_protection(state, seat, again)


def _unprotected(state: EngineState, seat: Seat, order: Order, how: str, *, covered: int = 0) -> None:
    if abs(seat.view.position) > covered:
        held = f"{seat.bot.id} holds {seat.view.position} units of {seat.market.id}"
        text = f"{held} and {order.request.order_id} {how}"
        alarm(state, "unprotected", text)


def _count_volume(state: EngineState, fill: a.OrderFilled, unit_value: Decimal) -> None:
    """Keep the 30-day volume, and with it the fee tier, as our side of the account knows it."""
    state.volume.add(fill.ts_ns, multiply(unit_value, fill.quantity * fill.price))
    keep_tier(state)


HANDLERS: dict[type, Callable[[EngineState, Any], None]] = {
    a.OrderAccepted: on_accepted,
    a.OrderTriggered: on_triggered,
    a.OrderAmended: on_amended,
    a.OrderRejected: on_rejected,
    a.OrderCanceled: on_canceled,
    a.CancelRejected: on_cancel_rejected,
    a.OrderUnknown: on_unknown,
    a.PositionLiquidated: on_liquidated,
    a.FundingPaid: on_funding,
    a.FundingAccrued: on_funding_accrued,
    a.CashTransferred: on_transfer,
}
