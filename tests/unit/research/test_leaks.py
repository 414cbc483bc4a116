"""The look-ahead check: five planted leaks are caught, honest strategies pass, and nothing decided shows nothing."""

from collections.abc import Sequence

import numpy as np
import pytest

from tests.unit.research.planted import DIARY, Breaks, Centred, HasTheFile, Normalised, Reads, Remembers, Shifted
from tests.unit.strategy.group_runs import instrument
from tests.unit.strategy.runs import CASH, FEES, NO_LIMITS
from tests.unit.strategy.series import HOUR_NS, walk
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.research.leaks import LeakReport, check_lookahead
from tradewind.research.series import BarSeries
from tradewind.simulation.settings import SimulationSettings
from tradewind.strategy.base import Strategy
from tradewind.strategy.builtin.buy_and_hold import BuyAndHold
from tradewind.strategy.builtin.cross_momentum import CrossMomentum
from tradewind.strategy.builtin.macd import Macd
from tradewind.strategy.builtin.market_maker import MarketMaker

ROWS = 400
NAMES = ("A-PERP", "B-PERP", "C-PERP")


def bars(name: str = "A-PERP", seed: int = 1, rows: int = ROWS) -> BarSeries:
    made = walk(np.random.default_rng(seed), rows)
    opened = np.arange(rows, dtype=np.int64) * HOUR_NS
    return BarSeries(instrument(name), HOUR_NS, opened, made.open, made.high, made.low, made.close, None)


def checked(strategy: Strategy, names: Sequence[str] = NAMES[:1]) -> LeakReport:
    series = [bars(name, seed) for seed, name in enumerate(names, 1)]
    config = EngineConfig(
        session="t",
        instruments=tuple(each.instrument for each in series),
        bots=(BotSpec(id="bot", strategy=strategy, instruments=tuple(names)),),
        cash=CASH,
        fees=FEES,
        limits=NO_LIMITS,
    )
    return check_lookahead(config, SimulationSettings(fees=FEES), series)


def failed(report: LeakReport) -> set[str]:
    return {test.test for test in report.tests if not test.passed}


@pytest.mark.parametrize("strategy", [Macd(), BuyAndHold()], ids=["macd", "buy_and_hold"])
def test_honest_strategies_pass(strategy: Strategy) -> None:
    report = checked(strategy)
    assert failed(report) == set()
    assert report.clean
    assert report.decisions > 0


def test_an_honest_strategy_on_several_instruments_passes() -> None:
    report = checked(CrossMomentum(length=40, skip=5, rebalance_bars=20), NAMES)
    assert report.clean, report.tests


def test_a_centred_window_is_caught() -> None:
    assert {"repetition", "truncation", "future changed"} <= failed(checked(Reads(spec=Centred())))


def test_a_statistic_of_the_whole_series_is_caught() -> None:
    assert {"truncation", "future changed"} <= failed(checked(Reads(spec=Normalised())))


def test_a_column_shifted_the_wrong_way_is_caught_by_every_test() -> None:
    found = failed(checked(Reads(spec=Shifted())))
    assert found == {"repetition", "truncation", "future changed", "too good", "shuffled returns"}


def test_what_is_remembered_between_runs_is_caught() -> None:
    DIARY.clear()
    assert {"repetition", "truncation"} <= failed(checked(Remembers()))


def test_a_future_from_a_file_is_caught_by_what_it_earns() -> None:
    closes = tuple((bars().close / 10**6).tolist())
    found = failed(checked(HasTheFile(closes=closes, begin_ns=0)))
    assert "too good" in found
    assert not {"repetition", "truncation", "future changed"} & found  # these are blind to it


def test_a_signal_that_comes_too_late_to_be_honest_is_caught() -> None:
    """It knows the bar after the next: only a delay shows what it earns."""
    closes = (0.0, *(bars().close / 10**6).tolist()[1:])
    found = checked(HasTheFile(closes=closes[1:], begin_ns=0))
    assert "too good" in failed(found)


def test_a_strategy_that_fails_on_the_way_is_not_clean() -> None:
    report = checked(Breaks(after=100))
    assert report.decisions > 0
    assert failed(report) == set()
    assert report.failed == "RuntimeError: no more"
    assert not report.clean


def test_without_a_decision_nothing_is_shown() -> None:
    report = checked(MarketMaker())
    assert failed(report) == set()
    assert not report.clean
