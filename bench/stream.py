"""The order-book stream of the book benchmarks: a seeded market of depth changes and trades, as columns of integers.

The recipe (seed, distributions, how the touch moves) is the one that the published peer figures were measured with:
about five sixths of the events are depth changes, one sixth trades, each followed by the depth it leaves. The spread
is checked at every event: a synthetic book that drifts apart is not a market.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from tradewind.model.market_events import BookSnapshot, LevelUpdate, MarketEvent, TradePrint
from tradewind.model.orders import Side

DEPTH, TRADE, SNAPSHOT = 1, 2, 4
OPENING = 100  # the first events are the opening book, 50 levels a side
START_NS = 1_700_000_000_000_000_000
START_TICK = 3_000_000
TICKS = 6_000_000
QUANTITY_SCALE = 3
Ints = npt.NDArray[np.int64]


class Stream(msgspec.Struct, frozen=True):
    """Columns, one row per event. `bid` says which side of the book a row speaks of; sizes are in thousandths."""

    kind: Ints
    bid: npt.NDArray[np.bool_]
    exchange_ns: Ints
    local_ns: Ints
    price: Ints
    size: Ints
    spread: Ints

    def __len__(self) -> int:
        return len(self.kind)


def make_stream(count: int, seed: int = 7) -> Stream:
    """Return `count` events; compiles its loop on first use."""
    rng = np.random.default_rng(seed)
    draws = rng.random(count), rng.random(count)
    sizes = np.round(rng.lognormal(0, 1, count), 3) + 0.001
    levels = np.minimum(rng.geometric(0.2, count) - 1, 30)
    gaps = rng.exponential(2e6, count).astype(np.int64) + 1000
    delays = rng.integers(1_000_000, 5_000_000, count)
    kind, bid, exchange_ns, local_ns, price, size, spread = _compiled()(count, *draws, sizes, levels, gaps, delays)
    if spread.min() < 1 or np.median(spread) > 5:
        raise AssertionError("the generated book is not a market: its spread is impossible")
    scaled = np.rint(size * 10**QUANTITY_SCALE).astype(np.int64)
    return Stream(kind, bid, exchange_ns, local_ns, price, scaled, spread)


def book_events(stream: Stream, instrument: str) -> list[MarketEvent]:
    """Return the stream as events, known when they arrive here: one snapshot, then level updates and trades."""
    kinds, bids, prices = stream.kind.tolist(), stream.bid.tolist(), stream.price.tolist()
    sizes, times = stream.size.tolist(), stream.local_ns.tolist()
    opening = list(zip(bids, prices, sizes, strict=True))[:OPENING]
    events: list[MarketEvent] = [
        BookSnapshot(
            instrument,
            times[OPENING - 1],
            tuple((price, size) for bid, price, size in opening if bid),
            tuple((price, size) for bid, price, size in opening if not bid),
        )
    ]
    buy, sell = Side.BUY, Side.SELL
    for kind, bid, price, size, ts_ns in zip(
        kinds[OPENING:], bids[OPENING:], prices[OPENING:], sizes[OPENING:], times[OPENING:], strict=True
    ):
        if kind == TRADE:  # a trade at the bid was sold into it
            events.append(TradePrint(instrument, ts_ns, sell if bid else buy, price, size))
        else:
            events.append(LevelUpdate(instrument, ts_ns, buy if bid else sell, price, size))
    return events


def _compiled() -> Callable[..., tuple[Any, ...]]:
    from numba import njit

    compiled: Callable[..., tuple[Any, ...]] = njit(_walk)
    return compiled


def _walk(  # type: ignore[no-untyped-def]
    count, draws, sides, sizes, levels, gaps, delays
):
    kind = np.empty(count, np.int64)
    is_bid = np.empty(count, np.bool_)
    exchange = np.empty(count, np.int64)
    local = np.empty(count, np.int64)
    price = np.empty(count, np.int64)
    size = np.empty(count)
    spread = np.zeros(count, np.int64)
    now = START_NS
    best_bid, best_ask = START_TICK, START_TICK + 1
    bids, asks = np.zeros(TICKS), np.zeros(TICKS)
    for row in range(OPENING):
        now += 1000
        bid = row < OPENING // 2
        at = best_bid - row if bid else best_ask + (row - OPENING // 2)
        if bid:
            bids[at] = 5.0
        else:
            asks[at] = 5.0
        kind[row], is_bid[row], exchange[row], local[row] = SNAPSHOT, bid, now, now + 2_000_000
        price[row], size[row], spread[row] = at, 5.0, 1
    row = OPENING
    arrived = local[row - 1]
    while row < count:
        now += gaps[row]
        arrived = max(arrived, now + delays[row])
        draw, bid = draws[row], sides[row] < 0.5
        if draw < 0.2 and row + 1 < count:  # a trade at the touch, then the depth it leaves
            at = best_bid if bid else best_ask
            shown = bids[at] if bid else asks[at]
            traded = max(round(min(sizes[row], shown), 3), 0.001)
            left = max(round(shown - traded, 3), 0.0)
            kind[row], is_bid[row], exchange[row], local[row] = TRADE, bid, now, arrived
            price[row], size[row], spread[row] = at, traded, best_ask - best_bid
            row += 1
        elif best_ask - best_bid > 1 and draw > 0.5:  # somebody improves the touch by a tick
            at = best_bid + 1 if bid else best_ask - 1
            left = round(sizes[row] * 3, 3)
        else:
            at = best_bid - levels[row] if bid else best_ask + levels[row]
            left = round(sizes[row] * 3, 3)
            if (draw < 0.35 and levels[row] > 0) or draw < 0.22:  # a cancel; now and then of the whole touch
                left = 0.0
        kind[row], is_bid[row], exchange[row], local[row] = DEPTH, bid, now, arrived
        price[row], size[row] = at, left
        if bid:
            bids[at] = left
            if left > 0 and at > best_bid:
                best_bid = at
            while bids[best_bid] == 0.0:
                best_bid -= 1
        else:
            asks[at] = left
            if left > 0 and at < best_ask:
                best_ask = at
            while asks[best_ask] == 0.0:
                best_ask += 1
        spread[row] = best_ask - best_bid
        row += 1
    return kind, is_bid, exchange, local, price, size, spread
