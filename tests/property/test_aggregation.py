"""Streaming and batch build identical bars, from trades and from bars, whatever arrives."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tradewind.market.aggregate import (
    BarColumns,
    BarCorrection,
    LongerBars,
    TradeBars,
    bars_from_columns,
    bars_of_trades,
    longer_bars,
)
from tradewind.model.market_events import Bar, Gap, TradePrint
from tradewind.model.orders import Side

ONE = "BTC-USD"
SEEN: Counter[str] = Counter()

trades = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 50), st.integers(1, 9)), min_size=1, max_size=40)
spans = st.sampled_from([1, 7, 10, 60])


def occurred(*branches: str) -> None:
    """Print how often each branch was taken; a branch never taken means that nothing was shown."""
    counts = {branch: SEEN[branch] for branch in branches}
    print("branches:", counts)
    assert all(counts.values()), counts


def columns(rows: list[tuple[int, int, int]]) -> tuple[np.ndarray, ...]:
    return tuple(np.array(column, np.int64) for column in zip(*rows, strict=True))


@given(trades, spans, st.integers(0, 3))
def check_sorted_trades(rows: list[tuple[int, int, int]], span: int, g: int) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    stream = TradeBars(ONE, span, grace_ns=g * span)
    built = [event for row in rows for event in stream.on_trade(TradePrint(ONE, row[0], Side.BUY, row[1], row[2]))]
    built += stream.finish()
    bars = [event for event in built if isinstance(event, Bar)]
    gaps = [event for event in built if isinstance(event, Gap)]
    assert bars == list(bars_from_columns(bars_of_trades(*columns(rows), span), ONE, span))
    present = [bar.open_ns for bar in bars]
    assert sum(gap.bars for gap in gaps) == (present[-1] - present[0]) // span + 1 - len(present)
    assert sum(bar.volume or 0 for bar in bars) == sum(row[2] for row in rows)
    SEEN.update(bar=len(bars), gap=len(gaps))


@given(trades, spans)
def check_corrections(rows: list[tuple[int, int, int]], span: int) -> None:
    """Trades in any order: what was published, with the last correction of each interval, is the batch."""
    stream = TradeBars(ONE, span, grace_ns=0)
    now, built = 0, []
    for ts, price, quantity in rows:
        now = max(now, ts)
        built += stream.on_trade(TradePrint(ONE, ts, Side.BUY, price, quantity), known_ns=now)
    built += stream.finish()
    published: dict[int, Bar] = {}
    for event in built:
        if isinstance(event, Bar):
            assert event.open_ns not in published, "a bar is published once"
            published[event.open_ns] = event
        elif isinstance(event, BarCorrection):
            if event.bar is None:
                SEEN["forgotten"] += 1
                return
            assert event.was == published.get(event.open_ns)
            SEEN["rebuilt correction"] += event.was is not None
            published[event.open_ns] = event.bar
            SEEN["correction"] += 1
    batch = bars_of_trades(*columns(rows), span)
    assert [published[key] for key in sorted(published)] == list(bars_from_columns(batch, ONE, span))


@given(trades, st.sampled_from([1, 5, 10]), st.sampled_from([2, 3, 12]))
def check_longer_bars(rows: list[tuple[int, int, int]], part: int, times: int) -> None:
    parts = bars_of_trades(*columns(rows), part)
    stream = LongerBars(ONE, part, part * times)
    built = [event for bar in bars_from_columns(parts, ONE, part) for event in stream.on_bar(bar)] + stream.finish()
    bars = [event for event in built if isinstance(event, Bar)]
    batch = longer_bars(parts, part, part * times)
    assert bars == list(bars_from_columns(batch, ONE, part * times))
    SEEN["longer bar"] += len(bars)
    SEEN["part missing"] += len(parts) % times != 0


@given(trades, spans, st.sampled_from([2, 5]))
def test_longer_bars_of_bars_are_the_bars_of_the_trades(
    rows: list[tuple[int, int, int]], span: int, times: int
) -> None:
    trade_columns = columns(rows)
    direct = bars_of_trades(*trade_columns, span * times)
    through: BarColumns = longer_bars(bars_of_trades(*trade_columns, span), span, span * times)
    assert list(bars_from_columns(direct, ONE, span)) == list(bars_from_columns(through, ONE, span))


def test_sorted_trades_stream_into_the_bars_of_the_batch() -> None:
    check_sorted_trades()
    occurred("bar", "gap")


def test_corrections_end_at_the_bars_of_the_batch() -> None:
    check_corrections()
    occurred("correction", "rebuilt correction")


def test_bars_stream_into_the_longer_bars_of_the_batch() -> None:
    check_longer_bars()
    occurred("longer bar", "part missing")
