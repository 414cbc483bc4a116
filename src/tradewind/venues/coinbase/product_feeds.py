"""Every product's feed: frames of the market channels in, events out, and which books must be asked for again.

A book is believed from its snapshot on; changes before it are dropped. A crossed book prices nothing: that is said at
once, and when it stays crossed the book is owed a new snapshot.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from tradewind.market.book import BookState
from tradewind.model.errors import ConfigError
from tradewind.model.instrument import Instrument
from tradewind.venues.coinbase.market_events import ProductFeed
from tradewind.venues.coinbase.wire.stream import (
    CandlesFrame,
    LevelEvent,
    LevelFrame,
    TickerBatchFrame,
    TickerFrame,
    TradeRow,
    TradesFrame,
)
from tradewind.venues.ports import StreamEvent, StreamKind, StreamState

SNAPSHOT = "snapshot"
NO_ALIASES: Mapping[str, str] = MappingProxyType({})


class ProductFeeds:
    """Feeds by product. `owed` are the products whose book must be asked for; `foreign` counts rows of others.

    `product_of` names the product whose frames an instrument lives on where that is another one: the market channels
    speak of BTC-USD when BTC-USDC is traded.
    """

    def __init__(
        self, instruments: Iterable[Instrument], *, tell_levels: bool, product_of: Mapping[str, str] = NO_ALIASES
    ) -> None:
        self.by_product: dict[str, ProductFeed] = {}
        self.product_of = product_of
        self.add(instruments)
        self.tell_levels = tell_levels
        self.owed: set[str] = set()
        self.foreign = 0

    def add(self, instruments: Iterable[Instrument]) -> None:
        """Feed these too.

        Raises  ConfigError when two instruments live on the frames of one product.
        """
        for each in instruments:
            product = self.product_of.get(each.id, each.id)
            feed = self.by_product.setdefault(product, ProductFeed(each))
            if feed.instrument.id != each.id:
                names = f"{feed.instrument.id} and {each.id}"
                raise ConfigError(f"{names} share the market of {product}: trade one of them in a session")

    def believed(self, products: Iterable[str]) -> bool:
        """Whether every one of these books follows its snapshot without a gap."""
        return all(self.by_product[each].book.state is BookState.VALID for each in products if each in self.by_product)

    def unbelieved(self, products: Iterable[str]) -> list[str]:
        """Return those whose book waits for a snapshot."""
        return [each for each in products if each in self.by_product and not self.believed([each])]

    def mark_stale(self) -> None:
        """Believe no book any more."""
        for feed in self.by_product.values():
            feed.book.mark_stale()
            feed.crossed_since_ns = 0

    # -- frames -------------------------------------------------------------------------------------------------------

    def on_levels(self, frame: LevelFrame, now_ns: int) -> list[StreamEvent]:
        """Return snapshots and changes; without `tell_levels` changes are kept for `settle`."""
        events: list[StreamEvent] = []
        for event in frame.events:
            feed = self._feed(event.product_id)
            if feed is None:
                continue
            if event.type == SNAPSHOT:
                self._on_snapshot(feed, event, frame.sequence_num, now_ns, events)
            elif feed.book.state is not BookState.VALID:
                continue
            elif self.tell_levels:
                events += feed.updates(event.updates, frame.sequence_num, now_ns)
            else:
                feed.note(event, frame.sequence_num, now_ns)
                continue
            self._look_for_crossing(feed, now_ns, events)
        return events

    def _on_snapshot(
        self, feed: ProductFeed, event: LevelEvent, sequence: int, now_ns: int, events: list[StreamEvent]
    ) -> None:
        again = feed.book.state is BookState.STALE
        events.append(feed.snapshot(event.updates, sequence, now_ns))
        self.owed.discard(event.product_id)
        if again:
            events.append(book_state(StreamKind.RESYNCED, feed, now_ns))

    def on_trades(self, frame: TradesFrame, now_ns: int) -> list[StreamEvent]:
        """Return the trades that are new, oldest first within each message."""
        events: list[StreamEvent] = []
        for event in frame.events:
            rows: dict[str, list[TradeRow]] = {}
            for row in event.trades:
                rows.setdefault(row.product_id, []).append(row)
            for product, found in rows.items():
                feed = self._feed(product)
                if feed is not None:
                    events += feed.trades(found, now_ns, snapshot=event.type == SNAPSHOT)
        return events

    def on_tickers(self, frame: TickerFrame | TickerBatchFrame, now_ns: int) -> list[StreamEvent]:
        """Return a quote per ticker that has one; the venue also sends empty ones."""
        events: list[StreamEvent] = []
        for event in frame.events:
            for row in event.tickers:
                feed = self._feed(row.product_id) if row.product_id else None
                quote = feed.quote(row, now_ns) if feed is not None else None
                if quote is not None:
                    events.append(quote)
        return events

    def on_candles(self, frame: CandlesFrame) -> list[StreamEvent]:
        """Return the bars that closed."""
        events: list[StreamEvent] = []
        for event in frame.events:
            for product in sorted({row.product_id for row in event.candles}):
                feed = self._feed(product)
                if feed is not None:
                    events += feed.bars([row for row in event.candles if row.product_id == product])
        return events

    # -- between frames -----------------------------------------------------------------------------------------------

    def settle(self, now_ns: int) -> tuple[list[StreamEvent], list[str]]:
        """Return a quote per book that changed since the last look, and why books could not be read."""
        events: list[StreamEvent] = []
        failures: list[str] = []
        for product, feed in self.by_product.items():
            if not feed.changed or feed.book.state is not BookState.VALID:
                continue
            before = feed.book.quote()
            try:
                feed.settle()
            except ValueError as error:
                failures.append(str(error))
                events.append(self.doubt(product, "a level could not be read", now_ns))
                continue
            self._look_for_crossing(feed, now_ns, events)
            quote = feed.book.quote()
            if quote is not None and not feed.crossed_since_ns and quote != before:
                events.append(quote)
        return events, failures

    def on_time(self, now_ns: int, grace_ns: int, crossed_ns: int) -> list[StreamEvent]:
        """Return the bars whose time is over; a book crossed for too long is owed a snapshot."""
        events: list[StreamEvent] = []
        for product, feed in self.by_product.items():
            events += feed.due_bars(now_ns, grace_ns)
            if feed.crossed_since_ns and now_ns - feed.crossed_since_ns >= crossed_ns:
                self.owed.add(product)
        return events

    def doubt(self, product: str, reason: str, now_ns: int) -> StreamState:
        """Believe a book no more, ask for it again, and return what to tell."""
        feed = self.by_product[product]
        feed.book.mark_stale()
        feed.crossed_since_ns = 0
        self.owed.add(product)
        return book_state(StreamKind.GAP, feed, now_ns, reason)

    def _look_for_crossing(self, feed: ProductFeed, now_ns: int, events: list[StreamEvent]) -> None:
        crossed = feed.book.is_crossed
        if crossed and not feed.crossed_since_ns:
            feed.crossed_since_ns = now_ns
            events.append(book_state(StreamKind.STALE, feed, now_ns, "the book is crossed"))
        elif not crossed and feed.crossed_since_ns:
            feed.crossed_since_ns = 0
            events.append(book_state(StreamKind.RESYNCED, feed, now_ns))

    def _feed(self, product: str) -> ProductFeed | None:
        feed = self.by_product.get(product)
        if feed is None:
            self.foreign += 1
        return feed


def book_state(kind: StreamKind, feed: ProductFeed, now_ns: int, reason: str = "") -> StreamState:
    """Return what is told of one product's book."""
    return StreamState(kind=kind, ts_ns=now_ns, channel="level2", instrument=feed.instrument.id, reason=reason)
