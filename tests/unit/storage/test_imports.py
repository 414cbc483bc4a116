"""Every format in, the same bars out."""

import gzip
import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.unit.storage.candles import HOUR_NS, KEY, START_MS, START_NS, files_below, row, rows, write_csv
from tradewind.model.errors import DataError
from tradewind.storage.catalog import BarTable, Catalog, Convention, ImportOptions, SeriesKey

NAMES = ["timestamp", "open", "high", "low", "close", "volume"]


def frame(data: list[list[object]], names: list[str] = NAMES) -> pl.DataFrame:
    return pl.DataFrame([list(map(float, values)) for values in data], schema=names, orient="row")


def bars(catalog: Catalog) -> BarTable:
    return catalog.bars(KEY.venue, KEY.instrument, KEY.interval)


def written(path: Path) -> Path:
    """The same three candles in the format of the suffix and in the words of its writers."""
    data = rows(3)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(written(path.with_suffix("")).read_bytes()))
        return path
    if path.suffix == ".csv":
        return write_csv(path, data, "Timestamp,Open,High,Low,Close,Volume BTC")
    if path.suffix == ".txt":
        return write_csv(path, data, "")
    if path.suffix == ".json":
        path.write_text(json.dumps(data), encoding="utf-8")
    elif path.suffix == ".parquet":
        frame(data).with_columns(pl.col("timestamp").cast(pl.Int64)).write_parquet(path)
    else:
        moments = pl.from_epoch(pl.col("timestamp").cast(pl.Int64), "ms").dt.replace_time_zone("UTC")
        frame(data).select(moments.alias("date"), *NAMES[1:]).write_ipc(path, compression="lz4")
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.txt", "a.json", "a.parquet", "a.feather"])
def test_every_format_gives_the_same_bars(tmp_path: Path, name: str) -> None:
    catalog = Catalog(tmp_path / "catalog")
    report = catalog.import_file(written(tmp_path / name), KEY)
    table = bars(catalog)
    assert table.open_ns.tolist() == [START_NS, START_NS + HOUR_NS, START_NS + 2 * HOUR_NS]
    assert (table.open.tolist()[0], table.close.tolist()[0], table.price_scale) == (10025, 10150, 2)
    assert (table.volume.tolist(), table.volume_scale) == ([25, 25, 25], 1)
    assert (report.rows, report.imported, report.known, report.quality.bad) == (3, 3, 0, 0)
    assert report.time_unit == ("datetime" if name.endswith("feather") else "ms")
    assert report.columns["volume"] in {"volume", "Volume BTC"}


def test_ccxt_rows_are_imported_from_memory(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    report = catalog.import_rows("ccxt binance", [[START_MS, "100.25", 103, 99, 101.5, 2.5]], KEY)
    assert (report.source, report.imported) == ("ccxt binance", 1)
    assert bars(catalog).close.tolist() == [10150]


def test_json_objects_and_extra_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    names = [*NAMES, "trades"]
    path.write_text(json.dumps([dict(zip(names, [*row(0), 7], strict=True))]), encoding="utf-8")
    report = Catalog(tmp_path / "c").import_file(path, KEY)
    assert report.ignored == ("trades",)


def test_a_price_keeps_every_digit_of_its_text(tmp_path: Path) -> None:
    data = [[START_MS, "0.123456789012345678", "0.2", "0.1", "0.15", "1"]]
    catalog = Catalog(tmp_path / "c")
    catalog.import_file(write_csv(tmp_path / "a.csv", data), KEY)
    table = bars(catalog)
    assert Decimal(int(table.open[0])).scaleb(-table.price_scale) == Decimal("0.123456789012345678")


def test_float32_volumes_are_taken_by_their_shortest_text(tmp_path: Path) -> None:
    data = frame([[START_MS, 1.5, 1.5, 1.5, 1.5, 443.356201]]).with_columns(pl.col("volume").cast(pl.Float32))
    data.write_parquet(tmp_path / "a.parquet")
    catalog = Catalog(tmp_path / "c")
    catalog.import_file(tmp_path / "a.parquet", KEY)
    table = bars(catalog)
    assert (table.volume.tolist(), table.volume_scale) == ([4433562], 4)


def test_a_hundred_trillion_coins_a_day_fit(tmp_path: Path) -> None:
    data = [[START_MS, "0.00000123", "0.00000124", "0.00000122", "0.00000123", "120000000000000.5"]]
    catalog = Catalog(tmp_path / "c")
    report = catalog.import_file(write_csv(tmp_path / "a.csv", [*data, row(1, 100.5, 0.12345678)]), KEY)
    table = bars(catalog)
    assert (table.price_scale, table.open[0]) == (8, 123)
    assert table.volume_scale == 4
    assert table.volume.tolist() == [1200000000000005000, 1235]
    assert report.scales == {"price": 8, "volume": 4}


def test_increments_are_derived_or_stated(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c")
    path = write_csv(tmp_path / "a.csv", rows(3))
    derived = catalog.import_file(path, KEY).increments
    assert derived is not None
    assert (derived.tick, derived.lot, derived.derived) == ("1", "0.001", True)
    instrument = catalog.instrument(KEY)
    assert (instrument.derived, instrument.price_scale, instrument.tick, instrument.lot) == (True, 2, 100, 1)
    stated = ImportOptions(tick="0.05", lot="0.01")
    catalog.import_file(path, KEY, stated)
    instrument = catalog.instrument(KEY, min_quantity=3)
    assert (instrument.derived, instrument.tick, instrument.min_quantity) == (False, 5, 3)
    later = catalog.import_file(write_csv(tmp_path / "b.csv", rows(1, 9)), KEY)
    assert later.increments is not None
    assert not later.increments.derived, "what was stated stays"


def test_a_lot_is_no_finer_than_a_billionth_of_the_quote_currency(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c")
    cheap = [[START_MS, "0.00000012", "0.00000013", "0.00000011", "0.00000012", "5000.12345678"]]
    increments = catalog.import_file(write_csv(tmp_path / "a.csv", cheap), KEY).increments
    assert increments is not None
    assert (increments.tick, increments.lot) == ("0.00000001", "0.01")


def test_prices_that_only_arithmetic_made_so_long_keep_the_digits_of_a_float(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c")
    made = [[START_MS + at * HOUR_NS // 10**6, *(0.1 * 3 * 1e-4 * (at + 1) * each for each in (1, 1.1, 0.9, 1)), 1]
            for at in range(3)]  # fmt: skip
    path = tmp_path / "a.parquet"
    frame(made).with_columns(pl.col("timestamp").cast(pl.Int64)).write_parquet(path)
    report = catalog.import_file(path, KEY)
    table = bars(catalog)
    assert report.rounded > 0
    for name, column in (("open", 1), ("high", 2), ("low", 3), ("close", 4)):
        stored = [units / 10**table.price_scale for units in getattr(table, name).tolist()]
        assert stored == pytest.approx([each[column] for each in made], rel=1e-14)
    # Text of such doubles says the same; with a digit more, somebody wrote it.
    again = Catalog(tmp_path / "again")
    again.import_file(write_csv(tmp_path / "a.csv", made), KEY)
    assert bars(again).close.tolist() == table.close.tolist()
    text = write_csv(tmp_path / "b.csv", [[START_MS, *["0.000300000000000000031"] * 4, 1]])
    with pytest.raises(DataError, match="needs more digits than 64 bits hold"):
        Catalog(tmp_path / "d").import_file(text, KEY)


def test_the_convention_is_the_venues_unless_told(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c")
    path = write_csv(tmp_path / "a.csv", [row(0), row(3)])
    coinbase = SeriesKey("coinbase", "BTC-USD", "bars", "1h")
    assert catalog.import_file(path, coinbase).convention == "no_trade"
    assert catalog.import_file(path, KEY).convention == "gap"
    table = catalog.bars("coinbase", "BTC-USD", "1h")
    assert table.convention is Convention.NO_TRADE
    assert (table.gap_rows.tolist(), table.gap_bars.tolist()) == ([1], [2])
    told = ImportOptions(convention=Convention.NO_TRADE, replace=True)
    assert catalog.import_file(path, KEY, told).convention == "no_trade"


def test_columns_can_be_named(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", rows(1), "when,first,top,bottom,last,traded")
    options = ImportOptions(
        columns={
            "open_ns": "when",
            "open": "first",
            "high": "top",
            "low": "bottom",
            "close": "last",
            "volume": "traded",
        }
    )
    assert Catalog(tmp_path / "c").import_file(path, KEY, options).imported == 1
    wrong = ImportOptions(columns={"open": "begin"})
    with pytest.raises(DataError, match="no column 'begin' for open; it has when, first, top, bottom, last, traded"):
        Catalog(tmp_path / "c").import_file(path, KEY, wrong)
    with pytest.raises(DataError, match="bars have no column 'opening'; they have open_ns, open, high"):
        Catalog(tmp_path / "c").import_file(path, KEY, ImportOptions(columns={"opening": "first"}))


def test_progress_is_told_and_nothing_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[tuple[int, int]] = []
    path = write_csv(tmp_path / "a.csv", rows(5))
    Catalog(tmp_path / "c").import_file(path, KEY, observer=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (5, 5)
    assert capsys.readouterr().out == ""


def test_long_bars_are_filed_by_year_short_ones_by_month(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c")
    late = 366 * 24 - 2
    catalog.import_file(write_csv(tmp_path / "a.csv", rows(4, late)), KEY)
    seconds = SeriesKey("binance", "BTC-USDT", "bars", "1s")
    catalog.import_file(write_csv(tmp_path / "b.csv", [row(31 * 24 - 1), row(31 * 24)]), seconds)
    assert [entry.label for entry in catalog.manifest(KEY).files] == ["2024", "2025"]
    assert [entry.label for entry in catalog.manifest(seconds).files] == ["2024-01", "2024-02"]
    assert all(name.startswith("binance/BTC-USDT/bars/") for name in files_below(tmp_path / "c"))


def test_trades_quotes_book_and_funding(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c")
    cases = {
        "trades": (
            "ts,price,size,aggressor,id",
            [[START_MS, "100.5", "0.25", "buy", 7], [START_MS, "100", "1", "sell", 8]],
        ),
        "quotes": ("ts,bid,bid_size,ask,ask_size", [[START_MS, "100", "1", "100.5", "0"]]),
        "book": (
            "ts,event,side,price,size,seq",
            [[START_MS, "snapshot", "bid", "9.5", "1", 4], [START_MS, "update", "ask", "10", "0", 5]],
        ),
        "funding": ("ts,rate", [[START_MS, "-0.00012345"]]),
    }
    for kind, (header, data) in cases.items():
        catalog.import_file(write_csv(tmp_path / f"{kind}.csv", data, header), SeriesKey("binance", "X-USDT", kind))
    trades, scales = catalog.rows(SeriesKey("binance", "X-USDT", "trades"))
    assert (trades["price"].tolist(), trades["quantity"].tolist(), trades["side"].tolist()) == (
        [1005, 1000],
        [25, 100],
        [1, -1],
    )
    assert (trades["trade_id"].tolist(), scales) == ([7, 8], {"price": 1, "quantity": 2})
    book, _ = catalog.rows(SeriesKey("binance", "X-USDT", "book"))
    assert (book["event"].tolist(), book["side"].tolist(), book["last_id"].tolist()) == ([0, 1], [1, -1], [4, 5])
    assert catalog.manifest(SeriesKey("binance", "X-USDT", "book")).chain == "contiguous"
    perpetual = SeriesKey("binance_perp", "X-USDT-PERP", "book")
    catalog.import_file(tmp_path / "book.csv", perpetual)
    assert catalog.manifest(perpetual).chain == "increasing"
    funding, scales = catalog.rows(SeriesKey("binance", "X-USDT", "funding"))
    assert (funding["rate"].tolist(), scales["rate"]) == ([-12345], 8)
    assert [found.kind for found in catalog.list()] == ["book", "funding", "quotes", "trades", "book"]


def test_events_are_appended_and_never_overlap(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c")
    key = SeriesKey("binance", "X-USDT", "trades")
    header = "ts,price,size,side"
    first = write_csv(tmp_path / "a.csv", [[START_MS, "100.5", "1", "buy"]], header)
    second = write_csv(tmp_path / "b.csv", [[START_MS + 5, "100", "0.25", "sell"]], header)
    catalog.import_file(first, key)
    catalog.import_file(second, key)
    assert [entry.label for entry in catalog.manifest(key).files] == ["2024-01-01", "2024-01-01.2"]
    columns, _ = catalog.rows(key)
    assert (columns["price"].tolist(), columns["quantity"].tolist()) == ([1005, 1000], [100, 25])
    with pytest.raises(DataError) as error:
        catalog.import_file(first, key)
    assert str(error.value) == (
        "binance X-USDT trades reaches to 2024-01-01T00:00:00.005Z and the source begins at 2024-01-01T00:00:00Z: "
        "import what comes later, or all of it with replace"
    )
    catalog.import_file(first, key, ImportOptions(replace=True))
    assert catalog.manifest(key).rows == 1


def test_a_size_that_is_the_noise_of_a_float_sum_rounds_and_is_counted(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [[START_MS, "9.5", "0.00011999999999999999", "buy"]], "ts,price,size,side")
    catalog = Catalog(tmp_path / "c")
    report = catalog.import_file(path, SeriesKey("coinbase", "X-USD", "trades"))
    assert report.rounded == 1
    columns, scales = catalog.rows(SeriesKey("coinbase", "X-USD", "trades"))
    assert (columns["quantity"].tolist(), scales["quantity"]) == ([12], 5)
