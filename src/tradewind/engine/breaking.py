"""The breakers of risk, told what happens: what trips is put to an operator, and working entries go where it asks."""

from decimal import Decimal

from tradewind.engine.placing import ask_cancel
from tradewind.engine.state import EngineState, Market
from tradewind.model.effects import Alarm
from tradewind.orders.order import Order, OrderRole
from tradewind.risk.breakers import ACCOUNT, Breakers, Tripped


def bar_closed(state: EngineState, breakers: Breakers, market: Market) -> None:
    """Tell of a bar: the volatility of its instrument, and the day's loss of the account."""
    bar = market.bar
    if bar is None:
        return
    tell(state, breakers.on_bar(market.id, bar.ts_ns, bar.span_ns, float(bar.close)))
    if breakers.rules.daily_loss_max is not None:
        tell(state, breakers.on_equity(state.now_ns, state.equity()))


def day_moved(state: EngineState, amount: Decimal) -> None:
    """Move the worth at midnight by what came from outside or left: neither is a gain or a loss of the day."""
    if state.breakers is not None:
        state.breakers.moved(amount)
    if state.guards is not None:
        state.guards.moved(amount)


def tell(state: EngineState, tripped: Tripped | None) -> None:
    """Raise the alarm of a breaker that has just tripped, and cancel what adds risk where it asks for that."""
    if tripped is None:
        return
    where = tripped.instrument or "account"
    state.effects.append(Alarm(state.now_ns, tripped.breaker, f"{where}: {tripped.reason}"))
    if tripped.cancels:
        for order in state.live_orders():
            if adds_risk(order) and tripped.instrument in (ACCOUNT, order.request.instrument):
                ask_cancel(state, order)


def adds_risk(order: Order) -> bool:
    """Return whether a live order may make a position larger: it is no exit and no plain reduction."""
    if order.role is OrderRole.PROTECTION:
        return False
    side, remaining = order.request.side, order.remaining
    return not all(
        seat.view.position * side < 0 and min(order.share_of(seat.bot.id), remaining) <= abs(seat.view.position)
        for seat in order.owners
    )
