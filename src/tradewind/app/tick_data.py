"""Recorded trades, quotes and books of the catalog as sources for the sequencer, with bars made of them (SPEC D8).

The same events as a live stream gives. Where a venue's trades lie beside its book or quotes, they come along, since
resting orders fill by them.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from tradewind.engine.sequencer import Recorded, RecordedEvents
from tradewind.market.aggregate import Ints, bars_of_trades
from tradewind.market.book import Book
from tradewind.market.depth import Chain, book_events
from tradewind.model.errors import DataError
from tradewind.model.instrument import Instrument
from tradewind.model.market_events import BookSnapshot, LevelUpdate, MarketEvent, QuoteTick, TradePrint
from tradewind.storage.catalog import BarTable, Catalog, Convention, SeriesKey, interval_ns
from tradewind.storage.catalog import events as recorded

BOOK_PRIORITY, TRADE_PRIORITY = 0, 1
DEFAULT_INTERVAL = "1s"


class Ticks(NamedTuple):
    """Sources of one instrument, the bars made of them, and whether the engine is to see the bars."""

    ticks: tuple[Recorded, ...]
    bars: BarTable
    feeds_bars: bool


def read_ticks(
    catalog: Catalog, key: SeriesKey, instrument: Instrument, interval: str, start_ns: int | None, end_ns: int | None
) -> Ticks:
    """Return the ticks of a series and the bars of `interval` made of them.

    Bars are of trades where there are any, else of mids. Without `interval` only trades are shown as bars, of a second:
    orders fill at bars where no book is recorded.
    Raises  DataError when there is nothing in the range.
    """
    between = {name: at for name, at in (("start_ns", start_ns), ("end_ns", end_ns)) if at is not None}
    prints = list(_trades(catalog, key, instrument, between))
    sources = [RecordedEvents(instrument.id, TRADE_PRIORITY, prints)] if prints else []
    quotes: list[tuple[int, int]] = []
    if key.kind != "trades":
        events = _book(catalog, key, instrument, between)
        quotes = mids(events)
        sources.insert(0, RecordedEvents(instrument.id, BOOK_PRIORITY, events))
    if not prints and not quotes:
        raise DataError(f"{instrument.id}: there are no {key.kind} in the chosen range: choose another range")
    bars = _bars(instrument, key, interval or DEFAULT_INTERVAL, prints, quotes)
    return Ticks(tuple(sources), bars, bool(interval) or key.kind == "trades")


def mids(events: Iterable[MarketEvent]) -> list[tuple[int, int]]:
    """Return (time, mid) after each moment at which the book or quote had two sides; mids are floored to a unit."""
    book = Book("")
    found: list[tuple[int, int]] = []
    for event in events:
        if isinstance(event, QuoteTick):
            top: QuoteTick | None = event
        else:
            if isinstance(event, BookSnapshot):
                book.on_snapshot(event)
            elif isinstance(event, LevelUpdate):
                book.set_level(event.side, event.price, event.size)
            top = book.quote()
        if top is None or top.bid >= top.ask:
            continue
        point = (event.ts_ns, (top.bid + top.ask) // 2)
        if found and found[-1][0] == event.ts_ns:
            found[-1] = point
        else:
            found.append(point)
    return found


def _trades(catalog: Catalog, key: SeriesKey, instrument: Instrument, between: dict[str, int]) -> Iterable[TradePrint]:
    beside = SeriesKey(key.venue, key.instrument, "trades")
    if beside not in {manifest.key for manifest in catalog.list()}:
        return ()
    return recorded.trades(catalog, beside, instrument.price_scale, instrument.quantity_scale, **between)


def _book(catalog: Catalog, key: SeriesKey, instrument: Instrument, between: dict[str, int]) -> Sequence[MarketEvent]:
    scales = (instrument.price_scale, instrument.quantity_scale)
    if key.kind == "quotes":
        return list(recorded.quotes(catalog, key, *scales, **between))
    chain = Chain(catalog.manifest(key).chain or Chain.CONTIGUOUS.value)
    # A book is built from its snapshot on: what lies before the range is needed, and left out only then.
    ends = {name: at for name, at in between.items() if name == "end_ns"}
    messages = recorded.depth_messages(catalog, key, *scales, **ends)
    return list(book_events(instrument.id, messages, chain))


def _bars(
    instrument: Instrument,
    key: SeriesKey,
    interval: str,
    prints: Sequence[TradePrint],
    quotes: Sequence[tuple[int, int]],
) -> BarTable:
    if prints:
        rows = [(each.ts_ns, each.price, each.quantity) for each in prints]
    else:
        rows = [(ts_ns, mid, 0) for ts_ns, mid in quotes]
    ts_ns, price, quantity = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    span_ns = interval_ns(interval)
    made = bars_of_trades(ts_ns, price, quantity, span_ns)
    nothing: Ints = np.empty(0, dtype=np.int64)
    return BarTable(
        instrument=instrument.id,
        venue=key.venue,
        interval=interval,
        span_ns=span_ns,
        open_ns=made.open_ns,
        open=made.open,
        high=made.high,
        low=made.low,
        close=made.close,
        volume=made.volume,
        price_scale=instrument.price_scale,
        volume_scale=instrument.quantity_scale,
        convention=Convention.NO_TRADE,
        gap_rows=nothing,
        gap_bars=nothing,
        derived=instrument.derived,
    )
