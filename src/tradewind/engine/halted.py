"""What `halt --venue --flatten` closed while no bot was there to do it: booked on those whose positions it were.

The halt knows no bots, it closes what the account holds. Left to `external`, its executions would leave each bot with a
position that it no longer has, and `external` with the opposite one: nothing in sum, and exits for coins that are gone.
"""

from collections import Counter
from collections.abc import Iterable

import msgspec

from tradewind.engine.state import EngineState
from tradewind.model.corrections import OrderAdopted
from tradewind.model.decisions import Share
from tradewind.model.orders import OrderRequest
from tradewind.portfolio.attribution import attribute
from tradewind.portfolio.ledger import EXTERNAL


def shared_out(state: EngineState, event: OrderAdopted, before: Iterable[object]) -> OrderAdopted:
    """Return the adoption with a share for whoever holds what the order closes, pro rata; the rest is external.

    `before` is what the engine is about to hear first: adoptions in it have their parts already.
    """
    request = event.request
    market, quantity = state.markets[request.instrument], int(request.quantity or 0)
    taken = _taken(state, request, before)
    held = {bot: -book.position.quantity * request.side - taken[bot] for bot, book in sorted(market.line.books.items())}
    closing = [Share(bot, 0, units) for bot, units in held.items() if units > 0]
    known = sum(share.quantity for share in closing)
    if known > quantity:
        parts = attribute(quantity, closing, market.instrument.lot, [0] * len(closing))
    else:
        parts = [share.quantity for share in closing]
    given = Counter({share.bot: part for share, part in zip(closing, parts, strict=True)})
    given[EXTERNAL] += quantity - sum(parts)
    shares = tuple(Share(bot, 0, units) for bot, units in sorted(given.items()) if units)
    return msgspec.structs.replace(event, shares=shares)


def _taken(state: EngineState, request: OrderRequest, before: Iterable[object]) -> Counter[str]:
    """Return what other orders of this kind have been given to close and have not closed yet, by bot."""
    taken: Counter[str] = Counter()
    for order in state.foreign.values():
        if order.is_live and _alike(order.request, request):
            done = order.received or (order.filled,) * len(order.shares)
            for share, had in zip(order.shares, done, strict=True):
                taken[share.bot] += share.quantity - had
    for event in before:
        if isinstance(event, OrderAdopted) and _alike(event.request, request):
            for share in event.parts:
                taken[share.bot] += share.quantity
    return taken


def _alike(one: OrderRequest, other: OrderRequest) -> bool:
    return one.instrument == other.instrument and one.side is other.side
