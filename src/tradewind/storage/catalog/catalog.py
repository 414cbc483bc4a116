"""Market data on the disk: import, list, verify, read, resample and export series of bars and events."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np

from tradewind.market.aggregate import Ints
from tradewind.market.quality import NO_TIME
from tradewind.model.errors import DataError
from tradewind.model.instrument import Instrument, InstrumentKind, define_instrument
from tradewind.storage.catalog.columns import SCHEMAS
from tradewind.storage.catalog.exporting import export_series
from tradewind.storage.catalog.files import at_series_scales, read_file
from tradewind.storage.catalog.importing import ImportOptions, ImportReport, Observer, import_source
from tradewind.storage.catalog.manifest import MANIFEST, FileEntry, Manifest, read_manifest
from tradewind.storage.catalog.resampling import resample_series
from tradewind.storage.catalog.series import Kind, SeriesKey, traded_as
from tradewind.storage.catalog.sources import Source, open_source, rows_source
from tradewind.storage.catalog.table import BarTable, gaps_in
from tradewind.storage.catalog.tree import TreeReport, import_tree
from tradewind.storage.catalog.verifying import VerifyReport, verify_series

CHUNK_ROWS = 262_144
DEFAULTS = ImportOptions()


def ignore(done: int, total: int) -> None:
    """Observe nothing."""


class Catalog:
    """The series below one folder. Nothing is cached: every call reads the manifest as it is."""

    def __init__(self, root: Path) -> None:
        self.root = root

    # -- writing ------------------------------------------------------------------------------------------------------

    def import_file(
        self, path: Path, key: SeriesKey, options: ImportOptions = DEFAULTS, observer: Observer = ignore
    ) -> ImportReport:
        """Import a CSV, Parquet, Feather or JSON file; `observer` is told (rows done, rows in all).

        Raises  DataError, with the catalog unchanged, when the file cannot be read or its rows are bad.
        """
        return import_source(self.root, key, open_source(path), options, observer)

    def import_rows(
        self,
        name: str,
        rows: Sequence[Sequence[object]],
        key: SeriesKey,
        options: ImportOptions = DEFAULTS,
        observer: Observer = ignore,
    ) -> ImportReport:
        """Import ccxt candles, `[ms, open, high, low, close, volume]` each; `name` says where they are from."""
        return import_source(self.root, key, rows_source(name, rows), options, observer)

    def import_any(
        self, source: Source, key: SeriesKey, options: ImportOptions = DEFAULTS, observer: Observer = ignore
    ) -> ImportReport:
        """Import a source that the caller has opened or made."""
        return import_source(self.root, key, source, options, observer)

    def resample(
        self, key: SeriesKey, interval: str, observer: Observer = ignore, *, replace: bool = False
    ) -> Manifest:
        """Make longer bars of a series and keep them as the series of `interval`.

        Raises  DataError when the series is missing; ConfigError when the interval is no multiple, or a series from
        another source has its place and `replace` is false.
        """
        return resample_series(self.root, self.manifest(key), interval, observer, replace=replace)

    def import_tree(
        self,
        folder: Path,
        options: ImportOptions = DEFAULTS,
        observer: Observer = ignore,
        *,
        kinds: Collection[str] = (),
    ) -> TreeReport:
        """Import a folder laid out by kind, venue and symbol, or some of its kinds; see `storage.catalog.tree`."""
        return import_tree(self.root, folder, options, observer, kinds)

    # -- looking ------------------------------------------------------------------------------------------------------

    def list(self) -> list[Manifest]:
        """Return the manifests of all series, sorted by venue, instrument, kind and interval."""
        manifests = [read_manifest(path.parent) for path in self.root.glob(f"*/**/{MANIFEST}")]
        return sorted((found for found in manifests if found is not None), key=lambda found: found.key)

    def manifest(self, key: SeriesKey) -> Manifest:
        """Return what is known of one series.

        Raises  DataError naming the series there are when this one is not.
        """
        manifest = read_manifest(self.root / key.path)
        if manifest is None:
            raise DataError(f"no {key} in the catalog {self.root}: {self._instead_of(key)}")
        return manifest

    def verify(self, key: SeriesKey, observer: Observer = ignore) -> VerifyReport:
        """Hash and check every file and row of a series again; problems are in the report, not raised."""
        return verify_series(self.root / key.path, self.manifest(key), observer)

    def instrument(self, key: SeriesKey, kind: InstrumentKind | None = None, **terms: object) -> Instrument:
        """Return the instrument of a series, with scales that hold its data; `terms` are further fields.

        What it is was recorded at the import, unless `kind` says otherwise. Increments are those stated at the import,
        else derived from the data, and then the instrument says so.
        """
        manifest = self.manifest(key)
        if manifest.increments is None:
            raise DataError(f"{key} states no tick and lot: use a series of bars, trades, quotes or the book")
        scales = manifest.scales
        terms.setdefault("venue", key.venue)
        return define_instrument(
            key.instrument,
            kind=kind or manifest.traded_as or traded_as(key.instrument),
            price_increment=Decimal(manifest.increments.tick),
            base_increment=Decimal(manifest.increments.lot),
            price_decimals=scales.get("price", 0),
            quantity_decimals=scales.get("quantity", 0),
            volume_decimals=scales.get("volume"),
            derived=manifest.increments.derived,
            **terms,
        )

    # -- reading ------------------------------------------------------------------------------------------------------

    def bars(
        self, venue: str, instrument: str, interval: str, start_ns: int | None = None, end_ns: int | None = None
    ) -> BarTable:
        """Return the bars that open at or after `start_ns` and before `end_ns`, sorted by time.

        Raises  DataError when the series is missing, or a file is missing, truncated or damaged.
        """
        manifest = self.manifest(SeriesKey(venue, instrument, Kind.BARS.value, interval))
        pieces = [piece for _, piece in self._pieces(manifest, start_ns, end_ns)]
        return _table(manifest, _joined(manifest, pieces), NO_TIME)

    def bar_chunks(
        self,
        venue: str,
        instrument: str,
        interval: str,
        start_ns: int | None = None,
        end_ns: int | None = None,
        rows: int = CHUNK_ROWS,
    ) -> Iterator[BarTable]:
        """Yield the same bars in tables of at most `rows`, one file in memory at a time, all at the same scales."""
        manifest = self.manifest(SeriesKey(venue, instrument, Kind.BARS.value, interval))
        last_ns = NO_TIME
        for _, piece in self._pieces(manifest, start_ns, end_ns):
            for start in range(0, len(piece["open_ns"]), rows):
                chunk = {name: column[start : start + rows] for name, column in piece.items()}
                yield _table(manifest, chunk, last_ns)
                last_ns = int(chunk["open_ns"][-1])

    def rows(
        self, key: SeriesKey, start_ns: int | None = None, end_ns: int | None = None
    ) -> tuple[Mapping[str, Ints], Mapping[str, int]]:
        """Return the columns of any series as integers, and the scale of each group of columns, in order of time."""
        manifest = self.manifest(key)
        pieces = [piece for _, piece in self._pieces(manifest, start_ns, end_ns)]
        return _joined(manifest, pieces), manifest.scales

    def export(
        self,
        key: SeriesKey,
        path: Path,
        *,
        start_ns: int | None = None,
        end_ns: int | None = None,
        exact: bool = False,
        overwrite: bool = False,
    ) -> int:
        """Write a series as CSV or Parquet by the path's suffix, and return how many rows; see `export_series`."""
        manifest = self.manifest(key)
        pieces = (piece for _, piece in self._pieces(manifest, start_ns, end_ns))
        return export_series(manifest, pieces, path, exact=exact, overwrite=overwrite)

    def _pieces(
        self, manifest: Manifest, start_ns: int | None, end_ns: int | None
    ) -> Iterator[tuple[FileEntry, dict[str, Ints]]]:
        for entry in manifest.files:
            outside = (start_ns is not None and entry.last_ns < start_ns) or (
                end_ns is not None and entry.first_ns >= end_ns
            )
            if not outside:
                piece = read_file(self.root / manifest.key.path, entry, manifest.kind, start_ns, end_ns)
                yield entry, at_series_scales(manifest, piece)

    def _instead_of(self, key: SeriesKey) -> str:
        near = [found.key for found in self.list() if found.instrument == key.instrument]
        if near:
            return "there is " + ", ".join(str(found) for found in near)
        return "import it first (tradewind data import), or see what there is (tradewind data list)"


def _joined(manifest: Manifest, pieces: Sequence[Mapping[str, Ints]]) -> dict[str, Ints]:
    names = [column.name for column in SCHEMAS[manifest.kind]]
    if not pieces:
        return {name: np.empty(0, np.int64) for name in names}
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in names}


def _table(manifest: Manifest, columns: Mapping[str, Ints], last_ns: int) -> BarTable:
    gap_rows, gap_bars = gaps_in(columns["open_ns"], manifest.span_ns, last_ns)
    return BarTable(
        instrument=manifest.instrument,
        venue=manifest.venue,
        interval=manifest.interval,
        span_ns=manifest.span_ns,
        price_scale=manifest.scales.get("price", 0),
        volume_scale=manifest.scales.get("volume", 0),
        convention=manifest.convention,
        gap_rows=gap_rows,
        gap_bars=gap_bars,
        derived=manifest.increments is None or manifest.increments.derived,
        **columns,
    )
