"""Plans in book mode: a bot's parents at a venue with queues and latency, in a market of quotes and trades."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

import msgspec
import numpy as np
import pytest

from tests.engine_rig import BTC, OPEN_LIMITS
from tradewind.engine.audit import Auditor
from tradewind.engine.config import BotSpec, EngineConfig, Planning
from tradewind.engine.core import Event, process
from tradewind.engine.digest import AuditDigest, state_digest
from tradewind.engine.driver import Driver
from tradewind.engine.parents import parent_of
from tradewind.engine.recording import close_records
from tradewind.engine.state import EngineState
from tradewind.execution.engines import RiskFlags
from tradewind.execution.planner import PlannerSettings
from tradewind.model.effects import Effect
from tradewind.model.intents import Exits, Intent, TargetWeight
from tradewind.model.market_events import MarketEvent, QuoteTick, TradePrint
from tradewind.model.orders import Liquidity, Side
from tradewind.model.plans import PlanEnded, Planned, Urgency
from tradewind.orders.order import OrderRole
from tradewind.simulation.book import BookVenue
from tradewind.simulation.settings import OpeningAccount, SimulationSettings
from tradewind.strategy.base import Strategy, View

SECOND_NS = 1_000_000_000
CASH = Decimal(100_000)
TURN_S = 90


class Turner(Strategy, frozen=True, kw_only=True):
    """Long and flat in turn, every so many seconds."""

    exits: Exits | None = None

    def on_quote(self, view: View, quote: QuoteTick) -> Intent | None:
        return TargetWeight(0.2 if view.now_ns // (TURN_S * SECOND_NS) % 2 else 0.0, self.exits)


class Tape:
    """Keeps what the engine takes, and holds it to the auditor's books."""

    def __init__(self, config: EngineConfig, state: EngineState) -> None:
        self.events: list[Event] = []
        self._auditor, self._state, self._seen = Auditor(config), state, 0

    def note(self, event: Event) -> None:
        self._auditor.feed(self._state.audit[self._seen :])
        self._seen = len(self._state.audit)
        self._auditor.check(self._state)
        self.events.append(event)

    def intend(self, sequence: int, effects: Sequence[Effect]) -> None:
        """Nothing is durable here."""

    def settle(self, state: EngineState) -> None:
        """Nothing is durable here."""


def market(seed: int, seconds: int = 900) -> list[MarketEvent]:
    """Quotes of a price that walks, four a second, and trades at the touch."""
    chance = np.random.default_rng(seed)
    events: list[MarketEvent] = []
    mid = 10_000
    for at in range(seconds * 4):
        ts_ns = at * SECOND_NS // 4
        mid += int(chance.choice((-1, 0, 0, 0, 0, 0, 0, 1)))
        events.append(QuoteTick(BTC.id, ts_ns, mid - 2, 40_000, mid + 2, 40_000))
        if chance.random() < 0.5:
            side = Side.BUY if chance.random() < 0.5 else Side.SELL
            events.append(TradePrint(BTC.id, ts_ns + 1, side, mid + 2 * side, 20_000))
    return events


def settings(planning: Planning, exits: Exits | None = None) -> EngineConfig:
    bot = BotSpec(id="a", strategy=Turner(exits=exits), instruments=(BTC.id,), plan=planning)
    return EngineConfig(session="book", instruments=(BTC,), bots=(bot,), cash=CASH, limits=OPEN_LIMITS)


def run(config: EngineConfig, events: list[MarketEvent]) -> tuple[EngineState, list[Event]]:
    state = EngineState(config)
    rules = SimulationSettings(fees=config.fees, entry_latency_ns=50_000_000, response_latency_ns=50_000_000)
    venue = BookVenue(config.instruments, rules, OpeningAccount(cash=CASH))
    tape = Tape(config, state)
    driver = Driver(state, venue, recorder=tape)
    driver.feed(events)
    driver.finish()
    venue.check()
    return state, tape.events


def digests(state: EngineState) -> tuple[str, str]:
    digest = AuditDigest()
    digest.update(state.audit)
    return state_digest(state), digest.hexdigest()


PATIENT = PlannerSettings(low_ns=80 * SECOND_NS)
SLICED = PlannerSettings(normal_ns=60 * SECOND_NS, slices=4)


@pytest.mark.parametrize("exits", [None, Exits(take_profit=0.002)], ids=["bare", "guarded"])
@pytest.mark.parametrize(
    "planning",
    [
        Planning(settings=PATIENT, urgency=Urgency.LOW, flags=RiskFlags(dynamic_sizing=True)),
        Planning(settings=SLICED),
        Planning(settings=msgspec.structs.replace(SLICED, twap_above=Decimal(10**6))),
    ],
    ids=["sized", "sliced", "whole"],
)
def test_parents_fill_as_makers_add_up_and_are_the_same_again(planning: Planning, exits: Exits | None) -> None:
    config, events = settings(planning, exits), market(7)
    state, taken = run(config, events)
    begun = {each.order_id: each.plan for each in state.audit if isinstance(each, Planned)}
    ended = {each.order_id: each for each in state.audit if isinstance(each, PlanEnded)}
    filled: defaultdict[str, int] = defaultdict(int)
    makers = 0
    for order in state.orders.values():
        if order.role is OrderRole.CHILD:
            filled[parent_of(order.request.order_id)] += order.filled
            makers += any(fill.liquidity is Liquidity.MAKER for fill in order.fills)
    assert len(begun) > 3
    assert makers > 2
    assert {each.reason for each in ended.values()} <= {"FILLED", "REPLACED", "EXITED"}
    assert any(each.reason == "FILLED" for each in ended.values())
    working = {seat.parent.order_id for seat in state.parents if seat.parent is not None}
    assert set(begun) == set(ended) | working
    for name, end in ended.items():
        assert filled[name] == end.filled <= begun[name].quantity
    assert digests(run(config, events)[0]) == digests(state)
    again = EngineState(config)
    for event in taken:
        process(again, event)
    close_records(again)
    assert digests(again) == digests(state)
