"""The engine by risk flags, the guard of impact, and slippage multipliers."""

import math
from decimal import Decimal

import msgspec
import pytest

from tradewind.execution.engines import AdvancedEngine, RiskFlags, SimpleEngine, bearable_quantity, execution_engine
from tradewind.execution.impact import square_root_impact_bps
from tradewind.execution.multipliers import Multipliers, parse_multipliers
from tradewind.execution.planner import MarketFigures
from tradewind.market.liquidity import Condition, Liquidity
from tradewind.model.fees import FeeTier
from tradewind.model.instrument import define_instrument
from tradewind.model.orders import Side
from tradewind.model.plans import ExecutionPlan, Urgency

BTC = define_instrument("BTC-USD", base_increment="0.00001")
MARKET = MarketFigures(
    bid=9_999_000, ask=10_001_000, tier=FeeTier(Decimal(0), Decimal("0.004"), Decimal("0.006")), sigma_day=0.04,
    volume_day=1e6,
)  # fmt: skip
DEEP = Liquidity(
    instrument="BTC-USD", ts_ns=0, usable=True, spread_bps=2.0, bands=(), imbalance=0.0, score=0.9,
    condition=Condition.EXCELLENT,
)  # fmt: skip
GUARDED = RiskFlags(impact_guard=True, impact_bps_max=20)


def planned(engine, quantity=5_000, market=MARKET, liquidity=DEEP):
    return engine.plan(BTC, Side.BUY, quantity, Urgency.NORMAL, market, liquidity)


def test_flags_choose_the_engine():
    assert isinstance(execution_engine(RiskFlags()), SimpleEngine)
    assert isinstance(execution_engine(RiskFlags(dynamic_sizing=True)), AdvancedEngine)
    assert isinstance(execution_engine(GUARDED), AdvancedEngine)


def test_the_simple_engine_plans_whatever_is_asked_for():
    plan = planned(execution_engine(RiskFlags()), liquidity=None)
    assert isinstance(plan, ExecutionPlan)
    assert plan.quantity == plan.wanted == 5_000


@pytest.mark.parametrize(
    ("liquidity", "market", "reason"),
    [
        (None, MARKET, "NO_BOOK"),
        (msgspec.structs.replace(DEEP, usable=False), MARKET, "NO_BOOK"),
        (msgspec.structs.replace(DEEP, condition=Condition.CRITICAL), MARKET, "LIQUIDITY_CRITICAL"),
        (DEEP, msgspec.structs.replace(MARKET, volume_day=None), "IMPACT_UNKNOWN"),
        (DEEP, MARKET, "IMPACT_MAX"),
    ],
)
def test_the_guard_refuses(liquidity, market, reason):
    assert planned(execution_engine(GUARDED), market=market, liquidity=liquidity).reason == reason


def test_the_guard_lets_pass_what_the_market_bears():
    assert planned(execution_engine(GUARDED), quantity=2_500).quantity == 2_500
    assert planned(execution_engine(GUARDED), quantity=2_501).limit == "20"


def test_dynamic_sizing_cuts_to_the_impact():
    flags = RiskFlags(dynamic_sizing=True, impact_guard=True, impact_bps_max=20)
    plan = planned(execution_engine(flags))
    assert (plan.wanted, plan.quantity) == (5_000, 2_500)
    assert "CUT_TO_IMPACT" in plan.reason
    assert plan.estimate.all_market_bps == pytest.approx(60 + 1 + 20)
    blind = msgspec.structs.replace(MARKET, sigma_day=None)
    assert planned(execution_engine(RiskFlags(dynamic_sizing=True)), market=blind).quantity == 5_000


@pytest.mark.parametrize("nothing", [math.nan, math.inf, 0.0, -1.0])
@pytest.mark.parametrize("name", ["sigma_day", "volume_day"])
def test_a_figure_that_is_no_number_is_unknown(name, nothing):
    blind = msgspec.structs.replace(MARKET, **{name: nothing})
    assert planned(execution_engine(GUARDED), market=blind).reason == "IMPACT_UNKNOWN"
    estimate = planned(execution_engine(RiskFlags()), market=blind).estimate
    assert estimate.unknown == (name,)
    assert math.isfinite(estimate.total_bps + estimate.timing_risk_bps)


def test_the_multiplier_is_on_the_impact_in_both_engines():
    twice = parse_multipliers("BTC-USD:2")
    for flags in (RiskFlags(), RiskFlags(dynamic_sizing=True, impact_bps_max=1_000)):
        plain, doubled = (planned(execution_engine(flags, each)) for each in (Multipliers(), twice))
        assert doubled.estimate.impact_bps == pytest.approx(2 * plain.estimate.impact_bps)
        assert doubled.estimate.spread_bps == plain.estimate.spread_bps
    assert planned(execution_engine(GUARDED, twice), quantity=626).reason == "IMPACT_MAX"
    assert planned(execution_engine(GUARDED, twice), quantity=625).quantity == 625


def test_what_is_bearable_has_just_the_impact():
    quantity = bearable_quantity(MARKET, 20)
    assert square_root_impact_bps(0.04, quantity / 1e6) <= 20 < square_root_impact_bps(0.04, (quantity + 1) / 1e6)
    assert bearable_quantity(MARKET, 1_000) == 1_000_000


def test_multipliers_are_read():
    made = parse_multipliers("BTC-USD:1.5, ETH-USD:2,")
    assert (made.of("BTC-USD"), made.of("ETH-USD"), made.of("SOL-USD"), made.warnings) == (1.5, 2.0, 1.0, ())
    assert parse_multipliers("") == Multipliers()


@pytest.mark.parametrize("entry", ["BTC-USD", "BTC-USD:x", ":2", "BTC-USD:-1", "BTC-USD:nan", "BTC-USD:"])
def test_a_bad_multiplier_warns_and_counts_nothing(entry):
    made = parse_multipliers(f"{entry},ETH-USD:2")
    assert made.by_instrument == {"ETH-USD": 2.0}
    assert len(made.warnings) == 1
    assert entry in made.warnings[0]


def test_a_multiplier_given_twice_warns():
    made = parse_multipliers("A:1,A:3")
    assert made.of("A") == 3.0
    assert "twice" in made.warnings[0]


def test_bad_flags_are_refused():
    with pytest.raises(ValueError, match="above 0"):
        RiskFlags(impact_bps_max=0)
