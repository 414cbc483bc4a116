"""How much an instrument moves and trades, from its bars as they close: what sizes are measured by.

Volatility is the exponential average of squared returns (decay 0.94, METHODS 2), seeded with the variance of the first
thirty. A return over bars that are missing counts as that many equal ones.
"""

import math
from collections import deque

DAY_NS = 86_400_000_000_000
DECAY = 0.94
SEEDS = 30
VOLUME_BARS = 20


class Gauge:
    """Volatility and volume of one instrument."""

    __slots__ = ("_close", "_seeds", "_span_ns", "_ts_ns", "_variance", "_volumes")

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, after a gap in the data."""
        self._close = 0.0
        self._ts_ns = self._span_ns = 0
        self._seeds: list[float] = []
        self._variance: float | None = None
        self._volumes: deque[float | None] = deque(maxlen=VOLUME_BARS)

    def take(self, ts_ns: int, span_ns: int, close: float, volume: float | None) -> None:
        """Take a bar's close and what was traded in it, as an amount of money; None where nobody knows."""
        before, self._close = self._close, close
        bars = max(1, round((ts_ns - self._ts_ns) / span_ns))
        self._ts_ns, self._span_ns = ts_ns, span_ns
        self._volumes.extend([0.0] * min(bars - 1, VOLUME_BARS) if before else [])
        self._volumes.append(volume)
        if before <= 0 or close <= 0:
            return
        square = math.log(close / before) ** 2 / bars
        if self._variance is not None:
            self._variance = DECAY * self._variance + (1 - DECAY) * square
            return
        self._seeds.append(square)
        if len(self._seeds) == SEEDS:
            self._variance = math.fsum(self._seeds) / SEEDS
            self._seeds = []

    @property
    def volatility_daily(self) -> float | None:
        """The standard deviation of a day's return; None before thirty returns."""
        if self._variance is None or self._span_ns <= 0:
            return None
        return math.sqrt(self._variance * DAY_NS / self._span_ns)

    @property
    def volume(self) -> float | None:
        """What a bar trades on average, as an amount of money; None where some bar's volume is not known."""
        known = [each for each in self._volumes if each is not None]
        return math.fsum(known) / len(known) if known and len(known) == len(self._volumes) else None

    def values(self) -> list[object]:
        """Return what later answers depend on, for digests."""
        return [self._close, self._ts_ns, self._span_ns, self._seeds, self._variance, list(self._volumes)]
