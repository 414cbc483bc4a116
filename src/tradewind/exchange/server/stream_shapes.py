"""Events of the streams as the venue writes them."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from tradewind.exchange.core.events import LevelChanged, Traded
from tradewind.exchange.core.views import OrderView
from tradewind.exchange.server.listing import INTERNATIONAL
from tradewind.exchange.server.order_shapes import stream_order
from tradewind.exchange.server.rest_futures import stream_summary
from tradewind.exchange.server.rest_market import rest_candle, rest_trade
from tradewind.exchange.server.texts import SECOND_NS, Json, go_time, iso, plain
from tradewind.exchange.server.venue import Venue
from tradewind.model.money import ZERO
from tradewind.model.orders import Side

SIDES = {Side.BUY: "bid", Side.SELL: "offer"}
CANDLE_S = 300
CANDLES_IN_SNAPSHOT = 100
TRADES_IN_SNAPSHOT = 100
NO_POSITIONS: Json = {"perpetual_futures_positions": [], "expiring_futures_positions": []}


def snapshot(venue: Venue, channel: str, product_id: str) -> Json | None:
    """Return what a new listener of a product's channel is told first."""
    if channel == "level2":
        return _book(venue, product_id)
    if channel == "market_trades":
        trades = venue.exchange.trades(product_id, TRADES_IN_SNAPSHOT)
        return {"type": "snapshot", "trades": [_trade(rest_trade(trade)) for trade in trades]}
    if channel == "candles":
        return candles(venue, product_id, "snapshot", CANDLES_IN_SNAPSHOT)
    if channel == "status":
        return status(venue, [product_id], "snapshot")
    return ticker(venue, product_id, "snapshot")


def ticker(venue: Venue, product_id: str, kind: str) -> Json:
    quote = venue.quote(product_id)
    book = venue.exchange.book(product_id, 1)
    day, year = venue.ranges(product_id)
    change = (quote.price / quote.open_24h - 1) * 100 if quote.price is not None and quote.open_24h else None
    return {
        "type": kind,
        "tickers": [
            {
                "type": "ticker",
                "product_id": product_id,
                "price": plain(quote.price),
                "volume_24_h": plain(quote.volume_24h),
                "low_24_h": plain(day.low),
                "high_24_h": plain(day.high),
                "low_52_w": plain(year.low),
                "high_52_w": plain(year.high),
                "price_percent_chg_24_h": "" if change is None else plain(round(change, 14)),
                "best_bid": plain(quote.bid),
                "best_ask": plain(quote.ask),
                "best_bid_quantity": plain(book.bids[0][1]) if book.bids else "",
                "best_ask_quantity": plain(book.asks[0][1]) if book.asks else "",
            }
        ],
    }


def candles(venue: Venue, product_id: str, kind: str, count: int) -> Json:
    """Return five-minute candles, newest first: the channel has no other span."""
    now_s = venue.clock() // SECOND_NS
    start_s = now_s - now_s % CANDLE_S - (count - 1) * CANDLE_S
    found = venue.candles(product_id, CANDLE_S, start_s, now_s + 1)
    return {"type": kind, "candles": [rest_candle(candle) | {"product_id": product_id} for candle in found]}


def status(venue: Venue, product_ids: Sequence[str], kind: str) -> Json:
    products = []
    for product_id in product_ids:
        listed = venue.listings[product_id]
        product, mode = listed.product, venue.exchange.mode(product_id)
        products.append(
            {
                "product_type": listed.product_type,
                "id": product_id,
                "base_currency": product.base if product.is_spot else "",
                "quote_currency": product.quote,
                "base_increment": plain(product.base_increment),
                "quote_increment": plain(product.quote_increment),
                "display_name": listed.display_name or product_id,
                "status": mode.value,
                "status_message": "",
                "min_market_funds": plain(product.quote_min_size),
            }
        )
    return {"type": kind, "products": products}


def level_update(product_id: str, changed: Iterable[LevelChanged], ts_ns: int) -> Json:
    at = iso(ts_ns)
    return {
        "type": "update",
        "product_id": product_id,
        "updates": [_level(row.side, row.price, row.size, at) for row in changed],
    }


def trades_update(traded: Sequence[Traded]) -> Json:
    """Return new trades, newest first, as the snapshot has them."""
    return {"type": "update", "trades": [_trade(rest_trade(event.trade)) for event in reversed(traded)]}


def heartbeat(ts_ns: int, running_ns: int, counter: int) -> Json:
    return {"current_time": go_time(ts_ns, running_ns), "heartbeat_counter": counter}


def user_order(venue: Venue, order: OrderView) -> Json:
    return stream_order(order, venue.listings[order.product_id])


def user_positions(venue: Venue, account: str) -> Json:
    """Return open positions, those of the two families apart."""
    perpetual, expiring = [], []
    for held in venue.exchange.positions(account):
        side = "LONG" if held.quantity > 0 else "SHORT"
        if venue.listings[held.product_id].venue != INTERNATIONAL:
            expiring.append(
                {
                    "product_id": held.product_id,
                    "side": side,
                    "number_of_contracts": plain(abs(held.quantity)),
                    "realized_pnl": plain(held.realised),
                    "unrealized_pnl": plain(held.unrealised),
                    "entry_price": plain(held.average_price),
                }
            )
            continue
        leverage = held.notional / held.initial_margin if held.initial_margin else Decimal(1)
        perpetual.append(
            {
                "product_id": held.product_id,
                "portfolio_uuid": account,
                "vwap": plain(held.average_price),
                "entry_vwap": plain(held.average_price),
                "position_side": f"POSITION_SIDE_{side}",
                "margin_type": "MARGIN_TYPE_CROSS",
                "net_size": plain(held.quantity),
                "buy_order_size": "0",
                "sell_order_size": "0",
                "leverage": plain(round(leverage, 2)),
                "mark_price": plain(held.mark_price),
                "liquidation_price": plain(held.liquidation_price or ZERO),
                "im_notional": plain(held.initial_margin),
                "mm_notional": plain(held.maintenance_margin),
                "position_notional": plain(held.notional),
                "unrealized_pnl": plain(held.unrealised),
                "aggregated_pnl": plain(held.unrealised + held.realised + held.funding),
            }
        )
    return {"perpetual_futures_positions": perpetual, "expiring_futures_positions": expiring}


def futures_summary(venue: Venue, account: str, kind: str) -> Json:
    return {"type": kind, "fcm_balance_summary": stream_summary(venue, account)}


def _book(venue: Venue, product_id: str) -> Json:
    """Return all levels; like the venue's, in no order that anybody should rely on."""
    book, at = venue.exchange.book(product_id), iso(venue.told_ns())
    bids = [_level(Side.BUY, price, size, at) for price, size in book.bids]
    asks = [_level(Side.SELL, price, size, at) for price, size in book.asks]
    return {"type": "snapshot", "product_id": product_id, "updates": bids + asks}


def _level(side: Side, price: Decimal, size: Decimal, at: str) -> Json:
    return {"side": SIDES[side], "event_time": at, "price_level": plain(price), "new_quantity": plain(size)}


def _trade(trade: Json) -> Json:
    """Return a trade as the channel has it, without what only REST answers have."""
    return {name: trade[name] for name in ("trade_id", "product_id", "price", "size", "side", "time")}
