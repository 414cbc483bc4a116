"""The loop round the engine: answers in the order in which they happened, timers when due, records of all of it."""

from collections.abc import Container, Sequence
from decimal import Decimal

import msgspec

from tests.engine_rig import MINUTE_NS, Place, Scripted, config
from tradewind.engine.core import Event, process
from tradewind.engine.digest import state_digest
from tradewind.engine.driver import Driver
from tradewind.engine.ports import Recorder
from tradewind.engine.state import EngineState
from tradewind.model.answers import OrderAccepted, OrderCanceled, OrderFilled, OrderRejected, VenueAnswer
from tradewind.model.commands import Answered, Halt, TimerFired
from tradewind.model.decisions import Approved, Decided
from tradewind.model.effects import Ask, Effect
from tradewind.model.intents import CancelWorking, Exits, PlaceOrder, TargetQuantity
from tradewind.model.market_events import Bar, BookSnapshot, MarketEvent
from tradewind.model.orders import Liquidity, OrderKind, OrderRequest, Side, TimeInForce
from tradewind.orders.lifecycle import OrderStatus
from tradewind.simulation.book import BookVenue
from tradewind.simulation.settings import OpeningAccount, SimulationSettings
from tradewind.strategy.base import Strategy, View, Wish

ONE = TargetQuantity(Decimal(1))
MARKET = PlaceOrder(Side.BUY, Decimal(1))
REST = PlaceOrder(Side.BUY, Decimal(1), OrderKind.LIMIT, price=Decimal(90))


class SmallVenue:
    """Accepts everything at once, fills market orders at the next bar's open, cancels when asked."""

    timed = False

    def __init__(self) -> None:
        self.open: dict[str, OrderRequest] = {}
        self.calls: list[str] = []
        self.awake: Container[str] = {"BTC-USD"}
        self.due_ns: int | None = None
        self.late: list[VenueAnswer] = []

    @property
    def next_ns(self) -> int | None:
        return self.due_ns

    def submit(self, request: OrderRequest, ts_ns: int) -> Sequence[VenueAnswer]:
        self.calls.append(f"submit {request.order_id}")
        self.open[request.order_id] = request
        return [OrderAccepted(request.order_id, ts_ns, int(request.quantity or 0))]

    def cancel(self, order_id: str, ts_ns: int) -> Sequence[VenueAnswer]:
        self.calls.append(f"cancel {order_id}")
        del self.open[order_id]
        return [OrderCanceled(order_id, ts_ns, "REQUESTED")]

    def on_event(self, event: MarketEvent) -> Sequence[VenueAnswer]:
        answers: list[VenueAnswer] = []
        for request in [each for each in self.open.values() if each.kind is OrderKind.MARKET and each.after is None]:
            del self.open[request.order_id]
            answers.append(
                OrderFilled(
                    request.order_id, f"{request.order_id}:1", event.ts_ns, request.instrument, request.side,
                    int(request.quantity or 0), 10_000, Liquidity.TAKER, Decimal(0),
                )
            )  # fmt: skip
        return answers

    def advance(self, ts_ns: int) -> Sequence[VenueAnswer]:
        answers, self.late, self.due_ns = self.late, [], None
        return answers


class Notes:
    """A recorder that keeps what it is told, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, event: Event) -> None:
        self.told.append(f"{type(event).__name__} {getattr(event, 'order_id', '')}".strip())

    def intend(self, sequence: int, effects: Sequence[Effect]) -> None:
        self.told.append("intend " + " ".join(type(effect).__name__ for effect in effects))

    def settle(self, state: EngineState) -> None:
        self.told.append("settle")


class Events(Notes):
    """A recorder that keeps the events themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Event] = []

    def note(self, event: Event) -> None:
        self.kept.append(event)


def bars(first: int, last: int) -> list[Bar]:
    return [Bar("BTC-USD", at * MINUTE_NS, MINUTE_NS, 10_000, 10_000, 10_000, 10_000) for at in range(first, last + 1)]


class CancelsWhenFilled(Scripted):
    """Takes back what still works as soon as something is filled."""

    def on_fill(self, view: View, fill: OrderFilled) -> Wish:
        return CancelWorking()


def test_an_answer_comes_after_what_the_venue_had_said_before() -> None:
    """Two fills of one bar; the first leads to a cancel, whose answer comes after the second."""
    notes = Notes()
    settings = config([[MARKET, REST]], [MARKET])
    eager = msgspec.structs.replace(settings.bots[0], strategy=CancelsWhenFilled(script=((MARKET, REST),)))
    state = EngineState(msgspec.structs.replace(settings, bots=(eager, settings.bots[1])))
    Driver(state, SmallVenue(), recorder=notes).feed(bars(1, 2))
    told = [each for each in notes.told if each.startswith(("OrderFilled", "OrderCanceled", "intend CancelOrder"))]
    assert told == ["OrderFilled test-1", "intend CancelOrder", "OrderFilled test-3", "OrderCanceled test-2"]


def test_what_is_intended_is_told_before_it_leaves() -> None:
    venue, notes = SmallVenue(), Notes()
    Driver(EngineState(config([ONE])), venue, recorder=notes).feed(bars(1, 2))
    assert notes.told == [
        "Bar", "intend SubmitOrder", "OrderAccepted test-1", "OrderFilled test-1", "Bar", "settle",
    ]  # fmt: skip
    assert venue.calls == ["submit test-1"]


def test_a_timer_is_due_before_the_market_event_of_its_time() -> None:
    notes = Notes()
    timed = TargetQuantity(Decimal(1), Exits(time_ns=2 * MINUTE_NS))
    state = EngineState(config([timed]))
    Driver(state, SmallVenue(), recorder=notes).feed(bars(1, 5))
    timer = notes.told.index("TimerFired")
    assert notes.told[:timer].count("Bar") == 3
    assert state.ledger.lines["BTC-USD"].position.quantity == 0


def test_a_market_that_is_asleep_at_the_venue_still_reaches_the_engine() -> None:
    venue = SmallVenue()
    venue.awake = set()
    state = EngineState(config([ONE]))
    Driver(state, venue).feed(bars(1, 3))
    assert state.ledger.lines["BTC-USD"].position.quantity == 0
    assert state.sequence == 4


def test_a_stage_that_answers_later_is_heard_when_its_time_comes() -> None:
    asked: list[Ask] = []
    state = EngineState(config([ONE], asked=frozenset({"risk"}), ask_timeout_ns=3 * MINUTE_NS))
    driver = Driver(state, SmallVenue(), responder=lambda ask: later(ask, asked))
    driver.feed(bars(1, 2))
    assert (len(asked), len(state.orders)) == (1, 0)
    driver.feed(bars(3, 3))
    assert len(state.orders) == 1


def later(ask: Ask, asked: list[Ask]) -> Answered:
    asked.append(ask)
    return Answered(ask.value.ts_ns + MINUTE_NS + 1, ask.request_id, Approved(Decimal(100)))


def test_a_stage_that_never_answers_refuses_by_its_deadline() -> None:
    state = EngineState(config([ONE], asked=frozenset({"risk"})))
    Driver(state, SmallVenue(), responder=lambda ask: None).feed(bars(1, 2))
    (refused,) = [each for each in state.audit if isinstance(each, Decided)]
    assert refused.outcome.findings[0].check == "risk"


def test_the_end_waits_for_what_is_in_flight_and_closes_the_records() -> None:
    venue = SmallVenue()
    state = EngineState(config([REST]))
    driver = Driver(state, venue)
    driver.feed(bars(1, 2))
    venue.late, venue.due_ns = [OrderRejected("test-1", 9, "NO")], 5 * MINUTE_NS
    driver.take(TimerFired(2 * MINUTE_NS, "ask:99"))
    driver.finish()
    assert not state.orders["test-1"].is_live
    assert type(state.audit[-1]).__name__ == "Quiet"


# -- between two market events ---------------------------------------------------------------------------------------

MS = 1_000_000
ENTRY_NS, RESPONSE_NS = 50 * MS, 20 * MS


class Answering(Strategy):
    """Buys at the first book it sees, and once more when that has filled."""

    def memory(self) -> Place:
        return Place()

    def on_book(self, view: View, book: object) -> Wish:
        view.memory.number += 1
        return MARKET if view.memory.number == 1 else None

    def on_fill(self, view: View, fill: OrderFilled) -> Wish:
        return MARKET if fill.order_id == "test-1" else None


def book(at_ms: int, ask: int) -> BookSnapshot:
    return BookSnapshot("BTC-USD", at_ms * MS, ((ask - 100, 50_000),), ((ask, 50_000),), at_ms)


def fresh(strategy: Strategy | None = None) -> EngineState:
    base = config([])
    bots = (msgspec.structs.replace(base.bots[0], strategy=strategy or Answering()),)
    return EngineState(msgspec.structs.replace(base, bots=bots))


def answering(books: list[BookSnapshot], notes: Recorder | None = None, *more: Halt) -> EngineState:
    """Return the state after the books, at a venue with latency; `more` happens at times of its own."""
    state = fresh()
    settings = SimulationSettings(entry_latency_ns=ENTRY_NS, response_latency_ns=RESPONSE_NS)
    venue = BookVenue(state.config.instruments, settings, OpeningAccount(cash=state.config.cash))
    driver = Driver(state, venue, recorder=notes)
    for command in more:
        driver.agenda.add(command.ts_ns, command)
    driver.feed(books)
    driver.finish()
    return state


def test_a_reaction_between_two_market_events_happens_when_the_answer_is_heard() -> None:
    """Sent at 0, filled at 50 ms, heard at 70; so the second order arrives at 120, at the book of 100 ms."""
    state = answering([book(0, 10_000), book(30, 10_040), book(100, 10_100), book(500, 10_200)])
    first, second = state.orders["test-1"], state.orders["test-2"]
    assert (first.ts_ns, second.ts_ns) == (0, 70 * MS)
    fills = [each for each in state.audit if isinstance(each, OrderFilled)]
    assert [(each.ts_ns // MS, each.price) for each in fills] == [(50, 10_040), (120, 10_100)]
    assert [each.ts_ns for each in state.audit if isinstance(each, Decided)] == [0, 70 * MS]


def test_what_is_in_flight_after_the_last_market_event_is_heard_at_its_time() -> None:
    state = answering([book(0, 10_000)])
    assert state.orders["test-2"].ts_ns == 70 * MS
    assert state.now_ns == 140 * MS


def test_a_timer_and_what_is_in_flight_come_in_the_order_of_time() -> None:
    notes = Notes()
    state = answering([book(0, 10_000), book(500, 10_200)], notes, Halt(60 * MS, "look"))
    assert [each for each in notes.told if each.startswith(("Halt", "OrderFilled"))] == ["Halt", "OrderFilled test-1"]
    assert list(state.orders) == ["test-1"]


class Patient(Strategy):
    """Rests one order for 100 ms at the first book it sees."""

    def memory(self) -> Place:
        return Place()

    def on_book(self, view: View, book: object) -> Wish:
        view.memory.number += 1
        life = {"time_in_force": TimeInForce.GTD, "expire_ns": 100 * MS}
        return msgspec.structs.replace(REST, **life) if view.memory.number == 1 else None


def patient(books: list[BookSnapshot]) -> tuple[EngineState, list[Event]]:
    """Return the state after the books, at a venue with latency, and the events that led there."""
    state, events = fresh(Patient()), Events()
    settings = SimulationSettings(entry_latency_ns=ENTRY_NS, response_latency_ns=RESPONSE_NS)
    venue = BookVenue(state.config.instruments, settings, OpeningAccount(cash=state.config.cash))
    driver = Driver(state, venue, recorder=events)
    driver.feed(books)
    driver.finish()
    return state, events.kept


def test_an_expiry_is_heard_at_its_own_time_between_two_market_events() -> None:
    state, events = patient([book(0, 10_000), book(500, 10_000)])
    assert state.orders["test-1"].status is OrderStatus.CANCELED
    heard = events.index(OrderCanceled("test-1", 100 * MS, "EXPIRED"))
    assert events[heard - 1 : heard + 2 : 2] == [TimerFired(120 * MS, "clock"), book(500, 10_000)]


def test_the_end_of_a_session_does_not_wait_for_an_expiry() -> None:
    state, _ = patient([book(0, 10_000)])
    assert state.orders["test-1"].is_live
    assert state.now_ns == 70 * MS


def test_a_session_with_latency_is_replayed_to_the_same_state() -> None:
    events = Events()
    state = answering([book(0, 10_000), book(100, 10_100), book(500, 10_200)], events)
    again = fresh()
    for event in events.kept:
        process(again, event)
    assert state_digest(again) == state_digest(state)


def test_where_the_market_is_silent_time_passes_step_by_step_too() -> None:
    state = fresh()
    settings = SimulationSettings(entry_latency_ns=ENTRY_NS, response_latency_ns=RESPONSE_NS)
    driver = Driver(state, BookVenue(state.config.instruments, settings, OpeningAccount(cash=state.config.cash)))
    driver.feed([book(0, 10_000)])
    driver.advance(70 * MS)
    assert state.orders["test-2"].ts_ns == 70 * MS
    driver.advance(1_000 * MS)
    assert [each.ts_ns // MS for each in state.audit if isinstance(each, OrderFilled)] == [50, 120]
