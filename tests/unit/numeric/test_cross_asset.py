"""Crisis measures: known answers on small tables, and None where there is nothing to measure."""

import numpy as np
import pytest

from tradewind.numeric import cross_asset as cross


def history(rows=250, assets=5, seed=0):
    return np.random.default_rng(seed).normal(0, 0.01, (rows, assets))


def test_turbulence_by_hand_in_two_dimensions():
    rows = np.array([[1.0, 0], [-1, 0], [0, 2], [0, -2]])
    # Variances (ddof 1) are 2/3 and 8/3, without covariance.
    assert cross.turbulence(rows, [1, 2], "none") == pytest.approx((1 / (2 / 3) + 4 / (8 / 3)) / 2)
    assert cross.turbulence(rows, [1, 2], None) == cross.turbulence(rows, [1, 2], "none")


def test_turbulence_is_about_one_on_ordinary_days():
    rows = history(2000)
    values = [cross.turbulence(rows[:1000], row) for row in rows[1000:]]
    assert np.mean(values) == pytest.approx(1, abs=0.1)


def test_turbulence_of_a_crash_is_large():
    rows = history()
    assert cross.turbulence(rows, np.full(5, -0.06)) > 10


def test_turbulence_of_a_singular_covariance_is_flagged():
    rows = history()[:, [0, 0, 1]]
    reading = cross.turbulence_reading(rows, rows[0], "none")
    assert reading.flag == "SINGULAR"
    assert np.isfinite(reading.value)
    assert cross.turbulence_reading(history(), history()[0]).flag is None


def test_absorption_of_one_factor_is_everything():
    factor = history(48, 1)
    assert cross.absorption_ratio(factor @ np.ones((1, 6))) == pytest.approx(1)


def test_absorption_by_hand():
    rows = np.array([[2.0, 0], [-2, 0], [0, 1], [0, -1]])
    assert cross.absorption_ratio(rows, 1) == pytest.approx(0.8)
    assert cross.absorption_ratio(rows, 2) == pytest.approx(1)


def test_absorption_without_variance_is_unknown():
    assert cross.absorption_ratio(np.full((10, 3), 0.02), 1) is None


@pytest.mark.parametrize(("assets", "components"), [(2, 1), (6, 1), (8, 2), (13, 3)])
def test_a_fifth_of_the_assets(assets, components):
    assert cross.default_components(assets) == components


def test_standardised_shift():
    ratios = np.concatenate([np.tile([0.4, 0.5], 120), np.full(15, 0.8)])
    recent = ratios[-250:]
    shift = (0.8 - recent.mean()) / recent.std(ddof=1)
    assert cross.standardised_shift(ratios) == pytest.approx(shift)
    assert cross.standardised_shift(ratios[:200]) is None
    assert cross.standardised_shift(np.full(250, 0.4)) is None


def test_average_pairwise_correlation_matches_the_matrix():
    rows = history(24, 4)
    matrix = np.corrcoef(rows, rowvar=False)
    pairs = [matrix[i, j] for i in range(4) for j in range(i + 1, 4)]
    assert cross.average_pairwise_correlation(rows) == pytest.approx(np.mean(pairs), abs=1e-12)


def test_assets_that_never_moved_are_left_out():
    rows = history(24, 4)
    with_constant = np.column_stack([rows, np.zeros(24)])
    assert cross.average_pairwise_correlation(with_constant) == cross.average_pairwise_correlation(rows)
    assert cross.average_pairwise_correlation(with_constant[:, 2:]) is None


def test_missing_returns_are_left_out_pair_by_pair():
    rows = history(24, 3)
    holes = rows.copy()
    holes[0, 0] = np.nan
    expected = np.mean(
        [
            np.corrcoef(rows[1:, 0], rows[1:, 1])[0, 1],
            np.corrcoef(rows[1:, 0], rows[1:, 2])[0, 1],
            np.corrcoef(rows[:, 1], rows[:, 2])[0, 1],
        ]
    )
    assert cross.average_pairwise_correlation(holes) == pytest.approx(expected, abs=1e-12)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        cross.turbulence(history(), [0.1])
    with pytest.raises(ValueError, match="shrinkage"):
        cross.turbulence(history(), history()[0], "much")
    with pytest.raises(ValueError, match="components"):
        cross.absorption_ratio(history(), 6)
    with pytest.raises(ValueError, match="windows"):
        cross.standardised_shift([], 5, 5)
    with pytest.raises(ValueError, match="table"):
        cross.average_pairwise_correlation([0.1])
