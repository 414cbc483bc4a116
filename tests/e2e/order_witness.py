"""A wire between bot and exchange that sees every order leave, in order, and every mark that somebody sets between.

`mark` returns a number: whatever had reached this end of the wire before it was called has a smaller one, whatever the
bot sends from then on a larger one. So "after the halt had returned" needs no clock and has no margin.
"""

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from itertools import count
from urllib.parse import urlsplit

import msgspec

ORDERS_PATH = "/api/v3/brokerage/orders"
HOPS = 3  # turns of the loop after which everything that was in the sockets has been read


class Seen(msgspec.Struct):
    """A request for a new order: its place in the order of things, and that of the first byte of the answer."""

    number: int
    client_id: str
    product: str
    side: str
    answered: int | None = None


class Witness:
    """Listens on a port of its own and hands everything on; runs in a thread until it is closed."""

    def __init__(self, rest: str) -> None:
        there = urlsplit(rest)
        assert there.hostname is not None
        self._there = (there.hostname, there.port or 80)
        self.seen: list[Seen] = []
        self.numbers = count(1)
        self.callers: set[Caller] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        listening = asyncio.run_coroutine_threadsafe(self._listen(), self._loop)
        self.rest = f"http://127.0.0.1:{listening.result(10)}"

    async def _listen(self) -> int:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Caller(self), "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def connect(self, caller: "Caller") -> None:
        try:
            await self._loop.create_connection(lambda: Callee(caller), *self._there)
        except OSError:
            caller.lost()

    def mark(self) -> int:
        """Return a number between what has left and what leaves from now on."""
        done: Future[int] = Future()

        def hop(left: int) -> None:
            if left:
                self._loop.call_soon(hop, left - 1)
            else:
                done.set_result(next(self.numbers))

        self._loop.call_soon_threadsafe(hop, HOPS)
        return done.result(10)

    def openings(self, after: int, before: int | None = None) -> list[Seen]:
        """Return the opening orders (on spot: the buys) that left between two marks."""
        return [
            each
            for each in tuple(self.seen)
            if each.side == "BUY" and each.number > after and (before is None or each.number < before)
        ]

    def close(self) -> None:
        """Hang up everywhere and end the thread."""
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _hang_up(self) -> None:
        self._server.close()
        for caller in tuple(self.callers):
            caller.lost()
        await asyncio.sleep(0.1)  # the other ends hear of it


class Caller(asyncio.Protocol):
    """The bot's end of one connection: reads requests as they pass."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness
        self._waiting = bytearray()
        self._request = bytearray()
        self._first = 0
        self._current: Seen | None = None
        self.transport: asyncio.Transport | None = None
        self.there: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._witness.callers.add(self)
        self._connecting = asyncio.ensure_future(self._witness.connect(self))

    def data_received(self, data: bytes) -> None:
        self._look(data)
        if self.there is None:
            self._waiting += data
        else:
            self.there.write(data)

    def connected(self, there: asyncio.Transport) -> None:
        self.there = there
        there.write(bytes(self._waiting))
        self._waiting.clear()

    def answered(self) -> None:
        """The first byte of an answer, or the end of the connection without one."""
        if self._current is not None:
            self._current.answered = next(self._witness.numbers)
            self._current = None

    def lost(self) -> None:
        self.answered()
        if self.transport is not None:
            self.transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self.answered()
        self._witness.callers.discard(self)
        if self.there is not None:
            self.there.close()

    def _look(self, data: bytes) -> None:
        if not self._request:
            self._first = next(self._witness.numbers)
        self._request += data
        while (end := self._request.find(b"\r\n\r\n")) >= 0:
            head = self._request[:end].decode("latin-1")
            headers = {
                name.strip().lower(): value.strip() for name, _, value in _lines(head, lambda x: x.partition(":"))
            }
            length = int(headers.get("content-length", "0"))
            if len(self._request) < end + 4 + length:
                return
            body = bytes(self._request[end + 4 : end + 4 + length])
            del self._request[: end + 4 + length]
            method, path, _ = head.split(" ", 2)
            if method == "POST" and path == ORDERS_PATH:
                asked = json.loads(body)
                self._current = Seen(self._first, asked["client_order_id"], asked["product_id"], asked["side"])
                self._witness.seen.append(self._current)


class Callee(asyncio.Protocol):
    """The exchange's end of one connection."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._caller.connected(transport)

    def data_received(self, data: bytes) -> None:
        self._caller.answered()
        if self._caller.transport is not None:
            self._caller.transport.write(data)

    def connection_lost(self, error: Exception | None) -> None:
        self._caller.lost()


def _lines(head: str, split: Callable[[str], tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [split(line) for line in head.split("\r\n")[1:]]
