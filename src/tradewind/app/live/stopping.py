"""The end of a session in order: nothing new, answers arrive, orders by policy, and the venue's word on what stays.

    keep         everything stays at the venue
    cancel       what opens is canceled; exits stay where they protect a position, and the next start takes them over
    cancel-all   exits go too
    flatten      positions are closed, then as cancel-all

An exit that only this process watched protects nothing once it is gone: that is told, and the end is not clean.
"""

import asyncio
from collections.abc import Callable

import msgspec

from tradewind.app.live.covers import Phase
from tradewind.app.live.engine import LiveEngine
from tradewind.app.live.plan import LivePlan
from tradewind.app.live.trading import Trading
from tradewind.engine.covering import is_dust
from tradewind.engine.order_record import Record
from tradewind.engine.state import Seat
from tradewind.model.commands import CancelAll, Flatten
from tradewind.model.errors import VenueError
from tradewind.model.money import plain
from tradewind.venues.ports import OrderDesk

PAUSED = "the session is stopping"
STOPPING = "STOPPING"
SETTLE_S = 0.1
ROUND_S = 0.5


class Ended(msgspec.Struct, frozen=True):
    """How a session came to its end: why, which orders stay at the venue on purpose, and what is not as it should be.

    `leftovers` may still be at the venue, `in_doubt` are not known of; `unprotected` are sentences about positions.
    """

    reason: str
    leftovers: tuple[str, ...] = ()
    in_doubt: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    unprotected: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        return not self.leftovers and not self.in_doubt and not self.unprotected


class Stopping:
    """One orderly end; its bots are paused already."""

    def __init__(self, engine: LiveEngine, trading: Trading, desk: OrderDesk, plan: LivePlan) -> None:
        self._engine = engine
        self._trading = trading
        self._desk = desk
        self._plan = plan
        self._truth = trading.gateway.truth
        self._deadline_s = asyncio.get_running_loop().time() + plan.stop_within_s

    async def run(self, reason: str) -> Ended:
        """Stop, and return what came of it."""
        gateway, policy = self._trading.gateway, self._plan.on_stop
        gateway.gate.closed = STOPPING
        await self._trading.outbox.drain()
        await self._while(lambda: gateway.in_flight > 0, min(self._deadline_s, self._now_s() + self._plan.timeout_s))
        if policy == "flatten":
            self._engine.take(Flatten(self._engine.now_ns()))
            await self._while(lambda: bool(self._open_seats()))
        if policy != "keep":
            self._engine.take(CancelAll(self._engine.now_ns(), exits_stay=policy == "cancel"))
            await self._trading.outbox.drain()
            await self._while(lambda: any(not self._stays(record) for record in self._own()))
        await self._while(lambda: not all(self._truth.settled(name) for name in self._engine.state.markets))
        if policy == "cancel":
            await self._while(lambda: bool(self._trading.coverage.off_venue()), self._now_s() + self._plan.timeout_s)
        left, kept = await self._confirmed()
        known = {*left, *kept}
        in_doubt = tuple(each.id for each in self._truth.live() if each.doubt and each.id not in known)
        return Ended(reason, left, in_doubt, kept, self._unprotected())

    async def _confirmed(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return our orders that the venue shows and should not, and those that stay there; all that we believe live
        are of the first kind when it does not answer.
        """
        while True:
            try:
                async with asyncio.timeout(self._plan.timeout_s):
                    orders = await self._desk.open_orders()
            except (VenueError, TimeoutError):
                left = tuple(record.id for record in self._own())
                kept: tuple[str, ...] = ()
                answered = False
            else:
                shown = {order.client_id for order in orders if self._truth.owns(order)}
                answered = await self._trading.checker.last_round()
                staying = {record.id for record in self._own() if self._stays(record)}
                live = {record.id for record in self._own()}
                kept = tuple(sorted(staying & shown))
                left = tuple(sorted(((shown & live) | staying) - set(kept)))
            if (answered and not left) or self._now_s() > self._deadline_s:
                return left, kept
            await asyncio.sleep(ROUND_S)

    def _own(self) -> list[Record]:
        return [record for record in self._truth.live() if not record.foreign]

    def _stays(self, record: Record) -> bool:
        """Return whether policy leaves the order at the venue: under `cancel`, an exit that rests there."""
        if self._plan.on_stop == "keep":
            return True
        cover = self._trading.gateway.protecting.covers.of_sent(record.id)
        if self._plan.on_stop != "cancel" or cover is None or cover.at_venue != record.id:
            return False
        return cover.phase is Phase.RESTING and not record.in_flight and not record.doubt

    def _open_seats(self) -> list[Seat]:
        """Return the seats whose position is not closed yet, but for what no order can close."""
        seats = [seat for bot in self._engine.state.bots.values() for seat in bot.seats]
        return [
            seat
            for seat in seats
            if seat.closing is not None or (seat.view.position and not is_dust(seat.market, seat.view.position))
        ]

    def _unprotected(self) -> tuple[str, ...]:
        if self._plan.on_stop == "cancel-all":
            return ()  # somebody wanted the exits gone
        if self._plan.on_stop == "flatten":
            return tuple(f"{_held(seat)}: it could not be closed" for seat in self._open_seats())
        return tuple(
            f"{_held(seat)}, of which {plain(seat.market.instrument.quantity_decimal(bare))} is not protected "
            "at the venue"
            for seat, bare in self._trading.coverage.off_venue()
        )

    async def _while(self, condition: Callable[[], bool], until_s: float | None = None) -> None:
        end_s = self._deadline_s if until_s is None else min(until_s, self._deadline_s)
        while condition() and self._now_s() < end_s:
            await asyncio.sleep(SETTLE_S)

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()


def _held(seat: Seat) -> str:
    quantity = plain(seat.market.instrument.quantity_decimal(seat.view.position))
    return f"{seat.bot.id} holds {quantity} {seat.market.id}"
