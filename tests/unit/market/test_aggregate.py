"""Bars from trades and bars: when they close, what comes late, what is missing."""

import numpy as np
import pytest

from tradewind.market.aggregate import (
    DAY_NS,
    REMEMBERED_BARS,
    WEEK_NS,
    BarColumns,
    BarCorrection,
    LongerBars,
    TradeBars,
    bars_of_trades,
    bucket_open,
    longer_bars,
)
from tradewind.model.market_events import Bar, Gap, TradePrint
from tradewind.model.orders import Side

ONE = "BTC-USD"


def trade(ts_ns: int, price: int, quantity: int = 1) -> TradePrint:
    return TradePrint(ONE, ts_ns, Side.BUY, price, quantity)


def part(open_ns: int, prices: tuple[int, int, int, int], volume: int | None = 1) -> Bar:
    return Bar(ONE, open_ns + 10, 10, *prices, volume)


def test_a_bar_holds_its_interval_and_closes_with_the_first_trade_after_it() -> None:
    bars = TradeBars(ONE, 10, grace_ns=0)
    assert bars.on_trade(trade(20, 5)) == []
    assert bars.on_trade(trade(25, 9, 2)) == []
    assert bars.on_trade(trade(29, 4, 3)) == []
    assert bars.on_trade(trade(30, 7)) == [Bar(ONE, 30, 10, 5, 9, 4, 4, 6)]


def test_the_timer_closes_a_live_bar_at_its_end_plus_grace() -> None:
    bars = TradeBars(ONE, 10, grace_ns=2)
    bars.on_trade(trade(21, 5))
    assert bars.on_trade(trade(31, 6)) == [], "within the grace both bars are open"
    assert bars.on_trade(trade(29, 8), known_ns=31) == []
    assert bars.close_due(31) == []
    assert bars.close_due(32) == [Bar(ONE, 30, 10, 5, 8, 5, 8, 2)]
    assert bars.close_due(32) == []


def test_a_late_trade_is_a_correction_and_never_a_changed_bar() -> None:
    bars = TradeBars(ONE, 10, grace_ns=0)
    bars.on_trade(trade(21, 5))
    (closed,) = bars.close_due(30)
    (late,) = bars.on_trade(trade(29, 8, 4), known_ns=33)
    assert closed == Bar(ONE, 30, 10, 5, 5, 5, 5, 1)
    assert late == BarCorrection(ONE, 33, 20, Bar(ONE, 30, 10, 5, 8, 5, 8, 5), closed)
    (again,) = bars.on_trade(trade(20, 3, 1), known_ns=34)
    assert isinstance(again, BarCorrection)
    assert again.bar == Bar(ONE, 30, 10, 3, 8, 3, 8, 6)
    assert again.was == late.bar
    assert bars.corrections == 2


def test_a_late_timer_changes_nothing() -> None:
    bars = TradeBars(ONE, 10, grace_ns=2)
    bars.on_trade(trade(21, 5))
    closed, late = bars.on_trade(trade(29, 8), known_ns=40)
    assert closed == Bar(ONE, 30, 10, 5, 5, 5, 5, 1)
    assert isinstance(late, BarCorrection)


def test_intervals_without_trades_give_a_gap_and_no_bar() -> None:
    bars = TradeBars(ONE, 10, grace_ns=0)
    bars.on_trade(trade(21, 5))
    bars.on_trade(trade(65, 6))
    assert bars.close_due(70) == [Gap(ONE, 60, 3, no_trade=True), Bar(ONE, 70, 10, 6, 6, 6, 6, 1)]
    assert bars.gap_bars == 3
    (late,) = bars.on_trade(trade(45, 7), known_ns=71)
    assert late == BarCorrection(ONE, 71, 40, Bar(ONE, 50, 10, 7, 7, 7, 7, 1), None)


def test_what_is_further_back_than_the_memory_cannot_be_rebuilt() -> None:
    bars = TradeBars(ONE, 10, grace_ns=0)
    for number in range(REMEMBERED_BARS + 2):
        bars.on_trade(trade(number * 10, 5))
    (forgotten,) = bars.on_trade(trade(3, 9), known_ns=(REMEMBERED_BARS + 2) * 10 - 5)
    assert forgotten == BarCorrection(ONE, (REMEMBERED_BARS + 2) * 10 - 5, 0, None, None)


def test_bars_make_longer_bars_and_close_with_their_last_part() -> None:
    bars = LongerBars(ONE, 10, 30)
    assert bars.on_bar(part(30, (5, 8, 4, 6))) == []
    assert bars.on_bar(part(40, (6, 7, 2, 3), 5)) == []
    assert bars.on_bar(part(50, (3, 4, 3, 4))) == [Bar(ONE, 60, 30, 5, 8, 2, 4, 7)]
    bars.on_bar(part(120, (4, 4, 4, 4), None))
    assert bars.finish() == [Gap(ONE, 120, 2, no_trade=False), Bar(ONE, 150, 30, 4, 4, 4, 4, None)]
    assert bars.finish() == []
    assert bars.gap_bars == 2


def test_a_missing_last_part_closes_with_the_next_event() -> None:
    bars = LongerBars(ONE, 10, 20, no_trade=True)
    bars.on_bar(part(0, (5, 5, 5, 5)))
    assert bars.on_bar(part(20, (6, 6, 6, 6))) == [Bar(ONE, 20, 20, 5, 5, 5, 5, 1)]
    assert bars.close_due(39) == []
    assert bars.close_due(40) == [Bar(ONE, 40, 20, 6, 6, 6, 6, 1)]


def test_refuses_spans_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="span_ns must be a larger multiple of 10, was 25"):
        LongerBars(ONE, 10, 25)
    with pytest.raises(ValueError, match="span_ns must be positive"):
        TradeBars(ONE, 0)
    with pytest.raises(ValueError, match="bar of BTC-USD spans 10 ns, expected 5"):
        LongerBars(ONE, 5, 20).on_bar(part(0, (1, 1, 1, 1)))


def test_weeks_start_on_monday() -> None:
    thursday_ns = 0
    assert bucket_open(thursday_ns, WEEK_NS) == -3 * DAY_NS
    assert bucket_open(4 * DAY_NS, WEEK_NS) == 4 * DAY_NS


def test_batch_volume_that_does_not_fit_is_an_error() -> None:
    half = np.full(3, 2**62, np.int64)
    ones = np.ones(3, np.int64)
    with pytest.raises(OverflowError, match="needs more than 64 bits"):
        longer_bars(BarColumns(np.arange(3) * 10, ones, ones, ones, ones, half), 10, 30)


def test_batch_of_nothing_is_nothing() -> None:
    none = np.empty(0, np.int64)
    assert len(bars_of_trades(none, none, none, 10)) == 0
