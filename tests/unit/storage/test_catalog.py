"""The catalog over time: appended, merged, interrupted, damaged, verified, resampled, exported, read in pieces."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.unit.storage.candles import HOUR_MS, HOUR_NS, KEY, START_MS, START_NS, files_below, row, rows, write_csv
from tradewind.model.errors import ConfigError, DataError
from tradewind.model.instrument import InstrumentKind
from tradewind.model.market_events import Bar, Gap
from tradewind.storage.catalog import Catalog, ImportOptions, SeriesKey
from tradewind.storage.catalog.staging import staging_folder

REMEDY = "restore it from a backup, or import its source again with replace"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Eight hourly bars in two years, the third of the second year missing."""
    made = Catalog(tmp_path / "c")
    late = 366 * 24 - 4
    data = [*rows(6, late), row(late + 7), row(late + 8)]
    made.import_file(write_csv(tmp_path / "first.csv", data), KEY)
    return made


def data_files(catalog: Catalog) -> list[Path]:
    return sorted((catalog.root / KEY.path).glob("*.parquet"))


def test_a_later_import_appends_and_what_is_known_is_not_doubled(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c")
    catalog.import_file(write_csv(tmp_path / "a.csv", rows(4)), KEY)
    report = catalog.import_file(write_csv(tmp_path / "b.csv", [row(2), row(3), row(4, close=101.125)]), KEY)
    assert (report.imported, report.known) == (1, 2)
    table = catalog.bars("binance", "BTC-USDT", "1h")
    assert (len(table), table.price_scale, table.close.tolist()[-2:]) == (5, 3, [101500, 101125])
    again = catalog.import_file(tmp_path / "b.csv", KEY)
    assert (again.imported, again.known) == (0, 3)
    assert [source.name for source in catalog.manifest(KEY).sources] == ["a.csv", "b.csv", "b.csv"]


def test_bars_may_come_before_and_between(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c")
    for hours in ([5, 6], [1, 2], [3, 4], [0]):
        catalog.import_file(write_csv(tmp_path / f"{hours[0]}.csv", [row(hour) for hour in hours]), KEY)
    table = catalog.bars("binance", "BTC-USDT", "1h")
    assert np.diff(table.open_ns).tolist() == [HOUR_NS] * 6
    assert catalog.manifest(KEY).missing == 0


def test_a_bar_that_differs_is_a_conflict(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c")
    catalog.import_file(write_csv(tmp_path / "a.csv", rows(4)), KEY)
    before = files_below(catalog.root)
    other = write_csv(tmp_path / "b.csv", [row(2), row(3, close=102.75), row(4)])
    with pytest.raises(DataError) as error:
        catalog.import_file(other, KEY)
    assert str(error.value) == (
        "binance BTC-USDT bars 1h: 1 bars differ from those in the catalog; first: close at 2024-01-01T03:00:00Z is "
        "102.75, the catalog has 101.50. Import with replace, or under a label such as 1h_other"
    )
    assert files_below(catalog.root) == before
    catalog.import_file(other, KEY, ImportOptions(replace=True))
    assert len(catalog.bars("binance", "BTC-USDT", "1h")) == 3
    assert len(data_files(catalog)) == 1, "replaced files are gone"


def test_an_interrupted_import_leaves_the_catalog_as_before(catalog: Catalog, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in data_files(catalog)}
    manifest = catalog.manifest(KEY)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        catalog.import_file(write_csv(tmp_path / "more.csv", rows(5, 20_000)), KEY, observer=interrupt)
    assert {path: path.read_bytes() for path in data_files(catalog)} == before
    assert catalog.manifest(KEY) == manifest
    leftover = catalog.root / ".staging" / "__".join(KEY.path.parts)
    leftover.mkdir()
    (leftover / "2024.parquet").write_bytes(b"half a file of a process that was killed")
    assert catalog.import_file(tmp_path / "more.csv", KEY).imported == 5
    assert not leftover.exists()


def test_a_crash_before_the_manifest_leaves_the_old_series(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = catalog.bars("binance", "BTC-USDT", "1h")

    def crash(folder: Path, manifest: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("tradewind.storage.catalog.staging.write_manifest", crash)
    more = write_csv(tmp_path / "more.csv", rows(5, 366 * 24 + 9))
    with pytest.raises(OSError, match="no space left"):
        catalog.import_file(more, KEY)
    monkeypatch.undo()
    after = catalog.bars("binance", "BTC-USDT", "1h")
    assert (after.open_ns.tolist(), after.close.tolist()) == (before.open_ns.tolist(), before.close.tolist())
    assert catalog.verify(KEY).passed
    assert len(data_files(catalog)) == 3, "a file that the manifest does not name"
    catalog.import_file(more, KEY)
    assert (len(data_files(catalog)), len(catalog.bars("binance", "BTC-USDT", "1h"))) == (2, 13)


def test_replacing_forgets_the_dropped_rows_of_what_was_replaced(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c")
    bad = write_csv(tmp_path / "bad.csv", [row(0), row(0)])
    dropped = catalog.import_file(bad, KEY, ImportOptions(on_bad="report")).dropped
    assert (catalog.root / KEY.path / dropped).exists()
    catalog.import_file(write_csv(tmp_path / "good.csv", rows(2)), KEY, ImportOptions(replace=True))
    assert not (catalog.root / KEY.path / dropped).exists()


def test_two_imports_of_one_series_do_not_mix(catalog: Catalog, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "more.csv", rows(5, 20_000))
    with staging_folder(catalog.root, KEY), pytest.raises(DataError) as error:
        catalog.import_file(path, KEY)
    assert str(error.value) == (
        "binance BTC-USDT bars 1h is being imported by another process: wait until it has finished"
    )


def test_a_series_that_is_not_there_names_what_is(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        catalog.bars("binance", "BTC-USDT", "5m")
    assert str(error.value) == (
        f"no binance BTC-USDT bars 5m in the catalog {catalog.root}: there is binance BTC-USDT bars 1h"
    )
    with pytest.raises(DataError, match="import it first"):
        Catalog(tmp_path / "empty").bars("binance", "BTC-USDT", "5m")
    assert Catalog(tmp_path / "empty").list() == []


def test_verify_finds_nothing_wrong_with_what_was_imported(catalog: Catalog) -> None:
    seen: list[tuple[int, int]] = []
    report = catalog.verify(KEY, lambda done, total: seen.append((done, total)))
    assert (report.passed, report.files, report.rows) == (True, 2, 8)
    assert seen == [(4, 8), (8, 8)]


def test_a_missing_truncated_or_changed_file_is_named(catalog: Catalog) -> None:
    first, second = data_files(catalog)
    whole = first.read_bytes()
    first.write_bytes(whole[:-10])
    sizes = f"{first} has {len(whole) - 10} bytes, the manifest says {len(whole)}: {REMEDY}"
    with pytest.raises(DataError) as error:
        catalog.bars("binance", "BTC-USDT", "1h")
    assert str(error.value) == sizes
    assert catalog.verify(KEY).problems == (sizes,)
    first.write_bytes(b"\0" * len(whole))
    with pytest.raises(DataError, match=rf"{first.name} is damaged \(.*\): {REMEDY}"):
        catalog.bars("binance", "BTC-USDT", "1h")
    first.unlink()
    second.write_bytes(second.read_bytes()[:-6] + b"\1\1PAR1"[-6:])
    problems = catalog.verify(KEY).problems
    assert problems[0] == f"{first} is missing: {REMEDY}"
    assert problems[1].startswith(f"{second}")


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3, 0.4, 0.5, 0.7])
def test_a_changed_byte_is_found_wherever_it_is(catalog: Catalog, share: float) -> None:
    path = data_files(catalog)[0]
    data = bytearray(path.read_bytes())
    data[int(len(data) * share)] ^= 0xFF
    path.write_bytes(data)
    problems = catalog.verify(KEY).problems
    assert problems
    assert all(problem.startswith(str(path)) and problem.endswith(REMEDY) for problem in problems)


def test_rows_changed_behind_the_manifest_are_found(catalog: Catalog) -> None:
    path = data_files(catalog)[0]
    table = pl.read_parquet(path).with_columns(
        pl.lit(1).cast(pl.Int64).alias("low"), pl.lit(0).cast(pl.Int64).alias("high")
    )
    table.write_parquet(path, compression="zstd", compression_level=3)
    size = path.stat().st_size
    manifest = (catalog.root / KEY.path / "manifest.json").read_text()
    old = catalog.manifest(KEY).files[0].size
    (catalog.root / KEY.path / "manifest.json").write_text(manifest.replace(f'"size": {old}', f'"size": {size}'))
    assert catalog.verify(KEY).problems == (
        f"{path}: its bytes are not those that were written: {REMEDY}",
        f"{path}: 4 rows with non-positive price: {REMEDY}",
    )


def test_a_damaged_manifest_is_named(catalog: Catalog) -> None:
    path = catalog.root / KEY.path / "manifest.json"
    path.write_text(path.read_text()[:-30])
    with pytest.raises(DataError, match=rf"manifest.json cannot be read \(.*\): {REMEDY}"):
        catalog.manifest(KEY)
    path.write_text('{"format": 9, "venue": "a", "instrument": "b", "kind": "bars"}')
    with pytest.raises(DataError, match="has format 9, this version reads 1"):
        catalog.manifest(KEY)


def test_a_range_is_half_open_and_chunks_are_the_whole(catalog: Catalog) -> None:
    table = catalog.bars("binance", "BTC-USDT", "1h")
    assert (table.gap_rows.tolist(), table.gap_bars.tolist()) == ([6], [1])
    start, end = int(table.open_ns[2]), int(table.open_ns[5])
    part = catalog.bars("binance", "BTC-USDT", "1h", start, end)
    assert part.open_ns.tolist() == table.open_ns[2:5].tolist()
    assert len(catalog.bars("binance", "BTC-USDT", "1h", end_ns=START_NS)) == 0
    assert len(catalog.bars("binance", "BTC-USDT", "1h", start_ns=START_NS)) == 8
    chunks = list(catalog.bar_chunks("binance", "BTC-USDT", "1h", rows=3))
    assert [len(chunk) for chunk in chunks] == [3, 1, 3, 1]
    assert np.concatenate([chunk.close for chunk in chunks]).tolist() == table.close.tolist()
    assert [event for chunk in chunks for event in chunk.events()] == list(table.events())


def test_events_are_bars_with_gaps_between(catalog: Catalog) -> None:
    table = catalog.bars("binance", "BTC-USDT", "1h")
    events = list(table.events(chunk_rows=3))
    gap = events[6]
    assert gap == Gap("BTC-USDT", int(table.open_ns[6]), 1, no_trade=False)
    assert events[0] == Bar("BTC-USDT", int(table.open_ns[0]) + HOUR_NS, HOUR_NS, 10025, 10300, 9900, 10150, 25)
    assert [event for event in events if isinstance(event, Bar)] == list(table.bars())
    finer = table.at_scales(4, 0)
    assert (finer.open.tolist()[0], finer.volume.tolist()[0]) == (1002500, 3)
    with pytest.raises(DataError, match="2 decimals do not fit a scale of 1"):
        table.at_scales(1, 1)


def test_resampled_bars_are_a_series_of_their_own(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c")
    data = [[START_MS + hour * HOUR_MS, 100 + hour, 110 + hour, 90 - hour, 101 + hour, "0.5"] for hour in range(50)]
    del data[25]
    catalog.import_file(write_csv(tmp_path / "a.csv", data), KEY)
    made = catalog.resample(KEY, "1d")
    table = catalog.bars("binance", "BTC-USDT", "1d")
    assert (made.rows, table.span_ns) == (3, 24 * HOUR_NS)
    assert (table.open.tolist(), table.high.tolist()) == ([100, 124, 148], [133, 157, 159])
    assert (table.low.tolist(), table.close.tolist()) == ([67, 43, 41], [124, 148, 150])
    assert (table.volume.tolist(), table.volume_scale) == ([120, 115, 10], 1)
    assert catalog.resample(KEY, "1d").files == made.files, "made again from the same bars"
    for interval, message in (("90m", "90m bars cannot be made of 1h"), ("1h", "1h bars cannot be made of 1h")):
        with pytest.raises(ConfigError, match=message):
            catalog.resample(KEY, interval)


def test_resampling_across_files_and_over_an_imported_series(catalog: Catalog, tmp_path: Path) -> None:
    weekly = catalog.resample(KEY, "1w")
    assert weekly.rows == 1, "the week holds both years"
    imported = SeriesKey("binance", "BTC-USDT", "bars", "1d")
    catalog.import_file(write_csv(tmp_path / "day.csv", [row(0)]), imported)
    with pytest.raises(ConfigError, match=r"was imported from day.csv: use a label \(1d_made\) or replace it"):
        catalog.resample(KEY, "1d")
    assert catalog.resample(KEY, "1d_made").rows == 2
    assert catalog.resample(KEY, "1d", replace=True).rows == 2


@pytest.mark.parametrize("exact", [False, True])
def test_an_export_can_be_imported_again(catalog: Catalog, tmp_path: Path, exact: bool) -> None:
    for name in ("out.csv", "out.parquet"):
        path = tmp_path / f"{exact}-{name}"
        assert catalog.export(KEY, path, exact=exact) == 8
        other = Catalog(tmp_path / f"again-{exact}-{name}")
        other.import_file(path, KEY)
        one, two = catalog.bars("binance", "BTC-USDT", "1h"), other.bars("binance", "BTC-USDT", "1h")
        for column in ("open_ns", "open", "high", "low", "close", "volume"):
            assert getattr(one, column).tolist() == getattr(two, column).tolist()
        with pytest.raises(ConfigError, match="already exists: choose another name, or ask to overwrite it"):
            catalog.export(KEY, path, exact=exact)
        assert catalog.export(KEY, path, exact=exact, end_ns=START_NS, overwrite=True) == 0
    with pytest.raises(ConfigError, match=r"cannot export to a.xlsx: use .csv or .parquet"):
        catalog.export(KEY, tmp_path / "a.xlsx")


def test_exported_csv_is_exact_text(catalog: Catalog, tmp_path: Path) -> None:
    key = SeriesKey("binance", "X-USDT", "funding")
    catalog.import_file(write_csv(tmp_path / "f.csv", [[START_MS, "-0.00012345"]], "ts,rate"), key)
    catalog.export(key, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().splitlines()[:2] == [
        "ts,rate,mark",
        "2024-01-01T00:00:00Z,-0.00012345,0",
    ]
    book = SeriesKey("binance", "X-USDT", "book")
    catalog.import_file(
        write_csv(tmp_path / "b.csv", [[START_MS, "ask", "10.5", "3", 5]], "ts,side,price,size,seq"), book
    )
    catalog.export(book, tmp_path / "book.csv")
    assert (tmp_path / "book.csv").read_text().splitlines()[1].startswith("2024-01-01T00:00:00Z,update,sell,10.5,3,5,5")


@pytest.mark.parametrize(
    ("name", "said", "is_spot"),
    [
        ("BTC-USDT", None, True),
        ("BTC-USDT-PERP", None, False),
        ("BIP-20DEC30", InstrumentKind.PERPETUAL, False),
        ("ODD-PERP", InstrumentKind.SPOT, True),
    ],
)
def test_what_an_instrument_is_was_recorded_at_its_import(
    name: str, said: InstrumentKind | None, is_spot: bool, tmp_path: Path
) -> None:
    catalog, key = Catalog(tmp_path / "c"), SeriesKey("binance", name, interval="1h")
    catalog.import_file(write_csv(tmp_path / "a.csv", rows(4)), key, ImportOptions(traded_as=said))
    assert catalog.instrument(key).is_spot is is_spot
    assert catalog.instrument(catalog.resample(key, "2h").key).is_spot is is_spot
    again = ImportOptions(traded_as=InstrumentKind.SPOT)
    catalog.import_file(write_csv(tmp_path / "b.csv", rows(5, 20)), key, again)
    assert catalog.instrument(key).is_spot


def test_a_catalog_older_than_the_record_goes_by_the_name(tmp_path: Path) -> None:
    catalog, key = Catalog(tmp_path / "c"), SeriesKey("binance", "BTC-PERP", interval="1h")
    catalog.import_file(write_csv(tmp_path / "a.csv", rows(4)), key)
    path = catalog.root / key.path / "manifest.json"
    path.write_text(path.read_text().replace('"traded_as": "perpetual"', '"traded_as": null'))
    assert catalog.manifest(key).traded_as is None
    assert not catalog.instrument(key).is_spot
