"""What the WebSocket sends: one frame type per channel, and how a frame is told apart and read.

Books, trades and tickers come thousands of times a second: their numbers stay texts until `market_events` makes
integers of them, and their frames are read in one pass. The other channels are read like REST answers, with every
number and time ready. All frames of a connection share one counter, `sequence_num`.
"""

from decimal import Decimal
from typing import Any

import msgspec

from tradewind.model.errors import ProtocolError
from tradewind.venues.coinbase.wire.futures import FuturesBalances
from tradewind.venues.coinbase.wire.products import Candle
from tradewind.venues.coinbase.wire.values import (
    BookSideText,
    EventText,
    Message,
    NumberText,
    OrderSideText,
    Timestamp,
    TimeText,
    parse,
    read_values,
)
from tradewind.venues.coinbase.wire.words import (
    ContractExpiry,
    EventType,
    MarginType,
    OrderSide,
    OrderStatus,
    OrderType,
    PositionSide,
    ProductType,
    RiskManagedBy,
    TimeInForce,
    TriggerStatus,
)

# -- read in one pass ------------------------------------------------------------------------------------------------


class LevelRow(msgspec.Struct, frozen=True, gc=False):
    """One level's new total; `0` removes it. `side` is `bid` or `offer`."""

    side: BookSideText
    price_level: NumberText
    new_quantity: NumberText
    event_time: TimeText = ""


class LevelEvent(msgspec.Struct, frozen=True):
    type: EventText
    product_id: str
    updates: list[LevelRow]


class LevelFrame(msgspec.Struct, frozen=True, tag_field="channel", tag="l2_data"):
    """You subscribe to `level2`, this is what comes."""

    sequence_num: int
    events: list[LevelEvent]
    client_id: str = ""
    timestamp: TimeText = ""


class TradeRow(msgspec.Struct, frozen=True, gc=False):
    """One public trade; `side` is the maker's."""

    trade_id: str
    product_id: str
    price: NumberText
    size: NumberText
    side: OrderSideText
    time: TimeText = ""


class TradeEvent(msgspec.Struct, frozen=True):
    """A snapshot lists the newest trade first."""

    type: EventText
    trades: list[TradeRow]


class TradesFrame(msgspec.Struct, frozen=True, tag_field="channel", tag="market_trades"):
    sequence_num: int
    events: list[TradeEvent]
    client_id: str = ""
    timestamp: TimeText = ""


class TickerRow(msgspec.Struct, frozen=True, gc=False):
    """Last price and best quote; the venue also sends one whose every text is empty."""

    product_id: str = ""
    price: NumberText = ""
    best_bid: NumberText = ""
    best_bid_quantity: NumberText = ""
    best_ask: NumberText = ""
    best_ask_quantity: NumberText = ""
    volume_24_h: NumberText = ""
    low_24_h: NumberText = ""
    high_24_h: NumberText = ""
    low_52_w: NumberText = ""
    high_52_w: NumberText = ""
    price_percent_chg_24_h: NumberText = ""
    type: str = ""


class TickerEvent(msgspec.Struct, frozen=True):
    type: EventText
    tickers: list[TickerRow]


class TickerFrame(msgspec.Struct, frozen=True, tag_field="channel", tag="ticker"):
    sequence_num: int
    events: list[TickerEvent]
    client_id: str = ""
    timestamp: TimeText = ""


class TickerBatchFrame(msgspec.Struct, frozen=True, tag_field="channel", tag="ticker_batch"):
    sequence_num: int
    events: list[TickerEvent]
    client_id: str = ""
    timestamp: TimeText = ""


# -- read like answers -----------------------------------------------------------------------------------------------


class Frame(Message, frozen=True, kw_only=True):
    """What the frames below share."""

    sequence_num: int
    channel: str = ""
    client_id: str = ""
    timestamp: Timestamp | None = None


class CandleRow(Candle, frozen=True, kw_only=True):
    product_id: str


class CandleEvent(Message, frozen=True, kw_only=True):
    type: EventType
    candles: list[CandleRow] = []


class CandlesFrame(Frame, frozen=True, kw_only=True):
    """Five-minute bars, sent every second while they form."""

    events: list[CandleEvent]


class Heartbeat(Message, frozen=True, kw_only=True):
    """`current_time` is a Go print of a time."""

    heartbeat_counter: int
    current_time: Timestamp | None = None


class HeartbeatsFrame(Frame, frozen=True, kw_only=True):
    events: list[Heartbeat]


class SubscriptionsEvent(Message, frozen=True, kw_only=True):
    subscriptions: dict[str, list[str]] = {}


class SubscriptionsFrame(Frame, frozen=True, kw_only=True):
    """Everything that is subscribed on this connection so far, by the names one subscribes with."""

    events: list[SubscriptionsEvent]


class StatusProduct(Message, frozen=True, kw_only=True):
    id: str
    product_type: ProductType | None = None
    base_currency: str = ""
    quote_currency: str = ""
    base_increment: Decimal | None = None
    quote_increment: Decimal | None = None
    display_name: str = ""
    status: str = ""
    status_message: str = ""
    min_market_funds: Decimal | None = None


class StatusEvent(Message, frozen=True, kw_only=True):
    type: EventType
    products: list[StatusProduct] = []


class StatusFrame(Frame, frozen=True, kw_only=True):
    events: list[StatusEvent]


class UserOrder(Message, frozen=True, kw_only=True):
    """An order's running totals, without the ids of its fills."""

    order_id: str
    status: OrderStatus
    product_id: str
    order_side: OrderSide
    client_order_id: str = ""
    cumulative_quantity: Decimal | None = None
    leaves_quantity: Decimal | None = None
    avg_price: Decimal | None = None
    total_fees: Decimal | None = None
    filled_value: Decimal | None = None
    total_value_after_fees: Decimal | None = None
    outstanding_hold_amount: Decimal | None = None
    completion_percentage: Decimal | None = None
    number_of_fills: int | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    order_type: OrderType | None = None
    time_in_force: TimeInForce | None = None
    trigger_status: TriggerStatus | None = None
    post_only: bool | None = None
    cancel_reason: str = ""
    reject_reason: str = ""
    reject_reason_spelled: str = msgspec.field(default="", name="reject_Reason")
    product_type: ProductType | None = None
    contract_expiry_type: ContractExpiry | None = None
    risk_managed_by: RiskManagedBy | None = None
    retail_portfolio_id: str = ""
    creation_time: Timestamp | None = None
    start_time: Timestamp | None = None
    end_time: Timestamp | None = None


class UserPerpetual(Message, frozen=True, kw_only=True):
    product_id: str
    net_size: Decimal | None = None
    portfolio_uuid: str = ""
    vwap: Decimal | None = None
    entry_vwap: Decimal | None = None
    position_side: PositionSide | None = None
    margin_type: MarginType | None = None
    buy_order_size: Decimal | None = None
    sell_order_size: Decimal | None = None
    leverage: Decimal | None = None
    mark_price: Decimal | None = None
    liquidation_price: Decimal | None = None
    im_notional: Decimal | None = None
    mm_notional: Decimal | None = None
    position_notional: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    aggregated_pnl: Decimal | None = None


class UserFuture(Message, frozen=True, kw_only=True):
    product_id: str
    side: PositionSide | None = None
    number_of_contracts: Decimal | None = None
    realized_pnl: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    entry_price: Decimal | None = None


class UserPositions(Message, frozen=True, kw_only=True):
    perpetual_futures_positions: list[UserPerpetual] = []
    expiring_futures_positions: list[UserFuture] = []


class UserEvent(Message, frozen=True, kw_only=True):
    """A snapshot comes in batches of fifty orders; the first with fewer ends it."""

    type: EventType
    orders: list[UserOrder] = []
    positions: UserPositions | None = None


class UserFrame(Frame, frozen=True, kw_only=True):
    events: list[UserEvent]


class FuturesBalancesEvent(Message, frozen=True, kw_only=True):
    type: EventType
    fcm_balance_summary: FuturesBalances | None = None


class FuturesBalancesFrame(Frame, frozen=True, kw_only=True):
    events: list[FuturesBalancesEvent]


# -- without a channel -----------------------------------------------------------------------------------------------


class ErrorFrame(Message, frozen=True, kw_only=True):
    """Carries no channel and no number; also the answer to a channel that does not exist."""

    type: str
    message: str = ""
    reason: str = ""


class SubscribedChannel(Message, frozen=True, kw_only=True):
    name: str
    product_ids: list[str] = []


class OldSubscriptions(Message, frozen=True, kw_only=True):
    """The acknowledgement as it was written before channels had frames."""

    type: str
    channels: list[SubscribedChannel]


FastFrame = LevelFrame | TradesFrame | TickerFrame | TickerBatchFrame
SlowFrame = (
    CandlesFrame
    | HeartbeatsFrame
    | SubscriptionsFrame
    | StatusFrame
    | UserFrame
    | FuturesBalancesFrame
    | ErrorFrame
    | OldSubscriptions
)
AnyFrame = FastFrame | SlowFrame
SLOW: dict[str, type[Frame]] = {
    "candles": CandlesFrame,
    "heartbeats": HeartbeatsFrame,
    "subscriptions": SubscriptionsFrame,
    "status": StatusFrame,
    "user": UserFrame,
    "futures_balance_summary": FuturesBalancesFrame,
}
_FAST: msgspec.json.Decoder[FastFrame] = msgspec.json.Decoder(FastFrame)
_WRITTEN = msgspec.json.Encoder()


class UnnumberedFrame(ProtocolError):
    """A frame of a channel without its number: what it says has no place among the others, so it is not taken."""

    def __init__(self, channel: str) -> None:
        super().__init__(f"a frame of {channel} without a sequence_num")
        self.channel = channel


def decode_frame(raw: bytes | str) -> AnyFrame:
    """Return a frame of the type its channel says.

    Raises  ProtocolError for one that cannot be read, UnnumberedFrame for one that no place can be given.
    """
    try:
        return _FAST.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_slowly(raw)


def _decode_slowly(raw: bytes | str) -> AnyFrame:
    values: Any = parse(raw)
    if not isinstance(values, dict):
        raise ProtocolError("the venue's frame is no object")
    kind = frame_type(values)
    if kind is None:
        raise ProtocolError(f"a frame of an unknown channel: {values.get('channel') or values.get('type')!r}")
    if "channel" in values and values.get("sequence_num") in (None, ""):
        raise UnnumberedFrame(values["channel"])
    if kind in FAST_TYPES:
        return _again(values)
    frame: SlowFrame = read_values(kind, values)
    return frame


def _again(values: dict[str, Any]) -> FastFrame:
    """Read a fast frame once more: without the fields that have no value, and with its numbers as texts.

    The venue writes all of them as texts; a frame that does not is read all the same, as answers are.
    """
    frame = {key: value for key, value in values.items() if value is not None}
    frame["events"] = _as_texts(values.get("events"))
    try:
        return _FAST.decode(_WRITTEN.encode(frame))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(f"the venue's frame cannot be read: {error}") from None


def _as_texts(values: Any) -> Any:
    if isinstance(values, dict):
        return {key: _as_texts(value) for key, value in values.items() if value is not None}
    if isinstance(values, list):
        return [_as_texts(value) for value in values]
    return str(values) if isinstance(values, int | Decimal) and not isinstance(values, bool) else values


FAST_TYPES: dict[Any, str] = {
    LevelFrame: "l2_data",
    TradesFrame: "market_trades",
    TickerFrame: "ticker",
    TickerBatchFrame: "ticker_batch",
}
_BY_CHANNEL: dict[str, Any] = {channel: kind for kind, channel in FAST_TYPES.items()} | SLOW


def frame_type(values: dict[str, Any]) -> Any:
    """Return the type of a frame by its channel, or by its shape where it has none; None for an unknown one."""
    channel = values.get("channel")
    if isinstance(channel, str):
        return _BY_CHANNEL.get(channel)
    if values.get("type") == "error":
        return ErrorFrame
    if values.get("type") == "subscriptions" and isinstance(values.get("channels"), list):
        return OldSubscriptions
    return None
