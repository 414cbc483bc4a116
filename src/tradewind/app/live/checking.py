"""Our books held against the venue's: orders every 45 s, holdings every 90 s, and both after every reconnect (X10).

While our own orders' stream is down orders are asked for every few seconds, so that nothing is missed for long.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable

import msgspec

from tradewind.app.live.clearing import HALT_PREFIX
from tradewind.app.live.engine import LiveEngine
from tradewind.app.live.gateway import Gateway
from tradewind.app.live.sessions import named, of_others, session_of
from tradewind.engine.reconciling import Evidence, Reconciler
from tradewind.model.effects import Alarm
from tradewind.model.errors import VenueError
from tradewind.model.venue import VenueFill, VenueOrder
from tradewind.venues.ports import AccountDesk, OrderDesk

OVERLAP_NS = 120_000_000_000
WITHOUT_STREAM_S = 5.0
RETRY_S = 2.0


class Checks(msgspec.Struct):
    """What reconciliation has done so far."""

    rounds: int = 0
    failed: int = 0
    corrections: int = 0
    last_ns: int = 0
    last_error: str = ""


class Checker:
    """Runs the rounds of one account. `soon` asks for one at once."""

    def __init__(
        self,
        orders: OrderDesk,
        account: AccountDesk,
        engine: LiveEngine,
        gateway: Gateway,
        reconciler: Reconciler,
        *,
        orders_every_s: float,
        holdings_every_s: float,
        since_ns: int,
        timeout_s: float,
        own: Collection[str],
        on_alarm: Callable[[Alarm], None],
    ) -> None:
        self.counts = Checks()
        self.user_stream_up = False
        self._orders = orders
        self._account = account
        self._engine = engine
        self._gateway = gateway
        self._reconciler = reconciler
        self.funding = reconciler.funding
        self._orders_every_s = orders_every_s
        self._holdings_every_s = holdings_every_s
        self._since_ns = since_ns
        self._timeout_s = timeout_s
        self._now = asyncio.Event()
        self._liquidations: set[str] = set()
        self._halts: set[str] = set()
        self._own = own
        self._on_alarm = on_alarm
        self._told: set[str] = set()
        self._looked_at: set[str] = set()

    def soon(self) -> None:
        """Ask for a round of both at once: after a reconnect everything may have changed."""
        self._now.set()

    async def run(self) -> None:
        """Check for as long as the session lives."""
        loop = asyncio.get_running_loop()
        orders_s = holdings_s = loop.time()
        while True:
            every_s = self._orders_every_s if self.user_stream_up else min(WITHOUT_STREAM_S, self._orders_every_s)
            due_s = min(orders_s + every_s, holdings_s + self._holdings_every_s)
            try:
                async with asyncio.timeout_at(due_s):
                    await self._now.wait()
                asked = True
                self._now.clear()
            except TimeoutError:
                asked = False
            now_s = loop.time()
            with_holdings = asked or now_s >= holdings_s + self._holdings_every_s
            if await self.round(holdings=with_holdings):
                orders_s = loop.time()
                holdings_s = orders_s if with_holdings else holdings_s
            else:
                await asyncio.sleep(RETRY_S)

    async def round(self, *, holdings: bool) -> bool:
        """Ask the venue once and take what it says; return whether it answered."""
        asked_ns = self._engine.now_ns()
        try:
            async with asyncio.timeout(3 * self._timeout_s):
                evidence = await self._evidence(asked_ns, holdings=holdings)
        except (VenueError, TimeoutError) as error:
            self.counts.failed += 1
            self.counts.last_error = f"{type(error).__name__}: {error}"
            return False
        self._take(evidence, holdings=holdings)
        return True

    async def last_round(self) -> bool:
        """The round of an orderly end: nobody looks again after it, so that a difference gets its second look now."""
        return await self.round(holdings=True) and (not self._reconciler.suspects or await self.round(holdings=True))

    async def _evidence(self, asked_ns: int, *, holdings: bool) -> Evidence:
        desk, account = self._orders, self._account
        fills = await desk.fills(self._since_ns - OVERLAP_NS)
        orders = await desk.open_orders()
        balances = tuple(await account.balances()) if holdings else None
        positions = tuple(await account.positions()) if holdings else None
        await self._look_at_strangers(fills)
        self._look_for_another_session(orders)
        self._halts |= {each.venue_id for each in orders if each.client_id.startswith(HALT_PREFIX)}
        return Evidence(
            asked_ns=asked_ns,
            orders=tuple(orders),
            fills=tuple(fills),
            liquidations=frozenset(self._liquidations),
            halts=frozenset(self._halts),
            balances=balances,
            positions=positions,
            prices={
                name: market.instrument.price_decimal(market.mark)
                for name, market in self._engine.state.markets.items()
                if market.mark is not None
            },
        )

    async def _look_at_strangers(self, fills: Iterable[VenueFill]) -> None:
        """Ask for orders that only their executions tell of: a halt may have closed a position, or the venue itself."""
        markets, truth, opened_ns = self._engine.state.markets, self._gateway.truth, self._reconciler.opened_ns
        for fill in fills:
            name = fill.venue_order_id
            old = fill.ts_ns <= (opened_ns or 0)  # it is part of what was found at the start
            if old or fill.instrument not in markets or name in self._looked_at or truth.knows(fill):
                continue
            order = await self._orders.find_venue_order(name)
            if order is not None:
                self._looked_at.add(name)
                if order.liquidation:
                    self._liquidations.add(name)
                elif order.client_id.startswith(HALT_PREFIX):
                    self._halts.add(name)

    def _look_for_another_session(self, orders: Iterable[VenueOrder]) -> None:
        """Tell an operator, once of each, of other sessions that have orders here: nobody but people can stop one."""
        others = [each for each in of_others(orders, self._own) if session_of(each.client_id) not in self._told]
        if others:
            self._told |= {session_of(each.client_id) for each in others}
            text = f"another session has orders on this account: {named(others)}; stop one of the two"
            self._on_alarm(Alarm(self._engine.now_ns(), "another_session", text))

    def _take(self, evidence: Evidence, *, holdings: bool) -> None:
        state, now_ns = self._engine.state, self._engine.now_ns()
        reconciler, count = self._reconciler, 0
        rounds = [reconciler.orders, reconciler.holdings] if holdings else [reconciler.orders]
        if reconciler.opened_ns is None:
            rounds.reverse()  # at the first start what is held is adopted before any order is looked at
        for compare in rounds:
            told = compare(state, evidence, self._engine.now_ns())
            self._gateway.told(told)
            count += len(told)
        self._since_ns = max(self._since_ns, evidence.asked_ns)
        self.counts.rounds += 1
        self.counts.corrections += count
        self.counts.last_ns = now_ns
