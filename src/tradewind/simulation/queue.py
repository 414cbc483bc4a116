"""How far a resting order's place in the queue moves when its level changes (METHODS 3, queue models).

Trades at the price are subtracted as they happen; what is left of a level's decrease are cancels, and a model says how
many of them were before us. Level 2 data cannot tell; the risk-averse model assumes that none were.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow

import msgspec

from tradewind.model.money import ONE, ZERO
from tradewind.simulation.settings import QueueModel

_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
_QUANTUM = Decimal("1e-12")  # of a quantity unit: so that a whole number stays one after a division


class QueueEstimate(msgspec.Struct, frozen=True):
    """The chance that a cancel was behind us, and the quantity ahead afterwards."""

    p_behind: float
    ahead: float


def queue_ahead(
    model: QueueModel | str, n: float, ahead: Decimal, old_size: Decimal, new_size: Decimal, traded: Decimal
) -> QueueEstimate:
    """Return the estimate after a level went from `old_size` to `new_size` of which `traded` was explained by trades.

    `ahead` is the queue after those trades. Growth changes nothing; `n` is the exponent of the power model.
    """
    behind, after = _estimate(QueueModel(model), n, ahead, old_size, new_size, traded)
    return QueueEstimate(float(behind), float(after))


def ahead_after_update(model: QueueModel, n: float, ahead: Decimal, old: int, new: int, traded: int) -> Decimal:
    """Return the quantity ahead, in quantity units, after a level update."""
    if model is QueueModel.RISK_AVERSE:
        return min(ahead, Decimal(new))
    _, after = _estimate(model, n, ahead, Decimal(old), Decimal(new), Decimal(traded))
    return _WIDE.quantize(after, _QUANTUM)


def _estimate(
    model: QueueModel, n: float, ahead: Decimal, old: Decimal, new: Decimal, traded: Decimal
) -> tuple[Decimal, Decimal]:
    if model is QueueModel.RISK_AVERSE:
        return ONE, min(ahead, new)
    front, back = ahead, max(ZERO, _WIDE.subtract(old, ahead))
    behind = _share_behind(front, back, Decimal(repr(n)))
    canceled = _WIDE.subtract(_WIDE.subtract(old, new), traded)
    if canceled <= 0:
        return behind, min(front, new)
    from_front = _WIDE.multiply(_WIDE.subtract(ONE, behind), canceled)
    # More canceled behind than there was: the excess must have been in front.
    excess = min(ZERO, _WIDE.subtract(back, _WIDE.multiply(behind, canceled)))
    after = _WIDE.add(_WIDE.subtract(front, from_front), excess)
    return behind, max(ZERO, min(after, new))


def _share_behind(front: Decimal, back: Decimal, n: Decimal) -> Decimal:
    """Return back^n / (back^n + front^n); 1 where the level was empty."""
    ahead, behind = _WIDE.power(front, n) if front else ZERO, _WIDE.power(back, n) if back else ZERO
    total = _WIDE.add(ahead, behind)
    return _WIDE.divide(behind, total) if total else ONE
