"""The bars every engine benchmark runs on: a seeded random walk with regimes, on a tick of 0.01.

The recipe (seed, distributions, rounding) is the one that the published peer figures were measured with, so that fills
and equity can be compared to the last digit.
"""

import numpy as np
import numpy.typing as npt

from tradewind.model.instrument import Instrument, define_instrument
from tradewind.research.series import BarSeries

TICK = 0.01
MINUTE_NS = 60_000_000_000
START_NS = 1_577_836_800_000_000_000  # 2020-01-01T00:00:00Z
Floats = npt.NDArray[np.float64]


def make_columns(count: int, seed: int = 20240601) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return (open, high, low, close, volume) of `count` one-minute bars, rounded to the tick."""
    rng = np.random.default_rng(seed)
    regimes = 2 * (count // 2000 + 2)
    lengths = rng.geometric(1 / 2000.0, size=regimes)
    drifts = rng.choice([-2e-5, 0.0, 2e-5], size=regimes)
    volatilities = rng.choice([3e-4, 6e-4, 1.5e-3], size=regimes, p=[0.5, 0.35, 0.15])
    index = np.repeat(np.arange(regimes), lengths)
    while len(index) < count:
        index = np.concatenate([index, index])
    index = index[:count]
    drift, volatility = drifts[index], volatilities[index]
    steps = rng.standard_normal((count, 4)) * (volatility[:, None] / 2.0) + drift[:, None] / 4.0
    prices = 30000.0 * np.exp(_pulled_walk(steps.ravel()))
    prices = (np.round(prices / TICK) * TICK).reshape(count, 4)
    opens = np.empty(count)
    opens[0] = 30000.0
    gaps = rng.integers(-2, 3, size=count) * TICK
    opens[1:] = np.round((prices[:-1, 3] + gaps[1:]) / TICK) * TICK
    closes = prices[:, 3]
    highs = np.maximum(np.maximum(opens, prices.max(1)), closes)
    lows = np.minimum(np.minimum(opens, prices.min(1)), closes)
    volumes = np.round(rng.lognormal(1.0, 1.0, count), 4) + 0.0001
    return (*(np.round(column, 2) for column in (opens, highs, lows, closes)), np.round(volumes, 4))  # type: ignore[return-value]


def make_series(count: int) -> tuple[BarSeries, Instrument]:
    """Return the benchmark's bars on integer scales, and their instrument."""
    instrument = define_instrument("BENCH-USD", price_increment="0.01", base_increment="0.0001")
    columns = make_columns(count)
    prices = [np.round(column * 100).astype(np.int64) for column in columns[:4]]
    volume = np.round(columns[4] * 10_000).astype(np.int64)
    open_ns = START_NS + np.arange(count, dtype=np.int64) * MINUTE_NS
    return BarSeries(instrument, MINUTE_NS, open_ns, *prices, volume, source="generated", digest=""), instrument


def _pulled_walk(steps: Floats, pull: float = 2e-7) -> Floats:
    """Return the running sum of `steps`, each time pulled back a little towards zero."""
    out = np.empty(len(steps))
    x = 0.0
    for i, step in enumerate(steps.tolist()):
        x += step - pull * x
        out[i] = x
    return out
