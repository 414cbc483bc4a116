"""What ccxt tells, as facts in our words: orders, fills, balances, positions, books, trades and candles.

A status that is not known counts as live. A number that no order can have makes the answer malformed; nothing is
repaired.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import msgspec

from tradewind.model.errors import MalformedAnswer
from tradewind.model.instrument import Instrument
from tradewind.model.market_events import Bar, BookSnapshot, TradePrint
from tradewind.model.money import EXACT, ZERO, add, subtract
from tradewind.model.orders import Liquidity, Side
from tradewind.model.venue import VenueBalance, VenueFill, VenueOrder, VenueOrderStatus, VenuePosition
from tradewind.venues.ccxt.exact import exact, moment_ns, needed, not_negative
from tradewind.venues.ccxt.markets import Names

Told = Mapping[str, Any]
STATUSES: Mapping[str, VenueOrderStatus] = {
    "pending": VenueOrderStatus.PENDING,
    "queued": VenueOrderStatus.QUEUED,
    "open": VenueOrderStatus.OPEN,
    "canceling": VenueOrderStatus.CANCEL_QUEUED,
    "cancel_queued": VenueOrderStatus.CANCEL_QUEUED,
    "closed": VenueOrderStatus.FILLED,
    "canceled": VenueOrderStatus.CANCELED,
    "cancelled": VenueOrderStatus.CANCELED,
    "expired": VenueOrderStatus.EXPIRED,
    "rejected": VenueOrderStatus.REJECTED,
}
SIDES = {"buy": Side.BUY, "sell": Side.SELL}
DIRECTIONS = {"long": 1, "short": -1}
LIQUIDITY = {"maker": Liquidity.MAKER, "taker": Liquidity.TAKER}
FORCES = {"gtc", "gtd", "ioc", "fok"}


class CandleRow(msgspec.Struct, frozen=True):
    """One candle in the venue's own digits, stamped by its open."""

    open_ns: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


# -- orders and money ------------------------------------------------------------------------------------------------


def venue_order(order: Told, names: Names) -> VenueOrder:
    """Return an order as the venue tells of it.

    Raises  MalformedAnswer for an order without a name or side, or a number that no order can have.
    """
    what = f"order {order.get('id')}"
    if not order.get("id"):
        raise MalformedAnswer("an order without the venue's name for it")
    quantity = exact(order.get("amount"), what)
    filled = not_negative(order.get("filled"), what)
    stop = exact(order.get("triggerPrice") or order.get("stopLossPrice") or order.get("stopPrice"), what) or None
    created_ns = moment_ns(order.get("timestamp"))
    force = str(order.get("timeInForce") or "gtc").lower()
    paid = _paid(order, what)
    return VenueOrder(
        client_id=str(order.get("clientOrderId") or ""),
        venue_id=str(order["id"]),
        instrument=names.id_of(order.get("symbol")),
        side=_side(order.get("side"), what),
        status=_status(order.get("status"), quantity, filled),
        kind=_kind(order.get("type"), stopped=stop is not None),
        quantity=quantity or None,
        filled=filled,
        average_price=exact(order.get("average"), what) or None,
        fees=next(iter(paid.values())) if len(paid) == 1 else ZERO,
        price=exact(order.get("price"), what) or None,
        stop=stop,
        time_in_force=force if force in FORCES else "gtc",
        post_only=bool(order.get("postOnly")) or force == "po",
        reduce_only=bool(order.get("reduceOnly")),
        created_ns=created_ns,
        updated_ns=moment_ns(order.get("lastUpdateTimestamp") or order.get("lastTradeTimestamp")) or created_ns,
    )


def venue_fill(trade: Told, names: Names, quote: str, client_id: str | None = None) -> VenueFill:
    """Return one execution; its fee is None where the venue does not tell it with the trade.

    Raises  MalformedAnswer for a trade without a name, order, price, size or side.
    """
    what = f"fill {trade.get('id')}"
    if not trade.get("id") or not trade.get("order"):
        raise MalformedAnswer(f"{what}: a fill needs its own name and its order's")
    paid = _paid(trade, what)
    if len(paid) > 1:
        raise MalformedAnswer(f"{what}: its fees are in {' and '.join(sorted(paid))}")
    currency, fee = next(iter(paid.items()), ("", None))
    return VenueFill(
        fill_id=str(trade["id"]),
        venue_order_id=str(trade["order"]),
        instrument=names.id_of(trade.get("symbol")),
        side=_side(trade.get("side"), what),
        quantity=needed(trade.get("amount"), what),
        price=needed(trade.get("price"), what),
        fee=fee,
        ts_ns=moment_ns(trade.get("timestamp")),
        client_id=client_id,
        liquidity=LIQUIDITY.get(str(trade.get("takerOrMaker"))),
        fee_currency=currency if currency not in {"", quote} else None,
    )


def venue_balances(told: Told) -> tuple[VenueBalance, ...]:
    """Return what is owned of each currency, without what is nothing; sorted by currency."""
    totals, free, used = (told.get(part) or {} for part in ("total", "free", "used"))
    made = []
    for currency in sorted({*totals, *free, *used}):
        what = f"balance of {currency}"
        hold = not_negative(used.get(currency), what)
        total = exact(totals.get(currency), what)
        available = exact(free.get(currency), what)
        if available is None:
            available = ZERO if total is None else subtract(total, hold)
        elif used.get(currency) is None and total is not None:
            hold = subtract(total, available)
        if available or hold:
            made.append(VenueBalance(currency, available, hold))
    return tuple(made)


def venue_position(position: Told, names: Names) -> VenuePosition:
    """Return an open position, signed by its side.

    Raises  MalformedAnswer when something is held on a side that is none.
    """
    what = f"position in {position.get('symbol')}"
    size = exact(position.get("contracts"), what) or ZERO
    sign = DIRECTIONS.get(str(position.get("side")).lower())
    if size and sign is None:
        raise MalformedAnswer(f"{what}: {size} contracts of the side {position.get('side')!r}")
    return VenuePosition(
        instrument=names.id_of(position.get("symbol")),
        quantity=abs(size) * (sign or 1),
        average_price=exact(position.get("entryPrice"), what) or None,
        unrealised=exact(position.get("unrealizedPnl"), what) or ZERO,
        liquidation_price=exact(position.get("liquidationPrice"), what) or None,
    )


# -- the market ------------------------------------------------------------------------------------------------------


def book_of(book: Told, instrument: Instrument, now_ns: int) -> BookSnapshot:
    """Return a book, best levels first.

    Raises  MalformedAnswer for a level that is none, or off the instrument's units.
    """
    sides = [sorted(_levels(book.get(side) or (), instrument), reverse=side == "bids") for side in ("bids", "asks")]
    return BookSnapshot(instrument.id, moment_ns(book.get("timestamp")) or now_ns, tuple(sides[0]), tuple(sides[1]))


def print_of(trade: Told, instrument: Instrument, *, maker_side: bool) -> TradePrint:
    """Return a public trade with the aggressor's side.

    Raises  MalformedAnswer for a trade without price, size or side.
    """
    what = f"trade {trade.get('id')} of {instrument.id}"
    side = _side(trade.get("side"), what)
    quantity = needed(trade.get("amount"), what)
    number = str(trade.get("id") or "")
    return TradePrint(
        instrument.id,
        moment_ns(trade.get("timestamp")),
        side.opposite if maker_side else side,
        _exactly(needed(trade.get("price"), what), instrument),
        _floor(quantity, instrument.quantity_scale),
        int(number) if number.isdecimal() else 0,
    )


def candle_row(row: Sequence[Any], id: str) -> CandleRow:
    """Return a candle in its own digits.

    Raises  MalformedAnswer for prices that are not positive or contradict each other.
    """
    what = f"candle of {id} at {row[0]}"
    open_, high, low, close = (needed(each, what) for each in row[1:5])
    if not low <= min(open_, close) <= max(open_, close) <= high:
        raise MalformedAnswer(f"{what}: low {low}, high {high} and the rest disagree")
    return CandleRow(moment_ns(row[0]), open_, high, low, close, not_negative(row[5], what))


def bar_of(row: CandleRow, instrument: Instrument, span_ns: int) -> Bar:
    """Return a candle as a bar in the instrument's units: off the tick goes to the nearer unit, volume is cut off."""
    return Bar(
        instrument.id,
        row.open_ns + span_ns,
        span_ns,
        _nearest(row.open, instrument),
        _nearest(row.high, instrument),
        _nearest(row.low, instrument),
        _nearest(row.close, instrument),
        _floor(row.volume, instrument.volume_scale),
    )


# -- small parts -----------------------------------------------------------------------------------------------------


def _status(word: Any, quantity: Decimal | None, filled: Decimal) -> VenueOrderStatus:
    """Return where an order stands; one that is closed with something left was ended before it was filled."""
    status = STATUSES.get(str(word).lower(), VenueOrderStatus.UNKNOWN)
    short = quantity is not None and filled < quantity
    return VenueOrderStatus.CANCELED if status is VenueOrderStatus.FILLED and short else status


def _kind(word: Any, *, stopped: bool) -> str:
    kind = str(word or "limit").lower()
    return f"stop_{kind}" if stopped and kind in {"limit", "market"} else kind


def _side(word: Any, what: str) -> Side:
    side = SIDES.get(str(word).lower())
    if side is None:
        raise MalformedAnswer(f"{what}: {word!r} is no side")
    return side


def _paid(told: Told, what: str) -> dict[str, Decimal]:
    """Return what was paid in fees, by currency; empty where nothing is told."""
    paid: dict[str, Decimal] = {}
    for each in told.get("fees") or [told.get("fee") or {}]:
        cost = exact(each.get("cost"), what) if each else None
        if cost is not None:
            currency = str(each.get("currency") or "")
            paid[currency] = add(paid.get(currency, ZERO), cost)
    return paid


def _levels(levels: Iterable[Sequence[Any]], instrument: Instrument) -> list[tuple[int, int]]:
    made = []
    for level in levels:
        what = f"book of {instrument.id}"
        price, size = needed(level[0], what), not_negative(level[1], what)
        units = _floor(size, instrument.quantity_scale)
        if units:
            made.append((_exactly(price, instrument), units))
    return made


def _exactly(price: Decimal, instrument: Instrument) -> int:
    try:
        return instrument.price_units(price)
    except ValueError as error:
        raise MalformedAnswer(f"{error}: the venue's increments changed, ask for the market again") from None


def _nearest(price: Decimal, instrument: Instrument) -> int:
    return int(price.scaleb(instrument.price_scale, EXACT).to_integral_value(ROUND_HALF_EVEN))


def _floor(value: Decimal, scale: int) -> int:
    return int(value.scaleb(scale, EXACT))
