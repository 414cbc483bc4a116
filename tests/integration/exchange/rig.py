"""An exchange served in this process, with two accounts and a quiet book, and a client that signs as the venue asks."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import count
from typing import Any

import aiohttp
import jwt

from tradewind.app.exchange_products import listings
from tradewind.exchange.core.exchange import Exchange
from tradewind.exchange.core.orders import NewOrder
from tradewind.exchange.server.api_keys import FreshKey, fresh_key
from tradewind.exchange.server.authentication import ApiKey
from tradewind.exchange.server.limits import LOCAL_LIMITS, RateLimit
from tradewind.exchange.server.serving import Addresses, Ports, serve
from tradewind.exchange.server.venue import Venue
from tradewind.model.orders import Side

API = "/api/v3/brokerage"
PRODUCT = "BTC-USD"
WEALTH = {"USD": Decimal(1_000_000), "USDC": Decimal(1_000_000), "BTC": Decimal(50)}
_ids = count(1)


class Client:
    """One key's view of the exchange."""

    def __init__(self, http: aiohttp.ClientSession, addresses: Addresses, key: FreshKey, account: str) -> None:
        self.http = http
        self.addresses = addresses
        self.key = key
        self.account = account

    def token(self, uri: str | None = None, skew_s: int = 0) -> str:
        now_s = int(time.time()) + skew_s
        claims = {"sub": self.key.name, "iss": "cdp", "nbf": now_s, "exp": now_s + 120}
        headers = {"kid": self.key.name, "nonce": secrets.token_hex(16)}
        return jwt.encode(claims | ({"uri": uri} if uri else {}), self.key.secret, algorithm="ES256", headers=headers)

    async def answer(
        self, method: str, path: str, body: object = None, skew_s: int = 0, **params: Any
    ) -> tuple[int, str, Any]:
        """Status, body and headers of a signed request."""
        host = self.addresses.rest.removeprefix("http://")
        headers = {"Authorization": f"Bearer {self.token(f'{method} {host}{API}{path}', skew_s)}"}
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        async with self.http.request(
            method, self.addresses.rest + API + path, data=data, headers=headers, params=params
        ) as answer:
            return answer.status, await answer.text(), answer.headers

    async def ask(self, method: str, path: str, body: object = None, **params: Any) -> Any:
        """The JSON of a signed request that succeeds."""
        status, text, _ = await self.answer(method, path, body, **params)
        assert status == 200, (status, text)
        return json.loads(text)

    async def buy(
        self, price: str, size: str = "0.1", product: str = PRODUCT, client_id: str = "", **terms: Any
    ) -> Any:
        """The answer to a limit order that stays until it is cancelled."""
        return await self.ask("POST", "/orders", limit_order("BUY", price, size, product, client_id, **terms))


def limit_order(side: str, price: str, size: str, product: str = PRODUCT, client_id: str = "", **terms: Any) -> Any:
    return {
        "client_order_id": client_id or f"test-{next(_ids)}",
        "product_id": product,
        "side": side,
        "order_configuration": {
            "limit_limit_gtc": {"base_size": size, "limit_price": price, "post_only": False} | terms
        },
    }


class Stream:
    """A socket, and everything that was heard on it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.heard: list[dict[str, Any]] = []
        self.listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for message in self.socket:
            self.heard.append(json.loads(message.data))

    async def subscribe(self, channel: str, *products: str, jwt: str = "", kind: str = "subscribe") -> None:
        asked = {"type": kind, "channel": channel, "product_ids": list(products)}
        await self.socket.send_str(json.dumps(asked | ({"jwt": jwt} if jwt else {})))

    def frames(self, channel: str) -> list[dict[str, Any]]:
        return [each for each in self.heard if each.get("channel") == channel]

    def events(self, channel: str) -> list[dict[str, Any]]:
        return [event for each in self.frames(channel) for event in each["events"]]

    def orders(self, order_id: str) -> list[dict[str, Any]]:
        return [each for event in self.events("user") for each in event["orders"] if each["order_id"] == order_id]


class Rig:
    """The venue, its admin port, and clients of its accounts."""

    def __init__(self, venue: Venue, addresses: Addresses, http: aiohttp.ClientSession) -> None:
        self.venue = venue
        self.addresses = addresses
        self.http = http
        self.alpha, self.beta = self.member("alpha"), self.member("beta")

    def member(self, name: str, **scopes: bool) -> Client:
        account, key = self.venue.open_portfolio(name, WEALTH), fresh_key()
        self.venue.verifier.add(ApiKey(name=key.name, public=key.public, account=account, **scopes))
        return Client(self.http, self.addresses, key, account)

    async def admin(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        async with self.http.request(method, self.addresses.admin + path, data=data) as answer:
            found = await answer.json()
            assert answer.status == 200, found
            return found

    async def fault(self, kind: str, **fields: Any) -> None:
        """Set one fault, alone."""
        await self.admin("DELETE", "/faults")
        await self.admin("POST", "/faults", {"faults": [{"kind": kind, **fields}]})

    async def struck(self, kind: str) -> int:
        return (await self.admin("GET", "/counters"))["faults"].get(kind, 0)

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[Stream]:
        async with self.http.ws_connect(self.addresses.ws) as socket:
            stream = Stream(socket)
            yield stream
            stream.listening.cancel()


async def until(true: Callable[[], object], what: str, limit_s: float = 5.0) -> None:
    """Wait until something is true."""
    limit = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < limit, f"waited {limit_s} s for {what}"
        await asyncio.sleep(0.01)


def with_exchange(test: Callable[[Rig], Awaitable[None]], limit: RateLimit = LOCAL_LIMITS) -> None:
    """Run a test against an exchange whose market quotes BTC-USD at 99 and 101 and has traded at 100."""

    async def run() -> None:
        listed = listings()
        exchange = Exchange([each.product for each in listed], seed=3)
        venue = Venue(exchange, listed, time.time_ns, limit=limit)
        quote_quietly(exchange)
        opened: asyncio.Future[Addresses] = asyncio.get_running_loop().create_future()
        stop = asyncio.Event()
        serving = asyncio.create_task(
            serve(venue, Ports(rest=0), None, lambda venue: None, opened.set_result, stop.wait)
        )
        addresses = await asyncio.wait_for(opened, 5)
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http:
                await asyncio.wait_for(test(Rig(venue, addresses, http)), 30)
        finally:
            stop.set()
            await asyncio.wait_for(serving, 10)

    asyncio.run(run())


def quote_quietly(exchange: Exchange) -> None:
    """Let two accounts on credit trade once at 100 in each product and then quote one either side of it."""
    maker, taker = (exchange.open_account(name, unlimited=True) for name in ("maker", "taker"))
    for product in exchange.products():
        size = max(Decimal(1), product.base_min_size) * 100
        for account, side, price in (
            (maker, Side.SELL, 100),
            (taker, Side.BUY, 100),
            (maker, Side.BUY, 95 if product.price_increment == 5 else 99),
            (maker, Side.SELL, 105 if product.price_increment == 5 else 101),
        ):
            request = NewOrder(
                client_order_id=f"quiet-{next(_ids)}",
                product_id=product.id,
                side=side,
                base_size=size,
                limit_price=Decimal(price),
            )
            assert exchange.place(account, request, time.time_ns()).order is not None
