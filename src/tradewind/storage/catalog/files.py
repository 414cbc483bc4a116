"""The Parquet files of a series: columns written and read as scaled integers."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tradewind.market.aggregate import Ints
from tradewind.market.quality import missing_bars
from tradewind.model.errors import DataError
from tradewind.storage.atomic import sync
from tradewind.storage.catalog.columns import SCHEMAS, Role, group_of
from tradewind.storage.catalog.manifest import REIMPORT, FileEntry, Manifest
from tradewind.storage.catalog.rows import Piece
from tradewind.storage.catalog.scaling import Scaled, fitting_scale, joined, joined_declared, rescaled, rounded
from tradewind.storage.catalog.sources import file_hash

if TYPE_CHECKING:
    import polars as pl

ROW_GROUP_ROWS = 131_072
NAME_DIGITS = 12


def common_scales(kind: str, pieces: list[Piece]) -> Piece:
    """Return the pieces as one, every group of columns at the smallest scale that holds it."""
    whole: Piece = {}
    for column in SCHEMAS[kind]:
        parts = [piece[column.name] for piece in pieces]
        whole[column.name] = joined_declared(parts) if column.role is Role.VOLUME else joined(parts)
    for group in {group_of(column) for column in SCHEMAS[kind]} - {""}:
        names = [column.name for column in SCHEMAS[kind] if group_of(column) == group]
        scale = max(whole[name].scale for name in names)
        whole.update({name: Scaled(rescaled(whole[name], scale), scale) for name in names})
    return whole


def write_file(folder: Path, kind: str, label: str, columns: Piece, span_ns: int) -> FileEntry:
    """Write the columns as a Parquet file named by its content; return its entry. It is on the disk on return."""
    import polars as pl

    partial = folder / f"{label}.parquet"
    frame = pl.DataFrame({name: column.units for name, column in columns.items()})
    frame.write_parquet(partial, compression="zstd", compression_level=3, row_group_size=ROW_GROUP_ROWS)
    sync(partial)
    digest = file_hash(partial)
    path = partial.rename(folder / f"{label}-{digest[:NAME_DIGITS]}.parquet")
    times = columns[SCHEMAS[kind][0].name].units
    return FileEntry(
        name=path.name,
        label=label,
        sha256=digest,
        size=path.stat().st_size,
        rows=len(times),
        first_ns=int(times[0]),
        last_ns=int(times[-1]),
        scales=_by_group(kind, {name: column.scale for name, column in columns.items()}),
        largest=_by_group(kind, {name: int(np.abs(column.units).max()) for name, column in columns.items()}),
        missing=int(missing_bars(times, span_ns)[1].sum()) if span_ns else 0,
    )


def scan_file(folder: Path, entry: FileEntry) -> "pl.LazyFrame":
    """Return the file to be read lazily.

    Raises  DataError when it is missing or another file than the manifest names.
    """
    import polars as pl

    path = folder / entry.name
    if not path.is_file():
        raise DataError(f"{path} is missing: {REIMPORT}")
    if path.stat().st_size != entry.size:
        raise DataError(f"{path} has {path.stat().st_size} bytes, the manifest says {entry.size}: {REIMPORT}")
    return pl.scan_parquet(path)


def read_file(
    folder: Path, entry: FileEntry, kind: str, start_ns: int | None = None, end_ns: int | None = None
) -> Piece:
    """Return the file's columns at its own scales, of the rows with start <= time < end.

    Raises  DataError naming the file and the remedy when it is missing, truncated or damaged.
    """
    import polars as pl

    time = pl.col(SCHEMAS[kind][0].name)
    frame = scan_file(folder, entry)
    if start_ns is not None and start_ns > entry.first_ns:
        frame = frame.filter(time >= start_ns)
    if end_ns is not None and end_ns <= entry.last_ns:
        frame = frame.filter(time < end_ns)
    names = [column.name for column in SCHEMAS[kind]]
    try:
        table = frame.select(names).collect()
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{folder / entry.name} is damaged ({str(error).splitlines()[0]}): {REIMPORT}") from error
    # A damaged page can make the reader panic, which is not an Exception but always this class.
    except pl.exceptions.PanicException as error:
        raise DataError(f"{folder / entry.name} is damaged ({error}): {REIMPORT}") from error
    return {
        column.name: Scaled(_ints(table[column.name]), entry.scales.get(group_of(column), 0))
        for column in SCHEMAS[kind]
    }


def at_series_scales(manifest: Manifest, piece: Piece) -> dict[str, Ints]:
    """Return the columns of a file at the scales of the series."""
    columns: dict[str, Ints] = {}
    for column in SCHEMAS[manifest.kind]:
        scale = manifest.scales.get(group_of(column), 0)
        change = rounded if column.role is Role.VOLUME else rescaled
        columns[column.name] = change(piece[column.name], scale)
    return columns


def series_scales(kind: str, files: tuple[FileEntry, ...]) -> dict[str, int]:
    """Return the scale of each group at which all files can be read together.

    Raises  DataError when prices of different files do not fit 64 bits at one scale.
    """
    scales: dict[str, int] = {}
    for column in SCHEMAS[kind]:
        group = group_of(column)
        if not group or not files:
            continue
        scale = max(entry.scales[group] for entry in files)
        fits = min(fitting_scale(entry.largest[group] / 10.0 ** entry.scales[group], scale) for entry in files)
        if fits < scale and column.role is not Role.VOLUME:
            raise DataError(
                f"{group} with {scale} decimals does not fit 64 bits beside the largest values: "
                "import the sources under different labels"
            )
        scales[group] = fits
    return scales


def _by_group(kind: str, values: dict[str, int]) -> dict[str, int]:
    groups: dict[str, int] = {}
    for column in SCHEMAS[kind]:
        group = group_of(column)
        if group:
            groups[group] = max(groups.get(group, 0), values[column.name])
    return groups


def _ints(series: "pl.Series") -> Ints:
    import polars as pl

    values: Ints = series.cast(pl.Int64).to_numpy()
    return values
