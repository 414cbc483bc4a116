"""Snapshot and messages in every order of arrival: applied when they bridge, stale when something is missing."""

import pytest

from tradewind.market.book import Book, BookState
from tradewind.market.depth import Chain, DepthMessage, DepthStream, book_events, replay_check
from tradewind.model.market_events import BookSnapshot, LevelUpdate, QuoteTick
from tradewind.model.orders import Side

ONE = "BTC-USD"


def snapshot(last_id: int) -> BookSnapshot:
    return BookSnapshot(ONE, 1, ((100, 1),), ((102, 1),), last_id)


def message(first_id: int, last_id: int, bid_size: int = 5, previous_id: int | None = None) -> DepthMessage:
    return DepthMessage(last_id, first_id, last_id, ((100, bid_size),), (), previous_id)


def stream(chain: Chain = Chain.CONTIGUOUS) -> DepthStream:
    return DepthStream(Book(ONE), chain)


def test_messages_before_the_snapshot_wait_and_those_it_holds_are_dropped() -> None:
    depth = stream()
    assert not depth.on_message(message(1, 4, 7))
    assert not depth.on_message(message(5, 9, 8))
    assert not depth.on_message(message(10, 12, 9))
    assert depth.needs_snapshot
    assert depth.on_snapshot(snapshot(6))
    assert (depth.book.size_at(Side.BUY, 100), depth.last_id, depth.needs_snapshot) == (9, 12, False)


def test_the_first_message_must_bridge_the_snapshot() -> None:
    depth = stream()
    depth.on_message(message(8, 9))
    assert not depth.on_snapshot(snapshot(6)), "7 is missing"
    assert (depth.book.state, depth.needs_snapshot) == (BookState.EMPTY, True)
    assert depth.on_snapshot(snapshot(7))
    assert depth.last_id == 9


def test_a_missing_message_makes_the_book_stale_until_a_new_snapshot_bridges() -> None:
    depth = stream()
    depth.on_snapshot(snapshot(6))
    assert depth.on_message(message(7, 8))
    assert not depth.on_message(message(10, 11, 3))
    assert (depth.book.state, depth.book.gaps) == (BookState.STALE, 1)
    assert not depth.on_message(message(12, 13, 4))
    assert depth.on_snapshot(snapshot(9))
    assert (depth.last_id, depth.book.size_at(Side.BUY, 100)) == (13, 4)


def test_a_message_sent_twice_is_counted_and_changes_nothing() -> None:
    depth = stream()
    depth.on_snapshot(snapshot(6))
    depth.on_message(message(7, 8, 5))
    assert not depth.on_message(message(7, 8, 9))
    assert (depth.duplicates, depth.book.size_at(Side.BUY, 100)) == (1, 5)


def test_linked_numbers_follow_the_previous_id() -> None:
    depth = stream(Chain.LINKED)
    depth.on_snapshot(snapshot(6))
    assert depth.on_message(message(5, 9, previous_id=4))
    assert depth.on_message(message(20, 29, previous_id=9))
    assert not depth.on_message(message(40, 41, previous_id=33))
    assert depth.needs_snapshot


def test_a_snapshot_between_two_skipping_messages_needs_no_bridge_when_both_were_received() -> None:
    depth = stream(Chain.INCREASING)
    depth.on_message(message(1, 4))
    depth.on_message(message(9, 12, 8))
    assert depth.on_snapshot(snapshot(6))
    assert (depth.last_id, depth.book.size_at(Side.BUY, 100)) == (12, 8)
    alone = stream(Chain.INCREASING)
    alone.on_message(message(9, 12, 8))
    assert not alone.on_snapshot(snapshot(6)), "what came before 9 is unknown"


def test_a_disconnect_forgets_the_buffer() -> None:
    depth = stream()
    depth.on_snapshot(snapshot(6))
    depth.on_disconnect()
    assert depth.book.state is BookState.STALE
    assert depth.on_snapshot(snapshot(100))


@pytest.mark.parametrize(("recorded_size", "equal"), [(5, 1), (6, 0)])
def test_replay_check_counts_what_can_be_compared(recorded_size: int, equal: int) -> None:
    feed = [message(1, 2), snapshot(4), message(5, 6), message(7, 8, 1)]
    recorded = {6: QuoteTick(ONE, 0, 100, recorded_size, 102, 1), 7: QuoteTick(ONE, 0, 1, 1, 2, 1)}
    found = replay_check(ONE, feed, recorded)
    assert (found.messages, found.applied, found.books, found.comparable, found.equal) == (4, 2, 3, 1, equal)
    assert found.passed is bool(equal)
    assert bool(found.first_difference) is not bool(equal)


def test_book_events_rebuild_the_streams_book_without_buffering() -> None:
    feed = [
        message(1, 2),
        message(3, 6, 8),
        snapshot(4),
        message(7, 9, 2),
        message(11, 12),
        message(13, 14, 6),
        snapshot(12),
    ]
    events = list(book_events(ONE, feed))
    assert events == [
        BookSnapshot(ONE, 1, ((100, 8),), ((102, 1),), 6),
        LevelUpdate(ONE, 9, Side.BUY, 100, 2, 9),
        BookSnapshot(ONE, 12, (), (), 12),
        BookSnapshot(ONE, 1, ((100, 6),), ((102, 1),), 14),
    ]


def test_replay_check_counts_crossed_books() -> None:
    crossing = DepthMessage(9, 5, 6, ((103, 1),), ())
    found = replay_check(ONE, [snapshot(4), crossing, message(7, 7)])
    assert (found.books, found.crossed, found.passed) == (3, 2, False)
