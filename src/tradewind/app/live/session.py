"""A session on a venue from start to end: ordered start, tasks side by side, ordered stop (SPEC O4, O9, K7).

    start   in doubt everywhere; what was sent before is looked for; warm-up; stream; reconcile; then no doubt
    going   stream, ticks, candles, questions, reconciliation, fits, guards, telemetry, each a task of one group
    stop    nothing new; what is in flight arrives; orders by policy; confirmed by the venue; records closed

Whatever fails ends all of it. The journal is then left open: the next start goes on from there.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from tradewind.app.config_watch import EVERY_S, RULE, Action, ConfigWatch, commands, open_positions
from tradewind.app.forgetting import Forgetting
from tradewind.app.live.candle_keeping import CandleKeeping
from tradewind.app.live.collecting import seldom_collecting
from tradewind.app.live.coverage import Bare
from tradewind.app.live.doubts import Doubts
from tradewind.app.live.engine import LiveEngine
from tradewind.app.live.fitting import Fitting
from tradewind.app.live.guarding import Guarding
from tradewind.app.live.inbound import Inbound
from tradewind.app.live.latch import Latch
from tradewind.app.live.plan import LivePlan
from tradewind.app.live.product_watch import ProductWatch
from tradewind.app.live.standing import Leftovers, Standing
from tradewind.app.live.stopping import PAUSED, Ended, Stopping
from tradewind.app.live.telemetry import AccountTelemetry
from tradewind.app.live.trading import Trading
from tradewind.app.live.turns import quick_turns
from tradewind.app.live.venue_side import VenueSide
from tradewind.app.live.windows import is_open
from tradewind.app.shadow import Shadow
from tradewind.market.activity import ActivityLevel
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
from tradewind.model.errors import StateError
from tradewind.model.market_events import MarginRates
from tradewind.model.venue import VenueOrder
from tradewind.simulation.desk import Desk
from tradewind.venues.ports import ProductState, StreamEvent

START, DATA, WINDOW = "start", "data", "window"
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
        self.config_watch: ConfigWatch | None = None
        self.lag_s = 0.0
        self.shadow: Shadow | None = None
        self._restore = restore
        state = engine.state
        known = [(name, cause) for name, market in state.markets.items() for cause in market.doubts]
        self.doubts = Doubts(engine.take, engine.now_ns, known)
        self.fitting = Fitting(side, engine, plan, self.alarm)
        self.candles = CandleKeeping(
            side, engine, plan, self.doubts, guarding, askable=askable, closed=self.fitting.take
        )
        self.inbound = Inbound(
            engine,
            self.candles.joins,
            self.doubts,
            with_trades=trading is None,
            limits=plan.activity,
            on_order=self._order_seen,
            on_user=self._user_stream,
        )
        self.telemetry = AccountTelemetry(None if trading is None else side.account, engine.now_ns)
        self._began_s = time.monotonic()
        names = list(state.markets)
        self._products = ProductWatch(side, plan, self.doubts, guarding, names, self._states_told)
        venue = engine.driver.venue
        self._forgetting = Forgetting(state, ORDERS_KEPT_NS, venue if isinstance(venue, Desk) else None)
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
            with seldom_collecting(), quick_turns():
                ended = await self._all_of_it()
        except BaseExceptionGroup as errors:
            self.phase = "failed"
            raise _first(errors) from errors
        finally:
            for task in self._tasks:
                task.cancel()
            self.candles.close()
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
        if not self.candles.is_warm:
            await self._warm_up()
        self.candles.say_troubles()
        await self.fitting.begin()
        self._begin(group, self._listen())
        self._begin(group, self._tick())
        if self.shadow is not None:
            self._begin(group, self.shadow.run())
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
        self._begin(group, self._products.run())
        if self.config_watch is not None:
            self._begin(group, self._guard(self.config_watch))
        self._begin(group, self.fitting.run())
        self._begin(group, self.telemetry.run(self.plan.telemetry_every_s))
        self.phase = "trading"
        self.ready.set()

    async def _warm_up(self) -> None:
        self.phase = "warming up"
        await self.candles.warm_up()

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
        await self.side.listen(instruments, books=books, user=self.trading is not None, take=self._heard)
        raise StateError("the venue's stream came to an end: it never should; restart the session")

    def _heard(self, events: Sequence[StreamEvent]) -> None:
        self.inbound.take(events)
        if not self.connected.is_set() and self.engine.state.markets.keys() - self._without_stream():
            self.connected.set()

    def _without_stream(self) -> set[str]:
        return {name for name, cause in self.doubts.held if cause == "stream"}

    async def _tick(self) -> None:
        """Let time pass: timers, candles, exits that are watched, the latch, the hours."""
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + self.plan.tick_s
            self.engine.advance()
            self.candles.step()
            self._last_gate()
            if self.trading is not None:
                marks = self.inbound.usable_marks()
                self.trading.gateway.step(marks)
                self.trading.checker.funding.passed(self.engine.state, self.engine.now_ns())
                self._see_to_coverage(self.trading, marks)
            self._refuse_broken()
            self._slowly()
            await asyncio.sleep(max(0.001, due_s - loop.time()))
            self.lag_s = max(0.0, loop.time() - due_s)

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

    def _refuse_broken(self) -> None:
        """Stop on what went wrong where nobody waited for it."""
        trading = self.trading
        sent = () if trading is None else (trading.outbox.broken, trading.gateway.broken)
        for error in (self.candles.broken, *sent):
            if error is not None:
                raise error

    def _slowly(self) -> None:
        """What is looked at once a second."""
        now_ns = self.engine.now_ns()
        if now_ns - self._activity_ns < 1_000_000_000:
            return
        self._activity_ns = now_ns
        for name in self.candles.joins:
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

    async def _guard(self, watch: ConfigWatch) -> None:
        """Every few seconds, see whether the configuration is still what the session runs by (SPEC K11)."""
        while True:
            await asyncio.sleep(EVERY_S)
            act = watch.look(open_positions(self.engine.state))
            if act is None:
                continue
            for command in commands(act, self.engine.state, self.engine.now_ns()):
                if isinstance(command, Halt):
                    with contextlib.suppress(StateError):  # the disk does not take the latch: an alarm says so
                        self.halt(command.reason, RULE)
                else:
                    self.engine.take(command)
            if act.action is not Action.CLEAR:
                self.alarm(Alarm(self.engine.now_ns(), RULE, act.reason))

    def products_told(self, states: Mapping[str, ProductState]) -> None:
        """Funding that is due is expected, so that the cash it moves is no difference."""
        if self.trading is None:
            return
        funding = self.trading.checker.funding
        for name, state in states.items():
            if state.funding_ns is not None and state.funding_rate is not None:
                funding.told(name, state.funding_ns, state.funding_rate, state.funding_interval_ns)

    def _states_told(self, states: Mapping[str, ProductState]) -> None:
        """Take what the venue says of its products: funding that is due, and margin terms that are others now."""
        self.products_told(states)
        for name, told in states.items():
            market = self.engine.state.markets.get(name)
            if market is None or market.instrument.is_spot or told.initial_margin is None:
                continue
            terms = market.instrument
            if (told.initial_margin, told.maintenance_margin) != (terms.initial_margin, terms.maintenance_margin):
                now_ns = self.engine.now_ns()
                self.engine.feed([MarginRates(name, now_ns, told.initial_margin, told.maintenance_margin, "venue")])

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
