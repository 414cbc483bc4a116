"""What became of a child, kept for its parent until the end of the event."""

from tradewind.engine.parents import CHILD
from tradewind.engine.state import EngineState, Seat
from tradewind.execution.algorithms.values import ChildEnded, ChildFilled
from tradewind.model.answers import OrderFilled
from tradewind.model.orders import Liquidity
from tradewind.model.plans import Algorithm
from tradewind.orders.order import Order

NEVER_ARRIVED = "NEVER_ARRIVED"
POST_ONLY = "POST_ONLY"  # in the reason of a post-only order that would have met the other side


def child_filled(state: EngineState, seat: Seat, order: Order, fill: OrderFilled) -> bool:
    """Tell the parent of a fill; return whether it led where the parent leads: one that came late did not."""
    parent, (name, _, number) = seat.parent, order.request.order_id.rpartition(CHILD)
    if parent is None or parent.order_id != name:
        return False
    parent.told.append(ChildFilled(int(number), fill.quantity))
    if parent.plan.algorithm is Algorithm.POV:
        parent.traded -= fill.quantity
    if fill.liquidity is Liquidity.MAKER:
        parent.made += fill.quantity
    state.unchecked.append(seat)
    return True


def child_ended(state: EngineState, seat: Seat, order: Order, *, rejected: bool) -> None:
    """Tell the parent that a child is over.

    A rejected one is asked for again where the price or the way to the venue was to blame; any other reason would be
    the same a moment later, and ends the parent.
    """
    parent, (name, _, number) = seat.parent, order.request.order_id.rpartition(CHILD)
    if parent is not None and parent.order_id == name:
        parent.told.append(ChildEnded(int(number), order.reason, rejected))
        if rejected and order.reason != NEVER_ARRIVED and not (order.request.post_only and POST_ONLY in order.reason):
            parent.stop = parent.stop or "REJECTED"
        state.unchecked.append(seat)
