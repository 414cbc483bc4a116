"""Transaction costs of reference orders; costs are positive for both sides."""

from decimal import Decimal

import pytest

from tradewind.execution import tca
from tradewind.execution.tca import Execution
from tradewind.model.orders import Liquidity, Side

D = Decimal
FILLS = [Execution(D(4), D("99.9"), Liquidity.MAKER), Execution(D(6), D("100.2"), Liquidity.TAKER)]


def test_cost_summary_of_a_buy():
    summary = tca.cost_summary(Side.BUY, D(100), FILLS, D("0.0025"), D("0.004"))
    assert summary.average_price == D("100.08")
    assert summary.slippage_bps == pytest.approx(8, abs=5e-5)
    assert summary.fees == D("3.4038")
    assert summary.fees_bps == pytest.approx(34.0108, abs=5e-5)
    assert summary.maker_ratio_notional == pytest.approx(0.399281, abs=5e-7)
    assert summary.maker_ratio_count == 0.5


def test_a_sell_above_arrival_costs_less_than_nothing():
    summary = tca.cost_summary(Side.SELL, D(100), FILLS, D(0), D(0))
    assert summary.slippage_bps == pytest.approx(-8)


def test_nothing_filled_has_no_price():
    assert tca.cost_summary(Side.BUY, D(100), [], D("0.0025"), D("0.004")) == tca.CostSummary(
        None, None, D(0), None, None, None
    )


def test_shortfall_of_a_partly_filled_buy():
    result = tca.implementation_shortfall(Side.BUY, D(100), D(10), [Execution(D(6), D("100.5"))], D(102), D(2))
    assert result.amount == D(13)
    assert result.bps == pytest.approx(130)


def test_shortfall_of_a_sell_mirrors_prices_but_not_fees():
    result = tca.implementation_shortfall(Side.SELL, D(100), D(10), [Execution(D(6), D("99.5"))], D(98), D(2))
    assert result.amount == D(13)


def test_shortfall_of_nothing_filled_is_the_missed_move():
    assert tca.implementation_shortfall(Side.BUY, D(100), D(10), [], D(102)).amount == D(20)


def test_markouts_are_positive_when_the_market_follows():
    later = {"1": D("100.5"), "60": D(99)}
    assert tca.markout_bps(Side.BUY, D(100), later) == pytest.approx({"1": 50, "60": -100})
    assert tca.markout_bps(Side.SELL, D(100), later) == pytest.approx({"1": -50, "60": 100})


def test_spreads():
    assert tca.effective_spread_bps(Side.BUY, D("100.1"), D(100)) == pytest.approx(20)
    assert tca.effective_spread_bps(Side.SELL, D("99.9"), D(100)) == pytest.approx(20)
    assert tca.realised_spread_bps(Side.BUY, D("100.1"), D("100.06"), D(100)) == pytest.approx(8)


def test_fill_rate_and_cost_reduction():
    assert tca.fill_rate(D(6), D(10)) == 0.6
    assert tca.cost_reduction_bps(tca.Shortfall(D(1), 10.0), tca.Shortfall(D(2), 25.0)) == 15.0


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="arrival_price"):
        tca.cost_summary(Side.BUY, D(0), [], D(0), D(0))
    with pytest.raises(ValueError, match="quantity"):
        tca.implementation_shortfall(Side.BUY, D(1), D(0), [], D(1))
    with pytest.raises(ValueError, match="price"):
        tca.markout_bps(Side.BUY, D(0), {})
