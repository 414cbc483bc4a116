"""A forest as tables answers as its trees do when they are walked."""

import numpy as np
import pytest

from tradewind.regime.trees import TESTS, Forest, Tree, tree_value

FEATURES = 5


def random_tree(rng: np.random.Generator, tests: int) -> Tree:
    """A tree grown by splitting a random leaf until it has `tests` tests."""
    left, right = [-1] * tests, [-1] * tests
    open_ends: list[tuple[list[int], int]] = []
    for node in range(tests):
        if open_ends:
            side, at = open_ends.pop(int(rng.integers(len(open_ends))))
            side[at] = node
        open_ends += [(left, node), (right, node)]
    for leaf, (side, at) in enumerate(open_ends):
        side[at] = -1 - leaf
    return Tree(
        tuple(rng.integers(0, FEATURES, tests).tolist()),
        tuple(rng.integers(-2, 3, tests).astype(float).tolist()),
        tuple(left),
        tuple(right),
        tuple(rng.standard_normal(tests + 1).tolist()),
    )


@pytest.mark.parametrize("seed", range(5))
def test_tables_equal_walks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rounds = [[random_tree(rng, int(rng.integers(0, TESTS + 1))) for _ in range(4)] for _ in range(7)]
    rows = rng.integers(-3, 4, (FEATURES, 50)).astype(float)  # ties with the thresholds are common
    baseline = (0.5, -0.25, 0.0, 1.0)
    found = Forest(baseline, rounds).scores(rows)
    for column in range(50):
        for k in range(4):
            expected = baseline[k]
            for each in rounds:
                expected += tree_value(each[k], rows[:, column].tolist())
            assert found[k, column] == expected


def test_many_columns_are_answered_like_few() -> None:
    rng = np.random.default_rng(9)
    forest = Forest((0.0, 0.0), [[random_tree(rng, 8), random_tree(rng, 3)]])
    rows = rng.standard_normal((FEATURES, 1031))
    found = forest.scores(rows)
    np.testing.assert_array_equal(found[:, -3:], forest.scores(np.ascontiguousarray(rows[:, -3:])))
