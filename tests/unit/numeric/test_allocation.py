"""Weights against values worked out by hand, conditions of optimality, and the edges."""

import numpy as np
import pytest

from tradewind.numeric.allocation import (
    equal_risk_contribution,
    equal_weights,
    exponentiated_gradient,
    hierarchical_risk_parity,
    inverse_volatility,
    mean_variance,
    risk_contributions,
)

DIAGONAL = np.diag([0.04, 0.01, 0.16])


def random_covariance(seed: int, count: int = 6) -> np.ndarray:
    root = np.random.default_rng(seed).standard_normal((60, count)) * np.linspace(0.5, 2.0, count)
    return np.cov(root @ (np.eye(count) + 0.3), rowvar=False)


def test_equal_weights_are_equal() -> None:
    assert equal_weights(4).tolist() == [0.25] * 4
    with pytest.raises(ValueError, match="count was 0"):
        equal_weights(0)


def test_inverse_volatility_by_hand() -> None:
    # 1/0.2 : 1/0.1 : 1/0.4 = 5 : 10 : 2.5
    assert inverse_volatility(DIAGONAL) == pytest.approx([5 / 17.5, 10 / 17.5, 2.5 / 17.5], abs=1e-15)


def test_what_does_not_move_gets_nothing_and_nothing_that_moves_gets_equal_parts() -> None:
    assert inverse_volatility(np.diag([0.04, 0.0])).tolist() == [1.0, 0.0]
    assert inverse_volatility(np.zeros((3, 3))).tolist() == [1 / 3] * 3


def test_what_is_not_known_gives_no_weights() -> None:
    assert np.isnan(inverse_volatility(np.diag([0.04, np.nan]))).all()
    assert np.isnan(inverse_volatility(np.full((2, 2), np.nan))).all()


def test_equal_risk_of_two_assets_is_inverse_volatility_whatever_their_correlation() -> None:
    for correlation in (-0.5, 0.0, 0.9):
        matrix = np.array([[0.04, correlation * 0.02], [correlation * 0.02, 0.01]])
        assert equal_risk_contribution(matrix) == pytest.approx([1 / 3, 2 / 3], abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_every_asset_brings_the_same_risk(seed: int) -> None:
    matrix = random_covariance(seed)
    brought = risk_contributions(equal_risk_contribution(matrix), matrix)
    assert brought / brought.sum() == pytest.approx(np.full(6, 1 / 6), abs=1e-9)


def test_equal_risk_needs_assets_that_move() -> None:
    with pytest.raises(ValueError, match="leave the others out"):
        equal_risk_contribution(np.diag([0.04, 0.0]))
    with pytest.raises(ValueError, match="leave the others out"):
        equal_risk_contribution(np.full((2, 2), np.nan))


def test_a_singular_covariance_still_has_equal_risk() -> None:
    assert equal_risk_contribution(np.full((3, 3), 0.04)) == pytest.approx([1 / 3] * 3, abs=1e-9)


def test_hierarchical_risk_parity_by_hand() -> None:
    # Uncorrelated: the tree joins the first two, then the third; the bisection sets 1 against {2, 3} in leaf order.
    weights = hierarchical_risk_parity(np.diag([0.04, 0.01]))
    assert weights == pytest.approx([0.2, 0.8], abs=1e-15)


def test_hierarchical_risk_parity_keeps_twins_together() -> None:
    # Assets 0 and 2 are twins; 1 stands alone. Halves of the order [1, 0, 2]: {1} against {0, 2}.
    matrix = np.array([[1.0, 0.0, 0.99], [0.0, 1.0, 0.0], [0.99, 0.0, 1.0]])
    weights = hierarchical_risk_parity(matrix)
    twins = 0.5 * 0.5 * (2 + 2 * 0.99)  # the variance of their half-and-half portfolio
    alone = 1 - 1.0 / (1.0 + twins)
    assert weights[1] == pytest.approx(alone, abs=1e-12)
    assert weights[0] == pytest.approx(weights[2], abs=1e-12)
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)


def test_mean_variance_by_hand() -> None:
    # Unconstrained w = mu / (gamma sigma^2) sums to 1 here, so that the constraints do not bind.
    weights = mean_variance([0.02, 0.01], np.diag([0.05, 0.1 / 6]), 1.0)
    assert weights == pytest.approx([0.4, 0.6], abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_no_nearby_weights_are_better(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix, means = random_covariance(seed), rng.standard_normal(6) * 0.3
    before = rng.dirichlet(np.ones(6))

    def utility(weights: np.ndarray) -> float:
        return float(weights @ means - weights @ matrix @ weights - 0.05 * np.abs(weights - before).sum())

    best = mean_variance(means, matrix, 2.0, before, 0.05)
    assert best.min() >= 0
    assert best.sum() == pytest.approx(1.0, abs=1e-12)
    for _ in range(300):
        other = best * 0.98 + rng.dirichlet(np.full(6, 0.3)) * 0.02
        assert utility(other) <= utility(best) + 1e-9


def test_costs_that_nothing_earns_leave_everything_where_it_is() -> None:
    before = np.array([0.5, 0.3, 0.2])
    assert mean_variance([0.01, 0.0, 0.0], DIAGONAL, 1.0, before, 5.0) == pytest.approx(before, abs=1e-9)


def test_mean_variance_refuses_what_it_cannot_weigh() -> None:
    with pytest.raises(ValueError, match="finite"):
        mean_variance([np.nan, 0.0], np.eye(2), 1.0)
    with pytest.raises(ValueError, match="positive"):
        mean_variance([0.0, 0.0], np.eye(2), 0.0)


def test_exponentiated_gradient_by_hand() -> None:
    # w.x = 1.05; the odds of the first are exp(0.5 * 0.1 / 1.05)
    odds = np.exp(0.05 / 1.05)
    assert exponentiated_gradient([0.5, 0.5], [1.1, 1.0], 0.5) == pytest.approx([odds / (1 + odds), 1 / (1 + odds)])


def test_exponentiated_gradient_keeps_its_regret_bound() -> None:
    rng = np.random.default_rng(3)
    relatives = np.exp(rng.normal(0, 0.02, (500, 4)))
    r = float((relatives.min(axis=1) / relatives.max(axis=1)).min())
    eta = 2 * r * np.sqrt(2 * np.log(4) / 500)
    weights, log_wealth = equal_weights(4), 0.0
    for row in relatives:
        log_wealth += float(np.log(weights @ row))
        weights = exponentiated_gradient(weights, row, eta)
    candidates = rng.dirichlet(np.ones(4), 2000)
    best = max(float(np.log(relatives @ each).sum()) for each in (*candidates, *np.eye(4)))
    assert best - log_wealth <= np.sqrt(2 * 500 * np.log(4)) / (2 * r)


def test_exponentiated_gradient_refuses_what_is_no_price_relative() -> None:
    with pytest.raises(ValueError, match="finite and positive"):
        exponentiated_gradient([0.5, 0.5], [1.0, 0.0])
    with pytest.raises(ValueError, match="sum to 1"):
        exponentiated_gradient([0.5, 0.4], [1.0, 1.0])
