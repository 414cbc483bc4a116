"""Bodies that ask for orders, and the orders they ask for.

A configuration is one key that names the kind of order, with its terms; sizes and prices are strings.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import msgspec

from tradewind.exchange.core.failures import Failure
from tradewind.exchange.core.orders import NewOrder, OrderType, StopDirection
from tradewind.exchange.server.asking import bad_request
from tradewind.exchange.server.texts import LAST_SECOND, SECOND_NS, parse_time
from tradewind.model.orders import Side, TimeInForce

GTC, GTD, IOC, FOK = TimeInForce.GTC, TimeInForce.GTD, TimeInForce.IOC, TimeInForce.FOK
KINDS: Mapping[str, tuple[OrderType, TimeInForce]] = {
    "market_market_ioc": (OrderType.MARKET, IOC),
    "market_market_fok": (OrderType.MARKET, FOK),
    "sor_limit_ioc": (OrderType.LIMIT, IOC),
    "limit_limit_gtc": (OrderType.LIMIT, GTC),
    "limit_limit_gtd": (OrderType.LIMIT, GTD),
    "limit_limit_fok": (OrderType.LIMIT, FOK),
    "stop_limit_stop_limit_gtc": (OrderType.STOP_LIMIT, GTC),
    "stop_limit_stop_limit_gtd": (OrderType.STOP_LIMIT, GTD),
    "trigger_bracket_gtc": (OrderType.BRACKET, GTC),
    "trigger_bracket_gtd": (OrderType.BRACKET, GTD),
    "twap_limit_gtd": (OrderType.TWAP, GTD),
}
SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}
UNSUPPORTED = Failure(
    "UNSUPPORTED_ORDER_CONFIGURATION", "PREVIEW_INVALID_ORDER_CONFIG", "one supported order configuration is needed"
)
NOT_A_NUMBER = Decimal("NaN")
"""What a text that is no number becomes: the core refuses it with the venue's reason."""


class Terms(msgspec.Struct, frozen=True):
    """The fields of all configurations; each kind uses some."""

    base_size: str = ""
    quote_size: str = ""
    limit_price: str = ""
    stop_price: str = ""
    stop_trigger_price: str = ""
    stop_direction: str = ""
    start_time: str | None = ""
    end_time: str | None = ""
    number_buckets: str = ""
    bucket_size: str = ""
    bucket_duration: str = ""
    post_only: bool = False
    reduce_only: bool = False


class OrderBody(msgspec.Struct, frozen=True):
    """What `orders` and `orders/preview` are asked with; `order_configuration` is echoed as it came."""

    product_id: str = ""
    side: str = ""
    order_configuration: msgspec.Raw = msgspec.Raw(b"{}")
    client_order_id: str = ""
    leverage: str = ""
    margin_type: str = ""
    retail_portfolio_id: str = ""


class EditBody(msgspec.Struct, frozen=True):
    order_id: str = ""
    price: str = ""
    size: str = ""
    stop_price: str = ""


class CancelBody(msgspec.Struct, frozen=True):
    order_ids: tuple[str, ...] = ()


class CloseBody(msgspec.Struct, frozen=True):
    client_order_id: str = ""
    product_id: str = ""
    size: str = ""


ORDER_BODY = msgspec.json.Decoder(OrderBody)
EDIT_BODY = msgspec.json.Decoder(EditBody)
CANCEL_BODY = msgspec.json.Decoder(CancelBody)
CLOSE_BODY = msgspec.json.Decoder(CloseBody)
_CONFIGURATION = msgspec.json.Decoder(dict[str, Terms | None])


def new_order(body: OrderBody, default_client_id: str = "") -> NewOrder | Failure:
    """Return the order a body asks for, or why there is no such kind of order.

    Raises  Refusal 400 for a body that is no order at all.
    """
    side = SIDES.get(body.side)
    if side is None:
        raise bad_request(f"side must be BUY or SELL, was {body.side!r}")
    try:
        given = _CONFIGURATION.decode(body.order_configuration)
    except msgspec.MsgspecError as error:
        raise bad_request(f"order_configuration: {error}") from error
    chosen = [(name, terms) for name, terms in given.items() if terms is not None]
    if len(chosen) != 1 or chosen[0][0] not in KINDS:
        return UNSUPPORTED
    name, terms = chosen[0]
    kind, time_in_force = KINDS[name]
    return NewOrder(
        client_order_id=body.client_order_id or default_client_id,
        product_id=body.product_id,
        side=side,
        kind=kind,
        time_in_force=time_in_force,
        base_size=decimal(terms.base_size),
        quote_size=decimal(terms.quote_size),
        limit_price=decimal(terms.limit_price),
        stop_price=decimal(terms.stop_trigger_price if kind is OrderType.BRACKET else terms.stop_price),
        stop_direction=_direction(terms.stop_direction) if kind is OrderType.STOP_LIMIT else None,
        start_ns=_moment(terms.start_time),
        end_ns=_moment(terms.end_time) if time_in_force is GTD else None,
        buckets=_buckets(terms.number_buckets),
        bucket_ns=_duration_ns(terms.bucket_duration),
        post_only=terms.post_only,
        reduce_only=terms.reduce_only,
        leverage=decimal(body.leverage),
        margin_type=body.margin_type,
    )


def decimal(text: str) -> Decimal | None:
    """Return the number of a field, None for an empty one; what is no number is NaN."""
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return NOT_A_NUMBER
    return value if value.is_finite() else NOT_A_NUMBER


def _direction(text: str) -> StopDirection | None:
    try:
        return StopDirection(text) if text else None
    except ValueError:
        raise bad_request(f"stop_direction is not known: {text}") from None


def _moment(text: str | None) -> int | None:
    if not text:
        return None
    try:
        return parse_time(text)
    except ValueError as error:
        raise bad_request(f"not a time: {text}") from error


def _buckets(text: str) -> int | None:
    return int(text) if text.isdigit() and len(text) < 10 else None


def _duration_ns(text: str) -> int | None:
    """Return a duration such as `300s`, None for what is none."""
    seconds = decimal(text.removesuffix("s"))
    if seconds is None or not seconds.is_finite() or not 0 < seconds <= LAST_SECOND:
        return None
    return int(seconds * SECOND_NS)
