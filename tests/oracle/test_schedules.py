"""The Almgren-Chriss path against a direct minimisation of cost plus risk."""

import numpy as np
import pytest

from tradewind.execution.impact import almgren_chriss_cost
from tradewind.execution.schedules import almgren_chriss_holdings, almgren_chriss_kappa

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize(("aversion", "sigma", "eta", "tau"), [(2e-3, 0.8, 0.05, 0.5), (1e-6, 0.3, 0.01, 1.0)])
def test_holdings_minimise_cost_plus_risk(aversion, sigma, eta, tau):
    optimize = pytest.importorskip("scipy.optimize")
    quantity, steps = 10.0, 8

    def objective(inner):
        cost, variance = almgren_chriss_cost((quantity, *inner, 0.0), tau, sigma, eta)
        return cost + aversion * variance

    matrix = 2 * aversion * sigma**2 * tau * np.eye(steps - 1)
    matrix += 2 * eta / tau * (2 * np.eye(steps - 1) - np.eye(steps - 1, k=1) - np.eye(steps - 1, k=-1))
    start = np.linspace(quantity, 0, steps + 1)[1:-1]

    def gradient(inner):
        out = matrix @ inner
        out[0] -= 2 * eta / tau * quantity
        return out

    best = optimize.minimize(objective, start, jac=gradient, method="BFGS", options={"gtol": 1e-12})
    kappa = almgren_chriss_kappa(aversion, sigma, eta, tau)
    assert almgren_chriss_holdings(quantity, steps, kappa * tau)[1:-1] == pytest.approx(best.x, abs=1e-6)
