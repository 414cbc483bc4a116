"""What the venue's answer to a write means: done, refused for certain, or in doubt.

The list of refusals is closed. A word that is not on it says nothing for certain, so the order is in doubt until it has
been asked for; a success that names another order than the one that was sent is a name used twice.
"""

from collections.abc import Mapping, Sequence

import msgspec

from tradewind.model.orders import Side
from tradewind.model.venue import CancelAnswer, CancelRefused, CancelTaken, InDoubt, PlaceAnswer, Placed, PlaceRefused
from tradewind.venues.coinbase.configurations import Configuration
from tradewind.venues.coinbase.outgoing import SIDES
from tradewind.venues.coinbase.wire.orders import (
    CancelOrders,
    CreateOrder,
    EditFailure,
    EditOrder,
    OrderAccepted,
    OrderConfiguration,
    OrderFailure,
    Terms,
    reason_word,
)
from tradewind.venues.coinbase.wire.values import read_values

CLIENT_ID_REUSED = "CLIENT_ID_REUSED"
REFUSALS = frozenset(
    """
    UNSUPPORTED_ORDER_CONFIGURATION INVALID_SIDE INVALID_PRODUCT_ID INVALID_SIZE_PRECISION INVALID_PRICE_PRECISION
    INSUFFICIENT_FUND INSUFFICIENT_FUNDS INVALID_LEDGER_BALANCE ORDER_ENTRY_DISABLED INELIGIBLE_PAIR
    INVALID_LIMIT_PRICE_POST_ONLY INVALID_LIMIT_PRICE INVALID_NO_LIQUIDITY INVALID_REQUEST INVALID_ARGUMENT
    COMMANDER_REJECTED_NEW_ORDER IN_LIQUIDATION INVALID_MARGIN_TYPE INVALID_LEVERAGE UNTRADABLE_PRODUCT
    INVALID_FCM_TRADING_SESSION GEOFENCING_RESTRICTION QUOTE_SIZE_NOT_ALLOWED_FOR_BRACKET INVALID_BRACKET_PRICES
    MISSING_MARKET_TRADE_DATA INVALID_BRACKET_LIMIT_PRICE INVALID_BRACKET_STOP_TRIGGER_PRICE
    BRACKET_LIMIT_PRICE_OUT_OF_BOUNDS STOP_TRIGGER_PRICE_OUT_OF_BOUNDS BRACKET_ORDER_NOT_SUPPORTED
    INVALID_STOP_PRICE_PRECISION STOP_PRICE_ABOVE_LIMIT_PRICE STOP_PRICE_BELOW_LIMIT_PRICE
    STOP_PRICE_ABOVE_LAST_TRADE_PRICE STOP_PRICE_BELOW_LAST_TRADE_PRICE FOK_DISABLED FOK_ONLY_ALLOWED_ON_LIMIT_ORDERS
    POST_ONLY_NOT_ALLOWED_WITH_FOK UBO_HIGH_LEVERAGE_QUANTITY_BREACHED END_TIME_TOO_FAR_IN_FUTURE
    LIMIT_PRICE_TOO_FAR_FROM_MARKET OPEN_BRACKET_ORDERS FUTURES_AFTER_HOUR_INVALID_ORDER_TYPE
    FUTURES_AFTER_HOUR_INVALID_TIME_IN_FORCE INVALID_ATTACHED_TAKE_PROFIT_PRICE INVALID_ATTACHED_STOP_LOSS_PRICE
    INVALID_ATTACHED_TAKE_PROFIT_PRICE_PRECISION INVALID_ATTACHED_STOP_LOSS_PRICE_PRECISION
    INVALID_ATTACHED_TAKE_PROFIT_PRICE_OUT_OF_BOUNDS INVALID_ATTACHED_STOP_LOSS_PRICE_OUT_OF_BOUNDS
    INVALID_BRACKET_ORDER_SIDE INVALID_ORDER_SIDE_FOR_ATTACHED_TPSL BRACKET_ORDER_SIZE_EXCEEDS_POSITION
    INVALID_CLIENT_ORDER_ID DUPLICATE_CLIENT_ORDER_ID INVALID_ORDER_CONFIG INVALID_EDITED_SIZE INVALID_EDITED_PRICE
    INVALID_EDITED_STOP_PRICE ORDER_IS_BEING_REPLACED ORDER_NOT_FOUND ORDER_IS_FULLY_FILLED ORDER_IS_NOT_OPEN
    CANNOT_EDIT_TO_BELOW_FILLED_SIZE BELOW_FILLED_SIZE ONLY_LIMIT_ORDER_EDITS_SUPPORTED ONLY_OPEN_ORDERS_CAN_BE_EDITED
    COMMANDER_REJECTED_EDIT_ORDER PENDING_EDIT CANCEL_ONLY LIMIT_ONLY POST_ONLY VIEW_ONLY TRADING_DISABLED
    REDUCE_ONLY_INCREASED_POSITION_SIZE REDUCE_ONLY_NOT_ALLOWED_ON_SPOT_PRODUCTS CANNOT_CLOSE_ZERO_POSITION
    GTD_ORDERS_MUST_HAVE_END_TIME END_TIME_IS_IN_THE_PAST START_TIME_MUST_BE_SPECIFIED DURATION_TOO_SMALL
    BUCKET_SIZE_SMALLER_THAN_BASE_MIN BUCKET_SIZE_LARGER_THAN_BASE_MAX INSUFFICIENT_MARGIN
    """.split()
)
PREVIEWED = "PREVIEW_"  # what a preview finds wrong is found before there is an order
SILENT = ("", "UNKNOWN_FAILURE_REASON", "UNKNOWN_PREVIEW_FAILURE_REASON", "UNKNOWN_EDIT_ORDER_FAILURE_REASON")


class Sent(msgspec.Struct, frozen=True):
    """What an order was when it left: what the answer is held against. A closing order has no side of ours."""

    client_id: str
    instrument: str
    side: Side | None = None
    configuration: Configuration | None = None


def place_verdict(sent: Sent, answer: CreateOrder) -> PlaceAnswer:
    """Return what the answer to a new order means."""
    if not answer.success:
        return _refused(reason_word(answer.failure_reason), answer.error_response)
    accepted = answer.success_response or OrderAccepted(order_id=answer.order_id)
    venue_id = accepted.order_id or answer.order_id
    if not venue_id:
        return InDoubt("a success that names no order")
    strange = _difference(sent, accepted, answer.order_configuration)
    if strange:
        return PlaceRefused(CLIENT_ID_REUSED, f"the venue answered with an older order {venue_id}: its {strange}")
    return Placed(venue_id)


def edit_verdict(order_id: str, answer: EditOrder) -> PlaceAnswer:
    """Return what the answer to an edit means; `Placed` names the order as it is called from now on."""
    if answer.success:
        return Placed(answer.success_response.order_id if answer.success_response else order_id)
    failures = answer.errors if isinstance(answer.errors, list) else [answer.errors or EditFailure()]
    words = [word for each in failures for word in (each.edit_failure_reason, each.preview_failure_reason)]
    spoken = next((word for word in words if word not in SILENT), "")
    return _refused(spoken, answer.error_response)


def cancel_verdicts(order_ids: Sequence[str], answer: CancelOrders) -> Mapping[str, CancelAnswer]:
    """Return one answer per order: those that the venue passed over are in doubt."""
    told: dict[str, CancelAnswer] = {
        each.order_id: CancelTaken() if each.success else CancelRefused(reason_word(each.failure_reason) or "UNKNOWN")
        for each in answer.results
    }
    return {order_id: told.get(order_id, InDoubt("the venue passed over this order")) for order_id in order_ids}


def _refused(reason: str, failure: OrderFailure | None) -> PlaceAnswer:
    told = failure or OrderFailure()
    words = [
        told.new_order_failure_reason,
        told.preview_failure_reason,
        told.edit_failure_reason,
        told.error,
        reason,
    ]
    spoken = [word for word in words if word not in SILENT]
    text = told.message or told.error_details
    for word in spoken:
        if word in REFUSALS or word.startswith(PREVIEWED):
            return PlaceRefused(word, text)
    return InDoubt(f"no success, for a reason that is not known: {' '.join(spoken) or 'none given'} {text}".strip())


def _difference(sent: Sent, accepted: OrderAccepted, kept: OrderConfiguration | None) -> str:
    """Return in what the order that the venue names differs from the one that was sent, "" when it is the same."""
    named = (
        ("name", accepted.client_order_id, sent.client_id),
        ("product", accepted.product_id, sent.instrument),
        ("side", str(accepted.side or ""), SIDES[sent.side] if sent.side is not None else ""),
    )
    for what, theirs, ours in named:
        if theirs and ours and theirs != ours:
            return f"{what} is {theirs}, not {ours}"
    mine = None if sent.configuration is None else read_values(OrderConfiguration, sent.configuration).the_one()
    other = None if kept is None else kept.the_one()
    if mine is None or other is None:
        return ""
    return f"kind is {other[0]}, not {mine[0]}" if mine[0] != other[0] else _different_terms(mine[1], other[1])


def _different_terms(mine: Terms, other: Terms) -> str:
    for field in ("base_size", "quote_size", "limit_price", "stop_price", "stop_trigger_price"):
        ours, theirs = getattr(mine, field), getattr(other, field)
        if ours is not None and theirs is not None and ours != theirs:
            return f"{field} is {theirs}, not {ours}"
    return ""
