"""A journal read back: its session, its entries in order, and where and why it ends.

An incomplete tail, as a crash leaves it, is cut and reported. Anything else that is not as written is damage and
raises: a record in the middle may hold an order that was sent, so nobody may go on without it (I25).
"""

import mmap
import os
from collections import deque
from collections.abc import Iterator
from itertools import chain, pairwise
from pathlib import Path
from typing import BinaryIO

import msgspec

from tradewind.model.codec import decode_entries
from tradewind.model.entries import Checkpoint, Closed, Entry, Intended
from tradewind.model.errors import StateError
from tradewind.storage.journal.layout import (
    CHAIN_BYTES,
    FOOT_BYTES,
    GROUP,
    HEAD_BYTES,
    MAGIC,
    MARKER,
    SESSION,
    SessionHeader,
    chain_start,
    decode_session,
    is_intact,
    link,
    read_head,
    unpack,
)

SECTOR_BYTES = 512
# Fewer zeros than this at the edge of a sector may be part of what was written.
ZEROS_MIN = CHAIN_BYTES


class JournalEnd(msgspec.Struct, frozen=True):
    """Where a journal ends: the intact records, entries and events, the offset behind them, and what was cut."""

    records: int
    entries: int
    events: int
    offset: int
    dropped: int
    closed: Closed | None
    chain: bytes
    message: str


class JournalReader:
    """The entries of one journal, streamed. `session` is None when even that is cut; `end` comes last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.session: SessionHeader | None = None
        self.end: JournalEnd | None = None
        self._offset = 0
        self._chain = chain_start()
        self._records = 0
        self._entries = 0
        self._events = 0
        self._closed: Closed | None = None
        self._groups = self._walk()
        next(self._groups, None)  # the session's record comes first

    def __iter__(self) -> Iterator[Entry]:
        """Return the entries, oldest first, once.

        Raises  StateError naming the offset of the first damaged record.
        """
        return chain.from_iterable(self._groups)

    def finish(self) -> JournalEnd:
        """Return where the journal ends, after reading what is left of it."""
        deque(self._groups, maxlen=0)
        if self.end is None:
            raise StateError(f"{self.path}: reading stopped before the end: read it again from the start")
        return self.end

    def _walk(self) -> Iterator[list[Entry]]:
        """Yield an empty group once the session is known, then the entries of each intact group."""
        with self.path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            for content in self._contents(file, size):
                if self.session is None:
                    self.session = decode_session(content)
                    yield []
                else:
                    yield self._count(decode_entries(content))
        self.end = JournalEnd(
            records=self._records,
            entries=self._entries,
            events=self._events,
            offset=self._offset,
            dropped=size - self._offset,
            closed=self._closed,
            chain=self._chain,
            message=self._message(size - self._offset),
        )

    def _contents(self, file: BinaryIO, size: int) -> Iterator[bytes]:
        """Yield the contents of the intact frames; return where an incomplete tail begins."""
        magic = file.read(len(MAGIC))
        if magic != MAGIC[: len(magic)]:
            raise StateError(f"{self.path} is no journal of this version: check its name, or use the version it is of")
        if len(magic) < len(MAGIC):
            return
        self._offset = len(MAGIC)
        while self._offset < size:
            frame = _read_frame(file, self._chain, GROUP if self._records else SESSION)
            if frame is None:
                self._cut_or_raise(file, size)
                return
            length, self._chain, content = frame
            self._offset += length
            self._records += 1
            yield content

    def _count(self, entries: list[Entry]) -> list[Entry]:
        self._entries += len(entries)
        self._events += sum(1 for each in entries if not isinstance(each, Intended | Checkpoint | Closed))
        if entries and isinstance(entries[-1], Closed):
            self._closed = entries[-1]
        return entries

    def _cut_or_raise(self, file: BinaryIO, size: int) -> None:
        """Return when what begins here is an incomplete tail; raise StateError when it is damage."""
        file.seek(self._offset)
        later = _intact_frame_after(file, self._offset, size)
        if later is None and _is_unfinished(file, self._offset, size):
            return
        behind = "" if later is None else f", and intact ones follow from byte {later}"
        raise StateError(
            f"journal {self.path} is damaged: record {self._records} at byte {self._offset} is not as it was written"
            f"{behind}. Do not trade on it: restore it from a backup; what lies before is intact"
        )

    def _message(self, dropped: int) -> str:
        kept = f"{self._records} records with {self._events} events are kept"
        if dropped:
            return (
                f"journal {self.path.name} breaks off at byte {self._offset}: "
                f"{dropped} bytes of an unfinished record were cut, {kept}"
            )
        if self._closed is None:
            return f"journal {self.path.name} has no closing record: the session was cut off, {kept}"
        return f"journal {self.path.name} is whole: {kept}"


def read_journal(path: Path) -> JournalReader:
    """Return a reader of the journal at `path`.

    Raises  StateError when there is none, or when it is damaged where the session's record is.
    """
    try:
        return JournalReader(path)
    except FileNotFoundError:
        raise StateError(f"there is no journal {path}: `tradewind runs` lists the runs that have one") from None


def _read_frame(file: BinaryIO, before: bytes, kind: int) -> tuple[int, bytes, bytes] | None:
    """Return (length, chain, content) of the frame at the file's position; None when it is not as written."""
    words = file.read(HEAD_BYTES)
    head = read_head(words) if len(words) == HEAD_BYTES else None
    if head is None or head.kind != kind:
        return None
    body = file.read(head.length + FOOT_BYTES)
    payload = body[: head.length]
    if not is_intact(head, body) or body[-CHAIN_BYTES:] != (after := link(before, words, payload)):
        return None
    return head.frame_bytes, after, unpack(head, payload)


def _intact_frame_after(file: BinaryIO, offset: int, size: int) -> int | None:
    """Return where the next intact frame behind `offset` begins: what was written before it had been made durable."""
    with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as data:
        place = data.find(MARKER, offset + 1)
        while 0 <= place <= size - HEAD_BYTES:
            head = read_head(data[place : place + HEAD_BYTES])
            if head is not None and is_intact(head, data[place + HEAD_BYTES : place + head.frame_bytes]):
                return place
            place = data.find(MARKER, place + 1)
    return None


def _is_unfinished(file: BinaryIO, offset: int, size: int) -> bool:
    """Return whether the last frame was never written in full: it runs past the end, or a sector of it is zero."""
    file.seek(offset)
    data = file.read(size - offset)
    head = read_head(data) if len(data) >= HEAD_BYTES else None
    if len(data) < HEAD_BYTES or (head is not None and head.frame_bytes > len(data)) or not any(data):
        return True
    edges = [offset, *range(offset - offset % SECTOR_BYTES + SECTOR_BYTES, size, SECTOR_BYTES), size]
    sectors = [data[start - offset : stop - offset] for start, stop in pairwise(edges)]
    return any(len(sector) >= ZEROS_MIN and not any(sector) for sector in sectors)
