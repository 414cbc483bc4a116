"""The loop round the engine: answers in the order in which they happened, timers when due, records of all of it."""

from collections.abc import Container, Sequence
from decimal import Decimal

import msgspec

from tests.engine_rig import MINUTE_NS, Scripted, config
from tradewind.engine.core import Event
from tradewind.engine.driver import Driver
from tradewind.engine.state import EngineState
from tradewind.model.answers import OrderAccepted, OrderCanceled, OrderFilled, OrderRejected, VenueAnswer
from tradewind.model.commands import Answered, TimerFired
from tradewind.model.decisions import Approved, Decided
from tradewind.model.effects import Ask, Effect
from tradewind.model.intents import CancelWorking, Exits, PlaceOrder, TargetQuantity
from tradewind.model.market_events import Bar, MarketEvent
from tradewind.model.orders import Liquidity, OrderKind, OrderRequest, Side
from tradewind.strategy.base import View, Wish

ONE = TargetQuantity(Decimal(1))
MARKET = PlaceOrder(Side.BUY, Decimal(1))
REST = PlaceOrder(Side.BUY, Decimal(1), OrderKind.LIMIT, price=Decimal(90))


class SmallVenue:
    """Accepts everything at once, fills market orders at the next bar's open, cancels when asked."""

    def __init__(self) -> None:
        self.open: dict[str, OrderRequest] = {}
        self.calls: list[str] = []
        self.awake: Container[str] = {"BTC-USD"}
        self.due_ns: int | None = None
        self.late: list[VenueAnswer] = []

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
    return Answered(ask.value.ts_ns + MINUTE_NS + 1, ask.request_id, Approved((), Decimal(100)))


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
