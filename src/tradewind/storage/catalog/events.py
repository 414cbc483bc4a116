"""Recorded trades, quotes, depth and funding as the events and messages of the market floor, in order of time."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

import numpy as np

from tradewind.market.aggregate import Ints
from tradewind.market.book import Level
from tradewind.market.depth import DepthMessage
from tradewind.model.market_events import BookSnapshot, FundingRate, QuoteTick, TradePrint
from tradewind.model.money import EXACT
from tradewind.model.orders import Side
from tradewind.storage.catalog.catalog import Catalog
from tradewind.storage.catalog.scaling import Scaled, rescaled, rounded
from tradewind.storage.catalog.series import SeriesKey

GROUPS = {
    "price": "price",
    "bid": "price",
    "ask": "price",
    "quantity": "quantity",
    "size": "quantity",
    "bid_size": "quantity",
    "ask_size": "quantity",
}
SIDES = {1: Side.BUY, -1: Side.SELL}


def trades(
    catalog: Catalog, key: SeriesKey, price_scale: int, quantity_scale: int, **between: int
) -> Iterator[TradePrint]:
    """Yield the prints of a series at an instrument's scales; `between` may hold start_ns and end_ns."""
    columns = _at_scales(catalog, key, price_scale, quantity_scale, between)
    for ts_ns, price, quantity, side, number in _rows(columns, "ts_ns", "price", "quantity", "side", "trade_id"):
        yield TradePrint(key.instrument, ts_ns, SIDES[side], price, quantity, number)


def quotes(
    catalog: Catalog, key: SeriesKey, price_scale: int, quantity_scale: int, **between: int
) -> Iterator[QuoteTick]:
    """Yield the best bids and asks of a series at an instrument's scales."""
    columns = _at_scales(catalog, key, price_scale, quantity_scale, between)
    for values in _rows(columns, "ts_ns", "bid", "bid_size", "ask", "ask_size"):
        yield QuoteTick(key.instrument, *values)


def quotes_by_update(
    catalog: Catalog, key: SeriesKey, price_scale: int, quantity_scale: int, **between: int
) -> dict[int, QuoteTick]:
    """Return the best bid and ask recorded at each update id, the last where an id occurs twice."""
    ids = catalog.rows(key, **between)[0]["update_id"].tolist()
    return dict(zip(ids, quotes(catalog, key, price_scale, quantity_scale, **between), strict=True))


def funding(catalog: Catalog, key: SeriesKey, price_scale: int = 0, **between: int) -> Iterator[FundingRate]:
    """Yield the funding rates of a series, exact; a mark that was not recorded is None.

    A mark's digits beyond `price_scale` are rounded: venues state marks finer than they trade.
    """
    columns, scales = catalog.rows(key, **between)
    marks = rounded(Scaled(columns["mark"], scales.get("price", 0)), price_scale)
    for ts_ns, rate, mark in zip(columns["ts_ns"].tolist(), columns["rate"].tolist(), marks.tolist(), strict=True):
        yield FundingRate(key.instrument, ts_ns, Decimal(rate).scaleb(-scales["rate"], EXACT), mark or None)


def depth_messages(
    catalog: Catalog, key: SeriesKey, price_scale: int, quantity_scale: int, **between: int
) -> Iterator[BookSnapshot | DepthMessage]:
    """Yield snapshots and messages of level changes as they were received: rows of one event and id are one message."""
    columns = _at_scales(catalog, key, price_scale, quantity_scale, between)
    names = ("event", "first_id", "last_id")
    changed = np.zeros(len(columns["ts_ns"]), np.bool_)
    changed[:1] = True
    for name in names:
        changed[1:] |= columns[name][1:] != columns[name][:-1]
    starts = np.flatnonzero(changed).tolist()
    for start, end in zip(starts, [*starts[1:], len(changed)], strict=True):
        event, first_id, last_id = (int(columns[name][start]) for name in names)
        ts_ns = int(columns["ts_ns"][start])
        bids, asks = _levels(columns, start, end)
        if event == 0:
            yield BookSnapshot(key.instrument, ts_ns, bids, asks, last_id)
        else:
            yield DepthMessage(ts_ns, first_id, last_id, bids, asks)


def _levels(columns: Mapping[str, Ints], start: int, end: int) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
    rows = slice(start, end)
    sides = columns["side"][rows].tolist()
    levels = list(zip(columns["price"][rows].tolist(), columns["size"][rows].tolist(), strict=True))
    bids = tuple(level for side, level in zip(sides, levels, strict=True) if side > 0)
    asks = tuple(level for side, level in zip(sides, levels, strict=True) if side < 0)
    return bids, asks


def _at_scales(
    catalog: Catalog, key: SeriesKey, price_scale: int, quantity_scale: int, between: Mapping[str, int]
) -> dict[str, Ints]:
    columns, scales = catalog.rows(key, **between)
    wanted = {"price": price_scale, "quantity": quantity_scale}
    return {
        name: rescaled(Scaled(column, scales[GROUPS[name]]), wanted[GROUPS[name]]) if name in GROUPS else column
        for name, column in columns.items()
    }


def _rows(columns: Mapping[str, Ints], *names: str) -> Iterator[tuple[int, ...]]:
    return zip(*(columns[name].tolist() for name in names), strict=True)
