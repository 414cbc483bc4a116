"""The book: levels, states and numbers, against a plain dict kept beside it."""

import random

import pytest

from tradewind.market.book import Book, BookState
from tradewind.model.market_events import BookSnapshot, LevelUpdate
from tradewind.model.orders import Side

ONE = "BTC-USD"


def snapshot(sequence: int = 10) -> BookSnapshot:
    return BookSnapshot(ONE, 1, ((99, 5), (100, 2), (98, 7)), ((103, 1), (102, 4)), sequence)


def update(side: Side, price: int, size: int, sequence: int = 0) -> LevelUpdate:
    return LevelUpdate(ONE, 2, side, price, size, sequence)


def valid_book(*, contiguous: bool = False) -> Book:
    book = Book(ONE, contiguous=contiguous)
    book.on_snapshot(snapshot())
    return book


def test_an_empty_book_knows_nothing_and_takes_no_update() -> None:
    book = Book(ONE)
    assert book.state is BookState.EMPTY
    assert not book.on_update(update(Side.BUY, 100, 1))
    assert (book.best_bid, book.best_ask, book.mid_half_units, book.spread, book.quote()) == (None,) * 5
    assert not book.usable
    book.mark_stale()
    assert book.state is BookState.EMPTY


def test_a_snapshot_gives_best_prices_depth_and_the_exact_mid() -> None:
    book = valid_book()
    assert book.usable
    assert (book.best_bid, book.best_ask, book.spread, book.mid_half_units) == (100, 102, 2, 202)
    assert book.depth(Side.BUY, 2) == [(100, 2), (99, 5)]
    assert book.depth(Side.SELL, 9) == [(102, 4), (103, 1)]
    assert book.depth(Side.SELL, 0) == []
    assert (book.size_at(Side.BUY, 98), book.size_at(Side.SELL, 98)) == (7, 0)


def test_updates_set_add_and_remove_levels() -> None:
    book = valid_book()
    book.on_update(update(Side.BUY, 101, 3))
    assert book.best_bid == 101
    book.on_update(update(Side.BUY, 101, 0))
    book.on_update(update(Side.BUY, 99, 0))
    book.on_update(update(Side.BUY, 55, 0))
    book.on_update(update(Side.SELL, 102, 9))
    assert book.depth(Side.BUY, 5) == [(100, 2), (98, 7)]
    assert book.depth(Side.SELL, 1) == [(102, 9)]


def test_a_gap_in_contiguous_numbers_makes_the_book_stale_until_a_snapshot() -> None:
    book = valid_book(contiguous=True)
    assert book.on_update(update(Side.BUY, 100, 3, 11))
    assert book.on_update(update(Side.BUY, 99, 3, 11)), "another level of the same message"
    assert not book.on_update(update(Side.BUY, 100, 0, 13))
    assert (book.state, book.gaps, book.usable, book.best_bid) == (BookState.STALE, 1, False, 100)
    assert not book.on_update(update(Side.BUY, 100, 0, 12)), "a stale book changes nothing"
    assert book.mid_half_units is None
    book.on_snapshot(snapshot(20))
    assert (book.state, book.sequence, book.size_at(Side.BUY, 100)) == (BookState.VALID, 20, 2)


def test_a_late_number_is_counted_and_ignored() -> None:
    book = valid_book()
    assert book.on_update(update(Side.SELL, 102, 1, 15)), "numbers may skip where they are not contiguous"
    assert not book.on_update(update(Side.SELL, 102, 8, 14))
    assert (book.late, book.size_at(Side.SELL, 102)) == (1, 1)


@pytest.mark.parametrize("bid", [102, 103])
def test_a_locked_or_crossed_book_prices_nothing(bid: int) -> None:
    book = valid_book()
    book.on_update(update(Side.BUY, bid, 1))
    assert book.is_crossed
    assert not book.usable
    assert book.mid_half_units is None


def test_a_book_rebuilt_from_its_own_snapshot_is_equal() -> None:
    book = valid_book()
    again = Book(ONE)
    again.on_snapshot(book.snapshot())
    assert again.snapshot() == book.snapshot()
    assert again.quote() == book.quote()


def test_ten_thousand_updates_agree_with_a_plain_dict() -> None:
    chance = random.Random(7)
    book = Book(ONE)
    book.on_snapshot(BookSnapshot(ONE, 0, (), ()))
    plain: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}
    removed = 0
    for number in range(10_000):
        side = chance.choice((Side.BUY, Side.SELL))
        price, size = chance.randint(1, 60), chance.choice((0, 0, 1, 5))
        removed += plain[side].pop(price, None) is not None and size == 0
        if size:
            plain[side][price] = size
        book.on_update(update(side, price, size))
        if number % 50 == 0:
            assert book.depth(Side.BUY, 99) == sorted(plain[Side.BUY].items(), reverse=True)
            assert book.depth(Side.SELL, 99) == sorted(plain[Side.SELL].items())
            assert book.best_bid == max(plain[Side.BUY], default=None)
            assert book.level_count(Side.SELL) == len(plain[Side.SELL])
    assert removed > 1_000
