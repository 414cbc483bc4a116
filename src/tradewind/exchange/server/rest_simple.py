"""The few answers of the older API (`/v2`) that clients ask for on their way: the time, currencies, rates, accounts."""

from tradewind.exchange.server.asking import Ask
from tradewind.exchange.server.listing import FIAT, NAMES
from tradewind.exchange.server.rest_accounts import account_uuid, balances, price_in_dollars
from tradewind.exchange.server.texts import SECOND_NS, Json, iso_seconds, plain
from tradewind.exchange.server.venue import Venue


def older_time(venue: Venue, ask: Ask) -> Json:
    now_ns = venue.told_ns()
    return {"data": {"iso": iso_seconds(now_ns), "epoch": now_ns // SECOND_NS}}


def fiat_currencies(venue: Venue, ask: Ask) -> Json:
    return {"data": [{"id": code, "name": NAMES.get(code, code), "min_size": "0.01"} for code in sorted(FIAT)]}


def crypto_currencies(venue: Venue, ask: Ask) -> Json:
    codes = sorted(_currencies(venue) - FIAT)
    return {
        "data": [
            {
                "asset_id": code.lower(),
                "code": code,
                "name": NAMES.get(code, code),
                "color": "#0052FF",
                "sort_index": 100 + place,
                "exponent": 8,
                "type": "crypto",
                "address_regex": "",
            }
            for place, code in enumerate(codes)
        ]
    }


def older_accounts(venue: Venue, ask: Ask) -> Json:
    """Return an account a currency, with what it holds in all."""
    account, created = ask.account, iso_seconds(venue.portfolios[ask.account].created_ns)
    accounts = [
        {
            "id": account_uuid(account, balance.currency),
            "name": f"{balance.currency} Wallet",
            "primary": False,
            "type": "fiat" if balance.currency in FIAT else "wallet",
            "currency": {
                "code": balance.currency,
                "name": NAMES.get(balance.currency, balance.currency),
                "exponent": 2 if balance.currency in FIAT else 8,
                "type": "fiat" if balance.currency in FIAT else "crypto",
            },
            "balance": {"amount": plain(balance.total), "currency": balance.currency},
            "created_at": created,
            "updated_at": created,
            "resource": "account",
            "resource_path": f"/v2/accounts/{account_uuid(account, balance.currency)}",
            "allow_deposits": False,
            "allow_withdrawals": False,
        }
        for balance in balances(venue, account)
    ]
    return {
        "pagination": {
            "ending_before": None,
            "starting_after": None,
            "previous_ending_before": None,
            "next_starting_after": None,
            "limit": 250,
            "order": "desc",
            "previous_uri": None,
            "next_uri": None,
        },
        "data": accounts,
    }


def exchange_rates(venue: Venue, ask: Ask) -> Json:
    """Return how much of each currency a dollar buys."""
    prices = {code: price_in_dollars(venue, code) for code in sorted(_currencies(venue))}
    rates = {code: plain(round(1 / price, 16)) for code, price in prices.items() if price}
    return {"data": {"currency": "USD", "rates": rates}}


def _currencies(venue: Venue) -> set[str]:
    products = [listed.product for listed in venue.listings.values() if listed.product.is_spot]
    return {product.base for product in products} | {product.quote for product in products}
