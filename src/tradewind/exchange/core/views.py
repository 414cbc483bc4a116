"""What clients are shown: frozen copies in decimals."""

from decimal import Decimal

import msgspec

from tradewind.exchange.core.amounts import decimal_of
from tradewind.exchange.core.failures import Failure
from tradewind.exchange.core.ids import IdStream
from tradewind.exchange.core.matching import Market
from tradewind.exchange.core.orders import Edit, Order, OrderStatus, OrderType, StopDirection, TriggerStatus
from tradewind.exchange.core.trades import Candle, Trade
from tradewind.model.money import ZERO, ratio
from tradewind.model.orders import Liquidity, Side, TimeInForce


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """An order. Sizes in base units (contracts of a perpetual); `base_size` None for one sized in quote."""

    order_id: str
    account_id: str
    client_order_id: str
    product_id: str
    side: Side
    kind: OrderType
    time_in_force: TimeInForce
    status: OrderStatus
    base_size: Decimal | None
    quote_size: Decimal | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    stop_direction: StopDirection | None
    start_ns: int | None
    end_ns: int | None
    buckets: int | None
    bucket_ns: int | None
    post_only: bool
    reduce_only: bool
    leverage: Decimal | None
    margin_type: str
    size: Decimal
    leaves: Decimal
    filled_size: Decimal
    filled_value: Decimal
    average_filled_price: Decimal
    fees: Decimal
    number_of_fills: int
    hold: Decimal
    created_ns: int
    updated_ns: int
    last_fill_ns: int | None
    trigger: TriggerStatus
    reason: str
    pending_cancel: bool
    is_liquidation: bool
    edits: tuple[Edit, ...]

    @property
    def is_terminal(self) -> bool:
        return self.leaves == 0 and self.status in _ENDED


_ENDED = (OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.FAILED)


class FillView(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of one order. `trade_id` is the fill's own; `match_number` that of the public trade."""

    entry_id: str
    trade_id: str
    order_id: str
    client_order_id: str
    account_id: str
    product_id: str
    side: Side
    price: Decimal
    size: Decimal
    value: Decimal
    commission: Decimal
    liquidity: Liquidity
    ts_ns: int
    match_number: int


class TradeView(msgspec.Struct, frozen=True):
    """A public trade; `side` is the taker's."""

    trade_id: str
    product_id: str
    price: Decimal
    size: Decimal
    side: Side
    ts_ns: int


class CandleView(msgspec.Struct, frozen=True):
    start_s: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class BookView(msgspec.Struct, frozen=True):
    """Levels as (price, size), best first."""

    product_id: str
    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]


class PlaceOutcome(msgspec.Struct, frozen=True):
    """The order that was placed, or why not. `repeated`: the client id was known and this is the order it named."""

    order: OrderView | None = None
    failure: Failure | None = None
    repeated: bool = False


class CancelOutcome(msgspec.Struct, frozen=True):
    """`failure_reason` is empty when the cancel was taken."""

    order_id: str
    success: bool
    failure_reason: str = ""


class EditOutcome(msgspec.Struct, frozen=True):
    order: OrderView | None = None
    failure: Failure | None = None


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What an order would do now: `failures` is empty when it would be taken."""

    failures: tuple[Failure, ...] = ()
    base_size: Decimal = ZERO
    quote_size: Decimal = ZERO
    order_total: Decimal = ZERO
    commission_total: Decimal = ZERO
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None
    average_filled_price: Decimal | None = None
    slippage: Decimal | None = None
    margin_total: Decimal = ZERO


class Naming:
    """The ids of one exchange."""

    __slots__ = ("accounts", "entries", "fills", "orders")

    def __init__(self, seed: int) -> None:
        self.accounts = IdStream(seed, "account")
        self.orders = IdStream(seed, "order")
        self.fills = IdStream(seed, "fill")
        self.entries = IdStream(seed, "entry")


def order_view(order: Order, market: Market, naming: Naming) -> OrderView:
    """Return the order as its owner sees it."""
    scales, request = market.scales, order.request
    quantity = scales.quantity_digits
    value = order.value * market.value_unit
    priced = order.kind is not OrderType.MARKET
    size = decimal_of(order.quantity, quantity)
    return OrderView(
        order_id=naming.orders.text(order.number),
        account_id=order.seat.account.id,
        client_order_id=order.client_id,
        product_id=market.product.id,
        side=Side(order.sign),
        kind=order.kind,
        time_in_force=order.time_in_force,
        status=order.status,
        base_size=size if request is None or request.quote_size is None else None,
        quote_size=request.quote_size if request is not None else None,
        limit_price=decimal_of(order.price, scales.price_digits) if priced else None,
        stop_price=decimal_of(order.stop, scales.price_digits) if order.stop else None,
        stop_direction=request.stop_direction if request is not None else None,
        start_ns=request.start_ns if request is not None else None,
        end_ns=order.expire_ns,
        buckets=request.buckets if request is not None else None,
        bucket_ns=request.bucket_ns if request is not None else None,
        post_only=order.post_only,
        reduce_only=request.reduce_only if request is not None else False,
        leverage=request.leverage if request is not None else None,
        margin_type=request.margin_type if request is not None else "",
        size=size,
        leaves=size if order.open == order.quantity else decimal_of(order.open, quantity),
        filled_size=decimal_of(order.filled, quantity),
        filled_value=decimal_of(value),
        average_filled_price=_average(order, scales.price_digits),
        fees=decimal_of(order.fees),
        number_of_fills=order.fills,
        hold=decimal_of(order.hold),
        created_ns=order.created_ns,
        updated_ns=max(order.updated_ns, order.last_fill_ns),
        last_fill_ns=order.last_fill_ns or None,
        trigger=order.trigger,
        reason=order.reason,
        pending_cancel=order.pending_cancel,
        is_liquidation=order.liquidation,
        edits=order.edits,
    )


def _average(order: Order, price_digits: int) -> Decimal:
    """Return the mean price of the fills, rounded half-even to 1e-18; 0 without fills."""
    if not order.filled:
        return ZERO
    return ratio(Decimal(order.value).scaleb(-price_digits), Decimal(order.filled)).normalize() + ZERO


def fill_view(trade: Trade, order_number: int, client_id: str, market: Market, naming: Naming) -> FillView:
    """Return one side of a trade as that side's owner sees it; `client_id` is empty for an order that was forgotten."""
    maker = trade.maker == order_number
    number = (market.index << 64) + trade.number * 2 + (0 if maker else 1)
    return FillView(
        entry_id=naming.entries.text(number),
        trade_id=naming.fills.text(number),
        order_id=naming.orders.text(order_number),
        client_order_id=client_id,
        account_id=trade.maker_account if maker else trade.taker_account,
        product_id=market.product.id,
        side=Side(-trade.sign if maker else trade.sign),
        price=decimal_of(trade.price, market.scales.price_digits),
        size=decimal_of(trade.quantity, market.scales.quantity_digits),
        value=decimal_of(trade.value * market.value_unit),
        commission=decimal_of(trade.maker_fee if maker else trade.taker_fee),
        liquidity=Liquidity.MAKER if maker else Liquidity.TAKER,
        ts_ns=trade.ts_ns,
        match_number=trade.number,
    )


def trade_view(trade: Trade, market: Market) -> TradeView:
    """Return a trade as the public sees it."""
    scales = market.scales
    return TradeView(
        str(trade.number),
        market.product.id,
        decimal_of(trade.price, scales.price_digits),
        decimal_of(trade.quantity, scales.quantity_digits),
        Side(trade.sign),
        trade.ts_ns,
    )


def candle_view(candle: Candle, market: Market) -> CandleView:
    """Return a candle in decimals."""
    price, quantity = market.scales.price_digits, market.scales.quantity_digits
    return CandleView(
        candle.start_s,
        decimal_of(candle.open, price),
        decimal_of(candle.high, price),
        decimal_of(candle.low, price),
        decimal_of(candle.close, price),
        decimal_of(candle.volume, quantity),
    )


def levels_view(levels: list[tuple[int, int]], market: Market) -> tuple[tuple[Decimal, Decimal], ...]:
    """Return (price, size) levels in decimals."""
    price_digits, quantity_digits = market.scales.price_digits, market.scales.quantity_digits
    return tuple((decimal_of(price, price_digits), decimal_of(size, quantity_digits)) for price, size in levels)
