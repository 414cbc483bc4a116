"""Closed forms of strategies: reference rows, limits, and the numeric solution behind the asymptotic quotes."""

import math
from decimal import Decimal

import numpy as np
import pytest

from tradewind.model.orders import Side
from tradewind.strategy import formulas

D = Decimal
TRIANGLE = [(Side.BUY, D(50000)), (Side.BUY, D("0.06")), (Side.SELL, D(3030))]


def test_a_triangle_eaten_by_fees():
    result = formulas.triangular_return(TRIANGLE, D("0.004"), D(5))
    assert result.gross == pytest.approx(1.01, abs=1e-12)
    assert result.net == pytest.approx(0.99792842, abs=5e-9)
    assert result.net_bps == pytest.approx(-20.7158, abs=5e-4)
    assert result.trade is False


def test_a_triangle_must_beat_the_buffer():
    assert formulas.triangular_return(TRIANGLE, D(0), D(100)).trade is False
    assert formulas.triangular_return(TRIANGLE, D(0), D("99.99")).trade is True


def test_half_life():
    assert formulas.half_life(0.9) == pytest.approx(6.578813, abs=5e-7)
    assert formulas.half_life(0.5) == pytest.approx(1)
    assert formulas.half_life(0.0) == 0


@pytest.mark.parametrize("coefficient", [1.0, 1.2, -0.1, math.nan])
def test_half_life_of_what_does_not_revert(coefficient):
    assert formulas.half_life(coefficient) is None


def test_avellaneda_stoikov():
    quotes = formulas.avellaneda_stoikov(100, 2, 0.1, 2, 0.5, 1.5)
    assert quotes.reservation == pytest.approx(99.6, abs=5e-7)
    assert quotes.spread == pytest.approx(1.49077, abs=5e-6)
    assert quotes.bid == pytest.approx(98.854615, abs=5e-7)
    assert quotes.ask == pytest.approx(100.345385, abs=5e-7)


def test_avellaneda_stoikov_without_risk_aversion():
    assert formulas.avellaneda_stoikov(100, 5, 0.0, 2, 0.5, 1.5) == (100, 2 / 1.5, 100 - 1 / 1.5, 100 + 1 / 1.5)
    near = formulas.avellaneda_stoikov(100, 5, 1e-12, 2, 0.5, 1.5)
    assert near.spread == pytest.approx(2 / 1.5)


def stationary_depths(gamma, sigma, k, intensity, limit):
    """Exact stationary quotes from the principal eigenvector of the inventory matrix."""
    alpha = k / 2 * gamma * sigma**2
    eta = intensity * (1 + gamma / k) ** -(1 + k / gamma)
    inventories = np.arange(-limit, limit + 1)
    matrix = np.diag(alpha * inventories**2.0) - eta * (np.eye(2 * limit + 1, k=1) + np.eye(2 * limit + 1, k=-1))
    vector = np.abs(np.linalg.eigh(matrix)[1][:, 0])
    base = math.log1p(gamma / k) / gamma
    bids = {int(q): base + math.log(vector[i] / vector[i + 1]) / k for i, q in enumerate(inventories[:-1])}
    asks = {int(q): base + math.log(vector[i + 1] / vector[i]) / k for i, q in enumerate(inventories[1:])}
    return bids, asks


def test_asymptotic_quotes_are_near_the_stationary_ones():
    terms = {"gamma": 0.01, "sigma": 0.3, "k": 0.3, "intensity": 0.9}
    bids, asks = stationary_depths(**terms, limit=30)
    for inventory in range(-5, 6):
        depths = formulas.glft_depths(inventory, **terms, inventory_max=30)
        assert depths.bid == pytest.approx(bids[inventory], rel=0.02)
        assert depths.ask == pytest.approx(asks[inventory], rel=0.02)


def test_no_quote_that_would_break_the_inventory_limit():
    assert formulas.glft_depths(3, 0.01, 0.3, 0.3, 0.9, 3).bid is None
    assert formulas.glft_depths(-3, 0.01, 0.3, 0.3, 0.9, 3).ask is None


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="legs"):
        formulas.triangular_return([], D(0))
    with pytest.raises(ValueError, match="fee"):
        formulas.triangular_return(TRIANGLE, D(1))
    with pytest.raises(ValueError, match="k must"):
        formulas.avellaneda_stoikov(100, 0, 0.1, 1, 1, 0)
    with pytest.raises(ValueError, match="limit"):
        formulas.glft_depths(4, 0.01, 0.3, 0.3, 0.9, 3)
    with pytest.raises(ValueError, match="positive"):
        formulas.glft_depths(0, 0.0, 0.3, 0.3, 0.9, 3)
