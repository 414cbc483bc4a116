"""How much the instruments move together: the mean of their pairwise correlations, and how unusual it is.

Kept as sums and cross-sums, taken afresh from the window every `RESUM_BARS` bars. A window in which an instrument has
some bars and misses others is read as a whole instead, each pair over the rows that both have. One that misses all of
them, as an instrument does that trades no more, is left out, and the others are as quick as ever.

Source  METHODS 1.2; the slow twin of all ways is `numeric.cross_asset.average_pairwise_correlation`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tradewind.numeric.cross_asset import MINIMUM_ASSETS
from tradewind.numeric.indicators.rolling import RollingSum

FloatArray = NDArray[np.float64]

WINDOW_BARS = 24
USUAL_BARS = 500
USUAL_MINIMUM_BARS = 100
RESUM_BARS = 1024
FLAT = 1e-12
FEW = 8
"""Up to this many instruments their pairs are summed one after another: quicker than arrays of so few."""


class RollingCorrelation:
    """The mean pairwise correlation of the last `WINDOW_BARS` returns, and its z-score in the last `USUAL_BARS`."""

    __slots__ = (
        "_absent",
        "_holes",
        "_levels",
        "_returns",
        "_rows",
        "_seen",
        "_squares",
        "_still",
        "_summed",
        "_sums",
        "z_score",
    )

    def __init__(self, instruments: int) -> None:
        self._returns = np.zeros((WINDOW_BARS, instruments))
        self._sums: PairSums | FewPairSums = (FewPairSums if instruments <= FEW else PairSums)(instruments)
        self._still = [0] * instruments
        self._rows = 0
        self._absent = [0] * instruments  # bars in a row that an instrument has not had, up to a window
        self._holes = [0] * instruments  # bars until an instrument's window has none that is missing
        self._summed = True  # whether the sums are those of the last window
        self._levels = RollingSum(USUAL_BARS)
        self._squares = RollingSum(USUAL_BARS)
        self._seen = 0
        self.z_score: float | None = None

    def update(self, newest: list[float]) -> float | None:
        """Return the mean correlation after one more row of returns, or None while it is not defined.

        A NaN return is a bar that was not there. `z_score` is that of the value returned, None until
        `USUAL_MINIMUM_BARS` values are there or without variation.
        """
        place = self._rows % WINDOW_BARS
        oldest: list[float] = self._returns[place].tolist()
        self._returns[place] = newest
        if 0.0 in newest or any(self._still):
            self._still = [still + 1 if each == 0.0 else 0 for each, still in zip(newest, self._still, strict=True)]
        self._rows += 1
        missing = any(map(math.isnan, newest))
        if (missing or any(self._holes)) and self._torn(newest):
            self._summed = False
            value = torn_mean(self._returns) if self._rows >= WINDOW_BARS else None
        else:
            if not self._summed or self._rows % RESUM_BARS == 0:
                self._sums.take(np.nan_to_num(self._returns))
                self._summed = True
            elif missing:
                self._sums.slide(*([0.0 if math.isnan(each) else each for each in row] for row in (newest, oldest)))
            else:
                self._sums.slide(newest, oldest)
            # What rounding leaves of a window that stands still must not pass for a variance.
            value = self._sums.mean([each < WINDOW_BARS for each in self._still]) if self._rows >= WINDOW_BARS else None
        self.z_score = None if value is None else self._against_usual(value)
        return value

    def _torn(self, newest: list[float]) -> bool:
        """Return whether the window has some returns of an instrument and misses others.

        One that misses all of them is none of the window's instruments: its zeros have no variance.
        """
        gone = list(map(math.isnan, newest))
        self._absent = [min(bars + 1, WINDOW_BARS) if no else 0 for no, bars in zip(gone, self._absent, strict=True)]
        self._holes = [WINDOW_BARS if no else max(0, bars - 1) for no, bars in zip(gone, self._holes, strict=True)]
        return any(left and bars < WINDOW_BARS for left, bars in zip(self._holes, self._absent, strict=True))

    def _against_usual(self, value: float) -> float | None:
        self._levels.push(value)
        self._squares.push(value * value)
        self._seen = min(self._seen + 1, USUAL_BARS)
        if self._seen < USUAL_MINIMUM_BARS:
            return None
        mean = self._levels.total / self._seen
        variance = self._squares.total / self._seen - mean * mean
        return (value - mean) / math.sqrt(variance) if variance > FLAT else None


def torn_mean(rows: FloatArray) -> float | None:
    """Return the mean correlation of the pairs, each over the rows that both have.

    Shape   (T, N) -> float, or None with fewer than three that moved and have a variance.
    Timing  Uses every row given.
    NaN     In: the instrument had no bar.
    Source  As the module's.
    """
    here = np.isfinite(rows)
    there = here.astype(np.float64)
    known = np.where(here, rows, 0.0)
    shared = there.T @ there
    most = np.maximum(shared, 1.0)
    sums, squares = known.T @ there, (known * known).T @ there  # of each, over the rows that each other has
    spread = squares - sums * sums / most
    moving = (shared > 1) & (spread > FLAT * squares)
    own = moving.diagonal()
    if int(own.sum()) < MINIMUM_ASSETS:
        return None
    pairs = moving & moving.T & own & own[:, None]
    np.fill_diagonal(pairs, val=False)
    if not pairs.any():
        return None
    together = known.T @ known - sums * sums.T / most
    return float((together[pairs] / np.sqrt((spread * spread.T)[pairs])).mean())


class PairSums:
    """The sums of a window's returns and of their products, in arrays."""

    __slots__ = ("cross", "products")

    def __init__(self, instruments: int) -> None:
        self.cross = np.zeros(instruments)
        self.products = np.zeros((instruments, instruments))

    def take(self, rows: FloatArray) -> None:
        """Begin anew from the window's rows, zero where a return is missing."""
        self.cross = rows.sum(axis=0)
        self.products = (rows[:, :, None] * rows[:, None, :]).sum(axis=0)

    def slide(self, newest: list[float], oldest: list[float]) -> None:
        """Take a row into the window and the oldest out of it."""
        new, old = np.array(newest), np.array(oldest)
        self.cross += new - old
        self.products += np.multiply.outer(new, new) - np.multiply.outer(old, old)

    def mean(self, moved: list[bool]) -> float | None:
        """Return the mean correlation of those that moved and have a variance, None of fewer than three."""
        spread = self.products - np.multiply.outer(self.cross, self.cross) / WINDOW_BARS
        variances = spread.diagonal()
        moving = (variances > FLAT * self.products.diagonal()) & moved
        count = int(moving.sum())
        if count < MINIMUM_ASSETS:
            return None
        inverse = np.zeros(variances.size)
        np.divide(1.0, np.sqrt(np.where(moving, variances, 1.0)), out=inverse, where=moving)
        total = float((spread * np.multiply.outer(inverse, inverse)).sum())
        return (total - count) / (count * (count - 1))


class FewPairSums:
    """The same, pair after pair; `products[i]` are those of `i` with itself and the ones after it."""

    __slots__ = ("cross", "products")

    def __init__(self, instruments: int) -> None:
        self.cross = [0.0] * instruments
        self.products = [[0.0] * (instruments - i) for i in range(instruments)]

    def take(self, rows: FloatArray) -> None:
        """As that of `PairSums`, to the last bit."""
        whole = (rows[:, :, None] * rows[:, None, :]).sum(axis=0).tolist()
        self.cross = rows.sum(axis=0).tolist()
        self.products = [row[i:] for i, row in enumerate(whole)]

    def slide(self, newest: list[float], oldest: list[float]) -> None:
        """As that of `PairSums`, to the last bit."""
        cross = self.cross
        for i, row in enumerate(self.products):
            new, gone = newest[i], oldest[i]
            cross[i] += new - gone
            for at in range(len(row)):
                row[at] += new * newest[i + at] - gone * oldest[i + at]

    def mean(self, moved: list[bool]) -> float | None:
        """As that of `PairSums`; the order of the sum is another."""
        kept: list[tuple[int, float]] = []
        for i, (row, each) in enumerate(zip(self.products, self.cross, strict=True)):
            variance = row[0] - each * each / WINDOW_BARS
            if moved[i] and variance > FLAT * row[0]:
                kept.append((i, 1.0 / math.sqrt(variance)))
        count = len(kept)
        if count < MINIMUM_ASSETS:
            return None
        total, crosses = 0.0, self.cross
        for at, (i, scale) in enumerate(kept, 1):
            row, cross = self.products[i], crosses[i]
            for j, other in kept[at:]:
                total += (row[j - i] - cross * crosses[j] / WINDOW_BARS) * (scale * other)
        return 2.0 * total / (count * (count - 1))
