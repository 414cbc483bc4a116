"""The reference venue on order books: displayed levels, what we took from them, queues, and messages in flight."""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from tradewind.model.answers import (
    CancelRejected,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    VenueAnswer,
)
from tradewind.model.instrument import Instrument
from tradewind.model.market_events import (
    BookSnapshot,
    FundingRate,
    FundingSettlement,
    Gap,
    LevelUpdate,
    MarginRates,
    MarketEvent,
    MarkPrice,
    QuoteTick,
    TradePrint,
)
from tradewind.model.orders import Liquidity, OrderKind, OrderRequest, Side, TimeInForce
from tradewind.simulation.reference.live_order import LiveOrder
from tradewind.simulation.reference.notices import Notice
from tradewind.simulation.reference.queueing import ahead_after_update
from tradewind.simulation.reference.venue import ReferenceVenue
from tradewind.simulation.settings import OpeningAccount, SimulationSettings

# "At one millisecond: market data ...; then orders and cancels arriving ...; then notices to the client". A GTD order
# expires before matching, so first of all.
EXPIRY, MARKET_DATA, ARRIVAL, NOTICE = 0, 1, 2, 3

BOOK_KINDS = (OrderKind.MARKET, OrderKind.LIMIT)


class Levels:
    """One instrument's displayed sizes, and what own orders took from each level since its last update."""

    def __init__(self) -> None:
        self.displayed: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}
        self.taken: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}

    def size(self, side: Side, price: int) -> int:
        return self.displayed[side].get(price, 0)

    def update(self, side: Side, price: int, size: int) -> None:
        self.displayed[side].pop(price, None)
        self.taken[side].pop(price, None)
        if size > 0:
            self.displayed[side][price] = size

    def available(self, side: Side) -> list[tuple[int, int]]:
        """Return (price, what is left) of one side, best first; "a level with nothing left is absent"."""
        left = []
        for price, size in self.displayed[side].items():
            rest = size - self.taken[side].get(price, 0)
            if rest > 0:
                left.append((price, rest))
        return sorted(left, reverse=side is Side.BUY)

    def take(self, side: Side, price: int, quantity: int) -> None:
        self.taken[side][price] = self.taken[side].get(price, 0) + quantity

    def mid(self) -> Fraction | None:
        """Return the mid of the displayed best bid and ask; None when a side is empty."""
        bids, asks = self.displayed[Side.BUY], self.displayed[Side.SELL]
        return Fraction(max(bids) + min(asks), 2) if bids and asks else None


class Walk:
    """What an incoming order would do on arrival: its fills, what rests, or why the rest is canceled."""

    def __init__(self) -> None:
        self.fills: list[tuple[int, int]] = []
        self.resting = 0
        self.cancel_reason: str | None = None

    @property
    def quantity(self) -> int:
        return sum(quantity for _, quantity in self.fills)


class ReferenceBookVenue(ReferenceVenue):
    """Matches against displayed books with latency, queue models and self-trade prevention."""

    timed = True

    def __init__(
        self, instruments: Iterable[Instrument], settings: SimulationSettings, account: OpeningAccount
    ) -> None:
        super().__init__(instruments, settings, account)
        self.books = {name: Levels() for name in self.instruments}
        self.marked: set[str] = set()
        self.notices: list[Notice] = []
        # (time, phase, sequence of sending, payload); always searched for its smallest entry.
        self.in_flight: list[tuple[int, int, int, LiveOrder | str | VenueAnswer]] = []
        self.sent = 0

    # -- calls in -----------------------------------------------------------------------------------------------------

    @property
    def due_ns(self) -> int | None:
        """When the next request arrives or the next notice reaches the client; None with nothing in flight."""
        return min((one[0] for one in self.in_flight), default=None)

    @property
    def next_ns(self) -> int | None:
        """When something in flight happens or a resting order expires, whichever comes first; None without either."""
        return min((one[0] for one in (*self.in_flight, *self._expiries())), default=None)

    @property
    def undelivered(self) -> list[VenueAnswer]:
        """What has happened and is still on its way to the client, in the order of happening."""
        waiting = sorted(self.in_flight, key=lambda one: one[:3])
        return [one[3] for one in waiting if not isinstance(one[3], LiveOrder | str)]

    def submit(self, request: OrderRequest, ts_ns: int) -> Sequence[VenueAnswer]:
        """Send an order: it arrives after the entry latency; what the client learns comes with time."""
        # A request that makes no sense is refused with the time of its arrival.
        self.now_ns = ts_ns + self.settings.entry_latency_ns
        if not self.refuse_nonsense(request):
            # "then what the client sends (the fee rate is fixed here)".
            self._send(ts_ns, self.remember(request, self.now_ns))
        return ()

    def cancel(self, order_id: str, ts_ns: int) -> Sequence[VenueAnswer]:
        self._send(ts_ns, order_id)
        return ()

    def advance(self, ts_ns: int) -> Sequence[VenueAnswer]:
        return self._run(ts_ns, NOTICE)

    def on_event(self, event: MarketEvent) -> Sequence[VenueAnswer]:
        delivered = self._run(event.ts_ns, EXPIRY)
        self.now_ns = event.ts_ns
        match event:
            case BookSnapshot():
                self._on_book(event)
            case LevelUpdate():
                self._on_level(event)
            case TradePrint():
                self._on_trade(event)
            case MarkPrice():
                self.marked.add(event.instrument)
                self.on_mark(event)
            case FundingRate():
                self.on_funding(event)
            case FundingSettlement():
                self.on_settlement(event)
            case MarginRates():
                self.on_rates(event)
            case QuoteTick():
                bids, asks = ((event.bid, event.bid_size),), ((event.ask, event.ask_size),)
                self._on_book(BookSnapshot(event.instrument, event.ts_ns, bids, asks))
            case Gap():
                self.staleness[event.instrument] += event.bars
            case _:
                # A bar means nothing to a book.
                return delivered
        self._wake_up()
        return delivered + self._deliver(event.ts_ns)

    def _wake_up(self) -> None:
        """Let children whose parent has just been filled arrive, the oldest first."""
        while self.woken:
            child = min(self.woken, key=lambda order: order.sequence)
            self.woken.remove(child)
            # One that is still on its way to the venue arrives in its own time.
            if child.is_live and child.ready_ns <= self.now_ns:
                self._arrive(child)

    def _deliver(self, ts_ns: int) -> list[VenueAnswer]:
        """Hand the client every notice that is due by `ts_ns`."""
        delivered: list[VenueAnswer] = []
        due = [one for one in self.in_flight if one[1] == NOTICE and one[0] <= ts_ns]
        for one in sorted(due, key=lambda one: one[:3]):
            self.in_flight.remove(one)
            self._happen(one, delivered)
        return delivered

    def _send(self, ts_ns: int, payload: LiveOrder | str) -> None:
        self.sent += 1
        self.in_flight.append((ts_ns + self.settings.entry_latency_ns, ARRIVAL, self.sent, payload))

    def say(self, answer: VenueAnswer) -> None:
        super().say(answer)
        self.sent += 1
        self.in_flight.append((self.now_ns + self.settings.response_latency_ns, NOTICE, self.sent, answer))

    # -- time ---------------------------------------------------------------------------------------------------------

    def _run(self, ts_ns: int, phase: int) -> list[VenueAnswer]:
        """Let everything happen that is due up to and including `phase` of `ts_ns`; return what was delivered."""
        delivered: list[VenueAnswer] = []
        while True:
            due = [*self.in_flight, *self._expiries()]
            if not due:
                break
            first = min(due, key=lambda one: one[:3])
            if first[:2] > (ts_ns, phase):
                break
            if first in self.in_flight:
                self.in_flight.remove(first)
            self._happen(first, delivered)
            self._wake_up()
        self.now_ns = ts_ns
        return delivered

    def _expiries(self) -> list[tuple[int, int, int, LiveOrder | str | VenueAnswer]]:
        return [
            (order.request.expire_ns, EXPIRY, order.sequence, order)
            for order in self.orders.values()
            if order.is_live and order.active and order.time_in_force is TimeInForce.GTD
            if order.request.expire_ns is not None
        ]

    def _happen(self, one: tuple[int, int, int, LiveOrder | str | VenueAnswer], delivered: list[VenueAnswer]) -> None:
        time_ns, phase, _, payload = one
        self.now_ns = time_ns
        if phase == EXPIRY and isinstance(payload, LiveOrder):
            self.cancel_order(payload, "EXPIRED")
        elif isinstance(payload, LiveOrder):
            self._arrive(payload)
        elif isinstance(payload, str):
            self.cancel_on_request(payload)
        else:
            delivered.append(payload)
            self._note(time_ns, payload)

    def _note(self, time_ns: int, answer: VenueAnswer) -> None:
        match answer:
            case OrderFilled():
                self.notices.append(Notice(time_ns, answer.order_id, "fill"))
            case OrderRejected():
                self.notices.append(Notice(time_ns, answer.order_id, "rejected", answer.reason))
            case OrderCanceled():
                self.notices.append(Notice(time_ns, answer.order_id, "canceled", answer.reason))
            case CancelRejected():
                self.notices.append(Notice(time_ns, answer.order_id, "cancel_rejected", answer.reason))
            case _:
                # "acceptances are not listed", nor is anything that is not about one of the four.
                return

    # -- market data --------------------------------------------------------------------------------------------------

    def _on_book(self, event: BookSnapshot) -> None:
        # "replaces the book; every level counts as updated".
        book = self.books[event.instrument]
        new = {Side.BUY: dict(event.bids), Side.SELL: dict(event.asks)}
        for order in self._resting(event.instrument):
            side = order.request.side
            self._move_queue(order, book.size(side, order.limit), new[side].get(order.limit, 0))
        fresh = Levels()
        for side, levels in new.items():
            for price, size in levels.items():
                fresh.update(side, price, size)
        self.books[event.instrument] = fresh
        self._after_book_change(event.instrument)

    def _on_level(self, event: LevelUpdate) -> None:
        # "new displayed size; 0 removes".
        book = self.books[event.instrument]
        for order in self._resting(event.instrument):
            if order.request.side is event.side and order.limit == event.price:
                self._move_queue(order, book.size(event.side, event.price), event.size)
        book.update(event.side, event.price, event.size)
        self._after_book_change(event.instrument)

    def _move_queue(self, order: LiveOrder, old_size: int, new_size: int) -> None:
        # "A level update first subtracts the trades at that price since the previous update and our arrival, then
        # applies the queue model to the rest of the decrease, with the displayed size before the update as old size."
        if order.ahead is not None:
            order.ahead = ahead_after_update(
                self.settings, ahead=order.ahead, old_size=old_size, new_size=new_size, traded=order.traded
            )
        order.traded = 0

    def _after_book_change(self, instrument_id: str) -> None:
        # "The mark is the latest `mark`; without any, the mid of the best bid and ask."
        mid = self.books[instrument_id].mid()
        if instrument_id not in self.marked and mid is not None:
            self.account.marks[instrument_id] = mid
            self.check_margin(instrument_id)
        # "the opposite best at or beyond our price after a level or book event, fills all of it, at our price".
        for order in self._resting(instrument_id):
            opposite = self.books[instrument_id].available(order.request.side.opposite)
            if order.is_live and opposite and (order.limit - opposite[0][0]) * order.side >= 0:
                self.fill(order, order.remaining, order.limit, Liquidity.MAKER)

    def _on_trade(self, event: TradePrint) -> None:
        used = 0
        for order in self._resting(event.instrument):
            if not order.is_live:
                continue
            beyond = (order.limit - event.price) * order.side
            if beyond > 0:
                # "a trade beyond our price ... fills all of it, at our price".
                self.fill(order, order.remaining, order.limit, Liquidity.MAKER)
            elif beyond == 0 and order.request.side is not event.side:
                used += self._serve(order, event.quantity, used)

    def _serve(self, order: LiveOrder, traded: int, used: int) -> int:
        """Let a trade at the order's price shorten its queue and fill it with what is left; return the fill."""
        # "A trade at its price by the opposite aggressor shortens the queue and its excess fills us".
        ahead = order.ahead if order.ahead is not None else Fraction(0)
        order.traded += traded
        order.ahead = max(Fraction(0), ahead - traded)
        # "Own orders at one price share a trade's excess by age."
        excess = traded - ahead - used
        quantity = order.visible if excess >= order.visible else _lots(excess, order.instrument.lot)
        if quantity <= 0:
            return 0
        order.visible -= quantity
        self.fill(order, quantity, order.limit, Liquidity.MAKER)
        if order.is_live and order.visible == 0:
            # METHODS 6.10: "each refresh rejoins at the back of the queue".
            self._join_queue(order)
        return quantity

    # -- arrivals -----------------------------------------------------------------------------------------------------

    def _resting(self, instrument_id: str) -> list[LiveOrder]:
        return [order for order in self.by_age(instrument_id) if order.active]

    def _arrive(self, order: LiveOrder) -> None:
        if not order.is_live or order.active:
            return
        if order.request.kind not in BOOK_KINDS:
            # "book mode has no stop orders".
            self.reject(order, "UNSUPPORTED_ORDER_KIND")
            return
        if order.request.quantity is None:
            # "the last two in bars mode only".
            self.reject(order, "UNSUPPORTED_SIZE")
            return
        # "Quantities round down to the step".
        order.quantity -= order.quantity % order.instrument.lot
        expiry = order.request.expire_ns
        if order.time_in_force is TimeInForce.GTD and expiry is not None and expiry <= self.now_ns:
            self.cancel_order(order, "EXPIRED")
            return
        # By the rule "In this order: reduce-only, minimum, funds or margin; then post-only and FOK."
        if self.refuse_reduce_only(order):
            return
        walk = self._walk(order)
        refusal = self._refusal(order, walk)
        if refusal is not None:
            self.reject(order, refusal)
        elif order.time_in_force is TimeInForce.FOK and walk.quantity < order.quantity:
            self.cancel_order(order, "FOK_NOT_FILLABLE")
        else:
            self._execute(order, walk)

    def _refusal(self, order: LiveOrder, walk: Walk) -> str | None:
        unit_value = self.account.holdings[order.instrument.id].unit_value
        taken = sum((quantity * unit_value * price for price, quantity in walk.fills), Fraction(0))
        resting = walk.resting * unit_value * order.limit if walk.resting else Fraction(0)
        # "price is the fill price (book: the walk plus the resting part)"; the average is the price of the order.
        quantity, cost = walk.quantity + walk.resting, taken + resting
        if quantity == 0 and order.request.price is not None:
            # "else the limit": nothing is taken and nothing rests.
            quantity, cost = order.quantity, order.quantity * unit_value * order.limit
        return (
            self.refusal_by_size(order, quantity, cost)
            or self.refusal_by_funds(order, quantity, cost)
            or self._refusal_by_post_only(order, walk)
        )

    def _refusal_by_post_only(self, order: LiveOrder, walk: Walk) -> str | None:
        if not order.request.post_only:
            return None
        if walk.fills:
            return "POST_ONLY_WOULD_CROSS"
        # "Before it would reach the price of an own resting order (at or beyond) ...; a post-only one is rejected".
        return "SELF_TRADE" if walk.cancel_reason == "SELF_TRADE" else None

    def _best_own_opposite(self, order: LiveOrder) -> int | None:
        prices = [other.limit for other in self._resting(order.instrument.id) if other.side == -order.side]
        if not prices:
            return None
        return min(prices) if order.side > 0 else max(prices)

    def _walk(self, order: LiveOrder) -> Walk:
        """Return what the order would do: it "walks displayed size minus what earlier own orders took"."""
        walk = Walk()
        left = order.quantity
        own = self._best_own_opposite(order)
        price_limit = order.request.price
        for price, size in self.books[order.instrument.id].available(order.request.side.opposite):
            outside = price_limit is not None and (price_limit - price) * order.side < 0
            at_own = own is not None and (price - own) * order.side >= 0
            if left == 0 or outside or at_own:
                break
            # "One fill per level."
            walk.fills.append((price, min(size, left)))
            left -= min(size, left)
        if left == 0:
            return walk
        if own is not None and (price_limit is None or (price_limit - own) * order.side >= 0):
            walk.cancel_reason = "SELF_TRADE"
        elif price_limit is None:
            # "What a market order cannot fill is canceled NO_LIQUIDITY."
            walk.cancel_reason = "NO_LIQUIDITY"
        elif order.time_in_force in {TimeInForce.IOC, TimeInForce.FOK}:
            walk.cancel_reason = "IOC_REMAINDER"
        else:
            walk.resting = left
        return walk

    def _execute(self, order: LiveOrder, walk: Walk) -> None:
        book = self.books[order.instrument.id]
        for price, quantity in walk.fills:
            book.take(order.request.side.opposite, price, quantity)
            self.fill(order, quantity, price, Liquidity.TAKER)
        if not order.is_live:
            return
        if walk.cancel_reason is not None:
            self.cancel_order(order, walk.cancel_reason)
            return
        order.active = True
        order.held_price = order.order_price()
        self._join_queue(order)
        if order.fills == 0:
            self.say(OrderAccepted(order.id, self.now_ns, order.quantity))

    def _join_queue(self, order: LiveOrder) -> None:
        # "A resting order starts behind the displayed size on its side at its price".
        order.ahead = Fraction(self.books[order.instrument.id].size(order.request.side, order.limit))
        order.traded = 0
        order.visible = min(order.remaining, order.request.display or order.remaining)


def _lots(quantity: Fraction, lot: int) -> int:
    return int(quantity // lot) * lot
