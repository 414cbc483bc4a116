"""The local exchange put together: products, members and keys, a market, faults, ports; and the file that tells all."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from decimal import Decimal
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from tradewind.app.exchange_feed import MarketHands, Played, paced
from tradewind.app.exchange_market import GeneratedMarket, Happening, Past, Stock
from tradewind.app.exchange_products import MEMBERS, Member, listings, stocks, wealthy
from tradewind.exchange.core.exchange import Exchange
from tradewind.exchange.server.api_keys import fresh_key
from tradewind.exchange.server.authentication import ApiKey
from tradewind.exchange.server.certificates import Credentials, make_credentials, server_context
from tradewind.exchange.server.fault_plans import read_faults, seeded_faults
from tradewind.exchange.server.faults import FaultBoard, products_of
from tradewind.exchange.server.limits import LOCAL_LIMITS, VENUE_LIMITS, RateLimit
from tradewind.exchange.server.listing import Listed
from tradewind.exchange.server.past import PastCandles, Stretch
from tradewind.exchange.server.serving import Addresses, Feed, Ports, serve
from tradewind.exchange.server.venue import Venue
from tradewind.model.errors import ConfigError

GENERATE = "generate"
SEED_PREFIX = "seed:"
REPLAY_PREFIX = "replay:"
OWNER_ONLY = 0o600
ROWS_AT_ONCE = 4_000
"""After a pause the market catches up in steps, so that clients are answered meanwhile."""
FUNDING_RATE = Decimal("0.000016")


class ExchangeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a command line says of the exchange."""

    ports: Ports
    keys_out: Path
    tls: bool = False
    market: str = GENERATE
    faults: str = ""
    speed: float = 1.0
    limits: str = "local"
    seed: int = 1


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the keys file."""

    name: str
    api_key: str
    api_secret: str
    balances: dict[str, str]
    portfolio: str
    permissions: dict[str, bool]


class KeysFile(msgspec.Struct, frozen=True):
    """What clients need to find the exchange and to sign their requests."""

    rest: str
    ws: str
    ca: str | None
    admin: str
    accounts: list[Account]


class Market(NamedTuple):
    """Products, their past, and what moves them once the venue is there."""

    listed: list[Listed]
    past: dict[str, PastCandles]
    feed: Callable[[Venue], Feed]


def run_exchange(options: ExchangeOptions, opened: Callable[[KeysFile], None]) -> None:
    """Run the exchange until SIGTERM or SIGINT; `opened` is called once its keys file is written.

    Raises  ConfigError for options that cannot be followed, such as a port that is taken.
    """
    now_ns = time.time_ns()
    market = _market(options, now_ns)
    venue = Venue(
        Exchange([each.product for each in market.listed], seed=options.seed),
        market.listed,
        time.time_ns,
        limit=_limit(options.limits),
        faults=_faults(options.faults, now_ns, {each.product.id for each in market.listed}),
        past=market.past,
    )
    for each in market.listed:
        if not each.product.is_spot:
            venue.exchange.set_funding_rate(each.product.id, FUNDING_RATE)
    credentials = make_credentials(now_ns) if options.tls else None
    accounts = [_admitted(venue, member) for member in wealthy(MEMBERS, market.listed)]

    def announce(addresses: Addresses) -> None:
        told = KeysFile(addresses.rest, addresses.ws, _authority(options, credentials), addresses.admin, accounts)
        _write_private(options.keys_out, msgspec.json.format(msgspec.json.encode(told), indent=2))
        opened(told)

    context = server_context(credentials) if credentials else None
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serve(venue, options.ports, context, market.feed(venue), announce, _signalled))


def _market(options: ExchangeOptions, now_ns: int) -> Market:
    if options.market == GENERATE:
        return _generated(options, now_ns)
    if options.market.startswith(REPLAY_PREFIX):
        return _replayed(options, now_ns)
    raise ConfigError(f"--market is {GENERATE} or {REPLAY_PREFIX}PATH, was {options.market!r}")


def _generated(options: ExchangeOptions, now_ns: int) -> Market:
    listed = listings()
    traded = stocks(listed)
    generated = GeneratedMarket(options.seed, traded, now_ns)
    past = {stock.product_id: _past(generated.past[stock.product_id], stock) for stock in traded}
    return Market(listed, past, _fed(traded, generated.until, now_ns, options.speed))


def _replayed(options: ExchangeOptions, now_ns: int) -> Market:
    # Reading recordings needs libraries that a generated market can start without.
    from tradewind.app.exchange_replay import recordings

    found = recordings(Path(options.market.removeprefix(REPLAY_PREFIX)), now_ns)
    past = {each.stock.product_id: _past([each.past], each.stock) for each in found if each.past is not None}
    until = Played(merge(*(each.happenings for each in found), key=lambda happening: happening.ts_ns)).until
    return Market(
        [each.listed for each in found], past, _fed([each.stock for each in found], until, now_ns, options.speed)
    )


def _fed(
    traded: Sequence[Stock], until: Callable[[int], Iterator[Happening]], now_ns: int, speed: float
) -> Callable[[Venue], Feed]:
    """Return how a venue is fed with what happens in a market whose time starts at `now_ns`."""

    def feed(venue: Venue) -> Feed:
        hands = MarketHands(venue.exchange, {stock.product_id: stock for stock in traded})
        market_time = paced(venue.clock, now_ns, speed)

        def move(venue: Venue) -> None:
            at_ns = venue.clock()
            for happening in islice(until(market_time()), ROWS_AT_ONCE):
                # What happened before the exchange opened keeps its own time; later, the market may outrun the clock.
                when_ns = happening.ts_ns if happening.ts_ns < now_ns else at_ns
                hands.apply(happening.product_id, happening.row, when_ns)

        return move

    return feed


def _past(past: Sequence[Past], stock: Stock) -> PastCandles:
    return PastCandles([_stretch(each) for each in past], stock.price_digits, stock.volume_digits)


def _stretch(past: Past) -> Stretch:
    bars = past.bars
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    return Stretch(past.span_s, past.start_s, list(zip(*(column.tolist() for column in columns), strict=True)))


def _admitted(venue: Venue, member: Member) -> Account:
    """Open a member's account, give it a key, and return what its owner is told."""
    account = venue.open_portfolio(member.name, member.balances, kind=member.kind)
    key = fresh_key(ed25519_key=member.ed25519)
    permissions = {
        "can_view": member.can_view,
        "can_trade": member.can_trade,
        "can_transfer": member.can_transfer,
    }
    venue.verifier.add(ApiKey(name=key.name, public=key.public, account=account, **permissions))
    return Account(
        name=member.name,
        api_key=key.name,
        api_secret=key.secret,
        balances={currency: str(held) for currency, held in member.balances.items()},
        portfolio=account,
        permissions=permissions,
    )


def _faults(asked: str, now_ns: int, known: Collection[str]) -> FaultBoard:
    """Return the board with what `--faults` says: nothing, a file, or the plan of a seed."""
    if asked.startswith(SEED_PREFIX):
        seed = asked.removeprefix(SEED_PREFIX)
        if not seed.isdigit():
            raise ConfigError(f"--faults seed:N takes a whole number, was {asked!r}")
        board = FaultBoard(int(seed))
        board.put(seeded_faults(int(seed)), now_ns)
        return board
    if not asked:
        return FaultBoard()
    file = read_faults(Path(asked))
    unknown = [product_id for product_id in products_of(file.faults) if product_id not in known]
    if unknown:
        raise ConfigError(
            f"{asked} names the product {unknown[0]}, which is not traded here: {', '.join(sorted(known))}"
        )
    board = FaultBoard(file.seed)
    board.put(file.faults, now_ns)
    return board


def _limit(name: str) -> RateLimit:
    if name == "local":
        return LOCAL_LIMITS
    if name == "venue":
        return VENUE_LIMITS
    if name == "off":
        return RateLimit(0, 0)
    raise ConfigError(f"--limits is local, venue or off, was {name!r}")


def _authority(options: ExchangeOptions, credentials: Credentials | None) -> str | None:
    """Write the certificate that clients are to trust beside the keys file, and return its path."""
    if credentials is None:
        return None
    path = options.keys_out.with_name(f"{options.keys_out.stem}-ca.pem").resolve()
    path.write_bytes(credentials.authority)
    return str(path)


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, complete from the moment it is there."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content + b"\n")
        draft.replace(path)
    except OSError as error:
        draft.unlink()
        raise ConfigError(f"cannot write the keys file {path}: {error.strerror}") from error


async def _signalled() -> None:
    """Return when the process is asked to end."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    await asked.wait()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return the quicker event loop where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
