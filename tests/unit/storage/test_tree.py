"""A folder laid out by kind, venue and symbol, small and made by hand."""

from pathlib import Path

import polars as pl
import pytest

from tests.unit.storage.candles import START_MS, START_NS, rows
from tradewind.market.depth import DepthMessage, replay_check
from tradewind.model.market_events import BookSnapshot, FundingRate, QuoteTick, TradePrint
from tradewind.model.money import money
from tradewind.model.orders import Side
from tradewind.storage.catalog import Catalog, ImportOptions, SeriesKey
from tradewind.storage.catalog.events import depth_messages, funding, quotes, quotes_by_update, trades

MOMENT = pl.lit(START_MS).cast(pl.Datetime("ms", "UTC"))


def save(path: Path, data: dict[str, list[object]], *, timed: bool = True) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame(data)
    (frame.with_columns(MOMENT.alias("ts")) if timed else frame).write_parquet(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    names = ["ts", "open", "high", "low", "close", "volume"]
    hours = pl.DataFrame([list(map(float, values)) for values in rows(3)], schema=names, orient="row")
    for place in ("candles/binance/X-USDT/1h.parquet", "candles/binance/X-USDT/1h_mark.parquet"):
        (data / place).parent.mkdir(parents=True, exist_ok=True)
        hours.write_parquet(data / place)
    one_day = hours.head(1)
    (data / "quotes/coinbase/X-USD").mkdir(parents=True)
    one_day.write_parquet(data / "quotes/coinbase/X-USD/daily_trade.parquet")
    one_day.write_parquet(data / "quotes/coinbase/X-USD/daily_quote.parquet")
    save(data / "funding/binance_perp/X-PERP.parquet", {"rate": [0.0001]})
    save(
        data / "trades/binance/X-USDT/a.parquet",
        {"price": [9.5], "size": [2.0], "aggressor": ["sell"], "trade_id": [3]},
    )
    save(
        data / "bbo/binance/X-USDT/a.parquet",
        {"update_id": [7], "bid": [9.5], "bid_size": [1.0], "ask": [10.0], "ask_size": [2.0]},
    )
    save(
        data / "l2/binance/X-USDT/a_depth.parquet",
        {
            "event": ["snapshot", "snapshot", "update", "update"],
            "side": ["bid", "ask", "bid", "ask"],
            "price": [9.5, 10.0, 9.5, 11.0],
            "size": [4.0, 2.0, 1.0, 0.0],
            "first_id": [5, 5, 6, 6],
            "last_id": [5, 5, 7, 7],
        },
    )
    save(
        data / "l2/coinbase/X-USD/a_snapshot.parquet",
        {"side": ["bid", "ask"], "price": [9.0, 10.0], "size": [1.0, 1.0]},
        timed=False,
    )
    save(
        data / "l2/coinbase/X-USD/a_updates_1.parquet",
        {"seq": [0, 1], "side": ["bid"] * 2, "price": [9.5, 9.5], "size": [1.0, 0.0]},
    )
    save(data / "l2/coinbase/X-USD/b_snapshot.parquet", {"side": ["bid"], "price": [9.0], "size": [1.0]}, timed=False)
    save(data / "l2/coinbase/X-USD/other.parquet", {"side": ["bid"]})
    save(data / "strange/binance/X-USDT/a.parquet", {"side": ["bid"]})
    (data / "README.md").write_text("read me")
    broken = data / "candles/binance/Y-USDT/1h.parquet"
    broken.parent.mkdir()
    broken.write_bytes(b"PAR1")
    return data


def test_every_file_is_imported_refused_or_skipped_with_a_reason(folder: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    catalog = Catalog(tmp_path / "c")
    report = catalog.import_tree(folder, observer=lambda done, total: seen.append((done, total)))
    assert [str(found.key) for found in catalog.list()] == [
        "binance X-USDT bars 1h",
        "binance X-USDT bars 1h_mark",
        "binance X-USDT book",
        "binance X-USDT quotes",
        "binance X-USDT trades",
        "binance_perp X-PERP funding",
        "coinbase X-USD bars 1d_trades",
        "coinbase X-USD book",
    ]
    assert report.skipped == {
        "README.md": "not a Parquet file of a series",
        "l2/coinbase/X-USD/a_updates_1.parquet": "imported with its snapshot",
        "l2/coinbase/X-USD/b_snapshot.parquet": "a snapshot without updates",
        "l2/coinbase/X-USD/other.parquet": "neither depth, snapshot nor updates",
        "quotes/coinbase/X-USD/daily_quote.parquet": "bars of quotes are not a kind of the catalog",
        "strange/binance/X-USDT/a.parquet": "unknown folder strange",
    }
    assert list(report.refused) == ["candles/binance/Y-USDT/1h.parquet"]
    assert "cannot be read as Parquet" in report.refused["candles/binance/Y-USDT/1h.parquet"]
    assert (report.rows, seen[-1]) == (3 + 3 + 4 + 1 + 1 + 1 + 1 + 4, (9, 9))
    again = catalog.import_tree(folder, kinds={"candles"})
    assert [one.known for one in again.imported] == [3, 3]


def test_what_was_recorded_comes_back_as_events(folder: Path, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c")
    catalog.import_tree(folder, ImportOptions(tick="0.5", lot="1"))
    spot = {kind: SeriesKey("binance", "X-USDT", kind) for kind in ("trades", "quotes", "book")}
    quote = QuoteTick("X-USDT", START_NS, 95, 100, 100, 200)
    assert list(trades(catalog, spot["trades"], 1, 2)) == [TradePrint("X-USDT", START_NS, Side.SELL, 95, 200, 3)]
    assert list(quotes(catalog, spot["quotes"], 1, 2)) == [quote]
    assert quotes_by_update(catalog, spot["quotes"], 1, 2) == {7: quote}
    assert list(trades(catalog, spot["trades"], 1, 2, end_ns=START_NS)) == []
    rates = list(funding(catalog, SeriesKey("binance_perp", "X-PERP", "funding")))
    assert rates == [FundingRate("X-PERP", START_NS, money("0.0001"))]
    messages = list(depth_messages(catalog, spot["book"], 1, 0))
    assert messages == [
        BookSnapshot("X-USDT", START_NS, ((95, 4),), ((100, 2),), 5),
        DepthMessage(START_NS, 6, 7, ((95, 1),), ((110, 0),)),
    ]
    assert replay_check("X-USDT", messages, quotes_by_update(catalog, spot["quotes"], 1, 0)).passed
    sessions = list(depth_messages(catalog, SeriesKey("coinbase", "X-USD", "book"), 1, 0))
    assert [type(message).__name__ for message in sessions] == ["BookSnapshot", "DepthMessage", "DepthMessage"]
    assert replay_check("X-USD", sessions).books == 3
    assert catalog.instrument(spot["trades"]).tick == 5
