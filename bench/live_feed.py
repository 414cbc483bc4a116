"""A venue in this process for the live benchmark: frames at a stated rate, and the answers to what a session asks.

It speaks as Coinbase does, as far as a session asks: level2, market_trades, ticker, user and heartbeats in one numbered
sequence, and the REST answers about orders and fills, all of them bytes. Frames are made beforehand. When each is due
is told by another process through a socket, so that this one waits and wakes as it would for the venue's. Every order
fills at its limit a moment later, is told on the user channel, and its fill can be asked for.
"""

import asyncio
import json
import os
import signal
import socket
import struct
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any, Self
from urllib.parse import parse_qs

import aiohttp
import msgspec

from bench.stream_decode import EVENT_TIME, Frames, make_frames, product
from tradewind.model.money import plain
from tradewind.venues.coinbase.requests import Request
from tradewind.venues.coinbase.streaming import CoinbaseStream

FEE_RATE = Decimal("0.001")
TRADES_EVERY, TICKER_EVERY = 8, 10  # before each so manieth frame comes one of a trade, or of a ticker
ANSWER_S = 0.002
AWAKE_S = 0.00005
HEADERS = {
    "Content-Type": "application/json",
    "x-ratelimit-limit": "1000",
    "x-ratelimit-remaining": "900",
    "x-ratelimit-reset": "1",
}
Parts = tuple[bytes, bytes]


@contextmanager
def metronome(rate: float) -> Iterator[socket.socket]:
    """Yield a socket on which another process writes the present moment, `rate` times a second, when it is time to."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if not child:
        ours.close()
        with suppress(OSError):
            strike(theirs, rate)
        os._exit(0)
    theirs.close()
    try:
        yield ours
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def strike(out: socket.socket, rate: float) -> None:
    """Write the moment at every stroke from when a byte is read on; a stroke that was missed follows at once."""
    out.recv(1)
    started, apart_ns = time.perf_counter_ns(), 1e9 / rate
    for number in count(1):
        due_ns = started + int(number * apart_ns)
        left_s = (due_ns - time.perf_counter_ns()) / 1e9
        if left_s > AWAKE_S:
            time.sleep(left_s - AWAKE_S)
        while time.perf_counter_ns() < due_ns:
            pass
        out.send(struct.pack("q", time.perf_counter_ns()))


class Message(msgspec.Struct, frozen=True):
    """A message as aiohttp hands it over."""

    data: bytes
    type: aiohttp.WSMsgType = aiohttp.WSMsgType.TEXT


class Feed(asyncio.Protocol):
    """One connection's frames in order, and what has become of orders. `due_ns` has the moment of each number."""

    close_code: int | None = None

    def __init__(self, products: int, rate: float, seconds: float, metronome: socket.socket) -> None:
        frames = int(rate * seconds)
        self.names = [product(number).id for number in range(products)]
        made = [make_frames(frames // products + 1, name, seed=seed) for seed, name in enumerate(self.names)]
        self.snapshots = {name: cut(snapshot) for name, (snapshot, _) in zip(self.names, made, strict=True)}
        self.updates = iter(mixed(self.names, [changes for _, changes in made], frames))
        self.due_ns: list[int] = []
        self._metronome = metronome
        self._strokes: deque[int] = deque()
        self._stroke: asyncio.Future[None] | None = None
        self._rest = b""
        self._waiting: list[Parts] = []
        self._subscribed: dict[str, list[str]] = {}
        self._fills: dict[str, dict[str, Any]] = {}
        self._orders = count(1)
        self._closed = False
        self._beat = 0

    # -- the connection -----------------------------------------------------------------------------------------------

    async def ws_connect(self, url: str, **_: object) -> Self:
        await asyncio.get_running_loop().create_connection(lambda: self, sock=self._metronome)
        return self

    def connection_made(self, transport: Any) -> None:
        transport.write(b"!")

    async def send_str(self, text: str) -> None:
        wish = json.loads(text)
        channel, names = wish["channel"], wish.get("product_ids", [])
        self._subscribed[channel] = names
        self.tell("subscriptions", {"subscriptions": self._subscribed})
        if channel == "level2":
            self._waiting += [self.snapshots[name] for name in names]
        elif channel == "user":
            self.tell("user", {"type": "snapshot", "orders": []})

    async def close(self, **_: object) -> None:
        self._closed = True
        self._metronome.close()

    def tell(self, channel: str, event: dict[str, Any]) -> None:
        """Hand this over next."""
        self._waiting.append(cut(frame_of(channel, event)))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        """Return the next frame as soon as the metronome has struck."""
        while not self._strokes:
            if self._closed:
                raise StopAsyncIteration
            self._stroke = asyncio.get_running_loop().create_future()
            await self._stroke
        parts = self._waiting.pop(0) if self._waiting else self._moving()
        frame = b"%b%d%b" % (parts[0], len(self.due_ns), parts[1])
        self.due_ns.append(self._strokes.popleft())
        return Message(frame)

    def data_received(self, data: bytes) -> None:
        """Take the moments at which frames are due."""
        data = self._rest + data
        whole = len(data) // 8
        self._rest = data[whole * 8 :]
        self._strokes.extend(struct.unpack_from(f"{whole}q", data))
        if self._stroke is not None and not self._stroke.done():
            self._stroke.set_result(None)

    def _moving(self) -> Parts:
        self._beat += 1
        still = {"current_time": EVENT_TIME, "heartbeat_counter": self._beat}
        if not {"level2", "user"} <= self._subscribed.keys() or not self._beat % 2_000:
            return cut(frame_of("heartbeats", still))
        return next(self.updates, None) or cut(frame_of("heartbeats", still))

    # -- orders -------------------------------------------------------------------------------------------------------

    async def answer(self, request: Request) -> tuple[int, Mapping[str, str], bytes]:
        """Return what the venue answers to a request, a moment later."""
        await asyncio.sleep(ANSWER_S)
        if request.method == "POST":
            values = self.place(json.loads(request.payload or b""))
        elif request.path.endswith("/fills"):
            wanted = parse_qs(request.target.partition("?")[2]).get("order_ids", [])
            values = {"fills": [self._fills[each] for each in wanted if each in self._fills], "cursor": ""}
        else:
            values = {"orders": [], "has_next": False, "cursor": "", "sequence": "0"}
        return 200, HEADERS, json.dumps(values).encode()

    def place(self, asked: dict[str, Any]) -> dict[str, Any]:
        (terms,) = asked["order_configuration"].values()
        venue_id = f"venue-{next(self._orders)}"
        size, price = terms["base_size"], terms["limit_price"]
        self._fills[venue_id] = fill_of(venue_id, asked, size, price)
        self.tell("user", {"type": "update", "orders": [order_of(venue_id, asked, size, price)]})
        named = {"order_id": venue_id, "product_id": asked["product_id"], "side": asked["side"]}
        return {
            "success": True,
            "success_response": {**named, "client_order_id": asked["client_order_id"], "attached_order_id": ""},
            "order_configuration": asked["order_configuration"],
        }


class RecordedStream(CoinbaseStream):
    """The stream over one connection that is no socket."""

    feed: Feed

    async def _connect_for_ever(self) -> None:
        await self._one_connection(self.feed)  # type: ignore[arg-type]  # all that is used of a client
        await asyncio.Event().wait()


def cut(frame: bytes) -> Parts:
    """Return what stands before and after a frame's number."""
    start = frame.index(b'"sequence_num":') + len(b'"sequence_num":')
    return frame[:start], frame[frame.index(b",", start) :]


def mixed(names: list[str], changes: list[Frames], frames: int) -> list[Parts]:
    """Return frames of all products in turn: levels, and now and then before them a trade or a ticker."""
    out: list[Parts] = []
    for number in range(frames):
        name, level = names[number % len(names)], changes[number % len(names)][number // len(names)]
        if number % TRADES_EVERY == 3:
            out.append(cut(trade_frame(name, level, number)))
        elif number % TICKER_EVERY == 4:
            out.append(cut(ticker_frame(name, level)))
        out.append(cut(level))  # every one: a book that misses changes is none
    return out[:frames]


def trade_frame(name: str, level: bytes, number: int) -> bytes:
    price = json.loads(level)["events"][0]["updates"][0]["price_level"]
    trade = {
        "trade_id": str(number + 1), "product_id": name, "price": price, "size": "0.01", "side": "BUY",
        "time": EVENT_TIME,
    }  # fmt: skip
    return frame_of("market_trades", {"type": "update", "trades": [trade]})


def ticker_frame(name: str, level: bytes) -> bytes:
    price = json.loads(level)["events"][0]["updates"][0]["price_level"]
    ticker = {
        "type": "ticker", "product_id": name, "price": price, "volume_24_h": "16038.28770938", "low_24_h": "21835.29",
        "high_24_h": "23011.18", "low_52_w": "15460", "high_52_w": "48240", "price_percent_chg_24_h": "-4.157",
        "best_bid": price, "best_bid_quantity": "0.5", "best_ask": price, "best_ask_quantity": "0.5",
    }  # fmt: skip
    return frame_of("ticker", {"type": "update", "tickers": [ticker]})


def frame_of(channel: str, event: dict[str, Any]) -> bytes:
    frame = {"channel": channel, "client_id": "", "timestamp": EVENT_TIME, "sequence_num": 0, "events": [event]}
    return json.dumps(frame, separators=(",", ":")).encode()


def fill_of(venue_id: str, asked: dict[str, Any], size: str, price: str) -> dict[str, Any]:
    return {
        "entry_id": f"e-{venue_id}", "trade_id": f"t-{venue_id}", "order_id": venue_id, "trade_time": now(),
        "trade_type": "FILL", "price": price, "size": size, "commission": fee(size, price),
        "product_id": asked["product_id"], "sequence_timestamp": now(), "liquidity_indicator": "TAKER",
        "size_in_quote": False, "user_id": "u", "side": asked["side"], "retail_portfolio_id": "",
    }  # fmt: skip


def order_of(venue_id: str, asked: dict[str, Any], size: str, price: str) -> dict[str, Any]:
    """Return the order as the user channel tells of it, done."""
    return {
        "order_id": venue_id, "client_order_id": asked["client_order_id"], "cumulative_quantity": size,
        "leaves_quantity": "0", "avg_price": price, "total_fees": fee(size, price), "status": "FILLED",
        "product_id": asked["product_id"], "product_type": "SPOT", "creation_time": now(),
        "order_side": asked["side"], "order_type": "Limit", "limit_price": price, "stop_price": "0",
        "time_in_force": "IMMEDIATE_OR_CANCEL", "trigger_status": "INVALID_ORDER_TYPE", "number_of_fills": "1",
        "completion_percentage": "100", "post_only": False, "outstanding_hold_amount": "0", "cancel_reason": "",
    }  # fmt: skip


def fee(size: str, price: str) -> str:
    return plain(Decimal(size) * Decimal(price) * FEE_RATE)


def now() -> str:
    """Return the time as the venue writes it: what an order's age is judged by."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
