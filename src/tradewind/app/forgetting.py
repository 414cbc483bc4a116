"""What a long session lets go: orders that have been over for a while, in the engine and at a simulated venue.

What happened is in the journal, and a replay of it has all of them again; digests know only what lives. A run that is
read as a whole in memory, as a backtest is, forgets nothing.
"""

from collections.abc import Container

from tradewind.engine.state import EngineState
from tradewind.simulation.desk import Desk

NONE: Container[str] = frozenset()


class Forgetting:
    """`step` now and then. An order goes when it was over at the step before: between one and two of `every_ns`."""

    def __init__(self, state: EngineState, every_ns: int, venue: Desk | None = None) -> None:
        self._state = state
        self._venue = venue
        self._every_ns = every_ns
        self._next_ns = 0
        self._over: list[str] = []
        self._over_at_venue: list[str] = []

    def step(self, now_ns: int, keep: Container[str] = NONE) -> int:
        """Return how many orders of the engine were forgotten; those in `keep` are not."""
        if now_ns < self._next_ns:
            return 0
        self._next_ns = now_ns + self._every_ns
        state, venue = self._state, self._venue
        needed = {order.request.after for order in state.live_orders()}
        gone = [name for name in self._over if name not in needed and name not in keep]
        state.forget(gone)
        self._over = [name for name, order in state.orders.items() if not order.is_live]
        if venue is not None:
            venue.forget(self._over_at_venue)
            self._over_at_venue = venue.over()
        return len(gone)
