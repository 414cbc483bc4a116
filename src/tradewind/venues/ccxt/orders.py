"""From our order to ccxt's words: what the map has goes out, emulated where it says so, the rest is refused.

Amounts and prices leave as texts of exactly the order's digits. The name of an order is chosen before the first send
and travels in the parameter that the venue carries names in.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from tradewind.model.instrument import Instrument
from tradewind.model.money import multiply, plain
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce
from tradewind.model.venue import PlaceRefused
from tradewind.venues.ccxt.capabilities import CapabilityMap, Support
from tradewind.venues.ccxt.quirks import Quirks
from tradewind.venues.terms import STOP_BAND, UNSUPPORTED, decimal_of, price_through

SIDES = {Side.BUY: "buy", Side.SELL: "sell"}
DIRECTIONS = {Side.BUY: "ascending", Side.SELL: "descending"}
MARKET_FORCES = {TimeInForce.GTC, TimeInForce.IOC}
LIMIT, MARKET = "limit", "market"
KINDS = {
    OrderKind.MARKET: "market",
    OrderKind.LIMIT: "limit",
    OrderKind.STOP_MARKET: "stop-market",
    OrderKind.STOP_LIMIT: "stop-limit",
    OrderKind.TRAILING_STOP: "trailing stop",
}
SECOND_NS = 1_000_000_000
Parameters = Mapping[str, str | bool]


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent: by `cost` (quote currency) or by `amount`. `emulation` says what was made of what is lacking."""

    kind: str
    side: str
    amount: str | None = None
    price: str | None = None
    cost: str | None = None
    parameters: Parameters = {}
    emulation: str = ""


def form_of(request: OrderRequest, instrument: Instrument, can: CapabilityMap, quirks: Quirks) -> Form | PlaceRefused:
    """Return ccxt's form of an order, or why the venue has none."""
    lacking = lacking_in(request, can, spot=instrument.is_spot)
    if lacking:
        return PlaceRefused(UNSUPPORTED, f"{can.venue} through ccxt has no {lacking}")
    common: Parameters = {quirks.client_id: request.order_id}
    if request.reduce_only and not instrument.is_spot:
        common = {**common, "reduceOnly": True}
    side, amount = SIDES[request.side], _text(decimal_of(request.quantity, instrument.quantity_unit))
    if request.quote_quantity is not None:
        return Form(kind=MARKET, side=side, cost=plain(request.quote_quantity), parameters=common)
    price = _text(decimal_of(request.price, instrument.price_unit))
    if request.kind is OrderKind.MARKET:
        return Form(kind=MARKET, side=side, amount=amount, parameters=common)
    if request.kind is OrderKind.LIMIT:
        parameters = {**common, **_force(request, quirks)}
        return Form(kind=LIMIT, side=side, amount=amount, price=price, parameters=parameters)
    if request.kind is OrderKind.TRAILING_STOP:
        trail = _text(decimal_of(request.trail, instrument.price_unit)) or ""
        return Form(kind=MARKET, side=side, amount=amount, parameters={**common, "trailingAmount": trail})
    return _stop(request, instrument, can, {**common, **_force(request, quirks)}, amount, price)


def lacking_in(request: OrderRequest, can: CapabilityMap, *, spot: bool) -> str:
    """Return in words what of an order the venue has not, "" when it has all of it."""
    kind, force = request.kind, request.time_in_force
    by_quote = request.quote_quantity is not None
    dated, stops = force is TimeInForce.GTD, kind in {OrderKind.STOP_MARKET, OrderKind.STOP_LIMIT}
    forced = kind is not OrderKind.MARKET and force is not TimeInForce.GTC
    lacks = (
        (not request.order_id, "order without a name of ours"),
        (request.maximum, "order for all free cash: say how much"),
        (request.display is not None, "iceberg: place parts of it"),
        (request.oco is not None or request.after is not None, "orders that depend on others: supervise them"),
        (kind is OrderKind.LIMIT and request.stop is not None, "bracket: place two orders and supervise them"),
        (not by_quote and request.quantity is None, "order without a size"),
        (by_quote and kind is not OrderKind.MARKET, "order by quote amount but for market orders"),
        (by_quote and request.side is Side.SELL, "sale by quote amount: size it by quantity"),
        (by_quote and not _has(can, "market by quote amount"), "market order by quote amount"),
        (not by_quote and not _has(can, KINDS[kind]), f"{KINDS[kind]} order"),
        (
            kind is OrderKind.MARKET and not by_quote and request.side is Side.BUY and can.buys_by_quote_only,
            "market purchase by quantity: size it by quote amount, or send a limit order",
        ),
        (
            kind is OrderKind.MARKET and force not in MARKET_FORCES,
            f"market order that is {force.value}",
        ),
        (stops and force in {TimeInForce.IOC, TimeInForce.FOK}, f"stop order that is {force.value}"),
        (forced and can.support("time in force", force.value) is Support.MISSING, f"order that is {force.value}"),
        (dated and request.expire_ns is None, "order until a moment that is not named"),
        (request.post_only and can.support("time in force", "post-only") is Support.MISSING, "post-only order"),
        (request.post_only and (kind is not OrderKind.LIMIT or forced), "post-only but for limits that stand"),
        (request.reduce_only and not spot and not _has(can, "reduce-only"), "reduce-only order"),
    )
    return next((words for lacks_it, words in lacks if lacks_it), "")


def _has(can: CapabilityMap, what: str) -> bool:
    return can.support("order", what) is not Support.MISSING


def _force(request: OrderRequest, quirks: Quirks) -> Parameters:
    if request.post_only:
        return {"postOnly": True}
    if request.time_in_force is TimeInForce.GTC:
        return {}
    if request.time_in_force is TimeInForce.GTD and request.expire_ns is not None:
        return {"timeInForce": "GTD", quirks.expiry: moment(request.expire_ns)}
    return {"timeInForce": request.time_in_force.name}


def _stop(
    request: OrderRequest,
    instrument: Instrument,
    can: CapabilityMap,
    parameters: Parameters,
    amount: str | None,
    price: str | None,
) -> Form | PlaceRefused:
    stop = decimal_of(request.stop, instrument.price_unit)
    if stop is None:
        return PlaceRefused(UNSUPPORTED, "a stop order needs a stop price")
    fields = {**parameters, can.stop_parameter: plain(stop)}
    if can.stop_parameter == "triggerPrice":
        fields["triggerDirection"] = DIRECTIONS[request.side]
    kind, emulation = LIMIT, ""
    if request.kind is OrderKind.STOP_MARKET and can.support("order", "stop-market") is Support.NATIVE:
        kind, price = MARKET, None
    elif request.kind is OrderKind.STOP_MARKET:
        price = plain(price_through(instrument, stop, request.side, STOP_BAND))
        emulation = f"stop-market as stop-limit {plain(multiply(STOP_BAND, Decimal(100)))} % beyond the stop"
    elif price is None:
        return PlaceRefused(UNSUPPORTED, "a stop-limit order needs a price")
    side = SIDES[request.side]
    return Form(kind=kind, side=side, amount=amount, price=price, parameters=fields, emulation=emulation)


def moment(ts_ns: int) -> str:
    """Return a moment as the text that venues read, to the microsecond."""
    seconds, rest = divmod(ts_ns, SECOND_NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1_000:06d}Z"


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
