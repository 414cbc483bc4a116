"""One client's stream: numbered frames out through a bounded queue, with the faults that befall them on the way."""

import asyncio
from collections.abc import Callable

from aiohttp import WSCloseCode, WSMsgType, web

from tradewind.exchange.server.authentication import ApiKey
from tradewind.exchange.server.faults import FaultBoard, FaultKind
from tradewind.exchange.server.frames import Subscriptions, frame

QUEUE_FRAMES = 50_000
"""A reader that lets so many frames wait is cut off, as the venue does with slow ones."""


class Connection:
    """A socket, what its client wants, and the number of its next frame."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        clock: Callable[[], int],
        faults: FaultBoard,
    ) -> None:
        self._socket = socket
        self._transport = transport
        self._clock = clock
        self._faults = faults
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(QUEUE_FRAMES)
        self._number = 0
        self._held_back: bytes | None = None
        self._due = 0.0
        self.subscriptions = Subscriptions()
        self.key: ApiKey | None = None
        self.user_products: set[str] = set()
        self.opened_ns = clock()
        self.beats = 0

    def send(self, channel: str, ts_ns: int, events: bytes) -> None:
        """Queue a frame of encoded events; faults may lose, delay, double or reorder it."""
        number, self._number = self._number, self._number + 1
        message = frame(channel, number, ts_ns, events)
        now_ns = self._clock()
        if not self._faults.active(now_ns):
            self._release_held()
            self._put(message, 0.0)
            return
        self._send_faulty(channel, ts_ns, events, message, now_ns)

    def send_plain(self, message: bytes) -> None:
        """Queue a message without a number."""
        self._put(message, 0.0)

    def break_off(self) -> None:
        """Break the connection without a closing handshake."""
        if self._transport is not None:
            self._transport.abort()

    async def close(self) -> None:
        """End the connection with a closing handshake."""
        await self._socket.close(code=WSCloseCode.GOING_AWAY)

    async def write(self) -> None:
        """Send what is queued, until the socket closes or the task is cancelled."""
        while not self._socket.closed:
            due, message = await self._queue.get()
            if due > (now := self._loop.time()):
                await asyncio.sleep(due - now)
            try:
                await self._socket.send_frame(message, WSMsgType.TEXT)
            except ConnectionError:
                return  # the client is gone; whoever reads from it notices too

    def _send_faulty(self, channel: str, ts_ns: int, events: bytes, message: bytes, now_ns: int) -> None:
        def strikes(kind: FaultKind) -> bool:
            return self._faults.strikes(kind, now_ns, channel=channel) is not None

        late = self._faults.strikes(FaultKind.STREAM_LATENCY, now_ns, channel=channel)
        late_s = self._faults.drawn_ms(late, 200) / 1_000 if late else 0.0
        if strikes(FaultKind.STREAM_STALL) or strikes(FaultKind.STREAM_GAP):
            return
        if self._held_back is None and strikes(FaultKind.STREAM_REORDER):
            self._held_back = message
            return
        self._put(message, late_s)
        self._release_held(late_s)
        if strikes(FaultKind.STREAM_DUPLICATE):
            if self._faults.coin():
                number, self._number = self._number, self._number + 1
                message = frame(channel, number, ts_ns, events)
            self._put(message, late_s)

    def _release_held(self, late_s: float = 0.0) -> None:
        if self._held_back is not None:
            held, self._held_back = self._held_back, None
            self._put(held, late_s)

    def _put(self, message: bytes, late_s: float) -> None:
        """Queue a message to be sent not before any that was queued earlier."""
        self._due = max(self._due, self._loop.time() + late_s) if late_s else self._due
        try:
            self._queue.put_nowait((self._due, message))
        except asyncio.QueueFull:
            self.break_off()
