"""A session that forgets comes to the same end as one that keeps everything, and keeps what is still needed."""

import threading
from decimal import Decimal
from pathlib import Path

import pytest

from tradewind.app.config import resolve
from tradewind.app.forgetting import Forgetting
from tradewind.app.generated import generated_market
from tradewind.app.home import Home
from tradewind.app.pacing import Pacer, SystemClock
from tradewind.app.paper import FORGET_NS, PaperSession, SessionRecord
from tradewind.app.wiring import engine_config, simulated_venue, simulation_settings, streamed_sources
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.driver import Driver
from tradewind.engine.placing import ENTRIES_KEPT
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.state import EngineState
from tradewind.model.instrument import define_instrument
from tradewind.model.intents import CancelWorking, Exits, Intent, PlaceOrder
from tradewind.model.market_events import Bar
from tradewind.model.orders import OrderKind, Side
from tradewind.risk.limits import RESEARCH_LIMITS
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.settings import SimulationSettings
from tradewind.strategy.base import NoMemory, Strategy, View

CONFIG = resolve(
    Home(Path("nowhere")), {}, profile="demo", overrides={"market": {"instruments": 6, "bars": 300}}
).config
MARKET = generated_market(CONFIG.market, CONFIG.seed)
HOUR_NS = 3_600_000_000_000


@pytest.fixture(scope="module")
def both() -> tuple[SessionRecord, SessionRecord]:
    """The same session, once with everything kept and once without."""
    whole, light = (_record(keep_all=keep_all) for keep_all in (True, False))
    return whole, light


def _record(*, keep_all: bool) -> SessionRecord:
    engine, settings = engine_config(CONFIG, [each.instrument for each in MARKET]), simulation_settings(CONFIG)
    venue = simulated_venue(engine, settings, MARKET)
    pacer = Pacer(SystemClock(), threading.Event(), None, None)
    model = ReadModel(engine.instruments, keep=50)
    made = PaperSession(engine, settings, venue, streamed_sources(MARKET), pacer=pacer, model=model, keep_all=keep_all)
    return made.run(lambda _: None)


def test_forgetting_changes_nothing_of_what_happens(both: tuple[SessionRecord, SessionRecord]) -> None:
    whole, light = both
    assert light.audit_digest == whole.audit_digest
    assert light.state_digest == whole.state_digest
    assert (light.state.fills, light.state.orders_made) == (whole.state.fills, len(whole.state.orders))


def test_a_session_that_forgets_keeps_no_records_and_few_orders(both: tuple[SessionRecord, SessionRecord]) -> None:
    whole, light = both
    assert light.audit == []
    assert len(whole.audit) > 100
    assert len(light.state.orders) < len(whole.state.orders) / 3
    assert [each.number for each in light.state.live_orders()] == [each.number for each in whole.state.live_orders()]


def test_an_order_goes_only_after_its_time_and_not_while_it_is_needed(
    both: tuple[SessionRecord, SessionRecord],
) -> None:
    state = _record(keep_all=True).state
    live = {order.request.order_id for order in state.live_orders()}
    over = state.orders.keys() - live
    kept = next(iter(sorted(over)))
    forgetting = Forgetting(state, FORGET_NS)
    assert forgetting.step(10 * HOUR_NS) == 0  # seen to be over for the first time
    assert forgetting.step(10 * HOUR_NS + FORGET_NS - 1) == 0
    assert forgetting.step(11 * HOUR_NS, keep={kept}) == len(over) - 1
    assert state.orders.keys() == live | {kept}
    assert state.orders_made == len(over) + len(live)


class Restless(Strategy, frozen=True, kw_only=True):
    """Bids far below the market with exits, and takes the bid back, again and again."""

    def memory(self) -> NoMemory:
        return NoMemory()

    def on_bar(self, view: View) -> Intent:
        if view.working:
            return CancelWorking()
        return PlaceOrder(Side.BUY, Decimal(1), OrderKind.LIMIT, Decimal(50), exits=Exits(stop_loss=0.1))


def test_entries_that_never_filled_do_not_wait_for_late_fills_for_ever() -> None:
    instrument = define_instrument("X-USD", price_increment="0.01", base_increment="0.01")
    bot = BotSpec(id="restless", strategy=Restless(), instruments=(instrument.id,))
    config = EngineConfig(session="s", instruments=(instrument,), bots=(bot,), limits=RESEARCH_LIMITS)
    state = EngineState(config)
    driver = Driver(state, BarVenue((instrument,), SimulationSettings(fees=config.fees)))
    driver.feed(Bar(instrument.id, at * HOUR_NS, HOUR_NS, 10_000, 10_000, 10_000, 10_000) for at in range(1, 400))
    (seat,) = state.bots["restless"].seats
    assert state.orders_made > 300
    assert len(seat.entries) == ENTRIES_KEPT


def test_a_venue_that_forgets_goes_on_numbering_and_refuses_cancels_as_before() -> None:
    instrument = define_instrument("X-USD", price_increment="0.01", base_increment="0.01")
    bot = BotSpec(id="restless", strategy=Restless(), instruments=(instrument.id,))
    config = EngineConfig(session="s", instruments=(instrument,), bots=(bot,), limits=RESEARCH_LIMITS)
    told = []
    for every in (1_000_000, 7):
        venue = BarVenue((instrument,), SimulationSettings(fees=config.fees))
        driver = Driver(EngineState(config), venue)
        for at in range(1, 100):
            driver.feed([Bar(instrument.id, at * HOUR_NS, HOUR_NS, 10_000, 10_000, 10_000, 10_000)])
            if at % every == 0:
                gone = venue.over()
                venue.forget(gone)
                assert venue.cancel(gone[0], at * HOUR_NS)[0].reason == "NOT_OPEN"  # type: ignore[union-attr]
        ages = [order.sequence for order in venue.orders.values()]
        assert ages == sorted(ages)
        assert len(venue.groups) <= len(venue.orders)
        told.append((driver.state.orders_made, len(venue.orders) + venue.forgotten, ages[-1]))
        assert len(driver.state.audit) > 100
    assert told[0] == told[1]
