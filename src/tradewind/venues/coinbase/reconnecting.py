"""When to connect again, why a connection ended, and how many connections a process may open.

Waiting grows with each failure up to a cap and is spread by chance, so that many clients do not come back in step; it
never gives up. The budget is shared by every stream of the process.
"""

from collections import deque
from enum import Enum

import msgspec

SECOND_NS = 1_000_000_000


class CloseKind(Enum):
    """What a close code says."""

    NORMAL = "normal"
    GOING_AWAY = "going away"
    PROTOCOL = "protocol error"
    POLICY = "policy"
    TOO_BIG = "message too big"
    SERVER = "server error"
    RESTART = "restart"
    OVERLOADED = "try later"
    DROPPED = "dropped"
    UNEXPECTED = "unexpected"


CODES = {
    1000: CloseKind.NORMAL,
    1001: CloseKind.GOING_AWAY,
    1002: CloseKind.PROTOCOL,
    1003: CloseKind.PROTOCOL,
    1006: CloseKind.DROPPED,
    1007: CloseKind.PROTOCOL,
    1008: CloseKind.POLICY,
    1009: CloseKind.TOO_BIG,
    1011: CloseKind.SERVER,
    1012: CloseKind.RESTART,
    1013: CloseKind.OVERLOADED,
}
SLOW_DOWN = frozenset({CloseKind.POLICY, CloseKind.OVERLOADED})


class Closed(msgspec.Struct, frozen=True):
    """Why a connection ended, or was not made (`code` is None)."""

    kind: CloseKind
    code: int | None = None
    text: str = ""

    @property
    def reason(self) -> str:
        """Return it in words."""
        code = "" if self.code is None else f" ({self.code})"
        return f"{self.kind.value}{code}{': ' if self.text else ''}{self.text}"


def closed_by(code: int | None, text: str = "") -> Closed:
    """Return what a close code means; a connection without one was dropped."""
    if code is None:
        return Closed(CloseKind.DROPPED, None, text)
    return Closed(CODES.get(code, CloseKind.UNEXPECTED), code, text)


class Backoff(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait after so many failures in a row."""

    first_s: float = 0.5
    factor: float = 2.0
    cap_s: float = 30.0

    def delay_s(self, failures: int, chance: float) -> float:
        """Return the wait after `failures` in a row; `chance` in [0, 1) spreads it over its upper half."""
        if failures <= 0:
            return 0.0
        steps = min(failures - 1, 32)
        return min(self.cap_s, self.first_s * self.factor**steps) * (0.5 + chance / 2)


class ConnectBudget:
    """At most `count` connections in any `window_s`; time is the caller's."""

    def __init__(self, count: int = 8, window_s: float = 10.0) -> None:
        self.count = count
        self.window_ns = int(window_s * SECOND_NS)
        self._taken_ns: deque[int] = deque()

    def take(self, now_ns: int) -> float:
        """Return 0 when a connection may be opened now, and count it; else the seconds until one may."""
        while self._taken_ns and now_ns - self._taken_ns[0] >= self.window_ns:
            self._taken_ns.popleft()
        if len(self._taken_ns) < self.count:
            self._taken_ns.append(now_ns)
            return 0.0
        return (self._taken_ns[0] + self.window_ns - now_ns) / SECOND_NS


PROCESS_BUDGET = ConnectBudget()
