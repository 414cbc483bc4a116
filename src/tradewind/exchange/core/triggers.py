"""Orders that wait for a price of the tape: the nearest stop first, on each side.

An entry is worth something only while its order waits for exactly this stop; others are dropped when they come up.
"""

from heapq import heappop, heappush

from tradewind.exchange.core.orders import Order, StopDirection, TriggerStatus


class Triggers:
    """The stops of one product that have not been reached."""

    __slots__ = ("_down", "_up")

    def __init__(self) -> None:
        self._up: list[tuple[int, int, Order]] = []
        self._down: list[tuple[int, int, Order]] = []

    def __bool__(self) -> bool:
        return bool(self._up or self._down)

    def wait(self, order: Order, direction: StopDirection) -> None:
        """Let an order wait until a trade reaches its stop from below (UP) or from above (DOWN)."""
        order.trigger = TriggerStatus.PENDING
        if direction is StopDirection.UP:
            heappush(self._up, (order.stop, order.number, order))
        else:
            heappush(self._down, (-order.stop, order.number, order))

    def due(self, low: int, high: int) -> list[Order]:
        """Take out and return the orders whose stop was reached between two prices of trades, oldest first."""
        found = _reached(self._up, high) + _reached(self._down, -low)
        return sorted(found, key=lambda order: order.number)


def _reached(heap: list[tuple[int, int, Order]], bound: int) -> list[Order]:
    found = []
    while heap and heap[0][0] <= bound:
        stop, _, order = heappop(heap)
        if order.open and order.trigger is TriggerStatus.PENDING and abs(stop) == order.stop:
            found.append(order)
    return found
