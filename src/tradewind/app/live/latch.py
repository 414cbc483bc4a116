"""The kill switch: a file that, while it is there, lets no opening order through the last gate (K7, I20).

It survives restarts, needs nothing else of the program, and anybody who may write the folder can set it, whether the
bot runs or not. Only an operator takes it away.
"""

import os
from pathlib import Path

import msgspec

from tradewind.model.errors import StateError
from tradewind.storage.atomic import sync, write_bytes

LATCH_FILE = "halted.json"


class Tripped(msgspec.Struct, frozen=True):
    """Why, when and by whom trading was stopped."""

    reason: str
    ts_ns: int
    by: str


class Latch:
    """The latch of one account's folder. `is_set` asks the disk each time: that is what makes it a last gate."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LATCH_FILE
        self._name = str(self.path)  # asked for with every order
        self._tripped_here = False

    @property
    def is_set(self) -> bool:
        """Whether trading is stopped; once tripped in this process it stays so, even if the disk fails."""
        return self._tripped_here or os.path.lexists(self._name)

    def trip(self, reason: str, ts_ns: int, by: str) -> Tripped:
        """Stop trading, durably, and return what is written; the first reason is kept.

        Raises  StateError when it cannot be written: then trading is stopped only for as long as this process lives.
        """
        self._tripped_here = True
        if os.path.lexists(self.path):
            return self.read() or Tripped(reason, ts_ns, by)
        tripped = Tripped(reason, ts_ns, by)
        try:
            write_bytes(self.path, msgspec.json.encode(tripped) + b"\n", overwrite=True)
        except OSError as error:
            raise StateError(
                f"the latch {self.path} cannot be written ({error}): this stop ends with this process; mend the disk, "
                "and halt again"
            ) from None
        return tripped

    def read(self) -> Tripped | None:
        """Return why trading is stopped, None when it is not; an unreadable latch stops as well."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return msgspec.json.decode(data, type=Tripped)
        except msgspec.DecodeError:
            return Tripped("the latch cannot be read, so it counts as set", 0, "unreadable file")

    def release(self) -> None:
        """Let trading go on: an operator's act.

        Raises  StateError when the file cannot be taken away.
        """
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise StateError(f"{self.path} cannot be removed ({error}): trading stays stopped") from None
        sync(self.path.parent)
        self._tripped_here = False
