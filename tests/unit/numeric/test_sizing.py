"""Position sizes: Kelly, volatility targets, concentration and the breaker."""

from decimal import Decimal

import numpy as np
import pytest

from tradewind.numeric import sizing


@pytest.mark.parametrize(
    ("p", "b", "fraction", "share"), [(0.55, 1, 1, 0.10), (0.40, 2, 1, 0.10), (0.30, 2, 1, 0.0), (0.55, 1, 0.5, 0.05)]
)
def test_kelly_binary(p, b, fraction, share):
    assert sizing.kelly_binary(p, b, fraction) == pytest.approx(share, abs=1e-12)


def test_kelly_binary_takes_a_quarter_by_default():
    assert sizing.kelly_binary(0.55, 1) == pytest.approx(0.025)


def test_a_short_record_is_shrunk_towards_a_half():
    assert sizing.shrunk_win_probability(0, 0) == 0.5
    assert sizing.shrunk_win_probability(5, 0) == pytest.approx(0.6)
    assert sizing.shrunk_win_probability(9000, 1000) == pytest.approx(0.9, abs=1e-3)


def test_kelly_continuous():
    assert sizing.kelly_continuous(0.10, 0.5) == pytest.approx(0.4, abs=1e-12)
    assert sizing.kelly_continuous(-0.10, 0.5) == pytest.approx(-0.4, abs=1e-12)
    assert sizing.kelly_continuous(0.1, 0.0) is None


def test_kelly_weights_of_independent_assets_are_the_single_ones():
    weights = sizing.kelly_weights([0.1, 0.02], np.diag([0.25, 0.04]))
    assert weights == pytest.approx([0.4, 0.5])


def test_volatility_target():
    assert sizing.volatility_target(0.2, 0.8, 1.0) == (0.25, None)
    assert sizing.volatility_target(0.2, 0.0, 1.0) == (1.0, "SIGMA_ZERO")
    assert sizing.volatility_target(0.2, 0.1, 1.5) == (1.5, None)


def test_the_smallest_size_names_its_rule():
    assert sizing.smallest_size({"kelly": 0.3, "volatility": 0.25, "liquidity": 0.9}) == (0.25, "volatility")
    assert sizing.smallest_size({"kelly": 0.1, "limit": 0.1}).binding == "kelly"


def test_concentration():
    assert sizing.concentration([0.5, 0.3, 0.2]) == pytest.approx((0.38, 2.631579), abs=5e-7)
    assert sizing.concentration([0.25] * 4) == (0.25, 4.0)
    assert sizing.concentration([]) == (0.0, None)


def decimals(*values):
    return [Decimal(value) for value in values]


def test_the_breaker_trips_at_equality_and_stays():
    result = sizing.drawdown_breaker(decimals("100", "120", "108.01", "108", "130", "130"), Decimal("0.1"))
    assert result.tripped == [False, False, False, True, True, True]
    assert result.drawdowns == pytest.approx([0, 0, 11.99 / 120, 0.1, 0, 0])


def test_the_breaker_compares_exactly():
    # In floats 1 - 0.9 / 1.0 is below 0.1.
    assert 1 - 0.9 < 0.1
    assert sizing.drawdown_breaker(decimals("1.0", "0.9"), Decimal("0.1")).tripped == [False, True]


def test_drawdown_constrained_fraction_keeps_the_probability():
    returns = np.random.default_rng(0).normal(0.001, 0.03, 250)
    fraction = sizing.drawdown_constrained_fraction(returns, np.random.default_rng(1), paths=400)
    assert 0 < fraction < 1
    looser = sizing.drawdown_constrained_fraction(returns, np.random.default_rng(1), drawdown=0.2, paths=400)
    assert looser > fraction
    again = sizing.drawdown_constrained_fraction(returns, np.random.default_rng(1), paths=400)
    assert again == fraction


def test_drawdown_constrained_fraction_of_certain_gains_is_the_cap():
    assert sizing.drawdown_constrained_fraction([0.01] * 50, np.random.default_rng(0), cap=2.0, paths=10) == 2.0


def test_impossible_input_is_refused():
    with pytest.raises(ValueError, match="win_probability"):
        sizing.kelly_binary(1.1, 1)
    with pytest.raises(ValueError, match="payoff_ratio"):
        sizing.kelly_binary(0.5, 0)
    with pytest.raises(ValueError, match="prior"):
        sizing.shrunk_win_probability(-1, 0)
    with pytest.raises(ValueError, match="sigma"):
        sizing.kelly_continuous(0.1, -1)
    with pytest.raises(ValueError, match="negative"):
        sizing.volatility_target(0.2, -0.1)
    with pytest.raises(ValueError, match="cap"):
        sizing.volatility_target(0.2, 0.1, 0)
    with pytest.raises(ValueError, match="name at least one"):
        sizing.smallest_size({})
    with pytest.raises(ValueError, match="positive equity"):
        sizing.drawdown_breaker(decimals("0"), Decimal("0.1"))
    with pytest.raises(ValueError, match="limit"):
        sizing.drawdown_breaker(decimals("1"), Decimal("0"))
    with pytest.raises(ValueError, match="at least one"):
        sizing.drawdown_constrained_fraction([], np.random.default_rng(0))
