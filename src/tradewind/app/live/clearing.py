"""An account cleared out at the venue: no order left, and nothing held, as far as the venue can be made to say so.

Lists lag behind and answers get lost. So cancels are asked for until the venue has shown nothing for a while, and a
position counts as closed when the venue does not show it any more, not when somebody said that it would be.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import TypeVar

import msgspec

from tradewind.app.live.coinbase import CoinbaseSide
from tradewind.model.errors import VenueError
from tradewind.model.instrument import Instrument
from tradewind.model.money import plain
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce
from tradewind.model.venue import InDoubt, PlaceAnswer, Placed, VenueOrder

HALT_PREFIX = "halt-"  # the names of what closes: whoever goes on knows them by it
PASSING = frozenset({"NOT_SENT", "RATE_LIMITED"})  # refusals that say nothing about the order
T = TypeVar("T")


class Pace(msgspec.Struct, frozen=True):
    """Seconds: for each half, for one answer, between two looks, and how long a list must stay empty to be believed."""

    within_s: float = 25.0
    answer_s: float = 5.0
    pause_s: float = 0.5
    quiet_s: float = 2.0


class Holding(msgspec.Struct, frozen=True):
    """Something to close: a whole futures position, or `units` of a spot instrument (then it is the instrument)."""

    instrument: str
    quantity: Decimal
    spot: Instrument | None = None
    units: int = 0

    def __str__(self) -> str:
        return f"{self.instrument} {plain(self.quantity)}"


class Attempt(msgspec.Struct):
    """One order to close something: under one name for as long as nobody knows what became of it."""

    name: str
    holding: Holding
    answer: PlaceAnswer
    since_s: float


class Clearing:
    """Clears one account. Afterwards the lists say what was done and what was not."""

    def __init__(self, side: CoinbaseSide, pace: Pace) -> None:
        self.canceled: list[str] = []
        self.closed: list[str] = []
        self.left: list[str] = []
        self.errors: list[str] = []
        self._side = side
        self._pace = pace
        self._attempts: dict[str, Attempt] = {}

    # -- orders -------------------------------------------------------------------------------------------------------

    async def cancel_everything(self) -> None:
        """Ask and cancel until the venue has shown nothing for a while, or the time is over."""
        asked: dict[str, None] = {}
        shown: Sequence[VenueOrder] = ()
        trouble = ""
        now_s = time.monotonic()
        deadline_s, empty_since_s = now_s + self._pace.within_s, None
        while True:
            try:
                shown, trouble = await self._answered(self._side.orders.open_orders), ""
                if shown:
                    empty_since_s = None
                    ids = [each.venue_id for each in shown]
                    asked.update(dict.fromkeys(ids))
                    await self._cancel(ids)
            except (VenueError, TimeoutError) as error:
                trouble = said(error)
            now_s = time.monotonic()
            if not trouble and not shown:
                empty_since_s = now_s if empty_since_s is None else empty_since_s
                if now_s - empty_since_s >= self._pace.quiet_s:
                    break
            if now_s > deadline_s:
                break
            await asyncio.sleep(self._pace.pause_s)
        live = {each.venue_id for each in shown}
        self.canceled += [name for name in asked if name not in live]
        self.left += [f"{each.instrument} {each.side.name.lower()}: order {each.venue_id}" for each in shown]
        self.errors += [f"open orders: {trouble}"] if trouble else []

    async def _cancel(self, ids: Sequence[str]) -> None:
        """Ask for it; what came of it the next look shows."""
        await self._answered(lambda: self._side.orders.cancel_venue_orders(ids))

    # -- positions ----------------------------------------------------------------------------------------------------

    async def close_everything(self, instruments: Sequence[str]) -> None:
        """Close futures positions whole, and what is held of the named spot instruments, until they are not there."""
        deadline_s = time.monotonic() + self._pace.within_s
        first: dict[str, Holding] = {}
        held: dict[str, Holding] = {}
        given_up: dict[str, str] = {}
        trouble = ""
        while True:
            try:
                held, trouble = {each.instrument: each for each in await self._held(instruments)}, ""
                first = {**held, **first}
                for holding in held.values():
                    if holding.instrument not in given_up and (refusal := await self._close(holding)):
                        given_up[holding.instrument] = refusal
            except (VenueError, TimeoutError) as error:
                trouble = said(error)
            if not trouble and held.keys() <= given_up.keys():
                break
            if time.monotonic() > deadline_s:
                break
            await asyncio.sleep(self._pace.pause_s)
        self.closed += [str(each) for name, each in first.items() if name not in held]
        self.left += [f"{each} is still held: {given_up.get(name, 'no time')}" for name, each in held.items()]
        self.errors += [f"positions: {trouble}"] if trouble else []

    async def _held(self, instruments: Sequence[str]) -> list[Holding]:
        positions = await self._answered(self._side.account.positions)
        held = [Holding(each.instrument, each.quantity) for each in positions if each.quantity]
        if not instruments:
            return held
        wanted = await self._answered(lambda: self._side.market.instruments(instruments))
        balances = {each.currency: each.available for each in await self._answered(self._side.account.balances)}
        for instrument in wanted:
            units = instrument.order_quantity(balances.get(instrument.base, Decimal(0)))
            if instrument.is_spot and units > 0:
                held.append(Holding(instrument.id, instrument.quantity_decimal(units), instrument, units))
        return held

    async def _close(self, holding: Holding) -> str:
        """Send what closes it, unless that is on its way; return why the venue will not have it, "" otherwise."""
        before, now_s = self._attempts.get(holding.instrument), time.monotonic()
        unchanged = before is not None and before.holding == holding
        if before is not None and unchanged and isinstance(before.answer, InDoubt):
            name = before.name  # it may be there: the venue takes a second order of this name for the first
        elif before is not None and unchanged and now_s - before.since_s < self._pace.quiet_s:
            return ""
        else:
            name = f"{HALT_PREFIX}{secrets.token_hex(8)}"
        answer = await self._sent(name, holding)
        self._attempts[holding.instrument] = Attempt(name, holding, answer, now_s)
        if isinstance(answer, Placed | InDoubt) or answer.reason in PASSING:
            return ""
        return f"{answer.reason} {answer.text}".strip()

    async def _sent(self, name: str, holding: Holding) -> PlaceAnswer:
        orders = self._side.orders
        try:
            async with asyncio.timeout(self._pace.answer_s):
                if holding.spot is None:
                    return await orders.close_position(name, holding.instrument, abs(holding.quantity))
                return await orders.place(
                    OrderRequest(
                        name,
                        holding.instrument,
                        Side.SELL,
                        OrderKind.MARKET,
                        holding.units,
                        time_in_force=TimeInForce.IOC,
                    )
                )
        except TimeoutError:
            return InDoubt("no answer in time")

    async def _answered(self, question: Callable[[], Awaitable[T]]) -> T:
        async with asyncio.timeout(self._pace.answer_s):
            return await question()


def said(error: BaseException) -> str:
    """Return an error as it is told to people."""
    return f"{type(error).__name__}: {error}" if str(error) else "no answer in time"
