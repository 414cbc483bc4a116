"""The orders of a run against its bars: what is counted, and that a run which only takes equals its counterfactual."""

from decimal import Decimal

import msgspec
import pytest

from tests.unit.research.made_runs import FEES, HOUR_NS, START_NS, Restless, bot, make_bars, run
from tradewind.engine.config import Planning
from tradewind.execution.cost_report import cost_report
from tradewind.model.instrument import define_instrument
from tradewind.model.intents import PlaceOrder
from tradewind.model.orders import OrderKind, Side
from tradewind.model.plans import Planned
from tradewind.research.execution.run_costs import run_orders
from tradewind.simulation.settings import SimulationSettings
from tradewind.strategy.base import Strategy

BTC = define_instrument("BTC-USD", base_increment="0.00001")
COSTS = SimulationSettings(fees=FEES, half_spread_bps=Decimal(3), slippage_bps=Decimal(1))
NAMES = {"a": "restless", "b": "bidder"}


class Bidder(Strategy):
    """Bids one per cent below each close, and for far too little every other time."""

    def on_bar(self, view):
        below = Decimal("0.99") if view.bar.ts_ns // HOUR_NS % 2 else Decimal("0.5")
        price = BTC.price_decimal(view.bar.close) * below
        return PlaceOrder(Side.BUY, Decimal("0.01"), OrderKind.LIMIT, price, post_only=True)


def orders_of(bots, settings=COSTS, bars=200):
    series = make_bars(BTC, bars)
    result = run([series], bots, settings)
    found = run_orders(result.audit, {BTC.id: series}, NAMES, settings, settings.fees.tier(Decimal(0)))
    return result, found


def test_a_run_that_only_takes_costs_what_the_counterfactual_does():
    result, found = orders_of((bot(Restless(), BTC.id, id="a"),))
    report = cost_report(found.orders)
    assert report.total.orders > 20
    assert report.total.shortfall == report.total.market
    assert report.total.reduction == 0
    assert report.total.maker_ratio_notional == 0
    assert report.total.fees == sum(order.fees for order in result.state.orders.values())
    assert [line.name for line in report.strategies] == ["restless"]
    assert report.total.fees_bps == pytest.approx(10)
    assert set(report.total.markouts) == {"3600", "14400"}
    assert [int(line.name) for line in report.days] == sorted(
        {each.decided_ns // (24 * HOUR_NS) for each in found.orders}
    )


def test_orders_that_wait_are_makers_and_what_never_fills_is_charged():
    _, found = orders_of((bot(Bidder(), BTC.id, id="b"),))
    report = cost_report(found.orders)
    assert report.total.maker_ratio_notional == 1
    assert 0 < report.total.fill_rate < 1
    missed = [line for line in report.orders if line.fill_rate == 0]
    filled = [line for line in report.orders if line.fill_rate == 1]
    assert missed
    assert filled
    assert all(line.slippage_bps < -90 for line in filled)
    last = make_bars(BTC, 200).close[-1]
    open_bid = next(order for order in found.orders if not order.fills)
    assert open_bid.end_price == BTC.price_decimal(int(last))
    line = next(line for line in missed if line.name == open_bid.order_id)
    assert line.shortfall.amount == open_bid.quantity * (open_bid.end_price - open_bid.arrival)


def test_what_has_no_bar_after_it_is_left_out():
    result, found = orders_of((bot(Restless(every=1), BTC.id, id="a"),))
    early = make_bars(BTC, 100)
    less = run_orders(result.audit, {BTC.id: early}, NAMES, COSTS, FEES.tiers[0])
    assert len(less.orders) + less.left_out == len(found.orders) + found.left_out
    assert less.left_out > found.left_out
    assert all(order.decided_ns < START_NS + 100 * HOUR_NS for order in less.orders)
    assert run_orders(result.audit, {}, NAMES, COSTS, FEES.tiers[0]).orders == ()
    assert msgspec.structs.asdict(run_orders([], {}, NAMES, COSTS, FEES.tiers[0])) == {"orders": (), "left_out": 0}


def test_the_children_of_a_plan_are_one_order_beside_its_estimate():
    plan = Planning(half_spread_bps=Decimal(3))
    result, found = orders_of((bot(Restless(), BTC.id, id="a", plan=plan),))
    begun = {each.order_id: each for each in result.audit if isinstance(each, Planned)}
    assert {each.order_id for each in found.orders} <= set(begun)
    assert len(found.orders) > 20
    assert any(len(each.fills) > 1 for each in found.orders)
    report = cost_report(found.orders)
    assert report.total.estimate_bps == pytest.approx(report.total.shortfall.bps - report.total.surprise_bps)
    assert report.total.fees == sum(order.fees for order in result.state.orders.values())
    assert report.total.maker_ratio_notional > 0
