"""What the user owns and may do: accounts, portfolios, fees, permissions, payment methods, and errors in words."""

from decimal import Decimal

import msgspec

from tradewind.venues.coinbase.wire.futures import PerpetualFigures
from tradewind.venues.coinbase.wire.values import Amount, Bound, Message, Money, Timestamp
from tradewind.venues.coinbase.wire.words import AccountType, PortfolioType, PositionSide


class Account(Message, frozen=True, kw_only=True):
    """One currency of a portfolio: what is free, and what orders hold."""

    uuid: str
    currency: str
    available_balance: Money
    name: str = ""
    default: bool | None = None
    active: bool | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    deleted_at: Timestamp | None = None
    type: AccountType | None = None
    ready: bool | None = None
    hold: Money | None = None
    retail_portfolio_id: str = ""
    platform: str = ""


class GetAccount(Message, frozen=True, kw_only=True):
    account: Account


class ListAccounts(Message, frozen=True, kw_only=True):
    accounts: list[Account]
    has_next: bool | None = None
    cursor: str = ""
    size: int | None = None


class Portfolio(Message, frozen=True, kw_only=True):
    uuid: str
    name: str = ""
    type: PortfolioType | None = None
    deleted: bool | None = None


class ListPortfolios(Message, frozen=True, kw_only=True):
    portfolios: list[Portfolio]


class OnePortfolio(Message, frozen=True, kw_only=True):
    """The answer to creating and to renaming a portfolio."""

    portfolio: Portfolio


class MoveFunds(Message, frozen=True, kw_only=True):
    source_portfolio_uuid: str
    target_portfolio_uuid: str


class PortfolioBalances(Message, frozen=True, kw_only=True):
    total_balance: Money | None = None
    total_futures_balance: Money | None = None
    total_cash_equivalent_balance: Money | None = None
    total_crypto_balance: Money | None = None
    total_equities_balance: Money | None = None
    futures_unrealized_pnl: Money | None = None
    perp_unrealized_pnl: Money | None = None


class SpotPosition(Message, frozen=True, kw_only=True):
    asset: str = ""
    account_uuid: str = ""
    total_balance_fiat: Decimal | None = None
    total_balance_crypto: Decimal | None = None
    available_to_trade_fiat: Decimal | None = None
    available_to_trade_crypto: Decimal | None = None
    allocation: Decimal | None = None
    one_day_change: Decimal | None = None
    cost_basis: Money | None = None
    asset_img_url: str = ""
    is_cash: bool | None = None
    average_entry_price: Money | None = None
    asset_uuid: str = ""
    unrealized_pnl: Decimal | None = None
    available_to_transfer_fiat: Decimal | None = None
    available_to_transfer_crypto: Decimal | None = None
    asset_color: str = ""
    account_type: str = ""
    funding_pnl: Decimal | None = None
    available_to_send_fiat: Decimal | None = None
    available_to_send_crypto: Decimal | None = None


class BreakdownPerpetual(PerpetualFigures, frozen=True, kw_only=True):
    product_id: str = ""
    net_size: Decimal | None = None
    asset_image_url: str = ""
    asset_color: str = ""


class BreakdownFuture(Message, frozen=True, kw_only=True):
    product_id: str = ""
    contract_size: Decimal | None = None
    side: PositionSide | None = None
    amount: Decimal | None = None
    avg_entry_price: Amount = None
    current_price: Amount = None
    unrealized_pnl: Amount = None
    expiry: Timestamp | None = None
    underlying_asset: str = ""
    asset_img_url: str = ""
    product_name: str = ""
    venue: str = ""
    notional_value: Amount = None
    asset_color: str = ""
    last_traded_at: Timestamp | None = None
    roll_date: str = ""


class Breakdown(Message, frozen=True, kw_only=True):
    portfolio: Portfolio
    portfolio_balances: PortfolioBalances | None = None
    spot_positions: list[SpotPosition] = []
    perp_positions: list[BreakdownPerpetual] = []
    futures_positions: list[BreakdownFuture] = []


class PortfolioBreakdown(Message, frozen=True, kw_only=True):
    breakdown: Breakdown


# -- fees ------------------------------------------------------------------------------------------------------------


class VolumeRange(Message, frozen=True, kw_only=True):
    volume_types: list[str] = []
    vol_from: Bound | None = None
    vol_to: Bound | None = None


class FeeTierTerms(Message, frozen=True, kw_only=True):
    """The rates that apply now; a bound without a value is open."""

    pricing_tier: str = ""
    usd_from: Bound | None = None
    usd_to: Bound | None = None
    taker_fee_rate: Decimal | None = None
    maker_fee_rate: Decimal | None = None
    aop_from: Bound | None = None
    aop_to: Bound | None = None
    perps_vol_from: Bound | None = None
    perps_vol_to: Bound | None = None
    futures_vol_from: Bound | None = None
    futures_vol_to: Bound | None = None
    volume_types_and_range: list[VolumeRange] = []


class TierProgress(Message, frozen=True, kw_only=True):
    pricing_tier: str = ""
    qualification_type: str = ""
    current_value: Decimal | None = None
    next_tier_threshold: Decimal | None = None
    current_tier: FeeTierTerms | None = None
    next_tier: FeeTierTerms | None = None


class VolumePart(Message, frozen=True, kw_only=True):
    volume_type: str = ""
    volume: Decimal | None = None


class SalesTax(Message, frozen=True, kw_only=True):
    rate: Amount = None
    type: str = ""


class TransactionSummary(Message, frozen=True, kw_only=True):
    """Volume, fees and rates. Here numbers come as JSON numbers, and sometimes as strings."""

    fee_tier: FeeTierTerms
    total_volume: Decimal | None = None
    total_fees: Decimal | None = None
    margin_rate: Amount = None
    goods_and_services_tax: SalesTax | None = None
    advanced_trade_only_volume: Decimal | None = None
    advanced_trade_only_fees: Decimal | None = None
    coinbase_pro_volume: Decimal | None = None
    coinbase_pro_fees: Decimal | None = None
    total_balance: Decimal | None = None
    has_promo_fee: bool | None = None
    volume_breakdown: list[VolumePart] = []
    has_cost_plus_commission: bool | None = None
    fee_tier_without_promotion: TierProgress | None = None


# -- rights and ways to pay ------------------------------------------------------------------------------------------


class KeyPermissions(Message, frozen=True, kw_only=True):
    """What the key may do; a missing right is a right that it has not."""

    can_view: bool = False
    can_trade: bool = False
    can_transfer: bool = False
    can_receive: bool = False
    portfolio_uuid: str = ""
    portfolio_type: PortfolioType | None = None


class PaymentMethod(Message, frozen=True, kw_only=True):
    id: str
    type: str = ""
    name: str = ""
    currency: str = ""
    verified: bool | None = None
    allow_buy: bool | None = None
    allow_sell: bool | None = None
    allow_deposit: bool | None = None
    allow_withdraw: bool | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


class ListPaymentMethods(Message, frozen=True, kw_only=True):
    payment_methods: list[PaymentMethod]


class OnePaymentMethod(Message, frozen=True, kw_only=True):
    payment_method: PaymentMethod


# -- errors ----------------------------------------------------------------------------------------------------------


class ErrorDetail(Message, frozen=True, kw_only=True):
    type_url: str = ""
    value: str = ""
    kind: str = msgspec.field(default="", name="@type")
    reason: str = ""
    domain: str = ""
    metadata: dict[str, str] = {}


class ErrorItem(Message, frozen=True, kw_only=True):
    """One of several errors, as the gateway before the API lists them."""

    id: str = ""
    message: str = ""
    url: str = ""


class ErrorAnswer(Message, frozen=True, kw_only=True):
    """What the venue says when it answers with an error and in JSON."""

    error: str = ""
    code: int | str | None = None
    message: str = ""
    error_details: str = ""
    error_description: str = ""
    details: list[ErrorDetail] = []
    errors: list[ErrorItem] = []
    preview_failure_reason: str = ""
    new_order_failure_reason: str = ""


class ErrorText(Message, frozen=True, kw_only=True):
    """What the venue says when it answers with an error in plain text, as HTTP 401 does."""

    text: str


class Empty(Message, frozen=True, kw_only=True):
    """An answer without fields: it is done."""


class Succeeded(Message, frozen=True, kw_only=True):
    """An answer that only says whether it was done."""

    success: bool
