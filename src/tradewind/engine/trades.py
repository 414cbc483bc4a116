"""Round trips that have ended, for the protections: whatever ended them (SPEC K5)."""

from tradewind.engine.breaking import tell
from tradewind.engine.state import EngineState, Seat
from tradewind.model.money import add, multiply, subtract
from tradewind.risk.protections import ClosedTrade, lock_after


def trade_filled(state: EngineState, seat: Seat, before: int, price: int, *, stopped: bool) -> None:
    """Note a change of a bot's position from `before` at a price: what it ends, and what it enters with."""
    after = seat.view.position
    if before and before * after <= 0:
        trade_closed(state, seat, stopped=stopped)
    opened = abs(after) - (abs(before) if before * after > 0 else 0)
    if state.record is not None and opened > 0:
        state.record.entered(seat.bot.id, seat.market.id, multiply(seat.market.line.unit_value, opened * price))


def trade_closed(state: EngineState, seat: Seat, *, stopped: bool) -> None:
    """Note what the bot's position in the instrument came to, and lock what follows from it.

    `stopped` says that an exit or the venue ended it, not the bot's own decision.
    """
    book = seat.market.line.books[seat.bot.id]
    total = subtract(add(book.position.realised, book.funding), book.fees)
    gained = subtract(total, seat.trade_start)
    seat.trade_start = total
    seat.trades.append(ClosedTrade(state.now_ns, seat.bot.id, seat.market.id, gained, stopped))
    if state.record is not None:
        state.record.closed(seat.bot.id, seat.market.id, state.now_ns, gained, book.fees)
    seat.lock = lock_after(seat.trades, state.config.protections)
    if state.breakers is not None:
        for tripped in state.breakers.on_trade(seat.market.id, state.now_ns, gained, stopped=stopped):
            tell(state, tripped)
