"""What an order may do to the account's loss in a bad day, by the fit in force (SPEC K2, K3)."""

from tradewind.engine.state import EngineState, Market
from tradewind.model.decisions import TailShape
from tradewind.risk.tail_book import TAIL, TailBook


def tail_shape(state: EngineState, tails: TailBook, market: Market) -> TailShape | None:
    """Return how the account's loss depends on an instrument, in its quote currency; None without a valid fit.

    Open and in-doubt orders of all instruments count as filled in the worse direction.
    """
    fit = state.fitted.get(TAIL)
    if fit is None or state.now_ns >= fit.valid_until_ns:
        return None
    cases = state.worst_cases
    # In the order of their names, as in the book.
    for name in state.markets if cases is None else cases.outdated(tails):
        other = state.markets[name]
        held, unit = other.held, 1.0
        up, down, mark = held + other.open_buys, held - other.open_sells, other.mark
        if not state.simple and (up or down):
            worth = state.rate(other.instrument.quote)
            mark, unit = (None, 0.0) if worth is None else (mark, float(worth))
        tails.see(other.id, up, down, mark, unit * float(other.line.unit_value))
    shape = tails.shape(market.id)
    if shape is None or state.simple:
        return shape
    rate = state.rate(market.instrument.quote)
    if rate is None:
        return None
    per = float(rate)
    return TailShape(shape.rest / (per * per), shape.pull / per, shape.own, shape.multiplier)
