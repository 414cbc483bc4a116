"""What executions cost by order, strategy and day, against what was planned and against sending everything to market.

Amounts are exact and in one quote currency; basis points are of the wanted notional at the arrival mid, unless said
otherwise. Costs are positive.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from tradewind.execution.tca import BPS, Execution, Shortfall, implementation_shortfall, markout_bps
from tradewind.model.fees import DAY_NS
from tradewind.model.money import ZERO, add, multiply, subtract
from tradewind.model.orders import Liquidity, Side
from tradewind.model.plans import CostEstimate


class PaidFill(msgspec.Struct, frozen=True):
    """One execution with its fee, and the mids some seconds later (seconds as text), as far as they are known."""

    quantity: Decimal
    price: Decimal
    liquidity: Liquidity
    fee: Decimal
    mids_later: Mapping[str, Decimal] = {}


class WorkedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A parent order that is over. `arrival` is the mid when it was decided, `end_price` what the rest would cost now.

    `market_price` and `market_fee` are those of the counterfactual: all of it as one market order on arrival.
    """

    order_id: str
    strategy: str
    side: Side
    quantity: Decimal
    decided_ns: int
    arrival: Decimal
    fills: tuple[PaidFill, ...]
    end_price: Decimal
    market_price: Decimal
    market_fee: Decimal
    estimate: CostEstimate | None = None


class CostLine(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of some orders together; None where nothing filled, or nothing was estimated.

    `slippage_bps` and `fees_bps` are of what filled. `shortfall` has slippage, fees and the move of what did not fill;
    `market` is the counterfactual's; `reduction` is the share of that which was saved. `estimate_bps` is what the plans
    expected, and `surprise_bps` by how much the shortfall was above it.
    """

    name: str
    orders: int
    notional: Decimal
    filled_notional: Decimal
    fees: Decimal
    shortfall: Shortfall
    market: Shortfall
    reduction: float | None
    fill_rate: float
    slippage_bps: float | None
    fees_bps: float | None
    maker_ratio_notional: float | None
    maker_ratio_count: float | None
    markouts: dict[str, float]
    estimate_bps: float | None
    surprise_bps: float | None


class CostReport(msgspec.Struct, frozen=True):
    """Lines by order, by strategy and by UTC day (days since 1970), each sorted, and all together."""

    orders: tuple[CostLine, ...]
    strategies: tuple[CostLine, ...]
    days: tuple[CostLine, ...]
    total: CostLine | None


def cost_report(orders: Sequence[WorkedOrder]) -> CostReport:
    """Return the costs of orders by order, strategy and day.

    Raises  ValueError for an order without a positive quantity or arrival mid.
    """
    return CostReport(
        orders=_lines(orders, lambda order: order.order_id),
        strategies=_lines(orders, lambda order: order.strategy),
        days=_lines(orders, lambda order: str(order.decided_ns // DAY_NS)),
        total=cost_line("total", orders) if orders else None,
    )


def cost_line(name: str, orders: Sequence[WorkedOrder]) -> CostLine:
    """Return the cost of some orders together: sums of amounts, and ratios of the sums.

    Raises  ValueError without orders.
    """
    if not orders:
        raise ValueError(f"{name}: there is no order to tell the cost of")
    fills = [(order, fill) for order in orders for fill in order.fills]
    notional = _sum(multiply(order.quantity, order.arrival) for order in orders)
    filled = _sum(multiply(fill.quantity, fill.price) for _, fill in fills)
    maker = [fill for _, fill in fills if fill.liquidity is Liquidity.MAKER]
    fees = _sum(fill.fee for _, fill in fills)
    slipped = _sum(
        multiply(Decimal(order.side), multiply(fill.quantity, subtract(fill.price, order.arrival)))
        for order, fill in fills
    )
    at_arrival = _sum(multiply(fill.quantity, order.arrival) for order, fill in fills)
    ours, market = _together(orders, _shortfall, notional), _together(orders, _market_shortfall, notional)
    estimate = _estimate_bps(orders)
    return CostLine(
        name=name,
        orders=len(orders),
        notional=notional,
        filled_notional=filled,
        fees=fees,
        shortfall=ours,
        market=market,
        reduction=float(1 - Fraction(ours.amount) / Fraction(market.amount)) if market.amount > 0 else None,
        fill_rate=float(Fraction(at_arrival) / Fraction(notional)),
        slippage_bps=_bps(slipped, at_arrival),
        fees_bps=_bps(fees, filled),
        maker_ratio_notional=_share(_sum(multiply(fill.quantity, fill.price) for fill in maker), filled),
        maker_ratio_count=len(maker) / len(fills) if fills else None,
        markouts=_markouts(fills),
        estimate_bps=estimate,
        surprise_bps=None if estimate is None else ours.bps - estimate,
    )


def _lines(orders: Sequence[WorkedOrder], key: Callable[[WorkedOrder], str]) -> tuple[CostLine, ...]:
    groups: dict[str, list[WorkedOrder]] = {}
    for order in orders:
        groups.setdefault(key(order), []).append(order)
    return tuple(cost_line(name, groups[name]) for name in sorted(groups))


def _shortfall(order: WorkedOrder) -> Shortfall:
    executions = [Execution(fill.quantity, fill.price, fill.liquidity) for fill in order.fills]
    fees = _sum(fill.fee for fill in order.fills)
    return implementation_shortfall(order.side, order.arrival, order.quantity, executions, order.end_price, fees)


def _market_shortfall(order: WorkedOrder) -> Shortfall:
    at_once = [Execution(order.quantity, order.market_price)]
    return implementation_shortfall(
        order.side, order.arrival, order.quantity, at_once, order.end_price, order.market_fee
    )


def _together(orders: Sequence[WorkedOrder], of: Callable[[WorkedOrder], Shortfall], notional: Decimal) -> Shortfall:
    amount = _sum(of(order).amount for order in orders)
    return Shortfall(amount, float(Fraction(amount) / Fraction(notional) * BPS))


def _estimate_bps(orders: Sequence[WorkedOrder]) -> float | None:
    """What the plans expected, weighted by notional; None unless every order had a plan."""
    weights, expected = 0.0, 0.0
    for order in orders:
        if order.estimate is None:
            return None
        weight = float(multiply(order.quantity, order.arrival))
        weights += weight
        expected += weight * order.estimate.total_bps
    return expected / weights


def _markouts(fills: Sequence[tuple[WorkedOrder, PaidFill]]) -> dict[str, float]:
    """The mean markout by seconds, weighted by notional, of the fills whose later mid is known."""
    weights: dict[str, float] = {}
    moved: dict[str, float] = {}
    for order, fill in fills:
        weight = float(multiply(fill.quantity, fill.price))
        for seconds, value in markout_bps(order.side, fill.price, fill.mids_later).items():
            weights[seconds] = weights.get(seconds, 0.0) + weight
            moved[seconds] = moved.get(seconds, 0.0) + weight * value
    return {seconds: moved[seconds] / weights[seconds] for seconds in sorted(weights, key=float)}


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for amount in amounts:
        total = add(total, amount)
    return total


def _bps(amount: Decimal, of: Decimal) -> float | None:
    return float(Fraction(amount) / Fraction(of) * BPS) if of else None


def _share(part: Decimal, of: Decimal) -> float | None:
    return float(Fraction(part) / Fraction(of)) if of else None
