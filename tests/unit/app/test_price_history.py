"""Hourly and daily returns out of folders and catalogs: which bars are used, what happens across gaps."""

from pathlib import Path

import numpy as np
import pytest

from tradewind.app.price_history import DAY_NS, HOUR_NS, price_histories
from tradewind.model.errors import ConfigError, DataError
from tradewind.storage.catalog import Catalog, ImportOptions, SeriesKey


def write(path: Path, opens_ns: list[int], closes: list[float]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [f"{ns // 10**9},{c},{c},{c},{c},1" for ns, c in zip(opens_ns, closes, strict=True)]
    path.write_text("ts,open,high,low,close,volume\n" + "\n".join(rows) + "\n")


def read(place: Path, assets: list[str] | None = None, venue: str | None = None):
    return {
        (each.venue, each.instrument, each.frequency): each
        for each in price_histories(place, assets, venue, lambda done, total: None)
    }


def hours(count: int, leaving: tuple[int, ...] = ()) -> list[int]:
    return [i * HOUR_NS for i in range(count) if i not in leaving]


def test_days_are_made_of_hours(tmp_path: Path) -> None:
    opens = hours(72)
    write(tmp_path / "kraken" / "BTC-USD" / "1h.csv", opens, [100.0 + i for i in range(72)])
    found = read(tmp_path)
    day, hour = found["kraken", "BTC-USD", "1d"], found["kraken", "BTC-USD", "1h"]
    assert hour.returns.size == 71
    assert hour.close_ns[0] == 2 * HOUR_NS
    assert day.close_ns.tolist() == [2 * DAY_NS, 3 * DAY_NS]
    assert day.returns == pytest.approx([147 / 123 - 1, 171 / 147 - 1])


def test_the_longer_history_of_days_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "kraken" / "BTC-USD"
    write(folder / "1h.csv", hours(72), [100.0] * 72)
    write(folder / "1d.csv", [i * DAY_NS for i in range(6)], [1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
    assert read(tmp_path)["kraken", "BTC-USD", "1d"].returns.tolist() == [1.0] * 5


def test_returns_across_missing_bars_are_left_out_and_counted(tmp_path: Path) -> None:
    opens = hours(10, leaving=(4, 5))
    write(tmp_path / "kraken" / "BTC-USD" / "1h.csv", opens, [float(2**i) for i in range(8)])
    found = read(tmp_path)["kraken", "BTC-USD", "1h"]
    assert found.left_out == 1
    assert found.returns.tolist() == [1.0] * 6


def test_where_no_bar_means_no_trade_the_next_bar_has_the_return(tmp_path: Path) -> None:
    opens = hours(48, leaving=(4, 5, 23))
    write(tmp_path / "coinbase" / "BTC-USD" / "1h.csv", opens, [float(i + 1) for i in range(45)])
    found = read(tmp_path)
    assert found["coinbase", "BTC-USD", "1h"].returns.size == 44
    # The last hour of the first day had no trade: the day closed at the trade before.
    assert found["coinbase", "BTC-USD", "1d"].returns == pytest.approx([45 / 21 - 1])


def test_a_day_that_is_not_over_has_no_close(tmp_path: Path) -> None:
    write(tmp_path / "kraken" / "BTC-USD" / "1h.csv", hours(60), [100.0 + i for i in range(60)])
    assert read(tmp_path)["kraken", "BTC-USD", "1d"].close_ns.tolist() == [2 * DAY_NS]


def test_shorter_bars_make_hours_and_labels_are_apart(tmp_path: Path) -> None:
    folder = tmp_path / "kraken" / "BTC-USD"
    write(folder / "15m.csv", [i * HOUR_NS // 4 for i in range(12)], [float(i + 1) for i in range(12)])
    write(folder / "1h_mark.csv", hours(90), [1.0] * 90)
    found = read(tmp_path)
    assert found["kraken", "BTC-USD", "1h"].returns == pytest.approx([1.0, 0.5])


def test_a_catalog_gives_the_same(tmp_path: Path) -> None:
    file = tmp_path / "files" / "kraken" / "BTC-USD" / "1h.csv"
    write(file, hours(72), [100.0 + i for i in range(72)])
    catalog = Catalog(tmp_path / "catalog")
    catalog.import_file(file, SeriesKey("kraken", "BTC-USD", interval="1h"), ImportOptions())
    ours, theirs = read(tmp_path / "files"), read(tmp_path / "catalog")
    assert ours.keys() == theirs.keys()
    for key in ours:
        assert np.array_equal(ours[key].returns, theirs[key].returns)
        assert np.array_equal(ours[key].close_ns, theirs[key].close_ns)


def test_one_file_and_the_same_name_at_two_venues(tmp_path: Path) -> None:
    for venue in ("kraken", "gemini"):
        write(tmp_path / venue / "BTC-USD" / "1h.csv", hours(5), [1.0, 2.0, 4.0, 8.0, 16.0])
    assert {key[0] for key in read(tmp_path)} == {"gemini", "kraken"}
    assert {key[0] for key in read(tmp_path, ["BTC-USD"], "gemini")} == {"gemini"}
    assert len(read(tmp_path / "kraken" / "BTC-USD" / "1h.csv")) == 1


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="check the path"):
        read(tmp_path / "nothing")
    with pytest.raises(DataError, match="no candles in"):
        read(tmp_path)
    write(tmp_path / "kraken" / "BTC-USD" / "1h.csv", hours(5), [1.0] * 5)
    with pytest.raises(ConfigError, match=r"BTX-USD is not in .*BTC-USD"):
        read(tmp_path, ["BTX-USD"])
    with pytest.raises(DataError, match="no gemini candles"):
        read(tmp_path, None, "gemini")
