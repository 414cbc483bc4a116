"""Ids that look random and are not: a number, mixed by a key from the seed, written as a UUID.

The mixing can be undone, so an id needs no table to be found again, and ids of the same seed are the same in every run.
"""

from hashlib import blake2b

_BITS = 122
_MASK = (1 << _BITS) - 1


class IdStream:
    """UUIDs of version 4's form for 0, 1, 2, ...; one stream per kind of thing."""

    __slots__ = ("_add", "_multiply", "_undo")

    def __init__(self, seed: int, label: str) -> None:
        key = int.from_bytes(blake2b(f"{seed}:{label}".encode(), digest_size=32).digest(), "big")
        self._multiply = (key & _MASK) | 1
        self._add = key >> _BITS & _MASK
        self._undo = pow(self._multiply, -1, 1 << _BITS)

    def text(self, number: int) -> str:
        """Return the id of the `number`-th thing."""
        mixed = (number * self._multiply + self._add) & _MASK
        high, middle, low = mixed >> 74, mixed >> 62 & 0xFFF, mixed & (1 << 62) - 1
        digits = f"{high:012x}4{middle:03x}{low | 1 << 63:016x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def number(self, text: str) -> int | None:
        """Return which thing has this id; None for a text that is no id of this stream's form."""
        digits = text.replace("-", "")
        try:
            value = int(digits, 16)
        except ValueError:
            return None
        mixed = value >> 80 << 74 | (value >> 64 & 0xFFF) << 62 | value & (1 << 62) - 1
        number = (mixed - self._add) * self._undo & _MASK
        return number if number < 1 << 62 and self.text(number) == text else None
