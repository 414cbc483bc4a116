"""The few answers of the older API (`/v2`) that clients ask for on their way: the time, currencies, rates."""

from tradewind.exchange.server.asking import Ask
from tradewind.exchange.server.listing import FIAT, NAMES
from tradewind.exchange.server.rest_accounts import price_in_dollars
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


def exchange_rates(venue: Venue, ask: Ask) -> Json:
    """Return how much of each currency a dollar buys."""
    prices = {code: price_in_dollars(venue, code) for code in sorted(_currencies(venue))}
    rates = {code: plain(round(1 / price, 16)) for code, price in prices.items() if price}
    return {"data": {"currency": "USD", "rates": rates}}


def _currencies(venue: Venue) -> set[str]:
    products = [listed.product for listed in venue.listings.values() if listed.product.is_spot]
    return {product.base for product in products} | {product.quote for product in products}
