"""The journal's one writer: entries are handed over in order and made durable in groups, on a thread of its own.

    append(entry)       cheap: into a list; the order of appends is the order in the file
    commit()            hands over what was appended and returns its position; does not wait
    wait(position)      returns when everything up to the position is on the disk
    durable_up_to       the position that is on the disk by now

While one group is being synced the next one gathers, so the cost of a sync is shared by all that happened meanwhile.
"""

import fcntl
import os
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Condition, Thread
from types import TracebackType
from typing import Self

import msgspec

from tradewind.model.codec import encode_entries
from tradewind.model.entries import Entry
from tradewind.model.errors import StateError
from tradewind.storage.atomic import sync, write_bytes
from tradewind.storage.journal.layout import (
    GROUP,
    MAGIC,
    SESSION,
    SessionHeader,
    chain_start,
    encode_session,
    make_frame,
)
from tradewind.storage.journal.reader import JournalEnd, read_journal

# Large enough that a session run at full speed does not wait: each group costs the thread a few turns of the lock.
GROUP_MAX = 16_384
BACKLOG_MAX = 16 * GROUP_MAX


class Disk(msgspec.Struct, frozen=True):
    """The two calls that reach the disk, so that tests can make them fail, lie or stall."""

    write: Callable[[int, bytes], int] = os.write
    sync: Callable[[int], None] = os.fsync


class Journal:
    """An open journal. One thread appends and commits; any may wait. Use `create` or `resume`, and close it."""

    def __init__(self, path: Path, handle: int, end: JournalEnd, disk: Disk) -> None:
        self.path = path
        self._handle = handle
        self._disk = disk
        self._chain = end.chain
        self._size = end.offset
        self._open: list[Entry] = []
        self._queue: list[Entry] = []
        self._position = self._durable = end.entries
        self._waiting: list[tuple[int, Future[int]]] = []
        self._broken: BaseException | None = None
        self._closing = False
        self._changed = Condition()
        self.append = self._open.append
        self._thread = Thread(target=self._run, name=f"journal {path.name}", daemon=True)
        self._thread.start()

    @classmethod
    def create(cls, path: Path, session: SessionHeader, *, disk: Disk | None = None) -> Self:
        """Return a new journal at `path` that holds the session's record, durably.

        Raises  ConfigError when the file exists.
        """
        frame, _ = make_frame(SESSION, encode_session(session), chain_start())
        write_bytes(path, MAGIC + frame)
        return cls._take(path, disk or Disk())

    @classmethod
    def resume(cls, path: Path, *, disk: Disk | None = None) -> Self:
        """Return the journal at `path`, to be continued after what it holds; an incomplete tail is set aside.

        Raises  StateError when another process writes it, when it is damaged, or when its session was closed.
        """
        return cls._take(path, disk or Disk())

    @classmethod
    def _take(cls, path: Path, disk: Disk) -> Self:
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        try:
            _lock(handle, path)
            reader = read_journal(path)
            end = reader.finish()
            if reader.session is None:
                raise StateError(f"{path}: nothing can be continued: {end.message}")
            if end.closed is not None:
                raise StateError(f"{path}: its session was closed ({end.closed.reason}): start a new one")
            if end.dropped:
                _set_aside(path, handle, end)
        except BaseException:
            os.close(handle)
            raise
        return cls(path, handle, end, disk)

    # -- the appending thread -----------------------------------------------------------------------------------------

    def commit(self) -> int:
        """Hand over what was appended; return its position. Waits only when the disk is far behind.

        Raises  StateError when the journal can no longer be written.
        """
        with self._changed:
            self._check()
            while self._open and len(self._queue) >= BACKLOG_MAX:
                self._changed.wait()
                self._check()
            if self._open:
                self._queue.extend(self._open)
                self._position += len(self._open)
                self._open.clear()
                self._changed.notify_all()
            return self._position

    def wait(self, position: int | None = None, timeout_s: float | None = None) -> int:
        """Return when everything up to `position` (default: everything committed) is on the disk.

        Raises  StateError when it never will be, TimeoutError after `timeout_s`.
        """
        return self.durable(self._position if position is None else position).result(timeout_s)

    def durable(self, position: int) -> Future[int]:
        """Return a future that is done when everything up to `position` is on the disk; for event loops."""
        future: Future[int] = Future()
        with self._changed:
            if position > self._position:
                raise StateError(f"{self.path}: position {position} was never committed, only {self._position}")
            if self._durable >= position:
                future.set_result(self._durable)
            elif self._broken is not None:
                future.set_exception(_unwritable(self.path, self._broken))
            else:
                self._waiting.append((position, future))
        return future

    @property
    def uncommitted(self) -> int:
        """How many entries were appended since the last commit."""
        return len(self._open)

    @property
    def durable_up_to(self) -> int:
        """How many entries are on the disk."""
        return self._durable

    @property
    def size_bytes(self) -> int:
        """How long the durable part of the file is."""
        return self._size

    def close(self) -> None:
        """Make everything appended durable, then let go of the file. A second call does nothing.

        Raises  StateError when something could not be written.
        """
        if self._handle < 0:
            return
        with self._changed:
            self._queue.extend(self._open)
            self._position += len(self._open)
            self._open.clear()
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        os.close(self._handle)  # ends the lock
        self._handle = -1
        self._check()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check(self) -> None:
        if self._broken is not None:
            raise _unwritable(self.path, self._broken) from self._broken

    # -- the writing thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while group := self._next_group():
            try:
                frame, chain = make_frame(GROUP, encode_entries(group), self._chain)
                _write_all(self._disk, self._handle, frame)
                self._disk.sync(self._handle)
            except Exception as error:  # noqa: BLE001 - whoever commits or waits gets it: nobody is above a thread
                self._fail(error)
                return
            self._chain = chain
            self._size += len(frame)
            self._acknowledge(len(group))

    def _next_group(self) -> list[Entry]:
        with self._changed:
            while not self._queue and not self._closing:
                self._changed.wait()
            group = self._queue[:GROUP_MAX]
            del self._queue[:GROUP_MAX]
            return group

    def _acknowledge(self, count: int) -> None:
        with self._changed:
            self._durable += count
            done = [future for position, future in self._waiting if position <= self._durable]
            self._waiting = [each for each in self._waiting if each[0] > self._durable]
            self._changed.notify_all()
        for future in done:
            if future.set_running_or_notify_cancel():  # whoever waited may have given up
                future.set_result(self._durable)

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._broken = error
            waiting, self._waiting = self._waiting, []
            self._changed.notify_all()
        for _, future in waiting:
            if future.set_running_or_notify_cancel():
                future.set_exception(_unwritable(self.path, error))


def _lock(handle: int, path: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StateError(f"{path} is being written by another process: stop that one, or start a new session") from None


def is_being_written(path: Path) -> bool:
    """Return whether a process has the journal open for writing."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _set_aside(path: Path, handle: int, end: JournalEnd) -> None:
    """Keep the incomplete tail as evidence beside the journal, then cut it off."""
    tail = os.pread(handle, end.dropped, end.offset)
    write_bytes(path.with_name(f"{path.name}.tail-{end.offset}"), tail, overwrite=True)
    os.ftruncate(handle, end.offset)
    os.fsync(handle)
    sync(path.parent)


def _write_all(disk: Disk, handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[disk.write(handle, bytes(view)) :]


def _unwritable(path: Path, error: BaseException) -> StateError:
    return StateError(
        f"journal {path} cannot be written ({error}): send nothing new; free space or repair the disk, then restart"
    )
