"""A source becomes a series, or part of one: read in batches, judged row by row, published whole or not at all."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from tradewind.market.quality import FAULTS, BarQuality, Fault
from tradewind.model.errors import DataError
from tradewind.model.instrument import InstrumentKind
from tradewind.storage.catalog.columns import SCHEMAS, Role, match_columns
from tradewind.storage.catalog.files import series_scales
from tradewind.storage.catalog.increments import derived_increments
from tradewind.storage.catalog.manifest import Increments, Manifest, SourceEntry, read_manifest
from tradewind.storage.catalog.rows import BadRows, Judge, RowReader
from tradewind.storage.catalog.series import Convention, Kind, SeriesKey, chain_of, convention_of, traded_as
from tradewind.storage.catalog.sources import Source
from tradewind.storage.catalog.staging import Staged, staging_folder
from tradewind.storage.catalog.times import guess_unit

if TYPE_CHECKING:
    import polars as pl

OnBad = Literal["refuse", "report"]
Observer = Callable[[int, int], None]


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to read a source. `columns` names its columns where they cannot be guessed: our name -> the source's.

    `traded_as` says what the instrument is; without it a new series takes it from the name.
    """

    on_bad: OnBad = "refuse"
    replace: bool = False
    sort: bool = False
    columns: Mapping[str, str] = {}
    time_unit: str = ""
    convention: Convention | None = None
    tick: str = ""
    lot: str = ""
    chain: str = ""
    traded_as: InstrumentKind | None = None


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an import read, took and left out, and everything it assumed."""

    series: str
    source: str
    rows: int
    imported: int
    known: int
    rounded: int
    quality: BarQuality
    examples: tuple[str, ...]
    columns: dict[str, str]
    ignored: tuple[str, ...]
    time_unit: str
    convention: str
    scales: dict[str, int]
    increments: Increments | None
    dropped: str
    first_ns: int
    last_ns: int


def import_source(
    root: Path, key: SeriesKey, source: Source, options: ImportOptions, observer: Observer
) -> ImportReport:
    """Import the source into the series and return the report.

    Raises  DataError, with the catalog unchanged, when columns are missing, rows are bad and not to be reported, values
    do not fit, or bars differ from those that are there.
    """
    folder = root / key.path
    there = read_manifest(folder)
    if there is None or options.replace:
        there = new_manifest(key, options)
    elif options.traded_as is not None:
        there = msgspec.structs.replace(there, traded_as=options.traded_as)
    base = key.instrument.split("-")[0]
    matched = match_columns(key.kind, source.columns, options.columns, base, source.name)
    with staging_folder(root, key) as staging:
        run = _Run(staging, folder, key, there, source, matched, options)
        run.read(observer)
        run.refuse()
        return run.publish()


def new_manifest(key: SeriesKey, options: ImportOptions) -> Manifest:
    """Return the manifest of a series without files."""
    return Manifest(
        venue=key.venue,
        instrument=key.instrument,
        kind=key.kind,
        interval=key.interval,
        span_ns=key.span_ns,
        convention=options.convention or convention_of(key.venue),
        chain=options.chain or (chain_of(key.venue).value if key.kind == Kind.BOOK.value else ""),
        traded_as=options.traded_as or traded_as(key.instrument),
    )


class _Run:
    """One import from the first batch to the manifest."""

    def __init__(
        self,
        staging: Path,
        folder: Path,
        key: SeriesKey,
        there: Manifest,
        source: Source,
        matched: dict[str, str],
        options: ImportOptions,
    ) -> None:
        self.key = key
        self.there = there
        self.source = source
        self.matched = matched
        self.options = options
        self.staged = Staged(staging, folder, key, there)
        self.judge = Judge(key.kind, key.span_ns)
        self.units: dict[str, str] = {}
        self.newest_first = True
        self.examples: list[str] = []
        self.rounded = 0
        self._dropped = staging / f"dropped-{source.sha256[:12]}.csv"

    def read(self, observer: Observer) -> None:
        """Read every batch; a bad row does not stop the reading, so that all are counted."""
        done, reader = 0, None
        time = self.matched[SCHEMAS[self.key.kind][0].name]
        with self._dropped.open("w", newline="", encoding="utf-8") as handle:
            writer = csv.writer(handle)
            writer.writerow(["row", "time", "reason", *self.matched.values()])
            bad = BadRows(writer.writerow)
            for frame in self.source.batches(time if self.options.sort else ""):
                reader = reader or self._reader(frame)
                self._take(frame, reader, bad)
                done += len(frame)
                observer(done, self.source.rows)
        self.examples = bad.examples
        self.rounded = reader.rounded if reader else 0
        if self.judge.quality.good == 0 and self.judge.quality.rows == 0:
            raise DataError(f"{self.source.name} holds no rows: nothing to import")
        if self.judge.quality.bad == 0 or self.options.on_bad == "report":
            self.staged.flush()

    def refuse(self) -> None:
        """Raise DataError when there are bad rows and they are not to be reported only."""
        quality = self.judge.quality
        if not quality.bad or (self.options.on_bad == "report" and quality.good):
            return
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in quality.faults.items())
        if self.newest_first and quality.rows > 1 and quality.faults.get(Fault.OUT_OF_ORDER.value):
            remedy = "the rows are newest first: import it sorted (--sort)"
        elif quality.good:
            remedy = "correct the file, or keep the good rows with `tradewind data import --on-bad report`"
        else:
            remedy = "no row is good: check the columns and the interval"
        raise DataError(
            f"{self.source.name}: {quality.bad:,} of {quality.rows:,} rows are bad ({reasons}); "
            f"first: {self.examples[0]}. Nothing was imported; {remedy}"
        )

    def publish(self) -> ImportReport:
        """Make the staged files the series, and tell what was done."""
        quality = self.judge.quality
        dropped = self._dropped.name if quality.bad else ""
        files = tuple(self.staged.entries)
        entry = SourceEntry(
            name=self.source.name,
            sha256=self.source.sha256,
            columns=self.matched,
            time_unit=self._time_unit(),
            quality=quality,
            known=self.staged.known,
            rounded=self.rounded,
            dropped=dropped,
        )
        manifest = msgspec.structs.replace(
            self.there,
            files=files,
            scales=series_scales(self.key.kind, files),
            sources=(*self.there.sources, entry),
        )
        manifest = msgspec.structs.replace(manifest, increments=self._increments(manifest))
        self.staged.publish(manifest, (dropped,) if dropped else ())
        return self._report(manifest, entry)

    def _reader(self, frame: "pl.DataFrame") -> RowReader:
        for column in SCHEMAS[self.key.kind]:
            if column.role is Role.TIME and column.name in self.matched:
                self.units[column.name] = self.options.time_unit or guess_unit(frame[self.matched[column.name]])
        return RowReader(self.key.kind, self.matched, self.units)

    def _take(self, frame: "pl.DataFrame", reader: RowReader, bad: BadRows) -> None:
        values = reader.values(frame)
        codes = self.judge.faults(values)
        times = values[SCHEMAS[self.key.kind][0].name].astype(np.int64, copy=False)
        self.newest_first = self.newest_first and bool((times[1:] < times[:-1]).all())
        bad.add(frame, times, codes, list(self.matched.values()), FAULTS)
        # Once a row is bad and the file will be refused, the rest is only counted.
        if self.judge.quality.bad == 0 or self.options.on_bad == "report":
            self.staged.add(reader.piece(frame, values, codes))

    def _time_unit(self) -> str:
        return self.units.get(SCHEMAS[self.key.kind][0].name, "")

    def _increments(self, manifest: Manifest) -> Increments | None:
        """Return tick and lot as stated, now or before, else as the latest rows suggest them."""
        if self.options.tick and self.options.lot:
            return Increments(self.options.tick, self.options.lot, derived=False)
        if self.there.increments is not None and not self.there.increments.derived:
            return self.there.increments
        return derived_increments(self.key.kind, self.staged.read(manifest.files[-1])) if manifest.files else None

    def _report(self, manifest: Manifest, entry: SourceEntry) -> ImportReport:
        used = set(self.matched.values())
        return ImportReport(
            series=str(self.key),
            source=self.source.name,
            rows=entry.quality.rows,
            imported=entry.quality.good - entry.known,
            known=entry.known,
            rounded=entry.rounded,
            quality=entry.quality,
            examples=tuple(self.examples),
            columns=self.matched,
            ignored=tuple(name for name in self.source.columns if name not in used),
            time_unit=entry.time_unit,
            convention=manifest.convention.value,
            scales=manifest.scales,
            increments=manifest.increments,
            dropped=entry.dropped,
            first_ns=manifest.first_ns,
            last_ns=manifest.last_ns,
        )
