"""The HTTP side: one request in, through key, limit and scope to its answer, and the faults on the way.

It is aiohttp's low-level server with a table of our own, since the exchange is to answer thousands of orders a second.
"""

import asyncio
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, unquote

import msgspec
from aiohttp import web

from tradewind.exchange.server.asking import Ask, Refusal
from tradewind.exchange.server.authentication import ApiKey, Denied
from tradewind.exchange.server.faults import Fault, FaultKind
from tradewind.exchange.server.routing import Needs, Router
from tradewind.exchange.server.sockets import Streams
from tradewind.exchange.server.texts import Json
from tradewind.exchange.server.venue import Venue

Answering = Callable[[Venue, Ask], Json]
STUCK_MS = 60_000
UNAUTHORIZED = b"Unauthorized\n"
_encode = msgspec.json.Encoder(decimal_format="string").encode
_NO_QUERY: Mapping[str, list[str]] = {}


class Answer(msgspec.Struct, frozen=True):
    """Status, body, headers; plain text for the one answer that is no JSON."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}
    content_type: str = "application/json"


class RestServer:
    """Answers requests for a venue; WebSocket requests go to its streams."""

    def __init__(self, venue: Venue, router: Router[Answering], streams: Streams) -> None:
        self._venue = venue
        self._router = router
        self._streams = streams

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request of either kind."""
        if "upgrade" in request.headers:
            return await self._streams.serve(request)
        raw = await request.read() if request.body_exists else b""
        now_ns = self._venue.clock()
        if self._venue.faults.active(now_ns):
            return await self._faulty(request, raw, now_ns)
        answer = self._answer(request, raw, now_ns)
        self._streams.flush_soon()
        return _response(answer)

    async def _faulty(self, request: web.BaseRequest, raw: bytes, now_ns: int) -> web.StreamResponse:
        """Answer a request while faults are active."""
        faults = self._venue.faults

        def strikes(kind: FaultKind) -> Fault | None:
            return faults.strikes(kind, now_ns, method=request.method, path=request.path)

        late_s = faults.drawn_ms(late, 200) / 1_000 if (late := strikes(FaultKind.LATENCY)) else 0.0
        await asyncio.sleep(late_s / 2)
        if strikes(FaultKind.LOSS):
            return _broken(request)
        if strikes(FaultKind.THROTTLE):
            return _response(_refused(_too_many(), {"retry-after": "1"}))
        if fault := strikes(FaultKind.ERROR_BEFORE):
            return _response(_server_error(fault.status))
        answer = self._answer(request, raw, self._venue.clock())
        self._streams.flush_soon()
        await asyncio.sleep(late_s / 2)
        if fault := strikes(FaultKind.ERROR_AFTER):
            return _response(_server_error(fault.status))
        if strikes(FaultKind.ACK_LOST):
            return _broken(request)
        if fault := strikes(FaultKind.ACK_STUCK):
            await asyncio.sleep(faults.drawn_ms(fault, STUCK_MS) / 1_000)
        elif strikes(FaultKind.TRUNCATE):
            answer = msgspec.structs.replace(answer, body=answer.body[: len(answer.body) // 2])
        return _response(answer)

    def _answer(self, request: web.BaseRequest, raw: bytes, now_ns: int) -> Answer:
        path, _, query = request.raw_path.partition("?")
        found = self._router.find(request.method, unquote(path) if "%" in path else path)
        if found is None:
            return _refused(Refusal(404, "NOT_FOUND", f"there is no {request.method} {path}"))
        needs, key = found.route.needs, None
        if needs is not Needs.PUBLIC:
            signed = self._venue.signed_by(request.headers.get("authorization"), request.method, request.host, path)
            if isinstance(signed, Denied):
                return Answer(401, UNAUTHORIZED, content_type="text/plain")
            key = signed
        caller = key.account if key else request.remote or ""
        allowance = self._venue.limiter.take(caller, private=key is not None, now_ns=now_ns)
        if not allowance.allowed:
            return _refused(_too_many(), allowance.headers)
        ask = Ask(
            now_ns=now_ns,
            named=found.named,
            query=parse_qs(query) if query else _NO_QUERY,
            raw=raw,
            key=key,
        )
        try:
            _require(key, needs)
            return Answer(200, _encode(found.route.answer(self._venue, ask)), allowance.headers)
        except Refusal as refusal:
            return _refused(refusal, allowance.headers)


def _require(key: ApiKey | None, needs: Needs) -> None:
    if key is None:
        return
    has = {Needs.VIEW: key.can_view, Needs.TRADE: key.can_trade, Needs.TRANSFER: key.can_transfer}
    if not has.get(needs, True):
        raise Refusal(403, "PERMISSION_DENIED", "Missing required scopes")


def _too_many() -> Refusal:
    return Refusal(429, "rate_limit_exceeded", "Too many requests")


def _server_error(status: int) -> Answer:
    names = {500: "INTERNAL", 502: "BAD_GATEWAY", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}
    return _refused(Refusal(status, names.get(status, "INTERNAL"), "the service is not available"))


def _refused(refusal: Refusal, headers: Mapping[str, str] = {}) -> Answer:
    return Answer(refusal.status, _encode(refusal.body()), headers)


def _response(answer: Answer) -> web.Response:
    return web.Response(
        status=answer.status, body=answer.body, headers=answer.headers, content_type=answer.content_type
    )


def _broken(request: web.BaseRequest) -> web.Response:
    """Break the connection under a request; what is returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)
