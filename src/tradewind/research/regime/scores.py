"""How good a sequence of labels and probabilities is against the truth: the figures of RegimeBench.

Source  METHODS 1.5 and 1.6.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.model.regime import BLOCKING, CLASSES, Regime

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

CRISIS = CLASSES.index(Regime.CRISIS)
BLOCKED = np.array([each in BLOCKING for each in CLASSES])
DETECTED_BARS = 3
SETTLED_BARS = 12
BINS = 10


class Answers(NamedTuple):
    """One series: truth (T,), reported labels (T,), probabilities (T, K)."""

    truth: IntArray
    labels: IntArray
    probabilities: FloatArray


class Scores(msgspec.Struct, frozen=True):
    """The figures of one contender; per class in the order of `CLASSES`; an undefined figure is None.

    `delay_median` is that of crises, `delay_median_all` that of every episode, in bars; an episode that was never
    recognised counts as infinite. `ece` is of the top probability, `confidence_ece` of the reported label's.
    """

    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    gate_accuracy: float
    crisis_recall: float | None
    crisis_precision: float | None
    crisis_false_alarm_rate: float | None
    delay_median: float | None
    delay_median_all: float | None
    ece: float
    confidence_ece: float
    brier: float
    switches_per_1000: float
    settled_accuracy: float | None
    recall: tuple[float | None, ...]
    precision: tuple[float | None, ...]
    confusion: tuple[tuple[int, ...], ...]


def score(series: Sequence[Answers]) -> Scores:
    """Return the figures over several series, each a market's asset, pooled bar by bar.

    Raises  ValueError without any bar.
    """
    truth, labels, probabilities = (
        np.concatenate([getattr(each, name) for each in series]) for name in Answers._fields
    )
    if truth.size == 0:
        raise ValueError("there is no bar to score")
    confusion = np.zeros((len(CLASSES), len(CLASSES)), dtype=np.int64)
    np.add.at(confusion, (truth, labels), 1)
    hits, actual, said = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    recall = [_share(hits[k], actual[k]) for k in range(len(CLASSES))]
    precision = [_share(hits[k], said[k]) for k in range(len(CLASSES))]
    there = [k for k in range(len(CLASSES)) if actual[k]]
    right = truth == labels
    settled = np.concatenate([_settled(each.truth) for each in series])
    delays = [delay for each in series for delay in detection_delays(each.truth, each.labels)]
    crises = [bars for label, bars in delays if label == CRISIS]
    top = probabilities.argmax(axis=1)
    calm = truth != CRISIS
    return Scores(
        accuracy=float(right.mean()),
        balanced_accuracy=float(np.mean([recall[k] or 0.0 for k in there])),
        macro_f1=float(np.mean([_share(2 * hits[k], actual[k] + said[k]) or 0.0 for k in there])),
        gate_accuracy=float((BLOCKED[truth] == BLOCKED[labels]).mean()),
        crisis_recall=recall[CRISIS],
        crisis_precision=precision[CRISIS],
        crisis_false_alarm_rate=_share((labels[calm] == CRISIS).sum(), calm.sum()),
        delay_median=_median(crises),
        delay_median_all=_median([bars for _, bars in delays]),
        ece=expected_calibration_error(probabilities.max(axis=1), truth == top),
        confidence_ece=expected_calibration_error(probabilities[np.arange(labels.size), labels], right),
        brier=brier(probabilities, truth),
        switches_per_1000=1000.0 * sum(int((np.diff(each.labels) != 0).sum()) for each in series) / truth.size,
        settled_accuracy=_share(right[settled].sum(), settled.sum()),
        recall=tuple(recall),
        precision=tuple(precision),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
    )


def brier(probabilities: FloatArray, truth: IntArray) -> float:
    """Return the mean over bars of the summed squared errors: 0 is perfect, 2 is certain and wrong.

    Shape   (T, K), (T,) -> float.
    Timing  None.
    NaN     NaN in, NaN out.
    Source  Brier (1950), Verification of forecasts expressed in terms of probability.
    """
    happened = np.zeros_like(probabilities)
    happened[np.arange(truth.size), truth] = 1.0
    return float(((probabilities - happened) ** 2).sum(axis=1).mean())


def expected_calibration_error(confidence: FloatArray, right: NDArray[np.bool_], bins: int = BINS) -> float:
    """Return how far confidence stands from how often it was right, over bins of equal width, weighted by bars.

    Shape   (T,), (T,) -> float in [0, 1].
    Timing  None.
    NaN     Raises by way of the bins.
    Source  Naeini and others (2015), Obtaining well calibrated probabilities.
    """
    place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    held = np.bincount(place, minlength=bins)
    sure = np.bincount(place, weights=confidence, minlength=bins)
    hits = np.bincount(place, weights=right.astype(np.float64), minlength=bins)
    return float(np.abs(hits - sure).sum() / held.sum())


def detection_delays(truth: IntArray, labels: IntArray) -> list[tuple[int, float]]:
    """Return for each episode its class and the bars until the first of three right labels in a row.

    An episode that was cut off before it began to be seen, at the start of the series, is left out.
    """
    edges = [0, *(np.flatnonzero(np.diff(truth)) + 1).tolist(), truth.size]
    found = []
    for start, stop in pairwise(edges[1:]):
        right = labels[start:stop] == truth[start]
        runs = np.convolve(right, np.ones(DETECTED_BARS, dtype=np.int64))[DETECTED_BARS - 1 : right.size]
        first = np.flatnonzero(runs == DETECTED_BARS)
        found.append((int(truth[start]), float(first[0]) if first.size else math.inf))
    return found


def _settled(truth: IntArray) -> NDArray[np.bool_]:
    """Whether each bar lies `SETTLED_BARS` or more into its episode."""
    starts = np.concatenate([[0], np.flatnonzero(np.diff(truth)) + 1])
    begun = np.zeros(truth.size, dtype=np.int64)
    begun[starts] = starts
    return np.arange(truth.size) - np.maximum.accumulate(begun) >= SETTLED_BARS


def _share(part: int | np.integer, whole: int | np.integer) -> float | None:
    return float(part) / float(whole) if whole else None


def _median(values: Sequence[float]) -> float | None:
    """The middle value; between infinity and a number it is infinite."""
    if not values:
        return None
    ordered = sorted(values)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return (low + high) / 2
