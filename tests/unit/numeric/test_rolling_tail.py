"""Rolling quantiles against numpy on each window, and what they may know."""

import numpy as np
import pytest

from tradewind.numeric.risk_measures import es_historical, var_historical
from tradewind.numeric.rolling_tail import quantile_of, rolling_tails


def test_each_output_is_the_quantile_of_the_window_before_it():
    sample = np.random.default_rng(5).standard_t(3, 180)
    tails = rolling_tails(sample, [1 - 0.95, 1 - 0.8], 60, 20)
    assert np.isnan(tails.quantile[:, :20]).all()
    for t in range(20, sample.size):
        window = sample[max(0, t - 60) : t]
        for level, confidence in enumerate((0.95, 0.8)):
            assert -tails.quantile[level, t] == pytest.approx(var_historical(window, confidence), abs=1e-14)
            assert -tails.mean[level, t] == pytest.approx(es_historical(window, confidence), abs=1e-14)


def test_tied_values_all_belong_to_the_tail():
    tails = rolling_tails([-1.0] * 10 + [2.0] * 10 + [0.0], [0.25], 20, 20)
    assert tails.quantile[0, 20] == tails.mean[0, 20] == -1.0


def test_the_value_itself_is_not_known():
    sample = np.random.default_rng(6).normal(size=50)
    shocked = sample.copy()
    shocked[40] = -100.0
    before, after = (rolling_tails(each, [0.1], 30, 10).quantile[0] for each in (sample, shocked))
    assert (before[10:41] == after[10:41]).all()
    assert before[41] != after[41]


def test_a_warm_up_is_skipped_and_a_later_gap_is_refused():
    sample = np.concatenate([[np.nan, np.nan], np.arange(10.0)])
    tails = rolling_tails(sample, [0.5], 4, 2)
    assert np.isnan(tails.quantile[0, :4]).all()
    assert tails.quantile[0, 4] == 0.5
    with pytest.raises(ValueError, match="finite"):
        rolling_tails([1.0, np.nan, 2.0], [0.5], 4, 2)
    assert np.isnan(rolling_tails([np.nan] * 3, [0.5], 4, 2).quantile).all()


@pytest.mark.parametrize(("alphas", "window", "minimum"), [([0.0], 5, 2), ([0.5], 2, 5), ([0.5], 2, 0)])
def test_impossible_windows_are_refused(alphas, window, minimum):
    with pytest.raises(ValueError, match="must lie"):
        rolling_tails([1.0], alphas, window, minimum)


def test_the_centred_quantile_keeps_its_level():
    """Under definition 6 the next of 99 independent values falls below the 5 % quantile in 5 of 100 cases exactly."""
    ordered = sorted(np.random.default_rng(1).normal(size=99).tolist())
    assert quantile_of(ordered, 0.05, centred=True) == ordered[4]
    assert quantile_of(ordered, 0.05) == pytest.approx(np.quantile(ordered, 0.05), abs=1e-15)
    assert quantile_of(ordered, 0.001, centred=True) == ordered[0]
    assert quantile_of(ordered, 0.999, centred=True) == ordered[-1]


def test_the_centred_quantile_is_numpys_weibull():
    ordered = sorted(np.random.default_rng(2).normal(size=137).tolist())
    for alpha in (0.01, 0.05, 0.5, 0.95):
        assert quantile_of(ordered, alpha, centred=True) == pytest.approx(
            np.quantile(ordered, alpha, method="weibull"), abs=1e-14
        )
