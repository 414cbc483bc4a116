"""How much the instruments move together: the mean of their pairwise correlations, and how unusual it is.

Kept as sums and cross-sums, taken afresh from the window every `RESUM_BARS` bars. A window in which an instrument
misses a bar is read as a whole instead, pair by pair: rare, and then right rather than quick.

Source  METHODS 1.2; the slow twin is `numeric.cross_asset.average_pairwise_correlation`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tradewind.numeric.cross_asset import MINIMUM_ASSETS, average_pairwise_correlation
from tradewind.numeric.indicators.rolling import RollingSum

FloatArray = NDArray[np.float64]

WINDOW_BARS = 24
USUAL_BARS = 500
USUAL_MINIMUM_BARS = 100
RESUM_BARS = 1024
FLAT = 1e-12


class RollingCorrelation:
    """The mean pairwise correlation of the last `WINDOW_BARS` returns, and its z-score in the last `USUAL_BARS`."""

    __slots__ = (
        "_cross",
        "_incomplete",
        "_levels",
        "_products",
        "_returns",
        "_rows",
        "_seen",
        "_squares",
        "_still",
        "z_score",
    )

    def __init__(self, instruments: int) -> None:
        self._returns = np.zeros((WINDOW_BARS, instruments))
        self._products = np.zeros((instruments, instruments))
        self._cross = np.zeros(instruments)
        self._still = np.zeros(instruments, dtype=np.int64)
        self._rows = 0
        self._incomplete = 0
        self._levels = RollingSum(USUAL_BARS)
        self._squares = RollingSum(USUAL_BARS)
        self._seen = 0
        self.z_score: float | None = None

    def update(self, returns: FloatArray) -> float | None:
        """Return the mean correlation after one more row of returns (N,), or None while it is not defined.

        A NaN return is a bar that was not there. `z_score` is that of the value returned, None until
        `USUAL_MINIMUM_BARS` values are there or without variation.
        """
        place = self._rows % WINDOW_BARS
        oldest = self._returns[place].copy()
        self._returns[place] = returns
        self._still = np.where(returns == 0.0, self._still + 1, 0)
        self._rows += 1
        complete = not np.isnan(returns).any()
        self._incomplete = WINDOW_BARS if not complete else max(0, self._incomplete - 1)
        if self._incomplete:
            value = average_pairwise_correlation(self._returns) if self._rows >= WINDOW_BARS else None
            if self._incomplete == 1:
                self._resum()
        else:
            if self._rows % RESUM_BARS == 0 or np.isnan(oldest).any():
                self._resum()
            else:
                self._cross += returns - oldest
                self._products += np.multiply.outer(returns, returns) - np.multiply.outer(oldest, oldest)
            value = self._mean() if self._rows >= WINDOW_BARS else None
        self.z_score = None if value is None else self._against_usual(value)
        return value

    def _resum(self) -> None:
        rows = np.nan_to_num(self._returns)
        self._cross = rows.sum(axis=0)
        self._products = (rows[:, :, None] * rows[:, None, :]).sum(axis=0)

    def _mean(self) -> float | None:
        spread = self._products - np.multiply.outer(self._cross, self._cross) / WINDOW_BARS
        variances = spread.diagonal()
        # What rounding leaves of a window that stands still must not pass for a variance.
        moving = (variances > FLAT * self._products.diagonal()) & (self._still < WINDOW_BARS)
        count = int(moving.sum())
        if count < MINIMUM_ASSETS:
            return None
        inverse = np.zeros(variances.size)
        np.divide(1.0, np.sqrt(np.where(moving, variances, 1.0)), out=inverse, where=moving)
        total = float((spread * np.multiply.outer(inverse, inverse)).sum())
        return (total - count) / (count * (count - 1))

    def _against_usual(self, value: float) -> float | None:
        self._levels.push(value)
        self._squares.push(value * value)
        self._seen = min(self._seen + 1, USUAL_BARS)
        if self._seen < USUAL_MINIMUM_BARS:
            return None
        mean = self._levels.total / self._seen
        variance = self._squares.total / self._seen - mean * mean
        return (value - mean) / math.sqrt(variance) if variance > FLAT else None
