"""Converting one currency into another at par (USD and USDC, EUR and EURC): a quote, its commit, and its state."""

from decimal import Decimal

from tradewind.venues.coinbase.wire.values import Message, Money


class Link(Message, frozen=True, kw_only=True):
    text: str = ""
    url: str = ""


class Disclosure(Message, frozen=True, kw_only=True):
    title: str = ""
    description: str = ""
    link: Link | None = None


class WaivedFee(Message, frozen=True, kw_only=True):
    amount: Money | None = None
    source: str = ""


class NetBurn(Message, frozen=True, kw_only=True):
    threshold: Money | None = None
    netburn_value: Money | None = None


class FeeMetadata(Message, frozen=True, kw_only=True):
    netburn: NetBurn | None = None


class ConvertFee(Message, frozen=True, kw_only=True):
    title: str = ""
    description: str = ""
    amount: Money | None = None
    label: str = ""
    disclosure: Disclosure | None = None
    waived_details: WaivedFee | None = None
    metadata: FeeMetadata | None = None


class LedgerOwner(Message, frozen=True, kw_only=True):
    id: str = ""
    uuid: str = ""
    user_uuid: str = ""
    type: str = ""


class LedgerAccount(Message, frozen=True, kw_only=True):
    account_id: str = ""
    currency: str = ""
    owner: LedgerOwner | None = None
    account_uuid: str = ""
    account_name: str = ""


class ConvertEnd(Message, frozen=True, kw_only=True):
    """Where the money comes from or goes to: always a ledger account of the same user here."""

    type: str = ""
    network: str = ""
    payment_method_id: str = ""
    payment_method_type_string: str = ""
    ledger_account: LedgerAccount | None = None


class ScaledPrice(Message, frozen=True, kw_only=True):
    amount: Money | None = None
    scale: int | None = None


class UnitPrice(Message, frozen=True, kw_only=True):
    target_to_fiat: ScaledPrice | None = None
    target_to_source: ScaledPrice | None = None
    source_to_fiat: ScaledPrice | None = None


class WarningContext(Message, frozen=True, kw_only=True):
    details: list[str] = []
    title: str = ""
    link_text: str = ""


class Caution(Message, frozen=True, kw_only=True):
    id: str = ""
    link: Link | None = None
    context: WarningContext | None = None
    code: str = ""
    message: str = ""


class CancellationMetadata(Message, frozen=True, kw_only=True):
    limit_amount: Money | None = None
    suggested_pm_uuid: str = ""
    suggested_pm_obfuscated_name: str = ""
    suggested_pm_category: str = ""


class CancellationReason(Message, frozen=True, kw_only=True):
    message: str = ""
    code: str = ""
    error_code: str = ""
    error_cta: str = ""
    error_metadata: CancellationMetadata | None = None
    title: str = ""


class SubscriptionInfo(Message, frozen=True, kw_only=True):
    free_trading_reset_date: str = ""
    used_zero_fee_trading: Money | None = None
    remaining_free_trading_volume: Money | None = None
    max_free_trading_volume: Money | None = None
    has_benefit_cap: bool | None = None
    applied_subscription_benefit: bool | None = None
    fee_without_subscription_benefit: Money | None = None
    payment_method_fee_without_subscription_benefit: Money | None = None


class TaxDetail(Message, frozen=True, kw_only=True):
    name: str = ""
    amount: Money | None = None


class Incentive(Message, frozen=True, kw_only=True):
    applied_incentive: bool | None = None
    user_incentive_id: str = ""
    code_val: str = ""
    ends_at: str = ""
    fee_without_incentive: Money | None = None
    redeemed: bool | None = None


class ConvertTrade(Message, frozen=True, kw_only=True):
    id: str
    status: str = ""
    user_entered_amount: Money | None = None
    amount: Money | None = None
    subtotal: Money | None = None
    total: Money | None = None
    fees: list[ConvertFee] = []
    total_fee: ConvertFee | None = None
    source: ConvertEnd | None = None
    target: ConvertEnd | None = None
    unit_price: UnitPrice | None = None
    user_warnings: list[Caution] = []
    user_reference: str = ""
    source_currency: str = ""
    target_currency: str = ""
    cancellation_reason: CancellationReason | None = None
    source_id: str = ""
    target_id: str = ""
    subscription_info: SubscriptionInfo | None = None
    exchange_rate: Money | Decimal | None = None
    tax_details: list[TaxDetail] = []
    trade_incentive_info: Incentive | None = None
    total_fee_without_tax: ConvertFee | None = None
    fiat_denoted_total: Money | None = None


class Convert(Message, frozen=True, kw_only=True):
    """The answer to a quote, a commit and a look."""

    trade: ConvertTrade
