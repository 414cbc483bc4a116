"""The rivals of the regime model against the libraries of their fields: hmmlearn and jumpmodels."""

from itertools import permutations

import numpy as np
import pytest

from tradewind.research.regime.comparators import (
    HiddenMarkov,
    filtered,
    fit_jumps,
    fit_markov,
    jump_online,
    jump_paths,
    markov_likelihood,
)

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

CENTRES = np.array([[0.0, 0.0, 1.0], [1.5, -1.0, 0.0], [-1.0, 2.0, 0.5], [0.5, 1.0, -2.0]])


def series(seed: int, rows: int = 300) -> np.ndarray:
    """Noise round centres that are left now and then."""
    rng = np.random.default_rng(seed)
    states = np.cumsum(rng.random(rows) < 0.04) * 3 % 4
    return CENTRES[states] + rng.standard_normal((rows, 3)) * (0.6 + 0.3 * states[:, None])


def markov(seed: int) -> HiddenMarkov:
    rng = np.random.default_rng(seed)
    transitions = rng.dirichlet(np.ones(4), 4) * 0.2 + 0.8 * np.eye(4)
    return HiddenMarkov(
        start=rng.dirichlet(np.ones(4)).tolist(),
        transitions=transitions.tolist(),
        means=(CENTRES + 0.3 * rng.standard_normal(CENTRES.shape)).tolist(),
        variances=rng.uniform(0.3, 2.0, CENTRES.shape).tolist(),
        classes=[0, 1, 2, 3],
    )


def theirs(model: HiddenMarkov):
    hmm = pytest.importorskip("hmmlearn.hmm")
    made = hmm.GaussianHMM(4, covariance_type="diag")
    made.startprob_, made.transmat_ = np.array(model.start), np.array(model.transitions)
    made.means_, made.covars_ = np.array(model.means), np.array(model.variances)
    return made


@pytest.mark.parametrize("seed", range(5))
def test_likelihood_of_the_filter(seed):
    rows, model = series(seed), markov(seed)
    assert markov_likelihood(rows, model) == pytest.approx(theirs(model).score(rows), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_filtered_chances_are_the_smoothed_ones_of_the_last_row(seed):
    """The library only smooths; at the end of a series there is no future left to smooth with."""
    rows, model = series(seed), markov(seed)
    found, library = filtered(rows, model), theirs(model)
    for end in (1, 2, 40, 177, 300):
        np.testing.assert_allclose(found[end - 1], library.predict_proba(rows[:end])[-1], atol=1e-9)


@pytest.mark.parametrize("rounds", [1, 6])
def test_expectation_maximisation_takes_the_same_steps(rounds):
    hmm = pytest.importorskip("hmmlearn.hmm")
    both = np.stack([series(11), series(12)])
    start, transitions, means, variances = fit_markov(both, CENTRES, rounds)
    # The library's priors are taken out, so that its steps maximise the likelihood alone, as ours do.
    library = hmm.GaussianHMM(
        4, covariance_type="diag", n_iter=rounds, tol=-np.inf, init_params="", covars_prior=0.0, covars_weight=1.0
    )
    sticky = np.full((4, 4), 0.01)
    np.fill_diagonal(sticky, 0.97)
    library.startprob_, library.transmat_ = np.full(4, 0.25), sticky
    library.means_, library.covars_ = CENTRES, np.ones_like(CENTRES)
    library.fit(both.reshape(-1, 3), lengths=[300, 300])
    np.testing.assert_allclose(start, library.startprob_, atol=1e-6)
    np.testing.assert_allclose(transitions, library.transmat_, atol=1e-6)
    np.testing.assert_allclose(means, library.means_, atol=1e-6)
    np.testing.assert_allclose(variances, np.diagonal(library.covars_, axis1=1, axis2=2), atol=1e-6)


def objective(rows: np.ndarray, centres: np.ndarray, path: np.ndarray, penalty: float) -> float:
    return float(0.5 * ((rows - centres[path]) ** 2).sum() + penalty * (np.diff(path) != 0).sum())


@pytest.mark.parametrize("penalty", [0.0, 1.0, 8.0, 60.0])
def test_jump_paths_and_forward_costs(penalty):
    jump = pytest.importorskip("jumpmodels.jump")
    rows = series(3)
    prices = jump.jump_penalty_to_mx(penalty, 4)
    _, labels, value = jump.do_E_step(rows, CENTRES, prices)
    path = jump_paths(rows[None], CENTRES, penalty)[0]
    np.testing.assert_array_equal(path, labels)
    assert objective(rows, CENTRES, path, penalty) == pytest.approx(value, abs=1e-6)
    costs, online = jump_online(rows, CENTRES, penalty)
    values = jump.do_E_step(rows, CENTRES, prices, return_value_mx=True)
    np.testing.assert_allclose(costs, values, atol=1e-6)
    np.testing.assert_array_equal(online, values.argmin(axis=1))


@pytest.mark.parametrize(("seed", "penalty"), [(5, 4.0), (6, 10.0)])
def test_fitted_jump_model_up_to_the_names_of_its_states(seed, penalty):
    jump = pytest.importorskip("jumpmodels.jump")
    rows = series(seed)
    library = jump.JumpModel(4, jump_penalty=penalty, random_state=0, n_init=10).fit(rows)
    # Coordinate descent ends in the valley it starts in: the best of some starts, as the library takes it.
    rng = np.random.default_rng(seed)
    starts = [CENTRES, *(rows[rng.choice(len(rows), 4, replace=False)] for _ in range(20))]
    fits = [fit_jumps(rows[None], start, penalty, iterations=1000) for start in starts]
    paths = [jump_paths(rows[None], each, penalty)[0] for each in fits]
    values = [objective(rows, each, path, penalty) for each, path in zip(fits, paths, strict=True)]
    best = int(np.argmin(values))
    centres, path = fits[best], paths[best]
    assert values[best] == pytest.approx(library.val_, abs=1e-6)
    assert any((np.array(names)[path] == library.labels_).all() for names in permutations(range(4)))
    order = [int(np.abs(library.centers_ - centre).sum(axis=1).argmin()) for centre in centres]
    np.testing.assert_allclose(centres, library.centers_[order], atol=1e-6)
    online = jump_online(rows, centres, penalty)[1]
    np.testing.assert_array_equal(np.array(order)[online], library.predict_online(rows))
