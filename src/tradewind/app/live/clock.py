"""Engine time of a live session: UTC nanoseconds that never go backwards, whatever the machine's clock does (I38)."""

import time
from collections.abc import Callable
from typing import Protocol


class LiveTime(Protocol):
    """What a session reads: `now_ns` is engine time, `elapsed_s` is monotonic and only for waiting and ages."""

    def now_ns(self) -> int: ...

    def elapsed_s(self) -> float: ...


class SessionClock:
    """Wall time at the start, moved on by the monotonic clock; `not_before_ns` is where a journal ended.

    Corrections of the wall clock while the session runs change nothing: the venue's own time is measured apart, and
    tokens are made with that.
    """

    def __init__(
        self,
        not_before_ns: int = 0,
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._monotonic_ns = monotonic_ns
        self._start_ns = max(wall_ns(), not_before_ns + 1)
        self._zero_ns = monotonic_ns()

    def now_ns(self) -> int:
        return self._start_ns + self._monotonic_ns() - self._zero_ns

    def elapsed_s(self) -> float:
        return (self._monotonic_ns() - self._zero_ns) / 1e9
