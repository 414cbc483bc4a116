"""What really is: every account's money, orders and fills, for those who hold a client's view against it."""

from tradewind.exchange.core.views import OrderView
from tradewind.exchange.server.order_shapes import rest_order
from tradewind.exchange.server.texts import Json, plain
from tradewind.exchange.server.venue import Venue


def truth(venue: Venue) -> Json:
    """Return every account's truth, by account id."""
    return {"accounts": {account: account_truth(venue, account) for account in venue.portfolios}}


def account_truth(venue: Venue, account: str) -> Json:
    """Return one account: balances, positions, orders and fills with the client ids they belong to.

    Numbers are texts and exact. `repeated_client_ids` names client ids that came with more than one order.
    """
    exchange, portfolio = venue.exchange, venue.portfolios[account]
    orders = exchange.orders(account)
    return {
        "account": account,
        "name": portfolio.name,
        "user": portfolio.user,
        "volume_30d": plain(exchange.volume_30d(account)),
        "balances": {
            balance.currency: {
                "total": plain(balance.total),
                "available": plain(balance.available),
                "hold": plain(balance.hold),
            }
            for balance in exchange.balances(account)
        },
        "positions": {
            held.product_id: {
                "quantity": plain(held.quantity),
                "average_price": plain(held.average_price),
                "realised": plain(held.realised),
                "unrealised": plain(held.unrealised),
                "funding": plain(held.funding),
            }
            for held in exchange.positions(account)
        },
        "orders": [rest_order(order, venue.listings[order.product_id], portfolio.user) for order in orders],
        "fills": [
            {
                "trade_id": fill.trade_id,
                "order_id": fill.order_id,
                "client_order_id": fill.client_order_id,
                "product_id": fill.product_id,
                "side": fill.side.name,
                "price": plain(fill.price),
                "size": plain(fill.size),
                "commission": plain(fill.commission),
                "liquidity": fill.liquidity.value,
                "ts_ns": fill.ts_ns,
            }
            for fill in exchange.fills(account)
        ],
        "repeated_client_ids": _repeated(orders),
    }


def _repeated(orders: list[OrderView]) -> list[str]:
    seen: set[str] = set()
    twice: set[str] = set()
    for order in orders:
        if order.client_order_id:
            (twice if order.client_order_id in seen else seen).add(order.client_order_id)
    return sorted(twice)
