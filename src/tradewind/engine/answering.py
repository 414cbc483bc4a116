"""What follows from a venue's answers: order status, ledger, the bots' positions, exits that must be renewed."""

from collections.abc import Callable
from typing import Any

from tradewind.engine.deciding import resume_deferred
from tradewind.engine.placing import submit_protection
from tradewind.engine.state import EngineState, Seat
from tradewind.model import answers as a
from tradewind.model.effects import Alarm, SetTimer
from tradewind.model.errors import StateError
from tradewind.model.money import add, multiply, subtract
from tradewind.model.orders import Side
from tradewind.orders.lifecycle import OrderEvent
from tradewind.orders.order import Order, OrderRole
from tradewind.orders.protection import child_requests
from tradewind.portfolio.attribution import attribute
from tradewind.risk.protections import ClosedTrade, lock_after

REJECTIONS_MAX = 3


def on_filled(state: EngineState, fill: a.OrderFilled) -> bool:
    """Book a fill once, share it among the bots, and see to the order's end; return False for a fill known already."""
    order = _order(state, fill.order_id)
    shares = order.shares
    already = order.received
    if not order.take_fill(fill):
        return False
    state.audit.append(fill)
    market = state.markets[fill.instrument]
    if len(shares) == 1:
        parts = [(shares[0].bot, fill.quantity)]
    else:
        split = attribute(fill.quantity, shares, market.instrument.lot, already)
        order.received = [had + part for had, part in zip(already, split, strict=True)]
        parts = [(share.bot, part) for share, part in zip(shares, split, strict=True)]
    if market.mark is None:
        market.mark, market.mark_ns = fill.price, fill.ts_ns
    state.ledger.fill(fill, parts)
    state.rebase(market)
    _count_volume(state, fill, market.line.unit_value)
    if order.role is not OrderRole.PROTECTION:
        if fill.side is Side.BUY:
            market.open_buys -= fill.quantity
        else:
            market.open_sells -= fill.quantity
    if order.held_cash:
        market.line.purse.held = subtract(market.line.purse.held, order.release_hold(fill.quantity))
    books = market.line.books
    for seat in state.owners[fill.order_id]:
        before = seat.view.position
        position = books[seat.bot.id].position
        seat.view.position = position.quantity
        if state.config.protections.watches_trades and before and before * position.quantity <= 0:
            _trade_closed(state, seat, order)
    if order.role is not OrderRole.TARGET:
        for seat in state.owners[fill.order_id]:
            seat.target = None
    if not order.is_live:
        _ended(state, order)
    return True


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
    if order.role is not OrderRole.PROTECTION:
        _free_open(state, order, order.quantity - event.quantity)
    order.quantity = event.quantity


def on_rejected(state: EngineState, event: a.OrderRejected) -> None:
    """The venue refused the order: free what it held; the same wish is tried again a few times at most (I15)."""
    order = _order(state, event.order_id)
    state.audit.append(event)
    if not order.is_live:
        return
    order.move(OrderEvent.REJECT)
    order.reason = event.reason
    for seat in state.owners[event.order_id]:
        seat.rejections += 1
        if order.role is OrderRole.TARGET and seat.rejections < REJECTIONS_MAX:
            seat.target = None
        if order.role is OrderRole.PROTECTION:
            _unprotected(state, seat, order, event.reason)
    _free_open(state, order, order.remaining)
    _ended(state, order)


def on_canceled(state: EngineState, event: a.OrderCanceled) -> None:
    """The order is over; what it did not fill will not be filled."""
    order = _order(state, event.order_id)
    state.audit.append(event)
    if not order.is_live:
        return
    order.move(OrderEvent.CANCEL)
    order.reason = event.reason
    _free_open(state, order, order.remaining)
    for seat in state.owners[event.order_id]:
        if order.role is OrderRole.TARGET:
            seat.target = None
        elif order.role is OrderRole.PROTECTION and event.reason == "INSUFFICIENT_FUNDS":
            _unprotected(state, seat, order, event.reason)
    _ended(state, order)


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
    """The venue closed a position: book it, and forget every target that led there."""
    state.ledger.liquidate(event)
    market = state.markets[event.instrument]
    state.rebase(market)
    for seat in market.seats_all:
        book = market.line.books.get(seat.bot.id)
        seat.view.position = book.position.quantity if book is not None else 0
        seat.target = None
    state.audit.append(event)
    state.effects.append(
        Alarm(event.ts_ns, "liquidation", f"{event.instrument}: {event.kind.value}, {event.quantity} at {event.price}")
    )


def on_funding(state: EngineState, event: a.FundingPaid) -> None:
    """Funding moved to or from cash."""
    state.ledger.pay_funding(event)
    state.rebase(state.markets[event.instrument])
    state.audit.append(event)


def on_funding_accrued(state: EngineState, event: a.FundingAccrued) -> None:
    """Funding is owed and will be settled later."""
    state.ledger.accrue_funding(event)
    state.audit.append(event)


def on_transfer(state: EngineState, event: a.CashTransferred) -> None:
    """Money came or went: equity and the drawdown's peak move together, profit does not."""
    state.ledger.transfer(event.currency, event.amount)
    state.peak = add(state.peak, event.amount)
    for market in state.markets.values():
        state.rebase(market)
    state.audit.append(event)


def _order(state: EngineState, order_id: str) -> Order:
    try:
        return state.orders[order_id]
    except KeyError:
        raise StateError(
            f"the venue speaks of order {order_id}, which is not in our journal; trading stops, reconcile before resuming"
        ) from None


def _free_open(state: EngineState, order: Order, quantity: int) -> None:
    if order.role is OrderRole.PROTECTION:
        return
    market = state.markets[order.request.instrument]
    if order.request.side is Side.BUY:
        market.open_buys -= quantity
    else:
        market.open_sells -= quantity


def _ended(state: EngineState, order: Order) -> None:
    """An order is over: free its hold, protect what it filled, and take up what waited for it."""
    order_id = order.request.order_id
    state.live.pop(order_id, None)
    market = state.markets[order.request.instrument]
    if order.held_cash:
        market.line.purse.held = subtract(market.line.purse.held, order.release_hold(0))
    for seat in state.owners[order_id]:
        seat.working.pop(order_id, None)
        seat.view.working = len(seat.working)
        exits = seat.entries.pop(order_id, None)
        if exits is not None and order.filled:
            if exits.time_ns is not None:
                state.effects.append(
                    SetTimer(state.now_ns + exits.time_ns, f"exit:{seat.bot.id}:{market.id}:{order_id}")
                )
            if order.filled < order.quantity:
                # The children died with the unfilled rest: protect what did fill, at once and without a parent.
                reference = order.request.price or order.value // order.filled
                for child in child_requests(order.request, order.filled, exits, reference, market.instrument):
                    renewed = child.__class__(
                        f"{child.order_id}r", child.instrument, child.side, child.kind, child.quantity,
                        price=child.price, stop=child.stop, trail=child.trail, reduce_only=child.reduce_only, oco=child.oco,
                    )  # fmt: skip
                    submit_protection(state, seat, renewed)
        if seat.deferred is not None and not seat.working:
            resume_deferred(state, seat)


def _unprotected(state: EngineState, seat: Seat, order: Order, reason: str) -> None:
    if seat.view.position:
        text = f"{seat.bot.id} holds {seat.view.position} units of {seat.market.id}: {order.request.order_id} ended {reason}"
        state.effects.append(Alarm(state.now_ns, "unprotected", text))


def _trade_closed(state: EngineState, seat: Seat, order: Order) -> None:
    book = seat.market.line.books[seat.bot.id]
    total = subtract(add(book.position.realised, book.funding), book.fees)
    gained = subtract(total, seat.trade_start)
    seat.trade_start = total
    stopped = order.role is OrderRole.PROTECTION
    seat.trades.append(ClosedTrade(state.now_ns, seat.bot.id, seat.market.id, gained, stopped))
    seat.lock = lock_after(seat.trades, state.config.protections)


def _count_volume(state: EngineState, fill: a.OrderFilled, unit_value: Any) -> None:
    """Keep the 30-day volume, and with it the fee tier, as our side of the account knows it."""
    if len(state.config.fees.tiers) > 1:
        state.volume = add(state.volume, multiply(unit_value, fill.quantity * fill.price))
        state.tier = state.config.fees.tier(state.volume)
        state.cost_rate = add(state.tier.taker, state.config.price_allowance)


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
