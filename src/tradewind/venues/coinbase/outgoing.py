"""From our order to the venue's: which configuration it becomes, what is emulated, and what is refused unsent.

Coinbase has no stop-market order: it becomes a stop-limit whose price lies beyond the stop by a band, and the answer
says so. It has no trailing stops, icebergs or linked orders: those are for whoever supervises orders to make.
"""

from decimal import Decimal

import msgspec

from tradewind.model.instrument import Instrument
from tradewind.model.money import multiply, plain
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce
from tradewind.model.venue import PlaceRefused
from tradewind.venues.coinbase import configurations as made
from tradewind.venues.coinbase.configurations import Configuration
from tradewind.venues.terms import STOP_BAND, UNSUPPORTED, decimal_of, price_through

CLIENT_ID_CHARACTERS_MAX = 128
SIDES = {Side.BUY: "BUY", Side.SELL: "SELL"}
MARKET_FORCES = {TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK}
STOP_FORCES = {TimeInForce.GTC, TimeInForce.GTD}


class Outgoing(msgspec.Struct, frozen=True):
    """What is sent. `emulation` says in words what the venue lacks and what was made of it, "" otherwise."""

    configuration: Configuration
    emulation: str = ""


def outgoing_order(
    request: OrderRequest, instrument: Instrument, *, cash: Decimal | None = None, stop_band: Decimal = STOP_BAND
) -> Outgoing | PlaceRefused:
    """Return the venue's form of an order, or why it has none; `cash` is what a `maximum` order may spend."""
    lacking = _lacking(request)
    if lacking:
        return PlaceRefused(UNSUPPORTED, f"Coinbase has no {lacking}")
    base = decimal_of(request.quantity, instrument.quantity_unit)
    price, stop = decimal_of(request.price, instrument.price_unit), decimal_of(request.stop, instrument.price_unit)
    reduce_only = request.reduce_only and not instrument.is_spot
    if request.kind is OrderKind.MARKET:
        return _market(request, base, cash, reduce_only=reduce_only)
    if base is None:
        return PlaceRefused(UNSUPPORTED, "only a market order is sized by an amount of quote currency")
    if request.kind is OrderKind.LIMIT:
        return _limit(request, base, price, reduce_only=reduce_only)
    return _stop(request, instrument, base, price, stop, stop_band, reduce_only=reduce_only)


# -- the forms -------------------------------------------------------------------------------------------------------


def _market(
    request: OrderRequest, base: Decimal | None, cash: Decimal | None, *, reduce_only: bool
) -> Outgoing | PlaceRefused:
    if base is not None:
        if request.time_in_force is TimeInForce.FOK:
            return Outgoing(made.market_fok(base=base, reduce_only=reduce_only))
        return Outgoing(made.market_ioc(base=base, reduce_only=reduce_only))
    quote = cash if request.maximum else request.quote_quantity
    if quote is None or quote <= 0:
        return PlaceRefused("INSUFFICIENT_FUND", f"there is nothing to spend: {quote}")
    if request.side is Side.SELL:
        return PlaceRefused(UNSUPPORTED, "a sale is sized by quantity")
    if request.time_in_force is TimeInForce.FOK:
        return PlaceRefused(UNSUPPORTED, "Coinbase has no fill-or-kill by quote amount")
    return Outgoing(made.market_ioc(quote=quote), "all free cash, fee inside" if request.maximum else "")


def _limit(
    request: OrderRequest, base: Decimal, price: Decimal | None, *, reduce_only: bool
) -> Outgoing | PlaceRefused:
    if price is None:
        return PlaceRefused(UNSUPPORTED, "a limit order needs a price")
    force = request.time_in_force
    if force is TimeInForce.IOC:
        return Outgoing(made.limit_ioc(base, price, reduce_only=reduce_only))
    if force is TimeInForce.FOK:
        return Outgoing(made.limit_fok(base, price, reduce_only=reduce_only))
    if force is TimeInForce.GTD and request.expire_ns is not None:
        fields = made.limit_gtd(base, price, request.expire_ns, post_only=request.post_only, reduce_only=reduce_only)
        return Outgoing(fields)
    return Outgoing(made.limit_gtc(base, price, post_only=request.post_only, reduce_only=reduce_only))


def _stop(
    request: OrderRequest,
    instrument: Instrument,
    base: Decimal,
    price: Decimal | None,
    stop: Decimal | None,
    band: Decimal,
    *,
    reduce_only: bool,
) -> Outgoing | PlaceRefused:
    if stop is None:
        return PlaceRefused(UNSUPPORTED, "a stop order needs a stop price")
    emulation = ""
    if request.kind is OrderKind.STOP_MARKET:
        price = price_through(instrument, stop, request.side, band)
        emulation = f"stop-market as stop-limit {plain(multiply(band, Decimal(100)))} % beyond the stop"
    if price is None:
        return PlaceRefused(UNSUPPORTED, "a stop-limit order needs a price")
    direction = made.stop_direction(request.side)
    if request.time_in_force is TimeInForce.GTD and request.expire_ns is not None:
        gtd = made.stop_limit_gtd(base, price, stop, direction, request.expire_ns, reduce_only=reduce_only)
        return Outgoing(gtd, emulation)
    return Outgoing(made.stop_limit_gtc(base, price, stop, direction, reduce_only=reduce_only), emulation)


# -- refusals --------------------------------------------------------------------------------------------------------


def _lacking(request: OrderRequest) -> str:
    """Return in words what the venue has not, "" when it has all of it."""
    kind, force = request.kind, request.time_in_force
    stops = kind in {OrderKind.STOP_MARKET, OrderKind.STOP_LIMIT}
    lacks = (
        (kind is OrderKind.TRAILING_STOP or request.trail is not None, "trailing stop: supervise it, or place a stop"),
        (request.display is not None, "iceberg: place parts of it"),
        (request.oco is not None, "orders that cancel each other: place one bracket instead"),
        (request.after is not None, "orders that wait for another: place it when the other has filled"),
        (
            request.post_only and (kind is not OrderKind.LIMIT or force not in STOP_FORCES),
            "post-only but for limits that rest",
        ),
        (kind is OrderKind.MARKET and force not in MARKET_FORCES, f"market order that is {force.value}"),
        (stops and force not in STOP_FORCES, f"stop order that is {force.value}"),
        (force is TimeInForce.GTD and request.expire_ns is None, "order until a moment that is not named"),
        (
            len(request.order_id) > CLIENT_ID_CHARACTERS_MAX,
            f"order name of more than {CLIENT_ID_CHARACTERS_MAX} letters",
        ),
        (not request.order_id, "order without a name of ours"),
    )
    return next((words for lacks_it, words in lacks if lacks_it), "")
