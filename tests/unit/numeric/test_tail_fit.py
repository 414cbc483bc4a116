"""The fit behind VaR and correlation: what it estimates on known samples, and what it leaves out."""

import numpy as np
import pytest

from tradewind.numeric.tail_fit import fit_tail


def returns(seed: int = 1, size: int = 500, count: int = 4) -> np.ndarray:
    generator = np.random.default_rng(seed)
    common = generator.normal(0, 0.015, (size, 1))
    return common + generator.normal(0, 0.01, (size, count))


def test_normal_returns_have_a_normal_multiplier_and_their_covariance():
    # Averaged over many samples: one fit weighs the last weeks most.
    found = [fit_tail(returns(seed), 1.0) for seed in range(40)]
    matrices = np.mean([each.covariance for each in found], axis=0)
    assert matrices[0, 0] == pytest.approx(0.015**2 + 0.01**2, rel=0.1)
    assert matrices[0, 1] == pytest.approx(0.015**2, rel=0.15)
    # The largest of ten quantiles of 470 residuals lies above the normal 1.645, and not by much.
    assert 1.65 < np.mean([each.multiplier for each in found]) < 1.95


def test_a_day_is_so_many_bars():
    daily, hourly = fit_tail(returns(), 1.0), fit_tail(returns(), 24.0)
    assert hourly.covariance == pytest.approx(24 * daily.covariance)
    assert hourly.multiplier == daily.multiplier


def test_the_matrix_is_symmetric_and_nowhere_negative():
    matrix = fit_tail(returns(count=12), 1.0).covariance
    assert (matrix == matrix.T).all()
    assert np.linalg.eigvalsh(matrix).min() > 0


def test_wild_tails_have_a_larger_multiplier():
    calm = returns()
    wild = calm.copy()
    wild[:, 2] = np.where(np.random.default_rng(9).random(500) < 0.07, -0.1, 0.001)
    assert fit_tail(wild, 1.0).multiplier > fit_tail(calm, 1.0).multiplier


def test_what_was_long_ago_is_not_seen():
    old = np.concatenate([returns(2, 300) * 40, returns(1)])
    assert np.array_equal(fit_tail(old, 1.0).covariance, fit_tail(returns(1), 1.0).covariance)


def test_instruments_with_few_returns_or_without_moves_are_left_out():
    table = returns()
    table[:420, 1] = np.nan
    table[:, 3] = 0.0
    fit = fit_tail(table, 1.0)
    assert fit.places == (0, 2)
    assert fit.covariance.shape == (2, 2)


def test_missing_returns_of_one_hide_nothing_of_another():
    """What an instrument did while another had no bars is in its variance."""
    table = returns(count=3)
    table[-20:, 0] *= 6
    table[-20:, 2] = np.nan
    alone, beside = fit_tail(table[:, :2], 1.0), fit_tail(table, 1.0)
    assert beside.places == (0, 1, 2)
    assert np.diag(beside.covariance)[:2] == pytest.approx(np.diag(alone.covariance))
    assert beside.multiplier >= alone.multiplier * 0.99


def test_an_instrument_that_has_stopped_is_not_known():
    table = returns(count=3)
    table[-30:, 2] = np.nan
    assert fit_tail(table, 1.0).places == (0, 1)
    table[-30, 2] = 0.01
    assert fit_tail(table, 1.0).places == (0, 1, 2)


def test_too_little_is_no_fit():
    assert fit_tail(returns(size=99), 1.0) is None
    assert fit_tail(np.zeros((500, 3)), 1.0) is None
    assert fit_tail(np.empty((0, 3)), 1.0) is None
    alternating = returns()
    alternating[::2, 0] = np.nan
    alternating[1::2, 1] = np.nan
    assert fit_tail(alternating, 1.0) is None


def test_what_is_no_table_is_refused():
    with pytest.raises(ValueError, match="table"):
        fit_tail(np.zeros(5), 1.0)
    with pytest.raises(ValueError, match="bars_per_day"):
        fit_tail(returns(), 0.0)
