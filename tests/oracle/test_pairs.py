"""What pairs rest on: Engle and Granger's test against statsmodels, the drifting hedge against filterpy."""

import math

import numpy as np
import pytest

from tradewind.numeric.cointegration import dickey_fuller, engle_granger, mackinnon_p
from tradewind.strategy.hedging import begin_hedge, follow

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def pair(seed: int, rows: int, coefficient: float) -> tuple[np.ndarray, np.ndarray]:
    """Two log prices whose gap keeps `coefficient` of itself per bar: 1 is two strangers."""
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.standard_normal(rows)) * 0.01 + 4.0
    gap = np.zeros(rows)
    for row in range(1, rows):
        gap[row] = coefficient * gap[row - 1] + 0.006 * rng.standard_normal()
    return 0.4 + 0.9 * x + gap, x


@pytest.mark.parametrize("coefficient", [0.3, 0.9, 0.97, 1.0])
@pytest.mark.parametrize(("seed", "rows"), [(1, 120), (2, 500), (3, 1500)])
def test_engle_granger(seed, rows, coefficient):
    stattools = pytest.importorskip("statsmodels.tsa.stattools")
    y, x = pair(seed, rows, coefficient)
    statistic, p_value, _ = stattools.coint(y, x)
    found = engle_granger(y, x)
    assert (found.statistic, found.p_value) == pytest.approx((statistic, p_value), abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_dickey_fuller(seed):
    stattools = pytest.importorskip("statsmodels.tsa.stattools")
    y, x = pair(seed, 400, 0.95)
    theirs = stattools.adfuller(y - 0.9 * x, regression="n", autolag="AIC", maxlag=None)[0]
    assert dickey_fuller(y - 0.9 * x) == pytest.approx(theirs, abs=1e-6)


def test_p_values():
    adfvalues = pytest.importorskip("statsmodels.tsa.adfvalues")
    for statistic in np.linspace(-20.0, 2.0, 89):
        theirs = adfvalues.mackinnonp(statistic, regression="c", N=2)
        assert mackinnon_p(float(statistic)) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize(("drift", "noise", "begun"), [(1e-5, 4e-5, 1e-5), (1e-7, 1e-4, 1e-7), (0.0, 1e-3, 1.0)])
def test_kalman_hedge(drift, noise, begun):
    kalman = pytest.importorskip("filterpy.kalman")
    y, x = pair(9, 600, 0.9)
    library = kalman.KalmanFilter(dim_x=2, dim_z=1)
    library.x = np.array([[0.3], [1.1]])
    library.P, library.Q, library.R = np.eye(2) * begun, np.eye(2) * drift, np.array([[noise]])
    library.F = np.eye(2)
    ours = begin_hedge(0.3, 1.1, begun)
    for left, right in zip(y.tolist(), x.tolist(), strict=True):
        library.predict()
        library.update(left, H=np.array([[1.0, right]]))
        innovation = follow(ours, left, right, drift, noise)
        assert innovation.spread == pytest.approx(float(np.squeeze(library.y)), abs=1e-6)
        assert innovation.deviation == pytest.approx(math.sqrt(float(np.squeeze(library.S))), rel=1e-6)
        assert [ours.intercept, ours.slope] == pytest.approx(np.ravel(library.x).tolist(), abs=1e-6)
        assert [ours.p00, ours.p01, ours.p11] == pytest.approx(library.P[np.triu_indices(2)].tolist(), abs=1e-6)
