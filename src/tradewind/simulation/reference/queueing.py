"""How the queue ahead of a resting order moves when its level changes (METHODS 3), in exact fractions."""

from decimal import Context, Decimal
from fractions import Fraction

from tradewind.simulation.settings import QueueModel, SimulationSettings

NOTHING = Fraction(0)
WIDE = Context(prec=80)


def ahead_after_update(
    settings: SimulationSettings, *, ahead: Fraction, old_size: int, new_size: int, traded: int
) -> Fraction:
    """Return the queue ahead after a level went from `old_size` to `new_size` with `traded` explained by trades."""
    # By the rule "Risk-averse: cancels do not help except ahead = min(ahead, new size)."
    if settings.queue_model is QueueModel.RISK_AVERSE:
        return min(ahead, Fraction(new_size))
    # "let d = decrease of the level not explained by trades, front = ahead, back = old size - front".
    unexplained = max(NOTHING, Fraction(old_size - new_size - traded))
    front = ahead
    back = old_size - front
    behind = probability_behind(settings.queue_power, front, back)
    # "ahead = min(front - (1-p)d + min(back - p d, 0), new size) floored at 0; growth changes nothing".
    moved = front - (1 - behind) * unexplained + min(back - behind * unexplained, NOTHING)
    # To 1e-12 of a quantity unit, so that a whole number stays one after the division.
    return round(max(NOTHING, min(moved, Fraction(new_size))), 12)


def probability_behind(power: float, front: Fraction, back: Fraction) -> Fraction:
    """Return p = back^n / (back^n + front^n); exact for a whole n. An empty queue has nobody in front: 1."""
    if front <= 0:
        return Fraction(1)
    if back <= 0:
        return Fraction(0)
    weight_back, weight_front = _raised(back, power), _raised(front, power)
    return weight_back / (weight_back + weight_front)


def _raised(value: Fraction, power: float) -> Fraction:
    if power == int(power):
        return value ** int(power)
    base = WIDE.divide(Decimal(value.numerator), Decimal(value.denominator))
    return Fraction(WIDE.power(base, Decimal(repr(power))))
