"""How budgets are shared, against skfolio and cvxpy on the same shrunk covariances."""

import numpy as np
import pytest

from tradewind.numeric import allocation
from tradewind.numeric.covariance import ledoit_wolf

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

EXACT = {"tol_gap_abs": 1e-13, "tol_gap_rel": 1e-13, "tol_feas": 1e-13}
CLOSE = dict.fromkeys(EXACT, 1e-11)
SIZES = pytest.mark.parametrize(("seed", "assets"), [(1, 3), (2, 6), (3, 12), (4, 25)])


def returns(seed: int, assets: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((250, assets)) @ rng.standard_normal((assets, assets)) * 0.01 + 0.0005


def prior():
    optimisers = pytest.importorskip("skfolio.prior")
    from skfolio.moments import LedoitWolf

    return optimisers.EmpiricalPrior(covariance_estimator=LedoitWolf())


@SIZES
def test_inverse_volatility(seed, assets):
    shrunk = prior()
    from skfolio.optimization import InverseVolatility

    rows = returns(seed, assets)
    theirs = InverseVolatility(prior_estimator=shrunk).fit(rows).weights_
    assert allocation.inverse_volatility(ledoit_wolf(rows).covariance) == pytest.approx(theirs, abs=1e-12)


@SIZES
def test_equal_risk_contribution(seed, assets):
    shrunk = prior()
    from skfolio import RiskMeasure
    from skfolio.optimization import RiskBudgeting

    rows = returns(seed, assets)
    library = RiskBudgeting(
        risk_measure=RiskMeasure.VARIANCE, prior_estimator=shrunk, solver_params=CLOSE, scale_objective=1e3
    )
    ours = allocation.equal_risk_contribution(ledoit_wolf(rows).covariance)
    assert ours == pytest.approx(library.fit(rows).weights_, abs=1e-6)


@SIZES
def test_hierarchical_risk_parity(seed, assets):
    """The tree is single linkage of the distances between assets, left as it was joined."""
    shrunk = prior()
    from skfolio.cluster import HierarchicalClustering, LinkageMethod
    from skfolio.distance import CovarianceDistance
    from skfolio.optimization import HierarchicalRiskParity
    from skfolio.seriation import HierarchicalSeriation

    rows = returns(seed, assets)
    tree = HierarchicalClustering(linkage_method=LinkageMethod.SINGLE)
    library = HierarchicalRiskParity(
        prior_estimator=shrunk,
        distance_estimator=CovarianceDistance("precomputed"),
        seriation_estimator=HierarchicalSeriation(hierarchical_clustering_estimator=tree, optimal_ordering=False),
    )
    ours = allocation.hierarchical_risk_parity(ledoit_wolf(rows).covariance)
    assert ours == pytest.approx(library.fit(rows).weights_, abs=1e-6)


@SIZES
def test_hierarchical_risk_parity_by_the_trees_of_scipy(seed, assets):
    """As PyPortfolioOpt 1.6.0 cuts them: both halves of every part, the tree read from the left."""
    hierarchy = pytest.importorskip("scipy.cluster.hierarchy")
    from scipy.spatial.distance import squareform

    matrix = ledoit_wolf(returns(seed, assets)).covariance
    scale = np.sqrt(np.diag(matrix))
    apart = np.sqrt(np.clip((1 - matrix / np.outer(scale, scale)) / 2, 0, 1))
    tree = hierarchy.linkage(squareform(apart, checks=False), "single")
    weights = np.ones(assets)
    waiting = [hierarchy.to_tree(tree).pre_order()]
    while waiting:
        waiting = [
            half for each in waiting if len(each) > 1 for half in (each[: len(each) // 2], each[len(each) // 2 :])
        ]
        for left, right in zip(waiting[::2], waiting[1::2], strict=True):
            first, second = (variance_of(matrix, half) for half in (left, right))
            weights[left] *= second / (first + second)
            weights[right] *= first / (first + second)
    assert allocation.hierarchical_risk_parity(matrix) == pytest.approx(weights, abs=1e-12)


def variance_of(matrix: np.ndarray, half: list[int]) -> float:
    block = matrix[np.ix_(half, half)]
    held = 1 / np.diag(block) / (1 / np.diag(block)).sum()
    return float(held @ block @ held)


@SIZES
@pytest.mark.parametrize(("aversion", "cost"), [(2.0, 0.0), (8.0, 0.0), (8.0, 2e-4), (40.0, 1e-3)])
def test_shrunk_mean_variance(seed, assets, aversion, cost):
    """The turnover penalty is what a unit of weight costs to trade; the programme is solved by cvxpy."""
    cvxpy = pytest.importorskip("cvxpy")
    rows = returns(seed, assets)
    means, covariance = 0.5 * rows.mean(axis=0), ledoit_wolf(rows).covariance
    before = np.random.default_rng(seed + 100).dirichlet(np.ones(assets))
    weights = cvxpy.Variable(assets)
    root = np.linalg.cholesky(covariance)
    gain = means @ weights - aversion / 2 * cvxpy.sum_squares(root.T @ weights)
    cvxpy.Problem(
        cvxpy.Maximize(1e3 * (gain - cost * cvxpy.norm1(weights - before))), [weights >= 0, cvxpy.sum(weights) == 1]
    ).solve(solver=cvxpy.CLARABEL, **EXACT)
    ours = allocation.mean_variance(means, covariance, aversion, before, cost)
    assert ours == pytest.approx(weights.value, abs=1e-6)


def test_the_library_agrees_on_mean_variance():
    shrunk = prior()
    from skfolio.optimization import MeanRisk, ObjectiveFunction

    rows = returns(5, 8)
    before = np.full(8, 0.125)
    library = MeanRisk(
        objective_function=ObjectiveFunction.MAXIMIZE_UTILITY,
        risk_aversion=4.0,  # times the variance: ours counts half of it
        prior_estimator=shrunk,
        transaction_costs=3e-4,
        previous_weights=before,
        solver_params=CLOSE,
        scale_objective=1e3,
    )
    ours = allocation.mean_variance(rows.mean(axis=0), ledoit_wolf(rows).covariance, 8.0, before, 3e-4)
    assert ours == pytest.approx(library.fit(rows).weights_, abs=1e-6)
