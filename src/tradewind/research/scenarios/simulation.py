"""Runs one simulation scenario on a venue and compares; after every event the equity identity must hold."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from tradewind.engine.ports import Venue
from tradewind.model.answers import OrderFilled, PositionLiquidated, VenueAnswer
from tradewind.model.instrument import Instrument
from tradewind.research.scenarios.comparison import first_difference
from tradewind.research.scenarios.identity import EquityIdentity
from tradewind.research.scenarios.observed import Notice, observed_state
from tradewind.research.scenarios.schema import (
    BarEvent,
    CancelEvent,
    CheckEvent,
    ClockEvent,
    Event,
    OrderEvent,
    SimulationScenario,
)
from tradewind.research.scenarios.translation import (
    MS_NS,
    account_of,
    instruments_of,
    market_event,
    order_request,
    settings_of,
)
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.book import BookVenue
from tradewind.simulation.reference import ReferenceBarVenue, ReferenceBookVenue
from tradewind.simulation.settings import AccountReport, OpeningAccount, SimulationSettings


class ReportingVenue(Venue, Protocol):
    def report(self) -> AccountReport: ...


class OpensVenue(Protocol):
    def __call__(
        self, instruments: Sequence[Instrument], settings: SimulationSettings, account: OpeningAccount
    ) -> ReportingVenue: ...


class Venues(NamedTuple):
    """The two venues that simulations run on."""

    bars: OpensVenue
    book: OpensVenue


FAST = Venues(BarVenue, BookVenue)
REFERENCE = Venues(ReferenceBarVenue, ReferenceBookVenue)


def run_simulation(scenario: SimulationScenario, venues: Venues = FAST) -> str | None:
    """Return the first difference, or None when every check and the end are as expected."""
    run = _Run(scenario, venues)
    steps = _in_list_order(scenario) if scenario.mode == "bars" else _by_millisecond(scenario)
    for index, event in steps:
        difference = run.step(event)
        if difference:
            return f"events[{index}].{difference}"
    return run.finish()


def _in_list_order(scenario: SimulationScenario) -> Iterator[tuple[int, Event]]:
    yield from enumerate(scenario.events)


def _by_millisecond(scenario: SimulationScenario) -> Iterator[tuple[int, Event]]:
    """At one millisecond: market data in list order; the venue's own work; what the client sends; then checks."""
    events = list(enumerate(scenario.events))
    yield from sorted(events, key=lambda one: (one[1].at, _phase(one[1])))


def _phase(event: Event) -> int:
    if isinstance(event, OrderEvent | CancelEvent):
        return 1
    return 2 if isinstance(event, CheckEvent | ClockEvent) else 0


class _Run:
    def __init__(self, scenario: SimulationScenario, venues: Venues) -> None:
        self._scenario = scenario
        self._in_book = scenario.mode == "book"
        self._instruments = instruments_of(scenario)
        self._settings = settings_of(scenario.settings)
        opens = venues.book if self._in_book else venues.bars
        account = account_of(scenario.account, self._instruments)
        self._venue = opens(list(self._instruments.values()), self._settings, account)
        self._identity = EquityIdentity(self._instruments, self._venue.report())
        self._fills: list[OrderFilled] = []
        self._liquidations: list[PositionLiquidated] = []
        self._traded: dict[str, str] = {}
        self._now_ns = 0
        self._reached = (-1, 0)

    def step(self, event: Event) -> str | None:
        """Let one event happen; return the first difference of a check, or a break of the identity."""
        self._now_ns = event.at * MS_NS
        self._let_time_pass(event)
        match event:
            case OrderEvent():
                self._submit(event)
            case CancelEvent():
                self._hear(self._venue.cancel(event.order, self._now_ns))
            case CheckEvent():
                return first_difference(event.expect, self._state())
            case ClockEvent():
                pass
            case _:
                instrument = self._instruments[event.instrument or self._first]
                self._hear(self._venue.on_event(market_event(event, instrument)))
        in_flight = self._settings.entry_latency_ns + self._settings.response_latency_ns > 0
        return self._identity.broken_by(self._venue.report(), all_told=not in_flight and not self._in_book)

    def finish(self) -> str | None:
        """Deliver everything in flight and compare the end."""
        latest = max((event.at for event in self._scenario.events), default=0) * MS_NS
        settled = latest + self._settings.entry_latency_ns + self._settings.response_latency_ns
        self._hear(self._venue.advance(settled))
        broken = self._identity.broken_by(self._venue.report(), all_told=True)
        return broken or first_difference(self._scenario.expect, self._state())

    def _let_time_pass(self, event: Event) -> None:
        """At one millisecond the venue's own work comes after market data, and again after what the client sends."""
        reached = (event.at, _phase(event))
        if reached[1] and reached != self._reached:
            self._hear(self._venue.advance(self._now_ns))
        self._reached = reached

    @property
    def _first(self) -> str:
        return self._scenario.instruments[0].id

    def _submit(self, event: OrderEvent) -> None:
        instrument = self._instruments[event.instrument or self._first]
        if event.id in self._traded:
            raise ValueError(f"order id {event.id} is used twice")
        self._traded[event.id] = instrument.id
        request = order_request(event, instrument)
        self._hear(self._venue.submit(request, self._now_ns if self._in_book else self._decided_ns(event, instrument)))

    def _decided_ns(self, event: OrderEvent, instrument: Instrument) -> int:
        """Return a time that makes the order active at its instrument's next listed bar, whatever `at` says."""
        listed = next(i for i, one in enumerate(self._scenario.events) if one is event)
        for later in self._scenario.events[listed:]:
            if isinstance(later, BarEvent) and (later.instrument or self._first) == instrument.id:
                return min(self._now_ns, later.at * MS_NS)
        return self._now_ns

    def _hear(self, answers: Sequence[VenueAnswer]) -> None:
        self._identity.hear(answers)
        for answer in answers:
            if isinstance(answer, OrderFilled):
                self._fills.append(answer)
            elif isinstance(answer, PositionLiquidated):
                self._liquidations.append(answer)

    def _state(self) -> dict[str, Any]:
        """Return what is so at the venue now; of its answers also those still on their way to the client."""
        notices: Sequence[Notice] = getattr(self._venue, "notices", ())
        under_way: Sequence[VenueAnswer] = getattr(self._venue, "undelivered", ())
        fills = [*self._fills, *(answer for answer in under_way if isinstance(answer, OrderFilled))]
        taken = [*self._liquidations, *(answer for answer in under_way if isinstance(answer, PositionLiquidated))]
        report = self._venue.report()
        return observed_state(report, self._instruments, self._traded, fills, taken, notices)
