"""From the venue's messages to facts in our words: orders, fills, balances, positions, rights and rates.

What a number must be (a price positive, a size not negative) is checked here; a message that breaks it is malformed,
never repaired. A status that is not known counts as live.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from tradewind.model.errors import MalformedAnswer
from tradewind.model.fees import FeeTier
from tradewind.model.money import ZERO, add, ratio
from tradewind.model.orders import Liquidity, Side
from tradewind.model.venue import VenueBalance, VenueFill, VenueOrder, VenueOrderStatus, VenuePosition
from tradewind.venues.coinbase.wire.accounts import Account, KeyPermissions, TransactionSummary
from tradewind.venues.coinbase.wire.futures import CfmPosition, PerpetualPosition
from tradewind.venues.coinbase.wire.orders import Fill, Order, Terms
from tradewind.venues.coinbase.wire.values import amount, ns_of
from tradewind.venues.coinbase.wire.words import (
    LiquidityIndicator,
    OrderSide,
    OrderStatus,
    OrderType,
    PositionSide,
    TradeType,
    TriggerStatus,
)
from tradewind.venues.ports import KeyRights

STATUSES: Mapping[OrderStatus, VenueOrderStatus] = {
    OrderStatus.PENDING: VenueOrderStatus.PENDING,
    OrderStatus.QUEUED: VenueOrderStatus.QUEUED,
    OrderStatus.OPEN: VenueOrderStatus.OPEN,
    OrderStatus.EDIT_QUEUED: VenueOrderStatus.OPEN,
    OrderStatus.CANCEL_QUEUED: VenueOrderStatus.CANCEL_QUEUED,
    OrderStatus.FILLED: VenueOrderStatus.FILLED,
    OrderStatus.CANCELLED: VenueOrderStatus.CANCELED,
    OrderStatus.EXPIRED: VenueOrderStatus.EXPIRED,
    OrderStatus.FAILED: VenueOrderStatus.REJECTED,
}
SIDES = {OrderSide.BUY: Side.BUY, OrderSide.SELL: Side.SELL}
LIQUIDITY = {LiquidityIndicator.MAKER: Liquidity.MAKER, LiquidityIndicator.TAKER: Liquidity.TAKER}
SHORT = {
    PositionSide.SHORT,
    PositionSide.SHORT_SPELLED,
    PositionSide.SHORT_FUTURES,
    PositionSide.SHORT_POSITION,
    PositionSide.SHORT_PERPETUAL,
}
LONG = {
    PositionSide.LONG,
    PositionSide.LONG_SPELLED,
    PositionSide.LONG_FUTURES,
    PositionSide.LONG_POSITION,
    PositionSide.LONG_PERPETUAL,
}
KINDS = {
    "market_market": "market",
    "limit_limit": "limit",
    "sor_limit": "limit",
    "stop_limit_stop_limit": "stop_limit",
    "trigger_bracket": "bracket",
    "twap_limit": "twap",
}
FORCES = {"gtc", "gtd", "ioc", "fok"}
NO_REASON = {"", "REJECT_REASON_UNSPECIFIED"}
NO_TERMS = Terms()


def venue_order(order: Order) -> VenueOrder:
    """Return an order as the venue tells of it.

    Raises  MalformedAnswer for a side that is none, or a number that no order can have.
    """
    name, terms = (order.order_configuration.the_one() if order.order_configuration else None) or ("", NO_TERMS)
    kind, _, force = name.rpartition("_")
    what = f"order {order.order_id}"
    by_quote = terms.base_size is None and terms.quote_size is not None
    return VenueOrder(
        client_id=order.client_order_id,
        venue_id=order.order_id,
        instrument=order.product_id,
        side=_side(order.side, what),
        status=_status(order),
        kind=KINDS.get(kind, kind or str(order.order_type or "").lower()),
        quantity=None if by_quote else _size(terms.base_size, what),
        quote_quantity=_size(terms.quote_size, what) if by_quote else None,
        filled=_size(order.filled_size, what) or ZERO,
        average_price=_price(order.average_filled_price, what),
        fees=order.total_fees or ZERO,
        price=_price(terms.limit_price, what),
        stop=_price(terms.stop_price or terms.stop_trigger_price, what),
        time_in_force=force if force in FORCES else "gtc",
        post_only=bool(terms.post_only),
        reduce_only=bool(terms.reduce_only),
        liquidation=bool(order.is_liquidation) or order.order_type is OrderType.LIQUIDATION,
        triggered=order.trigger_status is TriggerStatus.TRIGGERED,
        expire_ns=ns_of(terms.end_time) or None,
        created_ns=ns_of(order.created_time),
        updated_ns=ns_of(order.last_update_time) or ns_of(order.last_fill_time) or ns_of(order.created_time),
        reason=_reason(order),
    )


def venue_fill(fill: Fill, client_id: str | None = None) -> VenueFill:
    """Return one execution; where the venue tells its size in quote currency, the quantity is size / price to 1e-18.

    Raises  MalformedAnswer for a price or size that is not positive, or a side that is none.
    """
    what = f"fill {fill.trade_id}"
    if fill.price <= 0 or fill.size <= 0:
        raise MalformedAnswer(f"{what}: price {fill.price} and size {fill.size} must be positive")
    return VenueFill(
        fill_id=fill.trade_id,
        venue_order_id=fill.order_id,
        instrument=fill.product_id,
        side=_side(fill.side, what),
        quantity=ratio(fill.size, fill.price) if fill.size_in_quote else fill.size,
        price=fill.price,
        fee=fill.commission,
        ts_ns=ns_of(fill.trade_time) or ns_of(fill.sequence_timestamp),
        client_id=client_id,
        liquidity=None if fill.liquidity_indicator is None else LIQUIDITY.get(fill.liquidity_indicator),
    )


def is_execution(fill: Fill) -> bool:
    """Whether the entry is an execution; the venue lists corrections and reversals of others among them."""
    return fill.trade_type is None or fill.trade_type is TradeType.FILL


def venue_balances(accounts: Iterable[Account]) -> tuple[VenueBalance, ...]:
    """Return what is owned of each currency, summed over accounts, without what is nothing; sorted by currency."""
    available: dict[str, Decimal] = {}
    held: dict[str, Decimal] = {}
    for account in accounts:
        what = f"account {account.currency}"
        free = account.available_balance.value or ZERO
        hold = _size(account.hold.value, what) if account.hold is not None else None
        available[account.currency] = add(available.get(account.currency, ZERO), free)
        held[account.currency] = add(held.get(account.currency, ZERO), hold or ZERO)
    return tuple(
        VenueBalance(currency, available[currency], held[currency])
        for currency in sorted(available)
        if available[currency] or held[currency]
    )


def futures_position(position: CfmPosition) -> VenuePosition:
    """Return a position in US futures, signed by its side.

    Raises  MalformedAnswer when the side is not known and something is held.
    """
    return VenuePosition(
        instrument=position.product_id,
        quantity=_signed(position.number_of_contracts, position.side, f"position {position.product_id}"),
        average_price=amount(position.avg_entry_price) or amount(position.entry_vwap),
        unrealised=amount(position.unrealized_pnl) or ZERO,
        liquidation_price=amount(position.liquidation_price) or None,
    )


def perpetual_position(position: PerpetualPosition) -> VenuePosition:
    """Return a position in international perpetuals; its size is signed as it comes, or by its side."""
    size = position.net_size
    side = position.position_side
    return VenuePosition(
        instrument=position.product_id or position.symbol,
        quantity=-size if side in SHORT and size > 0 else size,
        average_price=amount(position.vwap) or amount(position.entry_vwap),
        unrealised=amount(position.unrealized_pnl) or ZERO,
        liquidation_price=amount(position.liquidation_price) or None,
    )


def key_rights(found: KeyPermissions) -> KeyRights:
    """Return what a key may do."""
    return KeyRights(
        view=found.can_view,
        trade=found.can_trade,
        transfer=found.can_transfer,
        portfolio_id=found.portfolio_uuid,
        portfolio_type=str(found.portfolio_type or ""),
    )


def fee_tier(found: TransactionSummary) -> FeeTier:
    """Return the rates that apply now, from the volume that the tier starts at.

    Raises  MalformedAnswer when the venue names no rates: nothing may be assumed about what trading costs.
    """
    terms = found.fee_tier
    if terms.maker_fee_rate is None or terms.taker_fee_rate is None:
        raise MalformedAnswer("the transaction summary names no maker and taker rate")
    starts = [each.vol_from.value for each in terms.volume_types_and_range if each.vol_from is not None]
    start = terms.usd_from.value if terms.usd_from is not None else min(starts, default=ZERO)
    return FeeTier(start, terms.maker_fee_rate, terms.taker_fee_rate)


# -- small parts -----------------------------------------------------------------------------------------------------


def _status(order: Order) -> VenueOrderStatus:
    status = STATUSES.get(order.status, VenueOrderStatus.UNKNOWN)
    return VenueOrderStatus.CANCEL_QUEUED if status is VenueOrderStatus.OPEN and order.pending_cancel else status


def _reason(order: Order) -> str:
    word = "" if order.reject_reason in NO_REASON else order.reject_reason
    return word or order.reject_message or order.cancel_message


def _side(side: OrderSide, what: str) -> Side:
    if side not in SIDES:
        raise MalformedAnswer(f"{what}: {side!s} is no side")
    return SIDES[side]


def _signed(size: Decimal, side: PositionSide, what: str) -> Decimal:
    if side in LONG:
        return abs(size)
    if side in SHORT:
        return -abs(size)
    if size:
        raise MalformedAnswer(f"{what}: {size} contracts of the side {side!s}")
    return ZERO


def _size(value: Decimal | None, what: str) -> Decimal | None:
    if value is not None and value < 0:
        raise MalformedAnswer(f"{what}: a size below zero: {value}")
    return value


def _price(value: Decimal | None, what: str) -> Decimal | None:
    """Return a price; the venue writes 0 where there is none yet."""
    if value is not None and value < 0:
        raise MalformedAnswer(f"{what}: a price below zero: {value}")
    return value or None
