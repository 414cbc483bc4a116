"""The streams: who listens to what, and the news of the core told to each in its own numbering.

News are gathered for a moment and told together: one frame a product and channel. A subscription is answered by its
snapshots and then by the acknowledgement.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import ParamSpec

import msgspec
from aiohttp import WSMsgType, web

from tradewind.exchange.core.events import CoreEvent, LevelChanged, ModeChanged, OrderChanged, PositionChanged, Traded
from tradewind.exchange.core.orders import LIVE
from tradewind.exchange.server import stream_shapes as shapes
from tradewind.exchange.server.asking import UNREADABLE
from tradewind.exchange.server.authentication import Denied
from tradewind.exchange.server.connection import Connection
from tradewind.exchange.server.faults import FaultKind
from tradewind.exchange.server.frames import (
    AUTHENTICATION_FAILURE,
    PRIVATE_CHANNELS,
    PUBLIC_CHANNELS,
    SNAPSHOT_ORDERS,
    Request,
    encoded,
    error_frame,
)
from tradewind.exchange.server.texts import Json
from tradewind.exchange.server.venue import Venue

BATCH_TICKER_S = 5
Shaped = ParamSpec("Shaped")
_REQUEST = msgspec.json.Decoder(Request)


class Streams:
    """Every open connection, and the telling of news."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._connections: list[Connection] = []
        self._flushing = False
        self._seconds = 0
        self._batched: set[str] = set()
        self.seen = 0

    # -- connections --------------------------------------------------------------------------------------------------

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Talk with one client until either side ends it."""
        venue = self._venue
        if venue.faults.strikes(FaultKind.STREAM_REFUSE, venue.clock()):
            return web.Response(status=503)
        socket = web.WebSocketResponse(max_msg_size=1 << 20, compress=False)
        await socket.prepare(request)
        connection = Connection(socket, request.transport, venue.clock, venue.faults)
        self._connections.append(connection)
        self.seen += 1
        writer = asyncio.create_task(connection.write())
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._hear(connection, message.data)
        finally:
            self._connections.remove(connection)
            writer.cancel()
        return socket

    async def close(self) -> None:
        """Say goodbye to everybody."""
        for connection in list(self._connections):
            await connection.close()

    def open_connections(self) -> int:
        """Return how many clients are connected."""
        return len(self._connections)

    def break_all(self) -> int:
        """Break every connection at once, and return how many there were."""
        for connection in list(self._connections):
            connection.break_off()
        return len(self._connections)

    def _hear(self, connection: Connection, text: str) -> None:
        try:
            asked = _REQUEST.decode(text)
        except UNREADABLE:
            connection.send_plain(error_frame("failed to parse the message"))
            return
        if asked.type not in ("subscribe", "unsubscribe"):
            connection.send_plain(error_frame(f"unknown message type: {asked.type}"))
            return
        now_ns = self._venue.clock()
        if self._venue.faults.strikes(FaultKind.SUBSCRIBE_LOST, now_ns, channel=asked.channel):
            return
        if not self._allowed(connection, asked):
            connection.send_plain(error_frame(AUTHENTICATION_FAILURE))
            return
        strange = [name for name in asked.product_ids if name not in self._venue.listings]
        if strange and asked.channel != "heartbeats":
            connection.send_plain(error_frame(f"unknown product: {', '.join(strange)}"))
            return
        self.flush()
        if asked.type == "subscribe":
            self._subscribe(connection, asked)
        else:
            self._unsubscribe(connection, asked)
        acknowledged = encoded([connection.subscriptions.acknowledged()])
        connection.send("subscriptions", self._venue.told_ns(), acknowledged)

    def _allowed(self, connection: Connection, asked: Request) -> bool:
        """Return whether a request may be followed; a token is checked wherever one is sent."""
        private = asked.channel in PRIVATE_CHANNELS
        if not private and asked.channel not in PUBLIC_CHANNELS:
            return False
        if not asked.jwt:
            return not private
        key = self._venue.verifier.subscription(asked.jwt, self._venue.told_ns())
        if isinstance(key, Denied):
            self._venue.denied[key.reason] += 1
            return False
        if not key.can_view:
            return False
        connection.key = key
        return True

    # -- subscriptions ------------------------------------------------------------------------------------------------

    def _subscribe(self, connection: Connection, asked: Request) -> None:
        channel, venue, subscriptions = asked.channel, self._venue, connection.subscriptions
        if channel == "heartbeats":
            subscriptions.add(channel, [channel])
            return
        if channel in PRIVATE_CHANNELS:
            assert connection.key is not None
            fresh = subscriptions.add(channel, [venue.user_of(connection.key.account)])
            if channel == "futures_balance_summary":
                self._tell(connection, channel, [shapes.futures_summary(venue, connection.key.account, "snapshot")])
                return
            wanted = set(asked.product_ids)
            connection.user_products = (connection.user_products | wanted) if wanted and not fresh else wanted
            self._user_snapshot(connection)
            return
        everything = not asked.product_ids
        fresh = subscriptions.add(channel, asked.product_ids or venue.listings)
        if everything:
            subscriptions.everything.add(channel)
        for product_id in fresh:
            if (event := shapes.snapshot(venue, channel, product_id)) is not None:
                self._tell(connection, channel, [event])

    def _unsubscribe(self, connection: Connection, asked: Request) -> None:
        if asked.channel in PRIVATE_CHANNELS or asked.channel == "heartbeats":
            connection.subscriptions.remove(asked.channel, [])
        else:
            connection.subscriptions.remove(asked.channel, asked.product_ids)

    def _user_snapshot(self, connection: Connection) -> None:
        """Tell all open orders, fifty at a time; the last frame is one with fewer, even if it has none."""
        assert connection.key is not None
        account = connection.key.account
        orders = [
            shapes.user_order(self._venue, order)
            for order in self._venue.exchange.orders(account, statuses=LIVE)
            if not connection.user_products or order.product_id in connection.user_products
        ]
        positions = shapes.user_positions(self._venue, account)
        for first in range(0, len(orders) + 1, SNAPSHOT_ORDERS):
            batch = orders[first : first + SNAPSHOT_ORDERS]
            self._tell(connection, "user", [{"type": "snapshot", "orders": batch, "positions": positions}])

    def _tell(self, connection: Connection, channel: str, events: list[Json]) -> None:
        connection.send(channel, self._venue.told_ns(), encoded(events))

    # -- news ---------------------------------------------------------------------------------------------------------

    def flush_soon(self) -> None:
        """Tell the news once everything that is due now was done; to nobody, the next tick is soon enough."""
        if self._connections and not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Tell everybody what changed since the last time."""
        self._flushing = False
        if not self._connections:
            self._venue.exchange.forget()
        elif events := self._venue.exchange.drain():
            self._publish(events)

    def _publish(self, events: Iterable[CoreEvent]) -> None:
        venue, ts_ns = self._venue, self._venue.told_ns()
        traded: dict[str, list[Traded]] = defaultdict(list)
        levels: dict[str, list[LevelChanged]] = defaultdict(list)
        moved: set[str] = set()
        for event in events:
            if isinstance(event, Traded):
                traded[event.trade.product_id].append(event)
            elif isinstance(event, LevelChanged):
                levels[event.product_id].append(event)
            elif isinstance(event, OrderChanged):
                self._publish_order(event, ts_ns)
            elif isinstance(event, PositionChanged):
                moved.add(event.account_id)
            elif isinstance(event, ModeChanged):
                self._publish_to("status", event.product_id, ts_ns, shapes.status, venue, [event.product_id], "update")
        for product_id, changed in levels.items():
            self._publish_to("level2", product_id, ts_ns, shapes.level_update, product_id, changed, ts_ns)
        for product_id, trades in traded.items():
            self._batched.add(product_id)
            self._publish_to("market_trades", product_id, ts_ns, shapes.trades_update, trades)
            self._publish_to("ticker", product_id, ts_ns, shapes.ticker, venue, product_id, "update")
        for account in sorted(moved):
            self._publish_positions(account, ts_ns)

    def _publish_to(
        self,
        channel: str,
        product_id: str,
        ts_ns: int,
        shape: Callable[Shaped, Json],
        *args: Shaped.args,
        **kwargs: Shaped.kwargs,
    ) -> None:
        """Send one frame to all who listen to a product's channel; its event is shaped only if somebody does."""
        listeners = [each for each in self._connections if each.subscriptions.has(channel, product_id)]
        if listeners:
            events = encoded([shape(*args, **kwargs)])
            for connection in listeners:
                connection.send(channel, ts_ns, events)

    def _publish_order(self, event: OrderChanged, ts_ns: int) -> None:
        product_id = event.order.product_id
        listeners = [
            each
            for each in self._user_listeners(event.account_id)
            if not each.user_products or product_id in each.user_products
        ]
        if listeners:
            order = shapes.user_order(self._venue, event.order)
            events = encoded([{"type": "update", "orders": [order], "positions": shapes.NO_POSITIONS}])
            for connection in listeners:
                connection.send("user", ts_ns, events)

    def _publish_positions(self, account: str, ts_ns: int) -> None:
        listeners = self._user_listeners(account)
        if listeners:
            positions = shapes.user_positions(self._venue, account)
            events = encoded([{"type": "update", "orders": [], "positions": positions}])
            for connection in listeners:
                connection.send("user", ts_ns, events)
        summary = None
        for connection in self._connections:
            key = connection.key
            if key is None or key.account != account or not connection.subscriptions.names("futures_balance_summary"):
                continue
            summary = summary or encoded([shapes.futures_summary(self._venue, account, "update")])
            connection.send("futures_balance_summary", ts_ns, summary)

    def _user_listeners(self, account: str) -> list[Connection]:
        return [
            each
            for each in self._connections
            if each.key is not None and each.key.account == account and each.subscriptions.names("user")
        ]

    # -- every second -------------------------------------------------------------------------------------------------

    def second(self) -> None:
        """Send heartbeats and candles, every few seconds the batched tickers; and let faults break connections."""
        self._seconds += 1
        venue, ts_ns = self._venue, self._venue.told_ns()
        now_ns = venue.clock()
        for connection in list(self._connections):
            if venue.faults.strikes(FaultKind.STREAM_DISCONNECT, now_ns):
                connection.break_off()
            elif connection.subscriptions.names("heartbeats"):
                connection.beats += 1
                beat = shapes.heartbeat(ts_ns, now_ns - connection.opened_ns, connection.beats)
                connection.send("heartbeats", ts_ns, encoded([beat]))
        for product_id in venue.listings:
            self._publish_to("candles", product_id, ts_ns, shapes.candles, venue, product_id, "update", 1)
        if self._seconds % BATCH_TICKER_S == 0:
            batched, self._batched = self._batched, set()
            for product_id in sorted(batched):
                self._publish_to("ticker_batch", product_id, ts_ns, shapes.ticker, venue, product_id, "update")
