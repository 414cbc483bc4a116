"""Regimes in the engine: new risk is refused where it should be, reductions pass, and a restart changes nothing."""

import itertools
import math
from collections.abc import Callable
from decimal import Decimal
from random import Random

import msgspec
import pytest

from tests.engine_rig import BTC, ETH, MINUTE_NS, Desk, config
from tradewind.app.regime import load_regime_model, model_of_hash
from tradewind.engine import resolved
from tradewind.engine.config import EngineConfig, RegimePlan
from tradewind.engine.core import process
from tradewind.engine.digest import state_digest, state_values
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.regime_watch import RegimeWatch
from tradewind.engine.state import EngineState
from tradewind.model.commands import ChangeBot
from tradewind.model.decisions import Decided, InRegime, Refused
from tradewind.model.errors import StateError
from tradewind.model.instrument import Instrument, define_instrument
from tradewind.model.intents import TargetQuantity, TargetWeight
from tradewind.model.market_events import Bar, Gap
from tradewind.model.regime import Regime, RegimeReading, RegimeSource
from tradewind.portfolio.allocation import RegimeAllocation
from tradewind.regime.classifier import RegimeClassifier
from tradewind.regime.settings import RegimeSettings

RULES = RegimePlan(settings=RegimeSettings(use_model=False))
SOL = define_instrument("SOL-USD", price_increment="0.01", base_increment="0.01")
LONG, FLAT = TargetQuantity(Decimal("0.1")), TargetQuantity(Decimal(0))


def bar(number: int, close: int, instrument: str = "BTC-USD") -> Bar:
    opened = close - 3
    return Bar(instrument, number * MINUTE_NS, MINUTE_NS, opened, close + 5, opened - 4, close, 1_000)


def trend(bars: int, instrument: str = "BTC-USD") -> list[Bar]:
    """Prices that go up steadily: the rules call it a trend."""
    return [bar(n, 10_000 + 20 * n + (n * 7) % 5, instrument) for n in range(1, bars + 1)]


def told(regime: Regime, *probabilities: float) -> RegimeReading:
    return RegimeReading("BTC-USD", regime, 0.8, probabilities, {}, RegimeSource.MODEL, 1)  # type: ignore[arg-type]


def decisions(state: EngineState) -> list[Decided]:
    return [each for each in state.audit if isinstance(each, Decided)]


def fed(settings: EngineConfig, bars: list[Bar]) -> EngineState:
    state = EngineState(settings)
    for each in bars:
        process(state, each)
    return state


def test_an_unknown_regime_takes_no_new_risk_and_says_why() -> None:
    desk = Desk(config((LONG,), regime=RULES))
    desk.bar()
    assert not desk.sent
    refused = decisions(desk.state)[0].outcome
    assert isinstance(refused, Refused)
    assert [(each.check, each.number) for each in refused.findings] == [("regime_block", "UNKNOWN: insufficient_data")]


def test_a_reduction_passes_in_every_regime() -> None:
    desk = Desk(config((LONG, FLAT), regime=msgspec.structs.replace(RULES, block=False)))
    desk.bar()
    desk.fill(desk.sent[0].order_id)
    desk.state.regimes.plan = RULES  # type: ignore[union-attr]  # from here on the regime blocks
    assert desk.state.regimes is not None
    assert desk.state.regimes.blocks("BTC-USD") is not None
    desk.bar()
    assert len(desk.sent) == 2
    assert desk.sent[1].side == -1


def test_new_risk_is_taken_in_a_trend() -> None:
    state = fed(config((*[None] * 150, LONG), regime=RULES), trend(151))
    reading = state.regimes.readings["BTC-USD"]  # type: ignore[union-attr]
    assert reading.regime is Regime.TRENDING
    assert not isinstance(decisions(state)[-1].outcome, Refused)


def test_a_decision_has_its_regime_confidence_and_source_on_record() -> None:
    state = fed(config((*[None] * 150, LONG), regime=RULES), trend(151))
    model = ReadModel([BTC])
    model.take(state.audit)
    decided = model.decisions[-1]
    found = model.regime_at("BTC-USD", decided.sequence)
    assert found is not None
    assert found.sequence == decided.sequence
    assert (found.regime, found.source) == (Regime.TRENDING, RegimeSource.RULES)
    assert 0 < found.confidence <= 1


def test_a_change_of_regime_is_recorded_once() -> None:
    state = fed(config((), regime=RULES), trend(160))
    changes = [each.regime for each in state.audit if isinstance(each, InRegime)]
    assert changes[0] is Regime.UNKNOWN
    assert len(changes) == len([1 for a, b in itertools.pairwise(changes) if a != b]) + 1


def test_the_engine_tells_what_the_classifier_tells() -> None:
    bars = [bar(n, round(10_000 + 300 * math.sin(n / 9) + 40 * ((n * 37) % 11))) for n in range(1, 200)]
    classifier = RegimeClassifier(["BTC-USD"], RULES.settings)
    watch = RegimeWatch([BTC], RULES)
    for each in bars:
        assert watch.take(each) == classifier.update(each.ts_ns, {"BTC-USD": each})


def test_several_instruments_are_told_together_when_the_last_bar_is_there() -> None:
    watch = RegimeWatch([BTC, ETH], RULES)
    assert watch.take(bar(1, 10_000)) == ()
    assert [each.instrument for each in watch.take(bar(1, 500, "ETH-USD"))] == ["BTC-USD", "ETH-USD"]


def test_a_close_without_all_bars_is_told_when_the_next_begins_and_a_late_bar_counts_as_missing() -> None:
    watch = RegimeWatch([BTC, ETH], RULES)
    watch.take(bar(1, 10_000))
    readings = watch.take(bar(2, 10_010))
    assert [each.ts_ns for each in readings] == [MINUTE_NS, MINUTE_NS]
    assert "no_bar" in readings[1].flags
    assert watch.take(bar(1, 500, "ETH-USD")) == ()


def test_an_instrument_that_stops_is_waited_for_no_longer_once_it_is_stale() -> None:
    watch = RegimeWatch([BTC, ETH], RULES)
    for number in range(1, 6):
        watch.take(bar(number, 10_000 + number))
        watch.take(bar(number, 500 + number, "ETH-USD"))
    told = [watch.take(bar(number, 10_000 + number)) for number in range(6, 12)]
    assert [{each.ts_ns // MINUTE_NS for each in readings} for readings in told] == [
        set(),
        {6},
        {7},
        {8},
        {9, 10},
        {11},
    ]
    assert watch.blocks("ETH-USD") == "UNKNOWN: stale_data"
    assert watch.readings["BTC-USD"].flags == ("single_asset",)


def test_one_that_comes_back_is_waited_for_from_the_next_close_on() -> None:
    watch = RegimeWatch([BTC, ETH], RULES)
    watch.take(bar(1, 500, "ETH-USD"))
    for number in range(1, 12):
        watch.take(bar(number, 10_000 + number))
    assert watch.take(bar(11, 501, "ETH-USD")) == ()
    assert watch.take(bar(12, 10_012)) == ()
    eth = watch.take(bar(12, 502, "ETH-USD"))[1]
    assert (eth.reason, eth.flags) == ("insufficient_data", ("single_asset",))


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_instruments_and_of_bars_within_a_close_changes_no_reading(seed: int) -> None:
    """Whoever comes first, and whatever is missing: what is told of a close is the same."""
    random = Random(seed)
    closes = [
        [
            bar(number, 10_000 + random.randrange(200), name)
            for name in ("BTC-USD", "ETH-USD", "SOL-USD")
            if random.random() > (0.9 if name == "SOL-USD" and number % 80 > 30 else 0.05)
        ]
        for number in range(1, 300)
    ]
    assert closes[-1]

    def run(instruments: list[Instrument], order: Callable[[list[Bar]], list[Bar]]) -> list[RegimeReading]:
        watch = RegimeWatch(instruments, RULES)
        told = [reading for each in closes for one in order(each) for reading in watch.take(one)]
        return sorted(told, key=lambda each: (each.ts_ns, each.instrument))

    first = run([BTC, ETH, SOL], list)
    assert {each.reason for each in first} >= {"", "stale_data", "insufficient_data"}
    for instruments, order in (
        ([SOL, ETH, BTC], list),
        ([BTC, ETH, SOL], lambda each: each[::-1]),
        ([ETH, SOL, BTC], lambda each: random.sample(each, len(each))),
    ):
        again = run(instruments, order)
        assert again == first[: len(again)]
        assert len(first) - len(again) in (0, 3)


def test_a_replay_with_missing_bars_has_the_same_digest_at_every_bar() -> None:
    settings = config((), instruments=(BTC, ETH), regime=RULES)
    bars = [
        each
        for number in range(1, 160)
        for each in (bar(number, 10_000 + 20 * number), bar(number, 500 + number % 7, "ETH-USD"))
        if each.instrument == "BTC-USD" or not 60 < number < 90
    ]
    first, again = EngineState(settings), EngineState(settings)
    digests = [(process(first, each), state_digest(first))[1] for each in bars]
    assert [(process(again, each), state_digest(again))[1] for each in bars] == digests
    assert len(set(digests)) == len(digests)


def test_a_restart_by_replay_gives_the_same_labels() -> None:
    settings = config((*[None] * 120, LONG), regime=RULES)
    bars = trend(180)
    state = fed(settings, bars[:130])
    again = fed(settings, bars[:130])
    for each in bars[130:]:
        process(state, each)
        process(again, each)
        assert again.regimes.readings == state.regimes.readings  # type: ignore[union-attr]
    assert state_digest(again) == state_digest(state)


def test_the_digest_has_regimes_only_where_they_are_told() -> None:
    assert "regimes" not in state_values(EngineState(config(())))
    off, on = config(()), config((), regime=RULES)
    assert "regime" not in resolved.engine_values(off)
    assert "regimes" in state_values(EngineState(on))


def test_a_gap_in_the_data_warms_the_regime_up_again() -> None:
    state = fed(config((), regime=RULES), trend(150))
    assert state.regimes.blocks("BTC-USD") is None  # type: ignore[union-attr]
    process(state, Gap("BTC-USD", 160 * MINUTE_NS, 9, False))
    assert state.regimes.blocks("BTC-USD") == "UNKNOWN: stale_data"  # type: ignore[union-attr]
    process(state, bar(161, 13_500))
    assert state.regimes.blocks("BTC-USD") == "UNKNOWN: insufficient_data"  # type: ignore[union-attr]


def test_a_missing_model_leaves_the_rules_and_every_answer_says_so() -> None:
    plan = RegimePlan(missing="model_missing")
    state = fed(config((), regime=plan), trend(150))
    reading = state.regimes.readings["BTC-USD"]  # type: ignore[union-attr]
    assert reading.source is RegimeSource.RULES
    assert "model_missing" in reading.flags


def test_a_record_names_the_model_by_its_hash_and_finds_it_again() -> None:
    model = load_regime_model().model
    assert model is not None
    settings = config((), regime=RegimePlan(model=model))
    values = resolved.engine_values(settings)
    assert values["regime"]["model"] == model.sha256
    load = lambda _: type(settings.bots[0].strategy)  # noqa: E731
    values["bots"][0]["strategy"]["name"] = "tests:Scripted"
    again = resolved.engine_config(values, load, model_of_hash)
    assert again.regime.model.sha256 == model.sha256  # type: ignore[union-attr]
    values["regime"]["model"] = "0" * 64
    with pytest.raises(StateError, match="regime model 000000000000"):
        resolved.engine_config(values, load, model_of_hash)


# -- sharing the budget -----------------------------------------------------------------------------------------------


def shared(*families: str, **plan: object) -> EngineState:
    settings = config(*[()] * len(families), budget=Decimal("0.2"), regime=RegimePlan(**plan))  # type: ignore[arg-type]
    bots = tuple(
        msgspec.structs.replace(bot, family=family) for bot, family in zip(settings.bots, families, strict=True)
    )
    return EngineState(msgspec.structs.replace(settings, bots=bots))


def budgets(state: EngineState, reading: RegimeReading) -> list[Decimal]:
    watch = state.regimes
    assert watch is not None
    watch.__class__ = type("Told", (RegimeWatch,), {"__slots__": (), "take": lambda *_: (reading,)})
    process(state, bar(1, 10_000))
    return [seat.budget for seat in state.markets["BTC-USD"].seats_all]


def test_the_budget_follows_the_probabilities_of_the_regimes() -> None:
    state = shared("momentum", "trend", "mean_reversion", allocation=RegimeAllocation())
    found = budgets(state, told(Regime.TRENDING, 0.5, 0.3, 0.2, 0.0))
    assert found == [Decimal("0.18"), Decimal("0.09"), Decimal("0.09")]


def test_two_bots_of_a_family_share_its_part() -> None:
    state = shared("momentum", "momentum", allocation=RegimeAllocation(blend=False))
    assert budgets(state, told(Regime.TRENDING, 1.0, 0.0, 0.0, 0.0)) == [Decimal("0.12")] * 2


def test_a_small_change_of_mind_moves_no_budget() -> None:
    state = shared("momentum", allocation=RegimeAllocation(band=0.05))
    first = budgets(state, told(Regime.TRENDING, 0.8, 0.1, 0.1, 0.0))
    assert budgets(state, told(Regime.TRENDING, 0.75, 0.15, 0.1, 0.0)) == first
    assert budgets(state, told(Regime.CHOPPY, 0.3, 0.1, 0.6, 0.0)) < first


def test_a_bot_that_changes_keeps_to_what_the_regime_leaves_its_family() -> None:
    state = shared("momentum", "trend", allocation=RegimeAllocation())
    before = budgets(state, told(Regime.TRENDING, 0.5, 0.3, 0.2, 0.0))
    assert before == [Decimal("0.12"), Decimal("0.06")]
    process(state, ChangeBot(2 * MINUTE_NS, "b", "smaller", budget=Decimal("0.1")))
    assert [seat.budget for seat in state.markets["BTC-USD"].seats_all] == [Decimal("0.09"), Decimal("0.045")]
    process(state, ChangeBot(2 * MINUTE_NS, "a", "other", family="trend"))
    assert [seat.budget for seat in state.markets["BTC-USD"].seats_all] == [Decimal("0.0225")] * 2


def test_the_weights_in_force_are_in_the_state() -> None:
    one, other = (shared("momentum", allocation=RegimeAllocation(band=0.05)) for _ in range(2))
    for state, trending in ((one, 0.8), (other, 0.8)):
        budgets(state, told(Regime.TRENDING, trending, 0.1, 0.1, 0.0))
    assert state_digest(one) == state_digest(other)
    other.markets["BTC-USD"].weights = {**(other.markets["BTC-USD"].weights or {}), "trend": 0.4}
    assert state_digest(one) != state_digest(other)


def test_a_wish_that_came_to_nothing_is_heard_again_when_there_is_a_budget() -> None:
    state = shared("momentum", block=False, allocation=RegimeAllocation())
    seat = state.markets["BTC-USD"].seats_all[0]
    budgets(state, told(Regime.RANGING, 0.0, 1.0, 0.0, 0.0))
    seat.target = TargetWeight(1.0)
    budgets(state, told(Regime.TRENDING, 1.0, 0.0, 0.0, 0.0))
    assert seat.target is None
