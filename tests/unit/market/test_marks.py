"""Marks: the mid, else the last trade, with source and age; nothing is guessed."""

from decimal import Decimal

from tradewind.market.marks import MarkCache, MarkSource
from tradewind.model.market_events import QuoteTick, TradePrint
from tradewind.model.orders import Side


def quote(bid: int, ask: int, ts_ns: int = 10, size: int = 1) -> QuoteTick:
    return QuoteTick("BTC-USD", ts_ns, bid, size, ask, size)


def trade(price: int, ts_ns: int = 5) -> TradePrint:
    return TradePrint("BTC-USD", ts_ns, Side.BUY, price, 1)


def test_nothing_known_is_no_mark() -> None:
    assert MarkCache().mark("BTC-USD", 0) is None


def test_the_mid_comes_before_the_last_trade_and_is_exact() -> None:
    cache = MarkCache()
    cache.on_trade(trade(90))
    cache.on_quote(quote(100, 101))
    mark = cache.mark("BTC-USD", 17)
    assert mark is not None
    assert (mark.price, mark.source, mark.ts_ns, mark.age_ns) == (Decimal("100.5"), MarkSource.MID, 10, 7)


def test_a_crossed_or_one_sided_quote_falls_back_to_the_trade() -> None:
    for bad in (quote(101, 100), quote(100, 100), quote(100, 101, size=0)):
        cache = MarkCache()
        cache.on_trade(trade(90))
        cache.on_quote(quote(100, 102))
        cache.on_quote(bad)
        mark = cache.mark("BTC-USD", 17)
        assert mark is not None
        assert (mark.price, mark.source, mark.age_ns) == (Decimal(90), MarkSource.TRADE, 12)


def test_a_stale_book_gives_no_mid() -> None:
    cache = MarkCache()
    cache.on_quote(quote(100, 102))
    cache.drop_book("BTC-USD")
    assert cache.mark("BTC-USD", 17) is None


def test_the_window_keeps_changes_and_is_bounded() -> None:
    cache = MarkCache(window_marks=2)
    for ts_ns, ask in ((1, 102), (2, 102), (3, 104), (4, 106)):
        cache.on_quote(quote(100, ask, ts_ns))
    assert cache.window("BTC-USD", 0) == ((3, Decimal(102)), (4, Decimal(103)))
    assert cache.window("BTC-USD", 4) == ((4, Decimal(103)),)
