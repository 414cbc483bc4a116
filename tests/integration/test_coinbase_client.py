"""The desk over real connections to a server on this machine that behaves well, badly, late or not at all."""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tradewind.model.errors import (
    AuthenticationFailed,
    MalformedAnswer,
    PermissionMissing,
    TransportError,
    VenueRejected,
    VenueUnavailable,
)
from tradewind.model.orders import OrderKind, OrderRequest, Side
from tradewind.model.venue import CancelRefused, CancelTaken, InDoubt, Placed, PlaceRefused
from tradewind.venues.coinbase.addresses import Address
from tradewind.venues.coinbase.client import Client, Timeouts
from tradewind.venues.coinbase.desk import CoinbaseDesk
from tradewind.venues.coinbase.keys import make_key
from tradewind.venues.coinbase.retrying import RetryPolicy
from tradewind.venues.coinbase.signing import Signer
from tradewind.venues.ports import ProductMode

KEY = ec.generate_private_key(ec.SECP256R1())
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
NAME = "organizations/1/apiKeys/2"
BASE = "/api/v3/brokerage"
PRODUCT = {
    "product_id": "BTC-USD",
    "price": "50000",
    "base_increment": "0.00001",
    "quote_increment": "0.01",
    "base_min_size": "0.00001",
    "quote_min_size": "1",
    "status": "online",
    "product_type": "SPOT",
    "quote_currency_id": "USD",
    "base_currency_id": "BTC",
}
SECOND_NS = 1_000_000_000
Handler = Callable[["Venue", web.Request], Awaitable[web.StreamResponse]]
Script = Callable[[CoinbaseDesk, "Venue"], Awaitable[None]]


class Venue:
    """Remembers every request, checks every token, and answers by the first handler that a test put there."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []
        self.tokens: list[dict[str, Any]] = []
        self.nonces: list[str] = []
        self.skew_s = 0.0
        self.answers: dict[str, list[Handler | Mapping[str, Any]]] = {}
        self.address = ""

    def answer(self, route: str, *handlers: Handler | Mapping[str, Any]) -> None:
        """Answer a route by these in turn, and by the last one from then on."""
        self.answers[route] = list(handlers)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        route = f"{request.method} {request.path.removeprefix(BASE)}"
        body = await request.json() if request.can_read_body else dict(request.query)
        self.seen.append((route, body))
        if route == "GET /time":
            millis = int((now_s() + self.skew_s) * 1000)
            return web.json_response({"iso": "2026-01-01T00:00:00Z", "epochMillis": str(millis)})
        if "/market/" not in request.path and not self._is_allowed(request):
            return web.Response(status=401, text="Unauthorized\n")
        if route == "GET /products" and route not in self.answers:
            asked = request.query.getall("product_ids", [])
            return web.json_response({"products": [PRODUCT] if "BTC-USD" in asked else []})
        handlers = self.answers.get(route, [status(404, '{"error":"NOT_FOUND"}')])
        handler = handlers.pop(0) if len(handlers) > 1 else handlers[0]
        return await handler(self, request) if callable(handler) else web.json_response(handler)

    def sent(self, route: str) -> list[Any]:
        """The bodies or queries of the requests of a route."""
        return [body for each, body in self.seen if each == route]

    def _is_allowed(self, request: web.Request) -> bool:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not token:
            return False
        options = {"verify_exp": False, "verify_nbf": False}
        claims = jwt.decode(token, KEY.public_key(), algorithms=["ES256"], options=options)
        self.tokens.append(claims)
        self.nonces.append(jwt.get_unverified_header(token)["nonce"])
        moment_s = now_s() + self.skew_s
        return claims["uri"] == f"{request.method} {request.host}{request.path}" and (
            claims["nbf"] <= moment_s < claims["exp"]
        )


def now_s() -> float:
    return time.time()


@contextlib.asynccontextmanager
async def serving(venue: Venue) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", venue.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server = site._server
    assert isinstance(server, asyncio.Server)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


def play(script: Script, venue: Venue | None = None, *, signed: bool = True, total_s: float = 1.0) -> Venue:
    """Run a script against a server of its own; waits between attempts are not slept."""
    made = venue or Venue()

    async def run() -> None:
        async with serving(made) as rest:
            signer = Signer(make_key(NAME, PEM, "test")) if signed else None
            client = Client(
                Address(rest, "ws://127.0.0.1:1"),
                signer,
                timeouts=Timeouts(connect_s=1.0, total_s=total_s),
                policy=RetryPolicy(attempts_max=4, base_s=0.001),
                chance=lambda: 0.0,
            )
            desk = CoinbaseDesk(client)
            try:
                await script(desk, made)
            finally:
                await desk.close()

    asyncio.run(run())
    return made


def order(**fields: Any) -> OrderRequest:
    given = {"quantity": 100_000, "price": 4_000_000, **fields}
    return OrderRequest("mine-1", "BTC-USD", Side.BUY, OrderKind.LIMIT, **given)


def created(**fields: Any) -> dict[str, Any]:
    response = {"order_id": "v-1", "product_id": "BTC-USD", "side": "BUY", "client_order_id": "mine-1", **fields}
    return {"success": True, "success_response": response}


def listed(**fields: Any) -> dict[str, Any]:
    configuration = {"limit_limit_gtc": {"base_size": "1", "limit_price": "40000", "post_only": False}}
    return {
        "order_id": "v-1",
        "client_order_id": "mine-1",
        "product_id": "BTC-USD",
        "side": "BUY",
        "status": "OPEN",
        "order_configuration": configuration,
        **fields,
    }


# -- ways to answer badly --------------------------------------------------------------------------------------------


def status(code: int, text: str = "", **headers: str) -> Handler:
    async def handler(venue: Venue, request: web.Request) -> web.StreamResponse:
        return web.Response(status=code, text=text, headers=headers)

    return handler


def raw(body: bytes, content_type: str = "application/json") -> Handler:
    async def handler(venue: Venue, request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type=content_type)

    return handler


async def silent(venue: Venue, request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


async def dropped(venue: Venue, request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut_off(venue: Venue, request: web.Request) -> web.StreamResponse:
    """Announce more than is sent, then go away."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"success": true, ')
    assert request.transport is not None
    request.transport.abort()
    return response


IN_DOUBT = {
    "a timeout": silent,
    "a dropped connection": dropped,
    "an answer cut off": cut_off,
    "a 500": status(500, "oops"),
    "a 502": status(502, "<html>bad gateway</html>"),
    "a 503": status(503),
    "a redirect": status(302, "", Location="/elsewhere"),
    "truncated JSON": raw(b'{"success": true, "success_resp'),
    "a page": raw(b"<html>maintenance</html>", "text/html"),
    "nothing": raw(b""),
    "a list": raw(b"[]"),
    "no success field": raw(b"{}"),
    "a success without a name": raw(b'{"success": true}'),
    "a failure without a reason": raw(b'{"success": false, "failure_reason": "UNKNOWN_FAILURE_REASON"}'),
}


@pytest.mark.parametrize("answer", IN_DOUBT.values(), ids=IN_DOUBT)
def test_a_new_order_without_a_usable_answer_is_in_doubt_and_sent_once(answer: Handler) -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("POST /orders", answer)
        found = await desk.orders.place(order())
        assert isinstance(found, InDoubt), found
        assert found.reason

    venue = play(script, total_s=0.3)
    assert len(venue.sent("POST /orders")) == 1


REFUSED = {
    "401": (status(401, "Unauthorized\n"), "UNAUTHORIZED"),
    "403": (status(403, '{"error":"PERMISSION_DENIED"}'), "FORBIDDEN"),
    "400": (status(400, '{"error":"INVALID_ARGUMENT","message":"bad"}'), "INVALID_ARGUMENT"),
    "404": (status(404), "HTTP_404"),
    "funds": (
        raw(b'{"success": false, "error_response": {"error": "INSUFFICIENT_FUND", "message": "no money"}}'),
        "INSUFFICIENT_FUND",
    ),
    "another order of that name": (
        raw(json.dumps(created(product_id="ETH-USD")).encode()),
        "CLIENT_ID_REUSED",
    ),
}


@pytest.mark.parametrize(("answer", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_certain_no_is_a_refusal(answer: Handler, reason: str) -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        await desk.market.server_time_ns()
        venue.answer("POST /orders", answer)
        found = await desk.orders.place(order())
        assert isinstance(found, PlaceRefused)
        assert found.reason == reason

    assert len(play(script).sent("POST /orders")) == 1


def test_a_429_is_waited_out_and_the_same_order_goes_again() -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("POST /orders", status(429, "slow down", **{"Retry-After": "0.05"}), created())
        began = asyncio.get_running_loop().time()
        assert await desk.orders.place(order()) == Placed("v-1")
        assert asyncio.get_running_loop().time() - began >= 0.05

    venue = play(script)
    first, second = venue.sent("POST /orders")
    assert first == second
    assert first["client_order_id"] == "mine-1"


def test_an_endless_429_is_told_at_last_as_a_refusal() -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("POST /orders", status(429, "", **{"Retry-After": "0"}))
        found = await desk.orders.place(order())
        assert isinstance(found, PlaceRefused)
        assert found.reason == "RATE_LIMITED"

    venue = play(script)
    assert len(venue.sent("POST /orders")) == 4
    assert len({body["client_order_id"] for body in venue.sent("POST /orders")}) == 1


def test_an_order_that_waits_its_turn_is_looked_at_again_before_it_leaves() -> None:
    answers = iter(["", "KILL_SWITCH"])

    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("POST /orders", status(429, "slow down", **{"Retry-After": "0.01"}), created())
        found = await desk.orders.place(order(), lambda: next(answers))
        assert isinstance(found, PlaceRefused)
        assert found.reason == "KILL_SWITCH"
        assert await desk.orders.place(order()) == Placed("v-1")  # nobody looks any more, and the connections are well

    assert len(play(script).sent("POST /orders")) == 2


def test_what_is_held_back_never_reaches_the_venue_not_even_its_first_line() -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        await desk.market.server_time_ns()
        venue.answer("POST /orders", created())
        found = await desk.orders.place(order(), lambda: "NO_LEASE")
        assert isinstance(found, PlaceRefused)
        assert found.reason == "NO_LEASE"
        assert desk.client.counts["Withheld"] == 1
        await asyncio.sleep(0.05)

    assert play(script).sent("POST /orders") == []


def test_without_a_listener_nothing_has_left() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def run() -> None:
        client = Client(
            Address(f"http://127.0.0.1:{port}", "ws://127.0.0.1:1"),
            Signer(make_key(NAME, PEM, "test")),
            policy=RetryPolicy(attempts_max=3, base_s=0.001),
        )
        async with client:
            with pytest.raises(TransportError, match="no connection"):
                await client.server_time_ns()
            assert client.counts["requests"] == 3
            found = await CoinbaseDesk(client).orders.place(order())
            assert isinstance(found, PlaceRefused)
            assert found.reason == "NOT_SENT"

    asyncio.run(run())


@pytest.mark.parametrize("bad", [dropped, cut_off, status(500), status(503), raw(b'{"accounts": [')])
def test_a_question_is_asked_again(bad: Handler) -> None:
    account = {"uuid": "u", "currency": "USD", "available_balance": {"value": "7.5", "currency": "USD"}}

    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("GET /accounts", bad, bad, {"accounts": [account], "has_next": False})
        (found,) = await desk.account.balances()
        assert found.available == Decimal("7.5")

    assert len(play(script).sent("GET /accounts")) == 3


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (dropped, VenueUnavailable),
        (status(500), VenueUnavailable),
        (raw(b"{"), MalformedAnswer),
        (raw(b"hello", "text/plain"), MalformedAnswer),
        (
            raw(b'{"accounts": [{"uuid": "u", "currency": "USD", "available_balance": {"value": "NaN"}}]}'),
            MalformedAnswer,
        ),
        (
            raw(b'{"accounts": [{"uuid": "u", "currency": "USD", "available_balance": {"value": "1e999"}}]}'),
            MalformedAnswer,
        ),
        (status(403), PermissionMissing),
        (status(400), VenueRejected),
    ],
)
def test_a_question_without_an_answer_ends_in_its_error(bad: Handler, kind: type[Exception]) -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("GET /accounts", bad)
        with pytest.raises(kind):
            await desk.account.balances()

    attempts = len(play(script).sent("GET /accounts"))
    assert attempts == (1 if kind in {PermissionMissing, VenueRejected} else 4)


def test_tokens_are_fresh_for_each_request_and_name_it_without_its_query() -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("GET /orders/historical/batch", {"orders": [], "has_next": False})
        await desk.orders.open_orders("BTC-USD")
        await desk.orders.open_orders()

    venue = play(script)
    assert len(venue.tokens) == 6
    assert len(set(venue.nonces)) == 6
    assert all(claims["exp"] - claims["nbf"] == 120 for claims in venue.tokens)
    assert all(claims["uri"].endswith("/orders/historical/batch") for claims in venue.tokens)
    assert all(claims["iss"] == "cdp" for claims in venue.tokens)


@pytest.mark.parametrize("skew_s", [-600.0, 600.0])
def test_a_skewed_clock_is_measured_after_the_first_refusal(skew_s: float) -> None:
    venue = Venue()
    venue.skew_s = skew_s
    venue.answer("GET /transaction_summary", {"fee_tier": {"maker_fee_rate": "0.001", "taker_fee_rate": "0.002"}})

    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        assert (await desk.account.fee_rates()).taker == Decimal("0.002")
        assert abs(desk.client.skew_ns / SECOND_NS - skew_s) < 1
        assert abs(await desk.market.server_time_ns() / SECOND_NS - now_s() - skew_s) < 1

    play(script, venue)
    assert [route for route, _ in venue.seen] == [
        "GET /transaction_summary",
        "GET /time",
        "GET /transaction_summary",
        "GET /time",
    ]


def test_a_wrong_key_is_told_after_one_look_at_the_clock() -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("GET /accounts", status(401, "Unauthorized\n"))
        with pytest.raises(AuthenticationFailed, match="Unauthorized") as caught:
            await desk.account.balances()
        assert "Bearer" not in str(caught.value)
        with pytest.raises(AuthenticationFailed):
            await desk.account.balances()

    routes = [route for route, _ in play(script).seen]
    assert routes == ["GET /accounts", "GET /time", "GET /accounts", "GET /accounts"]


def test_without_a_key_the_market_is_read_and_nothing_else() -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("GET /market/products", {"products": [PRODUCT]})
        venue.answer("GET /market/product_book", book())
        (instrument,) = await desk.market.instruments(["BTC-USD"])
        assert (instrument.price_scale, instrument.quantity_scale) == (2, 5)
        assert (await desk.market.book("BTC-USD")).bids[0] == (4_999_999, 150_000)
        with pytest.raises(AuthenticationFailed, match="needs a key"):
            await desk.account.balances()
        found = await desk.orders.place(order())
        assert isinstance(found, PlaceRefused)

    assert play(script, signed=False).tokens == []


def book() -> dict[str, Any]:
    levels = {
        "bids": [{"price": "49999.98", "size": "1"}, {"price": "49999.99", "size": "1.5"}],
        "asks": [{"price": "50000.02", "size": "2"}, {"price": "50000.01", "size": "0.00000001"}],
    }
    return {"pricebook": {"product_id": "BTC-USD", "time": "2026-01-01T00:00:00Z", **levels}}


def test_a_book_comes_best_first_without_dust() -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("GET /product_book", book())
        found = await desk.market.book("BTC-USD")
        assert found.bids == ((4_999_999, 150_000), (4_999_998, 100_000))
        assert found.asks == ((5_000_002, 200_000),)
        assert found.ts_ns == 1_767_225_600 * SECOND_NS

    play(script)


def test_trades_come_oldest_first_with_the_aggressors_side() -> None:
    trade = {"product_id": "BTC-USD", "price": "50000.01", "size": "0.5", "time": "2026-01-01T00:00:00Z"}
    trades = [{**trade, "trade_id": "12", "side": "SELL"}, {**trade, "trade_id": "11", "side": "BUY"}]

    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("GET /products/BTC-USD/ticker", {"trades": trades})
        first, second = await desk.market.trades("BTC-USD")
        assert (first.trade_id, first.side, first.price, first.quantity) == (11, Side.SELL, 5_000_001, 50_000)
        assert (second.trade_id, second.side) == (12, Side.BUY)
        venue.answer(
            "GET /products/BTC-USD/ticker", {"trades": [{**trade, "trade_id": "1", "side": "BUY", "size": "-1"}]}
        )
        with pytest.raises(MalformedAnswer, match="trade 1"):
            await desk.market.trades("BTC-USD")

    play(script)


def test_candles_are_joined_over_pages_without_hole_or_double_and_without_the_open_one() -> None:
    minute_s, bars = 60, 700
    last_s = int(now_s()) // minute_s * minute_s
    first_s = last_s - bars * minute_s

    async def candles(venue: Venue, request: web.Request) -> web.StreamResponse:
        start, end = int(request.query["start"]), int(request.query["end"])
        assert (end - start) // minute_s <= 300
        found = [
            {"start": str(at), "low": "1", "high": "4", "open": "2", "close": "3", "volume": "5.123456789"}
            for at in range(start, end + minute_s, minute_s)
        ]
        return web.json_response({"candles": found[::-1]})

    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("GET /products/BTC-USD/candles", candles)
        span_ns = minute_s * SECOND_NS
        found = await desk.market.candles("BTC-USD", span_ns, first_s * SECOND_NS, (last_s + 3_600) * SECOND_NS)
        assert [bar.open_ns // SECOND_NS for bar in found] == list(range(first_s, last_s, minute_s))
        assert (found[0].open, found[0].high, found[0].volume) == (200, 400, 512_345_678)

    play(script)


@pytest.mark.parametrize("broken", [{"low": "5"}, {"high": "1"}, {"low": "-1"}, {"volume": "-1"}, {"open": "9"}])
def test_a_candle_that_contradicts_itself_is_malformed(broken: dict[str, str]) -> None:
    candle = {"start": "1700000040", "low": "1", "high": "4", "open": "2", "close": "3", "volume": "5", **broken}

    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("GET /products/BTC-USD/candles", {"candles": [candle]})
        at_ns = 1_700_000_040 * SECOND_NS
        with pytest.raises(MalformedAnswer, match="candle"):
            await desk.market.candles("BTC-USD", 60 * SECOND_NS, at_ns, at_ns + 60 * SECOND_NS)

    play(script)


def test_lists_are_read_to_their_end_and_fills_come_once_oldest_first() -> None:
    def fill(number: int, **fields: Any) -> dict[str, Any]:
        given = {"entry_id": f"e{number}", "trade_id": f"t{number}", "order_id": "v-1", "product_id": "BTC-USD"}
        moment = {"trade_time": f"2026-01-01T00:00:{60 - number:02}Z", "side": "BUY", "price": "2", "size": "1"}
        return {**given, **moment, "trade_type": "FILL", "commission": "0.1", "liquidity_indicator": "TAKER", **fields}

    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer(
            "GET /orders/historical/fills",
            {"fills": [fill(1), fill(2)], "cursor": "a"},
            {"fills": [fill(2), fill(3), fill(4, trade_type="REVERSAL")], "cursor": "b"},
            {"fills": [], "cursor": "b"},
        )
        found = await desk.orders.fills(SECOND_NS, "v-1")
        assert [each.fill_id for each in found] == ["t3", "t2", "t1"]
        assert [each.entry_id for each in desk.orders.adjustments] == ["e4"]

    queries = play(script).sent("GET /orders/historical/fills")
    assert [each.get("cursor") for each in queries] == [None, "a", "b"]
    assert queries[0]["start_sequence_timestamp"] == "1970-01-01T00:00:01Z"
    assert queries[0]["order_ids"] == "v-1"


def test_pages_that_go_round_in_a_circle_are_malformed() -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("GET /orders/historical/batch", {"orders": [listed()], "has_next": True, "cursor": "again"})
        with pytest.raises(MalformedAnswer, match="circle"):
            await desk.orders.open_orders()

    play(script)


async def by_status(venue: Venue, request: web.Request) -> web.StreamResponse:
    """As the venue does: without a status what is done, OPEN alone what is open, the rest only when it is named."""
    statuses = request.query.getall("order_status", [])
    assert "OPEN" not in statuses or statuses == ["OPEN"]
    orders = {
        "OPEN": listed(order_id="v-open", client_order_id="open"),
        "QUEUED": listed(order_id="v-queued", client_order_id="queued", status="QUEUED"),
        "FILLED": listed(order_id="v-done", client_order_id="done", status="FILLED"),
    }
    wanted = [order for name, order in orders.items() if (name in statuses if statuses else name == "FILLED")]
    return web.json_response({"orders": wanted, "has_next": False, "cursor": ""})


def test_the_pending_are_open_too_and_an_order_is_found_wherever_it_stands() -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("GET /orders/historical/batch", by_status)
        assert {each.client_id for each in await desk.orders.open_orders("BTC-USD")} == {"open", "queued"}
        fresh = CoinbaseDesk(desk.client)
        for name in ("done", "open", "queued"):
            found = await fresh.orders.find(name)
            assert found is not None
            assert (found.client_id, found.venue_id) == (name, f"v-{name}")
        assert await fresh.orders.find("never") is None

    play(script)


def test_an_order_that_changes_between_two_lists_is_seen() -> None:
    """Whatever the moment at which an order goes on from status to status, it is in one of the lists."""
    way = ["PENDING", "OPEN", "CANCEL_QUEUED"]

    for moments in ((0, 0), (0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 3)):

        async def moving(venue: Venue, request: web.Request, moments: tuple[int, int] = moments) -> web.StreamResponse:
            asked = len(venue.sent("GET /orders/historical/batch")) - 1
            status = way[sum(asked >= moment for moment in moments)]
            found = [listed(status=status)] if status in request.query.getall("order_status") else []
            return web.json_response({"orders": found, "has_next": False})

        async def script(desk: CoinbaseDesk, venue: Venue, moving: Handler = moving) -> None:
            venue.answer("GET /orders/historical/batch", moving)
            assert [each.client_id for each in await desk.orders.open_orders()] == ["mine-1"]

        play(script)


def test_a_placed_order_is_found_by_the_venues_name() -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("POST /orders", created())
        venue.answer("GET /orders/historical/v-1", {"order": listed(status="FILLED", filled_size="1")})
        await desk.orders.place(order())
        found = await desk.orders.find("mine-1")
        assert found is not None
        assert found.is_final
        for word in ('{"error":"NOT_FOUND"}', '{"error":"order_not_found"}', "no such page"):
            venue.answer("GET /orders/historical/v-1", status(404, word))
            assert await desk.orders.find("mine-1") is None
        venue.answer("GET /orders/historical/v-1", status(400, '{"error":"INVALID_ARGUMENT"}'))
        with pytest.raises(VenueRejected, match="INVALID_ARGUMENT"):  # no word of whether the order is there
            await desk.orders.find("mine-1")

    play(script)


def test_an_order_in_doubt_is_found_among_the_orders_since_it_was_sent() -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("POST /orders", status(504))
        venue.answer("GET /orders/historical/batch", {"orders": [listed()], "has_next": False})
        assert isinstance(await desk.orders.place(order()), InDoubt)
        found = await desk.orders.find("mine-1")
        assert found is not None
        assert found.venue_id == "v-1"

    query = play(script).sent("GET /orders/historical/batch")[0]
    assert query["product_ids"] == "BTC-USD"
    assert query["start_date"].startswith("20")


def test_cancels_have_an_answer_for_every_name() -> None:
    results = [
        {"order_id": "v-open", "success": True, "failure_reason": "UNKNOWN_CANCEL_FAILURE_REASON"},
        {"order_id": "v-done", "success": False, "failure_reason": "ORDER_IS_FULLY_FILLED"},
    ]

    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("GET /orders/historical/batch", by_status)
        venue.answer("POST /orders/batch_cancel", status(503), {"results": results})
        told = await desk.orders.cancel(["open", "done", "queued", "never"])
        assert told["open"] == CancelTaken()
        assert told["done"] == CancelRefused("ORDER_IS_FULLY_FILLED")
        assert isinstance(told["queued"], InDoubt)
        assert told["never"] == CancelRefused("UNKNOWN_CANCEL_ORDER")

    venue = play(script)
    assert venue.sent("POST /orders/batch_cancel") == [{"order_ids": ["v-open", "v-done", "v-queued"]}] * 2


def test_cancels_that_fail_whole_are_in_doubt_each() -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("POST /orders/batch_cancel", status(500))
        told = await desk.orders.cancel_venue_orders([f"v{number}" for number in range(150)])
        assert len(told) == 150
        assert all(isinstance(each, InDoubt) for each in told.values())

    bodies = play(script).sent("POST /orders/batch_cancel")
    assert [len(body["order_ids"]) for body in bodies] == [100] * 4 + [50] * 4


def test_edits_keep_what_is_not_given() -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("GET /orders/historical/batch", {"orders": [listed()], "has_next": False})
        venue.answer("GET /orders/historical/v-1", {"order": listed()})
        venue.answer("POST /orders/edit", {"success": True}, {"success": True}, status(502), {"success": False})
        assert await desk.orders.edit("mine-1", price=Decimal(41_000)) == Placed("v-1")
        assert await desk.orders.edit("mine-1", quantity=Decimal(2)) == Placed("v-1")
        assert isinstance(await desk.orders.edit("mine-1", quantity=Decimal(3)), InDoubt)
        assert isinstance(
            await desk.orders.edit("mine-1", price=Decimal(0)), InDoubt
        )  # asked for, if it makes no sense
        found = await CoinbaseDesk(desk.client).orders.edit("never", price=Decimal(1))
        assert isinstance(found, PlaceRefused)

    assert play(script).sent("POST /orders/edit") == [
        {"order_id": "v-1", "size": "1", "price": "41000"},
        {"order_id": "v-1", "size": "2", "price": "40000"},
        {"order_id": "v-1", "size": "3", "price": "40000"},
        {"order_id": "v-1", "size": "1", "price": "0"},
    ]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"instrument": "NO-SUCH"}, "UNKNOWN_PRODUCT"),
        ({"quantity": 1}, "BELOW_MINIMUM_NOTIONAL"),
        ({"quantity": -1}, "INVALID_SIZE_PRECISION"),
        ({"quantity": 10**30}, "ABOVE_MAXIMUM_SIZE"),
        ({"display": 5}, "UNSUPPORTED_ORDER"),
    ],
)
def test_what_would_be_refused_is_not_sent(fields: dict[str, Any], reason: str) -> None:
    venue = Venue()
    record = {**PRODUCT, "base_max_size": "1000"}

    async def products(venue: Venue, request: web.Request) -> web.StreamResponse:
        return web.json_response({"products": [record] if request.query["product_ids"] == "BTC-USD" else []})

    venue.answer("GET /products", products)

    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        asked = {"instrument": "BTC-USD", "quantity": 100_000, "price": 4_000_000, **fields}
        request = OrderRequest("mine-1", side=Side.BUY, kind=OrderKind.LIMIT, **asked)
        found = await desk.orders.place(request)
        assert isinstance(found, PlaceRefused)
        assert found.reason == reason

    assert play(script, venue).sent("POST /orders") == []


def test_a_product_that_a_list_of_names_leaves_out_is_asked_for_by_itself() -> None:
    future = {**PRODUCT, "product_id": "BIP-CDE", "product_type": "FUTURE"}

    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("GET /products/BIP-CDE", future)
        found = await desk.market.instruments(["BIP-CDE", "BTC-USD"])
        assert [(each.id, each.is_spot) for each in found] == [("BIP-CDE", False), ("BTC-USD", True)]

    play(script)


def test_all_products_are_spot_and_futures() -> None:
    async def products(venue: Venue, request: web.Request) -> web.StreamResponse:
        kind = request.query["product_type"]
        return web.json_response({"products": [{**PRODUCT, "product_id": kind, "product_type": kind}]})

    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("GET /products", products)
        assert [each.product_id for each in await desk.market.products()] == ["SPOT", "FUTURE"]

    play(script)


def test_a_product_in_cancel_only_takes_nothing_new() -> None:
    venue = Venue()
    venue.answer("GET /products", {"products": [{**PRODUCT, "cancel_only": True}]})

    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        found = await desk.orders.place(order())
        assert isinstance(found, PlaceRefused)
        assert "cancel_only" in found.text
        states = await desk.market.product_states(["BTC-USD"])
        assert states["BTC-USD"].mode is ProductMode.CANCEL_ONLY

    assert play(script, venue).sent("POST /orders") == []


def test_all_free_cash_is_what_the_account_has() -> None:
    accounts = [
        {"uuid": "u", "currency": "USD", "available_balance": {"value": "123.45", "currency": "USD"}},
        {"uuid": "b", "currency": "BTC", "available_balance": {"value": "1", "currency": "BTC"}},
    ]

    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("GET /accounts", {"accounts": accounts, "has_next": False})
        venue.answer("POST /orders", created())
        request = OrderRequest("mine-1", "BTC-USD", Side.BUY, OrderKind.MARKET, None, maximum=True)
        assert await desk.orders.place(request) == Placed("v-1")
        assert "free cash" in desk.orders.emulations["mine-1"]

    (sent,) = play(script).sent("POST /orders")
    assert sent["order_configuration"] == {"market_market_ioc": {"quote_size": "123.45"}}


def test_positions_are_none_only_for_who_trades_no_futures() -> None:
    rights = {"can_view": True, "can_trade": True, "portfolio_uuid": "p", "portfolio_type": "DEFAULT"}
    position = {"product_id": "BIP", "side": "LONG", "number_of_contracts": "2"}

    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("GET /key_permissions", rights)
        venue.answer("GET /cfm/positions", status(403), {"positions": [position]}, status(403))
        assert await desk.account.positions() == ()
        assert [each.quantity for each in await desk.account.positions()] == [2]
        with pytest.raises(PermissionMissing):
            await desk.account.positions()

    play(script)


def test_perpetuals_are_asked_of_a_portfolio_of_that_kind() -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        venue.answer("GET /key_permissions", {"can_view": True, "portfolio_uuid": "p", "portfolio_type": "INTX"})
        venue.answer("GET /intx/positions/p", {"positions": [{"product_id": "BTC-PERP-INTX", "net_size": "-1.5"}]})
        (found,) = await desk.account.positions()
        assert (found.instrument, found.quantity) == ("BTC-PERP-INTX", Decimal("-1.5"))

    play(script)
