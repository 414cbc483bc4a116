"""Timestamps of any usual form as integer nanoseconds UTC; which form it was is stated, not assumed silently."""

from typing import TYPE_CHECKING

import numpy as np

from tradewind.market.aggregate import Ints
from tradewind.market.quality import NO_TIME
from tradewind.model.errors import DataError

if TYPE_CHECKING:
    import polars as pl

NS_PER = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
UNITS = (*NS_PER, "iso")

# A time of 1973 to 5138 in seconds lies between these, and the same years in ms, us and ns a thousand times higher.
_SECONDS_MAX = 1e11


def guess_unit(column: "pl.Series") -> str:
    """Return `s`, `ms`, `us`, `ns` by the size of the numbers, `iso` for text, `datetime` or `date` for such columns.

    Raises  DataError when the column holds nothing that could be a time.
    """
    import polars as pl

    dtype = column.dtype
    if dtype in (pl.Datetime, pl.Date):
        return "datetime" if dtype == pl.Datetime else "date"
    values = column.drop_nulls()
    if dtype == pl.String:
        numbers = values.str.strip_chars().cast(pl.Float64, strict=False)
        if len(values) and numbers.null_count() == len(values):
            return "iso"
        values = numbers.drop_nulls()
    elif not dtype.is_numeric():
        raise DataError(f"column {column.name!r} holds {dtype}, not a time: name the time column")
    middle = values.cast(pl.Float64).abs().median()
    if not isinstance(middle, float):
        return "iso" if dtype == pl.String else "ms"
    for number, unit in enumerate(NS_PER):
        if middle < _SECONDS_MAX * 1_000**number:
            return unit
    return "ns"


def to_ns(column: "pl.Series", unit: str) -> Ints:
    """Return the column as nanoseconds UTC, NO_TIME where it cannot be read; text without a zone is UTC."""
    import polars as pl

    if unit in {"datetime", "date"}:
        return _datetime_ns(column)
    if unit == "iso":
        return _datetime_ns(_parsed(column.cast(pl.String).str.strip_chars()))
    if column.dtype.is_integer():
        whole = column.cast(pl.Int64, strict=False)
        limit = (2**63 - 1) // NS_PER[unit]
        inside = pl.when(whole.is_between(-limit, limit)).then(whole * NS_PER[unit])
        return _filled(pl.select(inside).to_series())
    if column.dtype == pl.String:
        text = column.str.strip_chars()
        whole = text.cast(pl.Int64, strict=False)
        if whole.null_count() == text.null_count():
            return to_ns(whole, unit)
        column = text
    return _float_ns(column.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy(), unit)


def _float_ns(values: "np.ndarray[tuple[int], np.dtype[np.float64]]", unit: str) -> Ints:
    # A float counts seconds or milliseconds to about a microsecond: further digits would be invented.
    micros = values * (NS_PER[unit] / 1_000)
    readable = np.isfinite(micros) & (np.abs(micros) < 9.2e15)
    return np.where(readable, np.rint(np.where(readable, micros, 0)).astype(np.int64) * 1_000, NO_TIME)


def _parsed(text: "pl.Series") -> "pl.Series":
    import polars as pl

    moments = pl.Series(text.name, [None] * len(text), pl.Datetime("ns", "UTC"))
    for form in ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d"):
        if not moments.null_count():
            break
        plain = text.str.replace(" UTC", "Z", literal=True).str.replace(r"^(\d{4}-\d{2}-\d{2}) ", "${1}T")
        if form == "%Y-%m-%d":
            found = plain.str.to_date(form, strict=False).cast(pl.Datetime("ns")).dt.replace_time_zone("UTC")
        elif form.endswith("z"):
            found = plain.str.to_datetime(form, time_unit="ns", strict=False, time_zone="UTC")
        else:
            found = plain.str.to_datetime(form, time_unit="ns", strict=False).dt.replace_time_zone("UTC")
        moments = moments.zip_with(moments.is_not_null(), found)
    return moments


def _datetime_ns(column: "pl.Series") -> Ints:
    import polars as pl

    return _filled(column.cast(pl.Datetime("ns")).cast(pl.Int64))


def _filled(column: "pl.Series") -> Ints:
    values: Ints = column.fill_null(NO_TIME).to_numpy()
    return values
