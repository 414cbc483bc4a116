"""A series written for other programs: CSV with decimal text, Parquet with floats or exact decimals."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tradewind.market.aggregate import Ints
from tradewind.model.errors import ConfigError
from tradewind.storage.atomic import replacing
from tradewind.storage.catalog.columns import SCHEMAS, Column, Role, group_of
from tradewind.storage.catalog.manifest import Manifest

if TYPE_CHECKING:
    import polars as pl

SUFFIXES = (".csv", ".parquet")
DECIMAL_DIGITS = 38
NAMES = {"open_ns": "ts", "ts_ns": "ts", "exchange_ns": "ts_exch"}
WORDS = {Role.SIDE: {1: "buy", -1: "sell"}, Role.EVENT: {0: "snapshot", 1: "update"}}


def export_series(
    manifest: Manifest, pieces: Iterable[Mapping[str, Ints]], path: Path, *, exact: bool, overwrite: bool
) -> int:
    """Write the pieces to `path`, whole or not at all, and return the rows written.

    CSV always has exact decimals and ISO times. Parquet has float64 unless `exact`, then Decimal columns.
    Raises  ConfigError for another suffix, or when the file exists and `overwrite` is false.
    """
    if path.suffix not in SUFFIXES:
        raise ConfigError(f"cannot export to {path.name}: use {' or '.join(SUFFIXES)}")
    import polars as pl

    nothing = {column.name: np.empty(0, np.int64) for column in SCHEMAS[manifest.kind]}
    with replacing(path, overwrite=overwrite) as partial:
        if path.suffix == ".csv":
            return _write_csv(partial, (_frame(manifest, piece, text=True) for piece in (nothing, *pieces)))
        frames = [_frame(manifest, piece, text=exact) for piece in (nothing, *pieces)]
        whole = _decimals(manifest, pl.concat(frames)) if exact else pl.concat(frames)
        whole.write_parquet(partial, compression="zstd")
        return len(whole)


def _write_csv(path: Path, frames: Iterable["pl.DataFrame"]) -> int:
    rows = 0
    with path.open("wb") as handle:
        for number, frame in enumerate(frames):
            frame.write_csv(handle, include_header=number == 0, datetime_format="%Y-%m-%dT%H:%M:%S%.fZ")
            rows += len(frame)
    return rows


def _frame(manifest: Manifest, piece: Mapping[str, Ints], *, text: bool) -> "pl.DataFrame":
    import polars as pl

    return pl.DataFrame([_column(manifest, column, piece[column.name], text) for column in SCHEMAS[manifest.kind]])


def _column(manifest: Manifest, column: Column, units: Ints, text: bool) -> "pl.Series":
    import polars as pl

    series = pl.Series(NAMES.get(column.name, column.name), units)
    if column.role is Role.TIME:
        return series.cast(pl.Datetime("ns", "UTC"))
    if column.role in WORDS:
        return series.replace_strict(WORDS[column.role], return_dtype=pl.String)
    if column.role is Role.NUMBER:
        return series
    scale = manifest.scales.get(group_of(column), 0)
    return _decimal_text(series, scale) if text else series / 10.0**scale


def _decimal_text(units: "pl.Series", scale: int) -> "pl.Series":
    """Return each integer with its point put in, every digit kept."""
    import polars as pl

    if scale == 0:
        return units.cast(pl.String)
    digits = units.abs().cast(pl.String).str.zfill(scale + 1)
    sign = pl.select(pl.when(units < 0).then(pl.lit("-")).otherwise(pl.lit(""))).to_series()
    return (sign + digits.str.head(-scale) + "." + digits.str.tail(scale)).alias(units.name)


def _decimals(manifest: Manifest, frame: "pl.DataFrame") -> "pl.DataFrame":
    import polars as pl

    return frame.with_columns(
        pl.col(column.name).cast(pl.Decimal(DECIMAL_DIGITS, manifest.scales.get(group_of(column), 0)))
        for column in SCHEMAS[manifest.kind]
        if group_of(column)
    )
