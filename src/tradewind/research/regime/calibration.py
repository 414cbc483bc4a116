"""Probabilities that mean what they say: one temperature, fitted on seeds the trees never saw.

One number for all classes: a shift per class would be learned from the few crises of the validation seeds, and did
cost precision on others.

Source  Guo and others (2017), On calibration of modern neural networks.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tradewind.regime.model_file import calibrated

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

COLDEST, HOTTEST = 0.05, 20.0
STEPS = 60
SMALLEST = 1e-300
GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


def fit_temperature(scores: FloatArray, labels: IntArray) -> float:
    """Return the temperature with the smallest log loss, by golden section over its logarithm.

    Shape   (K, n) scores, (n,) labels -> float.
    Timing  Uses every row: give it rows that neither training nor test has.
    NaN     NaN in, the hottest out.
    Raises  ValueError without rows.
    Source  As the module's; the loss has one minimum in the inverse temperature.
    """
    if labels.size == 0:
        raise ValueError("calibration needs rows: give it validation seeds")
    low, high = math.log(COLDEST), math.log(HOTTEST)
    for _ in range(STEPS):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        if log_loss(scores, labels, math.exp(left)) <= log_loss(scores, labels, math.exp(right)):
            high = right
        else:
            low = left
    return math.exp((low + high) / 2)


def log_loss(scores: FloatArray, labels: IntArray, temperature: float) -> float:
    """Return the mean negative log probability of what was there."""
    chance = calibrated(scores, temperature)[labels, np.arange(labels.size)]
    return float(-np.log(np.maximum(chance, SMALLEST)).mean())
