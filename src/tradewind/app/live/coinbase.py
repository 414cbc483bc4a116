"""Coinbase as a session sees it: the desk, the streams, and whose account it is."""

import secrets
import ssl
from collections.abc import Sequence

import msgspec

from tradewind.app.live.lease import AccountIdentity
from tradewind.app.venue_access import Access
from tradewind.model.errors import ConfigError
from tradewind.model.instrument import Instrument
from tradewind.model.market_events import QuoteTick
from tradewind.model.orders import OrderKind, OrderRequest
from tradewind.model.venue import PlaceAnswer, PlaceRefused
from tradewind.venues.coinbase.configurations import bracket_gtc
from tradewind.venues.coinbase.desk import CoinbaseDesk
from tradewind.venues.coinbase.market_desk import GRANULARITIES
from tradewind.venues.coinbase.order_desk import CoinbaseOrders
from tradewind.venues.coinbase.session import StreamSession
from tradewind.venues.coinbase.signing import Signer
from tradewind.venues.coinbase.streaming import CoinbaseStream
from tradewind.venues.ports import AccountDesk, Look, MarketDesk, StreamEvent, StreamKind, StreamState, Take

SECOND_NS = 1_000_000_000
NONCE_BYTES = 16
TRADES = "market_trades"


class BracketOrders(CoinbaseOrders):
    """Orders, with one form more: a limit order with a stop is the venue's bracket."""

    def prepare(self, request: OrderRequest) -> None:
        if request.kind is not OrderKind.LIMIT or request.stop is None:
            super().prepare(request)

    async def place(self, request: OrderRequest, look: Look | None = None) -> PlaceAnswer:
        if request.kind is not OrderKind.LIMIT or request.stop is None or request.price is None:
            return await super().place(request, look)
        instrument = await self.market.instrument(request.instrument)
        form = bracket_gtc(
            instrument.quantity_decimal(int(request.quantity or 0)),
            instrument.price_decimal(request.price),
            instrument.price_decimal(request.stop),
        )
        return await self.place_configuration(request.order_id, request.instrument, request.side, form, look)


class CoinbaseSide:
    """One account at Coinbase, or at an exchange on this machine that speaks like it."""

    def __init__(self, access: Access, desk: CoinbaseDesk, identity: AccountIdentity) -> None:
        self.identity = identity
        self.is_real = access.is_real
        self.orders: BracketOrders = BracketOrders(desk.client, desk.market, desk.account)
        self._access = access
        self._desk = desk

    @property
    def market(self) -> MarketDesk:
        return self._desk.market

    @property
    def account(self) -> AccountDesk:
        return self._desk.account

    def know(self, instruments: Sequence[Instrument]) -> None:
        """Tell prices and quantities in these instruments' units."""
        self._desk.market.know(instruments)

    def spans_ns(self) -> frozenset[int]:
        return frozenset(seconds * SECOND_NS for seconds in GRANULARITIES)

    def use_time(self, offset_ns: int) -> None:
        self._desk.client.skew_ns = offset_ns

    async def listen(self, instruments: Sequence[Instrument], *, books: frozenset[str], user: bool, take: Take) -> None:
        """Listen to trades first, so that they are complete from a book's first snapshot on."""
        names = tuple(each.id for each in instruments)
        wanted: dict[str, tuple[str, ...]] = {"heartbeats": (), TRADES: names, "level2": names}
        if user:
            wanted["user"] = ()
        stream = self._stream(StreamSession(wanted, instruments, tell_levels=bool(books)), names)
        session, complete = stream.session, False

        def told(events: Sequence[StreamEvent]) -> None:
            nonlocal complete
            now = session.connected and not session.subscriptions.missing_of(TRADES)
            if now != complete:
                complete = now
                kind = StreamKind.RESYNCED if now else StreamKind.STALE
                state = StreamState(kind=kind, ts_ns=stream.clock_ns(), channel=TRADES, reason="subscription")
                events = [*events, state] if now else [state, *events]
            take(events)

        await stream.hand_over(told)

    def _stream(self, session: StreamSession, names: tuple[str, ...]) -> CoinbaseStream:
        return CoinbaseStream(
            self._access.address.ws,
            session,
            token=self._token if self._access.key is not None else None,
            poll=lambda: self._quotes(names),
            tls=_trust(self._access),
        )

    async def preview(self, request: OrderRequest) -> PlaceRefused | None:
        """Return why the venue would refuse the order, None when it would not; nothing is placed."""
        found = await self.orders.preview(request)
        if isinstance(found, PlaceRefused):
            return found
        return PlaceRefused(found.errs[0], ", ".join(found.errs)) if found.errs else None

    def _token(self) -> str:
        if self._access.key is None:
            raise ConfigError("a private stream needs a key: see `tradewind live --help`")
        now_s = self._desk.client.venue_now_ns() // SECOND_NS
        return Signer(self._access.key).stream_token(now_s, secrets.token_hex(NONCE_BYTES))

    async def _quotes(self, names: Sequence[str]) -> list[StreamEvent]:
        """Return best bid and ask by REST: what stands in for a stream that tells nothing (D6)."""
        quotes: list[StreamEvent] = []
        for name in names:
            book = await self._desk.market.book(name)
            if book.bids and book.asks:
                (bid, bid_size), (ask, ask_size) = max(book.bids), min(book.asks)
                quotes.append(QuoteTick(name, book.ts_ns, bid, bid_size, ask, ask_size))
        return quotes

    async def close(self) -> None:
        await self._desk.close()


async def open_side(access: Access) -> CoinbaseSide:
    """Return the account that the key belongs to; without a key, the market alone.

    Raises  VenueError when the venue does not say whose key it is.
    """
    desk = access.desk()
    try:
        identity = await account_identity(desk, access)
    except BaseException:
        await desk.close()
        raise
    return CoinbaseSide(access, desk, identity)


async def account_identity(desk: CoinbaseDesk, access: Access) -> AccountIdentity:
    """Return whose state it is: the portfolio of the key, "public" without one."""
    account = "public"
    if access.key is not None:
        rights = await desk.account.permissions()
        account = rights.portfolio_id or access.key.name
    return AccountIdentity(venue="coinbase", endpoint=access.address.rest, account=account)


def open_market(access: Access) -> CoinbaseSide:
    """Return the public market for a paper session; its state is never mixed with that of real orders."""
    public = msgspec.structs.replace(access, key=None)
    identity = AccountIdentity(venue="coinbase", endpoint=access.address.rest, account="paper", mode="paper")
    return CoinbaseSide(public, public.desk(), identity)


def _trust(access: Access) -> ssl.SSLContext | None:
    """Return what to trust besides the machine's own authorities, None when nothing."""
    authority = access.address.ca
    if authority is None:
        return None
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=authority)
    return context
