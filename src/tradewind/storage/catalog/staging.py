"""An import in progress: files grow in a staging folder and become the series in one step, or not at all.

The staging folder lies in the catalog's root, so that moving a file is a rename. A lock keeps two imports of one series
apart; it ends with the process. What a crash left behind is removed by the next import of the series.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tradewind.model.errors import DataError
from tradewind.storage.atomic import sync
from tradewind.storage.catalog.columns import SCHEMAS
from tradewind.storage.catalog.files import common_scales, read_file, write_file
from tradewind.storage.catalog.manifest import FileEntry, Manifest, write_manifest
from tradewind.storage.catalog.merging import merged
from tradewind.storage.catalog.rows import Piece, iso
from tradewind.storage.catalog.scaling import Scaled
from tradewind.storage.catalog.series import YEARLY_SPAN_NS, Kind, SeriesKey

STAGING = ".staging"
FILE_ROWS = 1_048_576


@contextmanager
def staging_folder(root: Path, key: SeriesKey) -> Iterator[Path]:
    """Yield an empty folder for the files of an import; it is gone afterwards, whatever happens.

    Raises  DataError when another process imports the same series.
    """
    name = "__".join(key.path.parts)
    folder = root / STAGING / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (root / STAGING / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataError(f"{key} is being imported by another process: wait until it has finished") from None
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


class Staged:
    """Collects pieces by date and writes each date's file when the next one begins."""

    def __init__(self, folder: Path, series: Path, key: SeriesKey, there: Manifest) -> None:
        self.key = key
        self.known = 0
        self.entries: list[FileEntry] = list(there.files)
        self.written: list[str] = []
        self._folder = folder
        self._series = series
        self._label = ""
        self._pieces: list[Piece] = []
        self._rows = 0
        self._time = SCHEMAS[key.kind][0].name
        self._last_ns = there.last_ns if there.files else None

    def add(self, piece: Piece) -> None:
        """Take rows that follow those taken before."""
        times_ns = piece[self._time].units
        if not len(times_ns):
            return
        self._refuse_overlap(int(times_ns[0]))
        dates = times_ns.astype("datetime64[ns]").astype(f"datetime64[{date_unit(self.key)}]")
        starts = np.flatnonzero(np.r_[True, dates[1:] != dates[:-1]])
        for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(dates)], strict=True):
            label = str(dates[start])
            if label != self._label or (not self.key.span_ns and self._rows >= FILE_ROWS):
                self.flush()
                self._label = label
            self._pieces.append({name: Scaled(column.units[start:end], column.scale) for name, column in piece.items()})
            self._rows += end - start

    def flush(self) -> None:
        """Write the file of the date collected so far."""
        if not self._pieces:
            return
        columns = common_scales(self.key.kind, self._pieces)
        self._pieces, self._rows = [], 0
        if self.key.span_ns:
            self._merge(columns)
        else:
            parts = sum(entry.label.partition(".")[0] == self._label for entry in self.entries)
            self._write(f"{self._label}.{parts + 1}" if parts else self._label, columns)

    def read(self, entry: FileEntry) -> Piece:
        """Return the columns of a file of the series to be, wherever it lies now."""
        folder = self._folder if entry.name in self.written else self._series
        return read_file(folder, entry, self.key.kind)

    def publish(self, manifest: Manifest, beside: tuple[str, ...] = ()) -> None:
        """Move the files, and those named `beside`, to the series and make `manifest` its state.

        Files that the manifest no longer names are removed last.
        """
        self._series.mkdir(parents=True, exist_ok=True)
        for name in (*self.written, *beside):
            (self._folder / name).replace(self._series / name)
        sync(self._series)
        write_manifest(self._series, manifest)
        named = {entry.name for entry in manifest.files} | {source.dropped for source in manifest.sources}
        for path in (*self._series.glob("*.parquet"), *self._series.glob("dropped-*.csv")):
            if path.name not in named:
                path.unlink()

    def _merge(self, columns: Piece) -> None:
        there = next((entry for entry in self.entries if entry.label == self._label), None)
        if there is not None:
            rows = len(columns[self._time].units)
            columns, known = merged(self.key, self.read(there), columns)
            self.known += known
            if known == rows:
                return
            self.entries.remove(there)
        self._write(self._label, columns)

    def _write(self, label: str, columns: Piece) -> None:
        entry = write_file(self._folder, self.key.kind, label, columns, self.key.span_ns)
        self.written.append(entry.name)
        self.entries.append(entry)
        self.entries.sort(key=lambda one: one.first_ns)

    def _refuse_overlap(self, first_ns: int) -> None:
        if not self.key.span_ns and self._last_ns is not None and first_ns <= self._last_ns:
            raise DataError(
                f"{self.key} reaches to {iso(self._last_ns)} and the source begins at {iso(first_ns)}: "
                "import what comes later, or all of it with replace"
            )
        self._last_ns = None


def date_unit(key: SeriesKey) -> str:
    """Return what a file covers: a year of funding and long bars, a month of short ones, a day of other events."""
    if key.kind == Kind.FUNDING.value or key.span_ns >= YEARLY_SPAN_NS:
        return "Y"
    return "M" if key.span_ns else "D"
