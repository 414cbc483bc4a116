"""A file of market data as frames of some ten thousand rows, whatever its format.

CSV columns are read as text, so that a price keeps every digit it was written with. JSON is a list of rows as freqtrade
and ccxt write it, and is read whole; everything else is streamed.
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tradewind.model.errors import DataError

if TYPE_CHECKING:
    import polars as pl

BATCH_ROWS = 131_072
HASH_BYTES = 1 << 20
JSON_BYTES_MAX = 256 << 20
CCXT_COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")
FORMATS = {".csv": "CSV", ".gz": "CSV", ".txt": "CSV", ".parquet": "Parquet", ".feather": "Feather", ".json": "JSON"}


class Source:
    """One file, or rows in memory, to be read once from the first row to the last."""

    def __init__(self, name: str, frame: "pl.LazyFrame", sha256: str) -> None:
        self.name = name
        self.sha256 = sha256
        self._frame = frame
        self.columns = self._names()
        self.rows = self._count()

    def batches(self, sort_by: str = "") -> Iterator["pl.DataFrame"]:
        """Yield the rows in order, or sorted by a column where asked, which reads them all."""
        frame = self._frame.sort(sort_by, maintain_order=True) if sort_by else self._frame
        with self._reading():
            yield from frame.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True)

    def _names(self) -> list[str]:
        with self._reading():
            return self._frame.collect_schema().names()

    def _count(self) -> int:
        import polars as pl

        with self._reading():
            return int(self._frame.select(pl.len()).collect().item())

    def _reading(self) -> "_Reading":
        return _Reading(self.name)


class _Reading:
    """Turns what a reader raises into a DataError that names the file."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        import polars as pl

        if isinstance(error, (pl.exceptions.PolarsError, OSError)):
            reason = str(error).splitlines()[0]
            raise DataError(
                f"{self.name} cannot be read as {FORMATS.get(Path(self.name).suffix.lower(), 'a table')} ({reason}): "
                "it is damaged or of another format; get it again from its source"
            ) from error


def open_source(path: Path) -> Source:
    """Return the file as a source.

    Raises  DataError when it is missing, empty, damaged, or of a format that is not known.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist: check the path")
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise DataError(f"{path.name}: unknown format {suffix or 'without suffix'}; use {', '.join(sorted(FORMATS))}")
    if path.stat().st_size == 0:
        raise DataError(f"{path.name} is empty: get it again from its source")
    with _Reading(path.name):
        frame = _scan(path, suffix)
    return Source(path.name, frame, file_hash(path))


def rows_source(name: str, rows: Sequence[Sequence[object]]) -> Source:
    """Return ccxt candles, `[ms, open, high, low, close, volume]` each, as a source.

    Raises  DataError when a row has another length.
    """
    digest = hashlib.sha256(msgspec.json.encode(rows)).hexdigest()
    return Source(name, _row_frame(name, rows), digest)


def file_hash(path: Path) -> str:
    """Return the SHA-256 of the file's bytes in hex, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while piece := handle.read(HASH_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _scan(path: Path, suffix: str) -> "pl.LazyFrame":
    import polars as pl

    if suffix == ".parquet":
        return pl.scan_parquet(path)
    if suffix == ".feather":
        return pl.scan_ipc(path)
    if suffix == ".json":
        return _json_frame(path)
    frame = pl.scan_csv(path, infer_schema=False)
    names = frame.collect_schema().names()
    if not all(_is_number(name) for name in names[: len(CCXT_COLUMNS)]):
        return frame
    extra = [f"column_{number}" for number in range(len(CCXT_COLUMNS) + 1, len(names) + 1)]
    return pl.scan_csv(path, has_header=False, infer_schema=False, new_columns=[*CCXT_COLUMNS, *extra][: len(names)])


def _json_frame(path: Path) -> "pl.LazyFrame":
    import polars as pl

    size = path.stat().st_size
    if size > JSON_BYTES_MAX:
        raise DataError(f"{path.name} has {size >> 20} MiB of JSON, which is read whole: convert it to CSV or Parquet")
    try:
        rows = msgspec.json.decode(path.read_bytes())
    except msgspec.DecodeError as error:
        raise DataError(f"{path.name} cannot be read as JSON ({error}): get it again from its source") from None
    if isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows):
        return pl.LazyFrame(rows, infer_schema_length=None)
    return _row_frame(path.name, rows)


def _row_frame(name: str, rows: object) -> "pl.LazyFrame":
    import polars as pl

    width = len(CCXT_COLUMNS)
    if not isinstance(rows, Sequence) or not rows:
        raise DataError(f"{name} holds no rows: expected [[ms, open, high, low, close, volume], ...]")
    for number, row in enumerate(rows):
        if not isinstance(row, Sequence) or len(row) < width:
            raise DataError(f"{name}: row {number} is not [ms, open, high, low, close, volume]: {row!r}")
    columns = {
        label: pl.Series(label, [_number(name, row[at]) for row in rows], dtype=pl.Float64, strict=False)
        for at, label in enumerate(CCXT_COLUMNS)
    }
    # A float holds milliseconds and whole seconds exactly, so the cast loses nothing.
    columns["timestamp"] = columns["timestamp"].cast(pl.Int64, strict=False)
    return pl.LazyFrame(columns)


def _number(name: str, value: object) -> float | None:
    if value is None or isinstance(value, (int, float)):
        return value
    try:
        return float(str(value))
    except ValueError:
        raise DataError(
            f"{name}: {value!r} is not a number: expected [[ms, open, high, low, close, volume], ...]"
        ) from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
