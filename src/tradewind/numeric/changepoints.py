"""How long ago a series last broke: Bayesian online changepoint detection, one row at a time."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

HAZARD = 1.0 / 60.0
LONGEST = 200
"""Longer runs are given up, and their share goes to the others."""


class RunPrior(NamedTuple):
    """What is believed of a run's mean and precision before its first row: a normal-inverse-gamma of each column.

    `mean_weight` is how many rows the mean is worth, `shape` half as many as the variance is, whose mode before any row
    is `scale / (shape + 1)`.
    """

    mean: float = 0.0
    mean_weight: float = 1.0
    shape: float = 1.0
    scale: float = 1.0


class RunLengths:
    """The probabilities of how many rows have come since the last break, and what each such run has seen.

    Columns are independent of each other within a run, and break together.
    """

    __slots__ = ("_gain", "_hazard", "_logs", "_normal", "_powers", "_spread", "chances", "means", "scales")

    def __init__(
        self, columns: int, *, prior: RunPrior | None = None, hazard: float = HAZARD, longest: int = LONGEST
    ) -> None:
        """Begin with certainty that a run begins.

        Raises  ValueError on a hazard outside (0, 1), a prior that is not positive, no column, or no run to keep.
        """
        believed = prior or RunPrior()
        if not 0 < hazard < 1:
            raise ValueError(f"the hazard must lie between 0 and 1, was {hazard}")
        if min(believed.mean_weight, believed.shape, believed.scale) <= 0 or columns < 1 or longest < 1:
            raise ValueError("a run needs a positive prior, a column and a length of 1 at least")
        lengths = np.arange(longest + 1, dtype=np.float64)
        weights, shapes = believed.mean_weight + lengths, believed.shape + lengths / 2
        self._hazard = hazard
        self._gain = (1.0 / (weights + 1.0))[:, None]
        self._spread = (weights / (2.0 * (weights + 1.0)))[:, None]
        self._powers = shapes[:, None]
        norms = [math.lgamma(shape + 0.5) - math.lgamma(shape) for shape in shapes.tolist()]
        self._normal = columns * (np.array(norms) + 0.5 * np.log(weights / (2.0 * math.pi * (weights + 1.0))))
        self.chances: FloatArray = np.zeros(longest + 1)
        self.chances[0] = 1.0
        self.means: FloatArray = np.full((longest + 1, columns), believed.mean, dtype=np.float64)
        self.scales: FloatArray = np.full((longest + 1, columns), believed.scale, dtype=np.float64)
        self._logs: FloatArray = np.log(self.scales)

    def update(self, row: ArrayLike) -> FloatArray:
        """Return the probabilities of the run lengths 0, 1, .. after one more row.

        Shape   (D,) -> (longest + 1,), float64, sum 1. `means` and `scales` are those of each length's run.
        Timing  Uses rows up to and including this one; length 0 says that the next row begins a run.
        NaN     Raises.
        Raises  ValueError on a value that is not finite, or a row of another width; nothing has changed then.
        Source  Adams and MacKay (2007), Bayesian online changepoint detection; Murphy (2007) for the Student-t
                predictive: its density is the ratio of two normalisers, of which the scale grows with each row.
        """
        seen = np.asarray(row, dtype=np.float64)
        if seen.shape != self.means.shape[1:] or not np.isfinite(seen).all():
            raise ValueError(f"a row of {self.means.shape[1]} finite values is needed, was {seen.tolist()}")
        away = seen - self.means
        grown = self.scales + away * away * self._spread
        after = np.log(grown)
        logs = self._normal + (self._powers * self._logs - (self._powers + 0.5) * after).sum(axis=1)
        likely = np.where(self.chances > 0, logs, -np.inf)
        joint = self.chances * np.exp(logs - likely.max())
        total = float(joint.sum())
        self.chances[1:] = joint[:-1] * (1.0 - self._hazard)
        self.chances[0] = total * self._hazard
        self.chances /= self.chances.sum()
        self.means[1:] = (self.means + away * self._gain)[:-1]
        self.scales[1:] = grown[:-1]
        self._logs[1:] = after[:-1]
        return self.chances


def run_length_chances(
    rows: ArrayLike, *, prior: RunPrior | None = None, hazard: float = HAZARD, longest: int = LONGEST
) -> FloatArray:
    """Return the probabilities of the run lengths after each row: the stream over all of them.

    Shape   (T, D) -> (T, longest + 1).
    Timing  Row `t` uses rows up to and including `t`.
    NaN     Raises.
    Raises  ValueError as `RunLengths` does.
    Source  As `RunLengths.update`.
    """
    series = np.asarray(rows, dtype=np.float64)
    if series.ndim != 2:
        raise ValueError(f"a table of rows by columns is needed, shape was {series.shape}")
    runs = RunLengths(series.shape[1], prior=prior, hazard=hazard, longest=longest)
    return np.array([runs.update(row).copy() for row in series]).reshape(len(series), longest + 1)


def break_rows(chances: ArrayLike) -> list[int]:
    """Return where runs began, but for the first: from the end, back over the likeliest run each time.

    Shape   (T, R) -> rows, rising.
    Timing  Of a whole series: the last rows decide, unlike what the stream knew at the time.
    NaN     Not looked for.
    Source  Adams and MacKay (2007).
    """
    likeliest = np.asarray(chances).argmax(axis=1)
    found: list[int] = []
    end = len(likeliest)
    while end > 0:
        start = end - max(1, int(likeliest[end - 1]))
        if start > 0:
            found.append(start)
        end = start
    return found[::-1]
