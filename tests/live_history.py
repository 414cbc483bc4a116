"""A venue in this process with candles from before it was there, for tests of what a session makes of history."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.live_venue import CoreVenue
from tradewind.model.market_events import Bar

SECOND_NS = 1_000_000_000
HOUR_NS = 3_600_000_000_000
TRADES = 10_000


class HistoryVenue(CoreVenue):
    """Candles before `born_ns` end at the prices of now; `bars` of them there are, and `away` instruments have none."""

    def __init__(self, *, bars: int = 2_000, spans_ns: Sequence[int] = (60_000_000_000, HOUR_NS), **kept: Any) -> None:
        super().__init__(**kept)
        self.bars = bars
        self.away: set[str] = set()
        self.asked: list[tuple[str, int, int]] = []
        self._spans_ns = frozenset(spans_ns)
        self.born_ns = self.now_ns()
        self._first = dict(self.prices)

    def spans_ns(self) -> frozenset[int]:
        return self._spans_ns

    async def candles(self, id: str, span_ns: int, start_ns: int, end_ns: int) -> Sequence[Bar]:
        await self._question()
        self.asked.append((id, start_ns, end_ns))
        if id in self.away:
            return []
        born_ns = self.born_ns - self.born_ns % span_ns
        own = await self._since(id, span_ns, max(start_ns, born_ns), end_ns) if end_ns > born_ns else []
        return [*self._before(id, span_ns, start_ns, min(end_ns, born_ns), born_ns), *own]

    async def _since(self, id: str, span_ns: int, start_ns: int, end_ns: int) -> Sequence[Bar]:
        return await super().candles(id, span_ns, start_ns, end_ns)

    def _before(self, name: str, span_ns: int, start_ns: int, end_ns: int, born_ns: int) -> list[Bar]:
        """A walk of its own for each instrument, the same whenever it is asked for."""
        instrument = self.instrument_of(name)
        last = instrument.price_units(self._first[name])
        seed = sum(name.encode())
        back = np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.002, self.bars)))
        made = []
        for number in range(self.bars, 0, -1):
            open_ns = born_ns - number * span_ns
            if start_ns <= open_ns < end_ns:
                opened, closed = (int(last * back[min(at, self.bars - 1)]) for at in (number, number - 1))
                high, low = int(max(opened, closed) * 1.0005), int(min(opened, closed) * 0.9995)
                made.append(Bar(name, open_ns + span_ns, span_ns, opened, high, low, closed, 1_000_000 + number))
        return made


class SecondsVenue(HistoryVenue):
    """The same with candles of a second, so that a test sees several close: what came later is made of its trades."""

    def __init__(self, **kept: Any) -> None:
        super().__init__(spans_ns=(SECOND_NS,), **kept)

    async def _since(self, id: str, span_ns: int, start_ns: int, end_ns: int) -> Sequence[Bar]:
        instrument, made = self.instrument_of(id), {}
        for trade in reversed(self.exchange.trades(id, TRADES)):
            open_ns = trade.ts_ns - trade.ts_ns % span_ns
            if start_ns <= open_ns < end_ns:
                price, volume = instrument.price_units(trade.price), instrument.quantity_units(trade.size)
                bar = made.get(open_ns) or Bar(id, open_ns + span_ns, span_ns, price, price, price, price, 0)
                made[open_ns] = Bar(
                    id, bar.ts_ns, span_ns, bar.open, max(bar.high, price), min(bar.low, price), price,
                    bar.volume + volume,
                )  # fmt: skip
        return list(made.values())
