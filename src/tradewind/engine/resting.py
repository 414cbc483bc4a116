"""An entry that waits: a target's market order as a post-only limit order beside the mark (SPEC X1, X7)."""

from decimal import ROUND_CEILING

import msgspec

from tradewind.engine.config import Resting
from tradewind.engine.state import Market
from tradewind.model.instrument import ceil_to, floor_to
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce

BPS = 10_000


def resting(request: OrderRequest, market: Market, rest: Resting, now_ns: int) -> OrderRequest:
    """Return the order as one that waits below (above) the best price of its side until it is filled or expires.

    Unfilled it ends, and the bot that still wants it asks anew at the price there is then. Too near the mark to be
    rounded away from it, or without a mark, the order stays what it was.
    """
    best = market.best_bid if request.side is Side.BUY else market.best_ask
    reference = market.mark if best is None else best
    if reference is None:
        return request
    tick, offset = market.instrument.tick, reference * rest.offset_bps / BPS
    if request.side is Side.BUY:
        price = floor_to(int(reference - offset), tick)
    else:
        price = ceil_to(int((reference + offset).to_integral_value(ROUND_CEILING)), tick)
    if price <= 0:
        return request
    return msgspec.structs.replace(
        request,
        kind=OrderKind.LIMIT,
        price=price,
        time_in_force=TimeInForce.GTD,
        post_only=True,
        expire_ns=now_ns + rest.rest_ns,
    )
