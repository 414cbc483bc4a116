"""Hourly and daily closes of every instrument in a folder of candles or a catalog, for figures about returns."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.app.candle_files import CandleFile, candles_below, find_candles
from tradewind.model.errors import ConfigError, DataError
from tradewind.storage.catalog import BarTable, Catalog, Convention, ImportOptions, Kind, SeriesKey, interval_ns
from tradewind.strategy.registry import nearest

HOUR_NS = 3_600_000_000_000
DAY_NS = 24 * HOUR_NS
Observer = Callable[[int, int], None]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


class PriceHistory(NamedTuple):
    """Returns of one instrument at one bar length; `close_ns[t]` is when return t was known."""

    venue: str
    instrument: str
    span_ns: int
    close_ns: IntArray
    returns: FloatArray
    left_out: int

    @property
    def frequency(self) -> str:
        return "1d" if self.span_ns == DAY_NS else "1h"


class _Closes(NamedTuple):
    """Closes of bars by the time of their open, and whether an absent bar means that nothing traded."""

    open_ns: IntArray
    close: FloatArray
    span_ns: int
    quiet: bool


class _Source(NamedTuple):
    """Where the bars of one interval are."""

    venue: str
    instrument: str
    span_ns: int
    read: Callable[[], BarTable]


def price_histories(
    place: Path, assets: Sequence[str] | None, venue: str | None, observer: Observer
) -> list[PriceHistory]:
    """Return hourly and daily returns of the instruments at `place`, sorted by venue, instrument and bar length.

    Hours come from bars of an hour, else from the longest that divide one; days from bars of a day or from the hours,
    whichever reach further. A return across missing bars is left out and counted; where absent bars mean that nothing
    traded, it counts as the return of the bar that came.
    Raises  DataError when there is nothing, ConfigError for an asset that is not there.
    """
    with _sources(place) as sources:
        wanted = _chosen(sources, assets, venue, place)
        found: list[PriceHistory] = []
        for number, key in enumerate(wanted, 1):
            found.extend(_histories(wanted[key]))
            observer(number, len(wanted))
    return found


def returns_of(venue: str, instrument: str, closes: _Closes) -> PriceHistory:
    """Return the returns between neighbouring closes."""
    close, opened = closes.close, closes.open_ns
    together = np.diff(opened) == closes.span_ns
    kept = np.ones_like(together) if closes.quiet else together
    returns = (close[1:] / close[:-1] - 1)[kept]
    ends = opened[1:][kept] + closes.span_ns
    return PriceHistory(venue, instrument, closes.span_ns, ends, returns, int((~kept).sum()))


def _histories(sources: list[_Source]) -> Iterator[PriceHistory]:
    """Return the daily and the hourly history that the sources of one instrument give."""
    hourly = _made(sources, HOUR_NS)
    own = [each for each in sources if each.span_ns == DAY_NS]
    daily = [_closes(own[0].read())] if own else []
    longest = hourly if hourly is not None else _made([each for each in sources if each.span_ns < DAY_NS], DAY_NS)
    if longest is not None:
        daily.append(_longer(longest, DAY_NS))
    for closes in (max(daily, key=lambda each: each.close.size, default=None), hourly):
        if closes is not None and closes.close.size > 1:
            yield returns_of(sources[0].venue, sources[0].instrument, closes)


def _made(sources: Sequence[_Source], span_ns: int) -> _Closes | None:
    fitting = [each for each in sources if each.span_ns <= span_ns and span_ns % each.span_ns == 0]
    if not fitting:
        return None
    best = max(fitting, key=lambda each: each.span_ns)
    return _longer(_closes(best.read()), span_ns)


def _closes(bars: BarTable) -> _Closes:
    return _Closes(
        bars.open_ns, bars.close / 10.0**bars.price_scale, bars.span_ns, bars.convention is Convention.NO_TRADE
    )


def _longer(closes: _Closes, span_ns: int) -> _Closes:
    """Return the closes of longer bars: those whose last part is there, or may be absent because nothing traded."""
    if closes.span_ns == span_ns or not closes.open_ns.size:
        return closes
    place = closes.open_ns // span_ns
    last = np.flatnonzero(np.append(np.diff(place) > 0, True))
    ends = closes.open_ns[last] + closes.span_ns
    complete = ends == (place[last] + 1) * span_ns
    if closes.quiet:
        complete[:-1] = True  # the bar after it has come, so the day is over
    return _Closes(place[last][complete] * span_ns, closes.close[last][complete], span_ns, closes.quiet)


def _chosen(
    sources: Sequence[_Source], assets: Sequence[str] | None, venue: str | None, place: Path
) -> dict[tuple[str, str], list[_Source]]:
    """Return the sources by venue and instrument, of the assets that were asked for."""
    there: dict[tuple[str, str], list[_Source]] = {}
    for each in sources:
        if venue in (None, each.venue):
            there.setdefault((each.venue, each.instrument), []).append(each)
    if not there:
        raise DataError(
            f"no {f'{venue} ' if venue else ''}candles in {place}: name files like VENUE/SYMBOL/1h.parquet or "
            "SYMBOL-1h.csv, or give a catalog"
        )
    names = {instrument for _, instrument in there}
    for asset in assets or ():
        if asset not in names:
            raise ConfigError(f"{asset} is not in {place}: {nearest(asset, names)}")
    return {key: there[key] for key in sorted(there) if assets is None or key[1] in assets}


@contextmanager
def _sources(place: Path) -> Iterator[list[_Source]]:
    if not place.exists():
        raise DataError(f"no file or folder {place}: check the path")
    catalog = Catalog(place)
    series = [each for each in catalog.list() if each.kind == Kind.BARS.value] if place.is_dir() else []
    if series:
        yield [_of_catalog(catalog, each.key) for each in series if _plain(each.interval)]
        return
    with tempfile.TemporaryDirectory(prefix="tradewind-import-") as folder:
        made = Catalog(Path(folder))
        files = find_candles(place, "", (), "") if place.is_file() else candles_below(place)
        yield [_of_file(made, each) for each in files if _plain(each.interval)]


def _of_catalog(catalog: Catalog, key: SeriesKey) -> _Source:
    return _Source(
        key.venue, key.instrument, key.span_ns, lambda: catalog.bars(key.venue, key.instrument, key.interval)
    )


def _of_file(made: Catalog, file: CandleFile) -> _Source:
    key = SeriesKey(file.venue, file.instrument, interval=file.interval)

    def read() -> BarTable:
        try:
            made.import_file(file.path, key, ImportOptions())
        except DataError as error:
            raise DataError(
                f"{file.venue} {file.instrument} cannot be read: {error}. Options named here are those of "
                "`tradewind data import`, and --data may be its catalog; --assets leaves an instrument out"
            ) from None
        return made.bars(key.venue, key.instrument, key.interval)

    return _Source(key.venue, key.instrument, interval_ns(file.interval), read)


def _plain(interval: str) -> bool:
    return "_" not in interval  # a label keeps another source, or mark prices, apart
