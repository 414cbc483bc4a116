"""Backtests of VaR forecasts, at the reference counts and at the limits."""

import numpy as np
import pytest

from tradewind.numeric import var_backtests as tests


@pytest.mark.parametrize(
    ("n", "x", "p", "statistic", "p_value"),
    [(250, 5, 0.01, 1.956810, 0.161855), (1000, 65, 0.05, 4.345453, 0.037108)],
)
def test_kupiec(n, x, p, statistic, p_value):
    result = tests.kupiec(n, x, p)
    assert result == pytest.approx((statistic, p_value), abs=5e-7)


def test_kupiec_limits():
    assert tests.kupiec(250, 0, 0.01).statistic == pytest.approx(-500 * np.log(0.99))
    assert tests.kupiec(10, 10, 0.5).statistic == pytest.approx(20 * np.log(2))
    assert tests.kupiec(100, 5, 0.05) == (0.0, 1.0)


def test_christoffersen():
    assert tests.christoffersen_independence(225, 10, 10, 4) == pytest.approx((8.332888, 0.003893), abs=5e-7)


def test_christoffersen_without_clusters_uses_the_limit():
    result = tests.christoffersen_independence(230, 10, 10, 0)
    pooled = 10 / 250
    expected = -2 * (240 * np.log(1 - pooled) + 10 * np.log(pooled) - 230 * np.log(23 / 24) - 10 * np.log(1 / 24))
    assert result.statistic == pytest.approx(expected)


def test_christoffersen_without_any_violation_says_nothing():
    assert tests.christoffersen_independence(249, 0, 0, 0) == (0.0, 1.0)


def test_conditional_coverage_adds_both():
    flags = np.zeros(250, dtype=bool)
    flags[[10, 11, 100, 180, 240]] = True
    both = tests.conditional_coverage(flags, 0.01)
    parts = tests.kupiec(250, 5, 0.01), tests.christoffersen_independence(*tests.transitions(flags))
    assert both.statistic == pytest.approx(sum(part.statistic for part in parts))
    assert both.p_value == pytest.approx(np.exp(-both.statistic / 2))


def test_transitions_count_neighbours():
    assert tests.transitions([False, True, True, False, False]) == (1, 1, 1, 1)


def test_a_loss_equal_to_the_forecast_is_no_violation():
    assert tests.violations([-0.02, -0.021, 0.1], [0.02, 0.02, 0.02]).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("exceptions", "zone"), [(0, "green"), (4, "green"), (5, "yellow"), (9, "yellow"), (10, "red"), (99, "red")]
)
def test_traffic_light(exceptions, zone):
    assert tests.traffic_light(exceptions) == zone


def test_z2_is_near_zero_when_right_and_negative_when_understated():
    returns = np.random.default_rng(4).normal(size=200_000)
    var, es = np.full(returns.size, 1.6448536), np.full(returns.size, 2.0627128)
    # Losing returns are negative numbers over a positive ES, so a right forecast gives 0.
    assert tests.acerbi_szekely_z2(returns, var, es, 0.05) == pytest.approx(0, abs=0.03)
    assert tests.acerbi_szekely_z2(returns * 1.5, var, es, 0.05) < -0.5


def test_pinball_loss_is_smallest_at_the_quantile():
    returns = np.random.default_rng(5).normal(size=20_000)
    losses = [tests.pinball_loss(returns, np.full(returns.size, q), 0.05) for q in (-2.2, -1.645, -1.0)]
    assert losses[1] < min(losses[0], losses[2])


def test_chi_square_survival_at_the_usual_limits():
    assert tests.chi_square_survival_1(3.841458820694124) == pytest.approx(0.05, abs=1e-12)
    assert tests.chi_square_survival_2(5.991464547107979) == pytest.approx(0.05, abs=1e-12)


def test_impossible_input_is_refused():
    with pytest.raises(ValueError, match="impossible"):
        tests.kupiec(5, 6, 0.01)
    with pytest.raises(ValueError, match="probability"):
        tests.kupiec(5, 1, 1.0)
    with pytest.raises(ValueError, match="transition counts"):
        tests.christoffersen_independence(0, 0, 0, 0)
    with pytest.raises(ValueError, match="exceptions"):
        tests.traffic_light(-1)
    with pytest.raises(ValueError, match="shape"):
        tests.violations([0.1], [0.1, 0.2])
    with pytest.raises(ValueError, match="at least 2"):
        tests.conditional_coverage([True], 0.01)
    with pytest.raises(ValueError, match="not positive"):
        tests.acerbi_szekely_z2([-0.1], [0.05], [0.0], 0.05)
    with pytest.raises(ValueError, match="alpha"):
        tests.pinball_loss([0.1], [0.1], 1.5)
