"""Replays: equal to what was recorded, or the first difference; held where asked; and configurations as values."""

import json
from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec
import pytest

from tradewind.engine.config import BotSpec, EngineConfig, HeldAtStart
from tradewind.engine.digest import AuditDigest, state_digest
from tradewind.engine.driver import Driver
from tradewind.engine.replay import Break, Breakpoints, Replayed, replay, run_digest
from tradewind.engine.resolved import engine_config, engine_values
from tradewind.engine.state import EngineState
from tradewind.model.answers import OrderFilled
from tradewind.model.commands import Halt
from tradewind.model.decisions import Decided
from tradewind.model.effects import Effect, SubmitOrder
from tradewind.model.entries import Checkpoint, Closed, Entry, Event, Intended, sent
from tradewind.model.errors import ConfigError, StateError
from tradewind.model.instrument import define_instrument
from tradewind.model.intents import FLAT, Exits, TargetWeight
from tradewind.model.market_events import Bar
from tradewind.risk.limits import Limits
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.settings import OpeningAccount, SimulationSettings
from tradewind.strategy.base import Strategy, View, Wish
from tradewind.strategy.registry import make

MINUTE_NS = 60_000_000_000
BTC = define_instrument("BTC-USD")


class Turns(Strategy):
    """In at every sixth bar, out three later, and once far too much."""

    every: int = 6

    def on_bar(self, view: View) -> Wish:
        number = view.bar.ts_ns // MINUTE_NS
        if number == 20:
            return TargetWeight(50.0)
        return {0: TargetWeight(0.5), 3: FLAT}.get(number % self.every)


CONFIG = EngineConfig(
    session="s",
    instruments=(BTC,),
    bots=(BotSpec(id="turns", strategy=Turns(), instruments=("BTC-USD",)),),
    limits=Limits(leverage_max=Decimal(1), instrument_share_max=None),
)


class Tape:
    """Everything a journal would hold, in memory, with a checkpoint whenever the driver settles."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.note: Callable[[Event], None] = self.entries.append

    def intend(self, sequence: int, effects: Sequence[Effect]) -> None:
        if leaving := sent(effects):
            self.entries.append(Intended(sequence, leaving))

    def settle(self, state: EngineState) -> None:
        self.entries.append(Checkpoint(state.sequence, state.now_ns, state_digest(state)))


def recorded() -> list[Entry]:
    """Return the entries of a session of thirty bars with a halt near its end."""
    tape, state = Tape(), EngineState(CONFIG)
    driver = Driver(state, BarVenue((BTC,), SimulationSettings(), OpeningAccount(CONFIG.cash)), recorder=tape)
    bars = [
        Bar("BTC-USD", n * MINUTE_NS, MINUTE_NS, 10_000 + n, 10_010 + n, 9_990 + n, 10_001 + n, 10**12)
        for n in range(1, 31)
    ]
    for start in range(0, 30, 5):
        driver.feed(bars[start : start + 5])
    driver.take(Halt(state.now_ns, "enough"))
    driver.finish()
    audit = AuditDigest()
    audit.update(state.audit)
    end = state_digest(state)
    closed = Closed(state.sequence, state.now_ns, end, audit.hexdigest(), run_digest(audit.hexdigest(), end))
    return [*tape.entries, closed]


ENTRIES = recorded()
FILLS = [each for each in ENTRIES if isinstance(each, OrderFilled)]


def index_of(kind: type, number: int = 0) -> int:
    return [index for index, each in enumerate(ENTRIES) if isinstance(each, kind)][number]


def test_a_replay_comes_to_the_recorded_state_at_every_checkpoint() -> None:
    done = replay(CONFIG, ENTRIES)
    assert done.difference is None
    assert (done.checkpoints, done.exhausted, done.stopped) == (7, True, None)
    assert done.closed is not None
    assert (done.digest, done.state_digest) == (done.closed.digest, done.closed.state_digest)
    assert done.events == sum(not isinstance(each, Intended | Checkpoint | Closed) for each in ENTRIES)
    assert len(FILLS) == 8


def test_a_prefix_has_a_digest_of_its_own() -> None:
    done = replay(CONFIG, ENTRIES[:-1])
    whole = replay(CONFIG, ENTRIES)
    assert (done.closed, done.difference, done.exhausted) == (None, None, True)
    assert done.digest == whole.digest
    assert replay(CONFIG, ENTRIES[:40]).digest == replay(CONFIG, ENTRIES[:40]).digest != whole.digest


def changed(index: int, **values: object) -> list[Entry]:
    return [*ENTRIES[:index], msgspec.structs.replace(ENTRIES[index], **values), *ENTRIES[index + 1 :]]


def without(index: int) -> list[Entry]:
    return [*ENTRIES[:index], *ENTRIES[index + 1 :]]


@pytest.mark.parametrize(
    ("entries", "what"),
    [
        (changed(index_of(OrderFilled), price=9_000), "state digest"),
        (changed(index_of(Checkpoint, 2), state_digest="0"), "state digest"),
        (changed(index_of(Checkpoint, 2), sequence=1), "events"),
        (changed(index_of(Closed), audit_digest="0"), "audit digest"),
        (changed(index_of(Closed), state_digest="0"), "state digest"),
        (changed(index_of(Intended), effects=()), "sent"),
        (changed(index_of(Intended), sequence=3), "sent"),
        (without(index_of(Intended)), "sent"),
        (without(index_of(OrderFilled, 2)), "sent"),
        ([*ENTRIES[:3], ENTRIES[index_of(Intended)], *ENTRIES[3:]], "sent"),
    ],
)
def test_the_first_difference_is_named(entries: list[Entry], what: str) -> None:
    done = replay(CONFIG, entries)
    assert done.difference is not None
    assert done.difference.what == what
    assert done.difference.recorded != done.difference.replayed


def test_another_configuration_is_a_difference() -> None:
    other = msgspec.structs.replace(CONFIG, bots=(msgspec.structs.replace(CONFIG.bots[0], strategy=Turns(every=7)),))
    difference = replay(other, ENTRIES).difference
    assert difference is not None
    assert (difference.what, difference.replayed) == ("sent", "nothing")


def test_a_replay_ends_at_a_time() -> None:
    done = replay(CONFIG, ENTRIES, until_ns=10 * MINUTE_NS)
    assert (done.state.now_ns, done.exhausted, done.closed, done.difference) == (10 * MINUTE_NS, False, None, None)


def held(on: str | None = None, at_ns: tuple[int, ...] = ()) -> tuple[list[Break], Replayed]:
    found: list[Break] = []

    def hold(here: Break, state: EngineState) -> bool:
        assert here.sequence == state.sequence
        found.append(here)
        return True

    points = Breakpoints(frozenset({on} if on else ()), at_ns)
    return found, replay(CONFIG, ENTRIES, breakpoints=points, hold=hold)


def test_breakpoints_hold_and_go_on_without_a_trace() -> None:
    fills, done = held("fill")
    assert [each.records[0] for each in fills] == FILLS
    assert done.difference is None
    orders, _ = held("order")
    intents = [each for each in ENTRIES if isinstance(each, Intended)]
    submits = [each.effects for each in intents if isinstance(each.effects[0], SubmitOrder)]
    assert [each.records for each in orders] == submits
    assert len(submits) == len(intents) - 1  # the halt canceled one
    refusals, _ = held("refusal")
    (refusal,) = refusals
    assert isinstance(refusal.records[0], Decided)
    assert refusal.ts_ns == 20 * MINUTE_NS
    times, _ = held(at_ns=(7 * MINUTE_NS, 3 * MINUTE_NS + 1))
    assert [each.ts_ns for each in times] == [3 * MINUTE_NS, 7 * MINUTE_NS]
    assert {each.what for each in times} == {"time"}


def test_without_anyone_to_ask_the_first_breakpoint_ends_the_replay() -> None:
    done = replay(CONFIG, ENTRIES, breakpoints=Breakpoints(frozenset({"fill"})))
    assert done.stopped is not None
    assert done.stopped.records == (FILLS[0],)
    assert not done.exhausted


def test_an_unknown_breakpoint_is_refused() -> None:
    with pytest.raises(ConfigError, match="a replay cannot break on 'trade': choose from order, fill, refusal"):
        Breakpoints(frozenset({"trade"}))


# -- configurations as values ------------------------------------------------------------------------------------------


def test_a_configuration_survives_json() -> None:
    config = EngineConfig(
        session="x",
        instruments=(BTC, define_instrument("ETH-USD", base_increment="0.5")),
        bots=(
            BotSpec(id="a", strategy=make("macd", {}), instruments=("ETH-USD",), exits=Exits(trailing=0.1)),
            BotSpec(id="b", strategy=make("market_maker", {"quantity": "0.250"}), instruments=("BTC-USD",)),
        ),
        cash=Decimal("12.30"),
        held=(HeldAtStart("BTC-USD", 5, Decimal("99.9")),),
        asked=frozenset({"risk", "sizing"}),
    )
    values = json.loads(msgspec.json.encode(engine_values(config)))
    assert values["bots"][1]["strategy"]["name"] == "market_maker"
    read = engine_config(values)
    assert read == config
    assert engine_values(read) == engine_values(config)


def test_an_own_strategy_is_loaded_from_its_place() -> None:
    values = engine_values(CONFIG, {Turns: "turns.py:Turns"})
    assert values["bots"][0]["strategy"] == {"name": "turns.py:Turns", "parameters": {"every": 6}}
    assert engine_config(values, {"turns.py:Turns": Turns}.__getitem__) == CONFIG
    assert engine_values(CONFIG)["bots"][0]["strategy"]["name"].endswith(":Turns")


@pytest.mark.parametrize(
    "change", [{"cash": "much"}, {"bots": [{"id": "a"}]}, {"instruments": None}, {"bots": [{"strategy": 3}]}]
)
def test_values_of_another_version_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(StateError, match="recorded configuration cannot be read"):
        engine_config({**engine_values(CONFIG, {Turns: "t.py"}), **change}, {"t.py": Turns}.__getitem__)
