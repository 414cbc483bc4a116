"""Order flow for a generated price path: a book, its level updates, and trades that add up to the bars.

Good enough to fill resting orders by the rules of book mode, and no claim beyond that. What holds after every row:
the book is not crossed; a trade prints at the displayed best of the side it hits, for no more than is displayed there;
the next row takes it off that level. The trades of a bar have exactly its open, high, low, close and volume.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

import msgspec
import numpy as np

from tradewind.model.market_events import BookSnapshot, LevelUpdate, TradePrint
from tradewind.model.orders import Side
from tradewind.numeric.regime_market import GridBars

BUY, SELL = int(Side.BUY), int(Side.SELL)


class FlowKind(IntEnum):
    """SNAPSHOT rows that follow each other are one book; LEVEL is a new displayed size, 0 removes; TRADE a print."""

    SNAPSHOT = 0
    LEVEL = 1
    TRADE = 2


class FlowRow(NamedTuple):
    """One row; `side` is 1 for a bid or a buying aggressor, -1 for an ask or a selling one; integers of the units."""

    ts_ns: int
    kind: int
    side: int
    price: int
    quantity: int


class FlowSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The shape of the book. Levels behind the best lie on a grid of `level_gap_bps` of the first price."""

    levels: int = 10
    spread_ticks_max: int = 3
    level_gap_bps: float = 5.0
    depth_share: float = 0.1
    echo_share: float = 0.5
    sweep_share: float = 0.2
    revisions_per_step: int = 2


class OrderFlow:
    """A book that follows a path. It holds what is displayed now; every bar adds the rows that lead to its close."""

    def __init__(
        self, rng: np.random.Generator, *, tick: int = 1, lot: int = 1, settings: FlowSettings | None = None
    ) -> None:
        self._rng = rng
        self._tick = tick
        self._lot = lot
        self._settings = settings or FlowSettings()
        self._books: dict[int, dict[int, int]] = {BUY: {}, SELL: {}}
        self._rows: list[tuple[int, int, int, int]] = []
        self._last = 0
        self._gap = 0
        self._mean_volume = 0.0

    def bar(self, open_ns: int, span_ns: int, open_price: int, path: Sequence[int], volume: int) -> list[FlowRow]:
        """The rows of one bar, in time order from its open up to, not including, its end.

        `path` is the price after each sub-step, the last one the close. The first bar begins with a snapshot.

        Raises  ValueError if the volume has fewer lots than the bar needs prints, or a price is below one tick.
        """
        points = [open_price, *path]
        if min(points) < self._tick:
            raise ValueError(f"a price of {min(points)} is below one tick of {self._tick}")
        primary, echo = self._shares(points, volume)
        out = [] if self._last else self._opening(open_ns, open_price, volume)
        low, high = min(points), max(points)
        for i, point in enumerate(points):
            self._step(point, primary[i], echo[i], low, high)
            start = open_ns + span_ns * i // len(points)
            out += self._stamped(start, span_ns // len(points))
        self._mean_volume += 0.1 * (volume - self._mean_volume)
        return out

    def _opening(self, ts_ns: int, price: int, volume: int) -> list[FlowRow]:
        ticks = round(price * self._settings.level_gap_bps / 10_000 / self._tick)
        self._gap = max(1, ticks) * self._tick
        self._mean_volume = float(volume)
        self._last = price
        self._quote(price, self._side_of(price))
        self._rows.clear()
        return [
            FlowRow(ts_ns, FlowKind.SNAPSHOT, side, level, self._books[side][level])
            for side in (BUY, SELL)
            for level in sorted(self._books[side], reverse=side == BUY)
        ]

    def _shares(self, points: Sequence[int], volume: int) -> tuple[list[int], list[int]]:
        """What prints at each point, and what then prints back at the other side; both add up to the volume."""
        needed = {0, len(points) - 1, points.index(max(points)), points.index(min(points))}
        lots, dust = divmod(volume, self._lot)
        if lots < len(needed):
            raise ValueError(f"a volume of {volume} is too small for the {len(needed)} prints that make this bar")
        slots = 2 * len(points)
        weights = self._rng.exponential(size=slots)
        weights[len(points) :] *= self._rng.random(len(points)) < self._settings.echo_share
        weights[-1] = 0.0  # the close is the last print
        counts = self._rng.multinomial(lots - len(needed), weights / weights.sum()).tolist()
        primary = [(count + (i in needed)) * self._lot for i, count in enumerate(counts[: len(points)])]
        echo = [count * self._lot for count in counts[len(points) :]]
        primary[-1] += dust
        return primary, echo

    def _step(self, price: int, quantity: int, echo: int, low: int, high: int) -> None:
        """Leads the book to `price`, prints there and, where the bar's range allows it, back at the other side."""
        side = self._side_of(price)
        self._quote(price, side)
        back = self._best(-side)
        if low <= back <= high:
            self._print(side, price, quantity)
            self._print(-side, back, echo)
        else:
            self._print(side, price, quantity + echo)
        for _ in range(self._settings.revisions_per_step):
            self._revise()
        self._last = price

    def _side_of(self, price: int) -> int:
        """The aggressor that takes the market there: buyers lift it, sellers hit it; unmoved, either."""
        if price != self._last:
            return BUY if price > self._last else SELL
        # At one tick there is no room for a bid below.
        return BUY if price > self._tick and self._rng.random() < 0.5 else SELL

    def _quote(self, price: int, side: int) -> None:
        """Makes `price` the best of the side that the aggressor hits, and moves the other side next to it."""
        spread = int(self._rng.integers(1, self._settings.spread_ticks_max + 1)) * self._tick
        bid, ask = (max(price - spread, self._tick), price) if side == BUY else (price, price + spread)
        # The side that moves away from the other goes first: the book is never crossed, and no side ever empty.
        old_bid = max(self._books[BUY], default=0)
        for moved, best in ((SELL, ask), (BUY, bid)) if ask > old_bid else ((BUY, bid), (SELL, ask)):
            self._move(moved, best)

    def _move(self, side: int, best: int) -> None:
        book, wanted = self._books[side], self._ladder(side, best)
        for price in wanted:
            if price not in book:
                self._display(side, price, self._size())
        far = wanted[-1]
        for price in [price for price in book if (price - best) * side > 0 or (far - price) * side > 0]:
            self._display(side, price, 0)

    def _ladder(self, side: int, best: int) -> list[int]:
        """The best and the grid prices behind it; near zero there is no room for all of the bids."""
        gap = self._gap
        behind = (best - 1) // gap * gap if side == BUY else (best // gap + 1) * gap
        prices = [best, *(behind - side * gap * i for i in range(self._settings.levels - 1))]
        return [price for price in prices if price >= self._tick]

    def _print(self, side: int, price: int, quantity: int) -> None:
        if quantity == 0:
            return
        displayed = self._books[-side].get(price, 0)
        if displayed <= quantity:
            # Sometimes the print takes the whole level, but never the last one of a side.
            swept = self._rng.random() < self._settings.sweep_share and len(self._books[-side]) > 1
            displayed = quantity if swept else quantity + self._size()
            self._display(-side, price, displayed)
        self._rows.append((FlowKind.TRADE, side, price, quantity))
        self._display(-side, price, displayed - quantity)

    def _revise(self) -> None:
        """Somebody adds to or cancels from a level behind the best."""
        side = BUY if self._rng.random() < 0.5 else SELL
        best = self._best(-side)
        behind = [price for price in self._books[side] if price != best]
        if behind:
            self._display(side, behind[int(self._rng.integers(len(behind)))], self._size())

    def _display(self, side: int, price: int, size: int) -> None:
        if size:
            self._books[side][price] = size
        else:
            self._books[side].pop(price, None)
        self._rows.append((FlowKind.LEVEL, side, price, size))

    def _size(self) -> int:
        mean_lots = self._mean_volume * self._settings.depth_share / self._lot
        return (1 + int(self._rng.exponential(mean_lots))) * self._lot

    def _best(self, aggressor: int) -> int:
        """The price that an aggressor of this side would trade at."""
        return min(self._books[SELL]) if aggressor == BUY else max(self._books[BUY])

    def _stamped(self, start_ns: int, length_ns: int) -> list[FlowRow]:
        """The rows since the last call, spread evenly over the sub-step."""
        rows, self._rows = self._rows, []
        return [FlowRow(start_ns + length_ns * i // len(rows), *row) for i, row in enumerate(rows)]


def market_flow(
    bars: GridBars,
    rng: np.random.Generator,
    *,
    start_ns: int,
    span_ns: int,
    tick: int = 1,
    lot: int = 1,
    settings: FlowSettings | None = None,
) -> Iterator[list[FlowRow]]:
    """The rows of every bar in turn; the first bar opens at `start_ns`.

    Raises  ValueError if the bars were generated without their path.
    """
    if bars.path is None:
        raise ValueError("order flow needs the path inside the bars: generate the market with keep_path=True")
    flow = OrderFlow(rng, tick=tick, lot=lot, settings=settings)
    columns = zip(bars.open.tolist(), bars.path.tolist(), bars.volume.tolist(), strict=True)
    for t, (opened, path, volume) in enumerate(columns):
        yield flow.bar(start_ns + t * span_ns, span_ns, opened, path, volume)


def to_events(
    instrument: str, rows: Iterable[FlowRow], *, first_sequence: int = 1, first_trade_id: int = 1
) -> list[BookSnapshot | LevelUpdate | TradePrint]:
    """The rows as the events a venue's feed would give; books and levels are numbered without a gap."""
    events: list[BookSnapshot | LevelUpdate | TradePrint] = []
    levels: list[FlowRow] = []
    sequence, trade_id = first_sequence, first_trade_id
    for row in rows:
        if row.kind == FlowKind.SNAPSHOT:
            levels.append(row)
            continue
        if levels:
            events.append(_snapshot(instrument, levels, sequence))
            levels, sequence = [], sequence + 1
        side = Side(row.side)
        if row.kind == FlowKind.TRADE:
            events.append(TradePrint(instrument, row.ts_ns, side, row.price, row.quantity, trade_id))
            trade_id += 1
        else:
            events.append(LevelUpdate(instrument, row.ts_ns, side, row.price, row.quantity, sequence))
            sequence += 1
    if levels:
        events.append(_snapshot(instrument, levels, sequence))
    return events


def _snapshot(instrument: str, levels: Sequence[FlowRow], sequence: int) -> BookSnapshot:
    bids = tuple((row.price, row.quantity) for row in levels if row.side == BUY)
    asks = tuple((row.price, row.quantity) for row in levels if row.side == SELL)
    return BookSnapshot(instrument, levels[0].ts_ns, bids, asks, sequence)
