"""Changing an open order: price, size, or a waiting stop's price.

A smaller size at the same price keeps the order's place in the queue; any other change sends it to the back, where it
takes what it then crosses. Fee rates stay those of the placement. `size` is the whole size, what is filled included.
"""

from decimal import Decimal

from tradewind.exchange.core.accounts import Account
from tradewind.exchange.core.amounts import decimal_of, units_of
from tradewind.exchange.core.checks import MAX_DIGITS, off
from tradewind.exchange.core.entering import settle
from tradewind.exchange.core.failures import UNKNOWN_EDIT, UNKNOWN_PREVIEW, Failure, Refused
from tradewind.exchange.core.matching import Market
from tradewind.exchange.core.orders import OPEN, Edit, Order, OrderType, StopDirection, TriggerStatus
from tradewind.exchange.core.placing import find, free, funding_balance
from tradewind.exchange.core.products import ProductMode
from tradewind.exchange.core.state import State
from tradewind.exchange.core.views import EditOutcome, order_view
from tradewind.model.orders import TimeInForce

EDITS_MOST = 100


class Change:
    """An edit in integers; what is not changed is the order's own."""

    __slots__ = ("price", "quantity", "stop")

    def __init__(self, price: int, quantity: int, stop: int) -> None:
        self.price = price
        self.quantity = quantity
        self.stop = stop


def edit(
    state: State,
    account: Account,
    order_id: str,
    price: Decimal | None,
    size: Decimal | None,
    stop_price: Decimal | None,
    now_ns: int,
) -> EditOutcome:
    """Change an open order, or say why not."""
    order = find(state, account, order_id)
    failure = check(state, order, price, size, stop_price)
    if order is None or failure is not None:
        return EditOutcome(failure=failure)
    market = state.markets[order.seat.product_id]
    _apply(state, market, order, _change(market, order, price, size, stop_price), now_ns)
    return EditOutcome(order_view(order, market, state.naming))


def check(
    state: State, order: Order | None, price: Decimal | None, size: Decimal | None, stop_price: Decimal | None
) -> Failure | None:
    """Return why an edit is refused, or None."""
    if order is None:
        return _failed("ORDER_NOT_FOUND", "no such order of this account")
    market = state.markets[order.seat.product_id]
    return _of_state(market, order, stop_price) or _of_values(state, market, order, price, size, stop_price)


def _failed(reason: str, message: str, preview_reason: str = UNKNOWN_PREVIEW) -> Failure:
    return Failure(reason, preview_reason, message)


def _of_state(market: Market, order: Order, stop_price: Decimal | None) -> Failure | None:
    if order.pending_cancel:
        return _failed("CANNOT_EDIT_ORDER_PENDING_CANCEL", "the order is being cancelled")
    if order.status is not OPEN:
        return _failed("ONLY_OPEN_ORDERS_CAN_BE_EDITED", f"the order is {order.status.value}")
    editable = order.kind is OrderType.LIMIT or order.kind is OrderType.STOP_LIMIT
    if not editable or order.time_in_force not in {TimeInForce.GTC, TimeInForce.GTD}:
        return _failed("ONLY_LIMIT_ORDER_EDITS_SUPPORTED", "only limit and stop-limit orders can be changed")
    if order.request is not None and order.request.quote_size is not None:
        return _failed("SIZE_IN_QUOTE_EDITS_NOT_ALLOWED", "an order sized in quote cannot be changed")
    if stop_price is not None and order.kind is not OrderType.STOP_LIMIT:
        return _failed("FIELD_STOPPRICE_NOT_SUPPORTED", "this order has no stop")
    if stop_price is not None and order.trigger is TriggerStatus.TRIGGERED:
        return _failed("CANNOT_EDIT_STOP_PRICE_FOR_TRIGGERED_ORDER", "the stop was reached")
    if len(order.edits) >= EDITS_MOST:
        return _failed("EXCEEDED_MAX_ALLOWED_EDIT_REQUEST_COUNT", f"{EDITS_MOST} edits at most")
    if market.mode not in {ProductMode.ONLINE, ProductMode.LIMIT_ONLY, ProductMode.POST_ONLY}:
        return _failed("COMMANDER_REJECTED_EDIT_ORDER", "the product's mode takes no edits")
    return None


def _of_values(
    state: State, market: Market, order: Order, price: Decimal | None, size: Decimal | None, stop: Decimal | None
) -> Failure | None:
    product, scales = market.product, market.scales
    if price is not None and not _fits(price, product.price_increment):
        return _failed("INVALID_EDITED_PRICE", "price must be positive and on the increment")
    if size is not None and not _fits(size, product.base_increment):
        return _failed("INVALID_EDITED_SIZE", "size must be positive and on the increment")
    if stop is not None and not _fits(stop, product.price_increment):
        return _failed("INVALID_EDITED_STOP_PRICE", "stop price must be positive and on the increment")
    change = _change(market, order, price, size, stop)
    if (change.price, change.quantity, change.stop) == (order.price, order.quantity, order.stop):
        return _failed("EDIT_REQUEST_EQUAL_TO_ORIGINAL_REQUEST", "nothing would change")
    if change.quantity <= order.filled:
        return _failed("CANNOT_EDIT_TO_BELOW_FILLED_SIZE", "the size must be above what is filled")
    too_large = scales.max_quantity and change.quantity > scales.max_quantity
    if change.quantity < scales.min_quantity or too_large:
        return _failed("INVALID_EDITED_SIZE", "size is outside the product's bounds")
    if change.stop != order.stop and order.request is not None and market.last is not None:
        up = order.request.stop_direction is StopDirection.UP
        if change.stop <= market.last if up else change.stop >= market.last:
            refused = Refused.STOP_BELOW_LAST if up else Refused.STOP_ABOVE_LAST
            return _failed("INVALID_EDITED_STOP_PRICE", refused.value[2], refused.value[1])
    passive = order.post_only or market.mode is ProductMode.POST_ONLY
    if order.stands and passive and market.crosses(order.sign, change.price):
        return _failed("INVALID_EDITED_PRICE", Refused.POST_ONLY.value[2], Refused.POST_ONLY.value[1])
    more = _hold_unit(order, change) * (change.quantity - order.filled) - order.hold
    account = order.seat.account
    if more > 0 and not account.unlimited and more > free(state, account, funding_balance(order)):
        return _failed(UNKNOWN_EDIT, Refused.FUNDS.value[2], Refused.FUNDS.value[1])
    return None


def _fits(value: Decimal, increment: Decimal) -> bool:
    return value.is_finite() and value > 0 and value.adjusted() <= MAX_DIGITS and not off(value, increment)


def _change(market: Market, order: Order, price: Decimal | None, size: Decimal | None, stop: Decimal | None) -> Change:
    scales = market.scales
    return Change(
        order.price if price is None else units_of(price, scales.price_digits),
        order.quantity if size is None else units_of(size, scales.quantity_digits),
        order.stop if stop is None else units_of(stop, scales.price_digits),
    )


def _hold_unit(order: Order, change: Change) -> int:
    """Return the hold per unit at the new price, at the rates of the placement; a sale holds its base."""
    if order.hold_unit == 0 or (order.sign < 0 and order.seat.base is not order.seat.quote):
        return order.hold_unit
    return -(-order.hold_unit * change.price // order.price)


def _apply(state: State, market: Market, order: Order, change: Change, now_ns: int) -> None:
    side = market.bids if order.sign > 0 else market.asks
    stays = order.stands and change.price == order.price and change.quantity < order.quantity
    balance, seat = funding_balance(order), order.seat
    balance.hold -= order.hold
    before = order.open
    if stays:
        side.shrink(order, order.quantity - change.quantity)
    moves = order.stands and not stays
    if moves:
        side.pull(order)
    order.hold_unit = _hold_unit(order, change)
    order.open = change.quantity - order.filled
    order.price, order.quantity = change.price, change.quantity
    balance.hold += order.hold
    if order.reducing:
        seat.reducing[order.sign] += order.open - before
    digits = market.scales.price_digits, market.scales.quantity_digits
    order.edits += (Edit(decimal_of(change.price, digits[0]), decimal_of(change.quantity, digits[1]), now_ns),)
    order.updated_ns = now_ns
    market.touched.append(order)
    if change.stop != order.stop and order.request is not None and order.request.stop_direction is not None:
        order.stop = change.stop
        market.triggers.wait(order, order.request.stop_direction)
    if moves:
        market.enter(order, now_ns)
        settle(state, market, now_ns)
