"""The last gate before the network: asked for every order, whatever was decided before (K7, I19, I20, I46).

What only makes a position smaller, or protects one, always passes while the lease is held; what opens passes only when
nothing has been stopped.
"""

from collections.abc import Callable

from tradewind.app.live.latch import Latch
from tradewind.engine.state import EngineState
from tradewind.model.orders import OrderRequest
from tradewind.orders.order import Order, OrderRole

NO_LEASE = "NO_LEASE"
KILL_SWITCH = "KILL_SWITCH"


class Gate:
    """`closed` is the session's own reason to open nothing more (it is stopping); the latch is everybody's."""

    def __init__(self, state: EngineState, latch: Latch, has_lease: Callable[[], bool]) -> None:
        self._state = state
        self._latch = latch
        self._has_lease = has_lease
        self.closed = ""
        self.refused = 0

    def refusal(self, request: OrderRequest, engine_id: str) -> str:
        """Return why the request may not leave, "" when it may; `engine_id` is the engine's order it is sent for."""
        reason = self._reason(engine_id)
        self.refused += bool(reason)
        return reason

    def is_own(self, reason: str) -> bool:
        """Return whether a refusal is the gate's, not the venue's."""
        return bool(reason) and reason in (NO_LEASE, KILL_SWITCH, self.closed)

    def _reason(self, engine_id: str) -> str:
        if not self._has_lease():
            return NO_LEASE
        if not (self.closed or self._latch.is_set):
            return ""
        order = self._state.orders.get(engine_id)
        if order is not None and (order.role is OrderRole.PROTECTION or only_reduces(order)):
            return ""
        return KILL_SWITCH if self._latch.is_set else self.closed


def only_reduces(order: Order) -> bool:
    """Return whether no fill of what is left of the order can enlarge or turn a position of the bots that asked."""
    side, remaining = order.request.side, order.remaining
    return all(
        seat.view.position * side < 0 and min(order.share_of(seat.bot.id), remaining) <= abs(seat.view.position)
        for seat in order.owners
    )
