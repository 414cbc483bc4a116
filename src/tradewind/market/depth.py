"""A venue's depth stream turned into a book: snapshot and numbered messages in any order of arrival.

Messages that arrive before the snapshot are buffered. When it comes, those it already holds are dropped, and the first
one applied must bridge it: nothing may be missing between the snapshot and the message. A gap makes the book stale and
`needs_snapshot` true until a new snapshot bridges the messages since. Rules of the venues:
https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#how-to-manage-a-local-order-book-correctly
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

import msgspec

from tradewind.market.book import Book, BookState, Level
from tradewind.model.market_events import BookSnapshot, LevelUpdate, QuoteTick
from tradewind.model.orders import Side

BUFFER_MESSAGES = 10_000


class Chain(Enum):
    """How the numbers of one message follow those of the one before."""

    CONTIGUOUS = "contiguous"  # first_id is the last last_id plus one: Binance spot, Coinbase's sequence
    LINKED = "linked"  # previous_id is the last last_id: Binance futures, whose ids skip
    INCREASING = "increasing"  # only growth is recorded, so a lost message cannot be seen from the numbers


class DepthMessage(msgspec.Struct, frozen=True, gc=False):
    """One message of level changes; sizes are absolute and 0 removes a level. Ids are inclusive."""

    ts_ns: int
    first_id: int
    last_id: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    previous_id: int | None = None


class DepthStream:
    """Keeps `book` equal to the venue's book, or stale."""

    def __init__(self, book: Book, chain: Chain = Chain.CONTIGUOUS, buffer_messages: int = BUFFER_MESSAGES) -> None:
        self.book = book
        self.chain = chain
        self.last_id: int | None = None
        self.duplicates = 0
        self._bridged = False
        self._nothing_between = False  # where ids skip, the snapshot's may lie between two messages received
        self._buffer: deque[DepthMessage] = deque(maxlen=buffer_messages)

    @property
    def needs_snapshot(self) -> bool:
        """Whether the venue has to be asked for a new snapshot."""
        return self.book.state is not BookState.VALID

    def on_snapshot(self, snapshot: BookSnapshot) -> bool:
        """Return whether the book is valid now; a snapshot older than the first buffered message cannot be bridged."""
        waiting = [message for message in self._buffer if message.last_id > snapshot.sequence]
        known_before = len(waiting) < len(self._buffer)
        if waiting and not known_before and not self._bridges(waiting[0], snapshot.sequence):
            return False
        self.book.on_snapshot(snapshot)
        self.last_id = snapshot.sequence
        self._bridged = False
        self._nothing_between = known_before and self.chain is Chain.INCREASING
        self._buffer.clear()
        for message in waiting:
            self.on_message(message)
        return self.book.state is BookState.VALID

    def on_message(self, message: DepthMessage) -> bool:
        """Return whether the message changed the book; otherwise it was buffered or known already."""
        if self.needs_snapshot or self.last_id is None:
            self._buffer.append(message)
            return False
        if message.last_id <= self.last_id:
            self.duplicates += 1
            return False
        if not self._follows(message, self.last_id):
            self.book.mark_stale()
            self._buffer.append(message)
            return False
        self._apply(message)
        return True

    def on_disconnect(self) -> None:
        """Stop believing the book and forget buffered messages: the next stream starts with new numbers."""
        self.book.mark_stale()
        self._buffer.clear()

    def _follows(self, message: DepthMessage, last_id: int) -> bool:
        if not self._bridged:
            return self._bridges(message, last_id) or (self._nothing_between and message.first_id > last_id)
        if self.chain is Chain.CONTIGUOUS:
            return message.first_id == last_id + 1
        if self.chain is Chain.LINKED:
            return message.previous_id == last_id
        return message.first_id > last_id

    def _bridges(self, message: DepthMessage, snapshot_id: int) -> bool:
        linked = self.chain is Chain.LINKED and message.previous_id == snapshot_id
        return linked or message.first_id <= snapshot_id + 1 <= message.last_id

    def _apply(self, message: DepthMessage) -> None:
        book = self.book
        for price, size in message.bids:
            book.set_level(Side.BUY, price, size)
        for price, size in message.asks:
            book.set_level(Side.SELL, price, size)
        book.sequence = self.last_id = message.last_id
        book.ts_ns = message.ts_ns
        self._bridged = True


def book_events(
    instrument: str, messages: Iterable[BookSnapshot | DepthMessage], chain: Chain = Chain.CONTIGUOUS
) -> Iterator[BookSnapshot | LevelUpdate]:
    """Yield a recorded stream as book events that can be applied one after another without buffering.

    A snapshot is yielded as the book it gives together with the messages that waited for it. A gap empties the book:
    nothing can be priced from it until the next snapshot.
    """
    stream = DepthStream(Book(instrument), chain)
    for message in messages:
        was_valid = stream.book.state is BookState.VALID
        if isinstance(message, BookSnapshot):
            if stream.on_snapshot(message):
                yield msgspec.structs.replace(stream.book.snapshot(), ts_ns=message.ts_ns)
        elif stream.on_message(message):
            for side, levels in ((Side.BUY, message.bids), (Side.SELL, message.asks)):
                for price, size in levels:
                    yield LevelUpdate(instrument, message.ts_ns, side, price, size, message.last_id)
        elif was_valid and stream.needs_snapshot:
            yield BookSnapshot(instrument, message.ts_ns, (), (), message.last_id)


class ReplayCheck(msgspec.Struct, frozen=True):
    """What a replay found: how often the rebuilt top of book could be compared, was equal, or was crossed."""

    messages: int
    levels: int
    applied: int
    gaps: int
    books: int
    crossed: int
    comparable: int
    equal: int
    first_difference: str = ""

    @property
    def passed(self) -> bool:
        return self.crossed == 0 and self.gaps == 0 and self.equal == self.comparable


def replay_check(
    instrument: str,
    messages: Iterable[BookSnapshot | DepthMessage],
    recorded: Mapping[int, QuoteTick] | None = None,
    chain: Chain = Chain.CONTIGUOUS,
) -> ReplayCheck:
    """Return how the book rebuilt from `messages` compares with the best bid and ask recorded at the same update id.

    Comparable are the ids at which both are known: the book after a whole message whose `last_id` is the id of a
    recorded quote. Prices and sizes must be equal. A book is looked at, for crossing, after every message applied.
    """
    stream = DepthStream(Book(instrument), chain)
    quotes = {} if recorded is None else recorded
    seen = levels = applied = books = crossed = comparable = equal = 0
    difference = ""
    for message in messages:
        seen += 1
        levels += len(message.bids) + len(message.asks)
        if isinstance(message, BookSnapshot):
            changed = stream.on_snapshot(message)
        else:
            changed = stream.on_message(message)
            applied += changed
        if not changed:
            continue
        books += 1
        crossed += stream.book.is_crossed
        quote = quotes.get(stream.book.sequence)
        if quote is None:
            continue
        comparable += 1
        if same_top(stream.book.quote(), quote):
            equal += 1
        elif not difference:
            difference = f"at update id {stream.book.sequence}: book {stream.book.quote()}, recorded {quote}"
    gaps = stream.book.gaps
    return ReplayCheck(seen, levels, applied, gaps, books, crossed, comparable, equal, difference)


def same_top(book: QuoteTick | None, recorded: QuoteTick) -> bool:
    """Return whether both show the same best prices and sizes, whenever they were received."""
    if book is None:
        return False
    return (book.bid, book.bid_size, book.ask, book.ask_size) == (
        recorded.bid,
        recorded.bid_size,
        recorded.ask,
        recorded.ask_size,
    )
