"""Edges are found where they were planted and nowhere else, on markets that are generated for it."""

import numpy as np
import pytest

from tradewind.app.fleet import FleetPlan, fleet_plan
from tradewind.cli.fleeting import JUDGES
from tradewind.research.fleet.calibration import (
    BASE_VOLATILITY,
    FREE,
    MOST,
    NONE,
    PLANTED,
    Calibration,
    Row,
    calibrate,
    generated,
)
from tradewind.research.series import check_series


@pytest.fixture
def plan() -> FleetPlan:
    return fleet_plan("test", JUDGES)


def test_a_market_without_an_edge_has_no_mean_and_no_memory() -> None:
    moves = []
    for seed in range(12):
        for series in generated(NONE, (1, 0, seed)):
            check_series(series)
            assert series.instrument.id.startswith("NONE")
            moves.append(np.diff(series.close) / series.close[:-1])
    drawn = np.array(moves)
    assert abs(drawn.mean()) < 4 * drawn.std() / np.sqrt(drawn.size)
    lagged = (drawn[:, 1:] * drawn[:, :-1]).mean() / drawn.var()
    assert abs(lagged) < 0.02
    assert drawn.std() == pytest.approx(BASE_VOLATILITY, rel=0.2)


def test_a_planted_market_drifts_on_half_of_its_instruments() -> None:
    drifting = {series.instrument.id for series in generated(PLANTED, (1, 1, 0)) if _memory(series.close) > 2}
    assert drifting == {"EDGE0-USD", "EDGE2-USD"}


def test_the_same_seed_generates_the_same_market_with_and_without_costs() -> None:
    first, second = generated(NONE, (1, 0, 4)), generated(FREE, (1, 0, 4))
    assert all(np.array_equal(a.close, b.close) for a, b in zip(first, second, strict=True))


def test_an_edge_is_found_and_its_absence_too(plan: FleetPlan) -> None:
    found = calibrate(plan, 3, 11)
    assert found.rows[PLANTED].reported == 3
    assert found.rows[NONE].reported == 0
    assert found.rows[PLANTED].false <= 1 < found.rows[PLANTED].discoveries
    assert calibrate(plan, 1, 11).rows[PLANTED] == calibrate(plan, 1, 11).rows[PLANTED]


@pytest.mark.slow
def test_false_discoveries_stay_below_one_in_ten_over_many_markets(plan: FleetPlan) -> None:
    found = calibrate(plan, 60, 12)
    assert found.rows[FREE].share <= MOST
    assert found.rows[NONE].share <= MOST
    assert found.rows[PLANTED].share >= 0.9
    assert found.false_discovery <= MOST
    assert found.reached


def test_a_judge_who_sees_edges_everywhere_does_not_reach_the_goal() -> None:
    def row(reported: int, false: int) -> Row:
        return Row(10, reported, (0.0, 1.0), 80, 10, false)  # type: ignore[arg-type]

    fair = Calibration("x", 1, {NONE: row(1, 0), FREE: row(1, 1), PLANTED: row(10, 0)})
    assert fair.reached
    for kind, poor in ((NONE, row(2, 0)), (FREE, row(1, 9)), (PLANTED, row(8, 0))):
        assert not Calibration("x", 1, {**fair.rows, kind: poor}).reached


def _memory(close: np.ndarray) -> float:
    """How much larger the variance of two days is than 48 times that of a bar: 1 for a walk."""
    logs = np.log(close.astype(np.float64))
    return float((logs[48:] - logs[:-48]).var() / (48 * np.diff(logs).var()))
