"""The venue's rows as our events: exact units, the aggressor's side, closed bars, and nothing told twice."""

from decimal import Decimal

import pytest

from tradewind.market.book import BookState
from tradewind.model.instrument import define_instrument
from tradewind.model.market_events import Bar, BookSnapshot, LevelUpdate, QuoteTick, TradePrint
from tradewind.model.orders import Side
from tradewind.venues.coinbase.market_events import CANDLE_NS, ProductFeed
from tradewind.venues.coinbase.units import REMEMBERED, PriceMemory, units
from tradewind.venues.coinbase.wire.stream import CandleRow, LevelEvent, LevelRow, TickerRow, TradeRow

BTC = define_instrument("BTC-USD", price_increment="0.01", base_increment="0.00000001")
NOW = 1_700_000_000_000_000_000


@pytest.fixture
def feed() -> ProductFeed:
    return ProductFeed(BTC)


def row(side: str, price: str, size: str) -> LevelRow:
    return LevelRow(side, price, size)


def trade(number: str, price: str = "100.5", side: str = "BUY", size: str = "0.1") -> TradeRow:
    return TradeRow(number, "BTC-USD", price, size, side)


def candle(start: int, close: str = "2", volume: str = "1", low: str = "1") -> CandleRow:
    prices = {name: Decimal(text) for name, text in (("open", "2"), ("high", "3"), ("low", low), ("close", close))}
    return CandleRow(start=start, product_id="BTC-USD", volume=Decimal(volume), **prices)


@pytest.mark.parametrize(
    ("text", "scale", "value"),
    [
        ("79944", 2, 7_994_400),
        ("79944.1", 2, 7_994_410),
        ("0", 8, 0),
        ("0.00000001", 8, 1),
        ("1.10", 1, 11),
        ("1e2", 2, 10_000),
    ],
)
def test_texts_are_read_exactly(text: str, scale: int, value: int) -> None:
    assert units(text, scale) == value


@pytest.mark.parametrize(
    "text", ["", "-1", "NaN", "Infinity", "1_0", "٣", "0.001", "1.2.3", " 1", "1e30", "9" * 19, "²"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        units(text, 2)


def test_prices_are_remembered_within_bounds() -> None:
    memory = PriceMemory(0)
    for price in range(1, REMEMBERED + 10):
        assert memory[str(price)] == price
    assert len(memory) < 20
    with pytest.raises(ValueError):
        memory["0"]


def test_a_snapshot_comes_unsorted_and_replaces_everything(feed: ProductFeed) -> None:
    feed.snapshot([row("bid", "1", "1")], 0, NOW)
    rows = [row("offer", "100.02", "1"), row("bid", "100", "2"), row("bid", "100.01", "3"), row("offer", "100.03", "0")]
    assert feed.snapshot(rows, 7, NOW) == BookSnapshot(
        "BTC-USD", NOW, ((10_001, 300_000_000), (10_000, 200_000_000)), ((10_002, 100_000_000),), 7
    )
    assert feed.book.size_at(Side.BUY, 100) == 0


def test_updates_set_levels(feed: ProductFeed) -> None:
    feed.snapshot([row("bid", "100", "2"), row("offer", "101", "1")], 0, NOW)
    told = feed.updates([row("bid", "100", "0"), row("offer", "100.5", "0.5")], 1, NOW)
    assert told == [
        LevelUpdate("BTC-USD", NOW, Side.BUY, 10_000, 0, 1),
        LevelUpdate("BTC-USD", NOW, Side.SELL, 10_050, 50_000_000, 1),
    ]
    assert (feed.book.best_bid, feed.book.best_ask) == (None, 10_050)


@pytest.mark.parametrize(
    "bad", [row("ask", "1", "1"), row("bid", "x", "1"), row("bid", "1", "-1"), row("bid", "0", "1")]
)
def test_a_bad_row_tells_nothing_of_its_message(feed: ProductFeed, bad: LevelRow) -> None:
    feed.snapshot([row("bid", "100", "2")], 0, NOW)
    with pytest.raises(ValueError):
        feed.updates([row("bid", "100", "0"), bad], 1, NOW)
    assert feed.book.best_bid == 10_000
    with pytest.raises(ValueError):
        feed.snapshot([bad], 1, NOW)
    assert feed.book.state is BookState.VALID


def test_noted_levels_are_settled_once(feed: ProductFeed) -> None:
    feed.snapshot([row("bid", "100", "2"), row("offer", "101", "1")], 0, NOW)
    changes = [row("bid", "100.5", "1"), row("bid", "100.5", "0"), row("offer", "100.75", "3")]
    feed.note(LevelEvent("update", "BTC-USD", changes), 1, NOW)
    assert feed.book.best_ask == 10_100
    feed.settle()
    assert (feed.book.best_bid, feed.book.best_ask) == (10_000, 10_075)
    assert not feed.changed
    feed.note(LevelEvent("update", "BTC-USD", [row("bid", "x", "1")]), 2, NOW)
    with pytest.raises(ValueError):
        feed.settle()
    assert not feed.changed


def test_a_trade_names_its_maker_and_we_name_the_aggressor(feed: ProductFeed) -> None:
    told = feed.trades([trade("5", side="BUY"), trade("6", side="SELL")], NOW, snapshot=False)
    assert told == [
        TradePrint("BTC-USD", NOW, Side.SELL, 10_050, 10_000_000, 5),
        TradePrint("BTC-USD", NOW, Side.BUY, 10_050, 10_000_000, 6),
    ]


def test_trades_are_told_once_and_what_was_missed_is_told_after(feed: ProductFeed) -> None:
    assert feed.trades([trade("4"), trade("3")], NOW, snapshot=True) == []  # history
    assert [each.trade_id for each in feed.trades([trade("5"), trade("4")], NOW, snapshot=False)] == [5]
    missed = feed.trades([trade("8"), trade("7"), trade("6"), trade("5")], NOW, snapshot=True)
    assert [each.trade_id for each in missed] == [6, 7, 8]
    assert feed.trades([trade("an-id")], NOW, snapshot=False)[0].trade_id == 0


@pytest.mark.parametrize("bad", [trade("1", side="BOTH"), trade("1", price="0"), trade("1", size="x")])
def test_a_bad_trade_is_none(feed: ProductFeed, bad: TradeRow) -> None:
    with pytest.raises(ValueError):
        feed.trades([bad], NOW, snapshot=False)


def test_a_ticker_is_a_quote_when_it_has_one(feed: ProductFeed) -> None:
    ticker = TickerRow("BTC-USD", "100", "99.5", "1", "100.5", "2")
    assert feed.quote(ticker, NOW) == QuoteTick("BTC-USD", NOW, 9_950, 100_000_000, 10_050, 200_000_000)
    assert feed.quote(TickerRow(), NOW) is None
    assert feed.quote(TickerRow("BTC-USD", "100", "101", "1", "100.5", "2"), NOW) is None


def test_a_bar_is_told_when_it_is_closed(feed: ProductFeed) -> None:
    history = [candle(900), candle(600), candle(300)]
    assert feed.bars(history) == []
    assert feed.bars([candle(900, close="2.5")]) == []
    bar = Bar("BTC-USD", 1200 * 10**9, CANDLE_NS, 200, 300, 100, 250, 100_000_000)
    assert feed.bars([candle(1200)]) == [bar]
    assert feed.bars([candle(900, close="1")]) == []  # too late
    assert [each.ts_ns // 10**9 for each in feed.bars([candle(2100), candle(1800), candle(1500)])] == [1500, 1800, 2100]
    assert feed.due_bars(2400 * 10**9, 1) == []
    assert [each.ts_ns // 10**9 for each in feed.due_bars(2400 * 10**9 + 1, 1)] == [2400]
    assert feed.due_bars(2500 * 10**9, 1) == []


@pytest.mark.parametrize("bad", [candle(300, close="9"), candle(300, low="0"), candle(300, volume="-1")])
def test_a_candle_that_is_none_is_refused(feed: ProductFeed, bad: CandleRow) -> None:
    with pytest.raises(ValueError):
        feed.bars([bad])
