"""What was on its way when a session died, looked for before anything new is sent (I14, I28, I30)."""

import asyncio

from tradewind.app.live.covers import Cover
from tradewind.app.live.gateway import Gateway
from tradewind.app.live.session import LiveSession
from tradewind.model.errors import VenueError
from tradewind.model.orders import OrderKind, OrderRequest
from tradewind.model.venue import VenueOrder
from tradewind.orders.lifecycle import OrderStatus
from tradewind.orders.order import Order, OrderRole

RETRY_S = 1.0
MISSES_MAX = 2  # names in a row: the venue keeps none of an order that it refused


async def restore(session: LiveSession) -> None:
    """Take up the orders of a recovered engine: exits by their names at the venue, everything else by order truth."""
    trading = session.trading
    if trading is None:
        return
    engine, gateway = session.engine, trading.gateway
    orders = list(engine.state.orders.values())
    covers = gateway.protecting.restore(orders)
    plain = [order for order in orders if gateway.protecting.covers.of_leg(order.request.order_id) is None]
    doubts = {name: tuple(market.doubts) for name, market in engine.state.markets.items()}
    gateway.truth.booked(orders)
    gateway.told(gateway.truth.restore(plain, engine.now_ns(), doubts))
    for cover in covers:
        await _look_for(session, gateway, cover)


async def _look_for(session: LiveSession, gateway: Gateway, cover: Cover) -> None:
    """Find what the venue has of a cover, and go on with that."""
    engine = session.engine
    found: dict[str, VenueOrder] = {}
    misses = 0
    for client_id in gateway.protecting.candidates(cover):
        order = await _find(session, client_id)
        if order is not None:
            found[client_id] = order
        misses = 0 if order is not None else misses + 1
        if misses == MISSES_MAX:
            break
    acts = gateway.protecting.resume(cover, found, engine.now_ns())
    stand_ins = [_stand_in(session, cover, client_id, order) for client_id, order in found.items()]
    gateway.told(gateway.truth.restore(stand_ins, engine.now_ns()))
    for order in found.values():
        gateway.seen(order)
    gateway.do(acts)


async def _find(session: LiveSession, client_id: str) -> VenueOrder | None:
    """Return the venue's order of this name; a venue that does not answer is asked until it does."""
    while True:
        try:
            async with asyncio.timeout(session.plan.timeout_s):
                return await session.side.orders.find(client_id)
        except (VenueError, TimeoutError):
            session.guarding.note_error()
            await asyncio.sleep(RETRY_S)


def _stand_in(session: LiveSession, cover: Cover, client_id: str, order: VenueOrder) -> Order:
    """Return an order for order truth to know: what is at the venue under a name of a cover."""
    instrument = session.engine.state.markets[cover.instrument].instrument
    quantity = cover.quantity if order.quantity is None else instrument.quantity_units(order.quantity)
    price = None if order.price is None else instrument.price_units(order.price)
    request = OrderRequest(client_id, cover.instrument, cover.side, OrderKind.LIMIT, quantity, price)
    sent_ns = order.created_ns or session.engine.state.now_ns
    return Order(request, (), OrderRole.PROTECTION, sent_ns, quantity, status=OrderStatus.SENT)
