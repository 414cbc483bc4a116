"""What each instrument is worth now, where that is from and how old it is (SPEC D5).

The mark is the mid when both sides of the book are known, else the last trade. A book that is stale or crossed gives no
mid. Marks are exact: a mid may fall between two price units, so they are Decimals in price units.
"""

from collections import deque
from decimal import Decimal
from enum import Enum

import msgspec

from tradewind.model.market_events import QuoteTick, TradePrint
from tradewind.model.money import EXACT

HALF = Decimal("0.5")


class MarkSource(Enum):
    MID = "mid"
    TRADE = "trade"


class Mark(msgspec.Struct, frozen=True):
    """A price in price units with its source and the time it is from; `age_ns` as of the question."""

    instrument: str
    price: Decimal
    source: MarkSource
    ts_ns: int
    age_ns: int


class MarkCache:
    """The one owner of marks: quotes and trades go in, marks with their age come out.

    Instruments do not touch each other: what fails for one leaves the others as they are.
    """

    def __init__(self, window_marks: int = 1_000) -> None:
        self._window_marks = window_marks
        self._mids: dict[str, tuple[Decimal, int]] = {}
        self._trades: dict[str, tuple[Decimal, int]] = {}
        self._windows: dict[str, deque[tuple[int, Decimal]]] = {}

    def on_quote(self, quote: QuoteTick) -> None:
        """Take best bid and ask; a crossed or one-sided quote ends the mid until a good one comes."""
        if 0 < quote.bid < quote.ask and quote.bid_size > 0 and quote.ask_size > 0:
            mid = EXACT.multiply(Decimal(quote.bid + quote.ask), HALF)
            self._mids[quote.instrument] = mid, quote.ts_ns
            self._keep(quote.instrument, quote.ts_ns, mid)
        else:
            self._mids.pop(quote.instrument, None)

    def on_trade(self, trade: TradePrint) -> None:
        """Take a public trade; it marks only while there is no mid."""
        price = Decimal(trade.price)
        self._trades[trade.instrument] = price, trade.ts_ns
        if trade.instrument not in self._mids:
            self._keep(trade.instrument, trade.ts_ns, price)

    def drop_book(self, instrument: str) -> None:
        """The instrument's book is stale: its mid may not be used until a new quote comes."""
        self._mids.pop(instrument, None)

    def mark(self, instrument: str, now_ns: int) -> Mark | None:
        """Return the mark as of `now_ns`, or None when nothing is known: never a guess."""
        for source, known in ((MarkSource.MID, self._mids), (MarkSource.TRADE, self._trades)):
            if instrument in known:
                price, ts_ns = known[instrument]
                return Mark(instrument, price, source, ts_ns, max(0, now_ns - ts_ns))
        return None

    def window(self, instrument: str, since_ns: int) -> tuple[tuple[int, Decimal], ...]:
        """Return (time, mark) from `since_ns` on, oldest first, as far as they are kept."""
        return tuple(each for each in self._windows.get(instrument, ()) if each[0] >= since_ns)

    def _keep(self, instrument: str, ts_ns: int, price: Decimal) -> None:
        window = self._windows.setdefault(instrument, deque(maxlen=self._window_marks))
        if not window or window[-1][1] != price:
            window.append((ts_ns, price))
