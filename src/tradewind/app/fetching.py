"""Candles from a venue's public endpoint into the catalog: only what is missing, in pieces that can be interrupted.

What is there already is kept. What is missing behind it is fetched forwards, what is missing before it backwards, so
that the series has no hole wherever the work is cut off, and goes on from there the next time.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence

import msgspec

from tradewind.model.errors import ConfigError, DataError
from tradewind.model.instrument import Instrument
from tradewind.model.money import plain
from tradewind.storage.catalog import Catalog, ImportOptions, Kind, SeriesKey, interval_ns
from tradewind.storage.catalog.sources import Source
from tradewind.venues.coinbase.desk import CoinbaseDesk
from tradewind.venues.coinbase.market_desk import CANDLES_PAGE, granularity_of
from tradewind.venues.coinbase.wire.products import Candle

SECOND_NS, MILLISECOND_NS = 1_000_000_000, 1_000_000
PIECE_PAGES = 10
Observer = Callable[[int, int], None]


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
    desk: CoinbaseDesk, catalog: Catalog, key: SeriesKey, start_ns: int | None, end_ns: int | None, observer: Observer
) -> Fetched:
    """Fetch what the catalog lacks of a series between two moments; without a start it goes on where the series ends.

    Raises  ConfigError for an interval that the venue has not, or when there is nothing to go on from.
    """
    span_ns = interval_ns(key.interval)
    granularity_of(span_ns)
    instrument = await desk.market.instrument(key.instrument)
    known = _range(catalog, key)
    start_ns = _start(key, start_ns, known, span_ns)
    now_ns = await desk.market.server_time_ns()
    closed_ns = now_ns // span_ns * span_ns
    end_ns = closed_ns if end_ns is None else min(closed_ns, end_ns // span_ns * span_ns)
    pieces = list(missing_pieces(start_ns, end_ns, known, span_ns))
    bars = repeated = requests = 0
    for number, piece in enumerate(pieces):
        observer(number, len(pieces))
        candles, asked = await _candles(desk, key.instrument, span_ns, piece)
        requests += asked
        if candles:
            report = _store(catalog, key, instrument, candles)
            bars, repeated = bars + report[0], repeated + report[1]
    observer(len(pieces), len(pieces))
    there = _range(catalog, key)
    if there is None:
        raise DataError(f"{key}: the venue has no candles between the two moments: is that before it was listed?")
    return Fetched(str(key), bars, repeated, requests, *there)


def missing_pieces(start_ns: int, end_ns: int, known: tuple[int, int] | None, span_ns: int) -> Iterator[Piece]:
    """Yield the stretches to fetch: what lies behind the known bars forwards, then what lies before them backwards."""
    step_ns = PIECE_PAGES * CANDLES_PAGE * span_ns
    first_ns, begin_ns = (start_ns, start_ns) if known is None else (known[0], known[1] + span_ns)
    while begin_ns < end_ns:
        yield Piece(begin_ns, min(end_ns, begin_ns + step_ns))
        begin_ns += step_ns
    while start_ns < first_ns:
        yield Piece(max(start_ns, first_ns - step_ns), first_ns)
        first_ns -= step_ns


async def _candles(desk: CoinbaseDesk, id: str, span_ns: int, piece: Piece) -> tuple[list[Candle], int]:
    """Return the candles that open inside, oldest first, each once, and how many requests it took."""
    found: dict[int, Candle] = {}
    begin_ns, asked = piece.start_ns, 0
    while begin_ns < piece.end_ns:
        until_ns = min(piece.end_ns, begin_ns + CANDLES_PAGE * span_ns)
        page = await desk.market.raw_candles(id, span_ns, begin_ns, until_ns)
        found.update((each.start, each) for each in page if begin_ns <= each.start * SECOND_NS < until_ns)
        begin_ns, asked = until_ns, asked + 1
    return [found[start] for start in sorted(found)], asked


def _store(catalog: Catalog, key: SeriesKey, instrument: Instrument, candles: Sequence[Candle]) -> tuple[int, int]:
    options = ImportOptions(
        tick=plain(instrument.price_decimal(instrument.tick)),
        lot=plain(instrument.quantity_decimal(instrument.lot)),
        traded_as=instrument.kind,
    )
    report = catalog.import_any(_source(key, candles), key, options)
    return report.imported, report.known


def _source(key: SeriesKey, candles: Sequence[Candle]) -> Source:
    """Return the candles as a table of texts, so that every digit is kept."""
    import polars as pl

    columns: dict[str, list[str] | list[int]] = {"timestamp": [each.start * 1_000 for each in candles]}
    for name in ("open", "high", "low", "close", "volume"):
        columns[name] = [format(getattr(each, name), "f") for each in candles]
    digest = hashlib.sha256(msgspec.json.encode(columns)).hexdigest()
    return Source(f"Coinbase {key.instrument} {key.interval}", pl.LazyFrame(columns), digest)


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


def series_key(text: str) -> SeriesKey:
    """Return the bars that `coinbase/BTC-USD/1h` names.

    Raises  ConfigError for another venue, or a name of another form.
    """
    venue, _, rest = text.strip("/").partition("/")
    instrument, _, interval = rest.rpartition("/")
    if venue != "coinbase" or not instrument or not interval:
        raise ConfigError(
            f"{text!r} cannot be fetched: write coinbase/INSTRUMENT/INTERVAL, such as coinbase/BTC-USD/1h"
        )
    interval_ns(interval)
    return SeriesKey(venue, instrument, Kind.BARS.value, interval)
