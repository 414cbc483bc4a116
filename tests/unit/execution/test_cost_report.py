"""Costs by order, strategy and day: sums of exact amounts, and ratios of the sums."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.execution.cost_report import PaidFill, WorkedOrder, cost_line, cost_report
from tradewind.model.orders import Liquidity, Side
from tradewind.model.plans import CostEstimate

D = Decimal
DAY = 86_400_000_000_000
MAKER, TAKER = Liquidity.MAKER, Liquidity.TAKER

BUY = WorkedOrder(
    order_id="a",
    strategy="trend",
    side=Side.BUY,
    quantity=D(10),
    decided_ns=5,
    arrival=D(100),
    fills=(
        PaidFill(D(4), D("99.9"), MAKER, D("0.999"), {"1": D("99.8"), "60": D(101)}),
        PaidFill(D(6), D("100.2"), TAKER, D("2.4048"), {"1": D("100.2")}),
    ),
    end_price=D(102),
    market_price=D("100.1"),
    market_fee=D("4.004"),
)
SELL = msgspec.structs.replace(
    BUY, order_id="b", side=Side.SELL, decided_ns=DAY + 5, fills=(PaidFill(D(5), D("100.1"), MAKER, D("1.25125")),),
    end_price=D(98), market_price=D("99.9"), market_fee=D("3.996"),
)  # fmt: skip


def test_the_cost_of_one_order_by_hand():
    line = cost_line("a", [BUY])
    assert line.slippage_bps == pytest.approx(8)
    assert line.fees == D("3.4038")
    assert line.fees_bps == pytest.approx(34.0108, abs=5e-5)
    assert line.maker_ratio_notional == pytest.approx(0.399281, abs=5e-7)
    assert line.maker_ratio_count == 0.5
    assert line.shortfall.amount == D("0.8") + D("3.4038")
    assert line.market.amount == D(1) + D("4.004")
    assert line.reduction == pytest.approx(1 - 4.2038 / 5.004)
    assert line.fill_rate == 1
    assert line.markouts["60"] == pytest.approx((101 - 99.9) / 99.9 * 1e4)
    weights = 4 * 99.9, 6 * 100.2
    assert line.markouts["1"] == pytest.approx(weights[0] * (99.8 - 99.9) / 99.9 * 1e4 / sum(weights))
    assert line.estimate_bps is None


def test_what_did_not_fill_is_charged_at_the_end():
    line = cost_line("b", [SELL])
    assert line.shortfall.amount == D("-0.5") + D(10) + D("1.25125")
    assert line.fill_rate == 0.5
    assert line.market.amount == D(1) + D("3.996")
    assert line.reduction < 0


def test_lines_by_strategy_and_day():
    other = msgspec.structs.replace(BUY, order_id="c", strategy="grid")
    report = cost_report([BUY, SELL, other])
    assert [line.name for line in report.orders] == ["a", "b", "c"]
    assert [(line.name, line.orders) for line in report.strategies] == [("grid", 1), ("trend", 2)]
    assert [(line.name, line.orders) for line in report.days] == [("0", 2), ("1", 1)]
    assert report.total.shortfall.amount == sum(line.shortfall.amount for line in report.orders)
    assert report.total.fees == sum(line.fees for line in report.days)


def test_the_plan_is_held_against_what_happened():
    estimate = CostEstimate(
        maker_share=0.4, fee_bps=30, spread_bps=2, impact_bps=1, timing_risk_bps=9, all_market_bps=50
    )
    line = cost_line("a", [msgspec.structs.replace(BUY, estimate=estimate)])
    assert line.estimate_bps == pytest.approx(33)
    assert line.surprise_bps == pytest.approx(42.038 - 33)
    assert cost_line("both", [msgspec.structs.replace(BUY, estimate=estimate), SELL]).estimate_bps is None


def test_nothing_filled_and_nothing_at_all():
    line = cost_line("a", [msgspec.structs.replace(BUY, fills=())])
    assert (line.slippage_bps, line.fees_bps, line.maker_ratio_notional, line.maker_ratio_count) == (None,) * 4
    assert line.shortfall.amount == D(20)
    assert cost_report([]).total is None
    with pytest.raises(ValueError, match="no order"):
        cost_line("a", [])


prices = st.integers(9_000, 11_000).map(lambda cents: D(cents) / 100)


@given(st.lists(st.tuples(st.sampled_from(list(Side)), st.integers(1, 9), prices, prices), min_size=1, max_size=6))
def test_sums_of_parts_are_the_whole(rows):
    orders = [
        msgspec.structs.replace(
            BUY, order_id=str(i), strategy=str(i % 2), side=side, quantity=D(10), end_price=end,
            fills=(PaidFill(D(filled), price, MAKER, price * filled / 1000),),
        )
        for i, (side, filled, price, end) in enumerate(rows)
    ]  # fmt: skip
    report = cost_report(orders)
    for lines in (report.orders, report.strategies, report.days):
        assert sum(line.shortfall.amount for line in lines) == report.total.shortfall.amount
        assert sum(line.market.amount for line in lines) == report.total.market.amount
        assert sum(line.filled_notional for line in lines) == report.total.filled_notional
