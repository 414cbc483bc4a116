"""Streaming = batch, to the last bit, on any input; and a stream stored half-way goes on as if nothing had happened."""

import pickle
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from numpy.typing import NDArray

from tradewind.numeric import indicators
from tradewind.numeric.bars import BarArrays
from tradewind.numeric.indicators import IndicatorSpec, spec
from tradewind.numeric.serving import Server, precompute

SHAPES = ("walk", "tied", "constant", "flat stretches", "wild", "huge units")
BRANCHES = (
    *SHAPES,
    "whole units",
    "float prices",
    "constant window",
    "tied closes",
    "tied averages",
    "reset",
    "gap segment",
    "pickled half-way",
    "compiled kernel",
    "re-summed",
    "shorter than the warm-up",
)


@dataclass(frozen=True)
class Case:
    """One market and how it is cut."""

    bars: BarArrays
    shape: str
    specs: tuple[IndicatorSpec, ...]
    segments: tuple[int, ...]
    stored_at: int
    compiled: bool


def market(shape: str, rows: int, seed: int, whole: bool, scale: int) -> BarArrays:
    """A market of the given shape; `whole` gives units of `1 / scale`, otherwise float prices."""
    generator = np.random.default_rng(seed)
    steps = generator.normal(0, 0.01, rows)
    if shape == "wild":
        steps *= generator.choice([0.01, 1.0, 30.0], rows)
    if shape == "flat stretches":
        steps *= np.repeat(generator.integers(0, 2, rows // 40 + 1), 40)[:rows]
    close = 1e6 * np.exp(np.clip(np.cumsum(steps), -6, 6))
    if shape == "tied":
        close = 50 + generator.integers(0, 3, rows).astype(np.float64)
    if shape == "constant":
        close = np.full(rows, float(generator.integers(1, 10**6)))
    opened = np.concatenate((close[:1], close[:-1]))
    if shape == "walk":
        opened = opened * np.exp(generator.normal(0, 0.001, rows))
    reach = np.zeros(rows) if shape in ("constant", "flat stretches") else generator.random((rows,)) * 0.004
    if shape == "tied":
        reach = np.zeros(rows)
    high, low = np.maximum(opened, close) * (1 + reach), np.minimum(opened, close) * (1 - reach)
    volume = generator.integers(0, 3, rows) * np.round(generator.lognormal(3, 2, rows), 2)
    prices: NDArray[Any] = np.stack((opened, high, low, close))
    volume_scale = 1
    if shape == "huge units":
        prices, volume, volume_scale = units(prices * 1e9) * 1000 + 7, units(volume * 1e12), scale
    elif whole:
        prices, volume, volume_scale = units(prices), units(volume * 100), 100
    else:
        prices /= 7.0
    return BarArrays(prices[0], prices[1], prices[2], prices[3], volume, scale, volume_scale)


def units(values: NDArray[Any]) -> NDArray[Any]:
    """The nearest whole numbers."""
    return np.asarray(np.rint(values), dtype=np.int64)


LENGTHS = st.integers(3, 30)


@st.composite
def specifications(draw: st.DrawFn) -> IndicatorSpec:
    """Any indicator of the table, with any parameters."""
    length = draw(LENGTHS)
    plain = (
        indicators.sma,
        indicators.ema,
        indicators.rolling_deviation,
        indicators.bollinger,
        indicators.volume_mean,
        indicators.atr,
        indicators.natr,
        indicators.directional,
        indicators.adx,
        indicators.choppiness,
        indicators.efficiency_ratio,
        indicators.rsi,
        indicators.momentum,
        indicators.rate_of_change,
        indicators.highest,
        indicators.lowest,
        indicators.donchian,
        indicators.realised_volatility,
        indicators.parkinson,
        indicators.garman_klass,
        indicators.lag1_autocorrelation,
        indicators.sign_flip_rate,
        indicators.wick_share,
    )
    composed = (
        indicators.close,
        indicators.true_range,
        lambda: indicators.macd(length, length + draw(LENGTHS), draw(LENGTHS)),
        lambda: indicators.variance_ratio(length + 5, draw(st.integers(2, 7))),
        lambda: indicators.volatility_percentile(length + 30, draw(LENGTHS), indicators.natr(length)),
        lambda: indicators.volatility_percentile(length + 30, draw(LENGTHS), indicators.choppiness(length)),
    )
    choice = draw(st.integers(0, len(plain) + len(composed) - 1))
    return plain[choice](length) if choice < len(plain) else composed[choice - len(plain)]()


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A market, a few indicators, where data gaps restart them, and where the stream is stored."""
    shape = draw(st.sampled_from(SHAPES))
    rows = 4300 if draw(st.integers(0, 7)) == 0 else draw(st.integers(0, 200))
    scale = draw(st.sampled_from([1, 10, 100, 10**8]))
    bars = market(shape, rows, draw(st.integers(0, 2**32 - 1)), draw(st.booleans()), scale)
    return Case(
        bars=bars,
        shape=shape,
        specs=tuple(draw(st.lists(specifications(), min_size=1, max_size=3))),
        segments=tuple(draw(st.lists(st.integers(0, rows), max_size=3))) if draw(st.booleans()) else (),
        stored_at=draw(st.integers(0, max(rows - 1, 0))),
        compiled=draw(st.booleans()),
    )


def served(case: Case) -> list[tuple[float, ...]]:
    """The rows a server gives that is reset at each segment, and stored and loaded once on the way."""
    server = Server(case.specs, case.bars.price_scale, case.bars.volume_scale)
    starts, out = set(case.segments), []
    for index, bar in enumerate(case.bars.rows()):
        if index in starts:
            server.reset()
        if index == case.stored_at:
            server = pickle.loads(pickle.dumps(server))
        out.append(server.update(bar))
    return out


def count(case: Case, seen: Counter[str]) -> None:
    """Tick off the branches this case takes."""
    rows, close = len(case.bars), case.bars.close
    longest = max(one.warmup_bars for one in case.specs)
    edges = [*sorted({0, *case.segments} - {rows}), rows]
    averages = [precompute([indicators.sma(length)], case.bars, [])[0] for length in (2, 4)]
    seen[case.shape] += 1
    seen["whole units" if close.dtype == np.int64 else "float prices"] += 1
    seen["constant window"] += rows > longest and bool(np.ptp(close[-longest:]) == 0)
    seen["tied closes"] += bool((close[1:] == close[:-1]).any())
    seen["tied averages"] += bool((averages[0] == averages[1]).any())
    seen["reset"] += bool(set(case.segments) - {0, rows})
    seen["gap segment"] += len(edges) > 2 and max(stop - start for start, stop in pairwise(edges)) > longest
    seen["pickled half-way"] += 0 < case.stored_at < rows
    seen["compiled kernel"] += case.compiled and rows > longest and case.bars.exact_over(longest)
    seen["re-summed"] += rows > 4096
    seen["shorter than the warm-up"] += 0 < rows < longest


def test_streaming_equals_batch(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter(dict.fromkeys(BRANCHES, 0))

    @given(cases())
    def equal_to_the_last_bit(case: Case) -> None:
        rows_needed = 0 if case.compiled else 10**9
        monkeypatch.setattr(spec, "KERNEL_ROWS", rows_needed)
        monkeypatch.setattr(spec, "KERNEL_ROWS_LOADED", rows_needed)
        note(f"{case.shape}, {len(case.bars)} rows, {case.specs}")
        columns = precompute(case.specs, case.bars, case.segments)
        streamed = np.array(served(case), dtype=np.float64).reshape(len(case.bars), len(columns))
        for output, column in enumerate(columns):
            assert np.array_equal(streamed[:, output], column, equal_nan=True)
        count(case, seen)

    equal_to_the_last_bit()
    with capsys.disabled():
        print(f"\nstreaming = batch, how often each branch occurred: {dict(seen)}")
    assert [branch for branch in BRANCHES if not seen[branch]] == []


@given(cases(), st.integers(0, 200))
def test_no_value_knows_a_later_bar(case: Case, cut: int) -> None:
    """Cutting the future off changes nothing before the cut."""
    whole = precompute(case.specs, case.bars, [])
    part = precompute(case.specs, case.bars.span(0, cut), [])
    for full, truncated in zip(whole, part, strict=True):
        assert np.array_equal(full[: truncated.size], truncated, equal_nan=True)
