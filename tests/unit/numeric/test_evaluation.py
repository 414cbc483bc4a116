"""Ratios of a return series: reference values, and None instead of infinity."""

import math

import numpy as np
import pytest

from tradewind.numeric import evaluation

RETURNS = [0.01, -0.005, 0.02, 0.0, 0.015]


def test_sharpe():
    result = evaluation.sharpe(RETURNS, 365)
    assert result.mean == pytest.approx(0.008, abs=5e-9)
    assert result.deviation == pytest.approx(0.01036822, abs=5e-9)
    assert result.sharpe == pytest.approx(14.741178, abs=5e-7)


@pytest.mark.parametrize(
    ("returns", "expected"),
    [([], (None, None, None)), ([0.1], (0.1, None, None)), ([0.0, 0.0], (0.0, 0.0, None))],
)
def test_sharpe_without_variance_is_none(returns, expected):
    assert evaluation.sharpe(returns) == expected


def test_sharpe_of_equal_returns_is_none_in_spite_of_rounding():
    assert evaluation.sharpe([0.1] * 1000).sharpe is None


def test_sharpe_does_not_depend_on_scale():
    tiny = np.array(RETURNS) * 1e-20
    assert evaluation.sharpe(tiny).sharpe == pytest.approx(14.741178, abs=5e-7)


def test_autocorrelation_lowers_the_sharpe_of_a_trending_series():
    shocks = np.random.default_rng(0).normal(0.001, 0.01, 1000)
    trending = shocks.copy()
    for t in range(1, 1000):
        trending[t] += 0.5 * trending[t - 1]
    plain, corrected = evaluation.sharpe(trending).sharpe, evaluation.sharpe_autocorrelated(trending)
    assert 0 < corrected < 0.75 * plain
    assert evaluation.sharpe_autocorrelated(trending, lags=0) == pytest.approx(plain)
    assert evaluation.sharpe_autocorrelated([0.1, 0.1]) is None


def test_sortino_takes_the_downside_over_all_periods():
    result = evaluation.sortino([0.02, -0.01, 0.03, -0.02], 0.0, 365)
    assert result.downside == pytest.approx(math.sqrt((0.0001 + 0.0004) / 4))
    assert result.sortino == pytest.approx(0.005 / result.downside * math.sqrt(365))


def test_sortino_with_a_target():
    result = evaluation.sortino([0.02, 0.00], 0.01, 1)
    assert result.downside == pytest.approx(math.sqrt(0.0001 / 2))
    assert result.sortino == pytest.approx(0)


def test_sortino_without_a_loss_is_none():
    assert evaluation.sortino([0.01, 0.02]) == (0.0, None)
    assert evaluation.sortino([]) == (None, None)


def test_volatility():
    assert evaluation.volatility(RETURNS, 365) == pytest.approx(0.010368220676663861 * math.sqrt(365))
    assert evaluation.volatility([0.1]) is None


def test_cagr():
    assert evaluation.cagr(100, 121, 2) == pytest.approx(0.1)
    assert evaluation.cagr(100, 0, 2) == -1.0
    assert evaluation.cagr(100, 110, 0) is None
    assert evaluation.cagr(1, 1e9, 1e-9) is None


def test_calmar():
    assert evaluation.calmar(0.3, 0.15) == pytest.approx(2)
    assert evaluation.calmar(0.3, 0.0) is None


def test_total_and_extremes():
    assert evaluation.total_return([0.1, -0.1]) == pytest.approx(-0.01)
    assert evaluation.total_return([]) == 0
    assert evaluation.best_and_worst(RETURNS) == (0.02, -0.005)
    assert evaluation.best_and_worst([]) is None


def test_exposure():
    assert evaluation.exposure([True, False, False, True]) == 0.5
    assert evaluation.exposure([]) is None


def test_turnover_is_one_way():
    assert evaluation.turnover({"A": 0.6, "B": 0.4}, {"A": 0.3, "B": 0.7}) == pytest.approx(0.3, abs=1e-12)
    assert evaluation.turnover({"A": 1.0}, {"B": 1.0}) == 1.0
    assert evaluation.turnover({}, {}) == 0


def test_brier_binary():
    assert evaluation.brier_binary([0.8, 0.6, 0.7, 0.9], [1, 1, 0, 1]) == pytest.approx(0.175, abs=1e-12)
    assert evaluation.brier_binary([0.5], [0]) == 0.25


def test_monthly_returns_compound():
    months = [(2024, 1), (2024, 1), (2024, 2)]
    result = evaluation.monthly_returns(months, [0.1, 0.1, -0.5])
    assert list(result) == [(2024, 1), (2024, 2)]
    assert list(result.values()) == pytest.approx([0.21, -0.5])


def test_simple_returns():
    assert evaluation.simple_returns([100, 110, 99]) == pytest.approx([0.1, -0.1])
    assert evaluation.simple_returns([100]).size == 0
    assert evaluation.simple_returns([100, 0]) == pytest.approx([-1])


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        evaluation.sharpe([math.nan])
    with pytest.raises(ValueError, match="series"):
        evaluation.sharpe([[0.1]])
    with pytest.raises(ValueError, match="start"):
        evaluation.cagr(0, 1, 1)
    with pytest.raises(ValueError, match="positive share"):
        evaluation.calmar(0.1, -0.2)
    with pytest.raises(ValueError, match="one outcome"):
        evaluation.brier_binary([0.1], [1, 0])
    with pytest.raises(ValueError, match="0 or 1"):
        evaluation.brier_binary([0.1], [0.5])
    with pytest.raises(ValueError, match="one month"):
        evaluation.monthly_returns([], [0.1])
    with pytest.raises(ValueError, match="wiped out"):
        evaluation.simple_returns([100, 0, 10])
