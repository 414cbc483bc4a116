"""Is everything covered that policy wants protected (S8, I21)? Looked at with each tick; what is bare is timed."""

from collections.abc import Callable, Container

import msgspec

from tradewind.app.live.covers import Cover, Phase
from tradewind.app.live.protecting import Protecting
from tradewind.engine.covering import is_dust
from tradewind.engine.order_truth import OrderTruth
from tradewind.engine.state import EngineState, Seat
from tradewind.model.orders import OrderKind
from tradewind.orders.lifecycle import OrderStatus
from tradewind.orders.order import OrderRole

UNSURE = frozenset({OrderStatus.SENT, OrderStatus.UNKNOWN})


class Bare(msgspec.Struct, frozen=True):
    """A bot's position, or part of it, that nothing protects, and since when."""

    bot: str
    instrument: str
    quantity: int
    since_ns: int


class Coverage:
    """Times what is bare. `marks` are the instruments whose price may be believed: the others cannot be watched."""

    def __init__(self, state: EngineState, protecting: Protecting, truth: OrderTruth) -> None:
        self._state = state
        self._protecting = protecting
        self._truth = truth
        self._since: dict[tuple[str, str], int] = {}
        self._acted: set[tuple[str, str]] = set()

    def look(self, marks: Container[str], now_ns: int) -> list[Bare]:
        """Return what is bare now."""
        found: list[Bare] = []
        for bot in self._state.bots.values():
            for seat in bot.seats:
                key = (bot.id, seat.market.id)
                missing = self._missing(seat, marks)
                if missing:
                    found.append(Bare(*key, missing, self._since.setdefault(key, now_ns)))
                else:
                    self._since.pop(key, None)
                    self._acted.discard(key)
        return found

    def off_venue(self) -> list[tuple[Seat, int]]:
        """Return what no order at the venue protects, whatever is watched here: what is left when this process ends."""
        seats = [seat for bot in self._state.bots.values() for seat in bot.seats]
        bare = [(seat, self._missing(seat, (), strict=True)) for seat in seats]
        return [(seat, quantity) for seat, quantity in bare if quantity]

    def overdue(self, bare: list[Bare], now_ns: int, limit_ns: int, act: Callable[[Bare], None]) -> None:
        """Call `act`, once for each, on what has been bare for too long."""
        for each in bare:
            key = (each.bot, each.instrument)
            if now_ns - each.since_ns > limit_ns and key not in self._acted:
                self._acted.add(key)
                act(each)

    def _missing(self, seat: Seat, marks: Container[str], *, strict: bool = False) -> int:
        """Return how much of a seat's position has no exit in force though it should have one.

        Unless `strict`, an order that is under way to close or turn the position excuses it.
        """
        position = seat.view.position
        if seat.cover is None or not position:
            return 0
        exits = seat.cover[1]
        if exits.stop_loss is None and exits.trailing is None:
            return 0
        covers: dict[int, Cover] = {}
        for order in seat.working.values():
            if order.role is not OrderRole.PROTECTION:
                if not strict and order.request.side * position < 0:
                    return 0
                continue
            cover = self._protecting.covers.of_leg(order.request.order_id)
            if cover is not None:
                covers[id(cover)] = cover
        missing = abs(position) - sum(cover.covered for cover in covers.values() if self._in_force(cover, marks))
        return missing if missing > 0 and not is_dust(seat.market, missing) else 0

    def _in_force(self, cover: Cover, marks: Container[str]) -> bool:
        if cover.phase is Phase.WATCHED:
            return cover.instrument in marks
        if cover.at_venue is None or (cover.leg(OrderKind.STOP_MARKET) is None and cover.fired is None):
            return False
        record = self._truth.records.get(cover.at_venue)
        return record is not None and record.is_live and record.status not in UNSURE
