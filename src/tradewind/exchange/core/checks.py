"""From a request to an order in integers, or the venue's reason why not. Nothing is changed here.

Order of the checks: product and mode, the shape of the order, numbers and increments, sizes, prices against the
market. Funds come last, in `exchange`, since they depend on what the book would give.
"""

from decimal import Decimal

from tradewind.exchange.core.accounts import Seat
from tradewind.exchange.core.amounts import units_of
from tradewind.exchange.core.failures import Refused
from tradewind.exchange.core.matching import ANY_PRICE, Market
from tradewind.exchange.core.orders import NewOrder, Order, OrderType, StopDirection
from tradewind.exchange.core.products import ProductMode
from tradewind.exchange.core.twap import Schedule
from tradewind.model.money import EXACT, ONE, ZERO
from tradewind.model.orders import Side, TimeInForce

GTC, GTD, IOC, FOK = TimeInForce.GTC, TimeInForce.GTD, TimeInForce.IOC, TimeInForce.FOK
ALLOWED = {
    OrderType.MARKET: frozenset({IOC, FOK}),
    OrderType.LIMIT: frozenset({GTC, GTD, IOC, FOK}),
    OrderType.STOP_LIMIT: frozenset({GTC, GTD}),
    OrderType.BRACKET: frozenset({GTC, GTD}),
    OrderType.TWAP: frozenset({GTD}),
}
BUCKETS_MOST = 10_000  # of a TWAP
BRACKET_STOP_SHARE = 20  # a bracket's stop becomes a limit order 1/20 (5 %) beyond its trigger


def draft(market: Market, seat: Seat, request: NewOrder, number: int, now_ns: int) -> Order | Refused:
    """Return the order a request asks for, with its hold per unit still open, or why it cannot be."""
    refused = (
        _of_mode(market, request)
        or _of_shape(market, request)
        or _of_times(request, now_ns)
        or _of_numbers(market, request)
    )
    if refused is not None:
        return refused
    scales, sign = market.scales, int(request.side)
    price = ANY_PRICE * sign
    if request.limit_price is not None:
        price = units_of(request.limit_price, scales.price_digits)
    quantity = _quantity(market, request, price, seat)
    stop = units_of(request.stop_price, scales.price_digits) if request.stop_price is not None else 0
    refused = _of_size(market, request, quantity, price) or _of_prices(market, request, sign, price, stop)
    if refused is not None:
        return refused
    schedule = schedule_of(request)
    return Order(
        number,
        seat,
        sign,
        price,
        quantity,
        quantity,
        seat.maker_factor,
        seat.taker_factor,
        0,
        now_ns,
        request.client_order_id,
        request.kind,
        request.time_in_force,
        post_only=request.post_only,
        stop=stop,
        updated_ns=now_ns,
        expire_ns=schedule.end_ns if schedule is not None else request.end_ns,
        request=request,
    )


def schedule_of(request: NewOrder) -> Schedule | None:
    """Return a TWAP's schedule; None for another kind or when its times make none."""
    if request.kind is not OrderType.TWAP or request.start_ns is None or request.end_ns is None:
        return None
    span = request.end_ns - request.start_ns
    if request.buckets is not None and request.buckets > 0:
        bucket_ns = span // request.buckets
    else:
        bucket_ns = request.bucket_ns or 0
    fits = 0 < bucket_ns <= span <= bucket_ns * BUCKETS_MOST
    return Schedule(request.start_ns, span // bucket_ns, bucket_ns) if fits else None


def worst_price(order: Order) -> int:
    """Return the price an order may come to pay: a buying bracket's stop goes 5 % beyond its trigger."""
    return max(order.price, bracket_stop_limit(order, 1)) if order.kind is OrderType.BRACKET else order.price


def bracket_stop_limit(order: Order, tick: int) -> int:
    """Return the limit price of a bracket whose stop was reached: 5 % beyond the trigger, on the tick."""
    away = order.stop // BRACKET_STOP_SHARE
    if order.sign > 0:
        return -(-(order.stop + away) // tick) * tick
    return max(tick, (order.stop - away) // tick * tick)


def _of_mode(market: Market, request: NewOrder) -> Refused | None:
    mode = market.mode
    if mode is ProductMode.ONLINE:
        return None
    if mode is ProductMode.DISABLED:
        return Refused.DISABLED
    if mode is ProductMode.VIEW_ONLY:
        return Refused.UNTRADABLE
    limit = request.kind is OrderType.LIMIT
    if mode is ProductMode.LIMIT_ONLY and limit:
        return None
    if mode is ProductMode.POST_ONLY and limit and request.post_only:
        return None
    if mode is ProductMode.AUCTION and limit and request.time_in_force in {GTC, GTD} and not request.post_only:
        return None
    return Refused.NOT_ALLOWED


def _of_shape(market: Market, request: NewOrder) -> Refused | None:
    kind, base, quote = request.kind, request.base_size, request.quote_size
    if not request.client_order_id:
        return Refused.CLIENT_ID
    if request.time_in_force not in ALLOWED[kind] or (base is None) == (quote is None):
        return Refused.CONFIGURATION
    priced = kind is not OrderType.MARKET
    stopped = kind in {OrderType.STOP_LIMIT, OrderType.BRACKET}
    if priced != (request.limit_price is not None) or stopped != (request.stop_price is not None):
        return Refused.CONFIGURATION
    if (kind is OrderType.STOP_LIMIT) != (request.stop_direction is not None):
        return Refused.CONFIGURATION
    if quote is not None and kind is OrderType.BRACKET:
        return Refused.BRACKET_QUOTE
    if quote is not None and not (kind is OrderType.LIMIT or request.side is Side.BUY):
        return Refused.CONFIGURATION
    if quote is not None and not market.product.is_spot:
        return Refused.CONFIGURATION
    if request.post_only:
        if request.time_in_force is FOK:
            return Refused.POST_ONLY_FOK
        if kind is not OrderType.LIMIT or request.time_in_force is IOC:
            return Refused.CONFIGURATION
    return _of_futures(market, request)


def _of_futures(market: Market, request: NewOrder) -> Refused | None:
    if market.product.is_spot:
        if request.reduce_only:
            return Refused.REDUCE_SPOT
    elif request.margin_type not in {"", "CROSS"}:
        return Refused.MARGIN_TYPE
    most = ONE if market.product.is_spot else ONE / market.product.initial_margin
    leverage = request.leverage
    fits = leverage is None or (leverage.is_finite() and 1 <= leverage <= most)
    return None if fits else Refused.LEVERAGE


def _of_times(request: NewOrder, now_ns: int) -> Refused | None:
    if request.time_in_force is GTD:
        if request.end_ns is None:
            return Refused.NO_END
        if request.end_ns <= now_ns:
            return Refused.END_PAST
    if request.kind is OrderType.TWAP:
        if request.start_ns is None:
            return Refused.NO_START
        if schedule_of(request) is None:
            return Refused.DURATION
    return None


def _of_numbers(market: Market, request: NewOrder) -> Refused | None:
    product = market.product
    return (
        _of_number(request.base_size, product.base_increment, Refused.BASE_SMALL, Refused.SIZE_PRECISION)
        or _of_number(request.quote_size, product.quote_increment, Refused.QUOTE_SMALL, Refused.QUOTE_PRECISION)
        or _of_number(request.limit_price, product.price_increment, Refused.LIMIT_PRICE, Refused.PRICE_PRECISION)
        or _of_number(request.stop_price, product.price_increment, Refused.STOP_PRICE, Refused.STOP_PRECISION)
    )


def _of_number(value: Decimal | None, increment: Decimal, low: Refused, off_grid: Refused) -> Refused | None:
    if value is None:
        return None
    if not value.is_finite():
        return Refused.NUMBER
    if value <= 0:
        return low
    if value.adjusted() > MAX_DIGITS:
        return LARGE[off_grid]
    return off_grid if off(value, increment) else None


def off(value: Decimal, increment: Decimal) -> bool:
    """Return whether a positive number below 1e25 is no multiple of the increment."""
    return len(value.as_tuple().digits) > 2 * MAX_DIGITS or EXACT.remainder(value, increment) != ZERO


MAX_DIGITS = 24  # before the point: more than anything that is traded, and little enough to be counted exactly
LARGE = {
    Refused.SIZE_PRECISION: Refused.BASE_LARGE,
    Refused.QUOTE_PRECISION: Refused.QUOTE_LARGE,
    Refused.PRICE_PRECISION: Refused.PRICE_LARGE,
    Refused.STOP_PRECISION: Refused.PRICE_LARGE,
}


def _quantity(market: Market, request: NewOrder, price: int, seat: Seat) -> int:
    scales = market.scales
    if request.base_size is not None:
        return units_of(request.base_size, scales.quantity_digits)
    money = units_of(request.quote_size or ZERO)
    if request.kind is OrderType.MARKET:
        return market.affordable(seat, money)
    units: int = money // (price * market.value_unit)
    return units - units % scales.lot


def _of_size(market: Market, request: NewOrder, quantity: int, price: int) -> Refused | None:
    scales = market.scales
    if request.quote_size is not None:
        value = units_of(request.quote_size)
    elif request.kind is OrderType.MARKET:
        value = None
    else:
        value = quantity * price * market.value_unit
    if value is not None and value < scales.min_value:
        return Refused.QUOTE_SMALL
    if value is not None and scales.max_value and value > scales.max_value:
        return Refused.QUOTE_LARGE
    if request.quote_size is not None and request.kind is OrderType.MARKET and not quantity:
        return Refused.NO_LIQUIDITY if not market.asks.keys else Refused.BASE_SMALL
    if quantity < scales.min_quantity:
        return Refused.BASE_SMALL
    if scales.max_quantity and quantity > scales.max_quantity:
        return Refused.BASE_LARGE
    schedule = schedule_of(request)
    if schedule is not None and quantity // schedule.buckets < scales.min_quantity:
        return Refused.BUCKET
    return None


def _of_prices(market: Market, request: NewOrder, sign: int, price: int, stop: int) -> Refused | None:
    last = market.last
    if request.kind is OrderType.STOP_LIMIT:
        if last is None:
            return Refused.NO_TRADES
        if request.stop_direction is StopDirection.UP:
            return Refused.STOP_BELOW_LAST if stop <= last else None
        return Refused.STOP_ABOVE_LAST if stop >= last else None
    if request.kind is OrderType.BRACKET:
        if last is None:
            return Refused.NO_TRADES
        if (price - stop) * sign >= 0:
            return Refused.BRACKET_PRICES
        if (last - stop) * sign >= 0:
            return Refused.BRACKET_STOP
        return Refused.BRACKET_LIMIT if (last - price) * sign <= 0 else None
    if market.mode is not ProductMode.AUCTION and request.post_only and market.crosses(sign, price):
        return Refused.POST_ONLY
    return None
