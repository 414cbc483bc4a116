"""Entries whose exits wait: what of an entry has opened something is protected at once, the rest as it fills."""

from collections.abc import Mapping

from tradewind.app.live.acts import Act, Tell, Withdraw
from tradewind.app.live.covers import Cover, Covers, Parent, Phase
from tradewind.app.live.exits import Exits
from tradewind.model import answers as a
from tradewind.model.instrument import Instrument
from tradewind.model.orders import OrderKind


class Entries:
    """Hears of orders whose children wait, and watches the stops of those that have filled in part."""

    def __init__(self, covers: Covers, exits: Exits, instruments: Mapping[str, Instrument]) -> None:
        self._covers = covers
        self._exits = exits
        self._instruments = instruments

    def hear(self, order_id: str, parent: Parent, event: a.VenueAnswer, now_ns: int) -> list[Act]:
        """Return what an answer about an entry means: for the engine, and for the exits that wait for it."""
        if isinstance(event, a.OrderFilled):
            return self._filled(order_id, parent, event, now_ns)
        acts: list[Act] = [Tell(event)]
        if isinstance(event, a.OrderAmended | a.OrderAccepted):
            parent.quantity = event.quantity
        elif isinstance(event, a.OrderCanceled | a.OrderRejected):
            for cover in self._covers.parents.pop(order_id).covers:
                if cover.phase is Phase.WAITING:
                    acts += self._exits.over(cover, "PARENT_NOT_FILLED", now_ns)
        return acts

    def watch(self, cover: Cover, mark: int) -> list[Act]:
        """An entry that has filled in part has a stop too: when it is reached, the rest of the entry is withdrawn, and
        the engine protects what there is.
        """
        stop, parent = cover.leg(OrderKind.STOP_MARKET), self._covers.parents.get(cover.parent or "")
        if stop is None or parent is None or not parent.filled or cover.why:
            return []
        if not cover.loses(mark, int(stop.stop or 0)):
            return []
        cover.why = "ENTRY_STOPPED"
        return [Withdraw(cover.parent or "")]

    def _filled(self, order_id: str, parent: Parent, event: a.OrderFilled, now_ns: int) -> list[Act]:
        """The engine hears that exits grow before it hears why: it never finds a position that nothing will cover."""
        parent.filled += event.quantity
        before: list[Act] = []
        after: list[Act] = []
        for cover in parent.covers:
            first = cover.phase is Phase.WAITING
            told, rest = self._grow(cover, parent, event.price, now_ns)
            (after if first else before).extend(told)
            after += rest
        if parent.is_filled:
            del self._covers.parents[order_id]
        return [*before, Tell(event), *after]

    def _grow(self, cover: Cover, parent: Parent, price: int, now_ns: int) -> tuple[list[Act], list[Act]]:
        """What an entry has opened is protected at once, in what the venue takes; the rest follows as it fills.

        Returns  what the engine is told of the size, and what follows from it.
        """
        opened = cover.whole - (0 if parent.is_filled else parent.quantity - parent.filled)
        waits = cover.phase is Phase.WAITING
        if cover.phase is Phase.DONE or opened <= (0 if waits else cover.quantity):
            return [], []
        if waits and not parent.is_filled and self._instruments[cover.instrument].below_minimum(opened, price):
            return [], []
        told: list[Act] = []
        if opened < cover.whole or not waits:
            told += [Tell(a.OrderAmended(leg.order_id, now_ns, opened, "PARENT_FILLED")) for leg in cover.legs]
        cover.quantity = opened
        if waits:
            cover.phase = Phase.WATCHED
            told += [Tell(a.OrderTriggered(leg.order_id, now_ns)) for leg in cover.legs]
            return told, self._exits.activate(cover, now_ns)
        if cover.phase is Phase.FIRED and cover.at_venue is None:
            return told, self._exits.cross(cover, now_ns)
        return told, self._exits.resize(cover, now_ns) if parent.is_filled else []
