"""Probabilities about results: reference values and limits."""

import math

import pytest

from tradewind.numeric import significance


@pytest.mark.parametrize(
    ("sharpe", "observations", "skew", "kurtosis", "probability"),
    [(0.1, 365, -0.5, 5, 0.968066), (0.05, 500, 0, 3, 0.867836)],
)
def test_probabilistic_sharpe(sharpe, observations, skew, kurtosis, probability):
    result = significance.probabilistic_sharpe(sharpe, 0.0, observations, skew, kurtosis)
    assert result == pytest.approx(probability, abs=5e-7)


def test_probabilistic_sharpe_at_the_benchmark_is_a_half():
    assert significance.probabilistic_sharpe(0.1, 0.1, 100, 0, 3) == 0.5


def test_probabilistic_sharpe_without_variance_is_none():
    assert significance.probabilistic_sharpe(1.0, 0.0, 100, 5.0, 3) is None
    assert significance.probabilistic_sharpe(1.0, 0.0, 1, 0.0, 3) is None


def test_one_trial_expects_nothing():
    result = significance.deflated_sharpe(0.1, 365, -0.5, 5, 1, 0.01)
    assert result.expected_max_sharpe == 0
    assert result.probability == significance.probabilistic_sharpe(0.1, 0, 365, -0.5, 5)


def test_more_trials_deflate_more():
    few = significance.deflated_sharpe(0.1, 365, 0, 3, 5, 0.001)
    many = significance.deflated_sharpe(0.1, 365, 0, 3, 500, 0.001)
    assert many.expected_max_sharpe > few.expected_max_sharpe > 0
    assert many.probability < few.probability


def test_expected_maximum_of_a_hundred_trials():
    # sqrt(V) ((1 - g) Z(0.99) + g Z(1 - 1 / (100 e))) with Z from tables.
    assert significance.expected_max_sharpe(100, 1.0) == pytest.approx(
        0.4227843351 * 2.326348 + 0.5772156649 * 2.680, abs=2e-3
    )


def test_wilson_interval():
    low, high = significance.wilson_interval(50, 100)
    assert (low, high) == pytest.approx((0.4038315, 0.5961685), abs=1e-6)
    assert significance.wilson_interval(0, 10).low == 0
    assert significance.wilson_interval(10, 10).high == 1
    assert significance.wilson_interval(0, 10).high == pytest.approx(0.2775, abs=1e-4)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="trials"):
        significance.expected_max_sharpe(0, 1)
    with pytest.raises(ValueError, match="variance"):
        significance.expected_max_sharpe(2, -1)
    with pytest.raises(ValueError, match="impossible"):
        significance.wilson_interval(2, 1)
    with pytest.raises(ValueError, match="confidence"):
        significance.wilson_interval(1, 2, math.inf)
