"""A backtest with runtime guards: they look by the engine's own timer, and what they did is the same in a replay."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from msgspec import UNSET

from tests.unit.research.made_runs import FEES, OPEN_LIMITS, Restless, make_bars
from tradewind.engine.config import BotSpec, EngineConfig, GuardPlan
from tradewind.engine.core import Event, process
from tradewind.engine.digest import state_digest
from tradewind.engine.state import EngineState
from tradewind.model.commands import EnterReduceOnly, LeaveReduceOnly, TimerFired
from tradewind.model.effects import Effect
from tradewind.model.instrument import define_instrument
from tradewind.research.backtest import BacktestResult, run_backtest
from tradewind.risk.guards import GuardLimits
from tradewind.simulation.settings import SimulationSettings

NAMES = ("AAA-USD", "BBB-USD")
INSTRUMENTS = tuple(define_instrument(name, price_increment="0.01", base_increment="0.0001") for name in NAMES)
BARS = 120


class Kept:
    """What a journal would hold of the events."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.note = self.events.append

    def intend(self, sequence: int, effects: Sequence[Effect]) -> None:
        return None

    def settle(self, state: EngineState) -> None:
        return None


def config(exposure: str) -> EngineConfig:
    limits = GuardLimits(exposure_share_max=Decimal(exposure), drawdown_share_max=None, daily_loss_share_max=None)
    return EngineConfig(
        session="guards",
        instruments=INSTRUMENTS,
        bots=(BotSpec(id="a", strategy=Restless(), instruments=NAMES),),
        fees=FEES,
        limits=OPEN_LIMITS,
        guards=GuardPlan(limits=limits),
    )


def run(exposure: str, kept: Kept) -> BacktestResult:
    bars = [make_bars(each, BARS, seed=seed) for seed, each in enumerate(INSTRUMENTS, 1)]
    return run_backtest(config(exposure), SimulationSettings(fees=FEES), bars, recorder=kept)


def test_guards_look_a_minute_after_the_bars_and_a_replay_comes_to_the_same() -> None:
    kept = Kept()
    result = run("0.3", kept)
    looks = [each for each in kept.events if isinstance(each, TimerFired) and each.key == "guards"]
    assert BARS <= len(looks) <= 2 * BARS  # after the bars, and once more when it was quiet
    assert {each.ts_ns // 60_000_000_000 % 60 for each in looks} == {1, 2}
    modes = [each for each in result.audit if isinstance(each, EnterReduceOnly | LeaveReduceOnly)]
    assert {type(each) for each in modes} == {EnterReduceOnly, LeaveReduceOnly}
    assert all(each.rule == "guards" for each in modes)
    state = EngineState(config("0.3"))
    for event in kept.events:
        process(state, event)
    assert state_digest(state) == result.state_digest


def test_what_nobody_breaches_changes_no_trade() -> None:
    wide, off = run("100", Kept()), Kept()
    bars = [make_bars(each, BARS, seed=seed) for seed, each in enumerate(INSTRUMENTS, 1)]
    plain = msgspec.structs.replace(config("1"), guards=UNSET)
    without = run_backtest(plain, SimulationSettings(fees=FEES), bars, recorder=off)
    assert (wide.fills, wide.equity) == (without.fills, without.equity)
    assert not any(isinstance(each, TimerFired) for each in off.events)
