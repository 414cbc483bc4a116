"""Counts which branches of the rules a run of venues went through, so that a rule nobody exercised is noticed."""

from collections import Counter
from collections.abc import Iterable

from tradewind.model.answers import (
    CancelRejected,
    FundingAccrued,
    FundingPaid,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderTriggered,
    PositionLiquidated,
    VenueAnswer,
)
from tradewind.model.orders import Liquidity, OrderKind, OrderRequest, TimeInForce
from tradewind.simulation.settings import AccountReport


def of_answers(
    answers: Iterable[VenueAnswer], requests: dict[str, OrderRequest], before: AccountReport, after: AccountReport
) -> Counter[str]:
    """Return the branches that the answers to one step show."""
    counted: Counter[str] = Counter()
    for answer in answers:
        counted.update(_of_answer(answer, requests, after))
    for name, position in after.positions.items():
        if position.quantity * before.positions[name].quantity < 0:
            counted["position flipped"] += 1
    return counted


def _of_answer(answer: VenueAnswer, requests: dict[str, OrderRequest], after: AccountReport) -> list[str]:
    match answer:
        case OrderAccepted():
            return ["accepted"]
        case OrderRejected():
            return [f"rejected {answer.reason}"]
        case OrderCanceled():
            return [f"canceled {answer.reason}"]
        case CancelRejected():
            return ["cancel rejected"]
        case OrderAmended():
            return ["reduce-only shrank"]
        case OrderFilled():
            return _of_fill(answer, requests[answer.order_id], after)
        case OrderTriggered():
            request = requests[answer.order_id]
            stops = request.kind not in {OrderKind.MARKET, OrderKind.LIMIT}
            return [f"triggered {request.kind.value}" if stops and request.after is None else "triggered or woke"]
        case PositionLiquidated():
            return [f"liquidated {answer.kind.value}", *(["deficit"] if answer.deficit else [])]
        case FundingPaid():
            return ["funding paid"]
        case FundingAccrued():
            return ["funding accrued"]
        case _:
            return []


def _of_fill(fill: OrderFilled, request: OrderRequest, after: AccountReport) -> list[str]:
    found = [f"filled {request.kind.value} as {fill.liquidity.value}"]
    if after.orders[fill.order_id].remaining:
        found.append("partial fill")
    if not fill.fill_id.endswith(":1"):
        found.append("later fill")
    if request.after is not None:
        found.append("child filled")
    if request.maximum:
        found.append("filled max")
    if request.quote_quantity is not None:
        found.append("filled quote quantity")
    if request.time_in_force is TimeInForce.FOK:
        found.append("filled fok")
    if fill.liquidity is Liquidity.MAKER and request.display is not None:
        found.append("iceberg filled")
    return found
