"""Series of bars that make strategies act: random walks, trends, ranges and quiet markets that break out."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.numeric.bars import BarArrays

SCALE = 6
"""Digits of a price: so fine that closes hardly ever tie, and a slow float computation decides alike."""

HOUR_NS = 3_600_000_000_000


class Candles(NamedTuple):
    """Columns of hourly bars in price units; every bar opens at the close before it."""

    open: NDArray[np.int64]
    high: NDArray[np.int64]
    low: NDArray[np.int64]
    close: NDArray[np.int64]

    def head(self, rows: int) -> "Candles":
        return Candles(*(column[:rows] for column in self))

    def arrays(self) -> BarArrays:
        return BarArrays(*self, price_scale=10**SCALE)

    @property
    def ts_ns(self) -> NDArray[np.int64]:
        return (np.arange(len(self.close), dtype=np.int64) + 1) * HOUR_NS

    def prices(self) -> tuple[list[float], list[float], list[float]]:
        """Highs, lows and closes as floats, for a slow computation."""
        high, low, close = (column / 10**SCALE for column in (self.high, self.low, self.close))
        return high.tolist(), low.tolist(), close.tolist()


def candles(closes: NDArray[np.float64] | list[float], rng: np.random.Generator | None = None) -> Candles:
    """Bars through these closes; with a generator they get wicks."""
    close = np.round(np.asarray(closes) * 10**SCALE).astype(np.int64)
    opened = np.concatenate([close[:1], close[:-1]])
    high, low = np.maximum(opened, close), np.minimum(opened, close)
    if rng is not None:
        wick = 0.003 * close * rng.random((2, len(close)))
        high, low = high + wick[0].astype(np.int64), low - wick[1].astype(np.int64)
    return Candles(opened, high, low, close)


def walk(rng: np.random.Generator, rows: int, drift: float = 0.0, volatility: float = 0.01) -> Candles:
    """A geometric random walk."""
    return candles(100 * np.exp(np.cumsum(drift + volatility * rng.standard_normal(rows))), rng)


def swings(rng: np.random.Generator, rows: int, period: int = 40) -> Candles:
    """A noisy wave: trends up and down that change places."""
    wave = 0.15 * np.sin(2 * np.pi * np.arange(rows) / period)
    return candles(100 * np.exp(wave + 0.003 * rng.standard_normal(rows)), rng)


def ranging(rng: np.random.Generator, rows: int) -> Candles:
    """A log price pulled back to its level."""
    level, out = 0.0, []
    for shock in 0.015 * rng.standard_normal(rows):
        level = 0.8 * level + shock
        out.append(level)
    return candles(100 * np.exp(np.array(out)), rng)


def breaking(rng: np.random.Generator, rows: int) -> Candles:
    """Quiet bars, and now and then one that moves far."""
    steps = 0.001 * rng.standard_normal(rows)
    jumps = rng.random(rows) < 0.08
    steps[jumps] = 0.03 * rng.choice([-1.0, 1.0], int(jumps.sum()))
    return candles(100 * np.exp(np.cumsum(steps)), rng)


KINDS = {"walk": walk, "swings": swings, "ranging": ranging, "breaking": breaking}
