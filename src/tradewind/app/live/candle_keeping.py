"""The candles of a session: warm from history, then closed one by one, and asked for where the stream lacks one."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from tradewind.app.live.candles import CandleJoin, Missing, stamped
from tradewind.app.live.doubts import Doubts
from tradewind.app.live.engine import LiveEngine
from tradewind.app.live.guarding import Guarding
from tradewind.app.live.plan import LivePlan
from tradewind.app.live.venue_side import VenueSide
from tradewind.app.live.warming import warm_up
from tradewind.market.aggregate import bucket_open
from tradewind.model.errors import VenueError
from tradewind.model.market_events import Bar, Gap

CANDLES = "candles"
AGAIN_S = 1.0  # between two questions for the same instrument


class CandleKeeping:
    """Candles of every instrument; `closed` hears of those that close.

    What breaks a question is kept in `broken`: the session stops on it.
    """

    def __init__(
        self,
        side: VenueSide,
        engine: LiveEngine,
        plan: LivePlan,
        doubts: Doubts,
        guarding: Guarding,
        *,
        askable: bool,
        closed: Callable[[Sequence[Bar | Gap]], None] | None = None,
    ) -> None:
        self.joins = {
            name: CandleJoin(
                name,
                plan.span_ns,
                joined_ns=0,
                askable=askable,
                volume_digits=market.instrument.volume_scale - market.instrument.quantity_scale,
            )
            for name, market in engine.state.markets.items()
        }
        self.broken: BaseException | None = None
        self._side = side
        self._engine = engine
        self._plan = plan
        self._doubts = doubts
        self._guarding = guarding
        self._askable = askable
        self._closed = closed
        self._troubles: dict[str, str] = {}  # once warm: what went wrong, by instrument
        self._asking: dict[str, asyncio.Task[None]] = {}

    @property
    def is_warm(self) -> bool:
        """Whether history has been joined."""
        return bool(self._troubles)

    async def warm_up(self) -> None:
        """Feed history up to now; what the stream tells is joined to it from here."""
        span_ns = self._plan.span_ns
        joined_ns = bucket_open(self._engine.now_ns(), span_ns)
        troubles = await warm_up(self._engine, self._side.market, span_ns, joined_ns, askable=self._askable)
        for candles in self.joins.values():
            candles.joined_ns = joined_ns
        self._troubles = {name: troubles.get(name, "") for name in self.joins}

    def say_troubles(self) -> None:
        """Put in doubt what could not be warmed up."""
        for name, trouble in self._troubles.items():
            if trouble:
                self._doubts.raise_(name, CANDLES, trouble, alarm=True)

    def step(self) -> None:
        """Feed what has closed by now, and ask for what is missing."""
        now_ns = self._engine.now_ns()
        closed: list[Bar | Gap] = []
        for name, candles in self.joins.items():
            events = candles.ready(now_ns)
            closed += events
            if any(isinstance(event, Gap) and not event.no_trade for event in events) and self._askable:
                self._doubts.raise_(name, CANDLES, "candles are missing, and the venue did not give them", alarm=True)
            elif events and not candles.is_waiting:
                self._doubts.clear(name, CANDLES, "candles follow each other again")
            if name not in self._asking and (asked := candles.missing(now_ns)) is not None:
                task = asyncio.ensure_future(self._ask(candles, asked))
                self._asking[name] = task
                task.add_done_callback(partial(self._asked, name))
        if closed:
            if self._closed is not None:
                self._closed(closed)
            closed.sort(key=lambda event: (event.ts_ns, event.instrument))
            self._engine.feed(stamped(closed, self._engine.now_ns()))

    async def _ask(self, candles: CandleJoin, asked: Missing) -> None:
        try:
            async with asyncio.timeout(self._plan.timeout_s):
                bars = await self._side.market.candles(asked.instrument, asked.span_ns, asked.start_ns, asked.end_ns)
            candles.on_history(asked, bars, self._engine.now_ns())
        except (VenueError, TimeoutError):
            self._guarding.note_error()
            candles.on_refusal(self._engine.now_ns())
        await asyncio.sleep(AGAIN_S)

    def _asked(self, name: str, task: asyncio.Task[None]) -> None:
        del self._asking[name]
        if not task.cancelled() and (error := task.exception()) is not None:
            self.broken = error

    def close(self) -> None:
        """Give up on what is still being asked."""
        for task in tuple(self._asking.values()):
            task.cancel()
