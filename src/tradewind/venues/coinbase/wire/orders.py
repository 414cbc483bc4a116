"""Orders and fills: the configuration of an order, the order as the venue keeps it, and the answers about orders."""

from decimal import Decimal

import msgspec

from tradewind.venues.coinbase.wire.values import Message, Money, Timestamp
from tradewind.venues.coinbase.wire.words import (
    LiquidityIndicator,
    MarginType,
    OrderSide,
    OrderStatus,
    OrderType,
    ProductType,
    StopDirection,
    TimeInForce,
    TradeType,
    TriggerStatus,
)

NO_SIDE = OrderSide("")  # the venue left the side empty: the message is read, and the order or fill refused where used


class Terms(Message, frozen=True, kw_only=True):
    """The terms of one order kind. Each kind uses some of them; the venue adds now and then one to all."""

    base_size: Decimal | None = None
    quote_size: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    stop_direction: StopDirection | None = None
    stop_trigger_price: Decimal | None = None
    start_time: Timestamp | None = None
    end_time: Timestamp | None = None
    post_only: bool | None = None
    reduce_only: bool | None = None
    rfq_enabled: bool | None = None
    rfq_disabled: bool | None = None
    number_buckets: int | None = None
    bucket_size: Decimal | None = None
    bucket_duration: str = ""


class ScaledTerms(Message, frozen=True, kw_only=True):
    """Many limit orders in one, between two prices."""

    orders: list[Terms] = []
    quote_size: Decimal | None = None
    base_size: Decimal | None = None
    num_orders: int | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    price_distribution: str = ""
    size_distribution: str = ""
    size_diff: Decimal | None = None
    size_ratio: Decimal | None = None


class OrderConfiguration(Message, frozen=True, kw_only=True):
    """What kind an order is, and its terms: exactly one field is set."""

    market_market_ioc: Terms | None = None
    market_market_fok: Terms | None = None
    sor_limit_ioc: Terms | None = None
    limit_limit_gtc: Terms | None = None
    limit_limit_gtd: Terms | None = None
    limit_limit_fok: Terms | None = None
    twap_limit_gtd: Terms | None = None
    stop_limit_stop_limit_gtc: Terms | None = None
    stop_limit_stop_limit_gtd: Terms | None = None
    trigger_bracket_gtc: Terms | None = None
    trigger_bracket_gtd: Terms | None = None
    scaled_limit_gtc: ScaledTerms | None = None

    def the_one(self) -> tuple[str, Terms] | None:
        """Return the kind's name and its terms; None when no kind that we place is set."""
        for name in self.__struct_fields__:
            terms = getattr(self, name)
            if isinstance(terms, Terms):
                return name, terms
        return None


class CommissionDetail(Message, frozen=True, kw_only=True):
    total_commission: Decimal | None = None
    gst_commission: Decimal | None = None
    withholding_commission: Decimal | None = None
    client_commission: Decimal | None = None
    venue_commission: Decimal | None = None
    regulatory_commission: Decimal | None = None
    clearing_commission: Decimal | None = None


class Edit(Message, frozen=True, kw_only=True):
    price: Decimal | None = None
    size: Decimal | None = None
    replace_accept_timestamp: Timestamp | None = None


class EquityDetails(Message, frozen=True, kw_only=True):
    base_cbrn: str = ""
    ticker: str = ""
    quote_id: str = ""


class OrderProductDetails(Message, frozen=True, kw_only=True):
    equity_details: EquityDetails | None = None


class Order(Message, frozen=True, kw_only=True):
    """One order with its running totals."""

    order_id: str
    product_id: str
    status: OrderStatus
    side: OrderSide = NO_SIDE
    user_id: str = ""
    order_configuration: OrderConfiguration | None = None
    client_order_id: str = ""
    time_in_force: TimeInForce | None = None
    created_time: Timestamp | None = None
    completion_percentage: Decimal | None = None
    filled_size: Decimal | None = None
    average_filled_price: Decimal | None = None
    fee: Decimal | None = None
    number_of_fills: int | None = None
    num_fills: int | None = None
    filled_value: Decimal | None = None
    pending_cancel: bool | None = None
    size_in_quote: bool | None = None
    total_fees: Decimal | None = None
    size_inclusive_of_fees: bool | None = None
    total_value_after_fees: Decimal | None = None
    trigger_status: TriggerStatus | None = None
    order_type: OrderType | None = None
    reject_reason: str = ""
    settled: bool | None = None
    product_type: ProductType | None = None
    reject_message: str = ""
    cancel_message: str = ""
    order_placement_source: str = ""
    outstanding_hold_amount: Decimal | None = None
    is_liquidation: bool | None = None
    last_fill_time: Timestamp | None = None
    edit_history: list[Edit] = []
    leverage: Decimal | None = None
    margin_type: MarginType | None = None
    retail_portfolio_id: str = ""
    originating_order_id: str = ""
    attached_order_id: str = ""
    attached_order_configuration: OrderConfiguration | None = None
    current_pending_replace: Edit | None = None
    commission_detail_total: CommissionDetail | None = None
    workable_size: Decimal | None = None
    workable_size_completion_pct: Decimal | None = None
    product_details: OrderProductDetails | None = None
    cost_basis_method: str = ""
    displayed_order_config: str = ""
    equity_trading_session: str = ""
    prediction_side: str = ""
    last_update_time: Timestamp | None = None


class GetOrder(Message, frozen=True, kw_only=True):
    order: Order


class ListOrders(Message, frozen=True, kw_only=True):
    orders: list[Order]
    sequence: int | str | None = None
    has_next: bool | None = None
    cursor: str = ""
    proof_token_required: bool | None = None


class Fill(Message, frozen=True, kw_only=True):
    """One execution with its own id."""

    entry_id: str
    trade_id: str
    order_id: str
    product_id: str
    price: Decimal
    size: Decimal
    side: OrderSide = NO_SIDE
    trade_time: Timestamp | None = None
    trade_type: TradeType | None = None
    commission: Decimal | None = None
    sequence_timestamp: Timestamp | None = None
    liquidity_indicator: LiquidityIndicator | None = None
    size_in_quote: bool | None = None
    user_id: str = ""
    retail_portfolio_id: str = ""
    fill_source: str = ""
    fill_source_spelled: str = msgspec.field(default="", name="fillSource")
    commission_detail_total: CommissionDetail | None = None


class ListFills(Message, frozen=True, kw_only=True):
    fills: list[Fill]
    cursor: str = ""
    proof_token_required: bool | None = None


# -- answers to requests ---------------------------------------------------------------------------------------------


class OrderAccepted(Message, frozen=True, kw_only=True):
    """`success_response`: the names of the order that now exists."""

    order_id: str
    product_id: str = ""
    side: OrderSide | None = None
    client_order_id: str = ""
    attached_order_id: str = ""


class OrderFailure(Message, frozen=True, kw_only=True):
    """`error_response`: why there is no order; one of the reasons is set."""

    error: str = ""
    message: str = ""
    error_details: str = ""
    preview_failure_reason: str = ""
    new_order_failure_reason: str = ""
    edit_failure_reason: str = ""


class NoReason(Message, frozen=True, kw_only=True):
    """`{}`, which the venue's documentation shows where a reason would stand."""


Reason = str | NoReason
"""Why something was not done; `reason_word` gives the word."""


def reason_word(reason: Reason) -> str:
    """Return the word of a reason, "" where the venue gives none."""
    return reason if isinstance(reason, str) else ""


class CreateOrder(Message, frozen=True, kw_only=True):
    """The answer to a new order, and to a request to close a position."""

    success: bool
    failure_reason: Reason = ""
    order_id: str = ""
    success_response: OrderAccepted | None = None
    error_response: OrderFailure | None = None
    order_configuration: OrderConfiguration | None = None


class CancelResult(Message, frozen=True, kw_only=True):
    """Whether one order will be cancelled; a result may come without the order's name, and then it is nobody's."""

    success: bool
    order_id: str = ""
    failure_reason: Reason = ""


class CancelOrders(Message, frozen=True, kw_only=True):
    """One result per order, inside an answer that is always 200."""

    results: list[CancelResult]


class EditFailure(Message, frozen=True, kw_only=True):
    edit_failure_reason: str = ""
    preview_failure_reason: str = ""


class EditOrder(Message, frozen=True, kw_only=True):
    success: bool
    errors: list[EditFailure] | EditFailure | None = None
    success_response: OrderAccepted | None = None
    error_response: OrderFailure | None = None


class EditPreview(Message, frozen=True, kw_only=True):
    errors: list[EditFailure] | EditFailure | None = None
    slippage: Decimal | None = None
    order_total: Decimal | None = None
    commission_total: Decimal | None = None
    quote_size: Decimal | None = None
    base_size: Decimal | None = None
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None
    average_filled_price: Decimal | None = None
    order_margin_total: Decimal | None = None
    commission_detail_total: CommissionDetail | None = None


class BracketProfit(Message, frozen=True, kw_only=True):
    take_profit_pnl: Decimal | None = None
    stop_loss_pnl: Decimal | None = None


class ProfitConfiguration(Message, frozen=True, kw_only=True):
    trigger_bracket_pnl: BracketProfit | None = None


class TwapBuckets(Message, frozen=True, kw_only=True):
    bucket_duration: str = ""
    bucket_size: Decimal | None = None
    number_buckets: int | None = None
    start_time: Timestamp | None = None
    end_time: Timestamp | None = None


class MarginRatio(Message, frozen=True, kw_only=True):
    current_margin_ratio: Decimal | None = None
    projected_margin_ratio: Decimal | None = None


class ScaledPart(Message, frozen=True, kw_only=True):
    size: Decimal | None = None
    price: Decimal | None = None
    errs: list[str] = []
    warning: list[str] = []


class ScaledMetadata(Message, frozen=True, kw_only=True):
    scaled_order_distribution: list[ScaledPart] = []


class ComplianceLimit(Message, frozen=True, kw_only=True):
    total_limit: Money | None = None
    remaining_limits: Money | None = None


class PreviewOrder(Message, frozen=True, kw_only=True):
    """What an order would cost, and why it would be refused (`errs`)."""

    order_total: Decimal | None = None
    commission_total: Decimal | None = None
    errs: list[str] = []
    warning: list[str] = []
    quote_size: Decimal | None = None
    base_size: Decimal | None = None
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None
    is_max: bool | None = None
    order_margin_total: Decimal | None = None
    leverage: Decimal | None = None
    long_leverage: Decimal | None = None
    short_leverage: Decimal | None = None
    slippage: Decimal | None = None
    preview_id: str = ""
    current_liquidation_buffer: Decimal | None = None
    projected_liquidation_buffer: Decimal | None = None
    max_leverage: Decimal | None = None
    pnl_configuration: ProfitConfiguration | None = None
    twap_bucket_metadata: TwapBuckets | None = None
    position_notional_limit: Decimal | None = None
    max_notional_at_requested_leverage: Decimal | None = None
    margin_ratio_data: MarginRatio | None = None
    commission_detail_total: CommissionDetail | None = None
    scaled_metadata: ScaledMetadata | None = None
    compliance_limit_data: ComplianceLimit | None = None
    est_average_filled_price: Decimal | None = None
    predicted_liquidation_price: Decimal | None = None
