"""The scorecard on a small generated market: complete, the same every time, and no kinder than the runs."""

from decimal import Decimal
from functools import cache
from pathlib import Path
from statistics import NormalDist

import msgspec
import numpy as np
import pytest

from tradewind.app.fleet import FleetPlan, FleetSection, read_fleet
from tradewind.model.instrument import define_instrument
from tradewind.research.fleet.arms import ARMS, FULL, HOLD, NAIVE, RANDOM
from tradewind.research.fleet.breaches import BREAKER, Breach
from tradewind.research.fleet.goals import goals
from tradewind.research.fleet.page import arms_object, card_object, fleet_page
from tradewind.research.fleet.scorecard import Scorecard, run_fleet, worth
from tradewind.research.fleet.scoring import discovered
from tradewind.research.series import BarSeries

HOUR_NS = 3_600_000_000_000
BARS = 24 * 10
INTERFACE = (
    "bots", "profitable", "wilson", "net_pnl", "fees", "maker_ratio", "sharpe", "deflated_sharpe", "max_drawdown",
    "btc_correlation", "turnover",
)  # fmt: skip


def walk(name: str, seed: int, swing: float = 0.01) -> BarSeries:
    rng = np.random.default_rng(seed)
    close = np.round(10_000 * np.exp(np.cumsum(rng.normal(0, swing, BARS)))).astype(np.int64)
    opened = np.concatenate([[10_000], close[:-1]])
    wick = np.round(close * np.abs(rng.normal(0, swing / 2, BARS))).astype(np.int64)
    high, low = np.maximum(opened, close) + wick, np.maximum(np.minimum(opened, close) - wick, 1)
    instrument = define_instrument(name, price_increment="0.01", base_increment="0.001")
    opens = (np.arange(BARS) + 473_000) * HOUR_NS
    return BarSeries(instrument, HOUR_NS, opens, opened, high, low, close, np.full(BARS, 10**6))


def small_plan(folder: Path) -> FleetPlan:
    path = folder / "fleet.toml"
    path.write_text(
        '[fleet]\ndraws = 200\n[regime]\ntier = "rules"\n'
        '[[bots]]\nstrategy = "momentum"\nparameters = { length = 24 }\n'
        '[[bots]]\nstrategy = "rsi_reversion"\n',
        encoding="utf-8",
    )
    return read_fleet(path)


@cache
def card_of(folder: Path) -> Scorecard:
    names = ("BTC-USD", "ETH-USD", "SOL-USD")
    return run_fleet(small_plan(folder), [walk(name, seed) for seed, name in enumerate(names)])


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Scorecard:
    return card_of(tmp_path_factory.mktemp("fleet"))


def test_every_arm_has_every_figure_of_the_interface(card: Scorecard) -> None:
    found = arms_object(card)
    assert list(found) == list(ARMS)
    for figures in found.values():
        assert set(INTERFACE) <= set(figures)
        assert figures["bots"] == 6


def test_the_arms_differ_in_what_they_are_for(card: Scorecard) -> None:
    arms = card.arms
    assert arms[NAIVE].maker_ratio == 0
    assert (arms[FULL].maker_ratio or 0) > 0.3
    assert arms[FULL].regime_refusals > 0
    assert arms["regime_off"].regime_refusals == 0
    assert arms[HOLD].trades == 0
    assert arms[RANDOM].trades == pytest.approx(arms[NAIVE].trades, rel=0.5)


def test_profit_is_the_sum_of_the_bots(card: Scorecard) -> None:
    for arm, score in card.arms.items():
        assert sum(card.by_bot[arm].values(), Decimal(0)) == pytest.approx(score.net_pnl)
        assert score.profitable == sum(gain > 0 for gain in card.by_bot[arm].values())
        assert score.wilson[0] <= score.profitable_share <= score.wilson[1]


def test_the_reasons_add_up_to_the_net_gain(card: Scorecard) -> None:
    for arm, found in card.reasons.items():
        score = card.arms[arm]
        kinds = found.kinds.values()
        assert sum((row.net for row in kinds), Decimal(0)) == score.net_pnl
        assert sum((row.fees for row in kinds), Decimal(0)) == score.fees
        assert all(row.prices - row.fees == row.net for row in kinds)
        assert sum(row.profitable for row in kinds) == score.profitable
        assert sum(row.bots for row in kinds) == score.bots
        assert found.blocked + found.refused == score.refusals
    assert card.reasons[FULL].blocked > 0 == card.reasons[NAIVE].blocked
    assert card.reasons[HOLD].held > card.reasons[FULL].held > 0
    assert set(card.reasons[FULL].kinds) == {"momentum", "rsi_reversion"}


def test_the_paired_difference_is_the_difference_of_the_arms(card: Scorecard) -> None:
    for arm, pair in card.paired.items():
        assert pair.net_pnl.value == pytest.approx(float(card.arms[arm].net_pnl - card.arms[NAIVE].net_pnl), abs=1e-6)
        assert pair.net_pnl.low <= pair.net_pnl.high


def test_the_worth_of_a_part_is_the_whole_less_the_stack_without_it(card: Scorecard) -> None:
    assert worth(card)["maker_off"] == card.arms[FULL].net_pnl - card.arms["maker_off"].net_pnl


def test_a_second_run_finds_the_same(card: Scorecard, tmp_path: Path) -> None:
    plan, market = small_plan(tmp_path), [walk("BTC-USD", 4)]
    first, second = run_fleet(plan, market), run_fleet(plan, market)
    assert first.digest == second.digest == card.digest
    assert first.arms == second.arms
    assert first.paired == second.paired
    # One coin that is bought and held moves as that coin does.
    assert first.arms[HOLD].btc_correlation == pytest.approx(1, abs=1e-3)


def test_the_deflated_ratio_is_that_of_eight_trials(card: Scorecard) -> None:
    """METHODS 5, written out: the arms that ran are the trials."""
    ratios = {arm: days.returns.mean() / days.returns.std(ddof=1) for arm, days in card.days.items()}
    normal, euler = NormalDist(), 0.5772156649
    best = (1 - euler) * normal.inv_cdf(1 - 1 / 8) + euler * normal.inv_cdf(1 - 1 / (8 * np.e))
    for arm, days in card.days.items():
        z = (days.returns - days.returns.mean()) / days.returns.std()
        above = ratios[arm] - np.std(list(ratios.values()), ddof=1) * best
        spread = 1 - (z**3).mean() * ratios[arm] + ((z**4).mean() - 1) / 4 * ratios[arm] ** 2
        expected = normal.cdf(above * np.sqrt(len(z) - 1) / np.sqrt(spread))
        assert card.arms[arm].deflated_sharpe == pytest.approx(expected, abs=1e-9)


def test_the_drawdown_told_is_the_largest_with_its_own_gap(card: Scorecard) -> None:
    audit = msgspec.structs.replace(card.audits[FULL], checked=(BREAKER,), breaches=())
    near = msgspec.structs.replace(audit, drawdown=0.1002, gap=0.0004)
    deep = msgspec.structs.replace(audit, drawdown=0.1030, gap=0.0040)
    found = {goal.name: goal for goal in goals(card.arms, card.paired[FULL], {"full": near, "risk_off": deep})}
    told = found["drawdown, arms with a breaker"]
    assert (told.found, told.reached) == ("at most 10.30% (risk_off, gap 0.40%)", True)
    late = msgspec.structs.replace(deep, gap=0.0020)
    found = {goal.name: goal for goal in goals(card.arms, card.paired[FULL], {"full": near, "risk_off": late})}
    told = found["drawdown, arms with a breaker"]
    assert (told.found, told.reached) == ("at most 10.30% (risk_off, gap 0.20%), too much in risk_off", False)


def test_goals_that_are_missed_are_told_as_missed(card: Scorecard) -> None:
    poor = msgspec.structs.replace(card.arms[FULL], profitable_share=0.5, sharpe=None, max_drawdown=0.2)
    late = msgspec.structs.replace(card.audits[FULL], drawdown=0.2, breaches=(Breach(1, "x", "y", 2.0, 1.0),))
    found = {goal.name: goal.reached for goal in goals({FULL: poor}, card.paired[FULL], {FULL: late})}
    assert found["profitable bots"] is found["Sharpe ratio"] is False
    assert found["drawdown, arms with a breaker"] is found["limit breaches, all arms"] is False
    rich = msgspec.structs.replace(card.arms[FULL], profitable_share=0.6, sharpe=1.5, btc_correlation=0.3)
    found = {goal.name: goal.reached for goal in goals({FULL: rich}, card.paired[FULL], card.audits)}
    assert found["profitable bots"] is found["Sharpe ratio"] is found["correlation with BTC"] is True


def test_no_drawdown_goes_beyond_the_breaker_and_one_bar(tmp_path: Path) -> None:
    path = tmp_path / "wild.toml"
    path.write_text(
        "[fleet]\ndraws = 100\n[regime]\nenabled = false\n[allocation]\nmethod = 'off'\n"
        "[limits]\ninstrument_share_max = 1\n[[bots]]\nstrategy = 'momentum'\nparameters = { length = 12 }\n",
        encoding="utf-8",
    )
    wild = [walk(name, 2 + number, swing=0.04) for number, name in enumerate(("BTC-USD", "ETH-USD"))]
    found = run_fleet(read_fleet(path), wild)
    goal = next(each for each in found.goals if each.name.startswith("drawdown"))
    assert found.arms[FULL].tripped_ns is not None
    assert goal.reached
    assert 0.10 <= found.audits[FULL].drawdown <= 0.10 + found.audits[FULL].gap
    assert 0 < found.reasons[FULL].stopped < 1
    assert "Its breaker had tripped for" in fleet_page(found)
    assert found.audits[FULL].gap < 2 * max(float((1 - each.low[1:] / each.close[:-1]).max()) for each in wild)


def test_the_page_needs_nothing_else_and_tells_all(card: Scorecard) -> None:
    page = fleet_page(card)
    assert "http://" not in page
    assert "https://" not in page
    assert card.digest in page
    assert "full: momentum" in page
    assert page.count("reached</td>") == len(card.goals)
    assert all(arm.replace("_", " ") in page for arm in ARMS)
    assert msgspec.json.encode(card_object(card), enc_hook=str)


def test_a_line_far_above_the_others_leaves_them_room(card: Scorecard) -> None:
    held = card.days[HOLD]
    risen = msgspec.structs.replace(held, equity=held.equity * np.linspace(1, 50, len(held.equity)))
    page = fleet_page(msgspec.structs.replace(card, days={**card.days, HOLD: risen}))
    assert "logarithmic scale" in page
    assert "logarithmic scale" not in fleet_page(card)


def test_an_edge_is_discovered_and_luck_is_not() -> None:
    rng = np.random.default_rng(5)
    lucky = {f"luck{n}": rng.normal(0, 1, 60).tolist() for n in range(30)}
    assert len(discovered(lucky)) <= 1
    assert "edge" in discovered({**lucky, "edge": rng.normal(1, 1, 60).tolist()})
    assert discovered({"short": [1.0] * 3, "constant": [1.0] * 20}) == ()
    assert discovered({}) == ()


def test_another_benchmark_is_another_correlation(card: Scorecard, tmp_path: Path) -> None:
    plan = msgspec.structs.replace(small_plan(tmp_path), fleet=FleetSection(benchmark="XYZ", draws=100))
    found = run_fleet(plan, [walk("BTC-USD", 0)])
    assert found.arms[FULL].btc_correlation is None
    assert card.arms[HOLD].btc_correlation is not None
