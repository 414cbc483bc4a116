"""Whether two series move together: Engle and Granger's test, the hedge between them, and how fast a gap closes."""

import math
from typing import NamedTuple

import numpy as np

from tradewind.numeric.bars import FloatArray

# MacKinnon's response surfaces for two series and a constant: p-values are a polynomial of the statistic, one below
# and one above a switching point, 0 and 1 beyond the ends.
STAR, LEAST, MOST = -2.62, -18.86, 0.92
BELOW = (2.92, 1.5012, 0.039796)
ABOVE = (2.1945, 0.64695, -0.29198, -0.042377)
COLLINEAR = 1.0 - 100.0 * math.sqrt(np.finfo(np.float64).eps)


class Cointegration(NamedTuple):
    """`y = intercept + slope x + gap`: the gap's deviation, its AR(1) coefficient, and the test that it returns."""

    intercept: float
    slope: float
    deviation: float
    coefficient: float
    statistic: float
    p_value: float


def engle_granger(y: FloatArray, x: FloatArray) -> Cointegration:
    """The least-squares line of `y` on `x`, and the augmented Dickey-Fuller test of what it leaves.

    Shape   (T,), (T,) -> six floats. The deviation is the sample's, with two degrees of freedom taken.
    Timing  A fit of a training window: what it says is known at the last row.
    NaN     NaN in, ValueError. Constant or collinear series: p-value 1, they say nothing of each other.
    Raises  ValueError on lengths that differ, fewer than 20 rows, or values that are not finite.
    Source  Engle and Granger (1987); lags by Akaike's criterion, at most Schwert's 12 (T / 100)^(1/4); p-values of
            MacKinnon (1994, 2010).
    """
    if y.shape != x.shape or y.ndim != 1 or len(y) < 20:
        raise ValueError(f"two series of one length, 20 rows at least, are needed: got {y.shape} and {x.shape}")
    if not (np.isfinite(y).all() and np.isfinite(x).all()):
        raise ValueError("both series must be finite")
    centred = x - x.mean()
    spread = float(centred @ centred)
    if spread <= 0.0 or float(np.ptp(y)) <= 0.0:
        return Cointegration(float(y.mean()), 0.0, 0.0, 1.0, 0.0, 1.0)
    slope = float(centred @ y) / spread
    intercept = float(y.mean()) - slope * float(x.mean())
    gap = y - intercept - slope * x
    deviation = math.sqrt(float(gap @ gap) / (len(y) - 2))
    fit = 1.0 - float(gap @ gap) / float(((y - y.mean()) ** 2).sum())
    if fit >= COLLINEAR:
        return Cointegration(intercept, slope, deviation, 1.0, -math.inf, 1.0)
    coefficient = float(gap[:-1] @ gap[1:]) / float(gap[:-1] @ gap[:-1])
    statistic = dickey_fuller(gap)
    return Cointegration(intercept, slope, deviation, coefficient, statistic, mackinnon_p(statistic))


def dickey_fuller(values: FloatArray) -> float:
    """The augmented Dickey-Fuller statistic without a constant, its number of lags chosen by Akaike's criterion.

    Shape   (T,) -> float: the smaller, the less the series looks like a random walk.
    Timing  Of the whole series.
    NaN     NaN in, NaN out.
    Raises  ValueError if there are too few rows for a single lag.
    """
    rows = len(values)
    most = min(math.ceil(12.0 * (rows / 100.0) ** 0.25), rows // 2 - 1)
    if most < 0 or rows < 4:
        raise ValueError(f"{rows} rows are too few for the test")
    change = np.diff(values)
    target, design = _lagged(values, change, most)
    best, chosen = math.inf, 0
    for lags in range(most + 1):
        used = design[:, : lags + 1]
        left = target - used @ np.linalg.lstsq(used, target, rcond=None)[0]
        criterion = len(target) * math.log(float(left @ left) / len(target)) + 2.0 * (lags + 1)
        if criterion < best:
            best, chosen = criterion, lags
    target, design = _lagged(values, change, chosen)
    solution = np.linalg.lstsq(design, target, rcond=None)[0]
    left = target - design @ solution
    variance = float(left @ left) / (len(target) - chosen - 1)
    scale = float(np.linalg.inv(design.T @ design)[0, 0])
    return float(solution[0]) / math.sqrt(variance * scale)


def mackinnon_p(statistic: float) -> float:
    """The probability of a statistic this small between two independent random walks.

    Shape   float -> probability.
    Timing  None.
    NaN     NaN in, NaN out.
    Source  MacKinnon (1994), Approximate asymptotic distribution functions for unit-root and cointegration tests.
    """
    if statistic > MOST:
        return 1.0
    if statistic < LEAST:
        return 0.0
    terms = BELOW if statistic <= STAR else ABOVE
    argument = sum(term * statistic**power for power, term in enumerate(terms))
    return 0.5 * math.erfc(-argument / math.sqrt(2.0))


def _lagged(values: FloatArray, change: FloatArray, lags: int) -> tuple[FloatArray, FloatArray]:
    """Return the changes to explain, and beside each the level before it and the `lags` changes before it."""
    columns = [values[lags:-1], *(change[lags - lag : len(change) - lag] for lag in range(1, lags + 1))]
    return change[lags:], np.column_stack(columns)
