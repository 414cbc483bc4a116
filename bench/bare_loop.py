"""What CPython itself costs: the smallest loop that hands every bar to an ordinary object and takes its order back.

No ledger, no risk, no records: a floor to hold the engine against in the same process, not an engine.
"""

from collections import deque
from collections.abc import Iterable

CASH = 10_000_000.0
FEE = 0.001


class Bar:
    __slots__ = ("c", "h", "l", "o", "ts", "v")

    def __init__(self, ts: int, o: float, h: float, l: float, c: float, v: float) -> None:  # noqa: E741
        self.ts = ts
        self.o = o
        self.h = h
        self.l = l
        self.c = c
        self.v = v


class Noop:
    """Does nothing with a bar."""

    def on_bar(self, bar: Bar) -> None:
        pass


class Crossover:
    """SMA(10/50) from ring buffers and running sums."""

    def __init__(self, engine: "BareLoop", fast: int = 10, slow: int = 50) -> None:
        self.engine = engine
        self.fast = fast
        self.slow = slow
        self.slow_window: deque[float] = deque()
        self.fast_window: deque[float] = deque()
        self.fast_sum = self.slow_sum = 0.0
        self.position = 0

    def on_bar(self, bar: Bar) -> None:
        x = bar.c
        slow_window = self.slow_window
        fast_window = self.fast_window
        slow_window.append(x)
        fast_window.append(x)
        self.fast_sum += x
        self.slow_sum += x
        if len(fast_window) > self.fast:
            self.fast_sum -= fast_window.popleft()
        if len(slow_window) > self.slow:
            self.slow_sum -= slow_window.popleft()
        if len(slow_window) == self.slow:
            difference = self.fast_sum * self.slow - self.slow_sum * self.fast
            if difference > 0 and not self.position:
                self.engine.market(1.0)
                self.position = 1
            elif difference < 0 and self.position:
                self.engine.market(-1.0)
                self.position = 0


class BareLoop:
    """Fills pending market orders at the next open, then calls the strategy."""

    def __init__(self) -> None:
        self.cash = CASH
        self.position = 0.0
        self.pending: list[float] = []
        self.fills = 0
        self.equity = CASH

    def market(self, quantity: float) -> None:
        self.pending.append(quantity)

    def run(self, strategy: Noop | Crossover, rows: Iterable[tuple[int, float, float, float, float, float]]) -> None:
        on_bar = strategy.on_bar
        c = 0.0
        for ts, o, h, l, c, v in rows:  # noqa: E741
            if self.pending:
                for quantity in self.pending:
                    self.cash -= quantity * o + abs(quantity) * o * FEE
                    self.position += quantity
                    self.fills += 1
                self.pending.clear()
            on_bar(Bar(ts, o, h, l, c, v))
        self.equity = self.cash + self.position * c
