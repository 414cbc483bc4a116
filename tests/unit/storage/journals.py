"""Small journals for tests: a header, entries that compare, and files written with known contents."""

from pathlib import Path

from tradewind.model.answers import OrderAccepted
from tradewind.model.entries import Checkpoint, Closed, Entry
from tradewind.model.market_events import Bar
from tradewind.storage.journal.layout import SessionHeader
from tradewind.storage.journal.reader import read_journal
from tradewind.storage.journal.writer import Journal

HEADER = SessionHeader(session="s-1", mode="paper", created_at_ns=1, code_version="0", engine={"cash": "1.50"})
MINUTE_NS = 60_000_000_000


def bar(number: int) -> Bar:
    """Return the bar that ends at minute `number`."""
    return Bar("BTC-USD", number * MINUTE_NS, MINUTE_NS, 100, 110 + number, 90, 105, 7 * number)


def entries(count: int) -> list[Entry]:
    """Return bars and answers in turn."""
    return [bar(number) if number % 3 else OrderAccepted(f"o-{number}", number, number) for number in range(count)]


CLOSED = Closed(9, 9 * MINUTE_NS, "5" * 32, "a" * 32, "d" * 32)
CHECKPOINT = Checkpoint(3, 3 * MINUTE_NS, "5" * 32)


def written(path: Path, groups: list[list[Entry]], *, closed: bool = True) -> bytes:
    """Return the bytes of a journal at `path` with each of the groups in a record of its own."""
    with Journal.create(path, HEADER) as journal:
        for group in groups:
            for entry in group:
                journal.append(entry)
            journal.wait(journal.commit())
        if closed:
            journal.append(CLOSED)
    return path.read_bytes()


def kept(path: Path) -> list[Entry]:
    """Return the entries that can be read."""
    return list(read_journal(path))
