"""Chance trades like the bot it stands for: by that bot's own bars, and with what it still held at the end."""

from pathlib import Path

import msgspec
import pytest

from tests.unit.research.fleet.test_scorecard import BARS, small_plan, walk
from tradewind.app.wiring import simulation_settings
from tradewind.research.backtest import run_backtest
from tradewind.research.fleet.arms import NAIVE, arm_config, hold_config
from tradewind.research.fleet.habits import Habit
from tradewind.research.fleet.scoring import Scored, score_arm
from tradewind.research.series import BarSeries

LATE = BARS // 4


def late(series: BarSeries, bars: int) -> BarSeries:
    columns = {name: getattr(series, name)[-bars:] for name in ("open_ns", "open", "high", "low", "close", "volume")}
    return msgspec.structs.replace(series, **columns)


def scored(folder: Path, *, hold: bool) -> Scored:
    plan = small_plan(folder)
    series = [walk("BTC-USD", 1), late(walk("ETH-USD", 2), LATE)]
    engine = arm_config(NAIVE, plan.config, [each.instrument for each in series])
    result = run_backtest(hold_config(engine) if hold else engine, simulation_settings(plan.config), series)
    return score_arm(result, series, "BTC")


def test_a_bot_of_an_instrument_that_began_late_is_measured_by_its_own_bars(tmp_path: Path) -> None:
    habits = scored(tmp_path, hold=False).habits
    for name, habit in habits.items():
        bars = LATE if name.endswith("ETH-USD") else BARS
        assert habit.held_bars + habit.free_bars == pytest.approx(bars)
    early, begun_late = habits["momentum@BTC-USD"], habits["momentum@ETH-USD"]
    assert begun_late.entries > 0
    assert begun_late.enter > 0.5 * early.enter  # by the fleet's bars it would be a quarter of it


def test_what_is_still_held_is_an_entry_without_an_exit(tmp_path: Path) -> None:
    habit = scored(tmp_path, hold=True).habits["momentum@ETH-USD"]
    assert (habit.entries, habit.exits) == (1, 0)
    assert habit.held_bars == pytest.approx(LATE, abs=2)
    assert (habit.leave, habit.short) == (0.0, 0.0)
    assert Habit(entries=3, exits=3, held_bars=30, free_bars=1, shorts=1).enter == 1.0
