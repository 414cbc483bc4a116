"""Market data: products, books, trades, candles, the time. With a key, and under `market/` without one."""

from decimal import Decimal

from tradewind.exchange.core.views import BookView, CandleView, TradeView
from tradewind.exchange.server.asking import Ask, bad_request
from tradewind.exchange.server.listing import Listed, product_record
from tradewind.exchange.server.past import CANDLES_AT_ONCE, GRANULARITIES
from tradewind.exchange.server.texts import SECOND_NS, Json, iso, iso_seconds, plain
from tradewind.exchange.server.venue import Venue

TRADES_AT_ONCE = 1_000
TRADES_USUALLY = 100
EXPIRY_TYPES = {"UNKNOWN_CONTRACT_EXPIRY_TYPE", "EXPIRING", "PERPETUAL"}


def server_time(venue: Venue, ask: Ask) -> Json:
    now_ns = venue.told_ns()
    return {
        "iso": iso_seconds(now_ns),
        "epochSeconds": str(now_ns // SECOND_NS),
        "epochMillis": str(now_ns // 1_000_000),
    }


def list_products(venue: Venue, ask: Ask) -> Json:
    """Return the products that a query asks for; without a type, the spot products, as the venue does."""
    wanted = set(ask.many("product_ids"))
    everything = bool(wanted) or ask.one("get_all_products").lower() == "true"
    kind = ask.one("product_type", "" if everything else "SPOT")
    expiry = ask.one("contract_expiry_type")
    if expiry and expiry not in EXPIRY_TYPES:
        raise bad_request(f"contract_expiry_type is not known: {expiry}")
    if kind not in ("", "SPOT", "FUTURE", "UNKNOWN_PRODUCT_TYPE"):
        raise bad_request(f"product_type is not known: {kind}")

    def chosen(listed: Listed) -> bool:
        return (
            (not wanted or listed.product.id in wanted)
            and (kind in ("", "UNKNOWN_PRODUCT_TYPE") or listed.product_type == kind)
            and (expiry in ("", "UNKNOWN_CONTRACT_EXPIRY_TYPE") or listed.expiry_type == expiry)
        )

    found = [listed for listed in venue.listings.values() if chosen(listed)]
    offset = int(ask.one("offset")) if ask.one("offset").isdigit() else 0
    shown = found[offset : offset + ask.count("limit", len(found) or 1, 1_000_000)]
    records = [product_record(listed, venue.quote(listed.product.id)) for listed in shown]
    return {"products": records, "num_products": len(records), "pagination": None}


def get_product(venue: Venue, ask: Ask) -> Json:
    listed = venue.listed(ask.named["product_id"])
    return product_record(listed, venue.quote(listed.product.id))


def product_book(venue: Venue, ask: Ask) -> Json:
    product_id = ask.one("product_id")
    if not product_id:
        raise bad_request("product_id is required")
    venue.listed(product_id)
    book = venue.exchange.book(product_id, ask.count("limit", 500, 10_000))
    bid = book.bids[0][0] if book.bids else None
    ask_price = book.asks[0][0] if book.asks else None
    answer: Json = {"pricebook": _price_book(book, ask.now_ns), "last": plain(venue.last_price(product_id))}
    if bid is not None and ask_price is not None:
        middle, spread = (bid + ask_price) / 2, ask_price - bid
        answer |= {
            "mid_market": plain(middle),
            "spread_bps": plain(round(spread / middle * 10_000, 16)),
            "spread_absolute": plain(spread),
        }
    else:
        answer |= {"mid_market": "", "spread_bps": "", "spread_absolute": ""}
    return answer


def best_bid_ask(venue: Venue, ask: Ask) -> Json:
    wanted = ask.many("product_ids") or list(venue.listings)
    known = [product_id for product_id in wanted if product_id in venue.listings]
    return {"pricebooks": [_price_book(venue.exchange.book(product_id, 1), ask.now_ns) for product_id in known]}


def market_trades(venue: Venue, ask: Ask) -> Json:
    product_id = venue.listed(ask.named["product_id"]).product.id
    limit = ask.count("limit", TRADES_USUALLY, TRADES_AT_ONCE)
    start, end = ask.moment("start"), ask.moment("end")
    windowed = start is not None or end is not None
    trades = [
        trade
        for trade in venue.exchange.trades(product_id, 100_000 if windowed else limit)
        if (start is None or trade.ts_ns >= start) and (end is None or trade.ts_ns < end + SECOND_NS)
    ]
    book = venue.exchange.book(product_id, 1)
    return {
        "trades": [rest_trade(trade) for trade in trades[:limit]],
        "best_bid": plain(book.bids[0][0]) if book.bids else "",
        "best_ask": plain(book.asks[0][0]) if book.asks else "",
    }


def product_candles(venue: Venue, ask: Ask) -> Json:
    """Return candles, newest first; the venue refuses to give more than 350 at once."""
    product_id = venue.listed(ask.named["product_id"]).product.id
    span_s = GRANULARITIES.get(ask.one("granularity", "ONE_MINUTE"))
    start, end = ask.moment("start"), ask.moment("end")
    if span_s is None:
        raise bad_request(f"granularity is not known: {ask.one('granularity')}")
    if start is None or end is None:
        raise bad_request("start and end are required, in Unix seconds")
    start_s, end_s = start // SECOND_NS, end // SECOND_NS
    if start_s > end_s:
        raise bad_request("start must not be after end")
    if (end_s - start_s) // span_s > CANDLES_AT_ONCE:
        raise bad_request(f"number of candles requested should be less than {CANDLES_AT_ONCE}")
    found = venue.candles(product_id, span_s, start_s, end_s + 1)
    limit = ask.count("limit", CANDLES_AT_ONCE, CANDLES_AT_ONCE)
    return {"candles": [rest_candle(candle) for candle in found[:limit]]}


def rest_candle(candle: CandleView) -> Json:
    """Return a candle as the venue writes it."""
    return {
        "start": str(candle.start_s),
        "low": plain(candle.low),
        "high": plain(candle.high),
        "open": plain(candle.open),
        "close": plain(candle.close),
        "volume": plain(candle.volume),
    }


def rest_trade(trade: TradeView) -> Json:
    """Return a public trade; `side` is the maker's, as in recorded answers."""
    return {
        "trade_id": trade.trade_id,
        "product_id": trade.product_id,
        "price": plain(trade.price),
        "size": plain(trade.size),
        "time": iso(trade.ts_ns),
        "side": trade.side.opposite.name,
        "bid": "",
        "ask": "",
        "exchange": "coinbase",
    }


def _price_book(book: BookView, now_ns: int) -> Json:
    def side(levels: tuple[tuple[Decimal, Decimal], ...]) -> list[Json]:
        return [{"price": plain(price), "size": plain(size)} for price, size in levels]

    return {"product_id": book.product_id, "bids": side(book.bids), "asks": side(book.asks), "time": iso(now_ns)}
