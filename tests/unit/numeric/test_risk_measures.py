"""VaR and ES of known samples, and what happens at the edges."""

import math

import numpy as np
import pytest

from tradewind.numeric import risk_measures as risk

RETURNS = [
    *(-0.05, -0.04, -0.03, -0.02, -0.01, 0, 0.005, 0.01, 0.01, 0.02),
    *(0.02, 0.025, 0.03, 0.03, 0.035, 0.04, 0.045, 0.05, 0.06, 0.07),
]


def test_historical_var_interpolates_between_order_statistics():
    assert risk.var_historical(RETURNS, 0.95) == pytest.approx(0.0405, abs=1e-12)


def test_historical_es_is_the_mean_beyond_var():
    assert risk.es_historical(RETURNS, 0.95) == pytest.approx(0.05, abs=1e-12)


def test_es_is_never_below_var():
    sample = np.random.default_rng(3).standard_t(3, 400)
    for confidence in (0.5, 0.9, 0.95, 0.99):
        assert risk.es_historical(sample, confidence) >= risk.var_historical(sample, confidence)


def test_one_return_is_its_own_tail():
    assert risk.var_historical([-0.02], 0.95) == risk.es_historical([-0.02], 0.95) == 0.02


def test_historical_risk_needs_a_hundred_returns():
    assert risk.historical_risk(np.zeros(99), 0.95) is None
    reading = risk.historical_risk(np.linspace(-1, 1, 101), 0.95)
    assert reading is not None
    assert reading.var == pytest.approx(0.9)


def test_historical_risk_looks_at_its_window_only():
    old_crash = np.concatenate([np.full(50, -0.5), np.tile([0.01, -0.01], 250)])
    reading = risk.historical_risk(old_crash, 0.99)
    assert reading is not None
    assert reading.var == pytest.approx(0.01)


@pytest.mark.parametrize(("confidence", "multiplier"), [(0.95, 2.062713), (0.99, 2.665214)])
def test_parametric_es_multipliers(confidence, multiplier):
    assert risk.es_parametric(0.0, 1.0, confidence) == pytest.approx(multiplier, abs=5e-7)


def test_parametric_var_of_a_certain_return():
    assert risk.var_parametric(0.01, 0.0, 0.95) == 0.0
    assert risk.var_parametric(-0.01, 0.0, 0.95) == 0.01
    assert risk.es_parametric(-0.01, 0.0, 0.95) == 0.01


def test_parametric_var_at_95():
    assert risk.var_parametric(0.001, 0.02, 0.95) == pytest.approx(-0.001 + 1.6448536269514722 * 0.02, abs=1e-15)


@pytest.mark.parametrize(("alpha", "z"), [(0.05, -1.721744), (0.01, -3.301284)])
def test_cornish_fisher_quantile(alpha, z):
    assert risk.cornish_fisher_z(alpha, -0.5, 3) == pytest.approx(z, abs=5e-7)


def test_cornish_fisher_of_a_normal_is_the_normal_quantile():
    assert risk.cornish_fisher_z(0.05, 0, 0) == pytest.approx(-1.6448536269514722, abs=1e-12)


@pytest.mark.parametrize(
    ("skew", "excess", "monotone"),
    [(0, 0, True), (-0.5, 3, True), (0, -0.1, False), (3, 3, False), (0, 9, False), (1, 0, False)],
)
def test_cornish_fisher_monotone_exactly_where_it_is_on_a_grid(skew, excess, monotone):
    z = np.linspace(-40, 40, 80_001)
    corrected = z + (z**2 - 1) * skew / 6 + (z**3 - 3 * z) * excess / 24 - (2 * z**3 - 5 * z) * skew**2 / 36
    assert bool((np.diff(corrected) > 0).all()) is monotone
    assert risk.cornish_fisher_is_monotone(skew, excess) is monotone


def test_cornish_fisher_falls_back_to_history_and_says_so():
    crashes = np.concatenate([np.tile([0.001, -0.001], 100), [-0.5]])
    reading = risk.cornish_fisher_risk(crashes, 0.95)
    assert reading.method == "historical"
    assert reading.flag == "CORNISH_FISHER_NOT_MONOTONE"
    assert reading.var == risk.var_historical(crashes, 0.95)


def test_cornish_fisher_of_near_normal_returns():
    sample = np.random.default_rng(0).standard_t(12, 5000) * 0.01
    reading = risk.cornish_fisher_risk(sample, 0.99)
    assert reading.flag is None
    assert reading.var == pytest.approx(risk.var_historical(sample, 0.99), rel=0.1)
    assert reading.es > reading.var


def test_moments_of_too_few_or_equal_returns_are_unknown():
    assert all(math.isnan(value) for value in risk.bias_corrected_moments(np.array([1.0, 2.0, 3.0])))
    assert all(math.isnan(value) for value in risk.bias_corrected_moments(np.full(10, 0.3)))


def test_ewma_variance_step():
    assert risk.ewma_variance(0.0004, 0.01, 0.94) == pytest.approx(0.000382, abs=1e-12)


def test_ewma_variances_start_after_the_seed_and_know_the_past_only():
    sample = np.random.default_rng(1).normal(0, 0.01, 60)
    out = risk.ewma_variances(sample)
    assert np.isnan(out[:29]).all()
    assert out[29] == sample[:30].var(ddof=1)
    assert out[30] == risk.ewma_variance(out[29], sample[30], 0.94)
    changed = sample.copy()
    changed[45:] = 9.0
    assert (risk.ewma_variances(changed)[29:45] == out[29:45]).all()
    assert np.isnan(risk.ewma_variances(sample[:10])).all()


def test_filtered_risk_scales_with_the_latest_forecast():
    sample = np.random.default_rng(2).normal(0, 0.01, 300)
    variances = risk.ewma_variances(sample)
    calm = risk.filtered_historical_risk(sample, variances, 0.95)
    variances[-1] *= 4
    stressed = risk.filtered_historical_risk(sample, variances, 0.95)
    assert stressed.var == pytest.approx(2 * calm.var)
    assert calm.es > calm.var > 0


def test_filtered_risk_without_forecasts_asks_for_more():
    with pytest.raises(ValueError, match="give more returns"):
        risk.filtered_historical_risk([0.1, 0.2], [math.nan, math.nan], 0.95)
    with pytest.raises(ValueError, match="differ in length"):
        risk.filtered_historical_risk([0.1, 0.2], [0.1], 0.95)


@pytest.mark.parametrize("returns", [[], [math.nan], [[0.1]], [math.inf, 0.0]])
def test_unusable_returns_are_refused(returns):
    with pytest.raises(ValueError, match="return"):
        risk.var_historical(returns, 0.95)


@pytest.mark.parametrize("confidence", [0, 1, -0.1, 95])
def test_confidence_is_a_share(confidence):
    with pytest.raises(ValueError, match="between 0 and 1"):
        risk.var_historical([0.1], confidence)


def test_negative_sigma_and_bad_seed_are_refused():
    with pytest.raises(ValueError, match="sigma"):
        risk.var_parametric(0, -1, 0.95)
    with pytest.raises(ValueError, match="seed_observations"):
        risk.ewma_variances([0.1, 0.2], seed_observations=1)
