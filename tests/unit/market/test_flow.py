"""Generated order flow: a book that is never crossed, trades that hit it, and bars that add up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.market.flow import FlowKind, FlowSettings, OrderFlow, market_flow, to_events
from tradewind.model.market_events import BookSnapshot, LevelUpdate, TradePrint
from tradewind.model.orders import Side
from tradewind.numeric.regime_market import GridBars, bars_on_grid, regime_market

HOUR_NS = 3600 * 10**9
START_NS = 1_700_000_000 * 10**9


def generated(seed=1, bars=60, asset=0, **grid):
    market = regime_market(seed, bars=bars, assets=asset + 1, keep_path=True)
    return bars_on_grid(market, asset, **{"price_scale": 2, "typical_volume": 10_000_000, "lot": 1000, **grid})


def flow_of(bars, seed=0, tick=1, lot=1000, shape=None):
    rng = np.random.default_rng(seed)
    return list(
        market_flow(bars, rng, start_ns=START_NS, span_ns=HOUR_NS, tick=tick, lot=lot, settings=shape or FlowSettings())
    )


class Displayed:
    """The book as a reader of the rows would keep it; checks every rule that a row must respect."""

    def __init__(self):
        self.sides = {1: {}, -1: {}}
        self.unshown = None

    def read(self, row, tick):
        book = self.sides[row.side]
        if row.kind == FlowKind.TRADE:
            assert self.unshown is None
            hit = self.sides[-row.side]
            best = min(hit) if row.side == 1 else max(hit)
            assert row.price == best
            assert 0 < row.quantity <= hit[row.price]
            self.unshown = (-row.side, row.price, hit[row.price] - row.quantity)
            return
        assert row.price >= tick
        assert row.price % tick == 0
        if self.unshown is not None:
            assert (row.side, row.price, row.quantity) == self.unshown
            self.unshown = None
        if row.quantity:
            book[row.price] = row.quantity
        else:
            del book[row.price]
        if row.kind == FlowKind.LEVEL:
            assert self.sides[1]
            assert self.sides[-1]
            assert max(self.sides[1]) < min(self.sides[-1])


def check(flow, bars, tick=1):
    displayed = Displayed()
    last_ns = START_NS
    for t, rows in enumerate(flow):
        for row in rows:
            assert last_ns <= row.ts_ns < START_NS + (t + 1) * HOUR_NS
            assert row.ts_ns >= START_NS + t * HOUR_NS
            last_ns = row.ts_ns
            displayed.read(row, tick)
        trades = [row for row in rows if row.kind == FlowKind.TRADE]
        prices = [trade.price for trade in trades]
        bar = (prices[0], max(prices), min(prices), prices[-1], sum(trade.quantity for trade in trades))
        assert bar == tuple(int(column[t]) for column in bars[:5])
    return displayed


@pytest.mark.parametrize("asset", [0, 1, 2])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_flow_is_consistent_and_adds_up_to_the_bars(seed, asset):
    bars = generated(seed, asset=asset)
    flow = flow_of(bars, seed)
    check(flow, bars)
    assert all((row.quantity % 1000 == 0) for rows in flow for row in rows)


def test_a_coarse_tick_and_a_low_price_stay_consistent():
    bars = generated(4, tick=5, price_scale=0, typical_volume=500, lot=1)
    check(flow_of(bars, tick=5, lot=1), bars, tick=5)


paths = st.lists(st.lists(st.integers(1, 30), min_size=1, max_size=6), min_size=1, max_size=8)


@given(paths, st.integers(1, 30), st.integers(4, 500), st.integers(0, 2**32), st.integers(1, 4))
def test_any_path_gives_a_consistent_flow(paths, opened, volume, seed, tick):
    flow = OrderFlow(np.random.default_rng(seed), tick=tick)
    rows, columns = [], []
    for t, path in enumerate(paths):
        points = [opened, *path]
        columns.append((opened, max(points), min(points), path[-1], volume))
        scaled = [price * tick for price in path]
        rows.append(flow.bar(START_NS + t * HOUR_NS, HOUR_NS, opened * tick, scaled, volume))
        opened = path[-1]
    values = np.array(columns).T * np.array([[tick], [tick], [tick], [tick], [1]])
    check(rows, GridBars(*values), tick)


def test_the_same_seed_gives_the_same_flow():
    bars = generated()
    assert flow_of(bars, 5) == flow_of(bars, 5)
    assert flow_of(bars, 5) != flow_of(bars, 6)


def test_the_book_is_deep_and_its_spread_small():
    bars = generated(bars=40)
    displayed = Displayed()
    for rows in flow_of(bars):
        for row in rows:
            displayed.read(row, 1)
        assert min(len(side) for side in displayed.sides.values()) >= 9
    for rows in flow_of(bars)[:1]:
        bids = [row.price for row in rows if row.kind == FlowKind.SNAPSHOT and row.side == 1]
        asks = [row.price for row in rows if row.kind == FlowKind.SNAPSHOT and row.side == -1]
        assert len(bids) >= 10
        assert len(asks) >= 10
        assert 1 <= min(asks) - max(bids) <= 3


def test_both_sides_are_hit():
    sides = [row.side for rows in flow_of(generated()) for row in rows if row.kind == FlowKind.TRADE]
    assert 0.3 < sides.count(1) / len(sides) < 0.7


def test_a_resting_order_at_the_best_bid_is_reached():
    """Somebody who joins the best bid at the start of each bar sees it traded or passed within the bar, mostly."""
    displayed = Displayed()
    reached = 0
    flow = flow_of(generated(bars=100))
    for rows in flow:
        ours, passed = None, False
        for row in rows:
            displayed.read(row, 1)
            if row.kind == FlowKind.LEVEL and ours is None:
                ours = max(displayed.sides[1])
            elif row.kind == FlowKind.LEVEL and min(displayed.sides[-1]) <= ours:
                passed = True
        reached += passed
    assert 60 < reached < 100


def test_rows_become_the_events_of_a_feed():
    rows = flow_of(generated(bars=2))
    events = to_events("BTC-USD", rows[0])
    snapshot = events[0]
    assert isinstance(snapshot, BookSnapshot)
    assert snapshot.bids[0][0] == max(price for price, _ in snapshot.bids)
    assert snapshot.asks[0][0] == min(price for price, _ in snapshot.asks)
    numbered = [event.sequence for event in events if not isinstance(event, TradePrint)]
    assert numbered == list(range(1, len(numbered) + 1))
    trades = [event for event in events if isinstance(event, TradePrint)]
    assert [trade.trade_id for trade in trades] == list(range(1, len(trades) + 1))
    assert sum(trade.quantity for trade in trades) == generated(bars=2).volume[0]
    later = to_events("BTC-USD", rows[1], first_sequence=500, first_trade_id=50)
    first_level = next(event for event in later if isinstance(event, LevelUpdate))
    assert first_level.sequence == 500
    assert isinstance(first_level.side, Side)
    assert [type(event) for event in to_events("BTC-USD", rows[0][:3])] == [BookSnapshot]


@settings(max_examples=20)
@given(st.integers(1, 3))
def test_too_small_a_volume_is_refused(volume):
    flow = OrderFlow(np.random.default_rng(0))
    with pytest.raises(ValueError, match="too small"):
        flow.bar(0, HOUR_NS, 100, [110, 90, 100], volume)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="below one tick"):
        OrderFlow(np.random.default_rng(0), tick=5).bar(0, HOUR_NS, 4, [10], 100)
    pathless = bars_on_grid(regime_market(0, bars=2), 0, price_scale=2, typical_volume=100)
    with pytest.raises(ValueError, match="keep_path"):
        next(market_flow(pathless, np.random.default_rng(0), start_ns=0, span_ns=HOUR_NS))
