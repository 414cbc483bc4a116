"""One venue of ccxt, opened: its numbers kept as texts, its errors ours, its markets read once.

ccxt is imported here, when a client is opened, and nowhere else.
"""

import json
import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

import msgspec

from tradewind.model.errors import AuthenticationFailed, ConfigError, VenueRejected, Withheld
from tradewind.venues.ccxt.capabilities import CapabilityMap, Support, capability_map, markets_of
from tradewind.venues.ccxt.failures import failure_of
from tradewind.venues.ccxt.markets import Names
from tradewind.venues.ccxt.quirks import Quirks, quirks_of
from tradewind.venues.ports import Look

INSTALL = "ccxt is missing: install tradewind[venues]"
TIMEOUT_MS = 10_000
# What ccxt's own code raises when an answer is not of the shape that it expects.
UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, AssertionError)
UNSUPPORTED = "UNSUPPORTED"


LOOK: ContextVar[Look | None] = ContextVar("LOOK", default=None)


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue asks of who trades there; `more` is for those that want a password, a wallet and so on."""

    api_key: str
    secret: str
    more: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return "Credentials(********)"


class Client:
    """An exchange of ccxt and what is known of it: maps of what it can do, and the names of its markets."""

    def __init__(self, exchange: Any, errors: tuple[type[Exception], ...], quirks: Quirks) -> None:
        self.exchange = exchange
        self.venue = str(exchange.id)
        self.quirks = quirks
        self.maps: dict[str, CapabilityMap] = {kind: map_of(exchange, kind) for kind in markets_of(exchange.has)}
        self._errors: tuple[type[Exception], ...] = (*errors, *UNREADABLE, OSError, TimeoutError)
        self._names: Names | None = None

    async def names(self, *, anew: bool = False) -> Names:
        """Return the venue's markets by name, asked for once, or anew."""
        if self._names is None or anew:
            markets = await self.call("load_markets", anew)
            self._names = Names(self.venue, markets.values())
        return self._names

    async def call(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Return what a method of ccxt answers.

        Raises  VenueError of the kind that `failures` tells.
        """
        what = f"{self.venue} {method}"
        try:
            return await getattr(self.exchange, method)(*arguments, **named)
        except self._errors as error:
            raise failure_of(error, what) from error

    async def write(self, look: Look | None, method: str, *arguments: Any, **named: Any) -> Any:
        """Return what a method of ccxt answers that changes something; `look` is asked as its request leaves.

        Raises  Withheld when `look` says why it may not, and VenueError as `call` does.
        """
        token = LOOK.set(look)
        try:
            return await self.call(method, *arguments, **named)
        finally:
            LOOK.reset(token)

    def need(self, area: str, what: str) -> None:
        """Raise VenueRejected when no kind of market here can do it; nothing is sent."""
        if all(each.support(area, what) is Support.MISSING for each in self.maps.values()):
            raise VenueRejected(f"{self.venue} through ccxt does not tell {what}", UNSUPPORTED)

    def need_key(self) -> None:
        """Raise AuthenticationFailed when there is no key; nothing is sent."""
        if not self.exchange.apiKey and not self.exchange.privateKey:
            raise AuthenticationFailed(f"this needs a key for {self.venue}")

    def map_for(self, *, spot: bool) -> CapabilityMap | None:
        """Return the map for spot markets or for contracts, None where the venue has no such markets."""
        return self.maps.get("spot" if spot else "perpetual")

    def now_ns(self) -> int:
        """Return this machine's time, which ccxt signs with."""
        return time.time_ns()

    async def close(self) -> None:
        """Close every connection."""
        await self.exchange.close()


def venue_names() -> tuple[str, ...]:
    """Return every venue that the installed ccxt knows.

    Raises  ConfigError when ccxt is not installed.
    """
    return tuple(_ccxt().exchanges)


def describe(venue: str) -> Mapping[str, CapabilityMap]:
    """Return what a venue can do, per kind of market, without asking it anything.

    Raises  ConfigError when ccxt is not installed or knows no such venue.
    """
    exchange = _exchange_class(venue)({"asyncio_loop": None})
    return {kind: map_of(exchange, kind) for kind in markets_of(exchange.has)}


def open_client(
    venue: str,
    credentials: Credentials | None = None,
    *,
    address: str = "",
    authority: str = "",
    options: Mapping[str, Any] | None = None,
) -> Client:
    """Return a client of a venue; nothing is sent before something is asked.

    `address` replaces the place of a REST interface that has one place only (a local exchange), `authority` is the file
    of certificates to trust there, `options` are ccxt's own for the venue.

    Raises  ConfigError when ccxt is not installed, knows no such venue, or the venue has no single place.
    """
    quirks = quirks_of(venue)
    settings: dict[str, Any] = {
        "number": str,
        "enableRateLimit": not address,
        "timeout": TIMEOUT_MS,
        "options": {**quirks.options, **(options or {}), "maxRetriesOnFailure": 0},
    }
    if credentials is not None:
        settings |= {"apiKey": credentials.api_key, "secret": credentials.secret, **credentials.more}
    if authority:
        settings["cafile"] = authority
    exchange = _exact(_exchange_class(venue))(settings)
    if address:
        if set(exchange.urls["api"]) != {"rest"}:
            raise ConfigError(f"{venue} has several places in ccxt: an address of another exchange cannot replace them")
        exchange.urls["api"] = {"rest": address}
    return Client(exchange, (_ccxt().BaseError,), quirks)


def map_of(exchange: Any, market: str) -> CapabilityMap:
    """Return what an exchange of ccxt says it can do in one kind of market."""
    return capability_map(
        exchange.id,
        market,
        exchange.has,
        exchange.features,
        timeframes=exchange.timeframes,
        credentials=exchange.requiredCredentials,
        quirks=quirks_of(exchange.id),
    )


def _ccxt() -> Any:
    try:
        import ccxt.async_support
    except ImportError:
        raise ConfigError(INSTALL) from None
    return ccxt.async_support


def _exchange_class(venue: str) -> type[Any]:
    module = _ccxt()
    if venue not in module.exchanges:
        near = [name for name in module.exchanges if venue[:4] and name.startswith(venue[:4])]
        hint = f"did you mean {', '.join(near)}?" if near else "`tradewind venues list` says how to see them"
        raise ConfigError(f"ccxt knows no venue {venue!r}: {hint}")
    found: type[Any] = getattr(module, venue)
    return found


def _exact(kind: type[Any]) -> type[Any]:
    """Return the class with numbers read as texts: the JSON's own digits, in books too.

    In JavaScript ccxt reads numbers as texts by itself (`quoteJsonNumbers`); in Python it makes floats of them.
    """

    class Exact(kind):  # type: ignore[misc]
        async def fetch(self, url: Any, method: Any = "GET", headers: Any = None, body: Any = None) -> Any:
            """Ask the last gate, for ccxt may have held the request back to keep within its pace."""
            look = LOOK.get()
            held = look() if look is not None and method != "GET" else ""
            if held:
                raise Withheld(f"{self.id} {method}: {held}", held)
            return await super().fetch(url, method, headers, body)

        def on_json_response(self, text: str) -> Any:
            return json.loads(text, parse_float=str)

        def parse_order_book_bids_asks(
            self, levels: Any, price: Any = 0, amount: Any = 1, count: Any = 2
        ) -> Sequence[Sequence[Decimal]]:
            rows = levels.values() if isinstance(levels, dict) else levels or ()
            texts = ((self.safe_string(row, price), self.safe_string(row, amount)) for row in rows)
            return [[Decimal(one), Decimal(other)] for one, other in texts if one and other]

    Exact.__name__ = kind.__name__
    return Exact
