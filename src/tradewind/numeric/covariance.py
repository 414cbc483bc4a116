"""Covariance and correlation of several return series, kept usable: symmetric, unit diagonal, not negative."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

CORRELATION_DECAY = 0.97


class ShrunkCovariance(NamedTuple):
    """A covariance matrix pulled towards `mean variance x identity` by `shrinkage` between 0 and 1."""

    shrinkage: float
    covariance: FloatArray


def ledoit_wolf(returns: ArrayLike) -> ShrunkCovariance:
    """The Ledoit-Wolf covariance with the constant-variance identity target, and its shrinkage.

    Shape   (T, N) rows of returns -> N x N and a share. Population form (divides by T). Unit: squared return.
    Timing  Uses every row given.
    NaN     Raises: drop incomplete rows first.
    Raises  ValueError if the input is no table of at least one finite row.
    Source  Ledoit and Wolf (2004), A well-conditioned estimator for large-dimensional covariance matrices.
    """
    rows = table(returns)
    observations, assets = rows.shape
    centred = rows - rows.mean(axis=0)
    cross = centred.T @ centred
    squares = centred**2
    mean_variance = float(squares.sum()) / observations / assets
    dispersion = float((cross**2).sum()) / observations**2
    noise = (float((squares.T @ squares).sum()) / observations - dispersion) / (assets * observations)
    distance = (dispersion - 2 * mean_variance * float(squares.sum()) / observations) / assets + mean_variance**2
    noise = min(noise, distance)
    shrinkage = 0.0 if noise <= 0 else noise / distance
    covariance = (1 - shrinkage) * cross / observations
    covariance.flat[:: assets + 1] += shrinkage * mean_variance
    return ShrunkCovariance(shrinkage, covariance)


def ewma_covariance(returns: ArrayLike, decay: float = CORRELATION_DECAY) -> FloatArray:
    """The covariance of the rows with weights falling by `decay` per row into the past, means removed.

    Shape   (T, N) -> N x N. Unit: squared return.
    Timing  The last row weighs most; the forecast is for the row after it.
    NaN     Raises.
    Raises  ValueError on a bad table or a decay outside (0, 1).
    Source  J.P. Morgan, RiskMetrics Technical Document (1996).
    """
    if not 0 < decay < 1:
        raise ValueError(f"decay must lie between 0 and 1, was {decay}")
    rows = table(returns)
    weights = decay ** np.arange(rows.shape[0] - 1, -1, -1, dtype=np.float64)
    weights /= weights.sum()
    centred = rows - weights @ rows
    return symmetric((centred * weights[:, None]).T @ centred)


def correlation_from(covariance: ArrayLike) -> FloatArray:
    """The correlation matrix of a covariance matrix: symmetric, unit diagonal, entries in [-1, 1].

    Shape   N x N -> N x N.
    Timing  None.
    NaN     An asset without variance has no correlation: its off-diagonal entries are NaN.
    Raises  ValueError if the matrix is not square.
    Source  Definition.
    """
    matrix = square(covariance)
    deviations = np.sqrt(np.diag(matrix))
    scale = np.where(deviations > 0, deviations, np.nan)
    out = np.clip(symmetric(matrix / np.outer(scale, scale)), -1.0, 1.0)
    np.fill_diagonal(out, 1.0)
    return out


def pairwise_correlation(returns: ArrayLike, minimum: int = 2) -> FloatArray:
    """Correlations from the rows that both assets of a pair have, repaired to the nearest valid matrix.

    Shape   (T, N) with NaN for missing returns -> N x N.
    Timing  Uses every row given.
    NaN     A pair with fewer than `minimum` common rows or without variance counts as uncorrelated.
    Raises  ValueError if the input is no table.
    Source  Higham (2002), Computing the nearest correlation matrix: one eigenvalue-clipping step, rescaled.
    """
    rows = np.asarray(returns, dtype=np.float64)
    if rows.ndim != 2:
        raise ValueError(f"returns must be a table of rows by assets, shape was {rows.shape}")
    assets = rows.shape[1]
    out = np.eye(assets)
    for i in range(assets):
        for j in range(i + 1, assets):
            out[i, j] = out[j, i] = _pair_correlation(rows[:, i], rows[:, j], minimum)
    return nearest_correlation(out)


def nearest_correlation(matrix: ArrayLike) -> FloatArray:
    """The matrix with negative eigenvalues clipped to zero, rescaled to a unit diagonal.

    Shape   N x N -> N x N: symmetric, unit diagonal, smallest eigenvalue at least -1e-12.
    Timing  None.
    NaN     Raises (from the eigenvalue routine).
    Raises  ValueError if the matrix is not square; numpy.linalg.LinAlgError if it is not finite.
    Source  Higham (2002), section 2.
    """
    given = symmetric(square(matrix))
    values, vectors = np.linalg.eigh(given)
    if values[0] >= 0:
        out = given
    else:
        out = symmetric((vectors * np.maximum(values, 0.0)) @ vectors.T)
    scale = np.sqrt(np.diag(out))
    out = symmetric(out / np.outer(scale, scale))
    np.fill_diagonal(out, 1.0)
    return out


def component_risk(weights: ArrayLike, covariance: ArrayLike) -> FloatArray:
    """Each asset's share of portfolio volatility, `w_i (S w)_i / sigma`; they add up to sigma.

    Shape   (N,), N x N -> (N,). Unit: that of the volatility; multiply by a quantile for component VaR.
    Timing  None.
    NaN     NaN in, NaN out. A portfolio without variance: zeros.
    Raises  ValueError if the shapes do not fit.
    Source  Euler's theorem on homogeneous functions; Tasche (1999).
    """
    shares, matrix = np.asarray(weights, dtype=np.float64), square(covariance)
    if shares.shape != (matrix.shape[0],):
        raise ValueError(f"{shares.size} weights do not fit a covariance of {matrix.shape[0]} assets")
    marginal = matrix @ shares
    variance = float(shares @ marginal)
    if variance <= 0:
        return np.zeros_like(shares)
    return np.asarray(shares * marginal / np.sqrt(variance))


def table(returns: ArrayLike) -> FloatArray:
    """The input as a finite (T, N) float64 table."""
    rows = np.asarray(returns, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[0] == 0 or rows.shape[1] == 0:
        raise ValueError(f"returns must be a table of rows by assets, shape was {rows.shape}")
    if not np.isfinite(rows).all():
        raise ValueError("returns hold a value that is not finite: drop incomplete rows first")
    return rows


def square(matrix: ArrayLike) -> FloatArray:
    """The input as a square float64 matrix."""
    out = np.asarray(matrix, dtype=np.float64)
    if out.ndim != 2 or out.shape[0] != out.shape[1]:
        raise ValueError(f"a square matrix is needed, shape was {out.shape}")
    return out


def symmetric(matrix: FloatArray) -> FloatArray:
    """The mean of the matrix and its transpose: exactly symmetric."""
    return np.asarray((matrix + matrix.T) / 2)


def _pair_correlation(left: FloatArray, right: FloatArray, minimum: int) -> float:
    both = np.isfinite(left) & np.isfinite(right)
    if int(both.sum()) < max(2, minimum):
        return 0.0
    x, y = left[both] - left[both].mean(), right[both] - right[both].mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / scale if scale > 0 else 0.0
