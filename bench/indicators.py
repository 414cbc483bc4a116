"""Time per bar of every indicator: streaming in Python, and compiled over columns.

    python bench/indicators.py [rows]

Prints one line per indicator, then ATR and ADX together from their one kernel. Seed 1; medians of seven runs.
"""

import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

import numpy as np

from tradewind.numeric import indicators
from tradewind.numeric.bars import BarArrays, BarLike
from tradewind.numeric.indicators.spec import IndicatorSpec
from tradewind.numeric.indicators.wilder import family
from tradewind.numeric.serving import Server

STREAM_ROWS = 50_000

SPECS: tuple[IndicatorSpec, ...] = (
    indicators.close(),
    indicators.sma(20),
    indicators.ema(12),
    indicators.macd(12, 26, 9),
    indicators.rolling_deviation(20),
    indicators.bollinger(20, 2.0),
    indicators.volume_mean(20),
    indicators.true_range(),
    indicators.atr(14),
    indicators.natr(14),
    indicators.directional(14),
    indicators.adx(14),
    indicators.choppiness(20),
    indicators.efficiency_ratio(24),
    indicators.rsi(14),
    indicators.momentum(90),
    indicators.rate_of_change(90),
    indicators.highest(20),
    indicators.lowest(20),
    indicators.donchian(20),
    indicators.realised_volatility(24),
    indicators.parkinson(24),
    indicators.garman_klass(24),
    indicators.volatility_percentile(500, 100, indicators.natr(14)),
    indicators.lag1_autocorrelation(24),
    indicators.variance_ratio(48, 4),
    indicators.sign_flip_rate(12),
    indicators.wick_share(24),
)


def market(rows: int, seed: int = 1) -> BarArrays:
    """Return a seeded random walk in cents, with whole-number volumes."""
    generator = np.random.default_rng(seed)
    closes = 60_000 * np.exp(np.cumsum(generator.normal(0, 0.001, rows)))
    opens = np.concatenate((closes[:1], closes[:-1]))
    highs = np.maximum(opens, closes) * (1 + np.abs(generator.normal(0, 0.0005, rows)))
    lows = np.minimum(opens, closes) * (1 - np.abs(generator.normal(0, 0.0005, rows)))
    opens, highs, lows, closes = (np.rint(column * 100).astype(np.int64) for column in (opens, highs, lows, closes))
    volumes = generator.integers(0, 10_000, rows)
    return BarArrays(opens, highs, lows, closes, volumes, price_scale=100, volume_scale=100)


def as_floats(bars: BarArrays) -> BarArrays:
    """Return the bars with float columns, which the kernels read without converting."""
    opens, highs, lows, closes = (column.astype(np.float64) for column in (bars.open, bars.high, bars.low, bars.close))
    return BarArrays(opens, highs, lows, closes, price_scale=bars.price_scale)


def median_ns(work: Callable[[], object], rows: int, runs: int = 7) -> float:
    """Return the median wall time of `work`, per row."""
    times = []
    for _ in range(runs):
        start = time.perf_counter_ns()
        work()
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times) / rows


def stream_ns(spec: IndicatorSpec, rows: Sequence[BarLike]) -> float:
    """Return nanoseconds per `update` of a fresh stream, the empty loop taken off."""

    def run() -> None:
        update = spec.stream(100, 100).update
        for row in rows:
            update(row)

    def empty() -> None:
        for _row in rows:
            pass

    return median_ns(run, len(rows)) - median_ns(empty, len(rows))


def main() -> None:
    """Print the table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    bars = market(rows)
    few = list(market(STREAM_ROWS).rows())
    machine = platform.processor() or platform.machine()
    print(f"{machine}, Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}")
    print(f"{'indicator':34}{'stream ns/update':>18}{'compiled ns/bar':>18}   ({STREAM_ROWS:,} and {rows:,} bars)")
    for spec in SPECS:
        spec.batch(bars)
        shown = f"{spec.name}{spec.parameters if spec.name != 'volatility_percentile' else (500, 100, 'natr')}"
        print(f"{shown:34}{stream_ns(spec, few):18.0f}{median_ns(partial(spec.batch, bars), rows):18.1f}")
    floats = as_floats(bars)
    for wanted in (["range", "trend"], ["range", "plus", "minus", "trend"]):
        shown = f"one pass: {', '.join(wanted)}"
        print(f"{shown:34}{'':18}{median_ns(partial(family, floats, 14, wanted), rows):18.1f}")
    server = Server(SPECS, 100, 100)
    print(f"{'server of all of them':34}{median_ns(lambda: [server.update(row) for row in few], len(few), 3):18.0f}")


if __name__ == "__main__":
    main()
