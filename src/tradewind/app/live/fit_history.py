"""The closes that a session's fits are made of: candles of the venue from before it, and every candle that closes.

Kept apart from the engine, which remembers no bars. A candle longer than the session's closes with the last of its
parts, so nothing is asked again once history is there.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tradewind.app.tail_fits import Closes
from tradewind.market.aggregate import bucket_open
from tradewind.model.instrument import Instrument
from tradewind.model.market_events import Bar, Gap

SPARE = 2  # times what is needed is kept before the oldest are let go


class Snapshot(NamedTuple):
    """What is known at a time, for a thread of its own: nobody changes it. `marks` are prices of now, where they count.

    Arrays are made of it there, since that takes longer than the event loop should wait.
    """

    span_ns: int
    now_ns: int
    bars: int
    rows: tuple[tuple[str, tuple[tuple[int, float], ...]], ...]
    marks: Mapping[str, float]

    def closes(self) -> list[Closes]:
        """Return the last closes of candles that are over."""
        return [self._closes(name, rows) for name, rows in self.rows]

    def _closes(self, name: str, rows: Sequence[tuple[int, float]]) -> Closes:
        over = sorted(each for each in rows if each[0] <= self.now_ns)[-self.bars :]
        times, prices = zip(*over, strict=True) if over else ((), ())
        return Closes(name, self.span_ns, np.array(times, dtype=np.int64), np.array(prices, dtype=np.float64))


class FitHistory:
    """Closes of candles of one length, by instrument; at least `bars` of each are kept where there are so many.

    `wanting` are the instruments whose history has not been had yet, with the reason.
    """

    def __init__(self, instruments: Mapping[str, Instrument], span_ns: int, bars: int) -> None:
        self.span_ns = span_ns
        self.bars = bars
        self.wanting = dict.fromkeys(instruments, "not asked yet")
        self._divisors = {name: 10.0**each.price_scale for name, each in instruments.items()}
        self._closes: dict[str, dict[int, float]] = {name: {} for name in instruments}
        self._newest_ns = 0

    def begin(self, name: str, bars: Sequence[Bar]) -> None:
        """Take an instrument's history; what the session has seen itself counts before what it says."""
        older = {bar.open_ns + self.span_ns: bar.close / self._divisors[name] for bar in bars}
        self._closes[name] = older | self._closes[name]
        self._newest_ns = max(self._newest_ns, *older, 0)
        self.wanting.pop(name, None)

    def take(self, events: Iterable[Bar | Gap]) -> None:
        """Take candles of the session that have closed."""
        for event in events:
            kept = self._closes.get(event.instrument)
            if kept is None or isinstance(event, Gap):
                continue
            end_ns = bucket_open(event.ts_ns - 1, self.span_ns) + self.span_ns
            self._newest_ns = max(self._newest_ns, end_ns)
            kept[end_ns] = event.close / self._divisors[event.instrument]
            if len(kept) > SPARE * self.bars:
                for close_ns in sorted(kept)[: -self.bars]:
                    del kept[close_ns]

    def latest_ns(self, now_ns: int) -> int:
        """Return when the last candle that is over has closed, 0 before there is one."""
        newest_ns = self._newest_ns
        return newest_ns if newest_ns <= now_ns else max(0, newest_ns - self.span_ns)

    def price(self, name: str, units: int) -> float:
        """Return a price in the scale of the closes."""
        return units / self._divisors[name]

    def snapshot(self, now_ns: int, names: Sequence[str], marks: Mapping[str, float]) -> Snapshot:
        """Return what is known of these instruments."""
        rows = tuple((name, tuple(self._closes[name].items())) for name in names)
        return Snapshot(self.span_ns, now_ns, self.bars, rows, marks)
