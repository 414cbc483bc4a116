"""What the venue's answers about what was sent for a cover mean: for the engine, and for what is sent next."""

import msgspec

from tradewind.app.live.acts import Act, Note, Tell
from tradewind.app.live.covers import Cover, Covers, Phase
from tradewind.app.live.exits import ESCALATE, REQUESTED, Exits
from tradewind.model import answers as a
from tradewind.model.orders import OrderKind, OrderRequest

RETRIES_NS = (2_000_000_000, 10_000_000_000, 60_000_000_000)  # a refusal may pass, as that of coins not free yet


class ExitAnswers:
    """Hears of one cover at a time; every execution counts, whatever became of the order it is of."""

    def __init__(self, covers: Covers, exits: Exits) -> None:
        self._covers = covers
        self._exits = exits

    def hear(self, cover: Cover, order_id: str, event: a.VenueAnswer, now_ns: int) -> list[Act]:
        """Return what an answer about the order of this id means."""
        current = order_id == cover.at_venue
        if isinstance(event, a.OrderFilled):
            return self._filled(cover, event, now_ns)
        if not current:
            return []  # an order that was replaced: only its fills still matter
        if isinstance(event, a.OrderAccepted):
            return [Tell(a.OrderAccepted(leg.order_id, now_ns, cover.quantity)) for leg in cover.legs]
        if isinstance(event, a.OrderTriggered):
            return self._exits.fire(cover, cover.leg(OrderKind.STOP_MARKET) or cover.leader, now_ns, watch_only=True)
        if isinstance(event, a.OrderUnknown):
            return [Tell(a.OrderUnknown(cover.leader.order_id, now_ns, event.reason))]
        if isinstance(event, a.CancelRejected):
            return self._kept(cover, event, now_ns)
        if isinstance(event, a.OrderRejected):
            return self._rejected(cover, event, now_ns)
        if isinstance(event, a.OrderCanceled):
            return self._canceled(cover, event, now_ns)
        return []

    def _filled(self, cover: Cover, event: a.OrderFilled, now_ns: int) -> list[Act]:
        cover.filled += event.quantity
        leg = self._leg_of(cover, event)
        cover.leg_filled[leg.order_id] = cover.leg_filled.get(leg.order_id, 0) + event.quantity
        acts: list[Act] = [Tell(msgspec.structs.replace(event, order_id=leg.order_id))]
        if event.order_id == cover.at_venue:
            cover.there -= event.quantity
            if cover.there <= 0:
                cover.at_venue = None
        if cover.remaining <= 0:
            cover.at_venue = None
            return acts + self._exits.over(cover, "OCO", now_ns)
        if cover.at_venue is None and cover.phase is not Phase.DONE:
            return acts + self._exits.go_on(cover, now_ns)
        return acts

    def _leg_of(self, cover: Cover, event: a.OrderFilled) -> OrderRequest:
        """Return the leg that a fill belongs to: of a bracket, by its price."""
        target = cover.leg(OrderKind.LIMIT)
        if cover.fired is not None:
            return cover.fired
        if target is None or target.price is None:
            return cover.leader
        return target if cover.gains(event.price, target.price) else cover.leader

    def _kept(self, cover: Cover, event: a.CancelRejected, now_ns: int) -> list[Act]:
        """The venue did not cancel: whoever wanted it hears so, and what is there goes on."""
        if cover.phase is not Phase.LEAVING:
            return []
        cover.phase, asked = (Phase.FIRED if cover.fired is not None else Phase.RESTING), cover.why
        cover.why = ""
        if asked != REQUESTED:
            return []
        return [Tell(a.CancelRejected(leg.order_id, now_ns, event.reason)) for leg in cover.legs]

    def _rejected(self, cover: Cover, event: a.OrderRejected, now_ns: int) -> list[Act]:
        """The venue will not have it: from now on it is watched here, and when it is reached it crosses."""
        cover.at_venue, cover.there = None, 0
        if cover.phase is Phase.LEAVING:
            return self._exits.go_on(cover, now_ns)
        text = f"{cover.leader.order_id}: the venue refused it ({event.reason}), so it is watched here"
        if cover.fired is not None:
            return [Note("protection_refused", text), *self._exits.cross(cover, now_ns)]
        if cover.leader.kind is OrderKind.LIMIT and len(cover.legs) == 1:
            self._covers.drop(cover)
            return [Tell(a.OrderRejected(cover.leader.order_id, now_ns, event.reason))]
        cover.phase = Phase.WATCHED
        acts: list[Act] = [] if cover.refusals else [Note("protection_refused", text)]
        if cover.refusals < len(RETRIES_NS):
            cover.retry_ns = now_ns + RETRIES_NS[cover.refusals]
        cover.refusals += 1
        acts += [Tell(a.OrderAccepted(leg.order_id, now_ns, cover.quantity)) for leg in cover.legs]
        return acts

    def _canceled(self, cover: Cover, event: a.OrderCanceled, now_ns: int) -> list[Act]:
        cover.at_venue, cover.there = None, 0
        if cover.phase is Phase.LEAVING and cover.why != ESCALATE:
            return self._exits.go_on(cover, now_ns)
        if cover.fired is not None:
            return self._exits.escalated(cover, now_ns)
        # Somebody else ended it: the engine protects the position anew for as long as it has one.
        return [
            Note("protection_ended", f"{cover.leader.order_id} was ended from outside ({event.reason})"),
            *self._exits.over(cover, REQUESTED, now_ns),
        ]
