"""Depth by distance, the lean of the book, its score and condition."""

import pytest

from tradewind.market.book import Book
from tradewind.market.liquidity import Condition, LiquiditySettings, condition_of, read_liquidity, walk_cost_bps
from tradewind.model.instrument import define_instrument
from tradewind.model.market_events import BookSnapshot
from tradewind.model.orders import Side

BTC = define_instrument("BTC-USD", base_increment="0.01")


def book_of(bids, asks):
    book = Book("BTC-USD")
    book.on_snapshot(BookSnapshot("BTC-USD", 5, tuple(bids), tuple(asks)))
    return book


def test_bands_hold_what_is_within_their_distance():
    bids = [(9_995, 100), (9_900, 10), (9_899, 1), (9_500, 7), (9_000, 3), (8_999, 50)]
    asks = [(10_005, 200), (10_100, 20), (10_101, 2), (11_000, 5)]
    read = read_liquidity(BTC, book_of(bids, asks))
    assert [(band.percent, band.bids, band.asks) for band in read.bands] == [
        (1, 110, 220),
        (5, 118, 222),
        (10, 121, 227),
    ]
    assert read.bands[0].bid_notional == pytest.approx(99.95 + 9.9)
    assert read.spread_bps == pytest.approx(10)
    assert read.imbalance == pytest.approx((109.85 - 220.3) / (109.85 + 220.3))
    assert (read.usable, read.ts_ns) == (True, 5)


def test_the_score_is_of_the_thinner_side_and_the_spread():
    settings = LiquiditySettings(depth_good=10_000, depth_bad=100, spread_good_bps=1, spread_bad_bps=100)
    deep = read_liquidity(BTC, book_of([(999_995, 10_000)], [(1_000_005, 10_000)]), settings)
    assert (deep.score, deep.condition) == (1, Condition.EXCELLENT)
    middling = read_liquidity(BTC, book_of([(9_995, 1_000)], [(10_005, 10**6)]), settings)
    assert middling.score == pytest.approx((0.5 + 0.5) / 2, abs=1e-3)
    assert middling.condition is Condition.FAIR
    one_sided = read_liquidity(BTC, book_of([(9_995, 1_000)], [(11_005, 10**6)]), settings)
    assert (one_sided.score, one_sided.condition) == (0, Condition.CRITICAL)


def test_conditions_begin_at_their_steps():
    settings = LiquiditySettings()
    scores = (0.0, 0.19, 0.2, 0.4, 0.6, 0.8, 1.0)
    assert [condition_of(score, settings).name for score in scores] == [
        "CRITICAL", "CRITICAL", "POOR", "FAIR", "GOOD", "EXCELLENT", "EXCELLENT",
    ]  # fmt: skip


@pytest.mark.parametrize("levels", [([], [(1, 1)]), ([(1, 1)], []), ([(5, 1)], [(5, 1)])])
def test_a_book_that_cannot_be_used_is_critical(levels):
    read = read_liquidity(BTC, book_of(*levels))
    assert (read.usable, read.condition, read.bands) == (False, Condition.CRITICAL, ())


def test_walking_the_book():
    book = book_of([(9_990, 5), (9_980, 5)], [(10_010, 4), (10_030, 10)])
    assert walk_cost_bps(book, Side.BUY, 4) == pytest.approx(10)
    assert walk_cost_bps(book, Side.BUY, 8) == pytest.approx(20)
    assert walk_cost_bps(book, Side.SELL, 10) == pytest.approx(15)
    assert walk_cost_bps(book, Side.SELL, 11) is None
    assert walk_cost_bps(book, Side.SELL, 0) is None
    assert walk_cost_bps(book, Side.BUY, 8, 10_010) == pytest.approx(10)  # the other half rests
    assert walk_cost_bps(book, Side.SELL, 11, 9_980) == pytest.approx(15)
    assert walk_cost_bps(book, Side.BUY, 4, 10_000) == 0.0


def test_bad_settings_are_refused():
    with pytest.raises(ValueError, match="depth"):
        LiquiditySettings(depth_bad=10, depth_good=1)
    with pytest.raises(ValueError, match="ascend"):
        LiquiditySettings(steps=(0.5, 0.4, 0.6, 0.8))
