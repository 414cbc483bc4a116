"""What is at the venue for a cover: put there, made larger, replaced when it is reached, withdrawn, and over."""

from collections.abc import Mapping

import msgspec

from tradewind.app.live.acts import Act, Send, Tell, Withdraw
from tradewind.app.live.covers import BUY, Cover, Covers, Phase
from tradewind.model import answers as a
from tradewind.model.instrument import Instrument, ceil_to, floor_to
from tradewind.model.orders import OrderKind, OrderRequest, TimeInForce

BPS = 10_000
REPRICES_MAX = 1
ESCALATE, RESIZE, REQUESTED = "ESCALATE", "RESIZE", "REQUESTED"  # why what is there is withdrawn


class ProtectingRules(msgspec.Struct, frozen=True, kw_only=True):
    """How far a stop's limit may lie behind its trigger, how long a reached stop may stay unfilled, and how often exits
    grow with an entry that fills in parts.
    """

    stop_limit_bps: int = 50
    escalate_after_ns: int = 2_000_000_000
    resize_after_ns: int = 1_000_000_000


class Exits:
    """Acts on one cover at a time; `covers` knows it afterwards by what was sent."""

    def __init__(self, covers: Covers, instruments: Mapping[str, Instrument], rules: ProtectingRules) -> None:
        self.covers = covers
        self.instruments = instruments
        self.rules = rules
        self.escalations = 0

    # -- there, and larger --------------------------------------------------------------------------------------------

    def activate(self, cover: Cover, now_ns: int) -> list[Act]:
        """Put what the venue can hold of a cover there; what it cannot is watched here, and says so."""
        stop, target = cover.leg(OrderKind.STOP_MARKET), cover.leg(OrderKind.LIMIT)
        cover.phase, cover.retry_ns = Phase.RESTING, None
        if stop is not None and target is not None:
            return [self._send(cover, OrderKind.LIMIT, now_ns, price=target.price, stop=stop.stop)]
        if stop is not None:
            behind = self._behind(int(stop.stop or 0), cover, self.rules.stop_limit_bps)
            return [self._send(cover, OrderKind.STOP_LIMIT, now_ns, price=behind, stop=stop.stop)]
        if target is not None and cover.leg(OrderKind.TRAILING_STOP) is None:
            return [self._send(cover, OrderKind.LIMIT, now_ns, price=target.price)]
        cover.phase = Phase.WATCHED
        cover.sent_ns = now_ns
        return [Tell(a.OrderAccepted(leg.order_id, now_ns, cover.quantity)) for leg in cover.legs]

    def resize(self, cover: Cover, now_ns: int) -> list[Act]:
        """The venue gets an order of the size that is due: what is there goes first, so that never both can fill."""
        if not cover.has_outgrown:
            return []
        if cover.at_venue is None:
            return self.activate(cover, now_ns)
        cover.phase, cover.why = Phase.LEAVING, RESIZE
        return [Withdraw(cover.at_venue)]

    # -- reached ------------------------------------------------------------------------------------------------------

    def fire(self, cover: Cover, leg: OrderRequest, now_ns: int, *, watch_only: bool = False) -> list[Act]:
        """A leg is reached: the venue's order for it has its time to fill, everything else is replaced at once."""
        if cover.phase in {Phase.FIRED, Phase.LEAVING, Phase.DONE}:
            return []
        cover.fired, cover.fired_ns = leg, now_ns
        cover.phase = Phase.FIRED
        acts: list[Act] = [Tell(a.OrderTriggered(leg.order_id, now_ns))]
        if cover.parent in self.covers.parents and leg.kind is not OrderKind.LIMIT:
            acts.append(Withdraw(cover.parent))  # an entry that is still filling is not to be filled against its stop
        if watch_only:
            return acts
        cover.reprices = REPRICES_MAX
        return acts + (self.cross(cover, now_ns) if cover.at_venue is None else self.escalate(cover, now_ns))

    def escalate(self, cover: Cover, now_ns: int) -> list[Act]:
        """What is reached has not filled in its time: withdraw what is there, or cross when nothing is."""
        if cover.at_venue is None:
            return self.cross(cover, now_ns)
        self.escalations += 1
        cover.phase, cover.why = Phase.LEAVING, ESCALATE
        return [Withdraw(cover.at_venue)]

    def escalated(self, cover: Cover, now_ns: int) -> list[Act]:
        """What was there has gone: re-price once, then cross."""
        cover.phase, cover.why = Phase.FIRED, ""
        leg = cover.fired or cover.leader
        if cover.reprices < REPRICES_MAX and leg.stop is not None:
            cover.reprices += 1
            far = self._behind(leg.stop, cover, 4 * self.rules.stop_limit_bps)
            return [self._send(cover, OrderKind.LIMIT, now_ns, price=far, time_in_force=TimeInForce.IOC)]
        return self.cross(cover, now_ns)

    def cross(self, cover: Cover, now_ns: int) -> list[Act]:
        """Take what the market gives for all that is left."""
        cover.phase = Phase.FIRED
        return [self._send(cover, OrderKind.MARKET, now_ns, time_in_force=TimeInForce.IOC)]

    # -- gone ---------------------------------------------------------------------------------------------------------

    def withdraw(self, cover: Cover, why: str, now_ns: int) -> list[Act]:
        """Have all of it canceled; what is not at the venue is over at once."""
        if cover.phase in {Phase.DONE, Phase.LEAVING}:
            cover.why = why if cover.why == RESIZE else cover.why or why
            return []
        cover.why = why
        if cover.at_venue is None:
            return self.over(cover, why, now_ns)
        cover.phase = Phase.LEAVING
        return [Withdraw(cover.at_venue)]

    def go_on(self, cover: Cover, now_ns: int) -> list[Act]:
        """What was there is over, and not all is sold or bought: whatever is due comes next."""
        if cover.phase is Phase.LEAVING and cover.why not in {ESCALATE, RESIZE}:
            return self.over(cover, cover.why, now_ns)
        cover.why = ""
        return self.cross(cover, now_ns) if cover.fired is not None else self.activate(cover, now_ns)

    def over(self, cover: Cover, why: str, now_ns: int) -> list[Act]:
        """Return the ends of the legs; one that has filled whole is over by itself."""
        left = [leg for leg in cover.legs if cover.leg_filled.get(leg.order_id, 0) < cover.quantity]
        acts: list[Act] = [Tell(a.OrderCanceled(leg.order_id, now_ns, why)) for leg in left]
        self.covers.drop(cover)
        return acts

    # -- sending ------------------------------------------------------------------------------------------------------

    def _send(
        self,
        cover: Cover,
        kind: OrderKind,
        now_ns: int,
        *,
        price: int | None = None,
        stop: int | None = None,
        time_in_force: TimeInForce = TimeInForce.GTC,
    ) -> Send:
        leader = cover.leader
        client_id = leader.order_id if not cover.attempts else f"{leader.order_id}-x{cover.attempts}"
        cover.attempts += 1
        cover.at_venue, cover.there, cover.asked, cover.sent_ns = client_id, cover.remaining, cover.quantity, now_ns
        self.covers.sent(client_id, cover)
        return Send(
            OrderRequest(
                client_id, cover.instrument, cover.side, kind, cover.remaining, price, stop, time_in_force,
                reduce_only=leader.reduce_only,
            )
        )  # fmt: skip

    def _behind(self, stop: int, cover: Cover, bps: int) -> int:
        """Return a limit price so many basis points on the far side of a stop, on the tick."""
        tick = self.instruments[cover.instrument].tick
        away = -(-stop * bps // BPS)
        return ceil_to(stop + away, tick) if cover.side is BUY else max(tick, floor_to(stop - away, tick))
