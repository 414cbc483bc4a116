"""Orders: create, preview, edit, cancel, close a position; and what became of them."""

from collections.abc import Iterator
from uuid import uuid4

from tradewind.exchange.core.failures import UNKNOWN, UNKNOWN_CANCEL, UNKNOWN_EDIT, UNKNOWN_PREVIEW, Failure
from tradewind.exchange.core.orders import LIVE, OrderStatus
from tradewind.exchange.core.views import EditOutcome, FillView, OrderView, PlaceOutcome
from tradewind.exchange.server.asking import Ask, bad_request, not_found
from tradewind.exchange.server.order_requests import (
    CANCEL_BODY,
    CLOSE_BODY,
    EDIT_BODY,
    ORDER_BODY,
    decimal,
    new_order,
)
from tradewind.exchange.server.order_shapes import (
    TIMES_IN_FORCE,
    configuration,
    error_response,
    rest_fill,
    rest_order,
)
from tradewind.exchange.server.paging import page
from tradewind.exchange.server.texts import Json, plain
from tradewind.exchange.server.venue import Venue

ORDERS_AT_ONCE = 1_000
FILLS_USUALLY, FILLS_AT_ONCE = 100, 1_000
CANCELS_AT_ONCE = 100


def create_order(venue: Venue, ask: Ask) -> Json:
    body = ask.typed(ORDER_BODY)
    request = new_order(body)
    if isinstance(request, Failure):
        outcome = PlaceOutcome(failure=request)
    else:
        outcome = venue.exchange.place(ask.account, request, ask.now_ns)
    return _placed(outcome, body.order_configuration)


def close_position(venue: Venue, ask: Ask) -> Json:
    body = ask.typed(CLOSE_BODY)
    venue.listed(body.product_id)
    size = decimal(body.size)
    outcome = venue.exchange.close_position(
        ask.account, body.product_id, body.client_order_id or str(uuid4()), ask.now_ns, size
    )
    echoed = configuration(outcome.order) if outcome.order else {"market_market_ioc": {"base_size": body.size}}
    return _placed(outcome, echoed)


def preview_order(venue: Venue, ask: Ask) -> Json:
    body = ask.typed(ORDER_BODY)
    request = new_order(body, default_client_id="preview")
    if isinstance(request, Failure):
        errors, preview = [request.preview_reason], None
    else:
        preview = venue.exchange.preview(ask.account, request, ask.now_ns)
        errors = [failure.preview_reason for failure in preview.failures]
    return {
        "order_total": plain(preview.order_total) if preview else "0",
        "commission_total": plain(preview.commission_total) if preview else "0",
        "errs": errors,
        "warning": [],
        "quote_size": plain(preview.quote_size) if preview else "0",
        "base_size": plain(preview.base_size) if preview else "0",
        "best_bid": plain(preview.best_bid) if preview else "",
        "best_ask": plain(preview.best_ask) if preview else "",
        "is_max": False,
        "order_margin_total": plain(preview.margin_total) if preview else "0",
        "leverage": body.leverage,
        "long_leverage": "",
        "short_leverage": "",
        "slippage": plain(preview.slippage) if preview else "",
        "preview_id": str(uuid4()),
        "current_liquidation_buffer": "",
        "projected_liquidation_buffer": "",
        "max_leverage": "",
        "pnl_configuration": None,
        "est_average_filled_price": plain(preview.average_filled_price) if preview else "",
    }


def edit_order(venue: Venue, ask: Ask) -> Json:
    """Return success, or the reason of the edit family; both under `errors`, as the venue has it."""
    outcome = _edited(venue, ask, ask.account)
    failure = outcome.failure
    if failure is None:
        return {"success": True, "errors": []}
    return {"success": False, "errors": [_edit_error(failure)]}


def preview_edit(venue: Venue, ask: Ask) -> Json:
    """Return what an order would be with other terms, without changing it."""
    body = ask.typed(EDIT_BODY)
    order = venue.exchange.order(ask.account, body.order_id)
    empty: Json = {
        "slippage": "0",
        "order_total": "0",
        "commission_total": "0",
        "quote_size": "0",
        "base_size": "0",
        "best_bid": "",
        "best_ask": "",
        "average_filled_price": "0",
    }
    if order is None or order.status not in LIVE:
        reason = "ORDER_NOT_FOUND" if order is None else "ONLY_OPEN_ORDERS_CAN_BE_EDITED"
        return {"errors": [_edit_error(Failure(reason, UNKNOWN_PREVIEW, "the order cannot be edited"))], **empty}
    book = venue.exchange.book(order.product_id, 1)
    size, price = decimal(body.size) or order.size, decimal(body.price) or order.limit_price
    value = size * price if price is not None and size.is_finite() and price.is_finite() else None
    if value is None:
        return {"errors": [_edit_error(Failure(UNKNOWN_EDIT, "PREVIEW_INVALID_LIMIT_PRICE", "no number"))], **empty}
    commission = value * venue.exchange.fee_tier(ask.account, venue.listings[order.product_id].product.kind).taker
    return {
        "errors": [],
        "slippage": "0",
        "order_total": plain(value + commission),
        "commission_total": plain(commission),
        "quote_size": plain(value),
        "base_size": plain(size),
        "best_bid": plain(book.bids[0][0]) if book.bids else "",
        "best_ask": plain(book.asks[0][0]) if book.asks else "",
        "average_filled_price": plain(order.average_filled_price),
    }


def cancel_orders(venue: Venue, ask: Ask) -> Json:
    order_ids = ask.typed(CANCEL_BODY).order_ids
    if not 0 < len(order_ids) <= CANCELS_AT_ONCE:
        raise bad_request(f"order_ids must name 1 to {CANCELS_AT_ONCE} orders")
    outcomes = venue.exchange.cancel(ask.account, order_ids, ask.now_ns)
    return {
        "results": [
            {
                "success": outcome.success,
                "failure_reason": outcome.failure_reason or UNKNOWN_CANCEL,
                "order_id": outcome.order_id,
            }
            for outcome in outcomes
        ]
    }


def get_order(venue: Venue, ask: Ask) -> Json:
    order = venue.exchange.order(ask.account, ask.named["order_id"])
    if order is None or not venue.visible(order):
        raise not_found(f"order {ask.named['order_id']} was not found")
    return {"order": rest_order(order, venue.listings[order.product_id], venue.user_of(ask.account))}


def list_orders(venue: Venue, ask: Ask) -> Json:
    """Return orders newest first. OPEN goes alone, and does not list what is pending or queued."""
    statuses = _statuses(ask)
    limit = ask.count("limit", ORDERS_AT_ONCE, ORDERS_AT_ONCE)
    shown, cursor = page(_chosen_orders(venue, ask, statuses), lambda order: order.order_id, ask.one("cursor"), limit)
    user = venue.user_of(ask.account)
    orders = [rest_order(order, venue.listings[order.product_id], user) for order in shown]
    return {"orders": orders, "sequence": "0", "has_next": bool(cursor), "cursor": cursor}


def list_fills(venue: Venue, ask: Ask) -> Json:
    limit = ask.count("limit", FILLS_USUALLY, FILLS_AT_ONCE)
    shown, cursor = page(_chosen_fills(venue, ask), lambda fill: fill.entry_id, ask.one("cursor"), limit)
    user, account = venue.user_of(ask.account), ask.account
    sized: dict[str, bool] = {}
    for fill in shown:
        if fill.order_id not in sized:
            order = venue.exchange.order(account, fill.order_id)
            sized[fill.order_id] = order is not None and order.quote_size is not None
    return {"fills": [rest_fill(fill, user, in_quote=sized[fill.order_id]) for fill in shown], "cursor": cursor}


def _placed(outcome: PlaceOutcome, echoed: object) -> Json:
    order, failure = outcome.order, outcome.failure
    if order is None or failure is not None:
        failure = failure or Failure(UNKNOWN, UNKNOWN_PREVIEW, "")
        return {
            "success": False,
            "failure_reason": failure.reason,
            "order_id": "",
            "error_response": error_response(failure),
            "order_configuration": echoed,
        }
    return {
        "success": True,
        "failure_reason": UNKNOWN,
        "order_id": order.order_id,
        "success_response": {
            "order_id": order.order_id,
            "product_id": order.product_id,
            "side": order.side.name,
            "client_order_id": order.client_order_id,
            "attached_order_id": "",
        },
        "order_configuration": configuration(order) if outcome.repeated else echoed,
    }


def _edited(venue: Venue, ask: Ask, account: str) -> EditOutcome:
    body = ask.typed(EDIT_BODY)
    price, size, stop = decimal(body.price), decimal(body.size), decimal(body.stop_price)
    return venue.exchange.edit(account, body.order_id, ask.now_ns, price=price, size=size, stop_price=stop)


def _edit_error(failure: Failure) -> Json:
    return {"edit_failure_reason": failure.reason, "preview_failure_reason": failure.preview_reason}


def _statuses(ask: Ask) -> frozenset[OrderStatus] | None:
    names = ask.many("order_status")
    try:
        statuses = frozenset(OrderStatus(name) for name in names)
    except ValueError as error:
        raise bad_request(f"order_status is not known: {', '.join(names)}") from error
    if OrderStatus.OPEN in statuses and len(statuses) > 1:
        raise bad_request("cannot pair OPEN orders with other order statuses")
    return statuses or None


def _chosen_orders(venue: Venue, ask: Ask, statuses: frozenset[OrderStatus] | None) -> Iterator[OrderView]:
    products = set(ask.many("product_ids", "product_id"))
    order_ids = set(ask.many("order_ids"))
    kinds, times = set(ask.many("order_types", "order_type")), set(ask.many("time_in_forces"))
    side, family = ask.one("order_side"), ask.one("product_type")
    start, end = ask.moment("start_date"), ask.moment("end_date")
    only = next(iter(products)) if len(products) == 1 else None
    for order in venue.exchange.orders(ask.account, product_id=only, statuses=statuses):
        if (
            (not products or order.product_id in products)
            and (not order_ids or order.order_id in order_ids)
            and (not kinds or order.kind.value in kinds)
            and (not times or TIMES_IN_FORCE[order.time_in_force] in times)
            and side in ("", order.side.name)
            and family in ("", "UNKNOWN_PRODUCT_TYPE", venue.listings[order.product_id].product_type)
            and (start is None or order.created_ns >= start)
            and (end is None or order.created_ns < end)
            and venue.visible(order)
        ):
            yield order


def _chosen_fills(venue: Venue, ask: Ask) -> Iterator[FillView]:
    products = set(ask.many("product_ids", "product_id"))
    order_ids, trade_ids = ask.many("order_ids", "order_id"), set(ask.many("trade_ids"))
    start, end = ask.moment("start_sequence_timestamp"), ask.moment("end_sequence_timestamp")
    exchange, account = venue.exchange, ask.account
    if len(order_ids) == 1:
        fills = exchange.fills(account, order_id=order_ids[0])
    else:
        fills = exchange.fills(account, since_ns=start)
    for fill in fills:
        if (
            (not products or fill.product_id in products)
            and (not order_ids or fill.order_id in order_ids)
            and (not trade_ids or fill.trade_id in trade_ids)
            and (start is None or fill.ts_ns >= start)
            and (end is None or fill.ts_ns <= end)
        ):
            yield fill
