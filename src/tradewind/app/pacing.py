"""The one place with a clock: market time let pass at recorded speed, accelerated, or as fast as possible (SPEC D8)."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from types import FrameType
from typing import Protocol

from tradewind.model.errors import ConfigError

SLICE_S = 0.2
NS = 1_000_000_000


class Clock(Protocol):
    """Real time, or a test's."""

    def now_s(self) -> float:
        """Return seconds since some fixed moment."""
        ...

    def wait(self, seconds: float, interrupted: threading.Event) -> None:
        """Return after `seconds`, or as soon as `interrupted` is set."""
        ...


class SystemClock:
    """The machine's monotonic clock."""

    def now_s(self) -> float:
        return time.monotonic()

    def wait(self, seconds: float, interrupted: threading.Event) -> None:
        interrupted.wait(seconds)


class Pacer:
    """Holds market time to the clock: an event `dt` after the first one is due `dt / speed` after the start.

    `speed` None never waits. Whoever falls behind is not made up for: time goes on from there. `seconds_max` count from
    the first event, too: what comes before it, such as a warm-up, is no part of them.
    """

    def __init__(self, clock: Clock, stop: threading.Event, speed: float | None, seconds_max: float | None) -> None:
        self.clock = clock
        self.stop = stop
        self.speed = speed
        self.started_s = clock.now_s()
        self._seconds_max = seconds_max
        self._first_ns: int | None = None
        self._first_s = self.started_s

    def until(self, ts_ns: int, meanwhile: Callable[[], None]) -> bool:
        """Return True when market time may be `ts_ns`, False when the session is to end; `meanwhile` runs in waits."""
        if self._first_ns is None:
            self._first_ns, self._first_s = ts_ns, self.clock.now_s()
        while not self.stop.is_set():
            now_s = self.clock.now_s()
            if self._seconds_max is not None and now_s - self._first_s >= self._seconds_max:
                return False
            missing_s = self._missing_s(ts_ns, now_s)
            if missing_s <= 0:
                return True
            self.clock.wait(min(missing_s, SLICE_S), self.stop)
            meanwhile()
        return False

    def elapsed_s(self) -> float:
        """Return how long the session has lasted."""
        return self.clock.now_s() - self.started_s

    def _missing_s(self, ts_ns: int, now_s: float) -> float:
        if self.speed is None or self._first_ns is None:
            return 0.0
        return self._first_s + (ts_ns - self._first_ns) / NS / self.speed - now_s


def speed_of(text: str) -> float | None:
    """Return how many times faster than the market `recorded`, `max` (None) or a number is.

    Raises  ConfigError for anything else.
    """
    if text == "recorded":
        return 1.0
    if text == "max":
        return None
    try:
        speed = Decimal(text)
    except InvalidOperation:
        speed = Decimal(0)
    if not speed.is_finite() or speed <= 0:
        raise ConfigError(f"paper.speed must be recorded, max or a number above 0, was {text!r}")
    return float(speed)


@contextmanager
def stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Let SIGINT and SIGTERM set `stop`; a second SIGINT interrupts at once. Only in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, _frame: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
