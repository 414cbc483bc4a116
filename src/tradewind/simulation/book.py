"""A simulated venue that fills against a displayed book (METHODS 3 and 6): latency, walks, queues, self-trade checks.

At one time: expiries, market data, arrivals in the order of sending, then notices to the client. `on_event` lets what
was due before it happen first; `advance` lets what is due at its time happen too.
"""

from collections import deque
from collections.abc import Container, Iterable, Sequence
from decimal import Decimal
from heapq import heappop, heappush

import msgspec

from tradewind.model.answers import (
    CancelRejected,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    VenueAnswer,
)
from tradewind.model.errors import ConfigError
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
from tradewind.model.money import ZERO, multiply, subtract
from tradewind.model.orders import Liquidity, OrderKind, OrderRequest, Side, TimeInForce
from tradewind.simulation.acceptance import refusal
from tradewind.simulation.desk import NOTHING, Desk
from tradewind.simulation.displayed import DisplayedSide
from tradewind.simulation.liquidation import at_risk, surplus
from tradewind.simulation.orders import DONE, LIMIT, WAITING, WOKEN, Order
from tradewind.simulation.queue import ahead_after_update
from tradewind.simulation.settings import AccountReport, OpeningAccount, SimulationSettings
from tradewind.simulation.statement import account_report
from tradewind.simulation.wallet import Holding

HALF = Decimal("0.5")
BUY, SELL = Side.BUY, Side.SELL
NO_OPENING = OpeningAccount()
Levels = tuple[tuple[int, int], ...]


class Notice(msgspec.Struct, frozen=True):
    """What the client learned about an order, and when; acceptances are not listed."""

    at_ns: int
    order_id: str
    type: str
    reason: str | None


class Walk(msgspec.Struct, frozen=True):
    """What an incoming order would do: levels it takes, whether the rest would meet an own order, what it costs."""

    levels: list[tuple[int, int]]
    taken: int
    blocked: bool
    counted: int
    notional: Decimal


class BookVenue(Desk):
    """Satisfies the engine's Venue port. Requests arrive after the entry latency, answers after the response latency.

    `notices` lists what the client has learned; `due_ns` is when the next thing in flight happens.
    """

    wakes_across_instruments = True
    timed = True

    def __init__(
        self, instruments: Sequence[Instrument], settings: SimulationSettings, account: OpeningAccount = NO_OPENING
    ) -> None:
        super().__init__(instruments, settings, account)
        if settings.self_trade_prevention != "cancel_newest":
            raise ConfigError(
                f"self_trade_prevention {settings.self_trade_prevention!r} is not modelled: use cancel_newest"
            )
        self.notices: list[Notice] = []
        self._awake = frozenset(self.holdings)
        self._bids = {name: DisplayedSide(is_bid=True) for name in self.holdings}
        self._asks = {name: DisplayedSide(is_bid=False) for name in self.holdings}
        self._marked: set[str] = set()  # instruments with an explicit mark; the others are marked at the mid
        self._arrivals: deque[tuple[int, Order | None, str]] = deque()
        self._expiries: list[tuple[int, int, Order]] = []
        self._in_flight: list[tuple[int, int, VenueAnswer]] = []
        self._told = 0

    # -- the port -----------------------------------------------------------------------------------------------------

    @property
    def awake(self) -> Container[str]:
        return self._awake

    @property
    def due_ns(self) -> int | None:
        """When the next request arrives or the next notice reaches the client; None with nothing in flight."""
        arrivals, in_flight = self._arrivals, self._in_flight
        if not in_flight:
            return arrivals[0][0] if arrivals else None
        return min(arrivals[0][0], in_flight[0][0]) if arrivals else in_flight[0][0]

    @property
    def next_ns(self) -> int | None:
        """When something in flight happens or a resting order expires, whichever comes first; None without either."""
        due_ns, expiries = self.due_ns, self._expiries
        if not expiries:
            return due_ns
        return expiries[0][0] if due_ns is None else min(expiries[0][0], due_ns)

    @property
    def undelivered(self) -> list[VenueAnswer]:
        """What has happened and is still on its way to the client, in the order of happening."""
        return [answer for _, _, answer in sorted(self._in_flight, key=lambda sent: sent[:2])]

    def submit(self, request: OrderRequest, ts_ns: int) -> Sequence[VenueAnswer]:
        """Send an order: its fee rate is fixed now, it arrives after the entry latency."""
        self.now_ns = arrival_ns = ts_ns + self.settings.entry_latency_ns
        order = self.place(request, arrival_ns)
        if order is not None:
            self._arrivals.append((arrival_ns, order, order.order_id))
        self._send_answers()
        return NOTHING

    def cancel(self, order_id: str, ts_ns: int) -> Sequence[VenueAnswer]:
        """Send a cancel: it arrives after the entry latency, behind whatever was sent before."""
        self._arrivals.append((ts_ns + self.settings.entry_latency_ns, None, order_id))
        return NOTHING

    def on_event(self, event: MarketEvent) -> Sequence[VenueAnswer]:
        ts_ns = event.ts_ns
        if self._arrivals or self._expiries:
            self._run_until(ts_ns, inclusive=False)
        self.now_ns = ts_ns
        if isinstance(event, LevelUpdate):
            self._level(event)
        elif isinstance(event, TradePrint):
            self._trade(event)
        elif isinstance(event, BookSnapshot):
            self._book(event.instrument, event.bids, event.asks)
        elif isinstance(event, QuoteTick):
            self._book(event.instrument, ((event.bid, event.bid_size),), ((event.ask, event.ask_size),))
        else:
            self._other(event)
        if self.out or self.woken:
            self._settle_point()
        return self._deliver(ts_ns) if self._in_flight else NOTHING

    def advance(self, ts_ns: int) -> Sequence[VenueAnswer]:
        """Let everything due up to and at `ts_ns` happen; return what the client learns."""
        self._run_until(ts_ns, inclusive=True)
        self.now_ns = ts_ns
        return self._deliver(ts_ns)

    def report(self) -> AccountReport:
        """Return the venue's books and orders at this moment."""
        self._refresh_marks(self.holdings.values())
        return account_report(self, queued=True)

    def check(self) -> None:
        """Raise StateError unless the account's equity is explained to the last digit."""
        self._refresh_marks(self.holdings.values())
        self.wallet.check()

    # -- time ---------------------------------------------------------------------------------------------------------

    def _run_until(self, until_ns: int, *, inclusive: bool) -> None:
        """Let expiries up to `until_ns`, and arrivals before it (or at it), happen in the order of time."""
        arrivals, expiries = self._arrivals, self._expiries
        last_ns = until_ns if inclusive else until_ns - 1
        while True:
            arrives = bool(arrivals) and arrivals[0][0] <= last_ns
            if expiries and expiries[0][0] <= (arrivals[0][0] if arrives else until_ns):
                self.now_ns, _, expired = heappop(expiries)
                self.cancel_order(expired, "EXPIRED")
            elif arrives:
                self.now_ns, order, order_id = arrivals.popleft()
                if order is None:
                    self._cancel(order_id)
                elif order.phase is WAITING:
                    self._arrive(order)
            else:
                return
            self._settle_point()

    def _cancel(self, order_id: str) -> None:
        order = self.orders.get(order_id)
        if order is None or order.phase is DONE:
            self.out.append(CancelRejected(order_id, self.now_ns, "NOT_OPEN"))
        else:
            self.cancel_order(order, "REQUESTED")

    def _settle_point(self) -> None:
        """Activate children that woke, and send what has happened."""
        while self.woken:
            woken = sorted(self.woken, key=lambda order: order.sequence)
            self.woken.clear()
            for order in woken:
                if order.phase is WOKEN:
                    order.phase = WAITING
                    if order.wake_ns <= self.now_ns:
                        self._arrive(order)
        expiries = self._expiries
        while expiries and expiries[0][2].phase is DONE:
            heappop(expiries)
        self._send_answers()

    def _send_answers(self) -> None:
        due_ns = self.now_ns + self.settings.response_latency_ns
        for answer in self.out:
            self._told += 1
            heappush(self._in_flight, (due_ns, self._told, answer))
        self.out.clear()

    def _deliver(self, ts_ns: int) -> Sequence[VenueAnswer]:
        delivered: list[VenueAnswer] = []
        while self._in_flight and self._in_flight[0][0] <= ts_ns:
            due_ns, _, answer = heappop(self._in_flight)
            delivered.append(answer)
            notice = _notice(due_ns, answer)
            if notice is not None:
                self.notices.append(notice)
        return delivered or NOTHING

    # -- market data --------------------------------------------------------------------------------------------------

    def _level(self, event: LevelUpdate) -> None:
        name, price, size = event.instrument, event.price, event.size
        is_bid = event.side is BUY
        side = self._bids[name] if is_bid else self._asks[name]
        if size == 0 and len(side.sizes) == 1:
            self._refresh_mark(self.holdings[name])  # the last mid, before one side is empty
        before = side.update(price, size)
        self._mid_moved(name)
        sign = 1 if is_bid else -1
        for order in tuple(self.live[name].values()):
            if order.phase is not LIMIT:
                continue
            if order.sign == sign:
                if order.limit == price:
                    self._requeue(order, before, size)
            elif size and (price <= order.limit if sign < 0 else price >= order.limit):
                self.fill(order, order.remaining, order.limit, Liquidity.MAKER)

    def _book(self, name: str, bids: Levels, asks: Levels) -> None:
        """Replace the book: every level counts as updated."""
        if not (bids and asks):
            self._refresh_mark(self.holdings[name])  # the last mid, before one side is empty
        bid_side, ask_side = self._bids[name], self._asks[name]
        before_bids, before_asks = bid_side.replace(bids), ask_side.replace(asks)
        live = [order for order in self.live[name].values() if order.phase is LIMIT]
        for order in live:
            side, before = (bid_side, before_bids) if order.sign > 0 else (ask_side, before_asks)
            self._requeue(order, before.get(order.limit, 0), side.sizes.get(order.limit, 0))
        self._mid_moved(name)
        best_bid, best_ask = bid_side.best(), ask_side.best()
        for order in live:
            best = best_ask if order.sign > 0 else best_bid
            if order.phase is LIMIT and best is not None and (order.limit - best) * order.sign >= 0:
                self.fill(order, order.remaining, order.limit, Liquidity.MAKER)

    def _trade(self, event: TradePrint) -> None:
        """A print at our price shortens the queue and its excess fills us by age; one beyond our price fills all."""
        price, quantity = event.price, event.quantity
        aggressor = int(event.side)
        shared = 0  # what older own orders have had of this print
        for order in tuple(self.live[event.instrument].values()):
            if order.phase is not LIMIT:
                continue
            beyond = (order.limit - price) * order.sign
            if beyond > 0:
                self.fill(order, order.remaining, order.limit, Liquidity.MAKER)
            elif beyond == 0 and order.sign != aggressor:
                shared += self._serve(order, quantity, shared)

    def _serve(self, order: Order, quantity: int, shared: int) -> int:
        """Let a print at the order's price shorten its queue; return what of its excess fills the order."""
        order.traded += quantity
        excess = int(subtract(Decimal(quantity), order.ahead)) if order.ahead < quantity else 0
        order.ahead = max(ZERO, subtract(order.ahead, Decimal(quantity)))
        shown = order.remaining if order.request.display is None else min(order.visible, order.remaining)
        filled = min(shown, excess - shared)
        filled -= filled % order.holding.lot if filled < shown else 0
        if filled <= 0:
            return 0
        order.visible -= filled
        self.fill(order, filled, order.limit, Liquidity.MAKER)
        if order.phase is LIMIT and filled == shown:
            self._join_queue(order)  # an iceberg's next slice goes to the back
        return filled

    def _requeue(self, order: Order, before: int, after: int) -> None:
        settings = self.settings
        order.ahead = ahead_after_update(
            settings.queue_model, settings.queue_power, order.ahead, before, after, order.traded
        )
        order.traded = 0

    def _join_queue(self, order: Order) -> None:
        """Stand behind the displayed size at the order's price."""
        side = self._bids if order.sign > 0 else self._asks
        order.ahead = Decimal(side[order.request.instrument].sizes.get(order.limit, 0))
        order.traded = 0
        display = order.request.display
        order.visible = order.remaining if display is None else min(display, order.remaining)

    def _other(self, event: MarketEvent) -> None:
        if isinstance(event, MarkPrice):
            self._marked.add(event.instrument)
            holding = self.holdings[event.instrument]
            holding.mark = event.price
            self._check_margin(holding)
        elif isinstance(event, FundingRate):
            self._refresh_mark(self.holdings[event.instrument])
            self.fund(event)
        elif isinstance(event, FundingSettlement):
            self.settle(event)
        elif isinstance(event, MarginRates):
            owed = self.take_rates(event)
            if owed is not None:
                self._check_margin(owed)
        elif isinstance(event, Gap):
            self.holdings[event.instrument].stale += event.bars

    # -- marks and margin ---------------------------------------------------------------------------------------------

    def _refresh_marks(self, holdings: Iterable[Holding]) -> None:
        for holding in holdings:
            self._refresh_mark(holding)

    def _refresh_mark(self, holding: Holding) -> None:
        """Mark at the mid, unless the venue gives marks or a side is empty."""
        name = holding.instrument.id
        if name in self._marked:
            return
        bid, ask = self._bids[name].best(), self._asks[name].best()
        if bid is not None and ask is not None:
            holding.mark = multiply(HALF, bid + ask)

    def _mid_moved(self, name: str) -> None:
        holding = self.holdings[name]
        if at_risk(holding) and name not in self._marked and self._bids[name].sizes and self._asks[name].sizes:
            self._check_margin(holding)

    def _check_margin(self, holding: Holding) -> None:
        """After a jump of the mark: take over when equity is strictly below maintenance."""
        if at_risk(holding):
            self._refresh_marks(self.wallet.perpetuals)
            if holding.mark is not None and surplus(self.wallet, holding, holding.mark) < 0:
                self.liquidate(holding, holding.mark)

    # -- an order arrives ---------------------------------------------------------------------------------------------

    def _arrive(self, order: Order) -> None:
        """Check an order against the book of its arrival, let it take, then rest or end."""
        reason = _unsupported(order.request)
        if reason is not None:
            self.reject(order, reason)
            return
        if order.request.expire_ns is not None and order.request.expire_ns <= self.now_ns:
            self.cancel_order(order, "EXPIRED")
            return
        order.quantity -= order.quantity % order.holding.lot
        if order.request.reduce_only and not self.clip(order):
            return
        if self.wallet.perpetuals:
            self._refresh_marks(self.wallet.perpetuals)
        own_best = self._own_opposite(order)
        walk = self._walk(order, own_best)
        reason = refusal(self.wallet, order, walk.counted, walk.notional) or self._passive_reason(order, walk)
        if reason is not None:
            self.reject(order, reason)
        elif order.request.time_in_force is TimeInForce.FOK and walk.taken < order.quantity:
            self.cancel_order(order, "FOK_NOT_FILLABLE")
        else:
            self._execute(order, walk)

    def _own_opposite(self, order: Order) -> int | None:
        """Return the best price of our own resting orders on the other side."""
        prices = [
            other.limit
            for other in self.live[order.request.instrument].values()
            if other.phase is LIMIT and other.sign != order.sign
        ]
        if not prices:
            return None
        return min(prices) if order.sign > 0 else max(prices)

    def _walk(self, order: Order, own_best: int | None) -> Walk:
        request, quantity = order.request, order.quantity
        limit = request.price if request.kind is OrderKind.LIMIT else None
        side = (self._asks if order.sign > 0 else self._bids)[request.instrument]
        levels: list[tuple[int, int]] = []
        taken = value = 0
        for price, size in side.available(limit, own_best):
            size = min(size, quantity - taken)
            if size <= 0:
                break
            levels.append((price, size))
            taken += size
            value += price * size
        reaches_own = own_best is not None and (limit is None or (limit - own_best) * order.sign >= 0)
        blocked = reaches_own and taken < quantity
        counted = taken
        rests = request.time_in_force in {TimeInForce.GTC, TimeInForce.GTD} and not blocked
        if limit is not None and (rests or taken == 0):  # a limit that takes and rests nothing is judged at its limit
            counted, value = quantity, value + limit * (quantity - taken)
        return Walk(levels, taken, blocked, counted, multiply(order.holding.unit_value, value))

    def _passive_reason(self, order: Order, walk: Walk) -> str | None:
        if not order.request.post_only:
            return None
        if walk.levels:
            return "POST_ONLY_WOULD_CROSS"
        return "SELF_TRADE" if walk.blocked else None

    def _execute(self, order: Order, walk: Walk) -> None:
        side = (self._asks if order.sign > 0 else self._bids)[order.request.instrument]
        for price, quantity in walk.levels:
            side.take(price, quantity)
            self.fill(order, quantity, price, Liquidity.TAKER)
        if order.phase is DONE:
            return
        if walk.blocked:
            self.cancel_order(order, "SELF_TRADE")
        elif order.request.kind is OrderKind.MARKET:
            self.cancel_order(order, "NO_LIQUIDITY")
        elif order.request.time_in_force is TimeInForce.IOC:
            self.cancel_order(order, "IOC_REMAINDER")
        else:
            self._join_queue(order)
            self.rest(order, LIMIT)
            if order.request.expire_ns is not None:
                heappush(self._expiries, (order.request.expire_ns, order.sequence, order))


def _unsupported(request: OrderRequest) -> str | None:
    """Return why book mode does not take this request, or None."""
    if request.kind is not OrderKind.MARKET and request.kind is not OrderKind.LIMIT:
        return "UNSUPPORTED_ORDER_KIND"
    return "UNSUPPORTED_SIZE" if request.quantity is None else None


def _notice(due_ns: int, answer: VenueAnswer) -> Notice | None:
    if isinstance(answer, OrderFilled):
        return Notice(due_ns, answer.order_id, "fill", None)
    if isinstance(answer, OrderRejected):
        return Notice(due_ns, answer.order_id, "rejected", answer.reason)
    if isinstance(answer, OrderCanceled):
        return Notice(due_ns, answer.order_id, "canceled", answer.reason)
    if isinstance(answer, CancelRejected):
        return Notice(due_ns, answer.order_id, "cancel_rejected", answer.reason)
    return None
