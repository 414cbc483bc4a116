"""Between engine and venue: requests go out, answers come back as what is known, and doubt is resolved by asking.

    outbox -> protecting -> gate -> OrderDesk.place -> gate     one send per order, never again under another name
    answers, stream, questions -> order truth -> protecting -> engine

The gate is asked twice: when a request is to be sent, and as it leaves, for it may have waited for its turn meanwhile.
A send without a usable answer is UNKNOWN until a question has found the order, or has shown that it never arrived.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any

import msgspec

from tradewind.app.live.acts import Act, Note, Send, Tell, Withdraw
from tradewind.app.live.dry import DRY_RUN
from tradewind.app.live.engine import LiveEngine
from tradewind.app.live.gate import Gate
from tradewind.app.live.outbox import Leaving
from tradewind.app.live.protecting import Protecting
from tradewind.engine.order_questions import FetchFills, FindOrder, Query, SendCancel
from tradewind.engine.order_truth import OrderTruth
from tradewind.engine.reconciling import Corrected
from tradewind.model import answers as a
from tradewind.model.effects import Alarm, SubmitOrder
from tradewind.model.errors import VenueError
from tradewind.model.orders import OrderKind, OrderRequest, TimeInForce
from tradewind.model.venue import InDoubt, PlaceAnswer, PlaceRefused, VenueFill, VenueOrder
from tradewind.venues.ports import Look, OrderDesk

QUESTIONS_MAX, CANCELS_MAX = 8, 8
IDLE_S = 0.25


class Counts(msgspec.Struct):
    """How often what happened between us and the venue; for status and metrics.

    attempted = successful + failed + in_doubt + pending, at every moment.
    """

    attempted: int = 0
    placed: int = 0
    refused: int = 0
    in_doubt: int = 0
    withheld: int = 0
    questions: int = 0
    failed_questions: int = 0

    @property
    def successful(self) -> int:
        """How many the venue took."""
        return self.placed

    @property
    def failed(self) -> int:
        """How many are certain not to be there: refused by the venue, or held back here."""
        return self.refused + self.withheld

    @property
    def pending(self) -> int:
        """How many wait for their answer, or for the disk."""
        return self.attempted - self.successful - self.failed - self.in_doubt


class Gateway:
    """The live side of one account. `orders` of the engine leave through `send`; everything else comes in."""

    def __init__(
        self,
        desk: OrderDesk,
        engine: LiveEngine,
        truth: OrderTruth,
        protecting: Protecting,
        gate: Gate,
        *,
        timeout_s: float,
        ioc_only: bool = False,
        committed: Callable[[], Awaitable[None]] | None = None,
        preview: Callable[[OrderRequest], Awaitable[PlaceRefused | None]] | None = None,
        on_alarm: Callable[[Alarm], None],
        on_error: Callable[[str, str], None],
    ) -> None:
        self.truth = truth
        self.protecting = protecting
        self.gate = gate
        self.counts = Counts()
        self._desk = desk
        self._engine = engine
        self._timeout_s = timeout_s
        self._ioc_only = ioc_only
        self._committed = committed
        self._preview = preview
        self._on_alarm = on_alarm
        self._on_error = on_error
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._slots = asyncio.Semaphore(QUESTIONS_MAX)
        self._cancels = asyncio.Semaphore(CANCELS_MAX)  # of their own: no question makes a cancel wait

    # -- out ----------------------------------------------------------------------------------------------------------

    def prepare(self, box: Sequence[Leaving]) -> None:
        """Have the desk make ready what will leave as it is when its intent is on the disk."""
        for each in box:
            if isinstance(each, SubmitOrder) and each.request.after is None and each.request.oco is None:
                self._desk.prepare(self._worded(each.request))

    def send(self, box: Sequence[Leaving]) -> None:
        """Let requests leave whose intents are on the disk; called by the outbox."""
        self._do(self.protecting.take(box, self._engine.now_ns()), on_disk=True)

    def do(self, acts: Iterable[Act]) -> None:
        """Carry out what protection asks for; what it sends follows from events, and leaves when they are on the disk:
        a restart then knows that it may be there.
        """
        self._do(acts, on_disk=False)

    def _do(self, acts: Iterable[Act], *, on_disk: bool) -> None:
        for act in acts:
            if isinstance(act, Send):
                self._place(act.request, on_disk=on_disk)
            elif isinstance(act, Withdraw):
                self._withdraw(act.client_id)
            elif isinstance(act, Tell):
                self._engine.take(act.event)
            elif isinstance(act, Note):
                self._on_alarm(Alarm(self._engine.now_ns(), act.name, act.text))

    def _place(self, request: OrderRequest, *, on_disk: bool) -> None:
        now_ns = self._engine.now_ns()
        self.counts.attempted += 1
        cover = self.protecting.covers.of_sent(request.order_id)
        engine_id = request.order_id if cover is None else cover.leader.order_id
        reason = self.gate.refusal(request, engine_id)
        if reason:
            self.counts.withheld += 1
            self.do(self.protecting.hear(a.OrderRejected(request.order_id, now_ns, reason), now_ns))
            return
        if cover is None:
            request = self._worded(request)
        self.truth.sending(request, now_ns)
        committed = None if on_disk else self._committed
        self._start(self._send(request, lambda: self.gate.refusal(request, engine_id), committed))

    def _worded(self, request: OrderRequest) -> OrderRequest:
        """Return an order that protects nothing as it is sent: where nothing may rest, it fills at once or goes."""
        if not self._ioc_only or request.kind is not OrderKind.LIMIT:
            return request
        return msgspec.structs.replace(request, time_in_force=TimeInForce.IOC, post_only=False, expire_ns=None)

    async def _send(
        self, request: OrderRequest, look: Look, committed: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        answer: PlaceAnswer
        try:
            if committed is not None:
                self._desk.prepare(request)
                await committed()
            held_back = await self._previewed(request)
            async with asyncio.timeout(self._timeout_s):
                answer = held_back or await self._desk.place(request, look)
        except TimeoutError:
            answer = InDoubt(f"no answer within {self._timeout_s:g} s")
        except VenueError as error:
            answer = InDoubt(f"{type(error).__name__}: {error}")
        except asyncio.CancelledError:
            self.told(
                self.truth.answered(request.order_id, InDoubt("stopped while it was sent"), self._engine.now_ns())
            )
            raise
        self._count(answer)
        self.told(self.truth.answered(request.order_id, answer, self._engine.now_ns()))

    async def _previewed(self, request: OrderRequest) -> PlaceRefused | None:
        """Return why an order does not leave, after asking the venue what it would come to; exits wait for nobody."""
        if self._preview is None or self.protecting.covers.of_sent(request.order_id) is not None:
            return None
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._preview(request)
        except (VenueError, TimeoutError) as error:
            return PlaceRefused("NO_PREVIEW", f"{type(error).__name__}: {error}")

    def _count(self, answer: PlaceAnswer) -> None:
        if isinstance(answer, InDoubt):
            self.counts.in_doubt += 1
            self._on_error("place", answer.reason)
        elif type(answer).__name__ == "Placed":
            self.counts.placed += 1
        elif isinstance(answer, PlaceRefused) and (answer.reason == DRY_RUN or self.gate.is_own(answer.reason)):
            self.counts.withheld += 1
        else:
            self.counts.refused += 1

    def _withdraw(self, client_id: str) -> None:
        now_ns = self._engine.now_ns()
        if client_id not in self.truth.records:
            self.do(self.protecting.hear(a.CancelRejected(client_id, now_ns, "NEVER_SENT"), now_ns))
            return
        self.truth.canceling(client_id, now_ns)
        self._wake.set()

    # -- in -----------------------------------------------------------------------------------------------------------

    def told(self, events: Iterable[Corrected]) -> None:
        """Let the engine hear what is known now, in order; exits at the venue become exits of the engine."""
        for event in events:
            if isinstance(event, a.VenueAnswer):
                self.do(self.protecting.hear(event, self._engine.now_ns()))
            else:
                self._engine.take(event)
        self._wake.set()

    def seen(self, order: VenueOrder) -> None:
        """Take what a stream or a listing says of an order."""
        self.told(self.truth.order_seen(order, self._engine.now_ns()))

    def filled(self, fills: Sequence[VenueFill]) -> None:
        """Take executions, however they came here."""
        self.told(self.truth.fills_seen(fills, self._engine.now_ns()))

    def forget(self, before_ns: int) -> None:
        """Drop what is remembered of orders that were over before `before_ns`, here and at the desk."""
        self._desk.forget(self.truth.forget_ended(before_ns))
        self.protecting.covers.forget_done()

    def step(self, marks: dict[str, int]) -> None:
        """Let protection look at the marks that may be believed."""
        self.do(self.protecting.step(marks, self._engine.now_ns()))

    # -- questions ----------------------------------------------------------------------------------------------------

    async def ask_what_is_due(self) -> None:
        """Ask what order truth wants to know, for as long as the session lives."""
        while True:
            self._wake.clear()
            now_ns = self._engine.now_ns()
            due = self.truth.due(now_ns)
            if due.events:
                self.told(due.events)
            self._ask(due.queries)
            next_ns = self.truth.next_due_ns
            wait_s = IDLE_S if next_ns is None else min(IDLE_S, max(0.0, (next_ns - self._engine.now_ns()) / 1e9))
            try:
                async with asyncio.timeout(max(wait_s, 0.002)):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _ask(self, queries: Sequence[Query]) -> None:
        cancels = [query for query in queries if isinstance(query, SendCancel)]
        if cancels:
            self._start(self._cancel(cancels))
        for query in queries:
            if isinstance(query, FindOrder):
                self._start(self._find(query))
            elif isinstance(query, FetchFills):
                self._start(self._fetch(query))

    async def _find(self, query: FindOrder) -> None:
        asked_ns = self._engine.now_ns()
        found = await self._asked("find", self._desk.find(query.order_id))
        now_ns = self._engine.now_ns()
        if found is FAILED or query.order_id not in self.truth.records:
            return
        if found is None:
            self.told(self.truth.order_absent(query.order_id, asked_ns, now_ns))
        else:
            self.told(self.truth.order_seen(found, now_ns))

    async def _fetch(self, query: FetchFills) -> None:
        record = self.truth.records.get(query.order_id)
        if record is None:
            return
        since_ns = record.sent_ns - self.truth.pace.skew_ns
        fills = await self._asked("fills", self._desk.fills(since_ns, query.venue_id or None))
        if fills is not FAILED:
            self.filled(fills)

    async def _cancel(self, queries: Sequence[SendCancel]) -> None:
        names = {query.venue_id: query.order_id for query in queries}
        answers = await self._asked("cancel", self._desk.cancel_venue_orders(list(names)), self._cancels)
        for venue_id, order_id in names.items():
            answer = InDoubt("no answer") if answers is FAILED else answers.get(venue_id, InDoubt("not in the answer"))
            if order_id in self.truth.records:
                self.told(self.truth.cancel_answered(order_id, answer, self._engine.now_ns()))

    async def _asked(
        self, what: str, question: Coroutine[Any, Any, Any], slots: asyncio.Semaphore | None = None
    ) -> Any:
        """Return the answer, or FAILED: order truth asks again at its own pace."""
        self.counts.questions += 1
        try:
            async with slots or self._slots, asyncio.timeout(self._timeout_s):
                return await question
        except (VenueError, TimeoutError) as error:
            self.counts.failed_questions += 1
            self._on_error(what, f"{type(error).__name__}: {error}")
            return FAILED

    # -- tasks --------------------------------------------------------------------------------------------------------

    @property
    def in_flight(self) -> int:
        """How many requests wait for an answer."""
        return len(self._tasks)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.broken = error

    broken: BaseException | None = None

    async def close(self) -> None:
        """Give up on what is still being asked."""
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)


FAILED: Any = object()
