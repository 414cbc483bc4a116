"""Run lengths by hand, against every way to cut a short series, and what a plain step looks like."""

import math
from itertools import product

import numpy as np
import pytest

from tradewind.numeric.changepoints import RunLengths, RunPrior, break_rows, run_length_chances

PRIOR = RunPrior(mean=0.3, mean_weight=0.5, shape=1.5, scale=0.8)


def test_one_row_by_hand() -> None:
    # Whatever the first row is, there is one run that could have made it: it goes on, or has ended.
    runs = RunLengths(1, hazard=0.25)
    np.testing.assert_allclose(runs.update([2.0])[:3], [0.25, 0.75, 0.0])
    # Prior mean 0, worth 1 row, shape 1, scale 1: the mean is 2/2, the scale 1 + 1 * 4 / (2 * 2).
    assert runs.means[1, 0] == pytest.approx(1.0)
    assert runs.scales[1, 0] == pytest.approx(2.0)


def test_two_rows_by_hand() -> None:
    # The second row 0 under the prior: Student t of 2 degrees, scale^2 = 1 * 2 / 1, at 0: 1 / (2 sqrt 2) / sqrt 2.
    # Under the run of row 2: 3 degrees, mean 1, scale^2 = 2 * 3 / (1.5 * 2) = 2, at -1.
    fresh = 1 / (2 * math.sqrt(2)) / math.sqrt(2)
    density = math.gamma(2) / (math.gamma(1.5) * math.sqrt(3 * math.pi)) * (1 + 1 / (3 * 2)) ** -2
    grown = density / math.sqrt(2)
    joint = np.array([0.25 * fresh, 0.75 * grown])
    expected = np.array([0.25 * joint.sum(), *(0.75 * joint)]) / joint.sum()
    runs = RunLengths(1, hazard=0.25)
    runs.update([2.0])
    np.testing.assert_allclose(runs.update([0.0])[:4], [*expected, 0.0], rtol=1e-12)


def evidence(rows: np.ndarray) -> float:
    """The probability of one run's rows in closed form, by the sums of all of them at once."""
    count, value = len(rows), 1.0
    if count == 0:
        return 1.0
    weight, shape = PRIOR.mean_weight + count, PRIOR.shape + count / 2
    for column in rows.T:
        apart = PRIOR.mean_weight * count * (column.mean() - PRIOR.mean) ** 2 / (2 * weight)
        scale = PRIOR.scale + 0.5 * ((column - column.mean()) ** 2).sum() + apart
        value *= math.gamma(shape) / math.gamma(PRIOR.shape) * PRIOR.scale**PRIOR.shape / scale**shape
        value *= math.sqrt(PRIOR.mean_weight / weight) * (2 * math.pi) ** (-count / 2)
    return value


def test_every_way_to_cut_a_short_series() -> None:
    rows = np.random.default_rng(2).standard_normal((6, 2)) + np.array([[0.0, 2.0]])
    expected = np.zeros(7)
    for breaks in product([False, True], repeat=6):
        chance, start = 1.0, 0
        for row, broke in enumerate(breaks):
            chance *= 0.1 if broke else 0.9
            if broke:
                chance *= evidence(rows[start : row + 1])
                start = row + 1
        expected[6 - start] += chance * evidence(rows[start:])
    found = run_length_chances(rows, prior=PRIOR, hazard=0.1, longest=6)[-1]
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-10)


def test_long_runs_are_cut_and_the_rest_renormalised() -> None:
    rows = np.random.default_rng(3).standard_normal((50, 1))
    chances = run_length_chances(rows, longest=10)
    assert chances.shape == (50, 11)
    np.testing.assert_allclose(chances.sum(axis=1), 1.0)
    whole = run_length_chances(rows[:11], longest=30)[-1, :11]
    np.testing.assert_allclose(chances[10], whole / whole.sum(), rtol=1e-12)


def test_the_batch_is_the_stream_and_knows_no_future() -> None:
    rows = np.random.default_rng(4).standard_normal((40, 3))
    runs = RunLengths(3, prior=PRIOR)
    stream = [runs.update(row).copy() for row in rows]
    np.testing.assert_array_equal(stream, run_length_chances(rows, prior=PRIOR))
    np.testing.assert_array_equal(stream[:20], run_length_chances(rows[:20], prior=PRIOR))


def test_steps_are_dated() -> None:
    rows = np.random.default_rng(5).standard_normal((150, 1)) * 0.3
    rows[50:] += 4.0
    rows[110:] -= 6.0
    assert break_rows(run_length_chances(rows)) == [50, 110]
    assert break_rows(run_length_chances(rows[:50])) == []


def test_an_impossible_row_leaves_numbers() -> None:
    runs = RunLengths(2)
    for value in (0.0, 1e150, -1e-300, 0.0):
        chances = runs.update([value, -value])
        assert np.isfinite(chances).all()
        assert chances.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("row", [[math.nan, 0.0], [math.inf, 0.0], [1.0], [[1.0, 2.0]]])
def test_rows_that_do_not_fit_are_refused_and_change_nothing(row: list[float]) -> None:
    runs = RunLengths(2)
    runs.update([0.5, -0.5])
    before = runs.chances.copy(), runs.means.copy()
    with pytest.raises(ValueError, match="2 finite values"):
        runs.update(row)
    np.testing.assert_array_equal(runs.chances, before[0])
    np.testing.assert_array_equal(runs.means, before[1])


def test_a_prior_in_whole_numbers_is_the_same_prior() -> None:
    rows = np.random.default_rng(7).standard_normal((20, 2))
    whole = run_length_chances(rows, prior=RunPrior(mean=0, mean_weight=1, shape=2, scale=1))
    np.testing.assert_array_equal(whole, run_length_chances(rows, prior=RunPrior(0.0, 1.0, 2.0, 1.0)))


def test_settings_that_mean_nothing_are_refused() -> None:
    for hazard in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match="hazard"):
            RunLengths(1, hazard=hazard)
    with pytest.raises(ValueError, match="positive prior"):
        RunLengths(1, prior=RunPrior(scale=0.0))
    with pytest.raises(ValueError, match="positive prior"):
        RunLengths(0)
    with pytest.raises(ValueError, match="rows by columns"):
        run_length_chances([1.0, 2.0])
