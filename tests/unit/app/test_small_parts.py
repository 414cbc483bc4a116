"""Times, secrets and candle file names."""

from pathlib import Path

import pytest

from tradewind.app.candle_files import find_candles
from tradewind.app.secrets import MASK, masked
from tradewind.app.times import duration_ns, duration_text, moment_ns, moment_text
from tradewind.model.errors import ConfigError, DataError


def test_durations_and_moments() -> None:
    assert [duration_ns(text) for text in ("250ms", "90s", "15m", "4h", "7d")] == [
        250_000_000, 90_000_000_000, 900_000_000_000, 14_400_000_000_000, 604_800_000_000_000,
    ]  # fmt: skip
    for text in ("0s", "4", "1w", "-1h", "h"):
        with pytest.raises(ConfigError, match="is not a duration"):
            duration_ns(text)
    assert moment_ns("2024-05-01", "data.from") == 1_714_521_600_000_000_000
    assert moment_ns("2024-05-01T02:00+02:00", "x") == 1_714_521_600_000_000_000
    assert moment_text(1_714_521_600_000_000_000) == "2024-05-01 00:00"
    with pytest.raises(ConfigError, match=r"data.from 'may' is not a date"):
        moment_ns("may", "data.from")


def test_secrets_are_masked_by_key_and_in_addresses() -> None:
    values = {
        "venue": {"api_key": "abc", "secret": "def", "passphrase": "", "name": "x", "token_count": 3},
        "urls": ["postgres://user:hunter2@host/db", "plain text"],
        "monkey": "banana",
    }
    assert masked(values) == {
        "venue": {"api_key": MASK, "secret": MASK, "passphrase": "", "name": "x", "token_count": 3},
        "urls": [f"postgres://user:{MASK}@host/db", "plain text"],
        "monkey": "banana",
    }


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")


def test_candles_are_found_by_the_names_people_give(tmp_path: Path) -> None:
    touch(tmp_path, "coinbase/BTC-USD/1h.parquet", "coinbase/BTC-USD/1d.parquet", "coinbase/ETH-USD/1h.csv")
    touch(tmp_path, "kraken/BTC_USDT-1h.feather", "SOL-USD_1h.csv", "notes.txt", "SOL-USD.csv")
    found = find_candles(tmp_path, "", [], "1h")
    assert [(each.venue, each.instrument) for each in found] == [
        ("coinbase", "BTC-USD"), ("kraken", "BTC-USDT"), ("coinbase", "ETH-USD"), ("file", "SOL-USD"),
    ]  # fmt: skip
    (one,) = find_candles(tmp_path / "coinbase", "", ["BTC-USD"], "1d")
    assert (one.venue, one.interval) == ("coinbase", "1d")
    assert find_candles(tmp_path / "coinbase" / "BTC-USD", "", [], "1d") == [one]
    (file,) = find_candles(tmp_path / "SOL-USD.csv", "kraken", ["SOL-USD"], "5m")
    assert (file.venue, file.instrument, file.interval) == ("kraken", "SOL-USD", "5m")


def test_what_cannot_be_found_or_told_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "coinbase/BTC-USD/1h.parquet", "coinbase/BTC-USD/1d.parquet", "SOL-USD.csv", "empty/x")
    with pytest.raises(DataError, match="no file or folder"):
        find_candles(tmp_path / "none", "", [], "1h")
    with pytest.raises(DataError, match=r"no 1h candles of BTC-UDS in .*: did you mean 'BTC-USD'\?"):
        find_candles(tmp_path, "", ["BTC-UDS"], "1h")
    with pytest.raises(ConfigError, match=r"BTC-USD is there more than once \(coinbase 1d, coinbase 1h\)"):
        find_candles(tmp_path, "", ["BTC-USD"], "")
    with pytest.raises(ConfigError, match=r"name it like BTC-USD-1h\.\w+, or add --instrument"):
        find_candles(tmp_path / "SOL-USD.csv", "", [], "1h")
    with pytest.raises(ConfigError, match=r"name it like BTC-USD-1h\.\w+, or add --interval"):
        find_candles(tmp_path / "SOL-USD.csv", "", ["SOL-USD"], "")
    with pytest.raises(ConfigError, match="is one file, but 2 instruments were asked for"):
        find_candles(tmp_path / "SOL-USD.csv", "", ["A", "B"], "1h")
    with pytest.raises(DataError, match=r"no binance 4h candles in .*: there are coinbase 1d, coinbase 1h$"):
        find_candles(tmp_path, "binance", [], "4h")
    with pytest.raises(DataError, match=r"no 15m candles in .*: there are coinbase 1d, coinbase 1h$"):
        find_candles(tmp_path, "", ["BTC-USD"], "15m")
    touch(tmp_path, "coinbase/ETH-USD/15m.csv")
    with pytest.raises(DataError, match=r"no 15m candles of BTC-USD in .*: there are coinbase 1d, coinbase 1h$"):
        find_candles(tmp_path, "", ["BTC-USD"], "15m")
    with pytest.raises(DataError, match=r"no candles in .*: name files like"):
        find_candles(tmp_path / "empty", "", [], "")
    with pytest.raises(ConfigError, match=r"1h\.parquet holds 1h candles by its name: leave --interval 15m out"):
        find_candles(tmp_path / "coinbase/BTC-USD/1h.parquet", "", [], "15m")


@pytest.mark.parametrize("text", ["250ms", "90s", "15m", "4h", "7d"])
def test_a_duration_is_told_as_it_is_written(text: str) -> None:
    assert duration_text(duration_ns(text)) == text
