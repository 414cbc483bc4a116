"""Holds an engine to I21: what policy wants protected is covered exactly, being closed, or an operator has been told.

What policy wants follows from the records alone: the exits that came with the last entry which opened something.
"""

from collections import Counter
from collections.abc import Mapping

from tradewind.engine.state import EngineState, Seat
from tradewind.model import answers as a
from tradewind.model.commands import CancelAll
from tradewind.model.decisions import Alarmed, Approved, Crossed, Decided
from tradewind.model.intents import Exits
from tradewind.model.orders import OrderKind
from tradewind.orders.lifecycle import OrderStatus
from tradewind.orders.order import Order, OrderRole

BARE_NS_MAX = 60_000_000_000

Key = tuple[str, str]  # bot, instrument


class CoverageAuditor:
    """`see` after every event, `judge` when all that a market event led to has been answered."""

    def __init__(self, state: EngineState) -> None:
        self.seen: Counter[str] = Counter()
        self._state = state
        self._read = 0
        self._bots = {bot.id: bot.exits for bot in state.config.bots}
        self._orders: dict[str, tuple[Decided, Exits | None]] = {}
        self._positions: Counter[Key] = Counter()
        self._later: Counter[Key] = Counter()
        self._wanted: dict[Key, Exits] = {}
        self._told: set[Key] = set()
        self._bare_ns: dict[Key, int] = {}

    # -- what is wanted -----------------------------------------------------------------------------------------------

    def see(self) -> None:
        """Take in what one event led to."""
        state = self._state
        records = state.audit[self._read :]
        self._later = Counter()  # what bots have passed among themselves since: the ledger knows it already
        for record in records:
            if isinstance(record, Crossed):
                self._later[record.buyer, record.instrument] += record.quantity
                self._later[record.seller, record.instrument] -= record.quantity
        for record in records:
            if isinstance(record, Decided) and isinstance(record.outcome, Approved) and record.order is not None:
                self._orders[record.order.order_id] = (record, self._exits(record))
                self.seen["placed anew"] += record.order.order_id.rpartition("-")[2].startswith("rest")
            elif isinstance(record, a.OrderFilled):
                decided, exits = self._orders[record.order_id]
                for share in decided.shares:
                    self._moved((share.bot, record.instrument), exits, record.side)
            elif isinstance(record, Crossed):
                for bot, quantity in ((record.buyer, record.quantity), (record.seller, -record.quantity)):
                    self._later[bot, record.instrument] -= quantity
                    self._moved((bot, record.instrument), None, 0)
            elif isinstance(record, a.PositionLiquidated):
                for bot in self._bots:
                    self._moved((bot, record.instrument), None, 0)
            elif isinstance(record, CancelAll):
                for key in [key for key in self._wanted if record.bot in (None, key[0])]:
                    self._forget(key)
            elif isinstance(record, Alarmed):
                self._told |= {
                    key for key in self._wanted if key[1] in record.text and f"{key[0]} holds" in record.text
                }
        self._read = len(state.audit)
        for key, missing in self._missing().items():
            if missing and not self._is_dust(key[1], missing):
                self._bare_ns.setdefault(key, state.now_ns)
            else:
                self._bare_ns.pop(key, None)
            if not missing:  # dust may be none by the next price: what was said of it stands
                self._told.discard(key)

    def _exits(self, record: Decided) -> Exits | None:
        """Return the exits that are orders of what this order opens; one that several bots share brings none."""
        if isinstance(record.intent, str) or len(record.shares) > 1:
            return None
        exits = getattr(record.intent, "exits", None) or self._bots[record.shares[0].bot]
        if exits is None or (exits.stop_loss, exits.take_profit, exits.trailing) == (None, None, None):
            return None
        return exits

    def _moved(self, key: Key, exits: Exits | None, side: int) -> None:
        before = self._positions[key]
        self._positions[key] = after = self._state.ledger.book(key[1], key[0]).position.quantity - self._later[key]
        if not after or before * after < 0:
            self._forget(key)
        if exits is not None and after * side > 0:
            self._wanted[key] = exits

    def _forget(self, key: Key) -> None:
        self._wanted.pop(key, None)
        self._bare_ns.pop(key, None)
        self._told.discard(key)

    # -- what is there ------------------------------------------------------------------------------------------------

    def judge(self) -> None:
        """Raise AssertionError for what is neither covered nor closed nor known to an operator for too long."""
        self.see()
        now_ns = self._state.now_ns
        for key in self._wanted:
            seat, since_ns = self._seat(key), self._bare_ns.get(key)
            if since_ns is None:
                self.seen["covered"] += 1
                self.seen["dust"] += self._covered(seat, self._wanted[key]) < abs(self._positions[key])
            elif seat.closing is not None:
                self.seen["closing"] += 1
            elif key in self._told:
                self.seen["alarm"] += 1
            else:
                self.seen["changing"] += 1
                assert now_ns - since_ns < BARE_NS_MAX, self._complaint(key, since_ns)

    def _missing(self) -> Mapping[Key, int]:
        """Return how much of each position its exits do not cover; negative where they are too large or leave."""
        found: dict[Key, int] = {}
        for key, exits in self._wanted.items():
            position = abs(self._positions[key])
            seat = self._seat(key)
            missing = position - self._covered(seat, exits)
            leaving = any(order.status is OrderStatus.CANCELING for order in seat.working.values())
            found[key] = missing or -leaving
        return found

    def _covered(self, seat: Seat, exits: Exits) -> int:
        """Return what the exits in force would close: of each group as much as its legs have left."""
        groups: dict[str, list[Order]] = {}
        for order in seat.working.values():
            request = order.request
            if order.role is OrderRole.PROTECTION and request.side * seat.view.position < 0:
                waits = request.after is not None and self._state.orders[request.after].remaining
                if not waits:
                    groups.setdefault(request.oco or request.order_id, []).append(order)
        stopped = exits.stop_loss is not None or exits.trailing is not None
        return sum(
            max(leg.quantity for leg in legs) - sum(leg.filled for leg in legs)
            for legs in groups.values()
            if not stopped or any(leg.request.kind is not OrderKind.LIMIT for leg in legs)
        )

    def _is_dust(self, instrument: str, quantity: int) -> bool:
        market = self._state.markets[instrument]
        rules, mark = market.instrument, market.mark or 0
        return quantity > 0 and (quantity < rules.min_quantity or rules.notional(quantity, mark) < rules.min_notional)

    def _seat(self, key: Key) -> Seat:
        return next(seat for seat in self._state.bots[key[0]].seats if seat.market.id == key[1])

    def _complaint(self, key: Key, since_ns: int) -> str:
        seat = self._seat(key)
        orders = [
            (order.request.order_id, order.role.name, order.status.name, order.remaining)
            for order in seat.working.values()
        ]
        return f"{key} holds {self._positions[key]}, bare since {since_ns}, at {self._state.now_ns}: {orders}"
