"""The folder of real data through the catalog: everything imports, verifies, and the recorded books rebuild."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tradewind.market.aggregate import bars_from_columns, bars_of_trades, longer_bars
from tradewind.market.depth import Chain, ReplayCheck, book_events, replay_check
from tradewind.model.market_events import BookSnapshot
from tradewind.storage.catalog import Catalog, SeriesKey, TreeReport
from tradewind.storage.catalog.events import depth_messages, funding, quotes_by_update, trades

PRICE_SCALE, SIZE_SCALE = 2, 8
FIGURES = {
    ("binance", "BTC-USDT"): 564,
    ("binance", "ETH-USDT"): 577,
    ("binance_perp", "BTC-USDT-PERP"): 629,
}


@pytest.fixture(scope="module")
def imported(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Catalog, TreeReport]:
    """Everything there is."""
    catalog = Catalog(tmp_path_factory.mktemp("catalog"))
    return catalog, catalog.import_tree(shared / "data")


@pytest.fixture(scope="module")
def recorded(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Depth, best prices, trades and funding: quick to import."""
    catalog = Catalog(tmp_path_factory.mktemp("recorded"))
    assert catalog.import_tree(shared / "data", kinds={"l2", "bbo", "trades", "funding"}).refused == {}
    return catalog


def replay(catalog: Catalog, venue: str, instrument: str) -> ReplayCheck:
    """What the product says of a recorded book."""
    key = SeriesKey(venue, instrument, "book")
    best = {}
    if venue != "coinbase":
        best = quotes_by_update(catalog, SeriesKey(venue, instrument, "quotes"), PRICE_SCALE, SIZE_SCALE)
    messages = depth_messages(catalog, key, PRICE_SCALE, SIZE_SCALE)
    return replay_check(instrument, messages, best, Chain(catalog.manifest(key).chain))


@pytest.mark.slow
def test_everything_imports_and_no_row_is_bad(imported: tuple[Catalog, TreeReport]) -> None:
    catalog, report = imported
    print(f"{len(report.imported)} files, {report.rows:,} rows, {len(catalog.list())} series")
    assert report.refused == {}
    assert set(report.skipped.values()) <= {
        "not a Parquet file of a series",
        "bars of quotes are not a kind of the catalog",
        "imported with its snapshot",
    }
    assert sum(one.quality.bad for one in report.imported) == 0
    assert len(report.imported) > 250
    rounded = {one.source: one.rounded for one in report.imported if one.series.endswith("book") and one.rounded}
    assert rounded == {"20180424_0352_snapshot.parquet": 4147}, "sizes with the noise of a float sum"
    problems = [problem for series in catalog.list() for problem in catalog.verify(series.key).problems]
    assert problems == []


@pytest.mark.slow
def test_every_price_comes_back_to_the_last_bit(imported: tuple[Catalog, TreeReport], shared: Path) -> None:
    catalog, _ = imported
    checked = 0
    for path in sorted((shared / "data" / "candles").rglob("*.parquet")):
        venue, instrument = path.parts[-3:-1]
        table = catalog.bars(venue, instrument, path.stem)
        source = pl.read_parquet(path)
        for name in ("open", "high", "low", "close"):
            # m / 10**scale is correctly rounded, so it is the float whose decimal text was stored.
            again = getattr(table, name) / 10.0**table.price_scale
            assert np.array_equal(again, source[name].to_numpy()), (path, name)
        volumes = table.volume / 10.0**table.volume_scale
        assert np.allclose(volumes, source["volume"].to_numpy().astype(np.float64), rtol=1e-6, atol=1e-3), path
        checked += len(source)
    assert checked > 3_000_000


@pytest.mark.slow
def test_absent_bars_are_those_of_the_readme(imported: tuple[Catalog, TreeReport]) -> None:
    catalog, _ = imported
    bitcoin = catalog.bars("binance", "BTC-USDT", "1h")
    assert (int(bitcoin.gap_bars.sum()), int(bitcoin.gap_bars.max()), bitcoin.convention.value) == (122, 33, "gap")
    thin = catalog.bars("coinbase", "LRC-USD", "15m")
    assert thin.convention.value == "no_trade"
    assert len(thin.gap_rows) > 0


@pytest.mark.slow
def test_five_minute_bars_make_the_hourly_bars_of_the_same_venue(imported: tuple[Catalog, TreeReport]) -> None:
    catalog, _ = imported
    parts = catalog.bars("binance", "ETH-USDT", "5m_2021")
    start, end = int(parts.open_ns[0]), int(parts.open_ns[-1]) + parts.span_ns
    hours = catalog.bars("binance", "ETH-USDT", "1h", start, end)
    made = longer_bars(parts.at_scales(hours.price_scale, parts.volume_scale).columns, parts.span_ns, hours.span_ns)
    common = np.isin(made.open_ns, hours.open_ns)
    assert common.sum() > 2_500
    for name in ("open", "high", "low", "close"):
        same = getattr(made, name)[common] == getattr(hours, name)[np.isin(hours.open_ns, made.open_ns)]
        assert same.mean() > 0.999, name


@pytest.mark.parametrize(("venue", "instrument"), sorted(FIGURES))
def test_the_rebuilt_book_has_the_recorded_best_prices(recorded: Catalog, venue: str, instrument: str) -> None:
    found = replay(recorded, venue, instrument)
    print(f"{venue} {instrument}: {found.equal}/{found.comparable} equal, {found.crossed} of {found.books} crossed")
    assert found.passed, found.first_difference
    assert (found.equal, found.comparable, found.gaps) == (FIGURES[venue, instrument],) * 2 + (0,)


def test_the_coinbase_sessions_never_cross(recorded: Catalog) -> None:
    found = replay(recorded, "coinbase", "BTC-USD")
    print(f"coinbase BTC-USD: {found.crossed} of {found.books:,} books crossed, {found.gaps} gaps")
    assert (found.crossed, found.gaps) == (0, 0)
    assert found.books == 145_386 + 3_946 + 11_650 + 3


def test_one_lost_message_is_noticed(recorded: Catalog) -> None:
    key = SeriesKey("binance", "ETH-USDT", "book")
    messages = list(depth_messages(recorded, key, PRICE_SCALE, SIZE_SCALE))
    del messages[2_000]
    found = replay_check("ETH-USDT", messages)
    assert (found.gaps, found.passed) == (1, False)
    snapshots = [event for event in book_events("ETH-USDT", messages) if isinstance(event, BookSnapshot)]
    assert [bool(event.bids) for event in snapshots] == [True, False], "the gap empties the book"


def test_trades_and_funding_become_events(recorded: Catalog) -> None:
    key = SeriesKey("binance", "BTC-USDT", "trades")
    prints = list(trades(recorded, key, PRICE_SCALE, SIZE_SCALE))
    columns, _ = recorded.rows(key)
    minutes = list(
        bars_from_columns(
            bars_of_trades(columns["ts_ns"], columns["price"], columns["quantity"], 60_000_000_000), "BTC-USDT", 60
        )
    )
    assert len(prints) == 9_757
    assert len(minutes) == 6
    rates = list(funding(recorded, SeriesKey("binance_perp", "BTC-USDT-PERP", "funding")))
    assert (len(rates), str(rates[0].rate), rates[0].mark) == (6_455, "0.00010000", None)
