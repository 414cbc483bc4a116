"""Boosted trees as tables: the answer of a whole forest in a handful of array operations.

A tree with at most eight tests has at most 256 outcomes of them, so each tree becomes a table of 256 answers. All tests
of all trees are done at once, eight of them make a byte, the byte finds the answer. The sum runs round by round, as in
the library that grew the trees, so the scores agree to the last bit.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

TESTS = 8
OUTCOMES = 1 << TESTS
COLUMNS = 1024
"""More columns than these are asked in parts, to keep the tests of all trees in the cache."""


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

    __slots__ = ("_base", "_classes", "_features", "_starts", "_table", "_thresholds")

    def __init__(self, baseline: Sequence[float], trees: Sequence[Sequence[Tree]]) -> None:
        flat = [tree for each_round in trees for tree in each_round]
        self._classes = len(baseline)
        self._base = np.array(baseline)
        features = np.zeros((len(flat), TESTS), dtype=np.intp)
        thresholds = np.full((len(flat), TESTS), np.inf)
        for row, tree in enumerate(flat):
            features[row, : len(tree.feature)] = tree.feature
            thresholds[row, : len(tree.threshold)] = tree.threshold
        self._features = features.ravel()
        self._thresholds = thresholds.ravel()
        self._table = np.concatenate([_answers(tree) for tree in flat])
        self._starts = np.arange(len(flat)) * OUTCOMES

    def scores(self, rows: FloatArray) -> FloatArray:
        """Return the raw scores of each class.

        Shape   (F, N) -> (K, N), float64.
        Timing  Column by column; none sees another.
        NaN     A comparison with NaN is false: the row goes left.
        """
        width = rows.shape[1]
        if width > COLUMNS:
            parts = [self.scores(rows[:, start : start + COLUMNS]) for start in range(0, width, COLUMNS)]
            return np.concatenate(parts, axis=1)
        right = np.ascontiguousarray(rows.T).take(self._features, axis=1) > self._thresholds
        codes = np.packbits(right.ravel(), bitorder="little").reshape(width, -1)
        answers = self._table.take(codes + self._starts).reshape(width, -1, self._classes)
        answers[:, 0] += self._base
        return np.asarray(np.add.reduce(answers, axis=1).T)


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
