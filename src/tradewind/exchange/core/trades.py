"""The tape: every trade once, and the candles folded from it."""

import msgspec

MINUTE_S = 60


class Trade(msgspec.Struct, eq=False, gc=False):
    """One match. `sign` is the taker's side; fees are money units; orders and accounts are named, not referred to.

    That makes a trade a leaf for the garbage collector, which then has half as much to look at.
    """

    number: int
    price: int
    quantity: int
    sign: int
    ts_ns: int
    maker: int
    taker: int
    maker_account: str
    taker_account: str
    maker_fee: int
    taker_fee: int
    value: int


class Candle:
    """One span's open, high, low, close and volume, in integers."""

    __slots__ = ("close", "high", "low", "open", "start_s", "volume")

    def __init__(self, start_s: int, price: int) -> None:
        self.start_s = start_s
        self.open = self.high = self.low = self.close = price
        self.volume = 0

    def add(self, other: "Candle") -> None:
        """Take in a later candle."""
        self.high = max(self.high, other.high)
        self.low = min(self.low, other.low)
        self.close = other.close
        self.volume += other.volume


class Tape:
    """The trades of one product: the newest `kept` of them, and one-minute candles of all."""

    __slots__ = ("_folded", "_minutes", "_newest", "kept", "trades")

    def __init__(self, kept: int) -> None:
        self.kept = kept
        self.trades: list[Trade] = []
        self._folded = 0
        self._minutes: dict[int, Candle] = {}
        self._newest: Candle | None = None

    def trim(self) -> None:
        """Fold what is new into candles and forget the oldest trades beyond twice the kept number."""
        self._fold()
        if len(self.trades) > 2 * self.kept:
            del self.trades[: len(self.trades) - self.kept]
            self._folded = len(self.trades)

    def candles(self, span_s: int, start_s: int, end_s: int) -> list[Candle]:
        """Return candles of `span_s` seconds that start in [start_s, end_s), oldest first; empty spans are left out."""
        self._fold()
        merged: dict[int, Candle] = {}
        for minute in self._minutes.values():
            start = minute.start_s - minute.start_s % span_s
            if not start_s <= start < end_s:
                continue
            candle = merged.get(start)
            if candle is None:
                candle = merged[start] = Candle(start, minute.open)
            candle.add(minute)
        return list(merged.values())

    def _fold(self) -> None:
        trades = self.trades
        for index in range(self._folded, len(trades)):
            trade = trades[index]
            start = trade.ts_ns // 1_000_000_000
            start -= start % MINUTE_S
            candle = self._newest
            if candle is None or candle.start_s != start:
                candle = self._newest = self._minutes[start] = Candle(start, trade.price)
            price = trade.price
            if price > candle.high:
                candle.high = price
            elif price < candle.low:
                candle.low = price
            candle.close = price
            candle.volume += trade.quantity
        self._folded = len(trades)
