"""One session per venue account: whoever holds the lock on the account's folder trades, a second one refuses (T7, I46).

The folder says whose it is. A state file of another account, venue or mode is refused before anything is read of it.
"""

import fcntl
import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from tradewind.model.errors import ConfigError, StateError
from tradewind.storage.atomic import write_bytes

LOCK_FILE = "lease.lock"
IDENTITY_FILE = "account.json"
LAYOUT = 1
DIGITS = 12


class AccountIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Whose state a folder holds: the venue, where it is, and the account there. No secret is part of it."""

    venue: str
    endpoint: str
    account: str
    mode: str = "live"
    layout: int = LAYOUT

    @property
    def name(self) -> str:
        """Return the folder's name: readable, and different for every account."""
        told = f"{self.venue}\n{self.endpoint}\n{self.account}\n{self.mode}".encode()
        return f"{self.mode}-{self.venue}-{hashlib.blake2b(told, digest_size=DIGITS // 2).hexdigest()}"


class Lease:
    """The right to trade an account, held by this process until it ends or lets go."""

    def __init__(self, folder: Path, handle: int) -> None:
        self.folder = folder
        self._handle = handle
        self._name = str(folder / LOCK_FILE)  # asked for with every order
        self._mine = _identity(os.fstat(handle))  # of an open file it never changes

    @classmethod
    def take(cls, root: Path, identity: AccountIdentity) -> Self:
        """Return the lease of the account; its folder is made when there is none.

        Raises  StateError while another process holds it, ConfigError when the folder is another account's.
        """
        folder = root / identity.name
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock(handle, folder)
            _own(folder, identity)
        except BaseException:
            os.close(handle)
            raise
        return cls(folder, handle)

    @property
    def is_held(self) -> bool:
        """Whether orders may be sent: the lock is held, and its file is still the one that others would lock (I46)."""
        if self._handle < 0:
            return False
        try:
            return _identity(os.stat(self._name)) == self._mine
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Let go; a second call does nothing."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def holder(folder: Path) -> int | None:
    """Return the process id of whoever trades the account now, None when nobody does."""
    try:
        handle = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid(handle)
    finally:
        os.close(handle)
    return None


def _identity(file: os.stat_result) -> tuple[int, int]:
    return file.st_dev, file.st_ino


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StateError(
            f"process {_pid(handle)} trades this account already ({folder}): stop that session first, "
            "or look at it with `tradewind status`"
        ) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)


def _pid(handle: int) -> int:
    text = os.pread(handle, 32, 0).strip()
    return int(text) if text.isdigit() else 0


def _own(folder: Path, identity: AccountIdentity) -> None:
    path = folder / IDENTITY_FILE
    if not path.exists():
        write_bytes(path, msgspec.json.encode(identity) + b"\n")
        return
    try:
        found = msgspec.json.decode(path.read_bytes(), type=AccountIdentity)
    except msgspec.DecodeError as error:
        raise StateError(f"{path} cannot be read ({error}): restore it from a backup; nothing was started") from None
    if found != identity:
        raise ConfigError(
            f"{folder} holds the state of another account ({found.venue} {found.account}, {found.mode}, layout "
            f"{found.layout}): use the home folder that belongs to {identity.account}"
        )
