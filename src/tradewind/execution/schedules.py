"""How a parent order is cut over time: TWAP, VWAP, participation of volume and the Almgren-Chriss path.

Quantities are exact decimals on the increment; rounding is always down, and what rounding left goes into the last
slice, so the children add up to the parent. A parent off the increment is first rounded down to it.
"""

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec
import numpy as np

from tradewind.model.money import ZERO, multiply, subtract

LONG_HORIZON = 30.0


class TwapSchedule(msgspec.Struct, frozen=True):
    """Child quantities and the seconds after the start at which each is sent."""

    quantities: tuple[Decimal, ...]
    offsets_s: tuple[float, ...]


def twap_schedule(
    quantity: Decimal, slices: int, duration_s: float, increment: Decimal, minimum: Decimal = ZERO
) -> TwapSchedule:
    """Equal slices at equal times from 0; the remainder is in the last.

    A slice below `minimum` waits and is sent together with the next one; a last slice below it is added to the one
    before, so only a parent that is itself too small gives a child below the minimum.

    Raises  ValueError on a negative quantity, no slices, a duration below 0 or an increment not above 0.
    """
    if slices < 1 or duration_s < 0:
        raise ValueError(f"a schedule needs at least one slice and no negative time, was {slices} in {duration_s} s")
    units = _units(quantity, increment)
    each = units // slices
    counts = [each] * (slices - 1) + [units - each * (slices - 1)]
    offsets = [duration_s * i / slices for i in range(slices)]
    merged = _merged(counts, _units_up(minimum, increment))
    return TwapSchedule(
        tuple(multiply(increment, Decimal(count)) for _, count in merged),
        tuple(offsets[i] for i, _ in merged),
    )


def jittered_offsets(
    offsets_s: Sequence[float], duration_s: float, share: float, rng: np.random.Generator
) -> tuple[float, ...]:
    """The offsets, each moved later by at most `share` of the time to its successor; their order stays.

    Raises  ValueError if `share` is outside [0, 1].
    """
    if not 0 <= share <= 1:
        raise ValueError(f"the jitter must be a share of the interval between 0 and 1, was {share}")
    ends = [*offsets_s[1:], duration_s]
    return tuple(
        start + share * float(rng.random()) * (end - start) for start, end in zip(offsets_s, ends, strict=True)
    )


def vwap_schedule(quantity: Decimal, profile: Sequence[Decimal], increment: Decimal) -> tuple[Decimal, ...]:
    """Slices in proportion to a volume profile, rounded down; the remainder is in the last.

    Raises  ValueError if the profile is empty, holds a negative volume or nothing but zeros.
    """
    total = sum((Fraction(volume) for volume in profile), Fraction(0))
    if total <= 0 or min(profile) < 0:
        raise ValueError("a volume profile needs volumes that are not negative and not all zero")
    units = _units(quantity, increment)
    counts = [math.floor(units * Fraction(volume) / total) for volume in profile]
    counts[-1] += units - sum(counts)
    return tuple(multiply(increment, Decimal(count)) for count in counts)


def pov_child(rate: Decimal, remaining: Decimal, volume: Decimal, increment: Decimal) -> Decimal:
    """The next child of a participation order: `rate` of the market volume since the last check, rounded down.

    `volume` excludes our own fills. At most what remains of the parent.

    Raises  ValueError if the rate is outside (0, 1] or a quantity is negative.
    """
    if not 0 < rate <= 1:
        raise ValueError(f"a participation rate must lie in (0, 1], was {rate}")
    share = _units(multiply(rate, volume), increment)
    return multiply(increment, Decimal(min(share, _units(remaining, increment))))


def pov_children(
    rate: Decimal, quantity: Decimal, volumes: Sequence[Decimal], increment: Decimal
) -> tuple[Decimal, ...]:
    """The child after each check of a participation order, until the parent is complete; then zeros."""
    children: list[Decimal] = []
    remaining = quantity
    for volume in volumes:
        child = pov_child(rate, remaining, volume, increment)
        children.append(child)
        remaining = subtract(remaining, child)
    return tuple(children)


def almgren_chriss_holdings(quantity: float, intervals: int, kappa_tau: float) -> tuple[float, ...]:
    """What is still held after 0, 1, ... `intervals` steps on the cost-and-risk optimal path: from all to nothing.

    Shape   floats -> (intervals + 1,) floats, `X sinh(k (T - t)) / sinh(k T)`; `kappa_tau` is k times the step.
    Timing  A plan: nothing is learned on the way.
    NaN     NaN in, NaN out. `kappa_tau` 0 gives the straight line (TWAP).
    Raises  ValueError below one interval or on a negative `kappa_tau`.
    Source  Almgren and Chriss (2000), Optimal execution of portfolio transactions, equation 17.
    """
    if intervals < 1 or kappa_tau < 0:
        raise ValueError(f"give at least one interval and kappa_tau >= 0, were {intervals} and {kappa_tau}")
    return tuple(quantity * _sinh_ratio(intervals - j, intervals, kappa_tau) for j in range(intervals + 1))


def almgren_chriss_kappa(risk_aversion: float, sigma: float, eta: float, tau: float = 0.0) -> float:
    """The urgency k of the optimal path: `sqrt(risk_aversion sigma^2 / eta)`, exact for steps of `tau` if given.

    Shape   floats -> float, per time unit of `sigma`.
    Timing  None.
    NaN     NaN in, NaN out.
    Raises  ValueError if `eta` is not positive or another input is negative.
    Source  Almgren and Chriss (2000), equations 15 and 16.
    """
    if eta <= 0 or min(risk_aversion, tau) < 0:
        raise ValueError("eta must be positive, risk_aversion and tau must not be negative")
    limit = risk_aversion * sigma * sigma / eta
    if tau == 0:
        return math.sqrt(limit)
    return math.acosh(limit * tau * tau / 2 + 1) / tau


def _sinh_ratio(left: int, whole: int, step: float) -> float:
    if left in (0, whole):
        return float(left == whole)
    if step == 0:
        return left / whole
    if step * whole > LONG_HORIZON:
        # The two sinh would overflow long before their ratio does.
        return math.exp(-step * (whole - left)) * math.expm1(-2 * step * left) / math.expm1(-2 * step * whole)
    return math.sinh(step * left) / math.sinh(step * whole)


def _merged(counts: Sequence[int], minimum: int) -> list[tuple[int, int]]:
    """The (index, units) left when every slice below `minimum` is joined with the next."""
    kept: list[tuple[int, int]] = []
    waiting = 0
    for i, count in enumerate(counts):
        waiting += count
        if waiting >= minimum:
            kept.append((i, waiting))
            waiting = 0
    if waiting and kept:
        last, units = kept.pop()
        kept.append((last, units + waiting))
    elif waiting:
        kept.append((0, waiting))
    return kept


def _units(quantity: Decimal, increment: Decimal) -> int:
    if increment <= 0:
        raise ValueError(f"an increment must be positive, was {increment}")
    if quantity < 0:
        raise ValueError(f"a quantity to schedule must not be negative, was {quantity}")
    return math.floor(Fraction(quantity) / Fraction(increment))


def _units_up(quantity: Decimal, increment: Decimal) -> int:
    return math.ceil(Fraction(quantity) / Fraction(increment))
