"""Futures: the US contracts (CFM) with their margin windows and sweeps, and the international perpetuals (INTX)."""

from decimal import Decimal

from tradewind.venues.coinbase.wire.values import Amount, Message, Money, Timestamp
from tradewind.venues.coinbase.wire.words import MarginType, PositionSide


class MarginWindowMeasure(Message, frozen=True, kw_only=True):
    margin_window_type: str = ""
    margin_level: str = ""
    initial_margin: Amount = None
    maintenance_margin: Amount = None
    liquidation_buffer: Amount = None
    liquidation_buffer_percentage: Decimal | None = None
    total_hold: Amount = None
    total_hold_amount: Amount = None
    futures_buying_power: Amount = None


class FuturesBalances(Message, frozen=True, kw_only=True):
    """The account's margin. REST wraps each number with its currency, the stream writes it bare."""

    futures_buying_power: Amount = None
    total_usd_balance: Amount = None
    cbi_usd_balance: Amount = None
    cfm_usd_balance: Amount = None
    total_open_orders_hold_amount: Amount = None
    unrealized_pnl: Amount = None
    daily_realized_pnl: Amount = None
    initial_margin: Amount = None
    available_margin: Amount = None
    liquidation_threshold: Amount = None
    liquidation_buffer_amount: Amount = None
    liquidation_buffer_percentage: Decimal | None = None
    intraday_margin_window_measure: MarginWindowMeasure | None = None
    overnight_margin_window_measure: MarginWindowMeasure | None = None
    total_pending_transfers_amount: Amount = None
    funding_pnl: Amount = None


class BalanceSummary(Message, frozen=True, kw_only=True):
    """An account without futures may have none."""

    balance_summary: FuturesBalances | None = None


class CfmPosition(Message, frozen=True, kw_only=True):
    """A position in whole contracts; `side` carries the sign. Prices come bare or wrapped."""

    product_id: str
    side: PositionSide
    number_of_contracts: Decimal
    expiration_time: Timestamp | None = None
    current_price: Amount = None
    avg_entry_price: Amount = None
    unrealized_pnl: Amount = None
    daily_realized_pnl: Amount = None
    total_fees: Amount = None
    contract_size: Decimal | None = None
    entry_vwap: Amount = None
    liquidation_price: Amount = None
    leverage: Decimal | None = None
    im_contribution: Amount = None
    mm_contribution: Amount = None
    position_notional: Amount = None
    funding_pnl: Amount = None
    margin_type: MarginType | None = None


class CfmPositions(Message, frozen=True, kw_only=True):
    positions: list[CfmPosition]


class OneCfmPosition(Message, frozen=True, kw_only=True):
    position: CfmPosition | None = None


class Sweep(Message, frozen=True, kw_only=True):
    """Money on its way from the futures to the spot wallet."""

    id: str
    requested_amount: Money | None = None
    should_sweep_all: bool | None = None
    status: str = ""
    scheduled_time: Timestamp | None = None
    schedule_time: Timestamp | None = None


class Sweeps(Message, frozen=True, kw_only=True):
    sweeps: list[Sweep]


class IntradayMarginSetting(Message, frozen=True, kw_only=True):
    setting: str


class MarginWindow(Message, frozen=True, kw_only=True):
    margin_window_type: str = ""
    end_time: Timestamp | None = None


class CurrentMarginWindow(Message, frozen=True, kw_only=True):
    margin_window: MarginWindow | None = None
    is_intraday_margin_killswitch_enabled: bool | None = None
    is_intraday_margin_enrollment_killswitch_enabled: bool | None = None


# -- international perpetuals ----------------------------------------------------------------------------------------


class PerpetualPortfolio(Message, frozen=True, kw_only=True):
    portfolio_uuid: str = ""
    collateral: Amount = None
    position_notional: Amount = None
    open_position_notional: Amount = None
    pending_fees: Amount = None
    borrow: Amount = None
    accrued_interest: Amount = None
    rolling_debt: Amount = None
    portfolio_initial_margin: Amount = None
    portfolio_im_notional: Amount = None
    portfolio_maintenance_margin: Amount = None
    portfolio_mm_notional: Amount = None
    liquidation_percentage: Decimal | None = None
    liquidation_buffer: Amount = None
    margin_type: MarginType | None = None
    margin_flags: str = ""
    liquidation_status: str = ""
    unrealized_pnl: Amount = None
    buying_power: Amount = None
    total_balance: Amount = None
    max_withdrawal: Amount = None


class PerpetualTotals(Message, frozen=True, kw_only=True):
    unrealized_pnl: Amount = None
    buying_power: Amount = None
    total_balance: Amount = None
    max_withdrawal_amount: Amount = None
    maximum_withdrawal_amount: Amount = None


class PerpetualSummary(Message, frozen=True, kw_only=True):
    portfolios: list[PerpetualPortfolio] = []
    summary: PerpetualTotals | None = None


class PerpetualFigures(Message, frozen=True, kw_only=True):
    """What every answer says of a perpetual position, whichever of them names it and its size for certain."""

    product_uuid: str = ""
    symbol: str = ""
    vwap: Amount = None
    entry_vwap: Amount = None
    position_side: PositionSide | None = None
    margin_type: MarginType | None = None
    buy_order_size: Decimal | None = None
    sell_order_size: Decimal | None = None
    im_contribution: Decimal | None = None
    unrealized_pnl: Amount = None
    mark_price: Amount = None
    liquidation_price: Amount = None
    leverage: Decimal | None = None
    im_notional: Amount = None
    mm_notional: Amount = None
    position_notional: Amount = None
    liquidation_buffer: Decimal | None = None
    liquidation_percentage: Decimal | None = None


class PerpetualPosition(PerpetualFigures, frozen=True, kw_only=True):
    """A perpetual position; `net_size` is signed."""

    product_id: str
    net_size: Decimal
    portfolio_uuid: str = ""
    aggregated_pnl: Amount = None
    portfolio_summary: PerpetualPortfolio | None = None


class PositionTotals(Message, frozen=True, kw_only=True):
    aggregated_pnl: Amount = None


class PerpetualPositions(Message, frozen=True, kw_only=True):
    positions: list[PerpetualPosition]
    summary: PositionTotals | None = None


class OnePerpetualPosition(Message, frozen=True, kw_only=True):
    position: PerpetualPosition


class CollateralAsset(Message, frozen=True, kw_only=True):
    asset_id: str = ""
    asset_uuid: str = ""
    asset_name: str = ""
    status: str = ""
    collateral_weight: Decimal | None = None
    account_collateral_limit: Decimal | None = None
    ecosystem_collateral_limit_breached: bool | None = None
    asset_icon_url: str = ""
    supported_networks_enabled: bool | None = None


class CollateralBalance(Message, frozen=True, kw_only=True):
    asset: CollateralAsset | None = None
    quantity: Decimal | None = None
    hold: Decimal | None = None
    transfer_hold: Decimal | None = None
    collateral_value: Decimal | None = None
    collateral_weight: Decimal | None = None
    max_withdraw_amount: Decimal | None = None
    loan: Decimal | None = None
    loan_collateral_requirement_usd: Decimal | None = None
    pledged_quantity: Decimal | None = None
    max_portfolio_transfer_amount: Decimal | None = None


class PerpetualBalances(Message, frozen=True, kw_only=True):
    portfolio_uuid: str
    balances: list[CollateralBalance] = []
    is_margin_limit_reached: bool | None = None


class ListPerpetualBalances(Message, frozen=True, kw_only=True):
    """One portfolio's balances come in a list or by themselves."""

    portfolio_balances: list[PerpetualBalances] | PerpetualBalances


class CrossCollateral(Message, frozen=True, kw_only=True):
    cross_collateral_enabled: bool


class Allocated(Message, frozen=True, kw_only=True):
    allocated: bool
