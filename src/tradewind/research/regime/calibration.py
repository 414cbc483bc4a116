"""Probabilities that mean what they say: one scale and one shift per class, fitted on seeds the trees never saw.

Source  Kull and others (2019), "Beyond temperature scaling", the diagonal form of Dirichlet calibration.
"""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

STEPS = 60
RIDGE = 1e-6


def fit_calibration(scores: FloatArray, labels: IntArray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the scales and shifts (K each) with the smallest log loss, by Newton's method.

    Shape   (K, n) scores, (n,) labels -> K scales, K shifts. Scores are first centred over the classes.
    Timing  Uses every row: give it rows that neither training nor test has.
    NaN     Raises by way of the linear solver.
    Raises  ValueError if a class is missing among the labels.
    Source  As the module's.
    """
    classes, rows = scores.shape
    if set(np.unique(labels)) != set(range(classes)):
        raise ValueError("calibration needs rows of every class: give it more seeds")
    target = np.zeros((classes, rows))
    target[labels, np.arange(rows)] = 1.0
    parameters = np.concatenate([np.ones(classes), np.zeros(classes)])
    for _ in range(STEPS):
        odds = scores * parameters[:classes, None] + parameters[classes:, None]
        chance = np.exp(odds - odds.max(axis=0))
        chance /= chance.sum(axis=0)
        step = _newton_step(scores, chance, chance - target)
        parameters = parameters - step
        if float(np.abs(step).max()) < RIDGE:
            break
    return tuple(parameters[:classes].tolist()), tuple(parameters[classes:].tolist())


def _newton_step(scores: FloatArray, chance: FloatArray, wrong: FloatArray) -> FloatArray:
    classes, rows = scores.shape
    gradient = np.concatenate([(wrong * scores).mean(axis=1), wrong.mean(axis=1)])
    inputs = np.stack([scores, np.ones_like(scores)])
    curve = np.empty((2 * classes, 2 * classes))
    for k in range(classes):
        for j in range(classes):
            weight = chance[k] * ((1.0 if k == j else 0.0) - chance[j])
            for a in range(2):
                for b in range(2):
                    curve[a * classes + k, b * classes + j] = (weight * inputs[a, k] * inputs[b, j]).mean()
    curve += RIDGE * np.eye(2 * classes)
    return np.asarray(np.linalg.solve(curve, gradient))
