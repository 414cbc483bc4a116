"""What an import refuses, in which words, and that the catalog is then as it was."""

import json
from pathlib import Path

import polars as pl
import pytest

from tests.unit.storage.candles import HOUR_MS, KEY, START_MS, files_below, row, rows, write_csv
from tradewind.model.errors import DataError
from tradewind.storage.catalog import Catalog, ImportOptions, SeriesKey

REMEDY = "Nothing was imported; correct the file, or keep the good rows with `tradewind data import --on-bad report`"


def refused(root: Path, path: Path, key: SeriesKey = KEY, options: ImportOptions | None = None) -> str:
    """The message of the refusal, after checking that it left nothing."""
    before = files_below(root)
    with pytest.raises(DataError) as error:
        Catalog(root).import_file(path, key, options or ImportOptions())
    assert files_below(root) == before
    assert not [path for path in (root / ".staging").glob("*") if path.is_dir()]
    return str(error.value)


@pytest.mark.parametrize(
    ("bad", "number", "what"),
    [
        ([*rows(3), row(2)], 4, "at 2024-01-01T02:00:00Z: duplicate time"),
        ([row(0), row(2), row(1)], 3, "at 2024-01-01T01:00:00Z: out of order"),
        ([row(0), [START_MS + HOUR_MS, -100, 103, 99, 101, 1]], 2, "at 2024-01-01T01:00:00Z: non-positive price"),
        ([row(0), [START_MS + HOUR_MS, 100, 103, 99, "nan", 1]], 2, "at 2024-01-01T01:00:00Z: non-finite value"),
        ([row(0), [START_MS + HOUR_MS, 100, 103, 99, "", 1]], 2, "at 2024-01-01T01:00:00Z: non-finite value"),
        ([row(0), row(1, volume=-1)], 2, "at 2024-01-01T01:00:00Z: negative volume"),
        (
            [row(0), row(1, close=104)],
            2,
            "at 2024-01-01T01:00:00Z: high or low does not hold open and close",
        ),
        ([row(0), [START_MS + 90_000, *row(0)[1:]]], 2, "at 2024-01-01T00:01:30Z: off the interval grid"),
        ([row(0), ["never", *row(0)[1:]]], 2, "at no time: unreadable time"),
    ],
)
def test_a_bad_row_refuses_the_file(tmp_path: Path, bad: list[list[object]], number: int, what: str) -> None:
    path = write_csv(tmp_path / "btc.csv", bad)
    reason = what.partition(": ")[2]
    assert refused(tmp_path / "c", path) == (
        f"btc.csv: 1 of {len(bad)} rows are bad (1 {reason}); first: row {number} {what}. {REMEDY}"
    )


def test_newest_first_says_how_to_import_it(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "btc.csv", rows(3)[::-1])
    assert refused(tmp_path / "c", path) == (
        "btc.csv: 2 of 3 rows are bad (2 out of order); first: row 2 at 2024-01-01T01:00:00Z: out of order. "
        "Nothing was imported; the rows are newest first: import it sorted (--sort)"
    )
    report = Catalog(tmp_path / "c").import_file(path, KEY, ImportOptions(sort=True))
    assert report.imported == 3


def test_a_file_without_a_good_row_is_refused_even_when_reported(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "btc.csv", [row(0), row(1)])
    key = SeriesKey("binance", "BTC-USDT", "bars", "1d")
    Catalog(tmp_path / "c").import_file(write_csv(tmp_path / "one.csv", [row(0)]), key)
    shifted = write_csv(tmp_path / "shifted.csv", [row(1), row(2)])
    message = refused(tmp_path / "c", shifted, key, ImportOptions(on_bad="report"))
    assert message == (
        "shifted.csv: 2 of 2 rows are bad (2 off the interval grid); first: row 1 at 2024-01-01T01:00:00Z: "
        "off the interval grid. Nothing was imported; no row is good: check the columns and the interval"
    )
    assert refused(tmp_path / "c", path, key).startswith("btc.csv: 1 of 2 rows are bad")


def test_report_imports_the_good_rows_and_lists_the_others(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "btc.csv", [row(0), row(0, close=100.5), row(1), row(2, volume=-3), row(3)])
    catalog = Catalog(tmp_path / "c")
    report = catalog.import_file(path, KEY, ImportOptions(on_bad="report"))
    assert (report.rows, report.imported, report.quality.faults) == (5, 3, {"duplicate time": 1, "negative volume": 1})
    assert report.examples == (
        "row 2 at 2024-01-01T00:00:00Z: duplicate time",
        "row 4 at 2024-01-01T02:00:00Z: negative volume",
    )
    assert report.quality.missing == 1, "what was dropped is not filled"
    dropped = (tmp_path / "c" / KEY.path / report.dropped).read_text(encoding="utf-8").splitlines()
    assert dropped == [
        "row,time,reason,timestamp,open,high,low,close,volume",
        f"2,2024-01-01T00:00:00Z,duplicate time,{START_MS},100.25,103.0,99.0,100.5,2.5",
        f"4,2024-01-01T02:00:00Z,negative volume,{START_MS + 2 * HOUR_MS},100.25,103.0,99.0,101.5,-3",
    ]
    table = catalog.bars("binance", "BTC-USDT", "1h")
    assert (len(table), table.close.tolist()[0], table.gap_rows.tolist()) == (3, 10150, [2])
    assert catalog.manifest(KEY).sources[0].dropped == report.dropped


def test_an_outlier_is_counted_and_kept(tmp_path: Path) -> None:
    crash = [START_MS + HOUR_MS, 100, 100, 1, 90, 5]
    report = Catalog(tmp_path / "c").import_file(write_csv(tmp_path / "a.csv", [row(0), crash]), KEY)
    assert (report.imported, report.quality.outliers, report.quality.bad) == (2, 1, 0)


def test_wrong_columns_are_named(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "btc.csv", rows(1), "timestamp,open,high,low,last,amount")
    assert refused(tmp_path / "c", path) == (
        "btc.csv: no column for close, volume; it has timestamp, open, high, low, last, amount: "
        "rename them, or name them with columns={'open': 'First'}"
    )


def test_a_missing_file_an_empty_one_and_an_unknown_format(tmp_path: Path) -> None:
    missing = tmp_path / "none.csv"
    assert refused(tmp_path / "c", missing) == f"{missing} does not exist: check the path"
    (tmp_path / "empty.csv").touch()
    assert refused(tmp_path / "c", tmp_path / "empty.csv") == "empty.csv is empty: get it again from its source"
    (tmp_path / "a.xlsx").write_bytes(b"x")
    assert refused(tmp_path / "c", tmp_path / "a.xlsx") == (
        "a.xlsx: unknown format .xlsx; use .csv, .feather, .gz, .json, .parquet, .txt"
    )
    header = write_csv(tmp_path / "header.csv", [])
    assert refused(tmp_path / "c", header) == "header.csv holds no rows: nothing to import"


def test_a_truncated_parquet_names_itself_and_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "btc.parquet"
    names = ["timestamp", "open", "high", "low", "close", "volume"]
    pl.DataFrame([list(map(float, values)) for values in rows(50)], schema=names, orient="row").write_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    message = refused(tmp_path / "c", path)
    assert message.startswith("btc.parquet cannot be read as Parquet (")
    assert message.endswith("): it is damaged or of another format; get it again from its source")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[1, 2", "a.json cannot be read as JSON (Input data was truncated): get it again from its source"),
        ("[]", "a.json holds no rows: expected [[ms, open, high, low, close, volume], ...]"),
        ("[[1, 2]]", "a.json: row 0 is not [ms, open, high, low, close, volume]: [1, 2]"),
        (
            json.dumps([[START_MS, 1, 1, 1, "one", 1]]),
            "a.json: 'one' is not a number: expected [[ms, open, high, low, close, volume], ...]",
        ),
    ],
)
def test_json_that_is_no_list_of_candles(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    assert refused(tmp_path / "c", path) == message


def test_a_price_with_too_many_digits(tmp_path: Path) -> None:
    data = [[START_MS, "12345678.123456789012", "12345679", "12345677", "12345678", 1]]
    path = write_csv(tmp_path / "a.csv", data)
    assert refused(tmp_path / "c", path) == (
        "12345678.123456789012 needs more digits than 64 bits hold (12 decimals): round the source"
    )


def test_bad_events_are_refused(tmp_path: Path) -> None:
    key = SeriesKey("binance", "X-USDT", "trades")
    data = [[START_MS, 1, 1, "buy"], [START_MS - 5, 1, 1, "buy"], [START_MS, 1, -1, "buy"], [START_MS, 1, 1, "both"]]
    path = write_csv(tmp_path / "a.csv", data, "ts,price,size,side")
    assert refused(tmp_path / "c", path, key) == (
        "a.csv: 3 of 4 rows are bad (1 negative volume, 1 out of order, 1 unknown side or event); "
        f"first: row 2 at 2023-12-31T23:59:59.995Z: out of order. {REMEDY}"
    )
