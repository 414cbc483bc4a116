"""A recorded or generated book as a tape that trials start from anywhere: events, the touch over time, first books.

Levels further from the touch than any trial can reach are left out: the book of an exchange has tens of thousands.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tradewind.app.captures import find_captures, read_capture
from tradewind.app.exchange_market import GeneratedMarket, Stock
from tradewind.app.generated import FIRST_NS, VENUE
from tradewind.app.generated_assets import ASSETS
from tradewind.app.settings import MarketSettings
from tradewind.market.book import Book
from tradewind.market.flow import FlowRow, market_flow, to_events
from tradewind.model.errors import DataError
from tradewind.model.instrument import Instrument, define_instrument
from tradewind.model.market_events import BookSnapshot, LevelUpdate, MarketEvent, TradePrint
from tradewind.model.orders import Side
from tradewind.numeric.regime_chain import Difficulty
from tradewind.numeric.regime_market import START_PRICE, bars_on_grid, regime_market
from tradewind.storage.catalog import interval_ns

REACH = 0.003
GENERATED_REACH = 1.0


class Touch(NamedTuple):
    """Best bid and ask with their sizes, at a time."""

    ts_ns: int
    bid: int
    bid_size: int
    ask: int
    ask_size: int


class Tape(NamedTuple):
    """One market to try parents on. `touches` are the usable books' best prices whenever they changed."""

    name: str
    source: str
    instrument: Instrument
    events: Sequence[MarketEvent]
    times_ns: Sequence[int]
    touches: Sequence[Touch]
    touch_times_ns: Sequence[int]
    trades: int

    @property
    def start_ns(self) -> int:
        return self.touch_times_ns[0]

    @property
    def end_ns(self) -> int:
        return self.times_ns[-1]

    def touch(self, ts_ns: int) -> Touch | None:
        """Return what was displayed just before a time."""
        place = bisect_left(self.touch_times_ns, ts_ns)
        return self.touches[place - 1] if place else None

    def mid_after(self, ts_ns: int) -> float | None:
        """Return the mid at a time in price units, None beyond the end."""
        if ts_ns > self.end_ns:
            return None
        place = bisect_right(self.touch_times_ns, ts_ns)
        return (self.touches[place - 1].bid + self.touches[place - 1].ask) / 2 if place else None

    def volume(self) -> int:
        """Return what traded on the whole tape, in quantity units."""
        return sum(event.quantity for event in self.events if isinstance(event, TradePrint))


def tape_of(
    name: str, source: str, instrument: Instrument, events: Sequence[MarketEvent], reach: float = REACH
) -> Tape:
    """Return events as a tape.

    Raises  DataError when no book in them is ever usable.
    """
    touches = list(_touches(instrument.id, events))
    if not touches:
        raise DataError(
            f"{name}: no book in it has a bid below an ask: it is one-sided, or crossed from start to end; correct the "
            "recording, or leave it out of the folder"
        )
    low = min(touch.bid for touch in touches) * (1 - reach)
    high = max(touch.ask for touch in touches) * (1 + reach)
    kept = [
        _near(event, low, high) for event in events if not isinstance(event, LevelUpdate) or low < event.price < high
    ]
    return Tape(
        name=name,
        source=source,
        instrument=instrument,
        events=kept,
        times_ns=[event.ts_ns for event in kept],
        touches=touches,
        touch_times_ns=[touch.ts_ns for touch in touches],
        trades=sum(isinstance(event, TradePrint) for event in kept),
    )


def recorded_tapes(path: Path) -> Iterator[Tape]:
    """Yield every recorded book below a path."""
    for capture in find_captures(path):
        recording = read_capture(capture)
        yield tape_of(capture.title, "recorded", recording.instrument, recording.events)


def generated_tape(seed: int, asset: int, settings: MarketSettings, bars: int) -> Tape:
    """Return the order flow of one instrument of a seeded market: the generator's and the flow's own defaults.

    `bars` says how many of the market's first bars are made into flow.
    """
    made = ASSETS[asset]
    instrument = define_instrument(made.name, price_increment=made.tick, base_increment=made.lot, venue=VENUE)
    market = regime_market(
        seed, Difficulty[settings.difficulty.upper()], assets=settings.instruments, bars=bars, keep_path=True
    )
    factor = made.price / START_PRICE
    names = ("open", "high", "low", "close", "volume")
    priced = market._replace(
        **{name: getattr(market, name) * factor for name in names},
        path=None if market.path is None else market.path * factor,
    )
    columns = bars_on_grid(
        priced,
        asset,
        price_scale=instrument.price_scale,
        tick=instrument.tick,
        typical_volume=int(float(made.volume) * 10**instrument.volume_scale),
        lot=instrument.lot,
    )
    rng = np.random.default_rng([seed, asset])
    span_ns = interval_ns(settings.interval)
    flow = market_flow(columns, rng, start_ns=FIRST_NS, span_ns=span_ns, tick=instrument.tick, lot=instrument.lot)
    events = to_events(instrument.id, (row for rows in flow for row in rows))
    return tape_of(f"{made.name} hourly, seed {seed}", "hourly", instrument, events, GENERATED_REACH)


def served_tapes(seed: int, minutes: int, assets: int) -> Iterator[Tape]:
    """Yield the generated market as the local exchange serves it: minutes of the regime market, a step each 5 s."""
    stocks = [
        Stock(made.name, number, Decimal(made.tick), Decimal(made.lot)) for number, made in enumerate(ASSETS[:assets])
    ]
    market = GeneratedMarket(seed, stocks, FIRST_NS)
    rows: dict[str, list[FlowRow]] = {stock.product_id: [] for stock in stocks}
    for happening in market.until(FIRST_NS + minutes * 60_000_000_000):
        rows[happening.product_id].append(happening.row)
    for made in ASSETS[:assets]:
        instrument = define_instrument(made.name, price_increment=made.tick, base_increment=made.lot, venue=VENUE)
        events = to_events(made.name, rows[made.name])
        yield tape_of(f"{made.name}, seed {seed}", "generated", instrument, events, GENERATED_REACH)


def books_at(tape: Tape, starts_ns: Sequence[int]) -> Iterator[tuple[int, BookSnapshot]]:
    """Yield, for each of the ascending times, the index of the first event from then on and the book before it."""
    book, done = Book(tape.instrument.id), 0
    for start_ns in starts_ns:
        until = bisect_left(tape.times_ns, start_ns, lo=done)
        for event in tape.events[done:until]:
            _apply(book, event)
        done = until
        snapshot = book.snapshot()
        yield until, BookSnapshot(tape.instrument.id, start_ns, snapshot.bids, snapshot.asks)


def _touches(name: str, events: Iterable[MarketEvent]) -> Iterator[Touch]:
    """Yield the touch whenever it has changed, once for each time."""
    book, last, at_ns = Book(name), None, 0
    for event in events:
        if isinstance(event, TradePrint):
            continue
        if event.ts_ns != at_ns and (touch := _touch(book, at_ns)) is not None and touch[1:] != last:
            last = touch[1:]
            yield touch
        at_ns = event.ts_ns
        _apply(book, event)
    if (touch := _touch(book, at_ns)) is not None and touch[1:] != last:
        yield touch


def _touch(book: Book, ts_ns: int) -> Touch | None:
    bid, ask = book.best_bid, book.best_ask
    if bid is None or ask is None or bid >= ask:
        return None
    return Touch(ts_ns, bid, book.size_at(Side.BUY, bid), ask, book.size_at(Side.SELL, ask))


def _apply(book: Book, event: MarketEvent) -> None:
    if isinstance(event, LevelUpdate):
        book.set_level(event.side, event.price, event.size)
    elif isinstance(event, BookSnapshot):
        book.on_snapshot(event)


def _near(event: MarketEvent, low: float, high: float) -> MarketEvent:
    if not isinstance(event, BookSnapshot):
        return event
    bids = tuple(level for level in event.bids if level[0] > low)
    asks = tuple(level for level in event.asks if level[0] < high)
    return BookSnapshot(event.instrument, event.ts_ns, bids, asks, event.sequence)
