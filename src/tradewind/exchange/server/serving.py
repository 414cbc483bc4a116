"""The exchange's ports, opened and closed, and what it does as time goes by."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec
from aiohttp import web

from tradewind.exchange.server.admin import Admin
from tradewind.exchange.server.app import RestServer
from tradewind.exchange.server.routes import router
from tradewind.exchange.server.sockets import Streams
from tradewind.exchange.server.venue import Venue
from tradewind.model.errors import ConfigError

LOOPBACK = "127.0.0.1"
TICK_S = 0.05
TICKS_A_SECOND = 20
Feed = Callable[[Venue], None]


class Ports(msgspec.Struct, frozen=True):
    """Where to listen; 0 is any free port. Without `ws` the streams share the port of REST."""

    rest: int
    ws: int | None = None
    admin: int = 0


class Addresses(msgspec.Struct, frozen=True):
    """Where the exchange listens."""

    rest: str
    ws: str
    admin: str


async def serve(
    venue: Venue,
    ports: Ports,
    context: ssl.SSLContext | None,
    feed: Feed,
    opened: Callable[[Addresses], None],
    stopped: Callable[[], Awaitable[object]],
) -> None:
    """Serve until `stopped` is done. `feed` is called twenty times a second; `opened` once, with the addresses.

    Raises  ConfigError when a port is taken.
    """
    streams = Streams(venue)
    rest = RestServer(venue, router(), streams)
    runners: list[web.BaseRunner] = []
    front = web.ServerRunner(web.Server(rest.handle, access_log=None), shutdown_timeout=1.0)
    back = web.AppRunner(Admin(venue, streams).application(), shutdown_timeout=1.0)
    try:
        await front.setup()
        runners.append(front)
        await back.setup()
        runners.append(back)
        secure = "s" if context else ""
        rest_port = await _listen(front, ports.rest, context)
        shared = ports.ws is None or 0 != ports.ws == ports.rest
        ws_port = rest_port if shared else await _listen(front, ports.ws or 0, context)
        admin_port = await _listen(back, ports.admin, None)
        beat = asyncio.create_task(_beat(venue, streams, feed))
        opened(
            Addresses(
                f"http{secure}://{LOOPBACK}:{rest_port}",
                f"ws{secure}://{LOOPBACK}:{ws_port}",
                f"http://{LOOPBACK}:{admin_port}",
            )
        )
        stop = asyncio.ensure_future(stopped())
        await asyncio.wait((stop, beat), return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if beat.done():
            beat.result()
        beat.cancel()
        with suppress(asyncio.CancelledError):
            await beat
        await streams.close()
    finally:
        for runner in runners:
            await runner.cleanup()


async def _beat(venue: Venue, streams: Streams, feed: Feed) -> None:
    """Move the market, let time go by, tell the news; every second what comes every second."""
    loop, count = asyncio.get_running_loop(), 0
    due = loop.time()
    while True:
        feed(venue)
        venue.tick()
        streams.flush()
        count += 1
        if count % TICKS_A_SECOND == 0:
            streams.second()
        due = max(due + TICK_S, loop.time())
        await asyncio.sleep(due - loop.time())


async def _listen(runner: web.BaseRunner, port: int, context: ssl.SSLContext | None) -> int:
    """Open a port of loopback and return its number."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise ConfigError(f"cannot listen on port {port}: {error.strerror}; choose another --port") from error
    await web.SockSite(runner, listener, ssl_context=context, backlog=1024).start()
    return int(listener.getsockname()[1])
