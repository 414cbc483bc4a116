"""Every endpoint of Advanced Trade's REST interface: its builder, and the type of its answer.

The table is what `docs/venues/coinbase.md` shows. Deposits and withdrawals are not in it, and not in any builder.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tradewind.venues.coinbase import requests as made
from tradewind.venues.coinbase.requests import Request
from tradewind.venues.coinbase.wire import accounts, converting, futures, orders, products


class Endpoint(msgspec.Struct, frozen=True):
    """One documented endpoint. `public` says that it can be asked without a key, at the path given or under /market."""

    family: str
    name: str
    method: str
    path: str
    build: Callable[..., Request]
    answer: type[Any]
    public: bool = False


def _table() -> tuple[Endpoint, ...]:
    market = (
        ("Get server time", "GET", "/time", made.server_time, products.ServerTime, True),
        ("List products", "GET", "/products", made.list_products, products.ListProducts, True),
        ("Get product", "GET", "/products/{product_id}", made.get_product, products.Product, True),
        ("Get product book", "GET", "/product_book", made.product_book, products.ProductBook, True),
        ("Get candles", "GET", "/products/{product_id}/candles", made.product_candles, products.ListCandles, True),
        ("Get market trades", "GET", "/products/{product_id}/ticker", made.market_trades, products.MarketTrades, True),
        ("Get best bid and ask", "GET", "/best_bid_ask", made.best_bid_ask, products.BestBidAsk, False),
    )
    private = {
        "Orders": (
            ("Create order", "POST", "/orders", made.create_order, orders.CreateOrder),
            ("Preview order", "POST", "/orders/preview", made.preview_order, orders.PreviewOrder),
            ("Edit order", "POST", "/orders/edit", made.edit_order, orders.EditOrder),
            ("Preview edit", "POST", "/orders/edit_preview", made.preview_edit, orders.EditPreview),
            ("Cancel orders", "POST", "/orders/batch_cancel", made.cancel_orders, orders.CancelOrders),
            ("Close position", "POST", "/orders/close_position", made.close_position, orders.CreateOrder),
            ("List orders", "GET", "/orders/historical/batch", made.list_orders, orders.ListOrders),
            ("List fills", "GET", "/orders/historical/fills", made.list_fills, orders.ListFills),
            ("Get order", "GET", "/orders/historical/{order_id}", made.get_order, orders.GetOrder),
        ),
        "Accounts": (
            ("List accounts", "GET", "/accounts", made.list_accounts, accounts.ListAccounts),
            ("Get account", "GET", "/accounts/{account_id}", made.get_account, accounts.GetAccount),
            (
                "Transaction summary",
                "GET",
                "/transaction_summary",
                made.transaction_summary,
                accounts.TransactionSummary,
            ),
            ("Key permissions", "GET", "/key_permissions", made.key_permissions, accounts.KeyPermissions),
            ("List payment methods", "GET", "/payment_methods", made.list_payment_methods, accounts.ListPaymentMethods),
            (
                "Get payment method",
                "GET",
                "/payment_methods/{payment_method_id}",
                made.get_payment_method,
                accounts.OnePaymentMethod,
            ),
        ),
        "Portfolios": (
            ("List portfolios", "GET", "/portfolios", made.list_portfolios, accounts.ListPortfolios),
            ("Create portfolio", "POST", "/portfolios", made.create_portfolio, accounts.OnePortfolio),
            (
                "Portfolio breakdown",
                "GET",
                "/portfolios/{portfolio_id}",
                made.portfolio_breakdown,
                accounts.PortfolioBreakdown,
            ),
            ("Edit portfolio", "PUT", "/portfolios/{portfolio_id}", made.edit_portfolio, accounts.OnePortfolio),
            ("Delete portfolio", "DELETE", "/portfolios/{portfolio_id}", made.delete_portfolio, accounts.Empty),
            ("Move funds", "POST", "/portfolios/move_funds", made.move_funds, accounts.MoveFunds),
        ),
        "Convert": (
            ("Create convert quote", "POST", "/convert/quote", made.convert_quote, converting.Convert),
            ("Commit convert trade", "POST", "/convert/trade/{trade_id}", made.commit_convert, converting.Convert),
            ("Get convert trade", "GET", "/convert/trade/{trade_id}", made.get_convert, converting.Convert),
        ),
        "Futures": (
            ("Balance summary", "GET", "/cfm/balance_summary", made.futures_balance_summary, futures.BalanceSummary),
            ("List positions", "GET", "/cfm/positions", made.list_futures_positions, futures.CfmPositions),
            ("Get position", "GET", "/cfm/positions/{product_id}", made.get_futures_position, futures.OneCfmPosition),
            ("List sweeps", "GET", "/cfm/sweeps", made.list_sweeps, futures.Sweeps),
            ("Schedule sweep", "POST", "/cfm/sweeps/schedule", made.schedule_sweep, accounts.Succeeded),
            ("Cancel sweep", "DELETE", "/cfm/sweeps", made.cancel_sweep, accounts.Succeeded),
            (
                "Intraday margin setting",
                "GET",
                "/cfm/intraday/margin_setting",
                made.intraday_margin_setting,
                futures.IntradayMarginSetting,
            ),
            (
                "Set intraday margin setting",
                "POST",
                "/cfm/intraday/margin_setting",
                made.set_intraday_margin_setting,
                accounts.Empty,
            ),
            (
                "Current margin window",
                "GET",
                "/cfm/intraday/current_margin_window",
                made.current_margin_window,
                futures.CurrentMarginWindow,
            ),
        ),
        "Perpetuals": (
            ("Allocate portfolio", "POST", "/intx/allocate", made.allocate_portfolio, accounts.Empty),
            (
                "Portfolio summary",
                "GET",
                "/intx/portfolio/{portfolio_id}",
                made.perpetuals_portfolio,
                futures.PerpetualSummary,
            ),
            (
                "List positions",
                "GET",
                "/intx/positions/{portfolio_id}",
                made.list_perpetuals_positions,
                futures.PerpetualPositions,
            ),
            (
                "Get position",
                "GET",
                "/intx/positions/{portfolio_id}/{symbol}",
                made.get_perpetuals_position,
                futures.OnePerpetualPosition,
            ),
            (
                "Portfolio balances",
                "GET",
                "/intx/balances/{portfolio_id}",
                made.perpetuals_balances,
                futures.ListPerpetualBalances,
            ),
            (
                "Multi-asset collateral",
                "POST",
                "/intx/multi_asset_collateral",
                made.set_multi_asset_collateral,
                futures.CrossCollateral,
            ),
        ),
    }
    rows = [Endpoint("Market data", *row) for row in market]
    rows += [Endpoint(family, *row) for family, these in private.items() for row in these]
    return tuple(rows)


ENDPOINTS = _table()
BY_NAME: Mapping[tuple[str, str], Endpoint] = {(each.family, each.name): each for each in ENDPOINTS}
