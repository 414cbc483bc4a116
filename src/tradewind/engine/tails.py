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
    for other in state.markets.values():
        held = other.held
        up, down = held + other.open_buys, held - other.open_sells
        mark, unit = other.mark, 1.0
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
