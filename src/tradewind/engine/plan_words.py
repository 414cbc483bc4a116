"""A plan in words: how an order was to be worked, what it was expected to cost, what it came to (SPEC X3, X11)."""

from collections.abc import Sequence

from tradewind.engine.views import OrderRow
from tradewind.model.instrument import Instrument
from tradewind.model.money import ZERO, plain
from tradewind.model.plans import Algorithm, ExecutionPlan, PlanEnded, Planned, Route

SECOND_NS = 1_000_000_000
BPS = 10_000


def told_plan(
    planned: Planned, end: PlanEnded | None, children: Sequence[OrderRow], instrument: Instrument
) -> tuple[str, str, str]:
    """Return three lines: the plan, the cost expected of it, and what its children have come to."""
    plan, estimate = planned.plan, planned.plan.estimate
    quantity = plain(instrument.quantity_decimal(plan.quantity))
    wanted = f" of {plain(instrument.quantity_decimal(plan.wanted))} wanted" if plan.wanted != plan.quantity else ""
    if plan.crossed:
        wanted += f", after {plain(instrument.quantity_decimal(plan.crossed))} crossed inside,"
    times = f"{_parts(plan)} in {plan.deadline_ns / SECOND_NS:g} s"
    route = plan.algorithm.name if plan.route is Route.TWAP else plan.route.value
    how = f"by {plan.policy.value}, {route} ({plan.reason}), urgency {plan.urgency.value}, {times}"
    parts = f"fees {estimate.fee_bps:.2f}, spread {estimate.spread_bps:.2f}, impact {estimate.impact_bps:.2f}"
    beside = f"timing risk {estimate.timing_risk_bps:.2f}, all at market {estimate.all_market_bps:.2f}"
    unknown = f"; unknown: {', '.join(estimate.unknown)}" if estimate.unknown else ""
    return (
        f"parent {planned.order_id}: {plan.side.name.lower()} {quantity}{wanted} {how}",
        f"expected {estimate.total_bps:.2f} bps: {parts}; {beside}{unknown}",
        _came_to(planned, end, children, instrument),
    )


def _parts(plan: ExecutionPlan) -> str:
    """Return what a plan is cut into."""
    if plan.share is not None:
        return f"{plain(plan.share * 100)} % {'of what trades' if plan.algorithm is Algorithm.POV else 'at a time'}"
    return f"{plan.slices} slice{'s' if plan.slices > 1 else ''}"


def _came_to(planned: Planned, end: PlanEnded | None, children: Sequence[OrderRow], instrument: Instrument) -> str:
    """Return what has filled, and its cost in bps of that at the arrival mid."""
    plan = planned.plan
    filled = sum((row.filled for row in children), ZERO)
    orders = f"{len(children)} child{'' if len(children) == 1 else 'ren'}"
    told = f"came to {plain(filled)} in {orders}, {'still working' if end is None else end.reason}"
    if not filled:
        return told
    whole = float(filled) * float(plan.arrival * instrument.price_unit)
    paid = float(sum((row.filled * (row.average_price or ZERO) for row in children), ZERO))
    fees = float(sum((row.fees for row in children), ZERO)) / float(instrument.contract_size)
    slippage = plan.side * (paid - whole) / whole * BPS
    return f"{told}: {slippage + fees / whole * BPS:.2f} bps (slippage {slippage:.2f}, fees {fees / whole * BPS:.2f})"
