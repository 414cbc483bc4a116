"""Recorded order books as they lie in a folder of collected data: one capture after the other, with its trades.

A capture is one recording of a book, `l2/VENUE/SYMBOL/X_depth.parquet` or `X_snapshot.parquet` with its updates; the
trades beside it are those of `trades/VENUE/SYMBOL` whose names begin with the same X.
"""

import tempfile
from collections.abc import Iterator
from heapq import merge
from pathlib import Path

import msgspec

from tradewind.market.depth import Chain, book_events
from tradewind.model.errors import DataError
from tradewind.model.instrument import Instrument
from tradewind.model.market_events import MarketEvent
from tradewind.storage.catalog import Catalog, ImportOptions, SeriesKey
from tradewind.storage.catalog import events as recorded

BOOKS, TRADES = "l2", "trades"
ENDINGS = ("_depth", "_snapshot")
NO_BOOK = "no book in it; a snapshot needs its *_updates.parquet beside it, and both have to be Parquet files"


class Capture(msgspec.Struct, frozen=True):
    """Where a capture lies: the folder of the tree, venue, symbol and the name its files begin with."""

    root: Path
    venue: str
    symbol: str
    name: str

    @property
    def title(self) -> str:
        return f"{self.venue} {self.symbol} {self.name}"


class Recording(msgspec.Struct, frozen=True, eq=False):
    """The events of a capture in the order of time, books before trades, and how many of them are trades."""

    capture: Capture
    instrument: Instrument
    events: tuple[MarketEvent, ...]
    trades: int


def find_captures(path: Path) -> list[Capture]:
    """Return the captures at or below a path, sorted by venue, symbol and name.

    The path may be the folder that holds `l2`, or `l2` itself, or a folder in it.
    Raises  DataError when there is none.
    """
    if not path.exists():
        raise DataError(f"no file or folder {path}: check the path")
    place = path / BOOKS if (path / BOOKS).is_dir() else path
    found = []
    for file in sorted(place.rglob("*.parquet") if place.is_dir() else [place]):
        ending = next((ending for ending in ENDINGS if file.stem.endswith(ending)), None)
        if ending is not None and len(file.parents) > 3 and file.parents[2].name == BOOKS:
            name = file.stem.removesuffix(ending)
            found.append(Capture(file.parents[3], file.parents[1].name, file.parents[0].name, name))
    if not found:
        raise DataError(
            f"no recorded books below {path}: expected {BOOKS}/VENUE/SYMBOL/*_depth.parquet, or *_snapshot.parquet "
            "with *_updates.parquet beside it"
        )
    return found


def read_capture(capture: Capture) -> Recording:
    """Return the events of a capture.

    Raises  DataError when it cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="tradewind-capture-") as folder:
        tree = Path(folder) / "tree"
        for file in _files(capture):
            shown = tree / file.relative_to(capture.root)
            shown.parent.mkdir(parents=True, exist_ok=True)
            shown.symlink_to(file.resolve())
        catalog = Catalog(Path(folder) / "catalog")
        report = catalog.import_tree(tree, ImportOptions())
        key = SeriesKey(capture.venue, capture.symbol, "book")
        known = {manifest.key for manifest in catalog.list()}
        if key not in known:
            raise DataError(f"{capture.title} cannot be read: {next(iter(report.refused.values()), NO_BOOK)}")
        instrument = catalog.instrument(key)
        scales = (instrument.price_scale, instrument.quantity_scale)
        chain = Chain(catalog.manifest(key).chain or Chain.CONTIGUOUS.value)
        books = list(book_events(capture.symbol, recorded.depth_messages(catalog, key, *scales), chain))
        beside = SeriesKey(capture.venue, capture.symbol, TRADES)
        prints = list(recorded.trades(catalog, beside, *scales)) if beside in known else []
        events = tuple(merge(books, prints, key=lambda event: event.ts_ns))
    return Recording(capture, instrument, events, len(prints))


def _files(capture: Capture) -> Iterator[Path]:
    for kind in (BOOKS, TRADES):
        yield from sorted((capture.root / kind / capture.venue / capture.symbol).glob(f"{capture.name}_*.parquet"))
