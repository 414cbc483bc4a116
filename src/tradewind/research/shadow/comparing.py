"""Trips of a session and of its shadow, paired; what differs between the two of a pair, and what only one side had.

A pair is of one bot, one instrument and one direction, and its trips overlap or begin within `within_ns` of each other.
Where several could pair, those whose entries are nearest do, so that no trip is in two pairs.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
import numpy as np

from tradewind.model.money import ZERO, add, subtract
from tradewind.numeric.bootstrap import stationary_counts
from tradewind.research.shadow.trips import Trip

DAY_NS = 86_400_000_000_000
DAYS_MIN = 10
BLOCK_DAYS, REPLICATES, SEED = 5, 2_000, 7


class Side(msgspec.Struct, frozen=True):
    """The sums of one side over its finished trips."""

    trips: int
    won: int
    gained: Decimal
    fees: Decimal
    funding: Decimal
    slippage: Decimal


class Pair(msgspec.Struct, frozen=True):
    """Two trips that belong together; every difference is the shadow's less the session's."""

    session: Trip
    shadow: Trip

    @property
    def gained(self) -> Decimal:
        return subtract(self.shadow.gained, self.session.gained)

    @property
    def fees(self) -> Decimal:
        return subtract(self.shadow.fees, self.session.fees)

    @property
    def slippage(self) -> Decimal:
        return subtract(self.shadow.slippage, self.session.slippage)

    @property
    def entry_s(self) -> float:
        return (self.shadow.entry_ns - self.session.entry_ns) / 1e9

    @property
    def exit_s(self) -> float:
        return (self.shadow.exit_ns - self.session.exit_ns) / 1e9


class Comparison(msgspec.Struct, frozen=True):
    """The two sides. `agreement` is the share of pairs among all trips; None where there is no trip.

    `low` and `high` hold the difference of what was gained in 95 of 100 resamplings of its days; None below ten days.
    """

    session: Side
    shadow: Side
    pairs: tuple[Pair, ...]
    only_session: tuple[Trip, ...]
    only_shadow: tuple[Trip, ...]
    low: float | None
    high: float | None

    @property
    def agreement(self) -> float | None:
        whole = len(self.pairs) + len(self.only_session) + len(self.only_shadow)
        return len(self.pairs) / whole if whole else None

    @property
    def difference(self) -> Decimal:
        return subtract(self.shadow.gained, self.session.gained)


def compare(session: Sequence[Trip], shadow: Sequence[Trip], within_ns: int) -> Comparison:
    """Return the two sides compared trade by trade."""
    pairs = paired(session, shadow, within_ns)
    mine, theirs = {id(pair.session) for pair in pairs}, {id(pair.shadow) for pair in pairs}
    low, high = _interval(session, shadow)
    return Comparison(
        _side(session),
        _side(shadow),
        tuple(sorted(pairs, key=lambda pair: (pair.session.entry_ns, pair.session.bot, pair.session.instrument))),
        tuple(trip for trip in session if id(trip) not in mine),
        tuple(trip for trip in shadow if id(trip) not in theirs),
        low,
        high,
    )


def paired(session: Sequence[Trip], shadow: Sequence[Trip], within_ns: int) -> list[Pair]:
    """Return the pairs, nearest entries first."""
    found: list[tuple[int, int, int]] = []
    kinds: dict[tuple[str, str, str], list[int]] = {}
    for number, trip in enumerate(shadow):
        kinds.setdefault(_kind(trip), []).append(number)
    for mine, trip in enumerate(session):
        for theirs in kinds.get(_kind(trip), ()):
            other = shadow[theirs]
            apart_ns = abs(other.entry_ns - trip.entry_ns)
            overlap = other.entry_ns < trip.exit_ns and trip.entry_ns < other.exit_ns
            if overlap or apart_ns <= within_ns:
                found.append((apart_ns, mine, theirs))
    taken: tuple[set[int], set[int]] = (set(), set())
    pairs = []
    for _, mine, theirs in sorted(found):
        if mine not in taken[0] and theirs not in taken[1]:
            taken[0].add(mine)
            taken[1].add(theirs)
            pairs.append(Pair(session[mine], shadow[theirs]))
    return pairs


def _kind(trip: Trip) -> tuple[str, str, str]:
    return trip.bot, trip.instrument, trip.direction


def _side(trips: Sequence[Trip]) -> Side:
    sums = dict.fromkeys(("gained", "fees", "funding", "slippage"), ZERO)
    for trip in trips:
        for name in sums:
            sums[name] = add(sums[name], getattr(trip, name))
    return Side(trips=len(trips), won=sum(trip.gained > ZERO for trip in trips), **sums)


def _interval(session: Sequence[Trip], shadow: Sequence[Trip]) -> tuple[float | None, float | None]:
    """Return the 2.5 % and 97.5 % quantiles of the difference over resampled days, the same days for both sides."""
    both = [*session, *shadow]
    if not both:
        return None, None
    first = min(trip.exit_ns for trip in both) // DAY_NS
    days = np.zeros(max(trip.exit_ns for trip in both) // DAY_NS - first + 1)
    for trips, sign in ((session, -1.0), (shadow, 1.0)):
        for trip in trips:
            days[trip.exit_ns // DAY_NS - first] += sign * float(trip.gained)
    if days.size < DAYS_MIN:
        return None, None
    counts = stationary_counts(days.size, BLOCK_DAYS, REPLICATES, np.random.default_rng(SEED))
    low, high = np.quantile(counts @ days, (0.025, 0.975))
    return float(low), float(high)
