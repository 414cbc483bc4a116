"""An order book in integer units: what is displayed now, and whether it may be believed.

Each side is a dict of sizes and a sorted list of its prices with the best at the end (asks are kept negated), so the
best price is a look at the last element, a change of size touches the dict only, and inserts and removals near the
best move few elements. A book is `EMPTY` before its first snapshot, `VALID` while its numbering holds, and `STALE`
from a gap until the next snapshot: a stale book keeps its levels for display and changes nothing any more.
"""

from bisect import bisect_left, insort
from enum import Enum

from tradewind.model.market_events import BookSnapshot, LevelUpdate, QuoteTick
from tradewind.model.orders import Side

Level = tuple[int, int]
BUY = Side.BUY


class BookState(Enum):
    EMPTY = "empty"
    VALID = "valid"
    STALE = "stale"


class Book:
    """The displayed book of one instrument.

    `contiguous` books number every message: the next sequence is the same (another level of the message) or one more,
    anything higher is a gap. Others only promise growing numbers. Sequence 0 means unnumbered and is not checked.
    """

    __slots__ = (
        "_ask_keys",
        "_ask_sizes",
        "_bid_keys",
        "_bid_sizes",
        "contiguous",
        "gaps",
        "instrument",
        "late",
        "sequence",
        "state",
        "ts_ns",
    )

    def __init__(self, instrument: str, *, contiguous: bool = False) -> None:
        self.instrument = instrument
        self.contiguous = contiguous
        self.state = BookState.EMPTY
        self.sequence = 0
        self.ts_ns = 0
        self.gaps = 0
        self.late = 0
        self._bid_sizes: dict[int, int] = {}
        self._ask_sizes: dict[int, int] = {}
        self._bid_keys: list[int] = []
        self._ask_keys: list[int] = []

    # -- changes ------------------------------------------------------------------------------------------------------

    def on_snapshot(self, snapshot: BookSnapshot) -> None:
        """Replace everything that was known; the book is valid again."""
        self._bid_sizes = {price: size for price, size in snapshot.bids if size > 0}
        self._ask_sizes = {price: size for price, size in snapshot.asks if size > 0}
        self._bid_keys = sorted(self._bid_sizes)
        self._ask_keys = sorted(-price for price in self._ask_sizes)
        self.state = BookState.VALID
        self.sequence = snapshot.sequence
        self.ts_ns = snapshot.ts_ns

    def on_update(self, update: LevelUpdate) -> bool:
        """Return whether the update was taken: not before a snapshot, in a stale book, twice, or across a gap."""
        if self.state is not BookState.VALID:
            return False
        sequence = update.sequence
        if sequence and self.sequence and sequence != self.sequence:
            if sequence < self.sequence:
                self.late += 1
                return False
            if self.contiguous and sequence != self.sequence + 1:
                self.mark_stale()
                return False
        if sequence:
            self.sequence = sequence
        self.ts_ns = update.ts_ns
        self.set_level(update.side, update.price, update.size)
        return True

    def mark_stale(self) -> None:
        """Stop believing the book until a new snapshot; an empty one stays empty."""
        if self.state is BookState.VALID:
            self.state = BookState.STALE
            self.gaps += 1

    def set_level(self, side: Side, price: int, size: int) -> None:
        """Set one level's displayed size without asking for its number; 0 removes it."""
        if side is BUY:
            sizes, keys, key = self._bid_sizes, self._bid_keys, price
        else:
            sizes, keys, key = self._ask_sizes, self._ask_keys, -price
        if size > 0:
            if price not in sizes:
                insort(keys, key)
            sizes[price] = size
        elif price in sizes:
            del sizes[price]
            if keys[-1] == key:
                keys.pop()
            else:
                del keys[bisect_left(keys, key)]

    # -- questions ----------------------------------------------------------------------------------------------------

    @property
    def best_bid(self) -> int | None:
        """The highest bid, None when no bid is displayed."""
        return self._bid_keys[-1] if self._bid_keys else None

    @property
    def best_ask(self) -> int | None:
        """The lowest ask, None when no ask is displayed."""
        return -self._ask_keys[-1] if self._ask_keys else None

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid is at or above the best ask: such a book must not price anything."""
        return bool(self._bid_keys and self._ask_keys and self._bid_keys[-1] >= -self._ask_keys[-1])

    @property
    def usable(self) -> bool:
        """Whether orders may be priced from it: valid, both sides displayed, not crossed."""
        return self.state is BookState.VALID and bool(self._bid_keys and self._ask_keys) and not self.is_crossed

    @property
    def mid_half_units(self) -> int | None:
        """The mid price in half price units (bid + ask), exact; None when the book is not usable."""
        return self._bid_keys[-1] - self._ask_keys[-1] if self.usable else None

    @property
    def spread(self) -> int | None:
        """Best ask less best bid in price units; None when a side is empty."""
        return -self._ask_keys[-1] - self._bid_keys[-1] if self._bid_keys and self._ask_keys else None

    def size_at(self, side: Side, price: int) -> int:
        """Return the displayed size at `price`, 0 where nothing is displayed."""
        return (self._bid_sizes if side is BUY else self._ask_sizes).get(price, 0)

    def depth(self, side: Side, levels: int) -> list[Level]:
        """Return the best `levels` (price, size) of a side, best first."""
        if levels < 1:
            return []
        if side is BUY:
            return [(price, self._bid_sizes[price]) for price in self._bid_keys[: -levels - 1 : -1]]
        return [(-key, self._ask_sizes[-key]) for key in self._ask_keys[: -levels - 1 : -1]]

    def level_count(self, side: Side) -> int:
        """Return how many levels a side displays."""
        return len(self._bid_keys if side is BUY else self._ask_keys)

    def quote(self) -> QuoteTick | None:
        """Return best bid and ask with their sizes; None when a side is empty."""
        bid, ask = self.best_bid, self.best_ask
        if bid is None or ask is None:
            return None
        return QuoteTick(self.instrument, self.ts_ns, bid, self._bid_sizes[bid], ask, self._ask_sizes[ask])

    def snapshot(self) -> BookSnapshot:
        """Return the whole book, best first: rebuilding from it gives an equal book."""
        return BookSnapshot(
            self.instrument,
            self.ts_ns,
            tuple(self.depth(Side.BUY, len(self._bid_keys))),
            tuple(self.depth(Side.SELL, len(self._ask_keys))),
            self.sequence,
        )
