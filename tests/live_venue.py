"""A venue in this process for tests of live sessions: the local exchange's core behind the ports, with faults at will.

It answers like an adapter does: values for what is expected, `VenueError` for questions that fail. What an answer says
and what has happened are two things: an answer can be lost after the order was taken, or before it arrived.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from tradewind.app.live.lease import AccountIdentity
from tradewind.exchange.core.events import OrderChanged, Traded
from tradewind.exchange.core.exchange import Exchange
from tradewind.exchange.core.orders import LIVE, NewOrder, OrderStatus, OrderType, StopDirection
from tradewind.exchange.core.products import Product, ProductKind
from tradewind.exchange.core.products import ProductMode as CoreMode
from tradewind.exchange.core.views import FillView, OrderView
from tradewind.model.errors import VenueUnavailable
from tradewind.model.fees import FeeTier
from tradewind.model.instrument import Instrument, InstrumentKind, define_instrument
from tradewind.model.market_events import Bar, BookSnapshot, QuoteTick, TradePrint
from tradewind.model.money import ZERO
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce
from tradewind.model.venue import (
    CancelAnswer,
    CancelRefused,
    CancelTaken,
    InDoubt,
    PlaceAnswer,
    Placed,
    PlaceRefused,
    VenueBalance,
    VenueFill,
    VenueOrder,
    VenueOrderStatus,
    VenuePosition,
)
from tradewind.venues.ports import (
    KeyRights,
    Look,
    OrderSeen,
    ProductMode,
    ProductState,
    StreamEvent,
    StreamKind,
    StreamState,
    Take,
)

STATUS = {
    OrderStatus.PENDING: VenueOrderStatus.PENDING,
    OrderStatus.QUEUED: VenueOrderStatus.QUEUED,
    OrderStatus.OPEN: VenueOrderStatus.OPEN,
    OrderStatus.CANCEL_QUEUED: VenueOrderStatus.CANCEL_QUEUED,
    OrderStatus.FILLED: VenueOrderStatus.FILLED,
    OrderStatus.CANCELLED: VenueOrderStatus.CANCELED,
    OrderStatus.EXPIRED: VenueOrderStatus.EXPIRED,
    OrderStatus.FAILED: VenueOrderStatus.REJECTED,
}
PRODUCTS = (
    Product(id="BTC-USD", price_increment=Decimal("0.01"), base_increment=Decimal("0.00000001")),
    Product(id="ETH-USD", price_increment=Decimal("0.01"), base_increment=Decimal("0.00000001")),
)
PRICES = {"BTC-USD": Decimal(60_000), "ETH-USD": Decimal(3_000)}


class Faults(msgspec.Struct):
    """How likely what goes wrong is, per call; `down` refuses everything, `mute` silences the streams."""

    lose_answer: float = 0.0
    lose_request: float = 0.0
    fail_question: float = 0.0
    drop_event: float = 0.0
    repeat_event: float = 0.0
    delay_s: float = 0.0
    hide_s: float = 0.0
    down: bool = False
    mute: bool = False


class CoreVenue:
    """One exchange with a market maker, and our account there."""

    def __init__(
        self,
        *,
        seed: int = 1,
        balances: Mapping[str, Decimal] | None = None,
        products: Sequence[Product] = PRODUCTS,
        prices: Mapping[str, Decimal] = PRICES,
        volatility: float = 0.0004,
        name: str = "us",
    ) -> None:
        self.exchange = Exchange(products, seed=seed)
        self.products = products
        self.prices = dict(prices)
        self.volatility = volatility
        self.maker = self.exchange.open_account("maker", unlimited=True)
        self.taker = self.exchange.open_account("taker", unlimited=True)
        self.ours = self.exchange.open_account(name, dict(balances or {"USD": Decimal(100_000)}))
        self.chance = random.Random(seed)
        self.faults = Faults()
        self.injected: Counter[str] = Counter()
        self.prepared: list[str] = []
        self.forgotten: list[str] = []
        self.placed: Counter[str] = Counter()  # how often each client id reached the exchange
        self.rights = KeyRights(view=True, trade=True, transfer=False)
        self.skew_ns = 0
        self.numbers = 0
        self._streams: list[asyncio.Queue[list[StreamEvent]]] = []
        self._hidden: dict[str, float] = {}
        self._last_prices: dict[str, list[str]] = {}
        self.identity = AccountIdentity(venue="core", endpoint="memory", account=name)
        self.is_real = False
        self.orders = self.account = self.market = self

    # -- the market ---------------------------------------------------------------------------------------------------

    def now_ns(self) -> int:
        return time.time_ns()

    async def run_market(self, every_s: float = 0.02) -> None:
        """Quote and trade round a price that walks, until cancelled."""
        while True:
            self.move()
            await asyncio.sleep(every_s)

    def move(self) -> None:
        """One step: new quotes, now and then a trade, and everybody is told."""
        now = self.now_ns()
        for product in self.products:
            price = self.prices[product.id] * Decimal(repr(1 + self.chance.gauss(0, self.volatility)))
            self.set_price(product.id, price, now)
            if self.chance.random() < 0.5:
                side = self.chance.choice((Side.BUY, Side.SELL))
                self._submit(self.taker, product.id, side, OrderType.MARKET, Decimal("0.01"), None, now)
        self.exchange.advance(now)
        self.tell()

    def set_price(self, name: str, price: Decimal, now: int | None = None) -> None:
        """Quote round `price`, five levels a side."""
        now = self.now_ns() if now is None else now
        self.prices[name] = price
        tick = Decimal("0.01")
        self.exchange.cancel(self.maker, self._last_prices.pop(name, []), now)
        ids: list[str] = []
        for level in range(1, 6):
            for side in (Side.BUY, Side.SELL):
                at = (price * (1 - side * level * Decimal("0.0002"))).quantize(tick)
                size = Decimal(level)
                ids.append(self._submit(self.maker, name, side, OrderType.LIMIT, size, at, now))
        self._last_prices[name] = ids

    def _submit(
        self, account: str, name: str, side: Side, kind: OrderType, size: Decimal, price: Decimal | None, now: int
    ) -> str:
        self.numbers += 1
        force = TimeInForce.IOC if kind is OrderType.MARKET else TimeInForce.GTC
        request = NewOrder(
            client_order_id=f"m{self.numbers}", product_id=name, side=side, kind=kind, time_in_force=force,
            base_size=size, limit_price=price,
        )  # fmt: skip
        outcome = self.exchange.place(account, request, now)
        return "" if outcome.order is None else outcome.order.order_id

    def tell(self) -> None:
        """Send what has changed to the streams that are open."""
        events: list[StreamEvent] = []
        now = self.now_ns()
        for event in self.exchange.drain():
            if isinstance(event, Traded):
                trade = event.trade
                instrument = self.instrument_of(trade.product_id)
                events.append(
                    TradePrint(
                        trade.product_id, trade.ts_ns, trade.side, instrument.price_units(trade.price),
                        instrument.quantity_units(trade.size), int(trade.trade_id),
                    )
                )  # fmt: skip
            elif isinstance(event, OrderChanged) and event.account_id == self.ours:
                if self._strikes("drop_event"):
                    continue
                seen = OrderSeen(seen_order(event.order), now)
                events += [seen, seen] if self._strikes("repeat_event") else [seen]
        for product in self.products:
            book = self.exchange.book(product.id, 1)
            if book.bids and book.asks:
                instrument = self.instrument_of(product.id)
                (bid, bid_size), (ask, ask_size) = book.bids[0], book.asks[0]
                events.append(
                    QuoteTick(
                        product.id, now, instrument.price_units(bid), instrument.quantity_units(bid_size),
                        instrument.price_units(ask), instrument.quantity_units(ask_size),
                    )
                )  # fmt: skip
        if events and not self.faults.mute and not self.faults.down:
            for queue in self._streams:
                queue.put_nowait(events)

    def snapshots(self) -> list[StreamEvent]:
        """The books as a stream tells them after a connection."""
        books: list[StreamEvent] = []
        for product in self.products:
            book, instrument = self.exchange.book(product.id), self.instrument_of(product.id)
            bids, asks = (
                tuple((instrument.price_units(price), instrument.quantity_units(size)) for price, size in side)
                for side in (book.bids, book.asks)
            )
            books.append(BookSnapshot(product.id, self.now_ns(), bids, asks))
        return books

    def cut(self, reason: str = "silent") -> None:
        """Break every stream off, and bring it back: what was said meanwhile is lost."""
        self.say(StreamKind.STALE, reason=reason)
        self.say(StreamKind.CLOSED, reason=reason)

    def mend(self) -> None:
        """Bring the streams back."""
        self.say(StreamKind.CONNECTED)
        for queue in self._streams:
            queue.put_nowait(self.snapshots())
        self.say(StreamKind.RESYNCED, channel="market_trades")
        self.say(StreamKind.RESYNCED, channel="user")

    def say(self, kind: StreamKind, channel: str = "", instrument: str = "", reason: str = "") -> None:
        """Let the streams report their own state."""
        state = StreamState(kind=kind, ts_ns=self.now_ns(), channel=channel, instrument=instrument, reason=reason)
        for queue in self._streams:
            queue.put_nowait([state])

    async def stream_events(self, user: bool) -> AsyncIterator[Sequence[StreamEvent]]:
        queue: asyncio.Queue[list[StreamEvent]] = asyncio.Queue()
        self._streams.append(queue)
        queue.put_nowait([StreamState(kind=StreamKind.CONNECTED, ts_ns=self.now_ns())])
        queue.put_nowait(self.snapshots())
        queue.put_nowait([StreamState(kind=StreamKind.RESYNCED, ts_ns=self.now_ns(), channel="market_trades")])
        if user:
            queue.put_nowait([StreamState(kind=StreamKind.RESYNCED, ts_ns=self.now_ns(), channel="user")])
        try:
            while True:
                yield await queue.get()
        finally:
            self._streams.remove(queue)

    async def listen(self, instruments: Sequence[Instrument], *, books: frozenset[str], user: bool, take: Take) -> None:
        async for events in self.stream_events(user):
            take(events)

    # -- the session's side -------------------------------------------------------------------------------------------

    def spans_ns(self) -> frozenset[int]:
        return frozenset({60_000_000_000})

    def use_time(self, offset_ns: int) -> None:
        self.offset_ns = offset_ns

    def know(self, instruments: Sequence[Instrument]) -> None:
        return None

    async def close(self) -> None:
        return None

    def instrument_of(self, name: str) -> Instrument:
        product = next(each for each in self.products if each.id == name)
        spot = product.is_spot
        return define_instrument(
            product.id,
            kind=InstrumentKind.SPOT if spot else InstrumentKind.PERPETUAL,
            price_increment=product.price_increment,
            base_increment=product.base_increment,
            base=product.base,
            quote=product.quote,
            min_notional=product.quote_min_size,
            contract_size=product.contract_size,
            **({} if spot else {"initial_margin": product.initial_margin}),
        )

    def _strikes(self, fault: str) -> bool:
        hit = self.chance.random() < getattr(self.faults, fault)
        self.injected[fault] += hit
        return hit

    async def _question(self) -> None:
        if self.faults.delay_s:
            await asyncio.sleep(self.chance.random() * self.faults.delay_s)
        if self.faults.down or self._strikes("fail_question"):
            raise VenueUnavailable("503: the venue is not there")

    # -- OrderDesk ----------------------------------------------------------------------------------------------------

    def prepare(self, request: OrderRequest) -> None:
        self.prepared.append(request.order_id)

    def forget(self, client_ids: Iterable[str]) -> None:
        self.forgotten += client_ids

    async def place(self, request: OrderRequest, look: Look | None = None) -> PlaceAnswer:
        if look is not None and (reason := look()):
            return PlaceRefused(reason)
        if self.faults.delay_s:
            await asyncio.sleep(self.chance.random() * self.faults.delay_s)
        if self.faults.down or self._strikes("lose_request"):
            return InDoubt("503")
        now = self.now_ns()
        self.placed[request.order_id] += 1
        outcome = self.exchange.place(self.ours, self._new(request), now)
        self._hidden[request.order_id] = time.monotonic() + self.faults.hide_s
        self.tell()
        if self._strikes("lose_answer"):
            return InDoubt("timeout")
        if outcome.order is None:
            assert outcome.failure is not None
            return PlaceRefused(str(outcome.failure.reason))
        return Placed(outcome.order.order_id, now)

    def _new(self, request: OrderRequest) -> NewOrder:
        instrument = self.instrument_of(request.instrument)
        price = None if request.price is None else instrument.price_decimal(request.price)
        stop = None if request.stop is None else instrument.price_decimal(request.stop)
        kind, force = OrderType.LIMIT, request.time_in_force
        direction = None
        if request.kind is OrderKind.MARKET:
            kind, force = OrderType.MARKET, TimeInForce.IOC
        elif request.kind is OrderKind.STOP_LIMIT:
            kind = OrderType.STOP_LIMIT
            direction = StopDirection.UP if request.side is Side.BUY else StopDirection.DOWN
        elif stop is not None:
            kind = OrderType.BRACKET
        return NewOrder(
            client_order_id=request.order_id,
            product_id=request.instrument,
            side=request.side,
            kind=kind,
            time_in_force=force,
            base_size=instrument.quantity_decimal(int(request.quantity or 0)),
            limit_price=price,
            stop_price=stop,
            stop_direction=direction,
            post_only=request.post_only,
        )

    async def preview(self, request: OrderRequest) -> PlaceRefused | None:
        await self._question()
        found = self.exchange.preview(self.ours, self._new(request), self.now_ns())
        return PlaceRefused(str(found.failures[0].reason)) if found.failures else None

    async def cancel(self, client_ids: Sequence[str]) -> dict[str, CancelAnswer]:
        names = {each: self.exchange.order_by_client_id(self.ours, each) for each in client_ids}
        told = await self.cancel_venue_orders([each.order_id for each in names.values() if each is not None])
        return {
            name: CancelRefused("UNKNOWN") if order is None else told[order.order_id] for name, order in names.items()
        }

    async def cancel_venue_orders(self, venue_ids: Sequence[str]) -> dict[str, CancelAnswer]:
        if self.faults.delay_s:
            await asyncio.sleep(self.chance.random() * self.faults.delay_s)
        if self.faults.down or self._strikes("lose_request"):
            return dict.fromkeys(venue_ids, InDoubt("503"))
        outcomes = self.exchange.cancel(self.ours, venue_ids, self.now_ns())
        self.tell()
        if self._strikes("lose_answer"):
            return dict.fromkeys(venue_ids, InDoubt("timeout"))
        return {
            each.order_id: CancelTaken() if each.success else CancelRefused(each.failure_reason) for each in outcomes
        }

    async def edit(
        self, client_id: str, *, price: Decimal | None = None, quantity: Decimal | None = None
    ) -> PlaceAnswer:
        return PlaceRefused("NOT_HERE")

    async def find(self, client_id: str) -> VenueOrder | None:
        await self._question()
        order = self.exchange.order_by_client_id(self.ours, client_id)
        if order is None or self._hidden.get(client_id, 0.0) > time.monotonic():
            return None
        return seen_order(order)

    async def find_venue_order(self, venue_id: str) -> VenueOrder | None:
        await self._question()
        order = self.exchange.order(self.ours, venue_id)
        return None if order is None else seen_order(order)

    async def open_orders(self, instrument: str | None = None) -> Sequence[VenueOrder]:
        await self._question()
        found = self.exchange.orders(self.ours, statuses=LIVE, product_id=instrument)
        return [seen_order(each) for each in found if self._hidden.get(each.client_order_id, 0.0) <= time.monotonic()]

    async def fills(self, since_ns: int, order_id: str | None = None) -> Sequence[VenueFill]:
        await self._question()
        found = self.exchange.fills(self.ours, since_ns=since_ns, order_id=order_id)
        return [seen_fill(each) for each in reversed(found)]

    # -- AccountDesk --------------------------------------------------------------------------------------------------

    async def balances(self) -> Sequence[VenueBalance]:
        await self._question()
        return [
            VenueBalance(each.currency, each.total - each.hold, each.hold)
            for each in self.exchange.balances(self.ours)
            if each.total
        ]

    async def positions(self) -> Sequence[VenuePosition]:
        await self._question()
        return [
            VenuePosition(instrument=each.product_id, quantity=each.quantity, average_price=each.average_price)
            for each in self.exchange.positions(self.ours)
            if each.quantity
        ]

    async def fee_rates(self) -> FeeTier:
        await self._question()
        tier = self.exchange.fee_tier(self.ours, ProductKind.SPOT)
        return FeeTier(ZERO, tier.maker, tier.taker)

    async def permissions(self) -> KeyRights:
        await self._question()
        return self.rights

    async def volume_30d(self) -> Decimal:
        await self._question()
        return self.exchange.volume_30d(self.ours)

    # -- MarketDesk ---------------------------------------------------------------------------------------------------

    async def instruments(self, ids: Sequence[str]) -> Sequence[Instrument]:
        await self._question()
        known = {each.id for each in self.products}
        return [self.instrument_of(each) for each in ids if each in known]

    async def product_states(self, ids: Sequence[str]) -> Mapping[str, ProductState]:
        await self._question()
        return {each: self._state(each) for each in ids}

    def _state(self, name: str) -> ProductState:
        spot = self.instrument_of(name).is_spot
        rate, due_ns = (None, None) if spot else self.exchange.funding(name)
        return ProductState(
            instrument=name,
            mode=ProductMode(self.exchange.mode(name).value),
            price=self.exchange.last_price(name),
            is_future=not spot,
            is_perpetual=not spot,
            funding_rate=rate,
            funding_ns=due_ns,
            funding_interval_ns=None if spot else self.exchange.funding_interval_ns(name),
        )

    async def candles(self, id: str, span_ns: int, start_ns: int, end_ns: int) -> Sequence[Bar]:
        await self._question()
        instrument, second = self.instrument_of(id), 1_000_000_000
        found = self.exchange.candles(id, span_ns // second, start_ns // second, end_ns // second)
        return [
            Bar(
                id, each.start_s * second + span_ns, span_ns,
                *(instrument.price_units(price) for price in (each.open, each.high, each.low, each.close)),
                instrument.quantity_units(each.volume),
            )
            for each in reversed(found)
        ]  # fmt: skip

    async def book(self, id: str) -> BookSnapshot:
        await self._question()
        return BookSnapshot(id, self.now_ns(), (), ())

    async def trades(self, id: str) -> Sequence[TradePrint]:
        await self._question()
        return []

    async def server_time_ns(self) -> int:
        await self._question()
        return self.now_ns() + self.skew_ns

    def set_mode(self, name: str, mode: CoreMode) -> None:
        self.exchange.set_mode(name, mode, self.now_ns())


def seen_order(order: OrderView) -> VenueOrder:
    """The order as an adapter tells of it."""
    return VenueOrder(
        client_id=order.client_order_id,
        venue_id=order.order_id,
        instrument=order.product_id,
        side=order.side,
        status=STATUS[order.status],
        kind=order.kind.value.lower(),
        quantity=order.base_size,
        filled=order.filled_size,
        average_price=order.average_filled_price,
        fees=order.fees,
        price=order.limit_price,
        stop=order.stop_price,
        time_in_force=order.time_in_force.value,
        post_only=order.post_only,
        liquidation=order.is_liquidation,
        triggered=order.trigger.name == "TRIGGERED",
        created_ns=order.created_ns,
        updated_ns=order.updated_ns,
        reason=order.reason,
    )


def seen_fill(fill: FillView) -> VenueFill:
    """The execution as an adapter tells of it."""
    return VenueFill(
        fill_id=fill.trade_id,
        venue_order_id=fill.order_id,
        instrument=fill.product_id,
        side=fill.side,
        quantity=fill.size,
        price=fill.price,
        fee=fill.commission,
        liquidity=fill.liquidity,
        ts_ns=fill.ts_ns,
        client_id=fill.client_order_id,
    )
