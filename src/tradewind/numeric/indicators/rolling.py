"""Windows that slide by one bar in constant time: a sum, and an extreme."""

from collections import deque

RESUM_BARS = 4096
"""Float sums are taken afresh this often, so that rounding cannot pile up; int sums never need it."""


class RollingSum:
    """The sum of the last `length` values.

    A window of zeros sums to exactly zero, whatever rounding came before: a flat market must look flat.
    """

    __slots__ = ("_count", "_length", "_missing", "_ring", "_zeros", "total")

    def __init__(self, length: int) -> None:
        self._length = length
        self._ring: deque[float] = deque(maxlen=length)
        self._missing = length
        self._count = 0
        self._zeros = 0
        self.total: float = 0

    def push(self, value: float) -> float | None:
        """Return the new sum, or None until `length` values are in."""
        ring = self._ring
        if self._missing:
            self._missing -= 1
            self.total += value
        else:
            self.total += value - ring[0]
        ring.append(value)
        if not value:
            self._zeros += 1
            if self._zeros >= self._length:
                self.total = 0
        elif self._zeros:
            self._zeros = 0
        self._count += 1
        if self._count == RESUM_BARS:
            self._count = 0
            self.total = in_order(ring)
        return None if self._missing else self.total


def in_order(values: deque[float]) -> float:
    """Return the sum from the oldest value to the newest, rounding as the kernels do.

    The built-in `sum` compensates for rounding since Python 3.12, so it may not be used here.
    """
    total: float = 0
    for value in values:
        total += value
    return total


class RollingMaximum:
    """The largest of the last `length` values, from a deque that only ever falls."""

    __slots__ = ("_falling", "_length", "_ring")

    def __init__(self, length: int) -> None:
        self._length = length
        self._ring: deque[float] = deque(maxlen=length)
        self._falling: deque[float] = deque()

    def push(self, value: float) -> float | None:
        """Return the new maximum, or None until `length` values are in."""
        ring, falling = self._ring, self._falling
        if len(ring) == self._length and ring[0] == falling[0]:
            falling.popleft()
        ring.append(value)
        while falling and falling[-1] < value:
            falling.pop()
        falling.append(value)
        return falling[0] if len(ring) == self._length else None


class RollingMinimum:
    """The smallest of the last `length` values, from a deque that only ever rises."""

    __slots__ = ("_length", "_ring", "_rising")

    def __init__(self, length: int) -> None:
        self._length = length
        self._ring: deque[float] = deque(maxlen=length)
        self._rising: deque[float] = deque()

    def push(self, value: float) -> float | None:
        """Return the new minimum, or None until `length` values are in."""
        ring, rising = self._ring, self._rising
        if len(ring) == self._length and ring[0] == rising[0]:
            rising.popleft()
        ring.append(value)
        while rising and rising[-1] > value:
            rising.pop()
        rising.append(value)
        return rising[0] if len(ring) == self._length else None
