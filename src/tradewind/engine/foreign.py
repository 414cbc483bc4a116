"""Orders on our account that nobody here sent, as orders of the bot `external`."""

from collections.abc import Iterable, Mapping

from tradewind.model.corrections import OrderAdopted
from tradewind.model.instrument import Instrument
from tradewind.model.money import ZERO, add
from tradewind.model.orders import OrderKind, OrderRequest
from tradewind.model.venue import VenueFill, VenueOrder, VenueOrderStatus


def adopted_order(
    order: VenueOrder, fills: Mapping[str, VenueFill], instruments: Mapping[str, Instrument], since_ns: int, now_ns: int
) -> OrderAdopted | None:
    """Return the adoption of a foreign order; None while its size is not known in units, or nothing of it is left.

    Of an order from before `since_ns` only what had not executed by then is left: the rest is in the holdings.
    """
    instrument = instruments[order.instrument]
    size = order.quantity if order.quantity is not None else order.filled if order.is_final else None
    if size is None:
        return None
    try:
        quantity = instrument.quantity_units(size)
        done = instrument.quantity_units(order.filled)
        later = sum(instrument.quantity_units(fill.quantity) for fill in fills.values() if fill.ts_ns > since_ns)
        price = None if order.price is None else instrument.price_units(order.price)
    except ValueError:
        return None
    since_ns = since_ns if order.created_ns <= since_ns else 0
    if since_ns:
        quantity -= max(0, done - later)
    if quantity <= 0:
        return None
    request = OrderRequest(
        f"external-{order.venue_id}", order.instrument, order.side, _kind(order), quantity, price,
        post_only=order.post_only,
    )  # fmt: skip
    what = f"{order.status.value}: {order.side.name.lower()} {order.quantity}, {order.filled} filled"
    return OrderAdopted(request, now_ns, order.venue_id, f"order {order.venue_id} of nobody here, {what}", since_ns)


def is_stranger(fills: Mapping[str, VenueFill], instruments: Mapping[str, Instrument], since_ns: int) -> bool:
    """Return whether executions of an order that no listing shows have to be booked."""
    return any(fill.instrument in instruments and fill.ts_ns > since_ns for fill in fills.values())


def adopted_remains(
    venue_id: str, fills: Mapping[str, VenueFill], instruments: Mapping[str, Instrument], since_ns: int, now_ns: int
) -> tuple[OrderAdopted, VenueOrder]:
    """Return the adoption of an order that only its executions tell of, as one that has ended with them."""
    late = [fill for fill in fills.values() if fill.ts_ns > since_ns]
    one, size = late[0], ZERO
    for fill in late:
        size = add(size, fill.quantity)
    request = OrderRequest(
        f"external-{venue_id}", one.instrument, one.side, OrderKind.MARKET,
        instruments[one.instrument].quantity_units(size),
    )  # fmt: skip
    names = ", ".join(_names(late))
    event = OrderAdopted(request, now_ns, venue_id, f"executions {names} of an order that no listing shows", since_ns)
    order = VenueOrder(
        client_id="", venue_id=venue_id, instrument=one.instrument, side=one.side, kind="market", quantity=size,
        filled=size, status=VenueOrderStatus.FILLED,
    )  # fmt: skip
    return event, order


def _names(fills: Iterable[VenueFill]) -> list[str]:
    return sorted(fill.fill_id for fill in fills)


def _kind(order: VenueOrder) -> OrderKind:
    try:
        return OrderKind(order.kind)
    except ValueError:
        return OrderKind.MARKET if order.price is None else OrderKind.LIMIT
