"""Recorded candles, trades, quotes or books as the market of the local exchange.

Times are kept as distances from the first: the recording starts when the exchange does. Books are replayed level by
level; of candles, and of trades or quotes alone, order flow is made that has their prices and volumes. When a recording
ends the book stays as it is.
"""

import tempfile
from collections.abc import Iterator, Sequence
from decimal import Decimal
from heapq import merge
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tradewind.app.exchange_market import Happening, Past, Stock
from tradewind.app.home import Home
from tradewind.app.market_data import MarketData, load_market
from tradewind.app.settings import Config, DataSettings
from tradewind.app.tick_data import read_ticks
from tradewind.exchange.core.products import Product, ProductKind
from tradewind.exchange.server.listing import INTERNATIONAL, Listed
from tradewind.market.flow import FlowKind, FlowRow, OrderFlow
from tradewind.model.errors import DataError
from tradewind.model.instrument import Instrument
from tradewind.model.market_events import BookSnapshot, LevelUpdate, MarketEvent, TradePrint
from tradewind.numeric.regime_market import GridBars
from tradewind.storage.catalog import BarTable, Catalog, ImportOptions, SeriesKey

TREE_KINDS = ("l2", "trades", "bbo")
KINDS_BY_WORTH = ("book", "quotes", "trades")
PAST_BARS_MAX = 350
LEVELS_MAX = 200
PERPETUAL_ENDING = "-PERP"


class Recording(NamedTuple):
    """One instrument's recording: what it is, the bars before the start, and what happens from the start on."""

    listed: Listed
    stock: Stock
    past: Past | None
    happenings: Iterator[Happening]


def recordings(path: Path, start_ns: int) -> list[Recording]:
    """Return what is recorded at a path, every time counted from `start_ns`.

    Raises  DataError when there is nothing to replay.
    """
    if not path.exists():
        raise DataError(f"no file or folder {path} to replay: check the path")
    with tempfile.TemporaryDirectory(prefix="tradewind-replay-") as folder:
        catalog = _catalog_of(path, Path(folder))
        if catalog is None:
            found = load_market(
                Config(data=DataSettings(path=str(path), funding=False, marks=False)), Home(Path(folder))
            )
        else:
            found = _ticks(catalog)
        first_ns = min(_first_ns(market) for market in found)
        return [_recording(market, start_ns, first_ns) for market in found]


def _catalog_of(path: Path, folder: Path) -> Catalog | None:
    """Return the recorded events at a path as a catalog: itself, or a temporary one; None when it holds candles."""
    if path.is_dir() and (own := Catalog(path)).list():
        return own
    places = [path, *path.resolve().parents]
    kind = next((place for place in places if place.name in TREE_KINDS), None)
    if kind is None:
        return None
    tree = kind.resolve().parent
    inside = path.resolve().relative_to(tree)
    if len(inside.parts) < 3:
        raise DataError(f"{path} does not name one instrument: give a folder such as {kind.name}/VENUE/SYMBOL")
    # What lies below the path, and the trades beside its books, are shown to the importer as a tree of their own.
    wanted = [path.resolve(), tree / "trades" / inside.parts[1] / inside.parts[2]]
    for source in {file for place in wanted for file in _files(place)}:
        shown = folder / "tree" / source.relative_to(tree)
        shown.parent.mkdir(parents=True, exist_ok=True)
        shown.symlink_to(source)
    catalog = Catalog(folder / "catalog")
    report = catalog.import_tree(folder / "tree", ImportOptions())
    if not report.imported:
        raise DataError(f"nothing at {path} can be replayed: {next(iter(report.refused.values()), 'no such files')}")
    return catalog


def _files(place: Path) -> list[Path]:
    if place.is_dir():
        return [path for path in sorted(place.rglob("*")) if path.is_file()]
    return [place] if place.is_file() else []


def _ticks(catalog: Catalog) -> list[MarketData]:
    """Return each instrument by the best of what is recorded of it."""
    best: dict[tuple[str, str], SeriesKey] = {}
    for manifest in catalog.list():
        key = manifest.key
        if key.kind not in KINDS_BY_WORTH:
            continue
        place = (key.venue, key.instrument)
        if place not in best or KINDS_BY_WORTH.index(key.kind) < KINDS_BY_WORTH.index(best[place].kind):
            best[place] = key
    if not best:
        raise DataError(f"the catalog {catalog.root} holds no books, quotes or trades: import some")
    found = []
    for key in best.values():
        instrument = catalog.instrument(key)
        made = read_ticks(catalog, key, instrument, "", None, None)
        found.append(MarketData(instrument, made.bars, str(key), "", key.kind, made.ticks, made.feeds_bars))
    return found


def _first_ns(market: MarketData) -> int:
    if market.kind == "book":
        return min(int(source.ts_ns[0]) for source in market.ticks)
    return int(market.bars.open_ns[_past_bars(market)])


def _past_bars(market: MarketData) -> int:
    """Return how many bars become the past: of candles the first half, but not more than a page of them."""
    return min(PAST_BARS_MAX, len(market.bars) // 2) if market.kind == "bars" else 0


def _recording(market: MarketData, start_ns: int, first_ns: int) -> Recording:
    listed = _listed(market.instrument)
    product = listed.product
    instrument = market.instrument
    stock = Stock(product.id, 0, instrument.price_unit, instrument.quantity_unit, past_digits=market.bars.volume_scale)
    shift_ns = start_ns - first_ns
    if market.kind == "book":
        return Recording(listed, stock, None, _book_happenings(market, product.id, shift_ns))
    bars, past_bars = market.bars, _past_bars(market)
    past = _past(bars, past_bars, start_ns) if past_bars else None
    return Recording(listed, stock, past, _bar_happenings(market, product.id, past_bars, shift_ns))


def _listed(instrument: Instrument) -> Listed:
    perpetual = not instrument.is_spot
    base, _, rest = instrument.id.partition("-")
    quote = rest.removesuffix(PERPETUAL_ENDING) or instrument.quote
    lot = Decimal(instrument.lot).scaleb(-instrument.quantity_scale)
    product = Product(
        id=instrument.id,
        kind=ProductKind.PERPETUAL if perpetual else ProductKind.SPOT,
        base=base,
        quote=quote,
        price_increment=Decimal(instrument.tick).scaleb(-instrument.price_scale),
        base_increment=lot,
        quote_increment=Decimal("0.01"),
        base_min_size=lot,
        contract_size=instrument.contract_size,
    )
    if perpetual:
        return Listed(product=product, display_name=f"{base} PERP", venue=INTERNATIONAL)
    return Listed(product=product)


def _past(bars: BarTable, count: int, start_ns: int) -> Past:
    """Return the first bars, moved so that the next one would open at the start."""
    span_s = bars.span_ns // 1_000_000_000
    start_s = start_ns // 1_000_000_000
    starts = [start_s - start_s % span_s - span_s * (count - bar) for bar in range(count)]
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    return Past(span_s, starts, GridBars(*(np.asarray(column[:count]) for column in columns)))


def _bar_happenings(market: MarketData, product_id: str, first: int, shift_ns: int) -> Iterator[Happening]:
    instrument, bars = market.instrument, market.bars
    flow = OrderFlow(np.random.default_rng(first), tick=instrument.tick, lot=instrument.lot)
    scale = (
        10 ** (instrument.quantity_scale - bars.volume_scale) if instrument.quantity_scale > bars.volume_scale else 1
    )
    shrink = (
        10 ** (bars.volume_scale - instrument.quantity_scale) if bars.volume_scale > instrument.quantity_scale else 1
    )
    for index in range(first, len(bars)):
        opened, high, low, close = (int(column[index]) for column in (bars.open, bars.high, bars.low, bars.close))
        path = [low, high, close] if close >= opened else [high, low, close]
        volume = int(bars.volume[index]) * scale // shrink
        volume = max(volume - volume % instrument.lot, 8 * instrument.lot)
        for row in flow.bar(int(bars.open_ns[index]) + shift_ns, bars.span_ns, opened, path, volume):
            yield Happening(row.ts_ns, product_id, row)


def _book_happenings(market: MarketData, product_id: str, shift_ns: int) -> Iterator[Happening]:
    """Yield levels and prints of a recorded book in their order; a new snapshot removes what it does not have."""
    standing: set[tuple[int, int]] = set()
    sources = [source.events(0, len(source.ts_ns)) for source in market.ticks]
    for event in merge(*sources, key=lambda event: event.ts_ns):
        for side, price, size, kind in _rows(event, standing):
            if kind is not FlowKind.TRADE:
                (standing.add if size else standing.discard)((side, price))
            row = FlowRow(event.ts_ns + shift_ns, kind, side, price, size)
            yield Happening(row.ts_ns, product_id, row)


def _rows(event: MarketEvent, standing: set[tuple[int, int]]) -> Sequence[tuple[int, int, int, FlowKind]]:
    if isinstance(event, LevelUpdate):
        return [(int(event.side), event.price, event.size, FlowKind.LEVEL)]
    if isinstance(event, TradePrint):
        return [(int(event.side), event.price, event.quantity, FlowKind.TRADE)]
    if not isinstance(event, BookSnapshot):
        return ()
    wanted = [(1, price, size, FlowKind.LEVEL) for price, size in event.bids[:LEVELS_MAX]]
    wanted += [(-1, price, size, FlowKind.LEVEL) for price, size in event.asks[:LEVELS_MAX]]
    kept = {(side, price) for side, price, _, _ in wanted}
    gone = [(side, price, 0, FlowKind.LEVEL) for side, price in sorted(standing - kept)]
    return [*gone, *wanted]
