"""docs/data.md lists every kind, format, fault and convention of the catalog."""

from tests.unit.docs.pages import codes, read, rows, section
from tradewind.app.settings import AccountSettings
from tradewind.market.quality import Fault
from tradewind.storage.catalog.columns import SCHEMAS
from tradewind.storage.catalog.increments import RECENT_ROWS
from tradewind.storage.catalog.rows import VOLUME_SCALE
from tradewind.storage.catalog.series import NO_TRADE_VENUES, Convention, Kind
from tradewind.storage.catalog.sources import FORMATS, JSON_BYTES_MAX

PAGE = read("docs/data.md")


def test_every_kind_is_listed_with_as_many_columns_as_it_has() -> None:
    told = {codes(row[0])[0]: row[1] for row in rows(section(PAGE, "What can be imported"))}
    assert list(told) == [kind.value for kind in Kind]
    for kind, columns in told.items():
        needed, _, optional = columns.partition("; optional: ")
        required = [column for column in SCHEMAS[kind] if column.required]
        named = needed.replace("first and last update id", "first id, last id").split(", ")
        assert len(named) == len(required), kind
        assert len(optional.split(", ")) * bool(optional) == len(SCHEMAS[kind]) - len(required), kind


def test_every_format_is_named() -> None:
    told = section(PAGE, "What can be imported")
    assert all(suffix in told or name in told for suffix, name in FORMATS.items())
    assert f"{JSON_BYTES_MAX >> 20} MiB" in section(PAGE, "Limits")


def test_every_fault_is_listed() -> None:
    assert [row[0] for row in rows(section(PAGE, "What is refused"))] == [fault.value for fault in Fault]


def test_conventions_and_their_venues_are_told() -> None:
    told = {codes(row[0])[0]: row[1] for row in rows(section(PAGE, "Absent bars"))}
    assert set(told) == {convention.value for convention in Convention}
    assert set(codes(told[Convention.NO_TRADE.value])) == NO_TRADE_VENUES
    assert f"`account.gap_bars_max` bars ({AccountSettings().gap_bars_max})" in PAGE


def test_numbers_are_true() -> None:
    told = section(PAGE, "Numbers")
    assert f"stored at {VOLUME_SCALE} decimals" in told
    assert f"the latest {RECENT_ROWS:,} rows" in told
