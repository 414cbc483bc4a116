"""Opposite changes of two bots that meet inside the account: at the mark, without a fee, seen by no venue."""

from tradewind.engine.state import EngineState, Market, Seat
from tradewind.engine.trades import trade_filled
from tradewind.model.decisions import Crossed


def cross_inside(state: EngineState, market: Market, buyer: Seat, seller: Seat, quantity: int) -> None:
    """Move `quantity` units from one bot to another at the mark; exits of a position that has gone guard no other."""
    mark = market.mark
    if mark is None:
        raise LookupError(f"no mark of {market.id} to cross at")
    state.ledger.cross(market.id, buyer.bot.id, seller.bot.id, quantity, mark)
    for seat in (buyer, seller):
        before, after = seat.view.position, market.line.books[seat.bot.id].position.quantity
        seat.view.position = after
        if state.watches_trades:
            trade_filled(state, seat, before, mark, stopped=False)
        if before * after <= 0:
            seat.entry = seat.cover = seat.bare_ns = None
    state.audit.append(Crossed(state.sequence, state.now_ns, market.id, buyer.bot.id, seller.bot.id, quantity, mark))
