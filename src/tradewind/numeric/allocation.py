"""How to share a budget among assets or strategies: weights from covariances, and weights that learn from results.

All weights are long only and sum to 1, so that none can be larger than the budget. Covariances come in shrunk
(`covariance.ledoit_wolf`); where one is singular or an asset does not move, the answer says so or falls back to equal.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tradewind.numeric.covariance import square

FloatArray = NDArray[np.float64]

STEPS_MAX = 10_000
PRECISION = 1e-13


def equal_weights(count: int) -> FloatArray:
    """The same weight for each: what everything else is compared with.

    Shape   count -> (N,).
    Timing  None.
    NaN     None.
    Raises  ValueError below one.
    Source  DeMiguel, Garlappi and Uppal (2009), Optimal versus naive diversification.
    """
    if count < 1:
        raise ValueError(f"there must be something to allot to, count was {count}")
    return np.full(count, 1.0 / count)


def inverse_volatility(covariance: ArrayLike) -> FloatArray:
    """Weights in inverse proportion to volatility; an asset that does not move gets nothing, all of them equal parts.

    Shape   N x N -> (N,).
    Timing  The covariance is the forecast for the period the weights are held.
    NaN     NaN in, NaN out.
    Raises  ValueError if the matrix is not square.
    Source  Definition; Leote de Carvalho, Lu and Moulin (2012), Demystifying equity risk-based strategies.
    """
    variances = np.diag(square(covariance))
    if np.isnan(variances).any():
        return np.full(len(variances), np.nan)
    if not (variances > 0).any():
        return equal_weights(len(variances))
    with np.errstate(divide="ignore"):
        inverse = np.where(variances > 0, 1 / np.sqrt(variances), 0.0)
    return np.asarray(inverse / inverse.sum())


def risk_contributions(weights: ArrayLike, covariance: ArrayLike) -> FloatArray:
    """What part of the variance each position brings: `w_i (S w)_i`; they sum to the portfolio's variance."""
    held = np.asarray(weights, dtype=np.float64)
    return np.asarray(held * (square(covariance) @ held))


def equal_risk_contribution(covariance: ArrayLike) -> FloatArray:
    """Weights under which every asset brings the same part of the variance.

    Shape   N x N, positive definite -> (N,).
    Timing  As `inverse_volatility`.
    NaN     Raises.
    Raises  ValueError on a value that is not finite, or an asset that does not move: it would need all of the budget.
    Source  Maillard, Roncalli and Teiletche (2010); coordinate descent of Griveau-Billion, Richard and Roncalli (2013).
    """
    matrix = square(covariance)
    if not np.isfinite(matrix).all() or (np.diag(matrix) <= 0).any():
        raise ValueError("equal risk needs a finite covariance of assets that move: leave the others out")
    count = len(matrix)
    # In units of each asset's volatility the answer is the same and the steps are well scaled.
    scale = np.sqrt(np.diag(matrix))
    correlation = matrix / np.outer(scale, scale)
    x = np.full(count, 1.0 / np.sqrt(count))
    for _ in range(STEPS_MAX):
        before = x.copy()
        for i in range(count):
            others = float(correlation[i] @ x) - x[i]
            x[i] = (-others + np.sqrt(others * others + 4.0 / count)) / 2
        if np.abs(x - before).max() < PRECISION:
            break
    weights = x / scale
    return np.asarray(weights / weights.sum())


def hierarchical_risk_parity(covariance: ArrayLike) -> FloatArray:
    """Weights by recursive bisection of assets ordered by how alike they are.

    Shape   N x N -> (N,). Single linkage on the distances `sqrt((1 - correlation) / 2)`, as PyPortfolioOpt and skfolio
            take them; the paper's own listing takes the distances between the columns of that matrix.
    Timing  As `inverse_volatility`.
    NaN     Raises.
    Raises  ValueError on a value that is not finite or an asset that does not move.
    Source  Lopez de Prado (2016), Building diversified portfolios that outperform out of sample.
    """
    matrix = square(covariance)
    variances = np.diag(matrix)
    if not np.isfinite(matrix).all() or (variances <= 0).any():
        raise ValueError("hierarchical risk parity needs a finite covariance of assets that move: leave the others out")
    scale = np.sqrt(variances)
    correlation = np.clip(matrix / np.outer(scale, scale), -1.0, 1.0)
    distance = np.sqrt(np.maximum((1 - correlation) / 2, 0.0))
    weights = np.ones(len(matrix))
    waiting = [_leaf_order(distance)]
    while waiting:
        cluster = waiting.pop()
        if len(cluster) < 2:
            continue
        left, right = cluster[: len(cluster) // 2], cluster[len(cluster) // 2 :]
        first, second = _cluster_variance(matrix, left), _cluster_variance(matrix, right)
        share = second / (first + second)
        weights[left] *= share
        weights[right] *= 1 - share
        waiting += [left, right]
    return weights


def _leaf_order(distance: FloatArray) -> list[int]:
    """Return the assets in the order of a single-linkage tree; of equal distances the first pair joins first."""
    clusters = [[i] for i in range(len(distance))]
    near = distance.copy()
    np.fill_diagonal(near, np.inf)
    alive = list(range(len(distance)))
    names = list(range(len(distance)))  # clusters are numbered as they are made: the elder one comes first
    fresh = len(distance)
    while len(alive) > 1:
        block = near[np.ix_(alive, alive)]
        a, b = divmod(int(block.argmin()), len(alive))
        i, j = alive[min(a, b)], alive[max(a, b)]
        first, second = (i, j) if names[i] < names[j] else (j, i)
        clusters[i] = clusters[first] + clusters[second]
        near[i] = near[:, i] = np.minimum(near[i], near[j])
        near[i, i] = np.inf
        alive.remove(j)
        names[i], fresh = fresh, fresh + 1
    return clusters[alive[0]]


def _cluster_variance(matrix: FloatArray, members: list[int]) -> float:
    block = matrix[np.ix_(members, members)]
    inverse = 1 / np.diag(block)
    weights = inverse / inverse.sum()
    return float(weights @ block @ weights)


def mean_variance(
    means: ArrayLike,
    covariance: ArrayLike,
    risk_aversion: float,
    before: ArrayLike | None = None,
    cost_rate: float = 0.0,
    steps_max: int = STEPS_MAX,
) -> FloatArray:
    """The long-only weights that maximise `w.mu - risk_aversion/2 w'Sw - cost_rate * sum|w - before|`.

    Shape   (N,), N x N, float, (N,) -> (N,). Give shrunk means and a shrunk covariance of one period.
    Timing  As `inverse_volatility`; `before` are the weights as they drifted (default: nothing held, no cost).
            Weights after `steps_max` steps are taken as they are.
    NaN     Raises.
    Raises  ValueError on a value that is not finite, or a risk aversion that is not positive.
    Source  Markowitz (1952), Portfolio selection; solved by accelerated proximal steps (Beck and Teboulle 2009).
    """
    expected, matrix = np.asarray(means, dtype=np.float64), square(covariance)
    if not (np.isfinite(expected).all() and np.isfinite(matrix).all()):
        raise ValueError("mean-variance needs finite means and covariances")
    if risk_aversion <= 0 or cost_rate < 0:
        raise ValueError(
            f"risk_aversion must be positive and cost_rate not negative, were {risk_aversion}, {cost_rate}"
        )
    held = np.zeros(len(expected)) if before is None else np.asarray(before, dtype=np.float64)
    cost = 0.0 if before is None else cost_rate
    steepest = risk_aversion * float(np.linalg.eigvalsh(matrix)[-1])
    step = 1.0 / steepest if steepest > 0 else 1.0
    weights = ahead = equal_weights(len(expected))
    pace = 1.0
    for _ in range(steps_max):
        gradient = risk_aversion * (matrix @ ahead) - expected
        moved = _nearest(ahead - step * gradient, held, step * cost)
        if float((ahead - moved) @ (moved - weights)) > 0:
            pace = 1.0  # it overshot: begin anew from here
        faster = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        ahead = moved + (pace - 1) / faster * (moved - weights)
        change = float(np.abs(moved - weights).max())
        weights, pace = moved, float(faster)
        if change < PRECISION:
            break
    return weights


def _nearest(point: FloatArray, held: FloatArray, cost: float) -> FloatArray:
    """Return the weights >= 0 of sum 1 nearest to `point`, at `cost` for each unit of distance from `held`."""

    def at(level: float) -> FloatArray:
        free = point - level
        traded = held + np.sign(free - held) * np.maximum(np.abs(free - held) - cost, 0.0)
        return np.asarray(np.maximum(traded, 0.0))

    low, high = float(point.min()) - cost - 1.0, float(point.max()) + cost
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if at(middle).sum() > 1 else (low, middle)
    weights = at(low) if at(high).sum() < 1 and at(low).sum() <= 1 + PRECISION else at(high)
    total = float(weights.sum())
    return np.asarray(weights / total) if total > 0 else equal_weights(len(point))


def exponentiated_gradient(weights: ArrayLike, relatives: ArrayLike, eta: float = 0.05) -> FloatArray:
    """The next weights after a period: those that gained more than the whole grow, `w_i exp(eta x_i / (w.x))`.

    Shape   (N,), (N,) price relatives (1 + return) -> (N,).
    Timing  The relatives are those of the period that has ended.
    NaN     Raises.
    Raises  ValueError on a relative that is not finite and positive, or weights that are no shares of 1.
    Source  Helmbold, Schapire, Singer and Warmuth (1998), On-line portfolio selection using multiplicative updates.
    """
    held, moved = np.asarray(weights, dtype=np.float64), np.asarray(relatives, dtype=np.float64)
    if not np.isfinite(moved).all() or (moved <= 0).any():
        raise ValueError("price relatives must be finite and positive")
    if (held < 0).any() or abs(float(held.sum()) - 1) > 1e-9:
        raise ValueError("weights must be shares that sum to 1")
    powers = eta * moved / float(held @ moved)
    grown = held * np.exp(powers - powers.max())
    return np.asarray(grown / grown.sum())
