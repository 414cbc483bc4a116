"""Candles into the catalog: only what is missing, forwards and backwards, from any source."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.venues.ccxt.fakes import FakeExchange, RateLimitExceeded, RequestTimeout, client_of
from tradewind.app.ccxt_candles import CcxtCandles
from tradewind.app.fetching import Fetched, Row, fetch_candles, missing_pieces, series_key
from tradewind.model.errors import ConfigError, DataError, VenueError, VenueRejected
from tradewind.model.instrument import InstrumentKind
from tradewind.storage.catalog import Catalog, ImportOptions, SeriesKey
from tradewind.venues.ccxt.desk import CcxtDesk

HOUR_NS = 3_600_000_000_000
KEY = SeriesKey("fake", "BTC-USDT", "bars", "1h")


class Hours:
    """A candle every hour from `first` on; counts what it was asked for."""

    title = "a venue of hours"
    page_bars = 4

    def __init__(self, first: int = 0, now: int = 1_000) -> None:
        self.first, self.now = first, now
        self.asked: list[tuple[int, int]] = []

    def check(self, span_ns: int) -> None:
        if span_ns != HOUR_NS:
            raise ConfigError("hours only")

    async def options(self, instrument: str) -> ImportOptions:
        return ImportOptions(tick="0.01", lot="0.1", traded_as=InstrumentKind.SPOT)

    async def now_ns(self) -> int:
        return self.now * HOUR_NS + 5

    async def page(self, instrument: str, span_ns: int, start_ns: int, end_ns: int) -> Sequence[Row]:
        self.asked.append((start_ns // HOUR_NS, end_ns // HOUR_NS))
        hours = range(max(self.first, start_ns // HOUR_NS), end_ns // HOUR_NS)
        one = Decimal("1.25")
        return [Row(hour * HOUR_NS, one, one, one, one, Decimal("0.5")) for hour in reversed(hours)]


def fetch(source: Hours, folder: Path, start: int | None, end: int | None = None, key: SeriesKey = KEY) -> Fetched:
    catalog = Catalog(folder)
    moments = (None if each is None else each * HOUR_NS for each in (start, end))
    return asyncio.run(fetch_candles(source, catalog, key, *moments, lambda done, total: None))


def test_only_what_is_missing_is_fetched(tmp_path: Path) -> None:
    source = Hours()
    assert fetch(source, tmp_path, 100, 110) == Fetched(str(KEY), 10, 0, 3, 100 * HOUR_NS, 109 * HOUR_NS)
    assert source.asked == [(100, 104), (104, 108), (108, 110)]
    source.asked.clear()
    assert fetch(source, tmp_path, 95, 112).bars == 7
    assert source.asked == [(110, 112), (95, 99), (99, 100)]
    source.asked.clear()
    assert fetch(source, tmp_path, None, 112).bars == 0
    assert source.asked == []
    increments = Catalog(tmp_path).manifest(KEY).increments
    assert increments is not None
    assert (increments.tick, increments.lot, increments.derived) == ("0.01", "0.1", False)


def test_the_open_bar_is_not_fetched(tmp_path: Path) -> None:
    assert fetch(Hours(now=106), tmp_path, 100).last_ns == 105 * HOUR_NS


def test_what_cannot_be_fetched_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="say from when"):
        fetch(Hours(), tmp_path, None)
    with pytest.raises(ConfigError, match="hours only"):
        fetch(Hours(), tmp_path, 5, key=SeriesKey("fake", "BTC-USDT", "bars", "1m"))
    with pytest.raises(DataError, match="before it was listed"):
        fetch(Hours(first=900), tmp_path, 5, 50)


def test_pieces_leave_no_hole_wherever_they_are_cut_off() -> None:
    pieces = list(missing_pieces(0, 100, (50, 60), 1, 2))
    assert [(piece.start_ns, piece.end_ns) for piece in pieces] == [(61, 81), (81, 100), (30, 50), (10, 30), (0, 10)]


@pytest.mark.parametrize(
    ("text", "venue"),
    [("binance/BTC-USDT/1h", None), ("BTC-USDT/1h", "binance"), ("binance/BTC-USDT/1h", "binance")],
)
def test_series(text: str, venue: str | None) -> None:
    assert series_key(text, venue) == SeriesKey("binance", "BTC-USDT", "bars", "1h")


@pytest.mark.parametrize(
    ("text", "venue"), [("BTC-USDT/1h", None), ("kraken/BTC-USDT/1h", "binance"), ("binance//1h", None), ("x", "y")]
)
def test_names_that_are_no_series(text: str, venue: str | None) -> None:
    with pytest.raises(ConfigError, match="cannot be fetched: write VENUE/INSTRUMENT/INTERVAL"):
        series_key(text, venue)


# -- a venue of ccxt as a source -------------------------------------------------------------------------------------


def source_at(exchange: FakeExchange) -> CcxtCandles:
    return CcxtCandles(CcxtDesk(client_of(exchange)))


def test_a_venue_of_ccxt_states_its_increments() -> None:
    source = source_at(FakeExchange())
    assert (source.title, source.page_bars) == ("fake through ccxt", 3)
    options = asyncio.run(source.options("BTC-USDT"))
    assert (options.tick, options.lot, options.traded_as) == ("0.01", "0.00001", InstrumentKind.SPOT)


def test_candles_of_what_cannot_be_traded_have_increments_of_their_own() -> None:
    options = asyncio.run(source_at(FakeExchange()).options("BTC-USD-BTC-PERP"))
    assert (options.tick, options.traded_as) == ("", InstrumentKind.PERPETUAL)
    with pytest.raises(VenueRejected, match="no market"):
        asyncio.run(source_at(FakeExchange()).options("NOPE"))


@pytest.mark.parametrize("error", [RateLimitExceeded("slower"), RequestTimeout("10 s")])
def test_a_venue_that_is_away_is_asked_again_after_a_while(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    paused: list[float] = []

    async def sleep(pause_s: float) -> None:
        paused.append(pause_s)
        if len(paused) == back_after:
            exchange.failing.clear()

    monkeypatch.setattr("tradewind.app.ccxt_candles.asyncio.sleep", sleep)
    for back_after in (2, 99):
        exchange = FakeExchange(now_ms=200 * 3_600_000)
        exchange.candles = [[100 * 3_600_000, "1", "2", "1", "1", "1"]]
        exchange.failing["fetch_ohlcv"] = (error, False)
        page = source_at(exchange).page("BTC-USDT", HOUR_NS, 100 * HOUR_NS, 101 * HOUR_NS)
        if back_after == 2:
            assert len(asyncio.run(page)) == 1
        else:
            with pytest.raises(VenueError):
                asyncio.run(page)
    assert paused == [1.0, 4.0, 1.0, 4.0, 16.0]


def test_candles_of_ccxt_reach_the_catalog_with_every_digit(tmp_path: Path) -> None:
    exchange = FakeExchange(now_ms=200 * 3_600_000)
    exchange.candles = [[hour * 3_600_000, "1.00000001", "2", "1", 1.5, "0.123456789"] for hour in range(100, 110)]
    catalog = Catalog(tmp_path)
    moments = (100 * HOUR_NS, 110 * HOUR_NS)
    found = asyncio.run(fetch_candles(source_at(exchange), catalog, KEY, *moments, lambda done, total: None))
    assert (found.bars, found.last_ns) == (10, 109 * HOUR_NS)
    table = catalog.bars("fake", "BTC-USDT", "1h")
    assert Decimal(int(table.open[0])).scaleb(-table.price_scale) == Decimal("1.00000001")
