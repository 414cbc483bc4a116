"""What clients ask for: place, preview, edit, cancel, close."""

from collections.abc import Sequence
from decimal import Decimal

from tradewind.exchange.core.accounts import Account, Balance
from tradewind.exchange.core.amounts import decimal_of
from tradewind.exchange.core.checks import draft, worst_price
from tradewind.exchange.core.entering import enter
from tradewind.exchange.core.failures import Refused
from tradewind.exchange.core.fees import RATE_UNIT
from tradewind.exchange.core.futures import encumbered
from tradewind.exchange.core.matching import Market
from tradewind.exchange.core.orders import (
    CANCEL_QUEUED,
    CANCELLED,
    FILLED,
    PENDING,
    TERMINAL,
    NewOrder,
    Order,
    OrderType,
)
from tradewind.exchange.core.products import ProductMode
from tradewind.exchange.core.state import State
from tradewind.exchange.core.views import CancelOutcome, PlaceOutcome, Preview, order_view
from tradewind.model.money import ZERO, ratio
from tradewind.model.orders import Side, TimeInForce


def place(state: State, account: Account, request: NewOrder, now_ns: int) -> PlaceOutcome:
    """Take a new order, or say why not; a client id that was used returns the order it named."""
    register = state.registers[account.id]
    known = register.by_client_id.get(request.client_order_id)
    if known is not None:
        market = state.markets[known.seat.product_id]
        return PlaceOutcome(order_view(known, market, state.naming), repeated=True)
    drafted = prepare(state, account, request, state.order_numbers + 1, now_ns)
    if isinstance(drafted, Refused):
        return PlaceOutcome(failure=drafted.failure)
    state.order_numbers += 1
    market = state.markets[request.product_id]
    register.by_client_id[request.client_order_id] = drafted
    accept(state, market, drafted, now_ns)
    return PlaceOutcome(order_view(drafted, market, state.naming))


def prepare(state: State, account: Account, request: NewOrder, number: int, now_ns: int) -> Order | Refused:
    """Return the order a request makes, its hold per unit set and affordable; nothing is changed."""
    market = state.markets.get(request.product_id)
    if market is None:
        return Refused.PRODUCT
    if account.fresh >= account.room:
        state.refresh(account)
    drafted = draft(market, market.seat(account), request, number, now_ns)
    if isinstance(drafted, Refused):
        return drafted
    return fund(state, market, drafted, reduce_only=request.reduce_only) or drafted


def accept(state: State, market: Market, order: Order, now_ns: int) -> None:
    """Let an order exist and come to the market, now or after the entry delay."""
    market.admit(order, funding_balance(order))
    if order.expire_ns is not None:
        state.at(order.expire_ns, "expire", market, order)
    if state.entry_delay_ns:
        order.status = PENDING
        state.at(now_ns + state.entry_delay_ns, "enter", market, order)
    else:
        enter(state, market, order, now_ns)


def funding_balance(order: Order) -> Balance:
    """Return the balance an order holds: quote for a buy and for futures, base for a sale."""
    return order.seat.quote if order.sign > 0 else order.seat.base


def free(state: State, account: Account, balance: Balance) -> int:
    """Return what may be spent of a balance: not held, and not kept by positions."""
    return balance.total - balance.hold - encumbered(account, balance.currency, state.markets)


def fund(state: State, market: Market, order: Order, *, reduce_only: bool) -> Refused | None:
    """Set what the order holds per unit; return why it cannot be afforded, or None."""
    seat, quantity = order.seat, order.open
    is_spot, is_market = market.product.is_spot, order.kind is OrderType.MARKET
    opening = quantity if is_spot else _opening(order)
    if not is_spot:
        order.reducing = opening == 0
        if reduce_only and opening:
            return Refused.REDUCE_INCREASES
    need = 0
    if is_market:
        walk = market.walk(seat, order.sign, order.price, quantity)
        if not walk.quantity and not walk.blocked:
            return Refused.NO_LIQUIDITY
        if order.sign > 0 or not is_spot:
            need = -(-walk.value * seat.value_hold * opening // quantity)
            order.hold_unit = need // quantity
    if is_spot and order.sign < 0:
        order.hold_unit = market.scales.lots_unit
        need = order.hold_unit * quantity
    elif not is_market:
        order.hold_unit = -(-worst_price(order) * seat.value_hold * opening // quantity)
        need = order.hold_unit * quantity
    if need and not seat.account.unlimited and need > free(state, seat.account, funding_balance(order)):
        return Refused.FUNDS if is_spot else Refused.MARGIN
    return None


def _opening(order: Order) -> int:
    """Return how much of a futures order opens a position; what other orders will reduce is not there to reduce."""
    seat = order.seat
    against = abs(seat.position) if seat.position * order.sign < 0 else 0
    return max(0, order.open - max(0, against - seat.reducing[order.sign]))


def preview(state: State, account: Account, request: NewOrder, now_ns: int) -> Preview:
    """Return what an order would do now, or why it would be refused; nothing is changed."""
    drafted = prepare(state, account, request, 0, now_ns)
    if isinstance(drafted, Refused):
        return Preview(failures=(drafted.failure,))
    market = state.markets[request.product_id]
    scales, seat = market.scales, drafted.seat
    walk = market.walk(seat, drafted.sign, drafted.price, drafted.open)
    rests = drafted.open - walk.quantity if drafted.kind is not OrderType.MARKET else 0
    value = (walk.value + rests * drafted.price) * market.value_unit
    scale = market.fee_scale
    fee = scale.commission(walk.value, seat.taker_factor)
    fee += scale.commission(rests * drafted.price, seat.maker_factor) if rests else 0
    bid, ask = market.bids.best, market.asks.best
    average = slippage = None
    if walk.quantity:
        average = ratio(Decimal(walk.value).scaleb(-scales.price_digits), Decimal(walk.quantity)).normalize()
        best = Decimal(walk.first).scaleb(-scales.price_digits)
        slippage = ratio(abs(average - best), best).normalize()
    total = value + fee if drafted.sign > 0 else value - fee
    return Preview(
        base_size=decimal_of(drafted.open, scales.quantity_digits),
        quote_size=decimal_of(value),
        order_total=decimal_of(total),
        commission_total=decimal_of(fee),
        best_bid=None if bid is None else decimal_of(bid, scales.price_digits),
        best_ask=None if ask is None else decimal_of(ask, scales.price_digits),
        average_filled_price=average,
        slippage=slippage,
        margin_total=ZERO if market.product.is_spot else decimal_of(value * market.initial_rate // RATE_UNIT),
    )


def cancel(state: State, account: Account, order_ids: Sequence[str], now_ns: int) -> list[CancelOutcome]:
    """Cancel orders one by one; each has its own outcome."""
    return [_cancel_one(state, account, order_id, now_ns) for order_id in order_ids]


def _cancel_one(state: State, account: Account, order_id: str, now_ns: int) -> CancelOutcome:
    order = find(state, account, order_id)
    reason = "UNKNOWN_CANCEL_ORDER" if order is None else _not_cancelable(state, order)
    if order is None or reason:
        return CancelOutcome(order_id, success=False, failure_reason=reason)
    market = state.markets[order.seat.product_id]
    if state.cancel_delay_ns:
        order.status = CANCEL_QUEUED
        order.pending_cancel = True
        order.updated_ns = now_ns
        market.touched.append(order)
        state.at(now_ns + state.cancel_delay_ns, "cancel", market, order)
    else:
        market.end(order, CANCELLED, "USER_CANCEL", now_ns)
    return CancelOutcome(order_id, success=True)


def _not_cancelable(state: State, order: Order) -> str:
    if order.status is FILLED:
        return "ORDER_IS_FULLY_FILLED"
    if order.status in TERMINAL:
        return "UNKNOWN_CANCEL_ORDER"
    if order.pending_cancel:
        return "DUPLICATE_CANCEL_REQUEST"
    if state.markets[order.seat.product_id].mode is ProductMode.DISABLED:
        return "NOT_ALLOWED_TO_CANCEL"
    return ""


def find(state: State, account: Account, order_id: str) -> Order | None:
    """Return an account's order by its id; None for another account's or an unknown one."""
    number = state.naming.orders.number(order_id)
    return state.registers[account.id].find(number) if number is not None else None


def close_position(
    state: State, account: Account, product_id: str, client_order_id: str, size: Decimal | None, now_ns: int
) -> PlaceOutcome:
    """Close a futures position, or `size` of it, at the market."""
    market = state.markets.get(product_id)
    if market is None:
        return PlaceOutcome(failure=Refused.PRODUCT.failure)
    seat = market.seat(account)
    if not seat.position and client_order_id not in state.registers[account.id].by_client_id:
        return PlaceOutcome(failure=Refused.ZERO_POSITION.failure)
    whole = decimal_of(abs(seat.position), market.scales.quantity_digits)
    request = NewOrder(
        client_order_id=client_order_id,
        product_id=product_id,
        side=Side.SELL if seat.position > 0 else Side.BUY,
        kind=OrderType.MARKET,
        time_in_force=TimeInForce.IOC,
        base_size=whole if size is None else size,
        reduce_only=True,
    )
    return place(state, account, request, now_ns)
