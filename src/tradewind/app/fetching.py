"""Candles from a venue's public endpoint into the catalog: only what is missing, in pieces that can be interrupted.

What is there already is kept. What is missing behind it is fetched forwards, what is missing before it backwards, so
that the series has no hole wherever the work is cut off, and goes on from there the next time.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

import msgspec

from tradewind.model.errors import ConfigError, DataError
from tradewind.storage.catalog import Catalog, ImportOptions, Kind, SeriesKey, interval_ns
from tradewind.storage.catalog.sources import Source

MILLISECOND_NS = 1_000_000
PIECE_PAGES = 10
Observer = Callable[[int, int], None]


class Row(NamedTuple):
    """One candle in the venue's own digits, stamped by its open."""

    open_ns: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class CandleSource(Protocol):
    """A venue that candles are fetched from; `title` is its name for people, `page_bars` how many it gives at once."""

    @property
    def title(self) -> str: ...

    @property
    def page_bars(self) -> int: ...

    def check(self, span_ns: int) -> None:
        """Raise ConfigError when the venue has no candles of that length."""
        ...

    async def options(self, instrument: str) -> ImportOptions:
        """Return what the venue states about an instrument: its kind, and its increments where it has any."""
        ...

    async def now_ns(self) -> int: ...

    async def page(self, instrument: str, span_ns: int, start_ns: int, end_ns: int) -> Sequence[Row]:
        """Return the candles of one page, in any order."""
        ...


class Fetched(msgspec.Struct, frozen=True):
    """What came of it; `known` bars were in the catalog before."""

    series: str
    bars: int
    known: int
    requests: int
    first_ns: int
    last_ns: int


class Piece(msgspec.Struct, frozen=True):
    """A stretch of time that is fetched and stored at once."""

    start_ns: int
    end_ns: int


async def fetch_candles(
    source: CandleSource,
    catalog: Catalog,
    key: SeriesKey,
    start_ns: int | None,
    end_ns: int | None,
    observer: Observer,
) -> Fetched:
    """Fetch what the catalog lacks of a series between two moments; without a start it goes on where the series ends.

    Raises  ConfigError for an interval that the venue has not, or when there is nothing to go on from.
    """
    span_ns = interval_ns(key.interval)
    known = _range(catalog, key)
    start_ns = _start(key, start_ns, known, span_ns)
    source.check(span_ns)
    options = msgspec.structs.replace(await source.options(key.instrument), time_unit="ms")
    now_ns = await source.now_ns()
    closed_ns = now_ns // span_ns * span_ns
    end_ns = closed_ns if end_ns is None else min(closed_ns, end_ns // span_ns * span_ns)
    pieces = list(missing_pieces(start_ns, end_ns, known, span_ns, source.page_bars))
    bars = repeated = requests = 0
    for number, piece in enumerate(pieces):
        observer(number, len(pieces))
        candles, asked = await _candles(source, key.instrument, span_ns, piece)
        requests += asked
        if candles:
            report = catalog.import_any(_source(source.title, key, candles), key, options)
            bars, repeated = bars + report.imported, repeated + report.known
    observer(len(pieces), len(pieces))
    there = _range(catalog, key)
    if there is None:
        raise DataError(f"{key}: the venue has no candles between the two moments: is that before it was listed?")
    return Fetched(str(key), bars, repeated, requests, *there)


def missing_pieces(
    start_ns: int, end_ns: int, known: tuple[int, int] | None, span_ns: int, page_bars: int
) -> Iterator[Piece]:
    """Yield the stretches to fetch: what lies behind the known bars forwards, then what lies before them backwards."""
    step_ns = PIECE_PAGES * page_bars * span_ns
    first_ns, begin_ns = (start_ns, start_ns) if known is None else (known[0], known[1] + span_ns)
    while begin_ns < end_ns:
        yield Piece(begin_ns, min(end_ns, begin_ns + step_ns))
        begin_ns += step_ns
    while start_ns < first_ns:
        yield Piece(max(start_ns, first_ns - step_ns), first_ns)
        first_ns -= step_ns


def series_key(text: str, venue: str | None = None) -> SeriesKey:
    """Return the bars that `coinbase/BTC-USD/1h` names, or `BTC-USD/1h` of a venue that is named beside it.

    Raises  ConfigError for a name of another form, or of another venue than the one beside it.
    """
    parts = text.strip("/").split("/")
    if venue is not None and len(parts) == 2:
        parts = [venue, *parts]
    if len(parts) != 3 or not all(parts) or venue not in {None, parts[0]}:
        raise ConfigError(
            f"{text!r} cannot be fetched: write VENUE/INSTRUMENT/INTERVAL, such as coinbase/BTC-USD/1h"
            + (f", or INSTRUMENT/INTERVAL with --venue {venue}" if venue else "")
        )
    interval_ns(parts[2])
    return SeriesKey(parts[0], parts[1], Kind.BARS.value, parts[2])


async def _candles(source: CandleSource, id: str, span_ns: int, piece: Piece) -> tuple[list[Row], int]:
    """Return the candles that open inside, oldest first, each once, and how many pages it took."""
    found: dict[int, Row] = {}
    begin_ns, asked = piece.start_ns, 0
    while begin_ns < piece.end_ns:
        until_ns = min(piece.end_ns, begin_ns + source.page_bars * span_ns)
        page = await source.page(id, span_ns, begin_ns, until_ns)
        found.update((each.open_ns, each) for each in page if begin_ns <= each.open_ns < until_ns)
        begin_ns, asked = until_ns, asked + 1
    return [found[open_ns] for open_ns in sorted(found)], asked


def _source(title: str, key: SeriesKey, candles: Sequence[Row]) -> Source:
    """Return the candles as a table of texts, so that every digit is kept."""
    import polars as pl

    columns: dict[str, list[str] | list[int]] = {"timestamp": [each.open_ns // MILLISECOND_NS for each in candles]}
    for name in ("open", "high", "low", "close", "volume"):
        columns[name] = [format(getattr(each, name), "f") for each in candles]
    digest = hashlib.sha256(msgspec.json.encode(columns)).hexdigest()
    return Source(f"{title} {key.instrument} {key.interval}", pl.LazyFrame(columns), digest)


def _range(catalog: Catalog, key: SeriesKey) -> tuple[int, int] | None:
    """Return when the first and the last known bar open, None without a series."""
    found = [each for each in catalog.list() if each.key == key]
    return (found[0].first_ns, found[0].last_ns) if found else None


def _start(key: SeriesKey, start_ns: int | None, known: tuple[int, int] | None, span_ns: int) -> int:
    if start_ns is not None:
        return -(-start_ns // span_ns) * span_ns
    if known is None:
        raise ConfigError(f"{key} is not in the catalog yet: say from when, such as --from 2024-01-01")
    return known[0]
