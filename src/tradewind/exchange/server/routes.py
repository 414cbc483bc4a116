"""The table of everything the exchange answers by REST."""

from tradewind.exchange.server import rest_accounts as accounts
from tradewind.exchange.server import rest_futures as futures
from tradewind.exchange.server import rest_international as international
from tradewind.exchange.server import rest_market as market
from tradewind.exchange.server import rest_orders as orders
from tradewind.exchange.server import rest_portfolios as portfolios
from tradewind.exchange.server import rest_simple as older
from tradewind.exchange.server.app import Answering
from tradewind.exchange.server.routing import Needs, Route, Router

API = "/api/v3/brokerage"
PUBLIC, VIEW, TRADE, TRANSFER = Needs.PUBLIC, Needs.VIEW, Needs.TRADE, Needs.TRANSFER

TABLE: tuple[tuple[str, str, Needs, Answering], ...] = (
    ("GET", "/time", PUBLIC, market.server_time),
    ("GET", "/market/products", PUBLIC, market.list_products),
    ("GET", "/market/products/{product_id}", PUBLIC, market.get_product),
    ("GET", "/market/products/{product_id}/candles", PUBLIC, market.product_candles),
    ("GET", "/market/products/{product_id}/ticker", PUBLIC, market.market_trades),
    ("GET", "/market/product_book", PUBLIC, market.product_book),
    ("GET", "/products", VIEW, market.list_products),
    ("GET", "/products/{product_id}", VIEW, market.get_product),
    ("GET", "/products/{product_id}/candles", VIEW, market.product_candles),
    ("GET", "/products/{product_id}/ticker", VIEW, market.market_trades),
    ("GET", "/product_book", VIEW, market.product_book),
    ("GET", "/best_bid_ask", VIEW, market.best_bid_ask),
    ("GET", "/accounts", VIEW, accounts.list_accounts),
    ("GET", "/accounts/{account_uuid}", VIEW, accounts.get_account),
    ("GET", "/transaction_summary", VIEW, accounts.transaction_summary),
    ("GET", "/key_permissions", VIEW, accounts.key_permissions),
    ("GET", "/payment_methods", VIEW, accounts.list_payment_methods),
    ("GET", "/payment_methods/{payment_method_id}", VIEW, accounts.get_payment_method),
    ("POST", "/orders", TRADE, orders.create_order),
    ("POST", "/orders/preview", VIEW, orders.preview_order),
    ("POST", "/orders/edit", TRADE, orders.edit_order),
    ("POST", "/orders/edit_preview", VIEW, orders.preview_edit),
    ("POST", "/orders/batch_cancel", TRADE, orders.cancel_orders),
    ("POST", "/orders/close_position", TRADE, orders.close_position),
    ("GET", "/orders/historical/batch", VIEW, orders.list_orders),
    ("GET", "/orders/historical/fills", VIEW, orders.list_fills),
    ("GET", "/orders/historical/{order_id}", VIEW, orders.get_order),
    ("GET", "/portfolios", VIEW, portfolios.list_portfolios),
    ("POST", "/portfolios", TRADE, portfolios.create_portfolio),
    ("POST", "/portfolios/move_funds", TRANSFER, portfolios.move_funds),
    ("GET", "/portfolios/{portfolio_uuid}", VIEW, portfolios.portfolio_breakdown),
    ("PUT", "/portfolios/{portfolio_uuid}", TRADE, portfolios.rename_portfolio),
    ("DELETE", "/portfolios/{portfolio_uuid}", TRADE, portfolios.delete_portfolio),
    ("POST", "/convert/quote", TRADE, portfolios.convert_quote),
    ("GET", "/convert/trade/{trade_id}", VIEW, portfolios.get_conversion),
    ("POST", "/convert/trade/{trade_id}", TRADE, portfolios.convert_commit),
    ("GET", "/cfm/balance_summary", VIEW, futures.balance_summary),
    ("GET", "/cfm/positions", VIEW, futures.list_positions),
    ("GET", "/cfm/positions/{product_id}", VIEW, futures.get_position),
    ("GET", "/cfm/sweeps", VIEW, futures.list_sweeps),
    ("POST", "/cfm/sweeps/schedule", TRANSFER, futures.schedule_sweep),
    ("DELETE", "/cfm/sweeps", TRANSFER, futures.cancel_sweep),
    ("GET", "/cfm/intraday/margin_setting", VIEW, futures.get_margin_setting),
    ("POST", "/cfm/intraday/margin_setting", TRADE, futures.set_margin_setting),
    ("GET", "/cfm/intraday/current_margin_window", VIEW, futures.current_margin_window),
    ("GET", "/intx/portfolio/{portfolio_uuid}", VIEW, international.intx_portfolio),
    ("GET", "/intx/positions/{portfolio_uuid}", VIEW, international.intx_positions),
    ("GET", "/intx/positions/{portfolio_uuid}/{symbol}", VIEW, international.intx_position),
    ("GET", "/intx/balances/{portfolio_uuid}", VIEW, international.intx_balances),
    ("POST", "/intx/allocate", TRANSFER, international.intx_allocate),
    ("POST", "/intx/multi_asset_collateral", TRADE, international.intx_collateral),
)
OLDER: tuple[tuple[str, Needs, Answering], ...] = (
    ("/v2/time", PUBLIC, older.older_time),
    ("/v2/currencies", PUBLIC, older.fiat_currencies),
    ("/v2/currencies/crypto", PUBLIC, older.crypto_currencies),
    ("/v2/exchange-rates", PUBLIC, older.exchange_rates),
    ("/v2/accounts", VIEW, older.older_accounts),
)


def router() -> Router[Answering]:
    """Return the table, ready to be asked."""
    routes = [Route(method, API + path, needs, answer) for method, path, needs, answer in TABLE]
    routes += [Route("GET", path, needs, answer) for path, needs, answer in OLDER]
    return Router(routes)
