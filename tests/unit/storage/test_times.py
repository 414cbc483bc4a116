"""Times in every form a file has them."""

import datetime

import polars as pl
import pytest

from tradewind.market.quality import NO_TIME
from tradewind.model.errors import DataError
from tradewind.storage.catalog.rows import iso
from tradewind.storage.catalog.times import guess_unit, to_ns

NEW_YEAR_NS = 1_704_067_200_000_000_000


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (1_704_067_200, "s"),
        (1_704_067_200_000, "ms"),
        (1_704_067_200_000_000, "us"),
        (1_704_067_200_000_000_000, "ns"),
        ("1704067200", "s"),
        ("1704067200000", "ms"),
        ("1704067200.0", "s"),
        (1_704_067_200.0, "s"),
        (1_704_067_200_000.0, "ms"),
        ("2024-01-01T00:00:00Z", "iso"),
        ("2024-01-01T01:00:00+01:00", "iso"),
        ("2024-01-01 00:00:00", "iso"),
        ("2024-01-01 00:00:00 UTC", "iso"),
        ("2024-01-01 00:00", "iso"),
        ("2024-01-01", "iso"),
        (datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC), "datetime"),
        (datetime.date(2024, 1, 1), "date"),
    ],
)
def test_the_form_is_guessed_by_size_and_read(value: object, unit: str) -> None:
    column = pl.Series("ts", [value])
    assert guess_unit(column) == unit
    assert to_ns(column, unit).tolist() == [NEW_YEAR_NS]


def test_what_cannot_be_read_is_no_time() -> None:
    assert to_ns(pl.Series(["2024-01-01", "yesterday", None]), "iso").tolist() == [NEW_YEAR_NS, NO_TIME, NO_TIME]
    assert to_ns(pl.Series([1_704_067_200, None, 2**62]), "s").tolist() == [NEW_YEAR_NS, NO_TIME, NO_TIME]
    assert to_ns(pl.Series([1_704_067_200.5, float("nan")]), "s").tolist() == [NEW_YEAR_NS + 500_000_000, NO_TIME]
    assert to_ns(pl.Series(["1704067200", "x"]), "s").tolist() == [NEW_YEAR_NS, NO_TIME]


def test_a_column_of_something_else_is_no_time() -> None:
    with pytest.raises(DataError, match="column 'ts' holds Boolean, not a time: name the time column"):
        guess_unit(pl.Series("ts", [True]))
    assert guess_unit(pl.Series("ts", [], dtype=pl.Int64)) == "ms"


def test_times_are_written_as_iso() -> None:
    assert iso(NEW_YEAR_NS) == "2024-01-01T00:00:00Z"
    assert iso(NEW_YEAR_NS + 120_000_000) == "2024-01-01T00:00:00.12Z"
    assert iso(NO_TIME) == "no time"
