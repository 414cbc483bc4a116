"""Dates of breaks against ruptures, and the predictive density of a run against scipy."""

import numpy as np
import pytest

from tradewind.numeric.changepoints import RunLengths, RunPrior, break_rows, run_length_chances

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def broken(seed: int, columns: int) -> tuple[np.ndarray, int]:
    """Normals whose mean steps and whose deviation changes now and then, and how often they do."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(40, 110, 6)
    parts = []
    for number, length in enumerate(lengths):
        side, deviation = (-1) ** number, rng.uniform(0.4, 0.9)
        parts.append(side * rng.uniform(1.0, 1.8, columns) + deviation * rng.standard_normal((length, columns)))
    return np.concatenate(parts), len(lengths) - 1


@pytest.mark.parametrize("columns", [1, 3])
@pytest.mark.parametrize("seed", range(4))
def test_dates_of_breaks(seed, columns):
    ruptures = pytest.importorskip("ruptures")
    rows, breaks = broken(seed, columns)
    theirs = ruptures.KernelCPD(kernel="linear", min_size=5).fit(rows).predict(n_bkps=breaks)[:-1]
    ours = break_rows(run_length_chances(rows))
    assert len(ours) == len(theirs)
    assert np.abs(np.array(ours) - np.array(theirs)).max() <= 5


def test_predictive_density_is_student_t():
    """Of two lengths that both go on, the odds move by their densities of the row."""
    stats = pytest.importorskip("scipy.stats")
    prior, rng = RunPrior(0.1, 0.7, 1.2, 0.5), np.random.default_rng(8)
    rows = rng.standard_normal((30, 2))
    runs = RunLengths(2, prior=prior)
    for row in rows[:-1]:
        runs.update(row)
    chances, means, scales = runs.chances.copy(), runs.means.copy(), runs.scales.copy()
    lengths = np.arange(30)
    weights, shapes = prior.mean_weight + lengths, prior.shape + lengths / 2
    spread = np.sqrt(scales[:30] * ((weights + 1) / (weights * shapes))[:, None])
    density = stats.t.pdf(rows[-1], 2 * shapes[:, None], means[:30], spread).prod(axis=1)
    expected = chances[:30] * density
    np.testing.assert_allclose(runs.update(rows[-1])[1:31], 59 / 60 * expected / expected.sum(), rtol=1e-9)
