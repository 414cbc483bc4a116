"""Products and their market: increments, modes, futures terms, candles, trades, books, the venue's clock."""

from decimal import Decimal

import msgspec

from tradewind.venues.coinbase.wire.values import Message, Timestamp
from tradewind.venues.coinbase.wire.words import (
    ContractExpiry,
    OrderSide,
    ProductType,
    ProductVenue,
    RiskManagedBy,
)


class PerpetualDetails(Message, frozen=True, kw_only=True):
    open_interest: Decimal | None = None
    funding_rate: Decimal | None = None
    funding_time: Timestamp | None = None
    max_leverage: Decimal | None = None
    base_asset_uuid: str = ""
    underlying_type: str = ""


class MarginRate(Message, frozen=True, kw_only=True):
    long_margin_rate: Decimal | None = None
    short_margin_rate: Decimal | None = None


class TickStep(Message, frozen=True, kw_only=True):
    above_price: Decimal | None = None
    tick_size: Decimal | None = None


class DeribitDetails(Message, frozen=True, kw_only=True):
    """Terms of contracts that another exchange lists."""

    instrument_id: str = ""
    settlement_currency: str = ""
    counter_currency: str = ""
    settlement_period: str = ""
    price_index: str = ""
    instrument_type: str = ""
    maker_commission: Decimal | None = None
    taker_commission: Decimal | None = None
    block_trade_commission: Decimal | None = None
    block_trade_tick_size: Decimal | None = None
    block_trade_min_trade_amount: Decimal | None = None
    creation_time: Timestamp | None = None
    max_leverage: Decimal | None = None
    max_liquidation_commission: Decimal | None = None
    tick_size_steps: list[TickStep] = []
    qty_tick_size: Decimal | None = None
    index_id: str = ""
    product_group: str = ""
    base_currency_uuid: str = ""
    quote_currency_uuid: str = ""
    state: str = ""
    delivery_price: Decimal | None = None


class FutureProductDetails(Message, frozen=True, kw_only=True):
    """What makes a product a future; `contract_expiry_type` alone says whether it is perpetual."""

    venue: str = ""
    contract_code: str = ""
    contract_expiry: Timestamp | None = None
    contract_size: Decimal | None = None
    contract_root_unit: str = ""
    group_description: str = ""
    contract_expiry_timezone: str = ""
    group_short_description: str = ""
    risk_managed_by: RiskManagedBy | None = None
    contract_expiry_type: ContractExpiry | None = None
    perpetual_details: PerpetualDetails | None = None
    contract_display_name: str = ""
    time_to_expiry_ms: int | None = None
    non_crypto: bool | None = None
    contract_expiry_name: str = ""
    twenty_four_by_seven: bool | None = None
    funding_interval: str = ""
    open_interest: Decimal | None = None
    funding_rate: Decimal | None = None
    funding_time: Timestamp | None = None
    display_name: str = ""
    region_enabled: dict[str, bool] = {}
    intraday_margin_rate: MarginRate | None = None
    overnight_margin_rate: MarginRate | None = None
    settlement_price: Decimal | None = None
    futures_asset_type: str = ""
    futures_asset_types: list[str] = []
    index_price: Decimal | None = None
    contract_code_display_name: str = ""
    product_group_cbrn: str = ""
    trading_hours_type: str = ""
    deribit_product_details: DeribitDetails | None = None


class Maintenance(Message, frozen=True, kw_only=True):
    start_time: Timestamp | None = None
    end_time: Timestamp | None = None


class TradingSession(Message, frozen=True, kw_only=True):
    """When a future can be traded; spot products have none."""

    is_session_open: bool | None = None
    open_time: Timestamp | None = None
    close_time: Timestamp | None = None
    session_state: str = ""
    after_hours_order_entry_disabled: bool | None = None
    closed_reason: str = ""
    maintenance: Maintenance | None = None
    settlement_timestamp: Timestamp | None = None
    settlement_price: Decimal | None = None


class Product(Message, frozen=True, kw_only=True):
    """One product: increments and limits, what it lets people do, and its last price."""

    product_id: str
    price: Decimal | None = None
    price_percentage_change_24h: Decimal | None = None
    volume_24h: Decimal | None = None
    volume_percentage_change_24h: Decimal | None = None
    base_increment: Decimal | None = None
    quote_increment: Decimal | None = None
    price_increment: Decimal | None = None
    quote_min_size: Decimal | None = None
    quote_max_size: Decimal | None = None
    base_min_size: Decimal | None = None
    base_max_size: Decimal | None = None
    base_name: str = ""
    quote_name: str = ""
    watched: bool | None = None
    is_disabled: bool = False
    new: bool | None = None
    status: str = ""
    cancel_only: bool = False
    limit_only: bool = False
    post_only: bool = False
    trading_disabled: bool = False
    auction_mode: bool = False
    view_only: bool = False
    product_type: ProductType | None = None
    quote_currency_id: str = ""
    base_currency_id: str = ""
    fcm_trading_session_details: TradingSession | None = None
    mid_market_price: Decimal | None = None
    alias: str = ""
    alias_to: list[str] = []
    base_display_symbol: str = ""
    quote_display_symbol: str = ""
    display_name: str = ""
    product_venue: ProductVenue | None = None
    approximate_quote_24h_volume: Decimal | None = None
    future_product_details: FutureProductDetails | None = None
    new_at: Timestamp | None = None
    market_cap: Decimal | None = None
    base_cbrn: str = ""
    quote_cbrn: str = ""
    product_cbrn: str = ""
    icon_color: str = ""
    icon_url: str = ""
    display_name_overwrite: str = ""
    is_alpha_testing: bool | None = None
    about_description: str = ""
    best_bid_price: Decimal | None = None
    best_ask_price: Decimal | None = None
    high_24h: Decimal | None = None
    low_24h: Decimal | None = None


class Pages(Message, frozen=True, kw_only=True):
    prev_cursor: str = ""
    next_cursor: str = ""
    has_next: bool | None = None
    has_prev: bool | None = None


class ListProducts(Message, frozen=True, kw_only=True):
    products: list[Product]
    num_products: int | None = None
    pagination: Pages | None = None


class Candle(Message, frozen=True, kw_only=True):
    """One bar; `start` is in Unix seconds."""

    start: int
    low: Decimal
    high: Decimal
    open: Decimal
    close: Decimal
    volume: Decimal


class ListCandles(Message, frozen=True, kw_only=True):
    candles: list[Candle]


class Trade(Message, frozen=True, kw_only=True):
    """One public trade; `side` is the maker's."""

    trade_id: str
    product_id: str = ""
    price: Decimal | None = None
    size: Decimal | None = None
    time: Timestamp | None = None
    side: OrderSide | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    exchange: str = ""


class MarketTrades(Message, frozen=True, kw_only=True):
    """The ticker endpoint: the last trades, newest first, with the quote."""

    trades: list[Trade]
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None


class BookLevel(Message, frozen=True, kw_only=True):
    price: Decimal
    size: Decimal


class PriceBook(Message, frozen=True, kw_only=True):
    product_id: str
    bids: list[BookLevel] = []
    asks: list[BookLevel] = []
    time: Timestamp | None = None


class ProductBook(Message, frozen=True, kw_only=True):
    pricebook: PriceBook
    last: Decimal | None = None
    mid_market: Decimal | None = None
    spread_bps: Decimal | None = None
    spread_absolute: Decimal | None = None


class BestBidAsk(Message, frozen=True, kw_only=True):
    pricebooks: list[PriceBook]


class ServerTime(Message, frozen=True, kw_only=True):
    iso: Timestamp
    epoch_seconds: int | None = msgspec.field(default=None, name="epochSeconds")
    epoch_millis: int | None = msgspec.field(default=None, name="epochMillis")
