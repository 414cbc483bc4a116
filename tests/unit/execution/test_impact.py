"""Expected impact, and the cost of an Almgren-Chriss path against its neighbours."""

import pytest

from tradewind.execution.impact import almgren_chriss_cost, square_root_impact_bps
from tradewind.execution.schedules import almgren_chriss_holdings, almgren_chriss_kappa


def test_square_root_impact():
    assert square_root_impact_bps(0.04, 0.01, 1) == pytest.approx(40, abs=5e-7)
    assert square_root_impact_bps(0.04, 0.04) == pytest.approx(80)
    assert square_root_impact_bps(0.04, 0.0) == 0


def test_cost_by_hand():
    cost, variance = almgren_chriss_cost((10, 4, 0), tau=2, sigma=0.5, eta=0.1, gamma=0.01, epsilon=0.02)
    assert cost == pytest.approx(0.01 * 100 / 2 + 0.1 * (36 + 16) / 2 + 0.02 * 10)
    assert variance == pytest.approx(0.25 * 2 * 16)


def test_the_optimal_path_beats_its_neighbours():
    aversion, sigma, eta, tau = 2e-3, 0.8, 0.05, 0.5
    kappa = almgren_chriss_kappa(aversion, sigma, eta, tau)
    best = almgren_chriss_holdings(100, 6, kappa * tau)

    def objective(path):
        cost, variance = almgren_chriss_cost(path, tau, sigma, eta)
        return cost + aversion * variance

    for i in range(1, 6):
        for change in (-0.5, 0.5):
            moved = (*best[:i], best[i] + change, *best[i + 1 :])
            assert objective(moved) > objective(best)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="negative"):
        square_root_impact_bps(-0.1, 0.1)
    with pytest.raises(ValueError, match="step"):
        almgren_chriss_cost((1.0,), 1, 1, 1)
