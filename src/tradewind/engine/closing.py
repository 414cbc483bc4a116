"""Positions that have to go: time stops and operators' flattens, pursued until nothing is left (SPEC S8, I21).

A closing cancels the bot's other orders, sends the rest of the position to the market, and is tried again at the next
mark of its instrument when that is refused, rejected or canceled. What it cannot do within a few attempts is an
operator's business: the alarm `unprotected`. A strategy's wishes for the instrument wait until it is over.
"""

from decimal import Decimal

from tradewind.engine.covering import is_dust, keep_protected
from tradewind.engine.crossing import cross_inside
from tradewind.engine.cutting import room
from tradewind.engine.placing import ask_cancel, propose, stop_parent
from tradewind.engine.recording import alarm, quiet
from tradewind.engine.state import Closing, EngineState, Market, Proposal, Seat
from tradewind.engine.working import see_to_parents
from tradewind.model.decisions import Share
from tradewind.model.intents import TargetQuantity
from tradewind.model.orders import OrderKind, OrderRequest, Side
from tradewind.orders.order import Order, OrderRole
from tradewind.portfolio.attribution import cross

ATTEMPTS_MAX = 5
NOTHING = Decimal(0)


def close_position(state: EngineState, seat: Seat, reason: str) -> None:
    """Begin to bring the bot's position in the instrument to zero, and take back what its strategy waits to do."""
    seat.target = seat.deferred = None
    stop_parent(state, seat, reason.upper())
    if not seat.view.position and not seat.working:
        return
    if seat.closing is None:
        seat.closing = Closing(TargetQuantity(NOTHING, None, reason))
        state.closing.append(seat)
        state.unchecked.append(seat)
    else:
        seat.closing.attempts, seat.closing.failed_ns = 0, -1
    _clear(state, seat, seat.closing)


def see_to_positions(state: EngineState) -> None:
    """At the end of an event: go on with what is being closed, and protect what no exit covers."""
    if state.parents:
        see_to_parents(state)
    if state.closing and not state.pending and not state.jobs:
        _pursue(state)
    keep_protected(state)
    if state.closing and not state.unchecked:
        state.unchecked.extend(state.closing)  # look again after the next event


def closing_failed(state: EngineState, seat: Seat, why: str) -> None:
    """An attempt came to nothing: the next one waits for a newer mark; after the last one, say so and give up."""
    closing = seat.closing
    if closing is None:
        return
    closing.attempts += 1
    closing.failed_ns = state.now_ns
    if closing.attempts < ATTEMPTS_MAX:
        return
    held, reason = seat.view.position, closing.intent.reason
    text = f"{seat.bot.id} holds {held} units of {seat.market.id}: {reason} failed {closing.attempts} times, {why}"
    alarm(state, "unprotected", text)
    forget_closing(state, seat)


def closing_ended(state: EngineState, seat: Seat, order: Order) -> None:
    """The venue rejected or canceled a closing's order; one that filled in part has got somewhere."""
    if seat.closing is not None and order.filled:
        seat.closing.attempts = 0
    closing_failed(state, seat, order.reason)


def forget_closing(state: EngineState, seat: Seat) -> None:
    """Let the bot decide on the instrument again; a position that is still there gets its exits back."""
    seat.closing = None
    state.closing.remove(seat)
    state.unchecked.append(seat)
    if seat.quiet_reason == "closing":
        quiet(state, seat, "no_signal")


def _pursue(state: EngineState) -> None:
    """Take the next attempts, always by instrument and bot: in whatever steps risk is asked, their order is one."""
    ready: dict[str, list[Seat]] = {}
    for seat in sorted(state.closing, key=lambda seat: (seat.market.id, seat.bot.id)):
        if seat.closing is not None and _is_ready(state, seat, seat.closing):
            ready.setdefault(seat.market.id, []).append(seat)
    for seats in ready.values():
        if len(seats) > 1 and _may_meet(state, seats):
            _meet(state, seats)
        for seat in seats:
            if seat.closing is None or state.pending:
                continue
            if _is_done(seat):
                forget_closing(state, seat)
            elif (quantity := _quantity(state, seat)) and not _propose(state, seat, seat.closing, quantity):
                closing_failed(state, seat, "risk refused it")


def _is_ready(state: EngineState, seat: Seat, closing: Closing) -> bool:
    """Return whether nothing of the bot's is on its way and the moment for an attempt has come."""
    if seat.working:
        if _marked_ns(seat.market) > closing.asked_ns:
            _clear(state, seat, closing)
        return False
    if _is_done(seat):
        forget_closing(state, seat)
        return False
    return seat.market.mark is not None and _marked_ns(seat.market) > closing.failed_ns


def _is_done(seat: Seat) -> bool:
    return not seat.view.position or is_dust(seat.market, seat.view.position)


def _clear(state: EngineState, seat: Seat, closing: Closing) -> None:
    """Ask the venue to cancel all orders of the bot on the instrument but the closing's own."""
    closing.asked_ns = state.now_ns
    for order in tuple(seat.working.values()):
        if order.role is not OrderRole.CLOSING:
            ask_cancel(state, order)


def _marked_ns(market: Market) -> int:
    return market.mark_ns if market.bar is None else max(market.bar.ts_ns, market.mark_ns)


def _may_meet(state: EngineState, seats: list[Seat]) -> bool:
    """Return whether opposite positions may meet inside: as all orders do, or because the venue is no way out."""
    refused = any(seat.closing is not None and seat.closing.attempts for seat in seats)
    return state.config.netting or state.halted is not None or bool(state.reduce_only) or refused


def _meet(state: EngineState, seats: list[Seat]) -> None:
    """Let opposite positions meet inside the account: each gets smaller, the account's stays as it is."""
    by_id = {seat.bot.id: seat for seat in seats}
    crossings, _ = cross([(seat.bot.id, -seat.view.position) for seat in seats])
    for buyer, seller, quantity in crossings:
        cross_inside(state, seats[0].market, by_id[buyer], by_id[seller], quantity)


def _quantity(state: EngineState, seat: Seat) -> int:
    """Return how much to close now: all, or where only reductions may go no more than makes the account smaller.

    0 while another bot's closing may yet make room for this one, or meet it.
    """
    market, position = seat.market, seat.view.position
    whole = abs(position)
    if not only_reductions(state, seat):
        return whole
    if (most := room(market, Side.SELL if position > 0 else Side.BUY)) > 0:
        return min(most, whole)
    under_way = any(other.market is market and other is not seat and other.working for other in state.closing)
    return 0 if under_way else whole


def _propose(state: EngineState, seat: Seat, closing: Closing, quantity: int) -> bool:
    market = seat.market
    side = Side.SELL if seat.view.position > 0 else Side.BUY
    order_id = state.next_order_id()
    request = OrderRequest(order_id, market.id, side, OrderKind.MARKET, quantity)
    share = (Share(seat.bot.id, state.order_number, quantity),)
    return propose(state, market, Proposal(request, share, OrderRole.CLOSING, "", None, (seat,), closing.intent))


def only_reductions(state: EngineState, seat: Seat) -> bool:
    """Return whether risk lets nothing go that may open something: not by this bot, here, or at all."""
    name, now_ns = seat.market.id, state.now_ns
    return (
        state.halted is not None
        or bool(state.reduce_only)
        or bool(seat.market.doubts)
        or seat.bot.failed is not None
        or (seat.lock is not None and seat.lock.until_ns > now_ns)
        or (state.breakers is not None and state.breakers.blocks(name, now_ns) is not None)
        or (state.regimes is not None and state.regimes.blocks(name) is not None)
    )
