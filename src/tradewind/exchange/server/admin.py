"""The admin port: faults set and cleared, counters, the exchange's own truth, and what a market's outside may do.

It has no keys and listens on loopback only: it belongs to whoever runs the exchange.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Annotated, TypeVar

import msgspec
from aiohttp import web

from tradewind.exchange.core.products import ProductMode
from tradewind.exchange.server.asking import UNREADABLE, Refusal, bad_request, not_found
from tradewind.exchange.server.fault_plans import FaultFile, seeded_faults
from tradewind.exchange.server.faults import SetFault, products_of
from tradewind.exchange.server.limits import RateLimit
from tradewind.exchange.server.sockets import Streams
from tradewind.exchange.server.texts import Json
from tradewind.exchange.server.truth import account_truth, truth
from tradewind.exchange.server.venue import Venue

Body = TypeVar("Body")
Doing = Callable[[web.Request], Awaitable[Json]]
_encode = msgspec.json.Encoder(decimal_format="string").encode


PATHS = {
    ("GET", "/health"): "health",
    ("GET", "/faults"): "list_faults",
    ("POST", "/faults"): "put_faults",
    ("POST", "/faults/seed"): "seed_faults",
    ("DELETE", "/faults"): "clear_faults",
    ("DELETE", "/faults/{number}"): "clear_fault",
    ("GET", "/counters"): "counters",
    ("GET", "/truth"): "truth",
    ("GET", "/truth/{account}"): "account_truth",
    ("POST", "/limits"): "set_limits",
    ("POST", "/disconnect"): "disconnect",
    ("POST", "/products/{product_id}/mode"): "set_mode",
    ("POST", "/products/{product_id}/funding"): "set_funding",
    ("POST", "/accounts/{account}/deposit"): "deposit",
    ("POST", "/accounts/{account}/cancel"): "cancel",
}
"""Method and path, and the name of what `Admin` does then."""


class SeedBody(msgspec.Struct, frozen=True):
    seed: int
    cycles: int = 60


class ModeBody(msgspec.Struct, frozen=True):
    mode: ProductMode


class MoneyBody(msgspec.Struct, frozen=True):
    currency: str
    amount: str


class FundingBody(msgspec.Struct, frozen=True):
    rate: str
    interval_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] | None = None


class Admin:
    """What each path of the admin port does."""

    def __init__(self, venue: Venue, streams: Streams) -> None:
        self._venue = venue
        self._streams = streams

    def application(self) -> web.Application:
        """Return the admin port's application."""
        app = web.Application()
        for (method, path), name in PATHS.items():
            app.router.add_route(method, path, _answered(getattr(self, name)))
        return app

    async def health(self, request: web.Request) -> Json:
        return {"status": "ok", "now_ns": self._venue.clock(), "connections": self._streams.open_connections()}

    async def list_faults(self, request: web.Request) -> Json:
        active = self._venue.faults.active(self._venue.clock())
        listed = [_told(each) for each in self._venue.faults.listed()]
        return {"faults": listed, "active": sorted(kind.value for kind in active)}

    async def put_faults(self, request: web.Request) -> Json:
        """Set faults, `{"faults": [...]}` as in a fault file; their times count from now."""
        asked = _decoded(await request.read(), FaultFile)
        for product_id in products_of(asked.faults):
            self._venue.listed(product_id)
        fresh = self._venue.faults.put(asked.faults, self._venue.clock())
        self._venue.tick()
        return {"faults": [_told(each) for each in fresh]}

    async def seed_faults(self, request: web.Request) -> Json:
        """Set the plan of a seed: `{"seed": 7, "cycles": 20}`."""
        asked = _decoded(await request.read(), SeedBody)
        fresh = self._venue.faults.put(seeded_faults(asked.seed, asked.cycles), self._venue.clock())
        return {"faults": [_told(each) for each in fresh]}

    async def clear_faults(self, request: web.Request) -> Json:
        gone = self._venue.faults.clear()
        self._venue.tick()
        self._streams.flush_soon()
        return {"cleared": gone}

    async def clear_fault(self, request: web.Request) -> Json:
        number = request.match_info["number"]
        gone = self._venue.faults.clear(int(number)) if number.isdigit() else 0
        if not gone:
            raise not_found(f"there is no fault {number}")
        self._venue.tick()
        return {"cleared": gone}

    async def counters(self, request: web.Request) -> Json:
        return {
            "faults": dict(sorted(self._venue.faults.struck.items())),
            "denied": dict(sorted(self._venue.denied.items())),
            "connections_seen": self._streams.seen,
        }

    async def truth(self, request: web.Request) -> Json:
        return truth(self._venue)

    async def account_truth(self, request: web.Request) -> Json:
        return account_truth(self._venue, self._account(request))

    async def set_limits(self, request: web.Request) -> Json:
        self._venue.limiter.limit = _decoded(await request.read(), RateLimit)
        return msgspec.structs.asdict(self._venue.limiter.limit)

    async def disconnect(self, request: web.Request) -> Json:
        return {"broken": self._streams.break_all()}

    async def set_mode(self, request: web.Request) -> Json:
        product_id = self._product(request)
        mode = _decoded(await request.read(), ModeBody).mode
        self._venue.exchange.set_mode(product_id, mode, self._venue.clock())
        self._streams.flush_soon()
        return {"product_id": product_id, "mode": mode.value}

    async def set_funding(self, request: web.Request) -> Json:
        product_id = self._product(request)
        if self._venue.listings[product_id].product.is_spot:
            raise bad_request(f"{product_id} has no funding")
        asked = _decoded(await request.read(), FundingBody)
        rate = _number(asked.rate)
        interval_ns = None if asked.interval_s is None else asked.interval_s * 1_000_000_000
        self._venue.exchange.set_funding_rate(product_id, rate, interval_ns)
        return {"product_id": product_id, "rate": str(rate)}

    async def deposit(self, request: web.Request) -> Json:
        """Bring money from outside, or with a negative amount take it out."""
        account = self._account(request)
        asked = _decoded(await request.read(), MoneyBody)
        self._venue.exchange.deposit(account, asked.currency, _number(asked.amount))
        return account_truth(self._venue, account)

    async def cancel(self, request: web.Request) -> Json:
        """Cancel orders as the account's owner would by hand: `{"order_ids": [...]}`, all open ones without."""
        account = self._account(request)
        asked = _decoded(await request.read() or b"{}", dict[str, list[str]])
        exchange = self._venue.exchange
        order_ids = asked.get("order_ids") or [order.order_id for order in exchange.orders(account) if order.leaves]
        outcomes = exchange.cancel(account, order_ids, self._venue.clock())
        self._streams.flush_soon()
        return {"cancelled": [outcome.order_id for outcome in outcomes if outcome.success]}

    def _account(self, request: web.Request) -> str:
        """Return the account a path names, by id or by name."""
        wanted = request.match_info["account"]
        for account, portfolio in self._venue.portfolios.items():
            if wanted in (account, portfolio.name):
                return account
        raise not_found(f"there is no account {wanted}")

    def _product(self, request: web.Request) -> str:
        return self._venue.listed(request.match_info["product_id"]).product.id


def _answered(doing: Doing) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        try:
            status, body = 200, await doing(request)
        except Refusal as refusal:
            status, body = refusal.status, refusal.body()
        return web.Response(status=status, body=_encode(body), content_type="application/json")

    return answer


def _decoded(raw: bytes, kind: type[Body]) -> Body:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (*UNREADABLE, ValueError) as error:
        raise bad_request(f"invalid request: {error}") from error


def _told(each: SetFault) -> Json:
    fault: Json = msgspec.to_builtins(each.fault)
    return {"number": each.number, "set_ns": each.set_ns, **fault}


def _number(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise bad_request(f"not a number: {text!r}")
    return value
