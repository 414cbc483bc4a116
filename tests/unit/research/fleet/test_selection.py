"""Walk-forward: a choice knows nothing of its own window, and what is not chosen begins nothing."""

from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.unit.research.fleet.test_scorecard import BARS, HOUR_NS, small_plan, walk
from tradewind.app.fleet import FleetPlan, WalkForwardSection
from tradewind.app.wiring import simulation_settings
from tradewind.engine.config import EngineConfig
from tradewind.model.errors import ConfigError
from tradewind.model.intents import TargetWeight
from tradewind.research.backtest import run_backtest
from tradewind.research.breakdown import read_model
from tradewind.research.fleet.arms import SELECTION_OFF, paper_config
from tradewind.research.fleet.page import card_object, fleet_page
from tradewind.research.fleet.scheduled import Scheduled
from tradewind.research.fleet.scorecard import run_fleet
from tradewind.research.fleet.selection import Trade, choose, paper_trades, scheduled, walk_forward, windows
from tradewind.research.series import BarSeries
from tradewind.strategy.base import View
from tradewind.strategy.builtin.momentum import Momentum

DAY_NS = 24 * HOUR_NS
SECTION = WalkForwardSection(train="10d", test="2d", shrink_trades=4, embargo=Decimal("0.1"))


def engine(plan: FleetPlan) -> EngineConfig:
    return paper_config(plan.config, [walk(name, 1).instrument for name in ("BTC-USD", "ETH-USD")])


@pytest.fixture
def plan(tmp_path: Path) -> FleetPlan:
    return small_plan(tmp_path)


def trades(bot: str, day: float, net: float, count: int = 10) -> list[Trade]:
    at = int(day * DAY_NS)
    return [Trade(bot, at + n, at + n + HOUR_NS, net + 80, net) for n in range(count)]


def test_training_ends_an_embargo_before_each_window_and_windows_follow_each_other() -> None:
    found = windows(SECTION, 100 * DAY_NS, 105 * DAY_NS)
    assert [each.from_ns // DAY_NS for each in found] == [100, 102, 104]
    assert [each.to_ns // DAY_NS for each in found] == [102, 104, 105]
    for each in found:
        assert each.from_ns - each.train_to_ns == DAY_NS  # 10 % of ten days
        assert each.train_to_ns - each.train_from_ns == 10 * DAY_NS


def test_a_choice_every_second_is_refused_before_anything_runs(plan: FleetPlan) -> None:
    section = msgspec.structs.replace(SECTION, test="1s")
    with pytest.raises(ConfigError, match="every 1s, here 864,000 times, and 5,000 are the most: make test longer"):
        run_fleet(msgspec.structs.replace(plan, walk_forward=section), [walk("BTC-USD", 1)])


def test_a_step_longer_than_the_test_leaves_days_in_which_nothing_begins(plan: FleetPlan) -> None:
    section = msgspec.structs.replace(SECTION, step="5d")
    walked = walk_forward(section, trades("momentum@BTC-USD", 95, 50.0), engine(plan), 100 * DAY_NS, 110 * DAY_NS)
    bot = next(each for each in scheduled(engine(plan), walked).bots if each.id == "momentum@BTC-USD").strategy
    assert isinstance(bot, Scheduled)
    assert [bot.share(day * DAY_NS) for day in (99, 100, 101, 102, 104)] == [0, 1, 1, 0, 0]


def test_those_with_an_edge_trade_those_without_do_not_and_the_unknown_have_a_part(plan: FleetPlan) -> None:
    (window, *_) = windows(SECTION, 100 * DAY_NS, 102 * DAY_NS)
    known = trades("momentum@BTC-USD", 95, 50.0) + trades("momentum@ETH-USD", 95, -90.0)
    found = choose(SECTION, window, known, engine(plan))
    assert found.shares == {
        "momentum@BTC-USD": 1.0, "momentum@ETH-USD": 0.0, "rsi_reversion@BTC-USD": 0.5, "rsi_reversion@ETH-USD": 0.5,
    }  # fmt: skip
    # (10 x 50 + 4 x M) / 14 with M = (500 - 900) / 24, the kind's own mean, shrunk as well
    assert found.edges_bps["momentum@BTC-USD"] == pytest.approx((500 + 4 * (-400 / 24)) / 14)


@pytest.mark.parametrize("moved", [5.0, 1e6, -1e6])
def test_nothing_of_the_window_or_its_embargo_moves_the_choice(plan: FleetPlan, moved: float) -> None:
    (window, *_) = windows(SECTION, 100 * DAY_NS, 102 * DAY_NS)
    known = trades("momentum@BTC-USD", 95, 50.0)
    straddling = [Trade("momentum@BTC-USD", 98 * DAY_NS, 99 * DAY_NS, moved, moved)]  # ends where the embargo begins
    later = trades("momentum@BTC-USD", 99.5, moved) + trades("momentum@BTC-USD", 100.5, moved) + straddling
    before = trades("momentum@BTC-USD", 88, moved)  # before the training window
    assert choose(SECTION, window, known + later + before, engine(plan)) == choose(SECTION, window, known, engine(plan))


def test_the_edge_gate_asks_for_two_takers_and_the_spread_before_fees(plan: FleetPlan) -> None:
    section = msgspec.structs.replace(SECTION, criterion="edge_gate", shrink_trades=0)
    (window, *_) = windows(section, 100 * DAY_NS, 102 * DAY_NS)
    for gross, share in ((83.0, 0.0), (84.0, 1.0)):  # 2 x 40 + 4
        known = trades("momentum@BTC-USD", 95, gross - 80)
        assert choose(section, window, known, engine(plan)).shares["momentum@BTC-USD"] == share


def test_budgets_follow_the_edge(plan: FleetPlan) -> None:
    section = msgspec.structs.replace(SECTION, choose="budgets", shrink_trades=0)
    (window, *_) = windows(section, 100 * DAY_NS, 102 * DAY_NS)
    known = trades("momentum@BTC-USD", 95, 100.0) + trades("momentum@ETH-USD", 95, 25.0)
    shares = choose(section, window, known, engine(plan)).shares
    assert (shares["momentum@BTC-USD"], shares["momentum@ETH-USD"]) == (1.0, 0.25)


@pytest.mark.parametrize(
    ("position", "weight", "share", "wanted"),
    [(0, 1.0, 0.0, None), (0, 1.0, 1.0, 1.0), (0, 1.0, 0.5, 0.5), (5, 0.0, 0.0, 0.0), (5, -1.0, 0.0, 0.0),
     (5, 1.0, 0.0, None)],
)  # fmt: skip
def test_a_bot_that_is_not_chosen_leaves_and_begins_nothing(
    position: int, weight: float, share: float, wanted: float | None
) -> None:
    class Fixed(Momentum, frozen=True, kw_only=True):
        def on_bar(self, view: View) -> TargetWeight | None:
            return TargetWeight(weight)

    view = View(walk("BTC-USD", 1).instrument, Fixed().memory())
    view.position, view.now_ns = position, 10
    got = Scheduled(inner=Fixed(), starts_ns=(5,), shares=(share,)).on_bar(view)
    assert (got.weight if isinstance(got, TargetWeight) else got) == wanted


def test_before_the_first_choice_nothing_begins() -> None:
    assert Scheduled(inner=Momentum(), starts_ns=(5,), shares=(1.0,)).share(4) == 0.0


def test_a_bot_that_is_always_chosen_trades_as_it_would_alone(plan: FleetPlan) -> None:
    series = [walk(name, seed) for seed, name in enumerate(("BTC-USD", "ETH-USD"))]
    first_ns = int(series[0].open_ns[0])
    alone = engine(plan)
    always = msgspec.structs.replace(
        alone,
        bots=tuple(
            msgspec.structs.replace(each, strategy=Scheduled(inner=each.strategy, starts_ns=(first_ns,), shares=(1.0,)))
            for each in alone.bots
        ),
    )
    settings = simulation_settings(plan.config)
    first, second = run_backtest(alone, settings, series), run_backtest(always, settings, series)
    assert first.fills == second.fills > 0
    assert first.equity == second.equity


def test_what_comes_later_changes_no_earlier_choice(plan: FleetPlan) -> None:
    """The whole path, from bars to choices: other bars after a moment, the same choices up to it."""
    section = WalkForwardSection(train="4d", test="1d", shrink_trades=4)
    first = [walk(name, seed) for seed, name in enumerate(("BTC-USD", "ETH-USD"))]
    cut = BARS * 3 // 4
    other = [_other_after(each, cut, 2 + number) for number, each in enumerate(first)]
    settings = simulation_settings(plan.config)
    start, end = int(first[0].open_ns[0]), int(first[0].open_ns[-1]) + HOUR_NS
    made = []
    for series in (first, other):
        result = run_backtest(engine(plan), settings, series)
        made.append(walk_forward(section, paper_trades(read_model(result).trips), engine(plan), start, end).choices)
    moment = int(first[0].open_ns[cut])
    same = [each for each in made[0] if each.window.from_ns <= moment]
    assert len(same) > 5
    assert same == list(made[1])[: len(same)]
    assert any(each.trades for each in same)


def _other_after(series: BarSeries, cut: int, times: int) -> BarSeries:
    """The same bars up to `cut`; from there on at another level, back and forth."""
    factor = np.where(np.arange(BARS) < cut, 1, times + np.arange(BARS) % 2)
    columns = {name: getattr(series, name) * factor for name in ("open", "high", "low", "close")}
    return msgspec.structs.replace(series, **columns)


def test_the_scorecard_tells_every_choice_and_counts_the_candidates_as_trials(plan: FleetPlan) -> None:
    walked = msgspec.structs.replace(plan, walk_forward=WalkForwardSection(train="4d", test="3d"))
    card = run_fleet(walked, [walk("BTC-USD", 0), walk("ETH-USD", 1)])
    assert list(card.arms)[6] == SELECTION_OFF
    assert card.trials == 9 + 4
    assert card.walk_forward is not None
    assert len(card.walk_forward.choices) == 4  # ten days in windows of three
    assert card_object(card)["walk_forward"]["candidates"] == 4
    assert "Who might trade" in fleet_page(card)
    assert "Who might trade" not in fleet_page(run_fleet(plan, [walk("BTC-USD", 0)]))
