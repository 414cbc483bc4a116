"""One product's frames as events of our own: books, trades, quotes and closed bars in the units of its instrument.

Times are those of receipt, since nothing may be known before; a trade's is the venue's own, a bar's its close. What the
venue tells twice (after a reconnect) is told once. A row that cannot be read raises ValueError and nothing of its
message is told.
"""

from collections.abc import Iterable, Sequence

from tradewind.market.book import Book
from tradewind.model.instrument import Instrument
from tradewind.model.market_events import Bar, BookSnapshot, LevelUpdate, QuoteTick, TradePrint
from tradewind.model.orders import Side
from tradewind.venues.coinbase.units import PriceMemory, units
from tradewind.venues.coinbase.wire.stream import CandleRow, LevelEvent, LevelRow, TickerRow, TradeRow
from tradewind.venues.coinbase.wire.values import moment_ns

BUY, SELL = Side.BUY, Side.SELL
BID, OFFER = "bid", "offer"
AGGRESSORS = {"BUY": SELL, "SELL": BUY}  # the venue names the maker's side: the aggressor is the other one
CANDLE_NS = 300 * 1_000_000_000


class ProductFeed:
    """What is known of one product from the stream: its book, and what was told last of trades and bars."""

    __slots__ = ("_asks", "_bids", "_forming", "_last_trade", "_prices", "_quantity_scale", "_told_ns", "book",
                 "crossed_since_ns", "instrument")  # fmt: skip

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.book = Book(instrument.id)
        self.crossed_since_ns = 0
        self._prices = PriceMemory(instrument.price_scale)
        self._quantity_scale = instrument.quantity_scale
        self._bids: dict[str, str] = {}
        self._asks: dict[str, str] = {}
        self._last_trade = 0
        self._forming: Bar | None = None
        self._told_ns = 0

    # -- books --------------------------------------------------------------------------------------------------------

    def snapshot(self, rows: Iterable[LevelRow], sequence: int, ts_ns: int) -> BookSnapshot:
        """Return the whole book, which replaces what was known; levels come unsorted, sides mixed."""
        sides: dict[str, dict[int, int]] = {BID: {}, OFFER: {}}
        for row in rows:
            if row.side not in sides:
                raise ValueError(f"a level's side is {row.side!r}")
            sides[row.side][self._prices[row.price_level]] = units(row.new_quantity, self._quantity_scale)
        bids = tuple(sorted(((price, size) for price, size in sides[BID].items() if size), reverse=True))
        asks = tuple(sorted((price, size) for price, size in sides[OFFER].items() if size))
        told = BookSnapshot(self.instrument.id, ts_ns, bids, asks, sequence)
        self._bids.clear()
        self._asks.clear()
        self.book.on_snapshot(told)
        self.crossed_since_ns = 0
        return told

    def updates(self, rows: Iterable[LevelRow], sequence: int, ts_ns: int) -> list[LevelUpdate]:
        """Return the levels that changed, and apply them to the book; all of them can be read, or none is told."""
        name, prices, scale = self.instrument.id, self._prices, self._quantity_scale
        told: list[LevelUpdate] = []
        for row in rows:
            side = _side(row.side)
            size = units(row.new_quantity, scale)
            told.append(LevelUpdate(name, ts_ns, side, prices[row.price_level], size, sequence))
        set_level = self.book.set_level
        for update in told:
            set_level(update.side, update.price, update.size)
        self.book.ts_ns, self.book.sequence = ts_ns, sequence
        return told

    def note(self, event: LevelEvent, sequence: int, ts_ns: int) -> None:
        """Remember the levels that changed, for `settle`: a level that changes often between two looks is read once."""
        bids, asks = self._bids, self._asks
        for row in event.updates:
            if row.side == BID:
                bids[row.price_level] = row.new_quantity
            elif row.side == OFFER:
                asks[row.price_level] = row.new_quantity
            else:
                raise ValueError(f"a level's side is {row.side!r}")
        self.book.ts_ns, self.book.sequence = ts_ns, sequence

    @property
    def changed(self) -> bool:
        """Whether there is something to settle."""
        return bool(self._bids or self._asks)

    def settle(self) -> None:
        """Apply what `note` remembered to the book."""
        prices, scale, set_level = self._prices, self._quantity_scale, self.book.set_level
        try:
            for text, size in self._bids.items():
                set_level(BUY, prices[text], units(size, scale))
            for text, size in self._asks.items():
                set_level(SELL, prices[text], units(size, scale))
        finally:
            self._bids.clear()
            self._asks.clear()

    # -- trades and quotes --------------------------------------------------------------------------------------------

    def trades(self, rows: Sequence[TradeRow], ts_ns: int, *, snapshot: bool) -> list[TradePrint]:
        """Return the trades that were not told yet, oldest first.

        A snapshot lists the newest first. The first one only says where the tape stands: its trades are older than our
        attention; a later one, after a reconnect, holds what was missed.
        """
        ordered = sorted(rows, key=_trade_number) if snapshot else rows
        prints = [self._trade(row, ts_ns) for row in ordered]
        last, self._last_trade = self._last_trade, max([self._last_trade, *(each.trade_id for each in prints)])
        if snapshot and not last:
            return []
        return [each for each in prints if each.trade_id > last or (not each.trade_id and not snapshot)]

    def _trade(self, row: TradeRow, ts_ns: int) -> TradePrint:
        if row.side not in AGGRESSORS:
            raise ValueError(f"a trade's side is {row.side!r}")
        quantity = units(row.size, self._quantity_scale)
        # The venue's own time: candles are made of it, and what is made of them must be what the venue has.
        ts_ns = moment_ns(row.time) if row.time else ts_ns
        return TradePrint(
            self.instrument.id, ts_ns, AGGRESSORS[row.side], self._prices[row.price], quantity, _trade_number(row)
        )

    def quote(self, row: TickerRow, ts_ns: int) -> QuoteTick | None:
        """Return the best bid and ask of a ticker; None where it has none, or they are crossed."""
        if not row.best_bid or not row.best_ask:
            return None
        scale = self._quantity_scale
        bid, ask = self._prices[row.best_bid], self._prices[row.best_ask]
        bid_size, ask_size = units(row.best_bid_quantity or "0", scale), units(row.best_ask_quantity or "0", scale)
        return QuoteTick(self.instrument.id, ts_ns, bid, bid_size, ask, ask_size) if bid < ask else None

    # -- bars ---------------------------------------------------------------------------------------------------------

    def bars(self, rows: Iterable[CandleRow]) -> list[Bar]:
        """Return the bars that are closed now: one is when the next has begun. The one that forms is kept."""
        told: list[Bar] = []
        bars = [self._bar(row) for row in sorted(rows, key=_start)]
        if bars and not self._told_ns:
            self._told_ns = bars[-1].open_ns  # what closed before our attention is history
        for bar in bars:
            forming = self._forming
            if forming is not None and bar.ts_ns > forming.ts_ns:
                told += self._close(forming)
            if forming is None or bar.ts_ns >= forming.ts_ns:
                self._forming = bar
        return told

    def due_bars(self, now_ns: int, grace_ns: int) -> list[Bar]:
        """Return the bar whose time is over by `grace_ns`, though no trade has begun the next."""
        forming = self._forming
        return self._close(forming) if forming is not None and now_ns >= forming.ts_ns + grace_ns else []

    def _close(self, bar: Bar) -> list[Bar]:
        if bar.ts_ns <= self._told_ns:
            return []
        self._told_ns = bar.ts_ns
        return [bar]

    def _bar(self, row: CandleRow) -> Bar:
        instrument = self.instrument
        open_, high, low, close = (instrument.price_units(each) for each in (row.open, row.high, row.low, row.close))
        if not 0 < low <= min(open_, close) <= max(open_, close) <= high:
            raise ValueError(f"the candle of {row.product_id} at {row.start} is none")
        volume = instrument.volume_units(row.volume)
        if volume < 0:
            raise ValueError(f"the candle of {row.product_id} at {row.start} has a negative volume")
        return Bar(instrument.id, row.start * 1_000_000_000 + CANDLE_NS, CANDLE_NS, open_, high, low, close, volume)


def _side(text: str) -> Side:
    if text == BID:
        return BUY
    if text == OFFER:
        return SELL
    raise ValueError(f"a level's side is {text!r}")


def _trade_number(row: TradeRow) -> int:
    """The trade's number, 0 for an id that is none: such a trade cannot be told from its repetition."""
    text = row.trade_id
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def _start(row: CandleRow) -> int:
    return row.start
