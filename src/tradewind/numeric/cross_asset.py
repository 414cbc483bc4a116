"""Crisis measures over several assets at once: how far from normal, how much together."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tradewind.numeric.covariance import ledoit_wolf, table

FloatArray = NDArray[np.float64]

MINIMUM_ASSETS = 3
SHIFT_SHORT_BARS = 15
SHIFT_LONG_BARS = 250
NEGLIGIBLE = 1e-12


class TurbulenceReading(NamedTuple):
    """A turbulence value and `SINGULAR` when the covariance had to be pseudo-inverted."""

    value: float
    flag: str | None


def turbulence(
    history: ArrayLike, observation: ArrayLike, shrinkage: Literal["none", "ledoit_wolf"] | None = "ledoit_wolf"
) -> float:
    """The squared Mahalanobis distance of `observation` from `history`, divided by the number of assets.

    Shape   (T, N), (N,) -> float. About 1 on an ordinary day; N times it is chi-square with N degrees if normal.
    Timing  `history` is the rows strictly before the observation.
    NaN     Raises.
    Raises  ValueError on a bad table, an observation that does not fit, or an unknown shrinkage.
    Source  Kritzman and Li (2010), Skulls, financial turbulence, and risk management.
    """
    return turbulence_reading(history, observation, shrinkage).value


def turbulence_reading(
    history: ArrayLike, observation: ArrayLike, shrinkage: Literal["none", "ledoit_wolf"] | None = "ledoit_wolf"
) -> TurbulenceReading:
    """`turbulence` with a flag where the covariance is singular and its pseudo-inverse was used."""
    rows = table(history)
    today = np.asarray(observation, dtype=np.float64)
    if today.shape != (rows.shape[1],):
        raise ValueError(f"an observation of shape {today.shape} does not fit {rows.shape[1]} assets")
    covariance = _covariance(rows, shrinkage)
    distance = today - rows.mean(axis=0)
    singular = np.linalg.matrix_rank(covariance, hermitian=True) < rows.shape[1]
    if singular:
        weighted = np.linalg.pinv(covariance, hermitian=True) @ distance
    else:
        weighted = np.linalg.solve(covariance, distance)
    return TurbulenceReading(float(distance @ weighted) / rows.shape[1], "SINGULAR" if singular else None)


def absorption_ratio(returns: ArrayLike, components: int | None = None) -> float | None:
    """The share of total variance held by the largest `components` eigenvalues of the covariance.

    Shape   (T, N) -> float in (0, 1]. Default components: a fifth of the assets, at least one.
    Timing  Uses every row given.
    NaN     Raises. No variance at all: None.
    Raises  ValueError on a bad table or an impossible number of components.
    Source  Kritzman, Li, Page and Rigobon (2010), Principal components as a measure of systemic risk.
    """
    rows = table(returns)
    assets = rows.shape[1]
    count = default_components(assets) if components is None else components
    if not 1 <= count <= assets:
        raise ValueError(f"components must lie between 1 and {assets}, was {count}")
    centred = rows - rows.mean(axis=0)
    values = np.linalg.eigvalsh(centred.T @ centred)
    total = float(values.sum())
    if total <= (NEGLIGIBLE * float(np.abs(rows).max())) ** 2 * rows.size:
        return None
    return float(values[-count:].sum()) / total


def default_components(assets: int) -> int:
    """A fifth of the assets, rounded, at least one."""
    return max(1, round(assets / 5))


def standardised_shift(
    ratios: ArrayLike, short_bars: int = SHIFT_SHORT_BARS, long_bars: int = SHIFT_LONG_BARS
) -> float | None:
    """How far the short mean of a measure stands from its long mean, in long standard deviations.

    Shape   (T,) -> float, or None with fewer than `long_bars` values or without variation.
    Timing  Uses the last `long_bars` values given, the last included.
    NaN     A NaN inside the long window: None.
    Raises  ValueError if the windows are not 1 <= short < long.
    Source  Kritzman, Li, Page and Rigobon (2010), the standardised shift of the absorption ratio.
    """
    if not 1 <= short_bars < long_bars:
        raise ValueError(f"windows must be 1 <= short < long, were {short_bars} and {long_bars}")
    recent = np.asarray(ratios, dtype=np.float64)[-long_bars:]
    if recent.size < long_bars or not np.isfinite(recent).all():
        return None
    deviation = float(recent.std(ddof=1))
    if deviation <= NEGLIGIBLE * float(np.abs(recent).max()):
        return None
    return (float(recent[-short_bars:].mean()) - float(recent.mean())) / deviation


def average_pairwise_correlation(returns: ArrayLike) -> float | None:
    """The mean correlation over all pairs of assets that moved; None with fewer than three of them.

    Shape   (T, N) -> float in [-1, 1].
    Timing  Uses every row given.
    NaN     Each pair uses the rows that both have; an asset without variance is left out.
    Raises  ValueError if the input is no table.
    Source  Pollet and Wilson (2010), Average correlation and stock market returns.
    """
    rows = np.asarray(returns, dtype=np.float64)
    if rows.ndim != 2:
        raise ValueError(f"returns must be a table of rows by assets, shape was {rows.shape}")
    moving = rows[:, [_moves(rows[:, i]) for i in range(rows.shape[1])]]
    if moving.shape[1] < MINIMUM_ASSETS:
        return None
    if np.isfinite(moving).all():
        matrix = np.atleast_2d(np.corrcoef(moving, rowvar=False))
        return float(matrix[np.triu_indices(moving.shape[1], 1)].mean())
    pairs = [_common_correlation(moving, i, j) for i in range(moving.shape[1]) for j in range(i + 1, moving.shape[1])]
    known = [pair for pair in pairs if pair is not None]
    return float(np.mean(known)) if known else None


def _covariance(rows: FloatArray, shrinkage: str | None) -> FloatArray:
    if shrinkage == "ledoit_wolf":
        return ledoit_wolf(rows).covariance
    if shrinkage is None or shrinkage == "none":
        return np.atleast_2d(np.cov(rows, rowvar=False, ddof=1))
    raise ValueError(f"shrinkage must be none or ledoit_wolf, was {shrinkage}")


def _moves(series: FloatArray) -> bool:
    known = series[np.isfinite(series)]
    return known.size > 1 and float(known.std()) > NEGLIGIBLE * float(np.abs(known).max())


def _common_correlation(rows: FloatArray, i: int, j: int) -> float | None:
    both = rows[np.isfinite(rows[:, i]) & np.isfinite(rows[:, j])][:, [i, j]]
    if both.shape[0] < 2 or not (_moves(both[:, 0]) and _moves(both[:, 1])):
        return None
    return float(np.atleast_2d(np.corrcoef(both, rowvar=False))[0, 1])
