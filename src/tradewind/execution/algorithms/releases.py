"""How much of a parent is due by now: by the clock, by the market's volume, or slice after slice.

A release is a plain value. Times are nanoseconds since the start, not counting pauses.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import msgspec

from tradewind.execution.algorithms.values import Parent
from tradewind.execution.schedules import almgren_chriss_holdings, twap_schedule, vwap_schedule
from tradewind.model.money import ONE

NS = 1_000_000_000


class ByTime(msgspec.Struct, frozen=True, tag="time"):
    """`due` units in all from each offset on; the last is the whole parent. `name` says whose path it is."""

    name: str
    offsets_ns: tuple[int, ...]
    due: tuple[int, ...]


class ByVolume(msgspec.Struct, frozen=True, tag="volume"):
    """A share of what trades, as an exact fraction, our own fills excluded."""

    numerator: int
    denominator: int


class BySlice(msgspec.Struct, frozen=True, tag="slice"):
    """One slice at a time: the next is due when the last has filled whole."""

    display: int


class Adaptive(msgspec.Struct, frozen=True, tag="adaptive"):
    """A path by time that takes when it is behind and the book leans away, and holds back while the spread is wide.

    `behind_share` of the parent may be unfilled and due before it takes; it takes earlier where our side of the touch
    has at least `lean` of the displayed size, as the price is then likelier to leave. New children wait while the
    spread is above `wide` times its average, which follows with weight `weight`.
    """

    path: ByTime
    behind_share: float = 0.25
    lean: float = 0.8
    wide: float = 2.0
    weight: float = 0.05


Release = ByTime | ByVolume | BySlice | Adaptive


def twap(parent: Parent, slices: int, duration_ns: int) -> ByTime:
    """Equal slices at equal times from 0; one below the minimum goes with the next."""
    schedule = twap_schedule(Decimal(parent.quantity), slices, duration_ns / NS, Decimal(parent.lot), _minimum(parent))
    offsets = [round(offset * NS) for offset in schedule.offsets_s]
    return _path("twap", parent, offsets, [int(quantity) for quantity in schedule.quantities])


def vwap(parent: Parent, profile: Sequence[Decimal], duration_ns: int) -> ByTime:
    """Slices in proportion to a volume profile whose entries divide the duration evenly."""
    counts = [int(child) for child in vwap_schedule(Decimal(parent.quantity), profile, Decimal(parent.lot))]
    return _path("vwap", parent, [duration_ns * i // len(counts) for i in range(len(counts))], counts)


def almgren_chriss(parent: Parent, intervals: int, duration_ns: int, kappa_tau: float) -> ByTime:
    """The Almgren-Chriss path; what is held is rounded up to the lot, so that nothing is ahead of the path."""
    held = [
        math.ceil(holding / parent.lot - 1e-9) * parent.lot
        for holding in almgren_chriss_holdings(float(parent.quantity), intervals, kappa_tau)
    ]
    held[0], held[-1] = parent.quantity, 0
    children = [before - after for before, after in pairwise(held)]
    return _path("almgren_chriss", parent, [duration_ns * i // intervals for i in range(intervals)], children)


def participation(rate: Decimal) -> ByVolume:
    """A share of the market's volume.

    Raises  ValueError if the rate is outside (0, 1].
    """
    if not 0 < rate <= ONE:
        raise ValueError(f"a participation rate must lie in (0, 1], was {rate}")
    exact = Fraction(rate)
    return ByVolume(exact.numerator, exact.denominator)


def iceberg(parent: Parent, share: Decimal) -> BySlice:
    """Slices of a share of the parent, but not below the smallest child."""
    if not 0 < share <= ONE:
        raise ValueError(f"the share shown must lie in (0, 1], was {share}")
    return BySlice(max(parent.smallest, math.floor(parent.quantity * Fraction(share)) // parent.lot * parent.lot))


def due_by_time(release: ByTime, elapsed_ns: int) -> int:
    """Return the units that are due in all after some time."""
    passed = bisect_right(release.offsets_ns, elapsed_ns)
    return release.due[passed - 1] if passed else 0


def due(release: Release, parent: Parent, elapsed_ns: int, volume: int, filled: int) -> int:
    """Return the units that are due in all, in whole lots, at most the parent."""
    if isinstance(release, ByTime):
        return due_by_time(release, elapsed_ns)
    if isinstance(release, Adaptive):
        return due_by_time(release.path, elapsed_ns)
    if isinstance(release, ByVolume):
        share = volume * release.numerator // release.denominator
        return min(parent.quantity, share // parent.lot * parent.lot)
    return min(parent.quantity, (filled // release.display + 1) * release.display)


def _path(name: str, parent: Parent, offsets_ns: Sequence[int], children: Sequence[int]) -> ByTime:
    total, reached = 0, []
    for child in children:
        total += child
        reached.append(total)
    if total != parent.quantity:
        raise ValueError(f"the slices of a {name} add up to {total}, not to the parent's {parent.quantity}")
    return ByTime(name, tuple(offsets_ns), tuple(reached))


def _minimum(parent: Parent) -> Decimal:
    return Decimal(parent.smallest)
