"""Orders and fills as the venue writes them: in REST answers, and in the frames of the user channel."""

from decimal import Decimal

from tradewind.exchange.core.failures import Failure
from tradewind.exchange.core.orders import OrderStatus, OrderType
from tradewind.exchange.core.views import FillView, OrderView
from tradewind.exchange.server.listing import Listed
from tradewind.exchange.server.texts import Json, iso, plain
from tradewind.model.money import ZERO
from tradewind.model.orders import Liquidity, Side, TimeInForce

TIMES_IN_FORCE = {
    TimeInForce.GTC: "GOOD_UNTIL_CANCELLED",
    TimeInForce.GTD: "GOOD_UNTIL_DATE_TIME",
    TimeInForce.IOC: "IMMEDIATE_OR_CANCEL",
    TimeInForce.FOK: "FILL_OR_KILL",
}
STREAM_TYPES = {
    OrderType.MARKET: "Market",
    OrderType.LIMIT: "Limit",
    OrderType.STOP_LIMIT: "Stop Limit",
    OrderType.BRACKET: "Bracket",
    OrderType.TWAP: "TWAP",
}
CANCEL_MESSAGES = {"USER_CANCEL": "User requested cancel"}
LIQUIDITY = {Liquidity.MAKER: "MAKER", Liquidity.TAKER: "TAKER"}


def configuration(order: OrderView) -> Json:
    """Return how an order was asked for: one key that names its kind, with its terms."""
    terms: Json = {}
    if order.quote_size is not None:
        terms["quote_size"] = plain(order.quote_size)
    else:
        terms["base_size"] = plain(order.size)
    if order.limit_price is not None:
        terms["limit_price"] = plain(order.limit_price)
    if order.reduce_only:
        terms["reduce_only"] = True
    suffix = order.time_in_force.value
    if order.kind is OrderType.MARKET:
        return {f"market_market_{suffix}": terms}
    if order.end_ns is not None:
        terms["end_time"] = iso(order.end_ns)
    if order.kind is OrderType.LIMIT:
        if order.time_in_force is TimeInForce.IOC:
            return {"sor_limit_ioc": terms}
        if order.time_in_force is not TimeInForce.FOK:
            terms["post_only"] = order.post_only
        return {f"limit_limit_{suffix}": terms}
    if order.kind is OrderType.STOP_LIMIT:
        terms["stop_price"] = plain(order.stop_price)
        terms["stop_direction"] = order.stop_direction.value if order.stop_direction else ""
        return {f"stop_limit_stop_limit_{suffix}": terms}
    if order.kind is OrderType.BRACKET:
        terms["stop_trigger_price"] = plain(order.stop_price)
        return {f"trigger_bracket_{suffix}": terms}
    terms["start_time"] = iso(order.start_ns or order.created_ns)
    terms["number_buckets"] = "" if order.buckets is None else str(order.buckets)
    terms["bucket_duration"] = "" if order.bucket_ns is None else f"{order.bucket_ns // 1_000_000_000}s"
    return {"twap_limit_gtd": terms}


def rest_order(order: OrderView, listed: Listed, user_id: str) -> Json:
    """Return an order as `orders/historical` tells of it."""
    futures = not listed.product.is_spot
    return {
        "order_id": order.order_id,
        "product_id": order.product_id,
        "user_id": user_id,
        "order_configuration": configuration(order),
        "side": order.side.name,
        "client_order_id": order.client_order_id,
        "status": order.status.value,
        "time_in_force": TIMES_IN_FORCE[order.time_in_force],
        "created_time": iso(order.created_ns),
        "completion_percentage": _completion(order),
        "filled_size": plain(order.filled_size),
        "average_filled_price": plain(order.average_filled_price),
        "fee": "",
        "number_of_fills": str(order.number_of_fills),
        "filled_value": plain(order.filled_value),
        "pending_cancel": order.pending_cancel,
        "size_in_quote": order.quote_size is not None,
        "total_fees": plain(order.fees),
        "size_inclusive_of_fees": order.quote_size is not None and order.kind is OrderType.MARKET,
        "total_value_after_fees": plain(_after_fees(order)),
        "trigger_status": order.trigger.value,
        "order_type": order.kind.value,
        "reject_reason": "REJECT_REASON_UNSPECIFIED",
        "settled": order.status is OrderStatus.FILLED,
        "product_type": listed.product_type,
        "reject_message": order.reason if order.status is OrderStatus.FAILED else "",
        "cancel_message": _cancel_message(order),
        "order_placement_source": "RETAIL_ADVANCED",
        "outstanding_hold_amount": plain(order.hold),
        "is_liquidation": order.is_liquidation,
        "last_fill_time": None if order.last_fill_ns is None else iso(order.last_fill_ns),
        "edit_history": [
            {"price": plain(edit.price), "size": plain(edit.size), "replace_accept_timestamp": iso(edit.ts_ns)}
            for edit in order.edits
        ],
        "leverage": plain(order.leverage),
        "margin_type": "CROSS" if futures else "UNKNOWN_MARGIN_TYPE",
        "retail_portfolio_id": order.account_id,
        "originating_order_id": "",
        "attached_order_id": "",
        "attached_order_configuration": None,
        "current_pending_replace": None,
    }


def stream_order(order: OrderView, listed: Listed) -> Json:
    """Return an order as the user channel tells of it: totals since its start, no single fills."""
    futures = not listed.product.is_spot
    return {
        "avg_price": plain(order.average_filled_price),
        "cancel_reason": _cancel_message(order),
        "client_order_id": order.client_order_id,
        "completion_percentage": _completion(order),
        "contract_expiry_type": listed.expiry_type,
        "cumulative_quantity": plain(order.filled_size),
        "filled_value": plain(order.filled_value),
        "leaves_quantity": plain(ZERO if order.is_terminal else order.leaves),
        "limit_price": plain(order.limit_price or ZERO),
        "number_of_fills": str(order.number_of_fills),
        "order_id": order.order_id,
        "order_side": order.side.name,
        "order_type": STREAM_TYPES[order.kind],
        "outstanding_hold_amount": plain(order.hold),
        "post_only": "true" if order.post_only else "false",
        "product_id": order.product_id,
        "product_type": listed.product_type,
        "reject_reason": "",
        "retail_portfolio_id": order.account_id,
        "risk_managed_by": listed.risk_managed_by if futures else "UNKNOWN_RISK_MANAGEMENT_TYPE",
        "status": order.status.value,
        "stop_price": plain(order.stop_price),
        "time_in_force": TIMES_IN_FORCE[order.time_in_force],
        "total_fees": plain(order.fees),
        "total_value_after_fees": plain(_after_fees(order)),
        "trigger_status": order.trigger.value,
        "creation_time": iso(order.created_ns),
        "end_time": "0001-01-01T00:00:00Z" if order.end_ns is None else iso(order.end_ns),
        "start_time": "0001-01-01T00:00:00Z" if order.start_ns is None else iso(order.start_ns),
    }


def rest_fill(fill: FillView, user_id: str, *, in_quote: bool) -> Json:
    """Return one execution; those of orders sized in quote currency are told in quote currency, as the venue does."""
    return {
        "entry_id": fill.entry_id,
        "trade_id": fill.trade_id,
        "order_id": fill.order_id,
        "trade_time": iso(fill.ts_ns, 9),
        "trade_type": "FILL",
        "price": plain(fill.price),
        "size": plain(fill.value if in_quote else fill.size),
        "commission": plain(fill.commission),
        "product_id": fill.product_id,
        "sequence_timestamp": iso(fill.ts_ns),
        "liquidity_indicator": LIQUIDITY[fill.liquidity],
        "size_in_quote": in_quote,
        "user_id": user_id,
        "side": fill.side.name,
        "retail_portfolio_id": fill.account_id,
    }


def error_response(failure: Failure) -> Json:
    """Return why an order was not taken."""
    return {
        "error": failure.reason,
        "message": failure.message,
        "error_details": "",
        "preview_failure_reason": failure.preview_reason,
        "new_order_failure_reason": failure.reason,
    }


def _completion(order: OrderView) -> str:
    if order.status is OrderStatus.FILLED:
        return "100"
    share = order.filled_size * 100 / order.size if order.size else ZERO
    return plain(share.quantize(Decimal("1E-18")))


def _after_fees(order: OrderView) -> Decimal:
    return order.filled_value + order.fees if order.side is Side.BUY else order.filled_value - order.fees


def _cancel_message(order: OrderView) -> str:
    if order.status not in (OrderStatus.CANCELLED, OrderStatus.EXPIRED):
        return ""
    return CANCEL_MESSAGES.get(order.reason, order.reason)
