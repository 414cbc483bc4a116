"""What an execution cost: slippage, fees, shortfall, spreads and markouts. Costs are positive.

Amounts of money are exact; basis points and ratios are floats, each rounded once from the exact quotient.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from tradewind.model.money import ZERO, add, multiply, ratio, subtract
from tradewind.model.orders import Liquidity, Side

BPS = 10_000


class Execution(msgspec.Struct, frozen=True, gc=False):
    """One fill as cost analysis sees it, in base units and quote currency."""

    quantity: Decimal
    price: Decimal
    liquidity: Liquidity = Liquidity.TAKER


class CostSummary(msgspec.Struct, frozen=True):
    """The cost of an order's fills; everything but the fees is None when nothing filled."""

    average_price: Decimal | None
    slippage_bps: float | None
    fees: Decimal
    fees_bps: float | None
    maker_ratio_notional: float | None
    maker_ratio_count: float | None


class Shortfall(msgspec.Struct, frozen=True):
    """What the execution lost against trading everything at the decision price, in quote currency and in bps of it."""

    amount: Decimal
    bps: float


def cost_summary(
    side: Side, arrival_price: Decimal, fills: Sequence[Execution], maker_fee: Decimal, taker_fee: Decimal
) -> CostSummary:
    """Average price, slippage against the arrival mid, fees and maker ratios of the fills of one order.

    Raises  ValueError if the arrival price is not positive.
    """
    _require_positive("arrival_price", arrival_price)
    quantity, notional = _sums(fills)
    made = [fill for fill in fills if fill.liquidity is Liquidity.MAKER]
    maker_notional = _sums(made)[1]
    taker_notional = subtract(notional, maker_notional)
    fees = add(multiply(maker_fee, maker_notional), multiply(taker_fee, taker_notional))
    if quantity == 0:
        return CostSummary(None, None, fees, None, None, None)
    average = Fraction(notional) / Fraction(quantity)
    return CostSummary(
        average_price=ratio(notional, quantity),
        slippage_bps=_relative_bps(side, average, arrival_price),
        fees=fees,
        fees_bps=float(Fraction(fees) / Fraction(notional) * BPS),
        maker_ratio_notional=float(Fraction(maker_notional) / Fraction(notional)),
        maker_ratio_count=len(made) / len(fills),
    )


def implementation_shortfall(
    side: Side,
    decision_price: Decimal,
    quantity: Decimal,
    fills: Sequence[Execution],
    end_price: Decimal,
    fees: Decimal = ZERO,
) -> Shortfall:
    """Perold's shortfall: paid above the decision price, plus what the unfilled part would now cost, plus fees.

    For a sell the price differences change sign; fees never do.

    Raises  ValueError if the decision price or the wanted quantity is not positive.
    """
    _require_positive("decision_price", decision_price)
    _require_positive("quantity", quantity)
    filled, notional = _sums(fills)
    paid = subtract(notional, multiply(filled, decision_price))
    missed = multiply(subtract(quantity, filled), subtract(end_price, decision_price))
    amount = add(multiply(Decimal(side.value), add(paid, missed)), fees)
    return Shortfall(amount, float(Fraction(amount) / (Fraction(quantity) * Fraction(decision_price)) * BPS))


def markout_bps(side: Side, price: Decimal, later: Mapping[str, Decimal]) -> dict[str, float]:
    """How far the mid has moved in our favour some seconds after a fill: `(mid - price) / price`, negated for a sell.

    `later` maps the horizon (seconds, as text) to the mid then.

    Raises  ValueError if the price is not positive.
    """
    _require_positive("price", price)
    return {seconds: _relative_bps(side, Fraction(mid), price) for seconds, mid in later.items()}


def effective_spread_bps(side: Side, price: Decimal, mid: Decimal) -> float:
    """Twice what a fill paid beyond the mid at its time, in bps of that mid."""
    _require_positive("mid", mid)
    return 2 * _relative_bps(side, Fraction(price), mid)


def realised_spread_bps(side: Side, price: Decimal, mid_later: Decimal, mid: Decimal) -> float:
    """Twice what a fill paid beyond a later mid, in bps of the mid at its time: the spread less the impact."""
    _require_positive("mid", mid)
    return float(2 * side.value * (Fraction(price) - Fraction(mid_later)) / Fraction(mid) * BPS)


def fill_rate(filled: Decimal, wanted: Decimal) -> float:
    """The share of the wanted quantity that filled.

    Raises  ValueError if the wanted quantity is not positive.
    """
    _require_positive("wanted", wanted)
    return float(Fraction(filled) / Fraction(wanted))


def cost_reduction_bps(ours: Shortfall, all_market: Shortfall) -> float:
    """How much cheaper an execution was than sending the same parent as one market order on the same market data."""
    return all_market.bps - ours.bps


def _sums(fills: Sequence[Execution]) -> tuple[Decimal, Decimal]:
    quantity = notional = ZERO
    for fill in fills:
        quantity = add(quantity, fill.quantity)
        notional = add(notional, multiply(fill.quantity, fill.price))
    return quantity, notional


def _relative_bps(side: Side, price: Fraction, reference: Decimal) -> float:
    return float(side.value * (price - Fraction(reference)) / Fraction(reference) * BPS)


def _require_positive(name: str, value: Decimal) -> None:
    if value <= 0:
        raise ValueError(f"{name} must be positive, was {value}")
