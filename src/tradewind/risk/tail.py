"""The checks of VaR and correlation: what a fit made outside says of the account with this order filled (SPEC K2, K3).

Nothing is estimated here. The request carries the fit in the form of four numbers, and a fit that is missing or has
expired is missing data, which refuses.
"""

import math
from decimal import Decimal

import msgspec

from tradewind.model.decisions import ReviewRequest, TailShape
from tradewind.model.errors import ConfigError
from tradewind.model.orders import Side

MICRO = Decimal("0.000001")


class TailLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The largest daily VaR at 95 % as a share of equity, and correlation with the rest; None switches a check off."""

    var_share_max: Decimal | None = None
    correlation_max: Decimal | None = None

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is not None and not (value.is_finite() and 0 <= value <= 1):
                raise ConfigError(f"var.{name.removeprefix('var_')} must lie between 0 and 1, was {value}")


def worst_var(shape: TailShape, ends: tuple[float, float]) -> Decimal:
    """Return the larger VaR of two holdings of the instrument, rounded up to a millionth."""
    rest, twice, own = shape.rest, 2.0 * shape.pull, shape.own
    up, down = ends
    variance = max(rest + (twice + own * up) * up, rest + (twice + own * down) * down)
    return _rounded_up(shape.multiplier * math.sqrt(max(variance, 0.0)))


def worst_correlation(shape: TailShape, ends: tuple[float, float]) -> Decimal:
    """Return the larger correlation of two holdings of the instrument with everything else; 0 where one is nothing."""
    scale = math.sqrt(shape.rest * shape.own)
    if scale == 0.0:  # nothing else is held; what is no number goes on, and raises when it is rounded
        return Decimal(0)
    pull, (up, down) = shape.pull, ends
    found = max(
        math.copysign(pull, pull * up) / scale if up else 0.0, math.copysign(pull, pull * down) / scale if down else 0.0
    )
    return _rounded_up(min(max(found, -1.0), 1.0))


def worth_at_ends(request: ReviewRequest, size: int, price: int) -> tuple[float, float]:
    """Return what is held with this order and the open ones of either side filled, as worth with its sign."""
    side = 1 if request.order.side is Side.BUY else -1
    up = request.position + request.open_buys + (size if side > 0 else 0)
    down = request.position - request.open_sells - (size if side < 0 else 0)
    worth = float(request.instrument.unit_value) * price
    return up * worth, down * worth


def _rounded_up(value: float) -> Decimal:
    return Decimal(math.ceil(value * 1e6)) * MICRO
