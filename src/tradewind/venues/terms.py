"""What every adapter asks of an order before it is sent: is it on the increments, would the venue take it now.

A refusal here is certain, for nothing was sent.
"""

from decimal import Decimal

from tradewind.model.instrument import Instrument
from tradewind.model.money import EXACT, ONE, ZERO, multiply, plain
from tradewind.model.orders import OrderKind, OrderRequest, Side
from tradewind.model.venue import PlaceRefused
from tradewind.venues.ports import ProductMode, ProductState

UNSUPPORTED = "UNSUPPORTED_ORDER"
STOP_BAND = Decimal("0.05")


def refusal_before_sending(
    request: OrderRequest, instrument: Instrument, state: ProductState | None
) -> PlaceRefused | None:
    """Return why the venue would not take the order as things stand, None when nothing is known against it."""
    return _increment_refusal(request, instrument) or (
        None if state is None else _state_refusal(request, state, instrument)
    )


def price_through(instrument: Instrument, stop: Decimal, side: Side, band: Decimal) -> Decimal:
    """Return the limit price beyond a stop by a share of it, on the tick, at least one tick above nothing."""
    beyond = multiply(stop, ONE - band if side is Side.SELL else ONE + band)
    units = instrument.stop_price(beyond, side)
    return instrument.price_decimal(max(units, instrument.tick))


def _increment_refusal(request: OrderRequest, instrument: Instrument) -> PlaceRefused | None:
    quantity = request.quantity
    if quantity is not None and (quantity <= 0 or quantity % instrument.lot):
        lot = plain(multiply(Decimal(instrument.lot), instrument.quantity_unit))
        shown = plain(multiply(Decimal(quantity), instrument.quantity_unit))
        return PlaceRefused("INVALID_SIZE_PRECISION", f"{shown} of {instrument.id} is no positive multiple of {lot}")
    for price in (request.price, request.stop):
        if price is not None and (price <= 0 or price % instrument.tick):
            tick = plain(multiply(Decimal(instrument.tick), instrument.price_unit))
            shown = plain(multiply(Decimal(price), instrument.price_unit))
            return PlaceRefused(
                "INVALID_PRICE_PRECISION", f"{shown} for {instrument.id} is no positive multiple of {tick}"
            )
    return None


def _state_refusal(request: OrderRequest, state: ProductState, instrument: Instrument) -> PlaceRefused | None:
    if not state.takes_orders:
        why = state.mode.value if state.session_open else "outside its session"
        return PlaceRefused("PRODUCT_NOT_TAKING_ORDERS", f"{instrument.id} is {why}: nothing new is taken")
    if state.mode is not ProductMode.ONLINE and request.kind is OrderKind.MARKET:
        return PlaceRefused("PRODUCT_LIMIT_ONLY", f"{instrument.id} is {state.mode.value}: send a limit order")
    if state.mode is ProductMode.POST_ONLY and not request.post_only:
        return PlaceRefused("PRODUCT_POST_ONLY", f"{instrument.id} is post_only: send a post-only limit order")
    return _size_refusal(request, state, instrument)


def _size_refusal(request: OrderRequest, state: ProductState, instrument: Instrument) -> PlaceRefused | None:
    base = decimal_of(request.quantity, instrument.quantity_unit)
    price = (
        decimal_of(request.price, instrument.price_unit)
        or decimal_of(request.stop, instrument.price_unit)
        or state.price
    )
    notional = request.quote_quantity
    if base is not None and price is not None:
        notional = EXACT.multiply(EXACT.multiply(base, price), instrument.contract_size)
    limits = (
        (base, state.min_quantity, state.max_quantity, "SIZE", instrument.base or "contracts"),
        (notional, state.min_notional, state.max_notional, "NOTIONAL", instrument.quote),
    )
    for value, low, high, word, counted_in in limits:
        if value is not None and low is not None and value < low:
            return PlaceRefused(
                f"BELOW_MINIMUM_{word}", f"{plain(value)} {counted_in} is below {plain(low)} for {instrument.id}"
            )
        if value is not None and high is not None and ZERO < high < value:
            return PlaceRefused(
                f"ABOVE_MAXIMUM_{word}", f"{plain(value)} {counted_in} is above {plain(high)} for {instrument.id}"
            )
    return None


def decimal_of(units: int | None, unit: Decimal) -> Decimal | None:
    """Return an amount in units as a decimal, None for none."""
    return None if units is None else multiply(Decimal(units), unit)
