"""What may go wrong between the exchange and its clients, and what goes wrong right now.

Faults act between the exchange's truth and what clients are told. Each is active in a stretch of time and strikes with
a probability, drawn from one seeded generator. How often each kind struck is counted, for those who audit a run.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import Enum
from math import inf
from random import Random

import msgspec

from tradewind.exchange.core.products import ProductMode
from tradewind.exchange.server.texts import SECOND_NS


class FaultKind(Enum):
    """The first lines act on requests, the next on streams, the last on the venue as a whole."""

    LATENCY = "latency"  # the answer takes `ms`, and up to `jitter_ms` more; half of it before the work is done
    LOSS = "loss"  # the request is lost on its way: the connection closes, nothing was done
    THROTTLE = "throttle"  # 429, nothing was done
    ERROR_BEFORE = "error_before"  # `status`, nothing was done
    ERROR_AFTER = "error_after"  # done, and yet `status`
    ACK_LOST = "ack_lost"  # done, and the connection closes without an answer
    ACK_STUCK = "ack_stuck"  # done, and the answer takes `ms` (a minute by default)
    TRUNCATE = "truncate"  # done, and half of the answer's body
    ORDER_LAG = "order_lag"  # orders cannot be found by queries in their first `ms` (two seconds by default)

    STREAM_LATENCY = "stream_latency"  # every frame is `ms` late
    STREAM_DUPLICATE = "stream_duplicate"  # a frame comes twice, the second time with a number of its own or the same
    STREAM_REORDER = "stream_reorder"  # a frame comes after the one that follows it
    STREAM_GAP = "stream_gap"  # a frame is lost, and its number with it
    STREAM_STALL = "stream_stall"  # the connection stays open and nothing comes
    STREAM_DISCONNECT = "stream_disconnect"  # the connection breaks (`probability` in every second)
    STREAM_REFUSE = "stream_refuse"  # connecting is answered by 503
    SUBSCRIBE_LOST = "subscribe_lost"  # a subscription is neither made nor answered

    MODE = "mode"  # `products` (all when none is named) are in `mode`: cancel_only, limit_only, post_only, ...
    CLOCK_SKEW = "clock_skew"  # the venue's clock is `ms` ahead (behind when negative)


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault: what, when (seconds from when it was set), how often, and to whom.

    `every_s` repeats it. `paths` and `channels` narrow it to requests whose path contains one of them, and to channels.
    """

    kind: FaultKind
    start_s: float = 0.0
    duration_s: float | None = None
    every_s: float | None = None
    probability: float = 1.0
    ms: int | None = None
    jitter_ms: int = 0
    status: int = 503
    mode: ProductMode = ProductMode.CANCEL_ONLY
    products: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError(f"the probability of a fault lies in 0..1, was {self.probability}")
        if not 0 <= self.start_s < inf or not (self.duration_s is None or 0 < self.duration_s < inf):
            raise ValueError("start_s is at least 0, and duration_s above 0")
        if self.jitter_ms < 0 or (self.ms is not None and self.ms < 0 and self.kind is not FaultKind.CLOCK_SKEW):
            raise ValueError(f"a fault of the kind {self.kind.value} takes no ms or jitter_ms below 0")
        if not 400 <= self.status <= 599:
            raise ValueError(f"the status of a fault is an error's, 400 to 599, was {self.status}")
        if self.every_s is not None and (self.duration_s is None or not 0 < self.duration_s < self.every_s):
            raise ValueError("a fault that is repeated by every_s needs a shorter duration_s")

    def phase(self, age_s: float) -> tuple[bool, float]:
        """Return whether the fault is active `age_s` after it was set, and the age at which that changes."""
        since = age_s - self.start_s
        if since < 0:
            return False, self.start_s
        if self.duration_s is None:
            return True, float("inf")
        if self.every_s is None:
            return since < self.duration_s, self.start_s + self.duration_s if since < self.duration_s else float("inf")
        turn, inside = divmod(since, self.every_s)
        turn_start = self.start_s + turn * self.every_s
        active = inside < self.duration_s
        return active, turn_start + (self.duration_s if active else self.every_s)


def products_of(faults: Iterable[Fault]) -> Sequence[str]:
    """Return the products that faults name, each once."""
    return sorted({product_id for fault in faults for product_id in fault.products})


class SetFault(msgspec.Struct, frozen=True):
    """A fault on the board, with its number and when it was set."""

    number: int
    set_ns: int
    fault: Fault


class FaultBoard:
    """The faults that are set, and the dice."""

    def __init__(self, seed: int = 0) -> None:
        self._dice = Random(seed)
        self._set: list[SetFault] = []
        self._number = 0
        self._active: dict[FaultKind, list[Fault]] = {}
        self._changes_ns = 0
        self.struck: Counter[str] = Counter()

    def put(self, faults: Iterable[Fault], now_ns: int) -> list[SetFault]:
        """Set faults, whose times count from `now_ns`, and return them with their numbers."""
        fresh = [SetFault(self._number + offset, now_ns, fault) for offset, fault in enumerate(faults, start=1)]
        self._number += len(fresh)
        self._set += fresh
        self._changes_ns = 0
        return fresh

    def clear(self, number: int | None = None) -> int:
        """Take one fault off the board, or all, and return how many that were."""
        kept = [] if number is None else [each for each in self._set if each.number != number]
        gone = len(self._set) - len(kept)
        self._set, self._changes_ns = kept, 0
        return gone

    def listed(self) -> Sequence[SetFault]:
        """Return the faults that are set, active or not."""
        return tuple(self._set)

    def active(self, now_ns: int) -> dict[FaultKind, list[Fault]]:
        """Return what is active at a time; empty for most of a calm day."""
        if now_ns >= self._changes_ns:
            self._refresh(now_ns)
        return self._active

    def strikes(
        self, kind: FaultKind, now_ns: int, *, method: str = "", path: str = "", channel: str = ""
    ) -> Fault | None:
        """Return the fault of this kind that strikes now, if any, and count it."""
        for fault in self.active(now_ns).get(kind, ()):
            aimed = (
                (not fault.paths or any(part in path for part in fault.paths))
                and (not fault.methods or method in fault.methods)
                and (not fault.channels or channel in fault.channels)
            )
            if aimed and (fault.probability >= 1 or self._dice.random() < fault.probability):
                self.struck[kind.value] += 1
                return fault
        return None

    def drawn_ms(self, fault: Fault, default: int) -> float:
        """Return how long a fault takes this time."""
        return (default if fault.ms is None else fault.ms) + self._dice.uniform(0, fault.jitter_ms)

    def skew_ns(self, now_ns: int) -> int:
        """Return how far the venue's clock is ahead."""
        skews = self.active(now_ns).get(FaultKind.CLOCK_SKEW, ())
        return sum((fault.ms or 0) * 1_000_000 for fault in skews)

    def coin(self) -> bool:
        """Return one of two, by the same dice."""
        return self._dice.random() < 0.5

    def _refresh(self, now_ns: int) -> None:
        active: dict[FaultKind, list[Fault]] = {}
        changes_ns = float("inf")
        for each in self._set:
            on, until_s = each.fault.phase((now_ns - each.set_ns) / SECOND_NS)
            changes_ns = min(changes_ns, each.set_ns + until_s * SECOND_NS)
            if on:
                active.setdefault(each.fault.kind, []).append(each.fault)
        for kind in active.keys() - self._active.keys():
            self.struck[f"{kind.value} began"] += 1
        self._active = active
        self._changes_ns = now_ns + SECOND_NS if changes_ns == float("inf") else max(now_ns + 1, int(changes_ns))
