"""What happens because time passes: expiries, delayed entries and cancels, TWAP slices, funding."""

from heapq import heappop

from tradewind.exchange.core.amounts import decimal_of, half_even
from tradewind.exchange.core.checks import schedule_of
from tradewind.exchange.core.entering import enter, revalue, settle
from tradewind.exchange.core.events import FundingPaid
from tradewind.exchange.core.fees import RATE_DIGITS, RATE_UNIT
from tradewind.exchange.core.matching import Market
from tradewind.exchange.core.orders import CANCELLED, EXPIRED, TERMINAL, Order
from tradewind.exchange.core.state import State


def reach(state: State, now_ns: int) -> None:
    """Let everything that is due up to and at `now_ns` happen, in the order of its time; time never goes back."""
    if not state.started:
        _start(state, now_ns)
    timers = state.timers
    while timers and timers[0][0] <= now_ns:
        due_ns, _, action, market, order = heappop(timers)
        _move_clock(state, max(due_ns, state.now_ns))
        if order is None:
            _fund(state, market, state.now_ns)
        elif order.status not in TERMINAL:
            _act(state, action, market, order)
    _move_clock(state, max(now_ns, state.now_ns))


def advance(state: State, now_ns: int) -> None:
    """Reach `now_ns`, and tidy: old trades and ended orders beyond the history kept are forgotten."""
    reach(state, now_ns)
    for market in state.markets.values():
        if not market.untold:
            market.tape.trim()
    for register in state.registers.values():
        register.prune(state.history)


def _move_clock(state: State, now_ns: int) -> None:
    state.now_ns = now_ns
    state.reach_hour(now_ns)


def _act(state: State, action: str, market: Market, order: Order) -> None:
    now_ns = state.now_ns
    if action == "expire":
        market.end(order, EXPIRED, "END_TIME", now_ns)
    elif action == "enter":
        if not order.pending_cancel:
            enter(state, market, order, now_ns)
    elif action == "cancel":
        market.end(order, CANCELLED, "USER_CANCEL", now_ns)
    else:
        _work_slice(state, market, order, int(action.partition(" ")[2]))


def _work_slice(state: State, market: Market, order: Order, index: int) -> None:
    """Take what a TWAP is behind its plan; a slice that would meet its own account's order waits for the next."""
    schedule = schedule_of(order.request) if order.request is not None else None
    if schedule is None:
        return
    if index + 1 < schedule.buckets:
        state.at(max(state.now_ns, schedule.due_ns(index + 1)), f"slice {index + 1}", market, order)
    behind = schedule.target(index, order.quantity, market.scales.lot) - order.filled
    if behind > 0:
        market.take(order, min(behind, order.open), state.now_ns)
        settle(state, market, state.now_ns)


def _start(state: State, now_ns: int) -> None:
    """The first moment the exchange is told: from here on funding is due at every whole interval."""
    state.started = True
    for market in state.markets.values():
        if not market.product.is_spot:
            set_interval(state, market, market.funding_interval_ns, now_ns)


def set_interval(state: State, market: Market, interval_ns: int, now_ns: int | None = None) -> None:
    """From now on funding is due at every whole interval; a time that was set before is not one any more."""
    now_ns = state.now_ns if now_ns is None else now_ns
    market.funding_interval_ns = interval_ns
    market.next_funding_ns = now_ns - now_ns % interval_ns + interval_ns
    if state.started:
        state.at(market.next_funding_ns, "funding", market, None)


def _fund(state: State, market: Market, now_ns: int) -> None:
    """Book funding: longs pay value x rate to shorts; what rounding leaves over is the house's."""
    if market.next_funding_ns is None or now_ns < market.next_funding_ns:
        return  # of an interval that was given up
    price, rate = market.mark_price(), market.funding_rate
    market.next_funding_ns = now_ns + market.funding_interval_ns
    state.at(market.next_funding_ns, "funding", market, None)
    if price is None or not rate:
        return
    left = 0
    for seat in list(market.seats.values()):
        if not seat.position:
            continue
        paid = half_even(seat.position * price * market.value_unit * rate, RATE_UNIT)
        seat.quote.total -= paid
        seat.funding -= paid
        left += paid
        amount, shown = decimal_of(-paid), decimal_of(rate, RATE_DIGITS)
        state.news.append(FundingPaid(seat.account.id, market.product.id, amount, shown, now_ns))
        market.positions_changed.add(seat.account.id)
    state.house.balance(market.product.quote).total += left
    revalue(state, market, now_ns)
