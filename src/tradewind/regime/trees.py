"""Boosted trees as tables: the answer of a whole forest in a handful of array operations.

A tree with at most eight tests has at most 256 outcomes of them, so each tree becomes a table of 256 answers. All tests
of all trees are done at once, eight of them make a byte, the byte finds the answer. The sum runs round by round, as in
the library that grew the trees, so the scores agree to the last bit.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.numeric.kernels import compiled
from tradewind.numeric.panel_kernels import forest_scores

FloatArray = NDArray[np.float64]

TESTS = 8
OUTCOMES = 1 << TESTS


class Tree(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One tree: test `i` sends a row left where `x[feature[i]] <= threshold[i]`.

    `left` and `right` name a test, or, as `-1 - leaf`, a leaf of `values`. A tree without tests is one leaf.
    """

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    values: tuple[float, ...]


def tree_value(tree: Tree, row: Sequence[float]) -> float:
    """Return a tree's answer by walking it: the specification of `Forest`."""
    node = 0 if tree.feature else -1
    while node >= 0:
        node = tree.left[node] if row[tree.feature[node]] <= tree.threshold[node] else tree.right[node]
    return tree.values[-1 - node]


class Forest:
    """Rounds of one tree per class, ready to be asked."""

    __slots__ = ("_base", "_features", "_thresholds", "answers")

    def __init__(self, baseline: Sequence[float], trees: Sequence[Sequence[Tree]]) -> None:
        flat = [tree for each_round in trees for tree in each_round]
        self._base = np.array(baseline)
        self._features = np.zeros((len(flat), TESTS), dtype=np.int64)
        self._thresholds = np.full((len(flat), TESTS), np.inf)
        for row, tree in enumerate(flat):
            self._features[row, : len(tree.feature)] = tree.feature
            self._thresholds[row, : len(tree.threshold)] = tree.threshold
        self.answers = np.stack([_answers(tree) for tree in flat])

    def scores(self, rows: FloatArray) -> FloatArray:
        """Return the raw scores of each class.

        Shape   (F, N), contiguous -> (K, N), float64.
        Timing  Column by column; none sees another.
        NaN     A comparison with NaN is false: the row goes left.
        """
        out = np.empty((self._base.size, rows.shape[1]))
        compiled(forest_scores)(rows, self._features, self._thresholds, self.answers, self._base, out)
        return out


def _answers(tree: Tree) -> FloatArray:
    """The answer for each outcome of the tests, as a byte whose bit `i` is set where test `i` sends right."""
    outcomes = np.arange(OUTCOMES)
    if not tree.feature:
        return np.full(OUTCOMES, tree.values[0])
    left, right = np.array(tree.left), np.array(tree.right)
    node = np.zeros(OUTCOMES, dtype=np.intp)
    for _ in tree.feature:
        test = np.maximum(node, 0)
        node = np.where(node >= 0, np.where(outcomes >> test & 1, right[test], left[test]), node)
    return np.array(tree.values)[-1 - node]
