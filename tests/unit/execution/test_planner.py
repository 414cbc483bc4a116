"""Plans: the route by band, urgency and policy, the terms of passive children, and the cost that is expected."""

from decimal import Decimal

import msgspec
import pytest

from tradewind.execution.fill_rates import FillRates, noted
from tradewind.execution.planner import MarketFigures, PlannerSettings, begin, plan_order
from tradewind.model.errors import ConfigError
from tradewind.model.fees import FeeTier
from tradewind.model.instrument import define_instrument
from tradewind.model.orders import Side
from tradewind.model.plans import Ending, ExecutionPlan, PlanPolicy, PlanRefused, Route, Urgency

BTC = define_instrument("BTC-USD", base_increment="0.00001", min_notional=Decimal(1))
TIER = FeeTier(Decimal(0), Decimal("0.004"), Decimal("0.006"))
MARKET = MarketFigures(bid=9_999_000, ask=10_001_000, tier=TIER, sigma_day=0.04, volume_day=1e9)
USUAL = PlannerSettings()
BANDS = PlannerSettings(policy=PlanPolicy.BANDS)


def planned(notional, urgency=Urgency.NORMAL, settings=USUAL, market=MARKET, side=Side.BUY):
    return plan_order(BTC, side, BTC.order_quantity(Decimal(notional) / 100_010), urgency, market, settings)


@pytest.mark.parametrize(
    ("notional", "urgency", "maker_first", "bands"),
    [
        (500, Urgency.LOW, Route.POST_ONLY, Route.POST_ONLY),
        (500, Urgency.NORMAL, Route.POST_ONLY, Route.MARKET),
        (500, Urgency.HIGH, Route.MARKET, Route.MARKET),
        (3000, Urgency.NORMAL, Route.POST_ONLY, Route.POST_ONLY),
        (9000, Urgency.NORMAL, Route.TWAP, Route.TWAP),
        (9000, Urgency.HIGH, Route.MARKET, Route.MARKET),
    ],
)
def test_routes(notional, urgency, maker_first, bands):
    assert planned(notional, urgency).route is maker_first
    assert planned(notional, urgency, BANDS).route is bands


def test_what_is_exactly_at_the_bound_is_not_sliced():
    exact = planned(3000).notional
    assert planned(3000, settings=PlannerSettings(twap_above=exact)).route is Route.POST_ONLY
    assert planned(3000, settings=PlannerSettings(twap_above=exact - 1)).route is Route.TWAP


def test_terms_follow_urgency_and_policy():
    assert planned(500, Urgency.HIGH).maker is None
    assert planned(500).maker.crosses
    low = planned(500, Urgency.LOW)
    assert not low.maker.crosses
    assert low.maker.ending is Ending.CROSS
    assert low.deadline_ns > planned(500).deadline_ns
    assert planned(3000, Urgency.NORMAL, BANDS).maker.ending is Ending.LEAVE
    assert planned(9000, Urgency.NORMAL, BANDS).maker is None


def test_the_estimate_by_hand():
    cost = planned(500, Urgency.HIGH).estimate
    impact = 400 * (499 / 1e9) ** 0.5
    assert cost.fee_bps == pytest.approx(60)
    assert cost.spread_bps == pytest.approx(1)
    assert cost.impact_bps == pytest.approx(impact)
    assert cost.total_bps == pytest.approx(cost.all_market_bps) == pytest.approx(61 + impact)
    assert cost.timing_risk_bps == 0
    patient = planned(500).estimate
    assert patient.fee_bps == pytest.approx(0.85 * 40 + 0.15 * 60)
    assert patient.spread_bps == pytest.approx(0.15)
    assert patient.timing_risk_bps == pytest.approx(400 * (300 / 86_400 / 3) ** 0.5)
    assert patient.total_bps < patient.all_market_bps


def test_an_unknown_volatility_is_named():
    blind = msgspec.structs.replace(MARKET, sigma_day=None)
    estimate = planned(500, market=blind).estimate
    assert estimate.unknown == ("sigma_day",)
    assert estimate.impact_bps == 0


def test_the_multiplier_is_on_the_impact():
    twice = msgspec.structs.replace(MARKET, impact_multiplier=2.0)
    assert planned(500, market=twice).estimate.impact_bps == pytest.approx(2 * planned(500).estimate.impact_bps)


def test_offsets_follow_what_filled():
    rates = FillRates()
    assert planned(500).maker.offset_ticks == 1
    for _ in range(200):
        rates = noted(rates, 1, 100, 100)
    market = msgspec.structs.replace(MARKET, fill_rates=rates)
    assert rates.share(1) > 0.98
    assert planned(500, market=market).maker.offset_ticks == 0
    assert planned(500, market=market).estimate.maker_share == 0.85
    for _ in range(40):
        rates = noted(rates, 0, 100, 10)
    assert rates.share(0) < 0.6
    assert (rates.offset(0), rates.offset(1), rates.offset(-1)) == (1, 1, -1)
    with pytest.raises(ValueError, match="cannot have filled"):
        noted(rates, 0, 10, 11)


def test_a_plan_begins_as_a_state_machine():
    plan = planned(9000)
    assert isinstance(plan, ExecutionPlan)
    state = begin(plan, BTC, 5, MARKET.bid, MARKET.ask)
    assert state.parent.quantity == plan.quantity
    assert len(state.release.offsets_ns) == plan.slices == 6
    assert state.release.due[-1] == plan.quantity
    assert state.release.offsets_ns[-1] < plan.deadline_ns == state.deadline_ns


def test_slices_that_wait_have_half_of_the_time_left_to_fill_and_those_that_take_none():
    waits, takes = planned(9000), planned(9000, settings=BANDS)
    assert waits.maker is not None
    assert takes.maker is None
    assert (waits.deadline_ns, waits.duration_ns) == (USUAL.normal_ns, USUAL.normal_ns // 2)
    assert (takes.deadline_ns, takes.duration_ns) == (USUAL.normal_ns, USUAL.normal_ns)
    assert begin(waits, BTC, 0, MARKET.bid, MARKET.ask).release.offsets_ns[-1] <= USUAL.normal_ns // 2


def test_on_bars_what_waits_has_some_of_them():
    hour = 3_600_000_000_000
    bars = msgspec.structs.replace(MARKET, bar_ns=hour)
    assert planned(9000, Urgency.LOW, market=bars).deadline_ns == 6 * hour
    assert planned(9000, Urgency.LOW, market=bars).duration_ns == 3 * hour
    assert planned(500, market=bars).deadline_ns == 3 * hour
    assert planned(9000, settings=BANDS, market=bars).deadline_ns == USUAL.normal_ns
    minutes = msgspec.structs.replace(MARKET, bar_ns=60_000_000_000)
    assert planned(9000, Urgency.LOW, market=minutes).deadline_ns == USUAL.low_ns
    with pytest.raises(ConfigError, match="one bar"):
        PlannerSettings(low_bars=0)


def test_what_cannot_be_planned_is_refused():
    crossed = msgspec.structs.replace(MARKET, ask=MARKET.bid)
    assert planned(500, market=crossed) == PlanRefused("BTC-USD", "NO_QUOTE", "9999000/9999000")
    assert planned(0).reason == "BELOW_MINIMUM"
    with pytest.raises(ConfigError, match="ascend"):
        PlannerSettings(market_below=Decimal(6000))
    with pytest.raises(ConfigError, match="slice"):
        PlannerSettings(slices=0)
