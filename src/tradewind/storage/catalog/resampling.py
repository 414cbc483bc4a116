"""Longer bars of a series, made file by file and kept as a series of their own."""

from pathlib import Path

import msgspec
import numpy as np

from tradewind.market.aggregate import BarColumns, check_multiple, grid_origin, longer_bars
from tradewind.market.quality import BarQuality
from tradewind.model.errors import ConfigError
from tradewind.storage.catalog.files import at_series_scales, read_file, series_scales
from tradewind.storage.catalog.importing import Observer
from tradewind.storage.catalog.manifest import Manifest, SourceEntry, read_manifest
from tradewind.storage.catalog.rows import Piece
from tradewind.storage.catalog.scaling import Scaled, fitting_scale, rounded
from tradewind.storage.catalog.series import SeriesKey
from tradewind.storage.catalog.staging import Staged, staging_folder

NAMES = ("open_ns", "open", "high", "low", "close", "volume")


def resample_series(root: Path, manifest: Manifest, interval: str, observer: Observer, *, replace: bool) -> Manifest:
    """Return the manifest of the series of `interval`, made of the bars of `manifest`.

    An interval in which every part is absent has no bar. Raises  ConfigError when it is no multiple of the parts', or
    when a series from another source has its place and `replace` is false.
    """
    key = SeriesKey(manifest.venue, manifest.instrument, manifest.kind, interval)
    try:
        check_multiple(manifest.span_ns, key.span_ns)
    except ValueError:
        raise ConfigError(
            f"{interval} bars cannot be made of {manifest.interval or manifest.kind}: choose a multiple of it"
        ) from None
    there = read_manifest(root / key.path)
    if there is not None and not replace and [source.name for source in there.sources] != [str(manifest.key)]:
        raise ConfigError(
            f"{key} was imported from {there.sources[0].name}: use a label ({interval}_made) or replace it"
        )
    empty = msgspec.structs.replace(manifest, interval=interval, span_ns=key.span_ns, files=(), sources=())
    with staging_folder(root, key) as staging:
        staged = Staged(staging, root / key.path, key, empty)
        _stage(root, manifest, key, staged, observer)
        staged.flush()
        files = tuple(staged.entries)
        source = SourceEntry(
            name=str(manifest.key),
            sha256=",".join(entry.sha256[:12] for entry in manifest.files),
            columns={},
            time_unit="ns",
            quality=BarQuality(rows=sum(entry.rows for entry in files)),
        )
        made = msgspec.structs.replace(
            empty, files=files, sources=(source,), scales=series_scales(manifest.kind, files)
        )
        staged.publish(made)
    return made


def _stage(root: Path, manifest: Manifest, key: SeriesKey, staged: Staged, observer: Observer) -> None:
    """Stage the longer bars; parts of the last, unfinished one are carried into the next file."""
    scale = _volume_scale(manifest, key.span_ns // manifest.span_ns)
    carried: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]] = {}
    done = 0
    for entry in manifest.files:
        columns = at_series_scales(manifest, read_file(root / manifest.key.path, entry, manifest.kind))
        columns["volume"] = rounded(Scaled(columns["volume"], manifest.scales["volume"]), scale)
        if carried:
            columns = {name: np.concatenate([carried[name], columns[name]]) for name in NAMES}
        times = columns["open_ns"]
        last_open = times[-1] - (times[-1] - grid_origin(key.span_ns)) % key.span_ns
        whole = int(np.searchsorted(times, last_open))
        carried = {name: columns[name][whole:] for name in NAMES}
        staged.add(_longer({name: columns[name][:whole] for name in NAMES}, manifest, key, scale))
        done += entry.rows
        observer(done, manifest.rows)
    if carried:
        staged.add(_longer(carried, manifest, key, scale))


def _longer(
    columns: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]], manifest: Manifest, key: SeriesKey, scale: int
) -> Piece:
    bars = longer_bars(BarColumns(*(columns[name] for name in NAMES)), manifest.span_ns, key.span_ns)
    scales = {"open_ns": 0, "volume": scale}
    price = manifest.scales["price"]
    return {name: Scaled(getattr(bars, name), scales.get(name, price)) for name in NAMES}


def _volume_scale(manifest: Manifest, parts: int) -> int:
    """Return the largest scale at which even the sum of the largest volumes fits."""
    largest = max(entry.largest["volume"] / 10.0 ** entry.scales["volume"] for entry in manifest.files)
    return fitting_scale(largest * parts, manifest.scales["volume"])
