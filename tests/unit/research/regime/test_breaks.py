"""The rival of breaks: the nearest state of each run that may still last, weighted by how likely it lasts."""

import numpy as np

from tradewind.numeric.changepoints import RunLengths
from tradewind.research.regime.breaks import PRIOR, run_states

CENTRES = np.array([[0.0, 0.0], [2.0, -1.0], [-2.0, 2.0]])


def wandering() -> np.ndarray:
    rng = np.random.default_rng(6)
    return CENTRES[np.repeat([0, 1, 2, 0], 40)] + 0.5 * rng.standard_normal((160, 2))


def test_states_are_those_of_the_runs_run_by_run() -> None:
    rows = wandering()[:60]
    found = run_states(rows, CENTRES)
    runs = RunLengths(2, prior=PRIOR)
    for row, chances in zip(rows, found, strict=True):
        expected = np.zeros(3)
        for chance, mean in zip(runs.update(row), runs.means, strict=True):
            expected[((mean - CENTRES) ** 2).sum(axis=1).argmin()] += chance
        np.testing.assert_allclose(chances, expected, atol=1e-12)


def test_a_settled_run_is_told_for_what_it_is() -> None:
    found = run_states(wandering(), CENTRES)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    for number, state in enumerate([0, 1, 2, 0]):
        settled = found[40 * number + 8 : 40 * (number + 1)]
        assert (settled.argmax(axis=1) == state).all()


def test_no_row_sees_the_next() -> None:
    rows = wandering()
    np.testing.assert_array_equal(run_states(rows, CENTRES)[:90], run_states(rows[:90], CENTRES))
