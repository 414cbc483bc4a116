"""Every endpoint of Advanced Trade's REST interface: its builder, and the type of its answer.

The table is what `docs/venues/coinbase.md` shows. Deposits and withdrawals are not in it, and not in any builder.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from tradewind.venues.coinbase import requests as made
from tradewind.venues.coinbase.requests import Request
from tradewind.venues.coinbase.wire.accounts import (
    Empty,
    GetAccount,
    KeyPermissions,
    ListAccounts,
    ListPaymentMethods,
    ListPortfolios,
    MoveFunds,
    OnePaymentMethod,
    OnePortfolio,
    PortfolioBreakdown,
    Succeeded,
    TransactionSummary,
)
from tradewind.venues.coinbase.wire.converting import Convert
from tradewind.venues.coinbase.wire.futures import (
    BalanceSummary,
    CfmPositions,
    CrossCollateral,
    CurrentMarginWindow,
    IntradayMarginSetting,
    ListPerpetualBalances,
    OneCfmPosition,
    OnePerpetualPosition,
    PerpetualPositions,
    PerpetualSummary,
    Sweeps,
)
from tradewind.venues.coinbase.wire.orders import (
    CancelOrders,
    CreateOrder,
    EditOrder,
    EditPreview,
    GetOrder,
    ListFills,
    ListOrders,
    PreviewOrder,
)
from tradewind.venues.coinbase.wire.products import (
    BestBidAsk,
    ListCandles,
    ListProducts,
    MarketTrades,
    Product,
    ProductBook,
    ServerTime,
)

Rows = tuple[tuple[str, str, Callable[..., Request], type[Any]], ...]
"""Name, method and path, builder, answer."""


class Endpoint(msgspec.Struct, frozen=True):
    """One documented endpoint. `public` says that it can be asked without a key, at the path given or under /market."""

    family: str
    name: str
    method: str
    path: str
    build: Callable[..., Request]
    answer: type[Any]
    public: bool = False


PUBLIC: Rows = (
    ("Get server time", "GET /time", made.server_time, ServerTime),
    ("List products", "GET /products", made.list_products, ListProducts),
    ("Get product", "GET /products/{product_id}", made.get_product, Product),
    ("Get product book", "GET /product_book", made.product_book, ProductBook),
    ("Get candles", "GET /products/{product_id}/candles", made.product_candles, ListCandles),
    ("Get market trades", "GET /products/{product_id}/ticker", made.market_trades, MarketTrades),
)
QUOTES: Rows = (("Get best bid and ask", "GET /best_bid_ask", made.best_bid_ask, BestBidAsk),)
ORDERS: Rows = (
    ("Create order", "POST /orders", made.create_order, CreateOrder),
    ("Preview order", "POST /orders/preview", made.preview_order, PreviewOrder),
    ("Edit order", "POST /orders/edit", made.edit_order, EditOrder),
    ("Preview edit", "POST /orders/edit_preview", made.preview_edit, EditPreview),
    ("Cancel orders", "POST /orders/batch_cancel", made.cancel_orders, CancelOrders),
    ("Close position", "POST /orders/close_position", made.close_position, CreateOrder),
    ("List orders", "GET /orders/historical/batch", made.list_orders, ListOrders),
    ("List fills", "GET /orders/historical/fills", made.list_fills, ListFills),
    ("Get order", "GET /orders/historical/{order_id}", made.get_order, GetOrder),
)
ACCOUNTS: Rows = (
    ("List accounts", "GET /accounts", made.list_accounts, ListAccounts),
    ("Get account", "GET /accounts/{account_id}", made.get_account, GetAccount),
    ("Transaction summary", "GET /transaction_summary", made.transaction_summary, TransactionSummary),
    ("Key permissions", "GET /key_permissions", made.key_permissions, KeyPermissions),
    ("List payment methods", "GET /payment_methods", made.list_payment_methods, ListPaymentMethods),
    ("Get payment method", "GET /payment_methods/{payment_method_id}", made.get_payment_method, OnePaymentMethod),
)
PORTFOLIOS: Rows = (
    ("List portfolios", "GET /portfolios", made.list_portfolios, ListPortfolios),
    ("Create portfolio", "POST /portfolios", made.create_portfolio, OnePortfolio),
    ("Portfolio breakdown", "GET /portfolios/{portfolio_id}", made.portfolio_breakdown, PortfolioBreakdown),
    ("Edit portfolio", "PUT /portfolios/{portfolio_id}", made.edit_portfolio, OnePortfolio),
    ("Delete portfolio", "DELETE /portfolios/{portfolio_id}", made.delete_portfolio, Empty),
    ("Move funds", "POST /portfolios/move_funds", made.move_funds, MoveFunds),
)
CONVERT: Rows = (
    ("Create convert quote", "POST /convert/quote", made.convert_quote, Convert),
    ("Commit convert trade", "POST /convert/trade/{trade_id}", made.commit_convert, Convert),
    ("Get convert trade", "GET /convert/trade/{trade_id}", made.get_convert, Convert),
)
FUTURES: Rows = (
    ("Balance summary", "GET /cfm/balance_summary", made.futures_balance_summary, BalanceSummary),
    ("List positions", "GET /cfm/positions", made.list_futures_positions, CfmPositions),
    ("Get position", "GET /cfm/positions/{product_id}", made.get_futures_position, OneCfmPosition),
    ("List sweeps", "GET /cfm/sweeps", made.list_sweeps, Sweeps),
    ("Schedule sweep", "POST /cfm/sweeps/schedule", made.schedule_sweep, Succeeded),
    ("Cancel sweep", "DELETE /cfm/sweeps", made.cancel_sweep, Succeeded),
    (
        "Intraday margin setting",
        "GET /cfm/intraday/margin_setting",
        made.intraday_margin_setting,
        IntradayMarginSetting,
    ),
    ("Set intraday margin setting", "POST /cfm/intraday/margin_setting", made.set_intraday_margin_setting, Empty),
    (
        "Current margin window",
        "GET /cfm/intraday/current_margin_window",
        made.current_margin_window,
        CurrentMarginWindow,
    ),
)
PERPETUALS: Rows = (
    ("Allocate portfolio", "POST /intx/allocate", made.allocate_portfolio, Empty),
    ("Portfolio summary", "GET /intx/portfolio/{portfolio_id}", made.perpetuals_portfolio, PerpetualSummary),
    ("List positions", "GET /intx/positions/{portfolio_id}", made.list_perpetuals_positions, PerpetualPositions),
    ("Get position", "GET /intx/positions/{portfolio_id}/{symbol}", made.get_perpetuals_position, OnePerpetualPosition),
    ("Portfolio balances", "GET /intx/balances/{portfolio_id}", made.perpetuals_balances, ListPerpetualBalances),
    ("Multi-asset collateral", "POST /intx/multi_asset_collateral", made.set_multi_asset_collateral, CrossCollateral),
)


def _family(family: str, rows: Rows, *, public: bool = False) -> list[Endpoint]:
    found = []
    for name, route, build, answer in rows:
        method, _, path = route.partition(" ")
        found.append(Endpoint(family, name, method, path, build, answer, public=public))
    return found


ENDPOINTS = (
    *_family("Market data", PUBLIC, public=True),
    *_family("Market data", QUOTES),
    *_family("Orders", ORDERS),
    *_family("Accounts", ACCOUNTS),
    *_family("Portfolios", PORTFOLIOS),
    *_family("Convert", CONVERT),
    *_family("Futures", FUTURES),
    *_family("Perpetuals", PERPETUALS),
)
