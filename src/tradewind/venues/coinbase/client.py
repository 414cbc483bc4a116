"""The connection to Coinbase's REST interface: signs, sends, waits its turn, and turns every failure into one error.

A read is repeated when that can help. A write is sent again only when it is certain that it was not done; any other
failure of a write is `OutcomeUnknown`, and what became of it must be asked.
"""

import asyncio
import random
import ssl
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
import msgspec

from tradewind import __version__
from tradewind.model.errors import (
    AuthenticationFailed,
    ProtocolError,
    TransportError,
    VenueError,
    VenueUnavailable,
    Withheld,
)
from tradewind.venues.coinbase.addresses import PRODUCTION, Address
from tradewind.venues.coinbase.failures import failure_of, malformed
from tradewind.venues.coinbase.leaving import Leaving, watched
from tradewind.venues.coinbase.limits import PUBLIC_PER_S, RateBudget
from tradewind.venues.coinbase.requests import Request, server_time
from tradewind.venues.coinbase.retrying import RetryPolicy, wait_before_retry
from tradewind.venues.coinbase.signing import Signer
from tradewind.venues.coinbase.tokens import Tokens
from tradewind.venues.coinbase.wire.products import ServerTime
from tradewind.venues.coinbase.wire.values import ns_of, read
from tradewind.venues.ports import Look

T = TypeVar("T")
SECOND_NS, MILLISECOND_NS = 1_000_000_000, 1_000_000
ANSWER_BYTES_MAX = 64 << 20
CONNECTIONS_MAX = 32
USER_AGENT = f"tradewind/{__version__}"
SKEW_AGE_NS_MAX = 5 * SECOND_NS  # a refused token is worth a new look at the clock when the last one is older
TOKEN_MARGIN_S = 1  # a token begins a second ago, for what the measured skew may be off
NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


class Timeouts(msgspec.Struct, frozen=True):
    """Seconds until a connection stands, and until a whole answer is there."""

    connect_s: float = 5.0
    total_s: float = 10.0


TIMEOUTS = Timeouts()
POLICY = RetryPolicy()


class Client:
    """One account's way to the venue; without a signer only what is public can be asked."""

    def __init__(
        self,
        address: Address = PRODUCTION,
        signer: Signer | None = None,
        *,
        timeouts: Timeouts = TIMEOUTS,
        policy: RetryPolicy = POLICY,
        clock_ns: Callable[[], int] = time.time_ns,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.address = address
        self.signer = signer
        self.skew_ns = 0
        self.counts: Counter[str] = Counter()
        self._tokens = None if signer is None else Tokens(signer, address.host)
        self._timeout = aiohttp.ClientTimeout(total=timeouts.total_s, sock_connect=timeouts.connect_s)
        self._policy = policy
        self._clock_ns, self._sleep, self._chance = clock_ns, sleep, chance
        self._budgets = {True: RateBudget(), False: RateBudget(PUBLIC_PER_S)}
        self._skew_at_ns: int | None = None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection; the client can be used again."""
        session, self._session = self._session, None
        if self._tokens is not None:
            self._tokens.forget()
        if session is not None:
            await session.close()

    @property
    def is_signed(self) -> bool:
        """Whether private requests can be made."""
        return self.signer is not None

    def venue_now_ns(self) -> int:
        """Return the venue's time as far as it was measured."""
        return self._clock_ns() + self.skew_ns

    def learn_skew(self, server_ns: int, sent_ns: int, received_ns: int) -> int:
        """Remember how far the venue's clock is ahead of ours, and return it: its time was read half-way."""
        self.skew_ns = server_ns - (sent_ns + received_ns) // 2
        self._skew_at_ns = received_ns
        return self.skew_ns

    async def call(self, request: Request, answer: type[T], look: Look | None = None) -> T:
        """Return the answer of that type.

        Raises  a `VenueError` of `failures`; `OutcomeUnknown` or `MalformedAnswer` of a write leave it in doubt;
                `Withheld` when `look`, asked as the body of each attempt is about to go, says why it may not.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._once(request, answer, look)
            except AuthenticationFailed:
                if not await self._clock_corrected(request):
                    raise
                wait_s = 0.0
            except VenueError as error:
                worth = wait_before_retry(self._policy, request, error, attempt, self._chance)
                if worth is None:
                    raise
                wait_s = worth
            self.counts["retries"] += 1
            await self._sleep(wait_s)

    def make_ready(self, request: Request) -> None:
        """Make a token for a request that follows soon, now that there is time for it."""
        if self._tokens is not None and request.signed:
            self._tokens.make_ready(request.method, request.path, self._token_from_s())

    async def measure_skew(self) -> int:
        """Return the venue's clock less ours in nanoseconds, measured now."""
        await self.server_time_ns()
        return self.skew_ns

    async def server_time_ns(self) -> int:
        """Return the venue's time, and remember how far our clock is off."""
        sent_ns = self._clock_ns()
        found = await self.call(server_time(), ServerTime)
        server_ns = ns_of(found.iso) if found.epoch_millis is None else found.epoch_millis * MILLISECOND_NS
        self.learn_skew(server_ns, sent_ns, self._clock_ns())
        return server_ns

    # -- one attempt --------------------------------------------------------------------------------------------------

    async def _once(self, request: Request, answer: type[T], look: Look | None) -> T:
        what = f"{request.method} {request.path}"
        budget = self._budgets[request.signed]
        while wait_ns := budget.take(self._clock_ns(), urgent=request.writes):
            await self._sleep(wait_ns / SECOND_NS)
        self.counts["requests"] += 1
        status, headers, body = await self._exchange(request, what, Leaving(look))
        now_ns = self._clock_ns()
        budget.learn(headers, status, now_ns)
        failure = failure_of(status, headers, body, what, now_ns / SECOND_NS)
        if failure is not None:
            self.counts[type(failure).__name__] += 1
            raise failure
        return self._decoded(body, headers.get("Content-Type", ""), answer, what)

    async def _exchange(self, request: Request, what: str, leaving: Leaving) -> tuple[int, Mapping[str, str], bytes]:
        url = f"{self.address.rest}{request.target}"
        try:
            async with self._connections().request(
                request.method,
                url,
                data=request.payload,
                headers=self._headers(request),
                allow_redirects=False,
                trace_request_ctx=leaving,
            ) as response:
                return response.status, response.headers, await _whole(response, what)
        except NOT_SENT as error:
            self.counts["TransportError"] += 1
            host, kind = self.address.host, type(error).__name__
            said = f"{what}: no connection to {host} ({kind}): check the network, and that it runs there"
            raise TransportError(said) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if leaving.held_by:
                self.counts["Withheld"] += 1
                raise Withheld(f"{what}: held back before it left: {leaving.held_by}", leaving.held_by) from None
            self.counts["VenueUnavailable"] += 1
            host, kind = self.address.host, type(error).__name__
            raise VenueUnavailable(f"{what}: no answer from {host} ({kind}): check the network") from None

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json"}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        if request.signed:
            if self._tokens is None:
                raise AuthenticationFailed(f"{request.method} {request.path} needs a key: name a key file")
            token = self._tokens.take(request.method, request.path, self._token_from_s())
            headers["Authorization"] = f"Bearer {token}"
        return headers

    def _token_from_s(self) -> int:
        return self.venue_now_ns() // SECOND_NS - TOKEN_MARGIN_S

    async def _clock_corrected(self, request: Request) -> bool:
        """Return whether a refused token may be due to our clock: it was not looked at for a while, and now it was."""
        now_ns = self._clock_ns()
        fresh = self._skew_at_ns is not None and now_ns - self._skew_at_ns < SKEW_AGE_NS_MAX
        if fresh or not request.signed or self.signer is None:
            return False
        try:
            await self.measure_skew()
        except VenueError:
            self.counts["clock unread"] += 1
            return False
        return True

    def _decoded(self, body: bytes, content_type: str, answer: type[T], what: str) -> T:
        if "json" not in content_type.lower():
            self.counts["MalformedAnswer"] += 1
            raise malformed(what, f"an answer of type {content_type or 'nothing'!r}, not JSON", body)
        try:
            return read(answer, body)
        except ProtocolError as error:
            self.counts["MalformedAnswer"] += 1
            raise malformed(what, str(error), body) from None

    def _connections(self) -> aiohttp.ClientSession:
        if self._session is None:
            authority = self.address.ca
            trust: ssl.SSLContext | bool = True if authority is None else ssl.create_default_context(cafile=authority)
            connector = aiohttp.TCPConnector(ssl=trust, limit=CONNECTIONS_MAX)
            self._session = aiohttp.ClientSession(connector=connector, timeout=self._timeout, trace_configs=[watched()])
            # Left on, aiohttp itself sends a dropped GET, PUT or DELETE once more, with the token of the first time and
            # outside the budget; there is no public switch, and its own test client sets this one too.
            self._session._retry_connection = False
        return self._session


async def _whole(response: aiohttp.ClientResponse, what: str) -> bytes:
    parts, size = [], 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > ANSWER_BYTES_MAX:
            raise malformed(what, f"an answer of more than {ANSWER_BYTES_MAX >> 20} MiB", b"")
        parts.append(part)
    return b"".join(parts)
