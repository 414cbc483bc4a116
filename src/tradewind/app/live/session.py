"""A session on a venue from start to end: ordered start, tasks side by side, ordered stop (SPEC O4, O9, K7).

    start   in doubt everywhere; what was sent before is looked for; warm-up; stream; reconcile; then no doubt
    going   stream, ticks, candles, questions, reconciliation, guards, account telemetry, each a task of one group
    stop    nothing new; what is in flight arrives; orders by policy; confirmed by the venue; records closed

Whatever fails ends all of it. The journal is then left open: the next start goes on from there.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from tradewind.app.forgetting import Forgetting
from tradewind.app.live.candles import CandleJoin, Missing, stamped
from tradewind.app.live.collecting import seldom_collecting
from tradewind.app.live.coverage import Bare
from tradewind.app.live.doubts import Doubts
from tradewind.app.live.engine import LiveEngine
from tradewind.app.live.guarding import Guarding
from tradewind.app.live.inbound import Inbound
from tradewind.app.live.latch import Latch
from tradewind.app.live.opening import measure_skew, trouble_of
from tradewind.app.live.plan import LivePlan
from tradewind.app.live.standing import Leftovers, Standing
from tradewind.app.live.stopping import PAUSED, Ended, Stopping
from tradewind.app.live.telemetry import AccountTelemetry
from tradewind.app.live.trading import Trading
from tradewind.app.live.venue_side import VenueSide
from tradewind.app.live.warming import warm_up
from tradewind.app.live.windows import is_open
from tradewind.market.activity import ActivityLevel
from tradewind.market.aggregate import bucket_open
from tradewind.model.commands import (
    CancelAll,
    EnterReduceOnly,
    Flatten,
    Halt,
    LeaveReduceOnly,
    PauseBot,
    Resume,
    ResumeBot,
)
from tradewind.model.effects import Alarm
from tradewind.model.errors import StateError, VenueError
from tradewind.model.market_events import Bar, Gap
from tradewind.model.venue import VenueOrder
from tradewind.simulation.desk import Desk
from tradewind.venues.ports import ProductState

START, CANDLES, PRODUCT, DATA, CLOCK, WINDOW = "start", "candles", "product", "data", "clock", "window"
CONNECT_WITHIN_S = 15.0
FORGET_NS = 600_000_000_000
ORDERS_KEPT_NS = 3_600_000_000_000  # longer than order truth: the engine is to know every order that one speaks of


class LiveSession:
    """One session. `trading` is None on paper, where a simulated venue answers instead."""

    def __init__(
        self,
        side: VenueSide,
        engine: LiveEngine,
        plan: LivePlan,
        latch: Latch,
        standing: Standing,
        guarding: Guarding,
        trading: Trading | None,
        *,
        run: str,
        askable: bool,
        restore: Callable[["LiveSession"], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        self.side = side
        self.engine = engine
        self.plan = plan
        self.latch = latch
        self.standing = standing
        self.guarding = guarding
        self.trading = trading
        self.run_id = run
        self.phase = "starting"
        self.stop = asyncio.Event()
        self.ready = asyncio.Event()
        self.connected = asyncio.Event()
        self.reason = "asked"
        self.alarms: list[Alarm] = []
        self.lag_s = 0.0
        self._askable = askable
        self._restore = restore
        state = engine.state
        known = [(name, cause) for name, market in state.markets.items() for cause in market.doubts]
        self.doubts = Doubts(engine.take, engine.now_ns, known)
        self.candles = {
            name: CandleJoin(
                name,
                plan.span_ns,
                joined_ns=0,
                askable=askable,
                volume_digits=market.instrument.volume_scale - market.instrument.quantity_scale,
            )
            for name, market in state.markets.items()
        }
        self.inbound = Inbound(
            engine,
            self.candles,
            self.doubts,
            with_trades=trading is None,
            limits=plan.activity,
            on_order=self._order_seen,
            on_user=self._user_stream,
        )
        self.telemetry = AccountTelemetry(None if trading is None else side.account, engine.now_ns)
        self._began_s = time.monotonic()
        self._joined: dict[str, str] = {}  # once warm: what went wrong, by instrument
        venue = engine.driver.venue
        self._forgetting = Forgetting(state, ORDERS_KEPT_NS, venue if isinstance(venue, Desk) else None)
        self._asking: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._activity_ns = 0

    @property
    def uptime_s(self) -> float:
        """How long ago the session was made."""
        return time.monotonic() - self._began_s

    # -- the whole ----------------------------------------------------------------------------------------------------

    async def run(self) -> Ended:
        """Run until asked to stop, the time is over, or something fails; return how it ended."""
        try:
            with seldom_collecting():
                ended = await self._all_of_it()
        except BaseExceptionGroup as errors:
            self.phase = "failed"
            raise _first(errors) from errors
        finally:
            for task in self._tasks:
                task.cancel()
            if self.trading is not None:
                self.trading.outbox.close()
                await self.trading.gateway.close()
        self.phase = "ended"
        return ended

    async def _all_of_it(self) -> Ended:
        async with asyncio.TaskGroup() as group:
            await self._started(group)
            await self._until_over()
            ended = await self._end_in_order()
            for task in self._tasks:
                task.cancel()
        return ended

    async def _started(self, group: asyncio.TaskGroup) -> None:
        """Start, unless somebody asks to stop before that is done."""
        starting, asked = group.create_task(self._start(group)), group.create_task(self.stop.wait())
        await asyncio.wait({starting, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        starting.cancel()

    async def _start(self, group: asyncio.TaskGroup) -> None:
        engine, state = self.engine, self.engine.state
        if state.now_ns == 0:
            # Of a new session nothing has happened yet: history comes first, at its own times.
            await self._warm_up()
        for name in state.markets:
            self.doubts.raise_(name, START, "the session is starting")
            self.doubts.raise_(name, "stream", "not connected yet")
        tripped = self.latch.read()
        if tripped is not None and state.halted is None:
            engine.take(Halt(engine.now_ns(), tripped.reason))
        if self._restore is not None:
            await self._restore(self)
        if not self._joined:
            await self._warm_up()
        for name, trouble in self._joined.items():
            if trouble:
                self.doubts.raise_(name, CANDLES, trouble, alarm=True)
        self._begin(group, self._listen())
        self._begin(group, self._tick())
        if self.trading is not None:
            self._begin(group, self.trading.gateway.ask_what_is_due())
        self.phase = "connecting"
        with contextlib.suppress(TimeoutError):  # in doubt until it is connected, and that may take its time
            async with asyncio.timeout(CONNECT_WITHIN_S):
                await self.connected.wait()
        if self.trading is not None:
            self.phase = "reconciling"
            checker = self.trading.checker
            while not await checker.round(holdings=True):
                await asyncio.sleep(1.0)
            self._begin(group, checker.run())
        for name in state.markets:
            self.doubts.clear(name, START, "warm, connected and reconciled")
        stopped = [name for name, bot in state.bots.items() if bot.paused == PAUSED]
        engine.take(*(ResumeBot(engine.now_ns(), name) for name in stopped))
        self._begin(group, self.guarding.run(self.plan.guards_every_s))
        self._begin(group, self._watch_products())
        self._begin(group, self.telemetry.run(self.plan.telemetry_every_s))
        self.phase = "trading"
        self.ready.set()

    async def _warm_up(self) -> None:
        self.phase, joined_ns = "warming up", bucket_open(self.engine.now_ns(), self.plan.span_ns)
        market, span_ns = self.side.market, self.plan.span_ns
        troubles = await warm_up(self.engine, market, span_ns, joined_ns, askable=self._askable)
        for candles in self.candles.values():
            candles.joined_ns = joined_ns
        self._joined = {name: troubles.get(name, "") for name in self.candles}

    def _begin(self, group: asyncio.TaskGroup, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(group.create_task(work))

    async def _until_over(self) -> None:
        minutes = self.plan.minutes
        if minutes is None:
            await self.stop.wait()
            return
        try:
            async with asyncio.timeout(float(minutes) * 60):
                await self.stop.wait()
        except TimeoutError:
            self.reason = "minutes"

    # -- what goes on -------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Take what the venue tells by itself, for as long as the session lives."""
        state = self.engine.state
        books = frozenset(name for name, market in state.markets.items() if market.hears_book)
        instruments = [market.instrument for market in state.markets.values()]
        async for events in self.side.stream(instruments, books=books, user=self.trading is not None):
            self.inbound.take(events)
            if not self.connected.is_set() and self.engine.state.markets.keys() - self._without_stream():
                self.connected.set()
        raise StateError("the venue's stream came to an end: it never should; restart the session")

    def _without_stream(self) -> set[str]:
        return {name for name, cause in self.doubts.held if cause == "stream"}

    async def _tick(self) -> None:
        """Let time pass: timers, candles, exits that are watched, the latch, the hours."""
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + self.plan.tick_s
            self.engine.advance()
            self._candles()
            self._last_gate()
            if self.trading is not None:
                marks = self.inbound.usable_marks()
                self.trading.gateway.step(marks)
                self.trading.checker.funding.passed(self.engine.state, self.engine.now_ns())
                self._see_to_coverage(self.trading, marks)
                self._refuse_broken(self.trading)
            self._slowly()
            await asyncio.sleep(max(0.001, due_s - loop.time()))
            self.lag_s = max(0.0, loop.time() - due_s)

    def _candles(self) -> None:
        now_ns = self.engine.now_ns()
        closed: list[Bar | Gap] = []
        for name, candles in self.candles.items():
            events = candles.ready(now_ns)
            closed += events
            if any(isinstance(event, Gap) and not event.no_trade for event in events) and self._askable:
                self.doubts.raise_(name, CANDLES, "candles are missing, and the venue did not give them", alarm=True)
            elif events and not candles.is_waiting:
                self.doubts.clear(name, CANDLES, "candles follow each other again")
            if name not in self._asking and (asked := candles.missing(now_ns)) is not None:
                self._asking.add(name)
                self._ask_candles(candles, asked)
        if closed:
            closed.sort(key=lambda event: (event.ts_ns, event.instrument))
            self.engine.feed(stamped(closed, self.engine.now_ns()))

    def _ask_candles(self, candles: CandleJoin, asked: Missing) -> None:
        async def ask() -> None:
            try:
                async with asyncio.timeout(self.plan.timeout_s):
                    bars = await self.side.market.candles(asked.instrument, asked.span_ns, asked.start_ns, asked.end_ns)
                candles.on_history(asked, bars, self.engine.now_ns())
            except (VenueError, TimeoutError):
                self.guarding.note_error()
                candles.on_refusal(self.engine.now_ns())
            await asyncio.sleep(1.0)
            self._asking.discard(asked.instrument)

        task = asyncio.ensure_future(ask())
        self._tasks.append(task)
        task.add_done_callback(self._tasks.remove)

    def _last_gate(self) -> None:
        """Somebody else may have tripped the latch: the engine must know it too."""
        if self.engine.state.halted is None and self.latch.is_set:
            tripped = self.latch.read()
            self.engine.take(Halt(self.engine.now_ns(), "halted" if tripped is None else tripped.reason))

    def _see_to_coverage(self, trading: Trading, marks: Mapping[str, int]) -> None:
        now_ns = self.engine.now_ns()
        bare = trading.coverage.look(marks, now_ns)
        if bare:
            healthy = trading.checker.user_stream_up and not self._without_stream()
            limit_s = self.plan.unprotected_healthy_s if healthy else self.plan.unprotected_faulty_s
            trading.coverage.overdue(bare, now_ns, int(limit_s * 1e9), self._unprotected)

    def _unprotected(self, bare: Bare) -> None:
        text = f"{bare.bot} holds {bare.quantity} units of {bare.instrument} without an exit in force"
        self.alarm(Alarm(self.engine.now_ns(), "unprotected", text))
        if self.plan.unprotected == "flatten":
            self.engine.take(Flatten(self.engine.now_ns(), bare.bot))

    def _refuse_broken(self, trading: Trading) -> None:
        for error in (trading.outbox.broken, trading.gateway.broken):
            if error is not None:
                raise error

    def _slowly(self) -> None:
        """What is looked at once a second."""
        now_ns = self.engine.now_ns()
        if now_ns - self._activity_ns < 1_000_000_000:
            return
        self._activity_ns = now_ns
        for name in self.candles:
            reading = self.inbound.activity.reading(name, now_ns)
            blocked = reading.level is ActivityLevel.BLOCKED
            self.doubts.say(name, DATA, "; ".join(reading.reasons) if blocked else "")
        inside = is_open(self.plan.windows, now_ns)
        held = WINDOW in self.engine.state.reduce_only
        if not inside and not held:
            self.engine.take(EnterReduceOnly(now_ns, WINDOW, "outside the trading hours"))
        elif inside and held:
            self.engine.take(LeaveReduceOnly(now_ns, WINDOW))
        if self.trading is not None:
            self.trading.gateway.forget(now_ns - FORGET_NS)
        self._forgetting.step(now_ns, () if self.trading is None else self.trading.gateway.truth.records)

    async def _watch_products(self) -> None:
        """Ask now and then what the venue lets people do, and what time it is there."""
        names = list(self.candles)
        while True:
            try:
                async with asyncio.timeout(self.plan.timeout_s):
                    states = await self.side.market.product_states(names)
                    skew_ns = await measure_skew(self.side.market)
            except (VenueError, TimeoutError):
                self.guarding.note_error()
                await asyncio.sleep(5.0)
                continue
            self.side.use_time(skew_ns)
            late = (
                f"our clock is {skew_ns / 1e9:+.1f} s from the venue's" if abs(skew_ns) > self.plan.skew_max_ns else ""
            )
            if self.trading is not None:
                self._expect_funding(self.trading, states)
            for name in names:
                self.doubts.say(name, PRODUCT, trouble_of(states[name]) if name in states else "")
                self.doubts.say(name, CLOCK, late)
            await asyncio.sleep(self.plan.products_every_s)

    def _expect_funding(self, trading: Trading, states: Mapping[str, ProductState]) -> None:
        for name, state in states.items():
            if state.funding_ns is not None and state.funding_rate is not None:
                trading.checker.funding.told(name, state.funding_ns, state.funding_rate, state.funding_interval_ns)

    def _order_seen(self, order: VenueOrder) -> None:
        if self.trading is None:
            return
        market = self.engine.state.markets.get(order.instrument)
        if market is not None and not market.instrument.is_spot and not self.trading.gateway.truth.owns(order):
            self.trading.checker.soon()  # somebody else moves a position that has margin to keep: the venue, perhaps
        self.trading.gateway.seen(order)

    def _user_stream(self, up: bool) -> None:
        if self.trading is not None:
            checker = self.trading.checker
            if up and not checker.user_stream_up:
                checker.soon()
            checker.user_stream_up = up

    # -- what operators do --------------------------------------------------------------------------------------------

    def alarm(self, alarm: Alarm) -> None:
        """Keep an alarm for whoever looks."""
        self.alarms.append(alarm)
        del self.alarms[:-200]

    def halt(self, reason: str, by: str) -> None:
        """Trip the latch: nothing that opens leaves from now on, entries are cancelled, an operator ends it."""
        now_ns = self.engine.now_ns()
        try:
            self.latch.trip(reason, now_ns, by)
        except StateError as error:
            self.alarm(Alarm(now_ns, "latch", str(error)))
            raise
        finally:
            if self.engine.state.halted is None:
                self.engine.take(Halt(now_ns, reason))

    def resume(self, reason: str) -> None:
        """Take the latch away and let trading go on."""
        self.latch.release()
        self.engine.take(Resume(self.engine.now_ns(), reason))

    def flatten(self, bot: str | None) -> None:
        """Cancel and close the positions of a bot, or of all."""
        self.engine.take(Flatten(self.engine.now_ns(), bot))

    # -- the end ------------------------------------------------------------------------------------------------------

    async def _end_in_order(self) -> Ended:
        """Stop in order: no new risk, then by policy."""
        self.phase = "stopping"
        engine = self.engine
        running = [name for name, bot in engine.state.bots.items() if bot.paused is None]
        engine.take(*(PauseBot(engine.now_ns(), name, PAUSED) for name in running))
        if self.trading is not None:
            return await Stopping(engine, self.trading, self.side.orders, self.plan).run(self.reason)
        if self.plan.on_stop == "flatten":
            engine.take(Flatten(engine.now_ns()))
        elif self.plan.on_stop != "keep":
            engine.take(CancelAll(engine.now_ns()))
        return Ended(self.reason)

    def leftovers(self, ended: Ended) -> Leftovers | None:
        """Return what the next start has to see to first."""
        left: Sequence[str] = (*ended.leftovers, *ended.in_doubt)
        if not left and not ended.unprotected:
            return None
        return Leftovers(self.run_id, self.engine.state.now_ns, tuple(left), ended.unprotected)


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error that is not a group."""
    error: BaseException = errors.exceptions[0]
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
