"""Bars that come for a part of the series which is there already: known, new, or in conflict."""

import numpy as np

from tradewind.market.aggregate import Ints
from tradewind.model.errors import DataError
from tradewind.storage.catalog.columns import SCHEMAS, Role
from tradewind.storage.catalog.files import common_scales
from tradewind.storage.catalog.rows import Piece, iso
from tradewind.storage.catalog.scaling import Scaled, rounded
from tradewind.storage.catalog.series import Kind, SeriesKey


def merged(key: SeriesKey, there: Piece, coming: Piece) -> tuple[Piece, int]:
    """Return both as one, sorted by time, and how many coming bars were there already.

    Raises  DataError when a bar that is there has other values; nothing is overwritten unless replaced on purpose.
    """
    kind, time = Kind.BARS.value, SCHEMAS[key.kind][0].name
    times = np.concatenate([there[time].units, coming[time].units])
    known = np.isin(coming[time].units, there[time].units, assume_unique=True)
    _refuse_conflicts(key, there, coming, known)
    both = common_scales(kind, [there, coming])
    kept = np.r_[np.ones(len(there[time].units), np.bool_), ~known]
    order = np.flatnonzero(kept)[np.argsort(times[kept], kind="stable")]
    return {name: Scaled(column.units[order], column.scale) for name, column in both.items()}, int(known.sum())


def _refuse_conflicts(
    key: SeriesKey, there: Piece, coming: Piece, known: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
) -> None:
    time = SCHEMAS[key.kind][0].name
    times = coming[time].units[known]
    rows = np.searchsorted(there[time].units, times)
    for column in SCHEMAS[key.kind][1:]:
        old, new = there[column.name], coming[column.name]
        scale = min(old.scale, new.scale) if column.role is Role.VOLUME else max(old.scale, new.scale)
        before, after = rounded(old, scale)[rows], rounded(new, scale)[known]
        differs = np.flatnonzero(np.abs(before - after) > (1 if column.role is Role.VOLUME else 0))
        if len(differs):
            first = int(differs[0])
            raise DataError(
                f"{key}: {len(differs)} bars differ from those in the catalog; first: {column.name} at "
                f"{iso(int(times[first]))} is {_text(after, first, scale)}, "
                f"the catalog has {_text(before, first, scale)}. "
                f"Import with replace, or under a label such as {key.interval}_other"
            )


def _text(units: Ints, row: int, scale: int) -> str:
    whole, fraction = divmod(int(units[row]), 10**scale)
    return f"{whole}.{fraction:0{scale}d}" if scale else str(whole)
