"""Orders on our account that nobody here sent, as orders of the bot `external`."""

from collections.abc import Mapping

from tradewind.engine.order_questions import Pace
from tradewind.engine.order_record import Record, beyond
from tradewind.model.corrections import OrderAdopted
from tradewind.model.instrument import Instrument
from tradewind.model.money import ZERO, add
from tradewind.model.orders import OrderKind, OrderRequest
from tradewind.model.venue import VenueFill, VenueOrder


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
        _name(order.venue_id), order.instrument, order.side, _kind(order), quantity, price, post_only=order.post_only
    )
    what = f"order {order.venue_id} of nobody here, {_words(order)}"
    return OrderAdopted(request, now_ns, order.venue_id, what, since_ns)


def adopted_rest(order: VenueOrder, known: Record, pace: Pace, now_ns: int) -> OrderAdopted | None:
    """Return the adoption of what a foreign order is beyond what was adopted of it; None while it is no more.

    It may be that only executions told of it at first, that it was gone and came back,
    or that its owner made it larger.
    """
    over = order.is_final or known.closed
    size = order.filled if over or order.quantity is None else order.quantity
    more = bool(beyond(known, pace)) or (not known.is_live and (not over or known.total > int(known.cap or 0)))
    if not known.foreign or not more:
        return None
    try:
        left = known.instrument.quantity_units(size) - known.before - known.booked - known.waived
        price = None if order.price is None else known.instrument.price_units(order.price)
    except ValueError:
        return None
    if left <= 0:
        return None
    request = OrderRequest(
        _name(order.venue_id, known), order.instrument, order.side, _kind(order), left, price, post_only=order.post_only
    )
    what = f"what is beyond {known.id} in order {order.venue_id} of nobody here, {_words(order)}"
    return OrderAdopted(request, now_ns, order.venue_id, what, known.sent_ns)


def is_stranger(fills: Mapping[str, VenueFill], instruments: Mapping[str, Instrument], since_ns: int) -> bool:
    """Return whether executions of an order that no listing shows have to be booked."""
    return any(fill.instrument in instruments and fill.ts_ns > since_ns for fill in fills.values())


def adopted_remains(
    fills: Mapping[str, VenueFill], instruments: Mapping[str, Instrument], since_ns: int, now_ns: int,
    known: Record | None = None,
) -> OrderAdopted:  # fmt: skip
    """Return the adoption of an order that only its executions tell of, as one that has ended with them.

    `known` is what was adopted of it before, if these are executions beyond that.
    """
    late = [fill for fill in fills.values() if fill.ts_ns > since_ns]
    one, size = late[0], ZERO
    for fill in late:
        size = add(size, fill.quantity)
    venue_id, quantity = one.venue_order_id, instruments[one.instrument].quantity_units(size)
    request = OrderRequest(_name(venue_id, known), one.instrument, one.side, OrderKind.MARKET, quantity)
    names = ", ".join(sorted(fill.fill_id for fill in late))
    return OrderAdopted(request, now_ns, venue_id, f"executions {names} of an order that no listing shows", since_ns)


def _name(venue_id: str, known: Record | None = None) -> str:
    """Return our name for a foreign order: `external-ID`, and for what is adopted of it later `external-ID+2`, `+3`."""
    name = f"external-{venue_id}"
    if known is None:
        return name
    number = known.id.removeprefix(name).removeprefix("+")
    return f"{name}+{int(number or 1) + 1}"


def _words(order: VenueOrder) -> str:
    return f"{order.status.value}: {order.side.name.lower()} {order.quantity}, {order.filled} filled"


def _kind(order: VenueOrder) -> OrderKind:
    try:
        return OrderKind(order.kind)
    except ValueError:
        return OrderKind.MARKET if order.price is None else OrderKind.LIMIT
