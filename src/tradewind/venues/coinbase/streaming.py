"""The stream over a WebSocket: connects, subscribes, reads, and polls by REST while the socket tells nothing.

Everything that is decided is decided by `StreamSession`; here are the socket, the clock and the waiting. Subscriptions
go out at once after connecting (the venue waits five seconds), each private one with a token made for it. A connection
that falls silent, or cannot be made twice, is bridged by polling until the stream is proven live again. Reading stops
while nobody takes the events, so that memory stays bounded.
"""

import asyncio
import random
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Self

import aiohttp
import msgspec

from tradewind.model.errors import VenueError
from tradewind.venues.coinbase.reconnecting import (
    PROCESS_BUDGET,
    SLOW_DOWN,
    Backoff,
    Closed,
    CloseKind,
    ConnectBudget,
    closed_by,
)
from tradewind.venues.coinbase.session import Step, StreamSession
from tradewind.venues.coinbase.subscriptions import Send
from tradewind.venues.ports import StreamEvent, StreamKind, StreamState, Take

Token = Callable[[], str]
FRAMES_IN_A_ROW = 4  # after so many, what else waits has its turn: an order that may leave, above all
Poller = Callable[[], Awaitable[Sequence[StreamEvent]]]
POLL_FLOOR_S = 0.5
CLOSE_S = 1.0
FRAME_BYTES_MAX = 64 * 1024 * 1024  # a whole book of a busy product is some megabytes


class StreamSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the shell waits."""

    backoff: Backoff = Backoff()
    connect_timeout_s: float = 10.0
    tick_s: float = 0.25
    poll_s: float = 5.0
    poll_after_failures: int = 2
    stable_s: float = 60.0
    events_max: int = 200_000

    @property
    def poll_every_s(self) -> float:
        """Return the poll interval, not below the floor."""
        return max(self.poll_s, POLL_FLOOR_S)


def steady_clock() -> Callable[[], int]:
    """Return a clock of UTC nanoseconds that never goes backwards: wall time once, monotonic time from then on."""
    offset_ns = time.time_ns() - time.monotonic_ns()
    return lambda: time.monotonic_ns() + offset_ns


class CoinbaseStream:
    """An endless iterator of batches of events. Use it as an async context manager; leaving it closes everything.

    `hand_over` is the way without waiting: where every change of a book is told, what a frame says is taken as it is
    read. Where only the latest counts, it is taken when its taker is there, and what was overtaken meanwhile is gone.
    """

    def __init__(
        self,
        url: str,
        session: StreamSession,
        *,
        token: Token | None = None,
        poll: Poller | None = None,
        settings: StreamSettings | None = None,
        clock_ns: Callable[[], int] | None = None,
        chance: Callable[[], float] = random.random,
        budget: ConnectBudget = PROCESS_BUDGET,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.url = url
        self.session = session
        self.settings = settings or StreamSettings()
        self.clock_ns = clock_ns or steady_clock()
        self.attempts = self.failures = self.polls = self.poll_failures = 0
        self.last_closed: Closed | None = None
        self._token = token
        self._poll = poll
        self._chance = chance
        self._budget = budget
        self._tls = tls
        self._events: list[StreamEvent] = []
        self._take: Take | None = None
        self._failed: Exception | None = None
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._bridging = asyncio.Event()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._close_reason = ""
        self._paused = False

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._connect_for_ever())]
        if self._poll is not None:
            self._tasks.append(asyncio.create_task(self._poll_while_bridging(self._poll)))
        for task in self._tasks:
            task.add_done_callback(lambda _: self._filled.set())
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def hand_over(self, take: Take) -> None:
        """Let `take` have everything as it comes; no end, but that of whatever fails."""
        if self.session.feeds.tell_levels:
            self._take = take
        async with self:
            async for events in self:
                take(events)

    def __aiter__(self) -> AsyncIterator[Sequence[StreamEvent]]:
        return self

    async def __anext__(self) -> Sequence[StreamEvent]:
        """Return everything that came since the last call, as soon as there is something.

        Raises  what a task of the stream failed with: a mistake of ours, never something the venue did.
        """
        while True:
            if not self.session.feeds.tell_levels:
                self._events += self.session.settle(self.clock_ns())
            if self._events:
                batch, self._events = self._events, []
                self._emptied.set()
                return batch
            if self._failed is not None:
                raise self._failed
            for task in self._tasks:
                if task.done():
                    task.result()
            self._filled.clear()
            await self._filled.wait()

    @property
    def bridging(self) -> bool:
        """Whether REST polling stands in for the stream."""
        return self._bridging.is_set()

    async def send(self, step: Step) -> None:
        """Send what a step asks for, such as a change of subscriptions, on the connection there is."""
        if self._socket is not None:
            await self._follow(self._socket, step)

    # -- connections --------------------------------------------------------------------------------------------------

    async def _connect_for_ever(self) -> None:
        async with aiohttp.ClientSession() as client:
            while True:
                await self._wait_for_budget()
                self.attempts += 1
                began_ns = self.clock_ns()
                self.last_closed, proven = await self._one_connection(client)
                lived_s = (self.clock_ns() - began_ns) / 1e9
                self.failures = 0 if proven and lived_s >= self.settings.stable_s else self.failures + 1
                self._tell(self.session.on_closed(self.clock_ns(), self.last_closed.reason).events)
                if self.failures >= self.settings.poll_after_failures:
                    self._bridging.set()
                slow = 2 if self.last_closed.kind in SLOW_DOWN else 0
                await asyncio.sleep(self.settings.backoff.delay_s(self.failures + slow, self._chance()))

    async def _wait_for_budget(self) -> None:
        while wait_s := self._budget.take(self.clock_ns()):
            await asyncio.sleep(wait_s)

    async def _one_connection(self, client: aiohttp.ClientSession) -> tuple[Closed, bool]:
        """Return why a connection ended, and whether it was proven live while it lasted."""
        try:
            async with asyncio.timeout(self.settings.connect_timeout_s):
                socket = await client.ws_connect(
                    self.url, ssl=self._tls or True, max_msg_size=FRAME_BYTES_MAX, timeout=_CLOSE_TIMEOUT
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Closed(CloseKind.DROPPED, None, f"cannot connect: {_words(error)}"), False
        proof = [False]
        self._socket, self._close_reason = socket, ""
        work: list[asyncio.Task[Closed]] = []
        try:
            await self._follow(socket, self.session.on_connected(self.clock_ns()))
            work = [asyncio.create_task(self._read(socket)), asyncio.create_task(self._tick(socket, proof))]
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result(), proof[0]
        except (aiohttp.ClientError, ConnectionError) as error:
            return Closed(CloseKind.DROPPED, socket.close_code, _words(error)), proof[0]
        finally:
            self._socket = None
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await _shut(socket, "")

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> Closed:
        on_frame, clock_ns, levels = self.session.on_frame, self.clock_ns, self.session.feeds.tell_levels
        frames = 0
        async for message in socket:
            if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                return closed_by(socket.close_code, str(message.data))
            step = on_frame(message.data, clock_ns())
            if step.events:
                self._tell(step.events)
            elif not levels:
                self._filled.set()
            if step.sends or step.close:
                step.events = []
                await self._follow(socket, step)
            if len(self._events) >= self.settings.events_max:
                await self._until_taken()
            frames += 1
            if not frames % FRAMES_IN_A_ROW:
                await asyncio.sleep(0)
        if self._close_reason:
            return Closed(CloseKind.DROPPED, None, self._close_reason)
        return closed_by(socket.close_code)

    async def _tick(self, socket: aiohttp.ClientWebSocketResponse, proof: list[bool]) -> Closed:
        """Let time pass for the session, and end the bridge when the stream is proven live."""
        while True:
            await asyncio.sleep(self.settings.tick_s)
            if self._paused:
                continue
            now_ns = self.clock_ns()
            await self._follow(socket, self.session.on_time(now_ns))
            if self.session.live(now_ns):
                proof[0] = True
                self._bridging.clear()

    async def _follow(self, socket: aiohttp.ClientWebSocketResponse, step: Step) -> None:
        """Tell, send and close as a step says. What a silent connection owes is bridged from now on."""
        self._tell(step.events)
        for send in step.sends:
            text = self._frame(send)
            if text is not None:
                await socket.send_str(text)
        if step.close:
            self._close_reason = step.close
            self._bridging.set()
            await _shut(socket, step.close)

    def _frame(self, send: Send) -> str | None:
        """Return a frame with a fresh token where it needs one; None, and said so, when there is no key for it."""
        if not send.private:
            return send.text()
        if self._token is None:
            now_ns = self.clock_ns()
            reason = "there is no key to subscribe with"
            self._tell([StreamState(kind=StreamKind.STALE, ts_ns=now_ns, channel=send.channel, reason=reason)])
            return None
        return send.text(self._token())

    # -- what is told -------------------------------------------------------------------------------------------------

    def _tell(self, events: Sequence[StreamEvent]) -> None:
        if not events:
            return
        if self._take is None:
            self._events += events
            self._filled.set()
            return
        try:
            self._take(events)
        except Exception as error:
            self._failed = error  # told to whoever listens at once: this connection is still to be closed
            self._filled.set()
            raise

    async def _until_taken(self) -> None:
        """Read no further until what was told is taken; what waits in the socket meanwhile is not silence."""
        self._emptied.clear()
        self._paused = True
        try:
            await self._emptied.wait()
        finally:
            self._paused = False
            self.session.on_resumed(self.clock_ns())

    # -- the bridge ---------------------------------------------------------------------------------------------------

    async def _poll_while_bridging(self, poll: Poller) -> None:
        """Ask by REST, once per interval, from the second failed attempt or silence until the stream is proven live."""
        while True:
            await self._bridging.wait()
            started = self.clock_ns()
            try:
                found: Sequence[StreamEvent] = await poll()
                self.polls += 1
            except (VenueError, aiohttp.ClientError, TimeoutError, OSError) as error:
                self.poll_failures += 1
                now_ns = self.clock_ns()
                found = [StreamState(kind=StreamKind.STALE, ts_ns=now_ns, channel="rest", reason=_words(error))]
            self._tell(found)
            elapsed_s = (self.clock_ns() - started) / 1e9
            await asyncio.sleep(max(0.0, self.settings.poll_every_s - elapsed_s))


_CLOSE_TIMEOUT = aiohttp.ClientWSTimeout(ws_close=CLOSE_S)


async def _shut(socket: aiohttp.ClientWebSocketResponse, reason: str) -> None:
    """Close a socket in bounded time: a far side that goes on talking instead of agreeing is cut off."""
    with suppress(aiohttp.ClientError, ConnectionError, TimeoutError):
        async with asyncio.timeout(CLOSE_S):
            await socket.close(code=aiohttp.WSCloseCode.GOING_AWAY, message=reason.encode()[:120])


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
