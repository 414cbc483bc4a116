"""The fits of a session: made when they are due, in a thread of their own, and told to the engine as events (ADR 9).

What enters is journaled, so a replay decides by the same numbers. A fit that fails is an alarm, and the one before ages
until it holds no more; without a valid one where VaR or correlation is limited, the account may only reduce.
"""

import asyncio
import operator
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import msgspec

from tradewind.app.live.engine import LiveEngine
from tradewind.app.live.fit_history import FitHistory
from tradewind.app.live.fit_jobs import FitJob, Made, fit_jobs
from tradewind.app.live.plan import LivePlan
from tradewind.app.live.venue_side import VenueSide
from tradewind.engine.config import BotSpec, TailPlan
from tradewind.market.aggregate import bucket_open
from tradewind.model.commands import EnterReduceOnly, Fitted, LeaveReduceOnly
from tradewind.model.effects import Alarm
from tradewind.model.market_events import Bar, Gap
from tradewind.risk.tail_book import TAIL

RULE = "fits"
LOOK_S = 1.0
AGAIN_NS = 60_000_000_000  # after a failure
AT_ONCE = 4
MARGIN_BARS = 2
PAGES = 4  # of candles, each as long as a request may take


class FitState(msgspec.Struct):
    """How one fit stands. `known_ns` is the last close that the fit in force knows, `trouble` what is to be said."""

    kind: str
    state: str = "none"  # valid, stale, none
    known_ns: int = 0
    valid_until_ns: int = 0
    trouble: str = ""


class Fitting:
    """Makes the fits of one session; without anything to fit it does nothing, and nothing is asked of the venue."""

    def __init__(self, side: VenueSide, engine: LiveEngine, plan: LivePlan, alarm: Callable[[Alarm], None]) -> None:
        config = engine.state.config
        self.jobs: list[FitJob] = []
        self.states: dict[str, FitState] = {}
        self._alarm = alarm
        self._side = side
        self._engine = engine
        self._timeout_s = PAGES * plan.timeout_s
        self._span_ns = plan.span_ns
        self._instruments = {each.id: each for each in config.instruments}
        self._histories: dict[int, FitHistory] = {}
        self._specs: tuple[BotSpec, ...] | None = None
        limits = config.tail.limits if isinstance(config.tail, TailPlan) else None
        self._limited = limits is not None and (limits.var_share_max, limits.correlation_max) != (None, None)
        self._marks: dict[str, dict[str, int]] = {}  # of each fit: the marks when it was made
        self._failed_ns: dict[str, int] = {}
        self._asked_ns = 0
        self._plan()

    def take(self, events: Iterable[Bar | Gap]) -> None:
        """Take candles of the session that have closed."""
        for history in self._histories.values():
            history.take(events)

    async def begin(self) -> None:
        """Ask for history and make the first fits, so that the session begins with them."""
        if self.jobs:
            await self._ask_for_history()
            await self.look()

    def _plan(self) -> bool:
        """See what is to be fitted by now, and return whether that has changed: bots may become others as they run."""
        specs = tuple(bot.spec for bot in self._engine.state.bots.values())
        if self._specs is not None and len(specs) == len(self._specs) and all(map(operator.is_, specs, self._specs)):
            return False
        self._specs, before = specs, self.states
        self.jobs = fit_jobs(self._engine.state.config, specs, self._span_ns)
        self.states = {job.kind: before.get(job.kind) or FitState(job.kind) for job in self.jobs}
        for job in self.jobs:
            history = self._histories.get(job.span_ns)
            if history is None or history.bars < job.bars:
                self._histories[job.span_ns] = FitHistory(self._instruments, job.span_ns, job.bars)
            if job.kind not in before:
                self._adopt(job)
        return True

    async def run(self) -> None:
        """Make what is due for as long as the session lives."""
        while True:
            await asyncio.sleep(LOOK_S)
            if self._plan() or self._engine.now_ns() - self._asked_ns >= AGAIN_NS:
                await self._ask_for_history()
            await self.look()

    async def look(self) -> None:
        """Make what is due now, and say how the fits stand."""
        for job in self.jobs:
            if (moved := self._moved(job)) or self._is_due(job):
                await self._make(job, moved=moved)
        self._judge()

    def wanting(self) -> str:
        """Return what history is missing, and why, "" when none is."""
        missing = (each for history in self._histories.values() for each in history.wanting.items())
        return "; ".join(f"{name}: {why}" for name, why in missing)

    # -- when ---------------------------------------------------------------------------------------------------------

    def _is_due(self, job: FitJob) -> bool:
        now_ns = self._engine.now_ns()
        if now_ns - self._failed_ns.get(job.kind, -AGAIN_NS) < AGAIN_NS:
            return False
        latest_ns, known_ns = self._histories[job.span_ns].latest_ns(now_ns), self.states[job.kind].known_ns
        return latest_ns > known_ns and (latest_ns - known_ns >= job.every_ns or not known_ns)

    def _moved(self, job: FitJob) -> bool:
        """Return whether a mark has moved so far since the last fit that its numbers are old."""
        before = self._marks.get(job.kind)
        if job.move_max is None or before is None or not self.states[job.kind].known_ns:
            return False
        return any(
            abs(mark - before[name]) >= job.move_max * before[name]
            for name, mark in self._present_marks(job).items()
            if name in before
        )

    def _present_marks(self, job: FitJob) -> dict[str, int]:
        markets = self._engine.state.markets
        return {name: mark for name in job.names if (mark := markets[name].mark) is not None}

    # -- what ---------------------------------------------------------------------------------------------------------

    async def _make(self, job: FitJob, *, moved: bool) -> None:
        history, now_ns, marks = self._histories[job.span_ns], self._engine.now_ns(), self._present_marks(job)
        prices = {name: history.price(name, mark) for name, mark in marks.items()} if moved else {}
        snapshot = history.snapshot(now_ns, job.names, prices)
        self._marks[job.kind] = marks
        try:
            made = await asyncio.to_thread(job.make, snapshot)
        except Exception as error:  # noqa: BLE001 - a fit that fails must not end the session: the old one ages (K9)
            made = Made(0, None, f"the fit failed: {type(error).__name__}: {error}")
        self._told(job, made, as_of_ns=now_ns if moved else made.known_ns)

    def _told(self, job: FitJob, made: Made, *, as_of_ns: int) -> None:
        state, now_ns = self.states[job.kind], self._engine.now_ns()
        until_ns = made.known_ns + job.valid_ns
        trouble = made.trouble
        if made.parameters is not None and until_ns <= now_ns:
            trouble = f"the last candle closed at {datetime.fromtimestamp(made.known_ns / 1e9, UTC):%Y-%m-%d %H:%M} UTC"
        if made.parameters is None or until_ns <= now_ns:
            self._failed_ns[job.kind] = now_ns
        else:
            self._engine.take(Fitted(now_ns, job.kind, as_of_ns, made.parameters, until_ns))
            state.known_ns, state.valid_until_ns = made.known_ns, until_ns
        if trouble and trouble != state.trouble:
            self._alarm(Alarm(now_ns, RULE, f"{job.kind}: {trouble}"))
        state.trouble = trouble

    def _adopt(self, job: FitJob) -> None:
        """Go on with the fit of a session that was cut off; it is made anew when it is due."""
        fit = self._engine.state.fitted.get(job.kind)
        if fit is not None:
            state = self.states[job.kind]
            state.known_ns, state.valid_until_ns = fit.valid_until_ns - job.valid_ns, fit.valid_until_ns

    def _judge(self) -> None:
        """Tell valid from stale, and let the account only reduce while a fit is missing that a limit needs."""
        engine = self._engine
        now_ns = engine.now_ns()
        for state in self.states.values():
            before = state.state
            state.state = "none" if not state.known_ns else "valid" if now_ns < state.valid_until_ns else "stale"
            if state.state == "stale" and before == "valid":
                why = state.trouble or "no newer candles"
                self._alarm(Alarm(now_ns, RULE, f"{state.kind}: the last fit is stale: {why}"))
        if not self._limited:
            return
        tail, held = self.states[TAIL], RULE in engine.state.reduce_only
        if tail.state != "valid" and not held:
            which = "the fit of VaR is stale" if tail.state == "stale" else "there is no fit of VaR"
            why = "; ".join(filter(None, (tail.trouble, self.wanting()))) or "no newer candles"
            engine.take(EnterReduceOnly(now_ns, RULE, f"{which}: {why}"))
        elif tail.state == "valid" and held:
            engine.take(LeaveReduceOnly(now_ns, RULE))

    # -- from what ----------------------------------------------------------------------------------------------------

    async def _ask_for_history(self) -> None:
        """Ask the venue for the candles from before the session; what it does not give is asked for again."""
        self._asked_ns = self._engine.now_ns()
        slots = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(
            *(self._load(history, name, slots) for history in self._histories.values() for name in [*history.wanting])
        )

    async def _load(self, history: FitHistory, name: str, slots: asyncio.Semaphore) -> None:
        span_ns = history.span_ns
        if span_ns not in self._side.spans_ns():
            history.wanting[name] = f"the venue has no candles of {span_ns / 60e9:g} minutes"
            return
        end_ns = bucket_open(self._engine.now_ns(), span_ns)
        start_ns = max(0, end_ns - (history.bars + MARGIN_BARS) * span_ns)
        async with slots:
            try:
                async with asyncio.timeout(self._timeout_s):
                    bars = await self._side.market.candles(name, span_ns, start_ns, end_ns)
            except Exception as error:  # noqa: BLE001 - one instrument without history does not stop the others (D5)
                history.wanting[name] = f"no candles: {error}"
                return
        history.begin(name, bars)
