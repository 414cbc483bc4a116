"""How liquid an instrument is: what its book displays near the mid, how it leans, and a condition from both (X8)."""

import math
from enum import IntEnum

import msgspec

from tradewind.market.book import Book
from tradewind.model.instrument import Instrument
from tradewind.model.orders import Side

BAND_PERCENTS = (1, 5, 10)
BPS = 10_000.0


class Condition(IntEnum):
    """From the best to the worst; in CRITICAL nothing should be sent that takes."""

    EXCELLENT = 4
    GOOD = 3
    FAIR = 2
    POOR = 1
    CRITICAL = 0


class LiquiditySettings(msgspec.Struct, frozen=True, kw_only=True):
    """What makes the score: a depth within 1 % of `depth_good` in quote currency and a spread of `spread_good_bps` are
    full marks, `depth_bad` and `spread_bad_bps` none, on a logarithmic scale. `steps` are the scores from which the
    conditions POOR to EXCELLENT begin.
    """

    depth_good: float = 1_000_000.0
    depth_bad: float = 1_000.0
    spread_good_bps: float = 1.0
    spread_bad_bps: float = 100.0
    steps: tuple[float, float, float, float] = (0.2, 0.4, 0.6, 0.8)

    def __post_init__(self) -> None:
        if not (0 < self.depth_bad < self.depth_good and 0 < self.spread_good_bps < self.spread_bad_bps):
            raise ValueError("the bad depth must be below the good one, and the good spread below the bad one")
        if list(self.steps) != sorted(self.steps):
            raise ValueError(f"the steps of the score must ascend, were {self.steps}")


class DepthBand(msgspec.Struct, frozen=True):
    """What is displayed within a distance of the mid, in quantity units and in quote currency, bids and asks."""

    percent: int
    bids: int
    asks: int
    bid_notional: float
    ask_notional: float

    @property
    def imbalance(self) -> float:
        """From -1 (only asks) to 1 (only bids); 0 where nothing is displayed."""
        total = self.bid_notional + self.ask_notional
        return (self.bid_notional - self.ask_notional) / total if total else 0.0


class Liquidity(msgspec.Struct, frozen=True, kw_only=True):
    """A book's liquidity at a moment. `score` lies between 0 and 1; without a usable book it is 0."""

    instrument: str
    ts_ns: int
    usable: bool
    spread_bps: float | None
    bands: tuple[DepthBand, ...]
    imbalance: float
    score: float
    condition: Condition


def read_liquidity(
    instrument: Instrument,
    book: Book,
    settings: LiquiditySettings = LiquiditySettings(),  # noqa: B008 - frozen
) -> Liquidity:
    """Return the liquidity of a book: CRITICAL where the book cannot be used."""
    bid, ask = book.best_bid, book.best_ask
    if not book.usable or bid is None or ask is None:
        return Liquidity(
            instrument=instrument.id,
            ts_ns=book.ts_ns,
            usable=False,
            spread_bps=None,
            bands=(),
            imbalance=0.0,
            score=0.0,
            condition=Condition.CRITICAL,
        )
    spread_bps = (ask - bid) / (ask + bid) * 2 * BPS
    bands = _bands(instrument, book, bid + ask)
    score = _score(spread_bps, bands[0], settings)
    return Liquidity(
        instrument=instrument.id,
        ts_ns=book.ts_ns,
        usable=True,
        spread_bps=spread_bps,
        bands=bands,
        imbalance=bands[0].imbalance,
        score=score,
        condition=condition_of(score, settings),
    )


def condition_of(score: float, settings: LiquiditySettings) -> Condition:
    """Return the condition of a score; a score on a step is the better one."""
    return Condition(sum(score >= step for step in settings.steps))


def walk_cost_bps(book: Book, side: Side, quantity: int, limit: int | None = None) -> float | None:
    """Return what taking a quantity from the book costs against the mid, None where too little is displayed.

    With a `limit` nothing is taken beyond that price: what is left rests there and costs nothing.
    """
    bid, ask = book.best_bid, book.best_ask
    if not book.usable or bid is None or ask is None or quantity <= 0:
        return None
    left, paid = quantity, 0
    for price, size in book.depth(side.opposite, book.level_count(side.opposite)):
        if limit is not None and side * (price - limit) > 0:
            break
        taken = min(size, left)
        paid += taken * price
        left -= taken
        if not left:
            break
    if left and limit is None:
        return None
    done = quantity - left
    # The mid is half of the sum, so both sides are doubled.
    return side * (2 * paid - done * (bid + ask)) / (done * (bid + ask)) * BPS if done else 0.0


def _bands(instrument: Instrument, book: Book, mid_half: int) -> tuple[DepthBand, ...]:
    """The bands from the narrowest: each looks only at levels beyond the one before."""
    levels = {side: book.depth(side, book.level_count(side)) for side in (Side.BUY, Side.SELL)}
    found = []
    for percent in BAND_PERCENTS:
        sums = {}
        for side, all_levels in levels.items():
            # 200 p against (100 -+ percent) x (bid + ask): exact, no mid is rounded.
            edge = (100 - side * percent) * mid_half
            inside = [(price, size) for price, size in all_levels if side * (200 * price - edge) >= 0]
            quantity = sum(size for _, size in inside)
            sums[side] = quantity, float(instrument.unit_value) * sum(price * size for price, size in inside)
        bids, asks = sums[Side.BUY], sums[Side.SELL]
        found.append(DepthBand(percent, bids[0], asks[0], bids[1], asks[1]))
    return tuple(found)


def _score(spread_bps: float, band: DepthBand, settings: LiquiditySettings) -> float:
    """The mean of the marks for the thinner side's depth and for the spread; a side that is gone gives 0."""
    thinner = min(band.bid_notional, band.ask_notional)
    if thinner <= 0:
        return 0.0
    depth = math.log(thinner / settings.depth_bad) / math.log(settings.depth_good / settings.depth_bad)
    wide = settings.spread_bad_bps / settings.spread_good_bps
    spread = 1.0 if spread_bps <= 0 else math.log(settings.spread_bad_bps / spread_bps) / math.log(wide)
    return (min(1.0, max(0.0, depth)) + min(1.0, max(0.0, spread))) / 2
