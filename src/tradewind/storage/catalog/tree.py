"""A folder of collected data imported as it lies: candles, funding, trades, quotes and depth, by venue and symbol.

    candles/VENUE/SYMBOL/INTERVAL[_label].parquet    funding/VENUE/SYMBOL.parquet
    trades/VENUE/SYMBOL/*.parquet                    bbo/VENUE/SYMBOL/*.parquet
    l2/VENUE/SYMBOL/*_depth.parquet                  l2/VENUE/SYMBOL/X_snapshot.parquet with X_updates*.parquet
    quotes/VENUE/SYMBOL/{second,minute,daily}_trade.parquet

Files of one series are imported in the order of their names. A label keeps sources apart whose times may overlap.
"""

from collections.abc import Collection
from pathlib import Path

import msgspec

from tradewind.model.errors import DataError
from tradewind.storage.catalog.importing import ImportOptions, ImportReport, Observer, import_source
from tradewind.storage.catalog.series import Kind, SeriesKey
from tradewind.storage.catalog.sources import Source, file_hash, open_source

SPANS = {"second": "1s", "minute": "1m", "daily": "1d"}
EVENT_FOLDERS = {"trades": Kind.TRADES.value, "bbo": Kind.QUOTES.value}
NO_ID = -1


class TreeReport(msgspec.Struct, frozen=True, kw_only=True):
    """The report of every file imported, and why others were left out or refused."""

    imported: tuple[ImportReport, ...]
    skipped: dict[str, str]
    refused: dict[str, str]

    @property
    def rows(self) -> int:
        return sum(report.imported for report in self.imported)


class Found(msgspec.Struct, frozen=True):
    """A file, or a snapshot with its updates, and the series it is for."""

    name: str
    key: SeriesKey
    paths: tuple[Path, ...]
    options: ImportOptions


def import_tree(
    root: Path, folder: Path, options: ImportOptions, observer: Observer, kinds: Collection[str] = ()
) -> TreeReport:
    """Import every file of `folder` whose place tells its series; `observer` is told (files done, files in all).

    `kinds` limits it to some of the folders named above. A file that is refused stops no other. What is there already
    is known again, not doubled.
    """
    found, skipped = find_files(folder, options, kinds)
    reports, refused = [], {}
    for number, one in enumerate(found, 1):
        try:
            source = _depth_source(one) if len(one.paths) > 1 else open_source(one.paths[0])
            reports.append(import_source(root, one.key, source, one.options, lambda _done, _total: None))
        except DataError as error:
            refused[one.name] = str(error)
        observer(number, len(found))
    return TreeReport(imported=tuple(reports), skipped=skipped, refused=refused)


def find_files(folder: Path, options: ImportOptions, kinds: Collection[str] = ()) -> tuple[list[Found], dict[str, str]]:
    """Return the importable files below `folder`, sorted, and the others with the reason."""
    found: list[Found] = []
    skipped: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(folder).as_posix()
        if kinds and name.partition("/")[0] not in kinds:
            continue
        one = _place(path, name.split("/"), options)
        if isinstance(one, str):
            skipped[name] = one
        else:
            found += one
    return found, skipped


def _place(path: Path, parts: list[str], options: ImportOptions) -> list[Found] | str:
    name = "/".join(parts)
    if path.suffix != ".parquet" or len(parts) < 3:
        return "not a Parquet file of a series"
    kind, venue, symbol = parts[0], parts[1], parts[2].removesuffix(".parquet")
    if kind == "candles":
        return [Found(name, SeriesKey(venue, symbol, Kind.BARS.value, path.stem), (path,), options)]
    if kind == "funding":
        return [Found(name, SeriesKey(venue, symbol, Kind.FUNDING.value), (path,), options)]
    if kind in EVENT_FOLDERS:
        return [Found(name, SeriesKey(venue, symbol, EVENT_FOLDERS[kind]), (path,), options)]
    if kind == "quotes":
        span, _, what = path.stem.partition("_")
        if what != "trade" or span not in SPANS:
            return "bars of quotes are not a kind of the catalog"
        return [Found(name, SeriesKey(venue, symbol, Kind.BARS.value, f"{SPANS[span]}_trades"), (path,), options)]
    if kind == "l2":
        return _depth_place(path, name, SeriesKey(venue, symbol, Kind.BOOK.value), options)
    return f"unknown folder {kind}"


def _depth_place(path: Path, name: str, key: SeriesKey, options: ImportOptions) -> list[Found] | str:
    if path.stem.endswith("_depth"):
        return [Found(name, key, (path,), options)]
    if path.stem.endswith("_snapshot"):
        updates = sorted(path.parent.glob(path.stem.removesuffix("_snapshot") + "_updates*.parquet"))
        return [Found(name, key, (path, *updates), options)] if updates else "a snapshot without updates"
    return "imported with its snapshot" if "_updates" in path.stem else "neither depth, snapshot nor updates"


def _depth_source(found: Found) -> Source:
    """Return a snapshot followed by its numbered updates as one source; the snapshot is known with the first update."""
    import polars as pl

    snapshot, *updates = (pl.scan_parquet(path) for path in found.paths)
    changes = pl.concat(updates).with_columns(pl.lit("update").alias("event"), pl.col("seq").cast(pl.Int64))
    first = changes.select(pl.col("ts").first()).collect().item()
    dtype = changes.collect_schema()["ts"]
    start = snapshot.with_columns(
        pl.lit("snapshot").alias("event"),
        pl.lit(NO_ID, pl.Int64).alias("seq"),
        pl.lit(first).cast(dtype).alias("ts"),
    )
    columns = ["ts", "event", "side", "price", "size", "seq"]
    both = pl.concat([start.select(columns), changes.select(columns)])
    digest = "".join(file_hash(path)[:16] for path in found.paths)
    return Source(Path(found.name).name, both, digest)
