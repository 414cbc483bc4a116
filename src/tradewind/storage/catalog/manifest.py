"""What the catalog knows of a series: its files with hash and scales, its sources, and what their rows were like.

The manifest is written last and at once, so it is the catalog: a data file it does not name does not exist.
"""

from pathlib import Path

import msgspec

from tradewind.market.quality import BarQuality
from tradewind.model.errors import DataError
from tradewind.model.instrument import InstrumentKind
from tradewind.storage.atomic import write_bytes
from tradewind.storage.catalog.series import Convention, SeriesKey

MANIFEST = "manifest.json"
FORMAT = 1
REIMPORT = "restore it from a backup, or import its source again with replace"


class FileEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One Parquet file, rows sorted by time: its decimals and largest integers by group of columns, its absent bars."""

    name: str
    label: str
    sha256: str
    size: int
    rows: int
    first_ns: int
    last_ns: int
    scales: dict[str, int]
    largest: dict[str, int]
    missing: int = 0


class SourceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One imported file and what was found in it.

    `known` rows were there already, `rounded` sizes and prices lost digits, `dropped` names the side file of the rows
    left out.
    """

    name: str
    sha256: str
    columns: dict[str, str]
    time_unit: str
    quality: BarQuality
    known: int = 0
    rounded: int = 0
    dropped: str = ""


class Increments(msgspec.Struct, frozen=True):
    """Tick and lot as decimal text; `derived` when they were estimated from the data and not stated."""

    tick: str
    lot: str
    derived: bool


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One series. `scales` are the decimals at which its files are read, whatever each holds.

    `traded_as` is what the instrument is; None in a catalog older than the field, where the name tells.
    """

    format: int = FORMAT
    venue: str
    instrument: str
    kind: str
    interval: str = ""
    span_ns: int = 0
    convention: Convention = Convention.GAP
    chain: str = ""
    scales: dict[str, int] = {}
    increments: Increments | None = None
    traded_as: InstrumentKind | None = None
    files: tuple[FileEntry, ...] = ()
    sources: tuple[SourceEntry, ...] = ()

    @property
    def key(self) -> SeriesKey:
        return SeriesKey(self.venue, self.instrument, self.kind, self.interval)

    @property
    def rows(self) -> int:
        return sum(entry.rows for entry in self.files)

    @property
    def first_ns(self) -> int:
        return self.files[0].first_ns if self.files else 0

    @property
    def last_ns(self) -> int:
        return self.files[-1].last_ns if self.files else 0

    @property
    def size(self) -> int:
        return sum(entry.size for entry in self.files)

    @property
    def missing(self) -> int:
        """Bars absent between the first and the last."""
        inside = sum(entry.missing for entry in self.files)
        if not self.span_ns:
            return inside
        pairs = zip(self.files, self.files[1:], strict=False)
        return inside + sum((after.first_ns - before.last_ns) // self.span_ns - 1 for before, after in pairs)

    @property
    def quality(self) -> BarQuality:
        """The counts over all sources, with the bars that are absent now."""
        total = BarQuality()
        for source in self.sources:
            total = total.plus(source.quality)
        return msgspec.structs.replace(total, missing=self.missing)


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest of a series' folder, None when there is none.

    Raises  DataError when it cannot be read.
    """
    path = folder / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise DataError(f"{path} cannot be read ({error}): {REIMPORT}") from None
    if manifest.format != FORMAT:
        raise DataError(f"{path} has format {manifest.format}, this version reads {FORMAT}: import its source again")
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Make `manifest` the state of the series, at once."""
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    write_bytes(folder / MANIFEST, text + b"\n", overwrite=True)
