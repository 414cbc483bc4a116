"""The stream's shell against a server on this machine that refuses, falls silent, drops and comes back."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from aiohttp import WSMsgType, web

from tradewind.model.errors import VenueError
from tradewind.model.instrument import define_instrument
from tradewind.model.market_events import BookSnapshot, LevelUpdate, QuoteTick
from tradewind.venues.coinbase.reconnecting import Backoff, CloseKind, ConnectBudget
from tradewind.venues.coinbase.session import SessionLimits, StreamSession
from tradewind.venues.coinbase.streaming import CoinbaseStream, StreamSettings, steady_clock
from tradewind.venues.ports import StreamEvent, StreamKind, StreamState

BTC = define_instrument("BTC-USD", price_increment="0.01", base_increment="0.0001")
QUICK = StreamSettings(backoff=Backoff(first_s=0.01, cap_s=0.02), tick_s=0.02, poll_s=0.1, stable_s=0.0)
SHORT = SessionLimits(silence_ns=200_000_000, acknowledge_ns=200_000_000, renew_every_ns=200_000_000)
ROWS = [
    {"side": "bid", "price_level": "100", "new_quantity": "1"},
    {"side": "offer", "price_level": "101", "new_quantity": "1"},
]
Script = Callable[["Line"], Awaitable[None]]


class Line:
    """One connection, as the venue sees it."""

    def __init__(self, socket: web.WebSocketResponse, number: int) -> None:
        self.socket = socket
        self.number = number
        self.sequence = 0
        self.channels: dict[str, list[str]] = {}
        self.asked: list[dict[str, Any]] = []

    async def say(self, channel: str, *events: object) -> None:
        frame = {"channel": channel, "sequence_num": self.sequence, "events": events}
        self.sequence += 1
        await self.socket.send_bytes(msgspec.json.encode(frame)) if self.number % 2 else await self.socket.send_str(
            msgspec.json.encode(frame).decode()
        )

    async def answer(self, asked: int) -> None:
        """Acknowledge that many subscriptions, with a book's snapshot for level2."""
        for _ in range(asked):
            message = await self.socket.receive()
            if message.type is not WSMsgType.TEXT:
                return
            frame = msgspec.json.decode(message.data)
            self.asked.append(frame)
            self.channels[frame["channel"]] = frame.get("product_ids", ["x"])
            await self.say("subscriptions", {"subscriptions": self.channels})
            if frame["channel"] == "level2":
                await self.say("l2_data", {"type": "snapshot", "product_id": "BTC-USD", "updates": ROWS})

    async def beat(self, seconds: float) -> None:
        for _ in range(int(seconds / 0.05)):
            await asyncio.sleep(0.05)
            await self.say("heartbeats", {"heartbeat_counter": self.sequence})

    async def update(self, price: str) -> None:
        row = {"side": "bid", "price_level": price, "new_quantity": "2"}
        await self.say("l2_data", {"type": "update", "product_id": "BTC-USD", "updates": [row]})


class Venue:
    """A server whose connections follow scripts, the last one for ever."""

    def __init__(self, *scripts: Script | None) -> None:
        self.scripts = scripts
        self.lines: list[Line] = []
        self.refused = 0
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        number = len(self.lines) + self.refused
        script = self.scripts[min(number, len(self.scripts) - 1)]
        if script is None:
            self.refused += 1
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        line = Line(socket, number)
        self.lines.append(line)
        try:
            await script(line)
        except ConnectionError:
            return socket  # the client is gone
        return socket


@asynccontextmanager
async def serving(*scripts: Script | None) -> AsyncIterator[Venue]:
    venue = Venue(*scripts)
    app = web.Application()
    app.router.add_get("/", venue.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert runner.addresses
    venue.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        yield venue
    finally:
        await runner.cleanup()


def stream_to(venue: Venue, *, levels: bool = True, user: bool = False, **more: Any) -> CoinbaseStream:
    plan = {"level2": ("BTC-USD",), **({"user": ()} if user else {})}
    session = StreamSession(plan, [BTC], limits=SHORT, tell_levels=levels)
    return CoinbaseStream(
        venue.url, session, settings=more.pop("settings", QUICK), budget=ConnectBudget(100), chance=lambda: 0.5, **more
    )


async def until(stream: CoinbaseStream, wanted: Callable[[Sequence[StreamEvent]], bool]) -> list[StreamEvent]:
    """Read until a batch's events hold what is wanted."""
    seen: list[StreamEvent] = []
    async with asyncio.timeout(10):
        async for batch in stream:
            seen += batch
            if wanted(seen):
                return seen
    raise AssertionError("the stream ended")


def kinds(events: Sequence[StreamEvent]) -> list[StreamKind]:
    return [each.kind for each in events if isinstance(each, StreamState)]


async def steady(line: Line) -> None:
    await line.answer(2)
    await line.beat(30)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 30))


def test_what_is_handed_over_comes_in_the_same_order_and_a_taker_that_fails_ends_it_at_once() -> None:
    async def script(line: Line) -> None:
        await line.answer(2)
        for price in range(50, 90):
            await line.update(str(price))
        await line.beat(30)

    async def work() -> None:
        prices: list[int] = []

        def take(events: Sequence[StreamEvent]) -> None:
            assert not failed, "taken after the failure"
            prices.extend(each.price for each in events if isinstance(each, LevelUpdate))
            if len(prices) == 40:
                failed.append(True)
                raise ValueError("enough")

        failed: list[bool] = []
        async with serving(script) as venue:
            with pytest.raises(ValueError, match="enough"):
                await stream_to(venue).hand_over(take)
        assert prices == [each * 100 for each in range(50, 90)]

    run(work())


def test_books_and_changes_arrive_in_order() -> None:
    async def script(line: Line) -> None:
        await line.answer(2)
        for price in range(50, 90):
            await line.update(str(price))
        await line.beat(30)

    async def work() -> None:
        async with serving(script) as venue, stream_to(venue) as stream:
            seen = await until(stream, lambda events: sum(isinstance(each, LevelUpdate) for each in events) == 40)
            assert [each.price for each in seen if isinstance(each, LevelUpdate)] == [
                each * 100 for each in range(50, 90)
            ]
            assert any(isinstance(each, BookSnapshot) for each in seen)
            assert [each["channel"] for each in venue.lines[0].asked] == ["heartbeats", "level2"]
            assert stream.session.live(stream.clock_ns())

    run(work())


def test_a_private_subscription_has_a_token_of_its_own() -> None:
    made: list[str] = []

    def token() -> str:
        made.append(f"token-{len(made)}")
        return made[-1]

    async def once(line: Line) -> None:
        await line.answer(3)

    async def work() -> None:
        async with serving(once) as venue, stream_to(venue, user=True, token=token) as stream:
            await until(stream, lambda _: len(venue.lines) >= 3 and len(venue.lines[1].asked) == 3)
            for number, line in enumerate(venue.lines[:2]):
                assert [each.get("jwt") for each in line.asked] == [None, f"token-{number}", None]

    run(work())


def test_without_a_key_the_private_channel_says_so() -> None:
    async def work() -> None:
        async with serving(steady) as venue, stream_to(venue, user=True) as stream:
            seen = await until(stream, lambda events: any(isinstance(each, BookSnapshot) for each in events))
            stale = [each for each in seen if isinstance(each, StreamState) and each.channel == "user"]
            assert "no key" in stale[0].reason

    run(work())


def test_silence_is_bridged_by_polling_until_the_stream_is_live_again() -> None:
    polled: list[int] = []

    async def poll() -> Sequence[StreamEvent]:
        polled.append(1)
        return [QuoteTick("BTC-USD", 1, 1, 1, 2, 1)]

    async def silent(line: Line) -> None:
        await line.answer(2)
        await asyncio.sleep(30)

    async def refuse_then_work(line: Line) -> None:
        await line.answer(2)
        await line.beat(30)

    async def work() -> None:
        async with serving(silent, None, None, None, refuse_then_work) as venue, stream_to(venue, poll=poll) as stream:
            seen = await until(stream, lambda events: StreamKind.STALE in kinds(events))
            assert "silent" in next(each.reason for each in seen if isinstance(each, StreamState) and each.reason)
            seen = await until(stream, lambda events: any(isinstance(each, QuoteTick) for each in events))
            await until(stream, lambda events: StreamKind.RESYNCED in kinds(events))
            async with asyncio.timeout(5):
                while stream.bridging:
                    await asyncio.sleep(0.02)
            count = len(polled)
            await asyncio.sleep(0.3)
            assert len(polled) == count > 0
            assert venue.refused == 3

    run(work())


def test_polling_starts_after_the_second_failed_attempt_and_survives_errors() -> None:
    polled: list[int] = []

    async def poll() -> Sequence[StreamEvent]:
        polled.append(1)
        raise VenueError("down")

    async def work() -> None:
        async with serving(None) as venue, stream_to(venue, poll=poll) as stream:
            seen = await until(stream, lambda _: stream.poll_failures >= 1)
            assert stream.failures >= 2
            assert [each.reason for each in seen if isinstance(each, StreamState) and each.channel == "rest"] == [
                "down"
            ]
            assert stream.last_closed is not None
            assert "503" in stream.last_closed.reason

    run(work())


@pytest.mark.parametrize(
    ("code", "kind"),
    [(1000, CloseKind.NORMAL), (1008, CloseKind.POLICY), (1011, CloseKind.SERVER), (4242, CloseKind.UNEXPECTED)],
)
def test_close_codes_are_told(code: int, kind: CloseKind) -> None:
    async def script(line: Line) -> None:
        await line.answer(2)
        await line.socket.close(code=code)

    async def work() -> None:
        async with serving(script) as venue, stream_to(venue) as stream:
            seen = await until(stream, lambda events: StreamKind.CLOSED in kinds(events))
            closed = next(each for each in seen if isinstance(each, StreamState) and each.kind is StreamKind.CLOSED)
            assert closed.reason == f"{kind.value} ({code})"

    run(work())


def test_a_dropped_connection_comes_back_and_never_gives_up() -> None:
    async def drop(line: Line) -> None:
        await line.answer(2)
        assert line.socket._req is not None
        transport = line.socket._req.transport
        assert transport is not None
        transport.abort()

    async def work() -> None:
        async with serving(*[drop] * 12, steady) as venue, stream_to(venue) as stream:
            await until(stream, lambda _: len(venue.lines) == 13 and stream.session.live(stream.clock_ns()))
            assert stream.attempts == 13

    run(work())


def test_a_gap_is_mended_on_the_same_connection() -> None:
    async def script(line: Line) -> None:
        await line.answer(2)
        line.sequence += 1
        await line.update("60")
        await line.answer(2)
        await line.update("61")
        await line.beat(30)

    async def work() -> None:
        async with serving(script) as venue, stream_to(venue) as stream:
            seen = await until(stream, lambda events: any(isinstance(each, LevelUpdate) for each in events))
            assert [each.price for each in seen if isinstance(each, LevelUpdate)] == [6_100]
            assert [each for each in kinds(seen) if each is not StreamKind.CONNECTED] == [
                StreamKind.GAP,
                StreamKind.RESYNCED,
            ]
            assert [each["type"] for each in venue.lines[0].asked[2:]] == ["unsubscribe", "subscribe"]

    run(work())


def test_quotes_instead_of_levels_and_reading_stops_when_nobody_takes() -> None:
    async def script(line: Line) -> None:
        await line.answer(2)
        for number in range(2_000):
            await line.update(f"{50 + number % 40}")
        await line.update("100.5")
        await line.beat(30)

    async def work() -> None:
        async with serving(script) as venue, stream_to(venue, levels=False) as stream:
            seen = await until(
                stream, lambda events: any(isinstance(each, QuoteTick) and each.bid == 10_050 for each in events)
            )
            assert sum(isinstance(each, QuoteTick) for each in seen) < 50
        bounded = msgspec.structs.replace(QUICK, events_max=100)
        async with serving(script) as venue, stream_to(venue, settings=bounded) as stream:
            await asyncio.sleep(0.3)
            assert len(stream._events) <= 101
            await until(stream, lambda events: len(events) > 2_000)

    run(work())


def test_a_mistake_of_ours_is_raised_to_who_reads() -> None:
    async def poll() -> Sequence[StreamEvent]:
        raise RuntimeError("our mistake")

    async def work() -> None:
        async with serving(None) as venue, stream_to(venue, poll=poll) as stream:
            with pytest.raises(RuntimeError, match="our mistake"):
                await until(stream, lambda _: False)

    run(work())


def test_nothing_is_left_open() -> None:
    async def once(line: Line) -> None:
        await line.answer(2)

    async def work() -> None:
        before = 0
        async with serving(once) as venue:
            for round_ in range(3):
                enough = len(venue.lines) + 5
                async with stream_to(venue) as stream:
                    while len(venue.lines) < enough:
                        await until(stream, lambda events: StreamKind.CLOSED in kinds(events))
                await asyncio.sleep(0.05)
                count = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
                before = before or count
                assert count <= before + 2, round_

    run(work())


def test_the_clock_never_goes_backwards() -> None:
    clock = steady_clock()
    times = [clock() for _ in range(1_000)]
    assert times == sorted(times)
