"""Mids of quotes and books, moment by moment."""

from tradewind.app.tick_data import mids
from tradewind.model.market_events import BookSnapshot, LevelUpdate, QuoteTick
from tradewind.model.orders import Side


def test_mids_follow_quotes() -> None:
    quotes = [QuoteTick("X", 1, 10, 5, 13, 5), QuoteTick("X", 2, 13, 5, 13, 5), QuoteTick("X", 3, 12, 5, 14, 5)]
    assert mids(quotes) == [(1, 11), (3, 13)]


def test_mids_follow_a_book_and_one_moment_has_one() -> None:
    events = [
        BookSnapshot("X", 1, ((10, 5),), ((14, 5),)),
        LevelUpdate("X", 2, Side.BUY, 12, 3),
        LevelUpdate("X", 2, Side.SELL, 14, 0),
        LevelUpdate("X", 3, Side.SELL, 16, 1),
    ]
    assert mids(events) == [(1, 12), (2, 13), (3, 14)]
