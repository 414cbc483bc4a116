"""What follows from corrections: doubt that blocks new risk, positions and orders that turn out to be ours (X10).

None of this is a decision of ours, so nothing here is reviewed or sent. Adopted holdings belong to the bot `external`
unless the correction says otherwise: no strategy touches them, limits count them.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tradewind.engine.breaking import day_moved
from tradewind.engine.placing import stop_parent
from tradewind.engine.state import EngineState, Market
from tradewind.model import corrections as k
from tradewind.model.decisions import Share
from tradewind.model.effects import Alarm
from tradewind.model.errors import StateError
from tradewind.model.money import ONE, ZERO, add, multiply, subtract
from tradewind.model.orders import OrderRequest, Side
from tradewind.orders.lifecycle import OrderStatus
from tradewind.orders.order import Order, OrderRole

BUY = Side.BUY


def on_doubted(state: EngineState, event: k.InstrumentDoubted) -> None:
    """From now on nothing that adds risk is sent on the instrument; reductions and cancels go on."""
    _advance(state, event.ts_ns)
    state.markets[event.instrument].doubts[event.cause] = event.reason
    state.audit.append(event)
    if event.alarm:
        state.effects.append(Alarm(event.ts_ns, "in_doubt", f"{event.instrument}: {event.cause}: {event.reason}"))


def on_cleared(state: EngineState, event: k.InstrumentCleared) -> None:
    """One cause of doubt is over; the others hold."""
    _advance(state, event.ts_ns)
    state.markets[event.instrument].doubts.pop(event.cause, None)
    state.audit.append(event)


def on_position_adopted(state: EngineState, event: k.PositionAdopted) -> None:
    """Take over a difference in what is held: equity and the drawdown's peak move together, profit does not."""
    _advance(state, event.ts_ns)
    market = state.markets[event.instrument]
    before, peak = state.equity(), state.peak
    state.ledger.adjust(event.instrument, event.bot, event.quantity, event.value)
    for other in state.markets.values():
        if other is market or other.line.purse is market.line.purse:
            state.rebase(other)
    after = state.equity()
    if before is not None and after is not None:
        state.peak = add(peak, subtract(after, before))
        day_moved(state, subtract(after, before))
        state.set_lines()
    for seat in market.seats_all:
        if seat.bot.id == event.bot:
            seat.view.position = market.line.books[event.bot].position.quantity
            seat.target = None
            stop_parent(state, seat, "ADOPTED")
    state.audit.append(event)


def on_order_adopted(state: EngineState, event: k.OrderAdopted) -> None:
    """Know an order that somebody else sent: it counts as open, holds cash, and its fills will be booked."""
    _advance(state, event.ts_ns)
    request = event.request
    if request.order_id in state.orders:
        raise StateError(f"order {request.order_id} was adopted twice: keep the journal and reconcile")
    market, quantity = state.markets[request.instrument], int(request.quantity or 0)
    shares = event.shares or (Share(event.bot, state.sequence, quantity),)
    bots = {share.bot for share in event.shares}
    owners = tuple(seat for seat in market.seats_all if seat.bot.id in bots)
    number = state.orders_made
    order = Order(request, shares, OrderRole.FOREIGN, event.since_ns, quantity, event.venue_id, owners, number)
    order.status = OrderStatus.OPEN
    state.orders[request.order_id] = order
    state.foreign = {name: each for name, each in state.foreign.items() if each.is_live}
    state.foreign[request.order_id] = order
    if request.side is BUY:
        market.open_buys += quantity
    else:
        market.open_sells += quantity
    if state.worst_cases is not None:
        state.worst_cases.moved[market.id] = None
    order.held_cash = _hold(state, market, request)
    if order.held_cash:
        market.line.purse.held = add(market.line.purse.held, order.held_cash)
    state.audit.append(event)


def _hold(state: EngineState, market: Market, request: OrderRequest) -> Decimal:
    """Return what a spot buy keeps from being spent: its notional at its limit, or at the mark, fee on top (I09)."""
    price = request.price or market.mark
    if request.side is not BUY or not market.line.is_spot or price is None:
        return ZERO
    notional = market.instrument.notional(int(request.quantity or 0), price)
    return multiply(notional, add(ONE, state.tier.taker))


def _advance(state: EngineState, ts_ns: int) -> None:
    state.now_ns = max(state.now_ns, ts_ns)


HANDLERS: dict[type, Callable[[EngineState, Any], None]] = {
    k.InstrumentDoubted: on_doubted,
    k.InstrumentCleared: on_cleared,
    k.PositionAdopted: on_position_adopted,
    k.OrderAdopted: on_order_adopted,
}
