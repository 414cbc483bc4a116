"""Bots that see their instruments together: when they are asked, what they see, and that nothing else can tell."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec
import numpy as np
import pytest

from tests.engine_rig import MINUTE_NS, OPEN_LIMITS, Desk
from tests.unit.engine.test_replay import Tape
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.digest import AuditDigest, state_digest
from tradewind.engine.driver import Driver
from tradewind.engine.replay import replay
from tradewind.engine.sequencer import RecordedEvents, merge
from tradewind.engine.state import EngineState
from tradewind.model.commands import Answered, Fitted, PauseBot, StrategyFailed, TimerFired
from tradewind.model.decisions import Decided
from tradewind.model.effects import Ask
from tradewind.model.instrument import InstrumentKind, define_instrument
from tradewind.model.intents import TargetQuantity
from tradewind.model.market_events import Bar, FundingRate, QuoteTick
from tradewind.numeric.indicators import IndicatorSpec, sma
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.settings import OpeningAccount, SimulationSettings
from tradewind.strategy.base import GroupView, Strategy, Wish

A, B, C = (
    define_instrument(f"{name}-PERP", kind=InstrumentKind.PERPETUAL, initial_margin=Decimal("0.1")) for name in "ABC"
)
NAMES = ("A-PERP", "B-PERP", "C-PERP")


class Seen(msgspec.Struct):
    """Every round: when it was decided, whose bars were fresh, who was warm, and what was fitted."""

    rounds: list[tuple[int, tuple[str, ...], tuple[str, ...], float | None]] = []
    rates: list[str] = []


class Watcher(Strategy):
    """Writes down each round, and turns with it."""

    warm: int = 0
    fails_at: int = -1
    wants: str = ""

    def indicators(self) -> Sequence[IndicatorSpec]:
        return (sma(self.warm),) if self.warm else ()

    def group_memory(self) -> Seen:
        return Seen([], [])

    def on_group(self, group: GroupView) -> Mapping[str, Wish] | None:
        seen = group.memory
        assert isinstance(seen, Seen)
        number = len(seen.rounds)
        fit = group.fitted("x")
        seen.rounds.append((group.now_ns, group.fresh, tuple(group.views), None if fit is None else fit["k"]))
        seen.rates = [str(view.funding.rate) for view in group.views.values() if view.funding is not None]
        if number == self.fails_at:
            raise ValueError("lost")
        if self.wants:
            return {self.wants: TargetQuantity(Decimal(1))}
        side = Decimal(1 if number % 2 else -1)
        return {name: TargetQuantity(side) for name in reversed(group.views) if name in group.fresh}


def config(*bots: BotSpec, instruments: tuple[str, ...] = NAMES, asked: bool = False) -> EngineConfig:
    known = {each.id: each for each in (A, B, C)}
    return EngineConfig(
        session="t",
        instruments=tuple(known[name] for name in instruments),
        bots=bots,
        limits=OPEN_LIMITS,
        asked=frozenset({"risk"} if asked else ()),
    )


def watcher(name: str = "w", instruments: tuple[str, ...] = NAMES, **parameters: object) -> BotSpec:
    return BotSpec(id=name, strategy=Watcher(**parameters), instruments=instruments)


def bar(name: str, minute: int, price: int = 100_000) -> Bar:
    return Bar(name, minute * MINUTE_NS, MINUTE_NS, price, price, price, price)


def rounds(state: EngineState, bot: str = "w") -> list[tuple[int, tuple[str, ...], tuple[str, ...], float | None]]:
    memory = state.groups[bot].view.memory
    assert isinstance(memory, Seen)
    return memory.rounds


def test_a_round_is_decided_with_the_bar_that_completes_it_and_only_once() -> None:
    desk = Desk(config(watcher()))
    for name in ("C-PERP", "A-PERP"):
        desk.take(bar(name, 1))
    assert rounds(desk.state) == []
    desk.take(bar("B-PERP", 1))
    assert rounds(desk.state) == [(MINUTE_NS, NAMES, NAMES, None)]
    assert [each.instrument for each in desk.sent] == list(NAMES)
    desk.take(TimerFired(MINUTE_NS + 5 * 10**9, "round:w"))
    desk.take(bar("B-PERP", 1))
    assert len(rounds(desk.state)) == 1


def test_a_round_that_lacks_a_bar_is_decided_when_its_time_is_up() -> None:
    desk = Desk(config(watcher()))
    desk.take(bar("A-PERP", 1))
    assert [(each.due_ns, each.key) for each in desk.timers] == [(MINUTE_NS + 5 * 10**9, "round:w")]
    desk.take(TimerFired(MINUTE_NS + 5 * 10**9, "round:w"))
    assert rounds(desk.state) == [(MINUTE_NS + 5 * 10**9, ("A-PERP",), ("A-PERP",), None)]
    desk.take(bar("B-PERP", 1))  # too late for its round
    assert len(rounds(desk.state)) == 1
    for name in NAMES:
        desk.take(bar(name, 2))
    assert rounds(desk.state)[1] == (2 * MINUTE_NS, NAMES, NAMES, None)


def test_fast_bars_wait_half_a_bar_at_most() -> None:
    desk = Desk(config(watcher()))
    desk.take(Bar("A-PERP", 10**9, 10**9, 1, 1, 1, 1))
    assert [each.due_ns for each in desk.timers] == [3 * 10**9 // 2]


def test_a_timer_of_an_older_round_leaves_the_present_one_alone() -> None:
    desk = Desk(config(watcher()))
    desk.take(bar("A-PERP", 1))
    desk.take(bar("A-PERP", 2))
    desk.take(TimerFired(MINUTE_NS + 5 * 10**9, "round:w"))
    assert rounds(desk.state) == []
    desk.take(TimerFired(2 * MINUTE_NS + 5 * 10**9, "round:w"))
    assert [each[1] for each in rounds(desk.state)] == [("A-PERP",)]


def test_only_warm_instruments_are_seen() -> None:
    desk = Desk(config(watcher(warm=3)))
    for minute in range(1, 5):
        for name in NAMES[: 2 if minute == 1 else 3]:
            desk.take(bar(name, minute))
        desk.take(TimerFired(minute * MINUTE_NS + 5 * 10**9, "round:w"))
    assert [each[2] for each in rounds(desk.state)] == [(), (), NAMES[:2], NAMES]


def test_it_fails_alone_and_as_a_whole() -> None:
    desk = Desk(config(watcher("v", fails_at=0), watcher("w")))
    for minute in (1, 2):
        for name in NAMES:
            desk.take(bar(name, minute))
    (failure,) = desk.records(StrategyFailed)
    assert (failure.bot, failure.error) == ("v", "ValueError: lost")
    assert (len(rounds(desk.state, "v")), len(rounds(desk.state, "w"))) == (1, 2)
    assert {each.bot for each in desk.records(Decided)} == {"w"}


@pytest.mark.parametrize("wants", ["D-PERP", "C-PERP"])
def test_it_may_want_its_own_instruments_only(wants: str) -> None:
    desk = Desk(config(watcher(instruments=NAMES[:2], wants=wants)))
    for name in NAMES:
        desk.take(bar(name, 1))
    (failure,) = desk.records(StrategyFailed)
    wanted = f"LookupError: a group's callback wants {wants!r}, which is none of the bot's instruments"
    assert failure.error == wanted


def test_a_paused_bot_decides_nothing() -> None:
    desk = Desk(config(watcher()))
    desk.take(PauseBot(1, "w", "lunch"))
    for name in NAMES:
        desk.take(bar(name, 1))
    assert desk.sent == []
    assert len(rounds(desk.state)) == 1


def test_fits_and_funding_are_shown_while_they_hold() -> None:
    desk = Desk(config(watcher()))
    desk.take(Fitted(1, "x", 1, {"k": 0.5}, 2 * MINUTE_NS))
    desk.take(FundingRate("B-PERP", 2, Decimal("0.0001")))
    before = state_digest(desk.state)
    desk.take(FundingRate("B-PERP", 3, Decimal("0.0002")))
    assert state_digest(desk.state) != before
    for minute in (1, 2):
        for name in NAMES:
            desk.take(bar(name, minute))
    assert [each[3] for each in rounds(desk.state)] == [0.5, None]
    memory = desk.state.groups["w"].view.memory
    assert isinstance(memory, Seen)
    assert memory.rates == ["0.0002"]


def test_nobody_else_has_anything_to_do_with_it() -> None:
    desk = Desk(config(watcher(instruments=NAMES[:2])))
    assert [len(market.groups) for market in desk.state.markets.values()] == [1, 1, 0]


class Quoted(Strategy):
    """Buys where the touch of the other is cheaper."""

    def on_group_quote(self, group: GroupView) -> Mapping[str, Wish] | None:
        if len(group.quotes) < 2:
            return None
        cheap = min(group.quotes.values(), key=lambda each: each.ask)
        return {cheap.instrument: TargetQuantity(Decimal(1))}


def test_quotes_are_seen_together_too() -> None:
    desk = Desk(config(BotSpec(id="q", strategy=Quoted(), instruments=NAMES[:2])))
    desk.take(QuoteTick("A-PERP", 1, 100, 1, 110, 1))
    assert desk.sent == []
    desk.take(QuoteTick("B-PERP", 2, 101, 1, 109, 1))
    assert [each.instrument for each in desk.sent] == ["B-PERP"]


# -- whole runs -------------------------------------------------------------------------------------------------------


def holed(rng: np.random.Generator, rows: int = 60) -> dict[str, list[Bar]]:
    """Bars of three instruments, some missing."""
    made: dict[str, list[Bar]] = {}
    for name in NAMES:
        prices = (100_000 * np.exp(np.cumsum(0.003 * rng.standard_normal(rows)))).astype(int).tolist()
        made[name] = [bar(name, minute, price) for minute, price in enumerate(prices, 1) if rng.random() < 0.8]
    return made


def driven(settings: EngineConfig, bars: Mapping[str, list[Bar]]) -> tuple[Driver, Tape]:
    state = EngineState(settings)
    venue = BarVenue(settings.instruments, SimulationSettings(), OpeningAccount(cash=settings.cash))
    tape = Tape()

    def answer(ask: Ask) -> Answered:
        return Answered(state.now_ns, ask.request_id, state.reviewer.review(ask.value))

    driver = Driver(state, venue, recorder=tape, responder=answer)
    for events in merge([RecordedEvents(name, 2, each) for name, each in bars.items()]):
        driver.feed(events)
    driver.finish()
    return driver, tape


def decisions(driver: Driver) -> list[object]:
    """What was decided, without the numbers of events, which questions and answers of a remote stage count too."""
    return [
        (each.ts_ns, each.bot, each.intent, each.order, each.shares, each.outcome)
        for each in driver.state.audit
        if isinstance(each, Decided)
    ]


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_registration_leaves_no_trace(seed: int) -> None:
    bars = holed(np.random.default_rng(seed))
    bots = watcher("v"), watcher("w", NAMES[:2], warm=2)
    shuffled = tuple(msgspec.structs.replace(each, instruments=each.instruments[::-1]) for each in bots[::-1])
    one, _ = driven(config(*bots), bars)
    other, _ = driven(config(*shuffled, instruments=NAMES[::-1]), dict(reversed(bars.items())))
    assert state_digest(one.state) == state_digest(other.state)
    hashes = []
    for each in (one, other):
        audit = AuditDigest()
        audit.update(each.state.audit)
        hashes.append(audit.hexdigest())
    assert hashes[0] == hashes[1]
    assert len(decisions(one)) > 50
    assert {each[1] for each in rounds(one.state, "v")} > {NAMES, NAMES[:1]}


@pytest.mark.parametrize("seed", range(4))
def test_asked_risk_decides_like_inline_risk(seed: int) -> None:
    bars = holed(np.random.default_rng(seed))
    inline, _ = driven(config(watcher("v"), watcher("w", NAMES[:2])), bars)
    asked, _ = driven(config(watcher("v"), watcher("w", NAMES[:2]), asked=True), bars)
    assert decisions(asked) == decisions(inline)
    assert asked.state.equity() == inline.state.equity()


@pytest.mark.parametrize("seed", range(4))
def test_a_replay_decides_alike(seed: int) -> None:
    settings = config(watcher("v", warm=3), watcher("w", NAMES[:2]))
    driver, tape = driven(settings, holed(np.random.default_rng(seed)))
    replayed = replay(settings, tape.entries)
    assert replayed.difference is None
    assert replayed.state_digest == state_digest(driver.state)
    assert len(rounds(replayed.state, "v")) > 40
