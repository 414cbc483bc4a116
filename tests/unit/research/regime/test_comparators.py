"""The rivals against every path there is, on series short enough to try them all."""

import math
from itertools import pairwise, product

import numpy as np
import pytest

from tradewind.research.regime.comparators import (
    HiddenMarkov,
    assigned,
    filtered,
    fit_jumps,
    fit_markov,
    jump_online,
    jump_paths,
    markov_likelihood,
)

RNG = np.random.default_rng(3)
SERIES = RNG.standard_normal((6, 2))
MODEL = HiddenMarkov(
    start=[0.5, 0.3, 0.2],
    transitions=[[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.3, 0.3, 0.4]],
    means=[[0.0, 0.0], [1.0, -1.0], [-1.0, 2.0]],
    variances=[[1.0, 1.0], [0.5, 2.0], [2.0, 0.5]],
    classes=[0, 1, 2],
)


def chance(path: tuple[int, ...], rows: np.ndarray) -> float:
    """The joint density of a path and what was seen."""
    value = MODEL.start[path[0]]
    for before, after in pairwise(path):
        value *= MODEL.transitions[before][after]
    for state, row in zip(path, rows, strict=True):
        for x, mean, variance in zip(row, MODEL.means[state], MODEL.variances[state], strict=True):
            value *= math.exp(-0.5 * (x - mean) ** 2 / variance) / math.sqrt(2 * math.pi * variance)
    return value


def test_the_filter_is_the_sum_over_paths() -> None:
    found = filtered(SERIES, MODEL)
    for end in range(1, 7):
        ends = np.zeros(3)
        for path in product(range(3), repeat=end):
            ends[path[-1]] += chance(path, SERIES[:end])
        np.testing.assert_allclose(found[end - 1], ends / ends.sum(), rtol=1e-10)


def test_the_likelihood_is_the_sum_over_paths() -> None:
    total = sum(chance(path, SERIES) for path in product(range(3), repeat=6))
    assert markov_likelihood(SERIES, MODEL) == pytest.approx(math.log(total), abs=1e-10)


def test_the_filter_does_not_see_the_future() -> None:
    np.testing.assert_array_equal(filtered(SERIES[:4], MODEL), filtered(SERIES, MODEL)[:4])


def jump_cost(path: tuple[int, ...], rows: np.ndarray, centres: np.ndarray, penalty: float) -> float:
    jumps = sum(a != b for a, b in pairwise(path))
    return float(0.5 * ((rows - centres[list(path)]) ** 2).sum() + penalty * jumps)


@pytest.mark.parametrize("penalty", [0.0, 0.7, 50.0])
def test_jump_paths_are_the_cheapest(penalty: float) -> None:
    centres = np.array(MODEL.means)
    path = tuple(jump_paths(SERIES[None], centres, penalty)[0].tolist())
    best = min(jump_cost(each, SERIES, centres, penalty) for each in product(range(3), repeat=6))
    assert jump_cost(path, SERIES, centres, penalty) == pytest.approx(best, abs=1e-10)


def test_online_costs_are_those_of_the_cheapest_path_to_each_state() -> None:
    centres = np.array(MODEL.means)
    costs, states = jump_online(SERIES, centres, 0.7)
    for end in range(1, 7):
        for state in range(3):
            paths = [each for each in product(range(3), repeat=end) if each[-1] == state]
            best = min(jump_cost(each, SERIES[:end], centres, 0.7) for each in paths)
            assert costs[end - 1, state] == pytest.approx(best, abs=1e-10)
    np.testing.assert_array_equal(states, costs.argmin(axis=1))


def test_fits_find_two_clear_states() -> None:
    calm = 0.1 * RNG.standard_normal((2, 60, 2))
    series = np.concatenate([calm, calm + 5.0], axis=1)
    centres = fit_jumps(series, np.array([[-1.0, -1.0], [1.0, 1.0]]), 2.0)
    np.testing.assert_allclose(centres, [[0, 0], [5, 5]], atol=0.1)
    start, transitions, means, variances = fit_markov(series, centres)
    np.testing.assert_allclose(means, [[0, 0], [5, 5]], atol=0.1)
    assert start[0] == pytest.approx(1.0)
    assert transitions[0, 0] > 0.95
    assert (variances < 0.05).all()


def test_more_rounds_never_lower_the_likelihood() -> None:
    series = RNG.standard_normal((1, 80, 2)) + np.repeat([[0.0], [2.0]], 40, axis=0)
    values = []
    for rounds in (1, 3, 9):
        fitted = fit_markov(series, np.array([[0.0, 0.0], [1.0, 1.0]]), rounds)
        model = HiddenMarkov(*(each.tolist() for each in fitted), classes=[0, 1])
        values.append(markov_likelihood(series[0], model))
    assert values == sorted(values)


def test_states_take_the_classes_they_meet() -> None:
    states = np.array([[0, 0, 1, 1, 2, 3]])
    labels = np.array([[2, 2, 0, 0, 1, 3]])
    assert assigned(states, labels) == [2, 0, 1, 3]
