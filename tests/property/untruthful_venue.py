"""A venue that is true to itself and tells us of it badly, an engine that must find out, and the wire between them.

The venue keeps a perfect account. What it tells is lost, late, doubled and out of order by a seeded `Wire`, until it
heals. A `World` follows from its `Wire` and seed alone; what happens in it is counted.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from heapq import heappop, heappush
from random import Random

import msgspec

from tests.engine_rig import BTC, ETH, OPEN_LIMITS, PERP, Scripted
from tradewind.engine.audit import Auditor
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.core import Event, process
from tradewind.engine.order_questions import FetchFills, FindOrder, Pace, Query, SendCancel
from tradewind.engine.order_standing import GONE, NEVER_ARRIVED
from tradewind.engine.order_truth import OrderTruth
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.reconciling import Evidence, ReconcilePolicy, Reconciler
from tradewind.engine.state import EngineState
from tradewind.model import answers as a
from tradewind.model import corrections as k
from tradewind.model.commands import Halt, Resume
from tradewind.model.decisions import Decided, Refused
from tradewind.model.effects import CancelOrder, SubmitOrder
from tradewind.model.intents import CancelWorking, PlaceOrder, TargetQuantity
from tradewind.model.market_events import Bar
from tradewind.model.money import ZERO, add, multiply, subtract
from tradewind.model.orders import Liquidity, OrderKind, OrderRequest, Side
from tradewind.model.position import Position
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
from tradewind.orders.lifecycle import OrderStatus
from tradewind.orders.order import Order, OrderRole

SECOND_NS = 1_000_000_000
MARKETS = {each.id: each for each in (BTC, ETH, PERP)}
START_NS = 1_000 * SECOND_NS
LIVE = frozenset({VenueOrderStatus.PENDING, VenueOrderStatus.OPEN, VenueOrderStatus.CANCEL_QUEUED})
CASH = Decimal(200_000)
COINS = {"BTC": Decimal("1.5"), "ETH": Decimal("20.25")}


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """How badly the venue tells: shares of messages, and delays in seconds. All zero is a perfect wire."""

    lost: float = 0.0
    doubled: float = 0.0
    delay_s: float = 0.0
    hidden_s: float = 0.0
    fills_late_s: float = 0.0
    fee_late: float = 0.0
    cancel_refused: float = 0.0
    strangers: float = 0.0
    restarts: bool = False
    policy: str = "adopt"

    @property
    def is_prompt(self) -> bool:
        """Whether everything is told at once, executions before the totals that contain them."""
        return not (self.lost or self.delay_s or self.hidden_s or self.fills_late_s or self.fee_late)


class Booking(msgspec.Struct):
    """One order as the venue really has it."""

    client_id: str
    venue_id: str
    instrument: str
    side: Side
    quantity: int
    price: int | None
    created_ns: int
    status: VenueOrderStatus = VenueOrderStatus.OPEN
    reason: str = ""
    fills: list[VenueFill] = []

    @property
    def filled(self) -> int:
        return sum(MARKETS[self.instrument].quantity_units(fill.quantity) for fill in self.fills)

    def seen(self) -> VenueOrder:
        """The order in the venue's words: running totals."""
        instrument, fees = MARKETS[self.instrument], ZERO
        for fill in self.fills:
            fees = add(fees, fill.fee or ZERO)
        return VenueOrder(
            client_id=self.client_id, venue_id=self.venue_id, instrument=self.instrument, side=self.side,
            status=self.status, quantity=instrument.quantity_decimal(self.quantity),
            filled=instrument.quantity_decimal(self.filled), fees=fees,
            price=None if self.price is None else instrument.price_decimal(self.price),
            created_ns=self.created_ns, reason=self.reason,
        )  # fmt: skip


class TrueVenue:
    """Orders, executions, cash and positions: what is the case, whatever anybody is told."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.orders: dict[str, Booking] = {}
        self.by_client: dict[str, Booking] = {}
        self.fills: list[tuple[int, VenueFill]] = []
        self.cash = CASH
        self.coins = dict(COINS)
        self.perp = Position()
        self.changed: Callable[[Booking], None] = lambda _: None
        self.on_fill: Callable[[Booking, VenueFill], None] = lambda _booking, _fill: None
        self.on_end: Callable[[Booking], None] = lambda _: None

    def place(self, request: OrderRequest, now_ns: int) -> Booking | None:
        """Take an order; a name that is known brings the order that has it; None is a definite no."""
        known = self.by_client.get(request.order_id)
        if known is not None:
            return known
        if self.chance.random() < 0.05:
            return None
        booking = self.book(
            request.order_id, request.instrument, request.side, int(request.quantity or 0), request.price, now_ns
        )
        if request.kind is OrderKind.MARKET:
            self.execute(booking, booking.quantity, now_ns)
        return booking

    def book(
        self, client_id: str, instrument: str, side: Side, quantity: int, price: int | None, now_ns: int
    ) -> Booking:
        booking = Booking(client_id, f"v{len(self.orders)}", instrument, side, quantity, price, now_ns, fills=[])
        self.orders[booking.venue_id] = booking
        if client_id:
            self.by_client[client_id] = booking
        self.changed(booking)
        return booking

    def execute(self, booking: Booking, quantity: int, now_ns: int) -> None:
        """Let `quantity` units of a live order trade, and move what it moves."""
        instrument = MARKETS[booking.instrument]
        price = booking.price or 10_000 + self.chance.randrange(-50, 50)
        fee = Decimal(self.chance.randrange(-5, 400)).scaleb(-6)
        fill = VenueFill(
            fill_id=f"t{len(self.fills)}", venue_order_id=booking.venue_id, instrument=booking.instrument,
            side=booking.side, quantity=instrument.quantity_decimal(quantity), price=instrument.price_decimal(price),
            fee=fee, ts_ns=now_ns, liquidity=self.chance.choice([Liquidity.MAKER, Liquidity.TAKER, None]),
        )  # fmt: skip
        booking.fills.append(fill)
        self.fills.append((now_ns, fill))
        value = instrument.notional(quantity, price)
        if instrument.is_spot:
            self.coins[instrument.base] = add(self.coins[instrument.base], multiply(fill.quantity, booking.side))
            self.cash = subtract(self.cash, multiply(value, booking.side))
        else:
            self.cash = add(self.cash, self.perp.book(booking.side * quantity, value))
        self.cash = subtract(self.cash, fee)
        if booking.filled == booking.quantity:
            booking.status = VenueOrderStatus.FILLED
        self.on_fill(booking, fill)
        self.changed(booking)

    def end(self, booking: Booking, status: VenueOrderStatus, reason: str = "") -> None:
        booking.status, booking.reason = status, reason
        self.on_end(booking)
        self.changed(booking)

    def live(self) -> list[Booking]:
        return [each for each in self.orders.values() if each.status in LIVE]


class World:
    """One seeded run: an engine, its order truth, a reconciler, a wire and a venue, on one clock."""

    def __init__(self, seed: int, wire: Wire, *, plain: bool = False) -> None:
        self.chance = Random(f"world:{seed}")
        self.noise = Random(f"wire:{seed}")  # apart, so that a bad wire changes nothing else
        self.wire = wire
        self.plain = plain  # the venue's own events go straight to the engine: what order truth is held against
        self.healed = False
        self.seen: Counter[str] = Counter()
        self.now_ns = START_NS
        self.config = _config(Random(f"bots:{seed}"), netting=seed % 2 == 0)
        self.state = EngineState(self.config)
        self.auditor = Auditor(self.config)
        self.venue = TrueVenue(self.chance)
        self.venue.changed = self._stream
        self.venue.on_fill = self._plain_fill
        self.venue.on_end = self._plain_end
        self.pace = Pace()
        self.truth = OrderTruth(MARKETS.values(), self.pace)
        policy = ReconcilePolicy(foreign_orders=wire.policy)  # type: ignore[arg-type]
        self.reconciler = Reconciler(self.truth, MARKETS.values(), policy)
        self.events: list[Event] = []
        self.generation = 0
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._number = 0
        self._audited = 0
        self._since_ns = START_NS

    # -- the run -----------------------------------------------------------------------------------------------------

    def run(self, bars: int) -> None:
        """Open the account, let things happen, heal, and wait until all is quiet."""
        self.tell(self.reconciler.holdings(self.state, self._evidence(holdings=True), self.now_ns))
        for number in range(bars):
            self._at(self.now_ns + (number + 1) * 10 * SECOND_NS, self._bar)
        end_ns = self.now_ns + bars * 10 * SECOND_NS
        for _ in range(bars * 3):
            self._at(self.now_ns + self.chance.randrange(end_ns - self.now_ns), self._happen)
        if self.wire.restarts:
            self._at(self.now_ns + self.chance.randrange(end_ns - self.now_ns), self._restart)
        if not self.plain and not self.wire.is_prompt:
            for each_ns in range(START_NS + 45 * SECOND_NS, end_ns, 45 * SECOND_NS):
                self._at(each_ns, self._round)
        self._pump(end_ns)
        self.healed = True
        if not self.plain:
            for _ in range(8):
                self._round()
                self._pump(self.now_ns + 45 * SECOND_NS)

    def _pump(self, until_ns: int) -> None:
        while True:
            due_ns = None if self.plain else self.truth.next_due_ns
            next_ns = self._agenda[0][0] if self._agenda else None
            if due_ns is not None and due_ns <= until_ns and (next_ns is None or due_ns <= next_ns):
                self.now_ns = max(self.now_ns, due_ns)
                due = self.truth.due(self.now_ns)
                self.tell(due.events)
                for query in due.queries:
                    self._ask(query)
            elif next_ns is not None and next_ns <= until_ns:
                self.now_ns, _, act = heappop(self._agenda)
                act()
            else:
                self.now_ns = max(self.now_ns, until_ns)
                return

    def _at(self, ts_ns: int, act: Callable[[], None]) -> None:
        self._number += 1
        heappush(self._agenda, (ts_ns, self._number, act))

    def tell(self, events: Sequence[Event]) -> None:
        """Let the engine take events; what it wants goes to the wire. Audited after each."""
        for event in events:
            self._count(event)
            self._believe(event)
            self.events.append(event)
            effects = process(self.state, event)
            self.auditor.feed(self.state.audit[self._audited :])
            self._audited = len(self.state.audit)
            self.auditor.check(self.state)
            for effect in effects:
                if isinstance(effect, SubmitOrder):
                    self._submit(effect.request)
                elif isinstance(effect, CancelOrder):
                    self._cancel(effect.order_id)

    def same(self, order_id: str) -> list[Order]:
        """Our orders that are this one at the venue: several of a foreign one that was adopted as it became known."""
        order = self.state.orders[order_id]
        if order.role is not OrderRole.FOREIGN:
            return [order]
        ours = (each for each in self.state.orders.values() if each.role is OrderRole.FOREIGN)
        return [each for each in ours if each.tag == order.tag]

    # -- our side of the wire ----------------------------------------------------------------------------------------

    def _submit(self, request: OrderRequest) -> None:
        if self.plain:
            self._plain_submit(request)
            return
        self.truth.sending(request, self.now_ns)
        generation = self.generation
        lost_before, lost_after = self._chance(self.wire.lost), self._chance(self.wire.lost)

        def arrive() -> None:
            if lost_before:
                self.seen["request lost"] += 1
                answer: PlaceAnswer = InDoubt("timed out")
            else:
                booking = self.venue.place(request, self.now_ns)
                answer = PlaceRefused("NO") if booking is None else Placed(booking.venue_id, self.now_ns)
                if lost_after:
                    self.seen["answer lost"] += 1
                    answer = InDoubt("dropped")
            wait_ns = 3 * SECOND_NS if isinstance(answer, InDoubt) else self._delay()
            self._later(wait_ns, generation, lambda: self.truth.answered(request.order_id, answer, self.now_ns))

        self._act_later(self._delay(), arrive)

    def _cancel(self, order_id: str) -> None:
        if self.plain:
            booking = self.venue.by_client.get(order_id)
            if booking is not None and booking.status in LIVE:
                self.venue.end(booking, VenueOrderStatus.CANCELED)
            return
        self.truth.canceling(order_id, self.now_ns)
        if self.wire.is_prompt:
            for query in self.truth.due(self.now_ns).queries:
                self._ask(query)

    def _ask(self, query: Query) -> None:
        """Carry a question to the venue and its answer back; a lost one is simply never answered."""
        if self._chance(self.wire.lost):
            self.seen["question lost"] += 1
            return
        asked_ns, generation = self.now_ns, self.generation

        def arrive() -> None:
            if isinstance(query, FindOrder):
                order = self._find(query.order_id, query.venue_id)
                self._later(self._delay(), generation, lambda: self._found(query.order_id, order, asked_ns))
            elif isinstance(query, FetchFills):
                fills = [fill for fill in self._visible_fills() if fill.venue_order_id == query.venue_id]
                self._later(self._delay(), generation, lambda: self.truth.fills_seen(fills, self.now_ns))
            else:
                answer = self._canceled(query)
                self._later(
                    self._delay(), generation, lambda: self.truth.cancel_answered(query.order_id, answer, self.now_ns)
                )

        self._act_later(self._delay(), arrive)

    def _found(self, order_id: str, order: VenueOrder | None, asked_ns: int) -> Sequence[Event]:
        if order is None:
            return self.truth.order_absent(order_id, asked_ns, self.now_ns)
        return self.truth.order_seen(order, self.now_ns)

    def _round(self) -> None:
        """One round of reconciliation, with what the venue shows just now."""
        if self._chance(self.wire.lost):
            return
        evidence = self._evidence(holdings=True)
        told = self.reconciler.orders(self.state, evidence, self.now_ns)
        self.tell(told)
        self.tell(self.reconciler.holdings(self.state, evidence, self.now_ns))

    def second_round(self) -> list[Event]:
        """Reconcile once more and return what would be written."""
        evidence = self._evidence(holdings=True)
        return [
            *self.reconciler.orders(self.state, evidence, self.now_ns),
            *self.reconciler.holdings(self.state, evidence, self.now_ns),
        ]

    def _evidence(self, *, holdings: bool) -> Evidence:
        shown = [each.seen() for each in self.venue.orders.values() if self._is_visible(each)]
        self.noise.shuffle(shown)
        balances = [VenueBalance("USD", self.venue.cash), *(VenueBalance(*each) for each in self.venue.coins.items())]
        held = PERP.quantity_decimal(self.venue.perp.quantity)
        return Evidence(
            asked_ns=self.now_ns, orders=tuple(shown), fills=tuple(self._visible_fills()),
            balances=tuple(balances) if holdings else None,
            positions=(VenuePosition(instrument="BTC-PERP", quantity=held),) if holdings else None,
            prices={"BTC-USD": Decimal(100), "ETH-USD": Decimal(100)},
        )  # fmt: skip

    # -- the venue's side of the wire --------------------------------------------------------------------------------

    def _find(self, order_id: str, venue_id: str) -> VenueOrder | None:
        booking = self.venue.orders.get(venue_id) or self.venue.by_client.get(order_id)
        return booking.seen() if booking is not None and self._is_visible(booking) else None

    def _is_visible(self, booking: Booking) -> bool:
        return self.healed or booking.created_ns + int(self.wire.hidden_s * SECOND_NS) <= self.now_ns

    def _visible_fills(self) -> list[VenueFill]:
        late_ns = 0 if self.healed else int(self.wire.fills_late_s * SECOND_NS)
        fills = [fill for ts_ns, fill in self.venue.fills if ts_ns + late_ns <= self.now_ns]
        if self.wire.fee_late and not self.healed:
            bare = self.noise.random() < self.wire.fee_late
            fills = [msgspec.structs.replace(each, fee=None) if bare else each for each in fills]
        if not self.wire.is_prompt:
            self.noise.shuffle(fills)
        return fills

    def _canceled(self, query: SendCancel) -> CancelAnswer:
        booking = self.venue.orders[query.venue_id]
        if booking.status not in LIVE:
            self.seen["cancel of a finished order"] += 1
            return CancelRefused("UNKNOWN_CANCEL_ORDER")
        if self._chance(self.wire.cancel_refused):
            self.seen["cancel refused"] += 1
            return CancelRefused("TRY_AGAIN")
        left = booking.quantity - booking.filled
        if self._chance(self.wire.lost):
            self.seen["fill during cancel"] += 1
            self.venue.execute(booking, self.chance.randint(1, left), self.now_ns)
        if booking.status in LIVE:
            self.venue.end(booking, VenueOrderStatus.CANCELED)
        if self._chance(self.wire.lost):
            return InDoubt("dropped")
        return CancelTaken()

    def _stream(self, booking: Booking) -> None:
        """The user channel: a total now, told later, twice, or never; executions may be told by it beforehand."""
        if self.plain:
            if not booking.fills and booking.status in LIVE:
                self.tell([a.OrderAccepted(booking.client_id, self.now_ns, booking.quantity)])
            return
        order, generation = booking.seen(), self.generation
        if self._chance(self.wire.lost):
            self.seen["hint lost"] += 1
            return
        if self.wire.is_prompt or self._chance(self.wire.doubled):
            fills = [fill for fill in self._visible_fills() if fill.ts_ns > self.now_ns - 20 * SECOND_NS]
            self._later(self._delay(), generation, lambda: self.truth.fills_seen(fills, self.now_ns))
        for _ in range(2 if self._chance(self.wire.doubled) else 1):
            self._later(self._delay(), generation, lambda: self.truth.order_seen(order, self.now_ns))

    def _later(self, wait_ns: int, generation: int, report: Callable[[], Sequence[Event]]) -> None:
        """Let a report reach this process, if it is still the same one."""

        def arrive() -> None:
            if generation == self.generation:
                self.tell(report())

        self._act_later(wait_ns, arrive)

    def _act_later(self, wait_ns: int, act: Callable[[], None]) -> None:
        if wait_ns:
            self._at(self.now_ns + wait_ns, act)
        else:
            act()

    # -- what happens ------------------------------------------------------------------------------------------------

    def _bar(self) -> None:
        for name in MARKETS:
            close = 10_000 + self.chance.randrange(-200, 200)
            self.tell([Bar(name, self.now_ns, 10 * SECOND_NS, close, close, close, close)])

    def _happen(self) -> None:
        """Something at the venue: an execution, an end from outside, or somebody else's doing."""
        dice, live = self.chance.random(), self.venue.live()
        if live and dice < 0.6:
            booking = self.chance.choice(live)
            left = booking.quantity - booking.filled
            whole = self.chance.random() < 0.4
            self.venue.execute(booking, left if whole else self.chance.randint(1, left), self.now_ns)
        elif live and dice < 0.75:
            booking = self.chance.choice(live)
            status = self.chance.choice([VenueOrderStatus.CANCELED, VenueOrderStatus.EXPIRED])
            self.seen["ended from outside, part filled" if booking.fills else "ended from outside"] += 1
            self.venue.end(booking, status, "BY_VENUE")
        elif self._chance(self.wire.strangers):
            self._stranger()

    def _stranger(self) -> None:
        """The operator does something by hand: an order, a deposit, a withdrawal of coins that are nobody's here."""
        kind = self.chance.randrange(4)
        if kind < 2:
            name = self.chance.choice(["BTC-USD", "ETH-USD", "BTC-PERP"])
            side = Side.BUY if kind else Side.SELL
            quantity = self.chance.randint(1, 30)
            booking = self.venue.book("", name, side, quantity, 10_000, self.now_ns)
            self.seen["foreign order"] += 1
            if self.chance.random() < 0.6:
                self.venue.execute(booking, self.chance.randint(1, quantity), self.now_ns)
        elif kind == 2:
            self.venue.cash = add(self.venue.cash, Decimal(self.chance.choice([-500, 250, 1_000])))
            self.seen["money moved"] += 1
        else:
            change = self.chance.choice([Decimal("-0.05"), Decimal("0.25")])
            self.venue.coins["ETH"] = add(self.venue.coins["ETH"], change)
            self.seen["coins moved"] += 1

    def _restart(self) -> None:
        """The process dies and comes back: what it knew of orders is what its journal says, answers are lost."""
        self.seen["restart"] += 1
        self.generation += 1
        if self.chance.random() < 0.5:
            self.tell([Halt(self.now_ns, "before the crash"), Resume(self.now_ns, "operator")])
        opened_ns, policy = self.reconciler.opened_ns, self.reconciler.policy
        self.truth = OrderTruth(MARKETS.values(), self.pace)
        self.reconciler = Reconciler(self.truth, MARKETS.values(), policy, opened_ns)
        doubts = {name: tuple(market.doubts) for name, market in self.state.markets.items()}
        self.tell(self.truth.restore(self.state.orders.values(), self.now_ns, doubts))
        self._round()

    # -- the plain way -----------------------------------------------------------------------------------------------

    def _plain_submit(self, request: OrderRequest) -> None:
        if self.venue.place(request, self.now_ns) is None:
            self.tell([a.OrderRejected(request.order_id, self.now_ns, "NO")])

    def _plain_fill(self, booking: Booking, fill: VenueFill) -> None:
        if self.plain:
            instrument = MARKETS[booking.instrument]
            self.tell(
                [
                    a.OrderFilled(
                        booking.client_id, fill.fill_id, fill.ts_ns, fill.instrument, fill.side,
                        instrument.quantity_units(fill.quantity), instrument.price_units(fill.price),
                        fill.liquidity or Liquidity.TAKER, fill.fee or ZERO,
                    )
                ]
            )  # fmt: skip

    def _plain_end(self, booking: Booking) -> None:
        if self.plain:
            asked = self.state.orders[booking.client_id].status is OrderStatus.CANCELING
            reason = booking.reason or ("REQUESTED" if asked else booking.status.name)
            self.tell([a.OrderCanceled(booking.client_id, self.now_ns, reason)])

    def _believe(self, event: Event) -> None:
        """An end that is told is true, with all that had filled; what never arrived is nowhere."""
        if isinstance(event, a.OrderCanceled):
            order = self.state.orders[event.order_id]
            booking = self.venue.orders.get(order.tag) or self.venue.by_client[event.order_id]
            assert booking.status not in LIVE
            assert sum(each.filled for each in self.same(event.order_id)) == booking.filled
        elif isinstance(event, a.OrderRejected) and event.reason == NEVER_ARRIVED:
            assert event.order_id not in self.venue.by_client

    # -- counting ----------------------------------------------------------------------------------------------------

    def _chance(self, share: float) -> bool:
        return not self.healed and share > 0 and self.noise.random() < share

    def _delay(self) -> int:
        if self.healed or not self.wire.delay_s:
            return 0
        return int(self.noise.random() ** 3 * self.wire.delay_s * SECOND_NS)

    def _count(self, event: Event) -> None:
        order = self.state.orders.get(getattr(event, "order_id", ""))
        status = None if order is None else order.status
        if isinstance(event, a.OrderUnknown):
            self.seen["in doubt"] += 1
        elif isinstance(event, a.OrderRejected):
            self.seen["never arrived" if event.reason == NEVER_ARRIVED else "refused by the venue"] += 1
        elif isinstance(event, a.OrderCanceled) and event.reason == GONE:
            self.seen["gone"] += 1
        elif isinstance(event, a.OrderFilled):
            self.seen["fill"] += 1
            if status is OrderStatus.SENT:
                self.seen["fill before the answer"] += 1
        if status is OrderStatus.UNKNOWN and isinstance(event, a.OrderAccepted | a.OrderFilled | a.OrderCanceled):
            self.seen["in doubt, found"] += 1
        if isinstance(event, k.InstrumentDoubted):
            self.seen[f"doubted: {event.cause.partition(':')[0]}"] += 1
        elif isinstance(event, k.OrderAdopted | k.PositionAdopted | a.CashTransferred | a.CancelRejected):
            self.seen[type(event).__name__] += 1

    def close_counts(self) -> None:
        """Add what only the whole run shows."""
        self.seen["cases"] += 1
        self.seen["events"] += len(self.events)
        self.seen["repeated fill"] += self.truth.repeated_fills
        for record in self.state.audit:
            if isinstance(record, Decided) and isinstance(record.outcome, Refused):
                self.seen["refused in doubt"] += any("in_doubt" in each.number for each in record.outcome.findings)
        self.views = ReadModel(self.config.instruments)
        self.views.take(self.state.audit)


def wires(seed: int) -> Wire:
    """Return the wire a seed stands for: some kinds of fault are there, others are not."""
    chance = Random(f"wires:{seed}")

    def maybe(*values: float) -> float:
        return chance.choice([0.0, *values])

    return Wire(
        lost=maybe(0.05, 0.2, 0.4), doubled=maybe(0.3, 0.8), delay_s=chance.choice([0.2, 2.0, 8.0]),
        hidden_s=maybe(1.0, 10.0), fills_late_s=maybe(0.5, 5.0, 20.0), fee_late=maybe(0.3),
        cancel_refused=maybe(0.5, 1.0), strangers=maybe(0.5), restarts=chance.random() < 0.4,
        policy=chance.choice(["adopt", "adopt", "cancel", "quarantine"]),
    )  # fmt: skip


def _config(chance: Random, *, netting: bool) -> EngineConfig:
    """Two bots with seeded whims."""

    def whim() -> object:
        dice = chance.random()
        side, quantity = chance.choice(list(Side)), Decimal(chance.randint(1, 40)).scaleb(-2)
        if dice < 0.35:
            return PlaceOrder(side, quantity, kind=OrderKind.LIMIT, price=Decimal(chance.randint(99, 101)))
        if dice < 0.5:
            return PlaceOrder(side, quantity)
        if dice < 0.75:
            return TargetQuantity(Decimal(chance.randint(0, 50)).scaleb(-2))
        return CancelWorking() if dice < 0.85 else None

    names = tuple(MARKETS)
    bots = tuple(
        BotSpec(id=name, strategy=Scripted(script=tuple(whim() for _ in range(30))), instruments=names)
        for name in ("a", "b")
    )
    return EngineConfig(
        session="w", instruments=tuple(MARKETS.values()), bots=bots, cash=ZERO, limits=OPEN_LIMITS, netting=netting
    )
