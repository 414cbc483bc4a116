"""What stands behind perpetuals, the distance to liquidation, and margin terms that change, by hand."""

from decimal import Decimal
from random import Random

import msgspec
import pytest

from tests.engine_rig import BTC, PERP, Desk, config
from tradewind.engine.backing import backing, distance, price_of_liquidation
from tradewind.engine.config import HeldAtStart
from tradewind.engine.digest import state_digest
from tradewind.engine.state import EngineState
from tradewind.model.commands import EnterReduceOnly, LeaveReduceOnly
from tradewind.model.decisions import Decided, Refused
from tradewind.model.instrument import Instrument, MarginMode
from tradewind.model.intents import TargetQuantity
from tradewind.model.margin import MarginTier
from tradewind.model.market_events import MarginRates, MarkPrice
from tradewind.risk.limits import Limits
from tradewind.risk.liquidation import LiquidationRules
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.settings import OpeningAccount, OpeningPosition, SimulationSettings

D = Decimal
ETH_PERP = msgspec.structs.replace(PERP, id="ETH-PERP", maintenance_margin=D("0.05"))
ALONE = msgspec.structs.replace(PERP, margin_mode=MarginMode.ISOLATED)
TIERED = msgspec.structs.replace(
    PERP, margin_tiers=(MarginTier(500, D("0.3"), D("0.15")), MarginTier(2_000, D("0.5"), D("0.4")))
)
RULES = LiquidationRules()


def held(*positions: tuple[str, int, str], cash: str = "1000", instruments: tuple[Instrument, ...] = (PERP,)) -> Desk:
    """An engine that begins with positions (instrument, units, price), rules on."""
    start = tuple(HeldAtStart(name, units, D(price)) for name, units, price in positions)
    return Desk(config([], instruments=instruments, cash=D(cash), held=start, liquidation=RULES))


def test_cross_margin_of_one_position() -> None:
    # 10 BTC at 100 with 300: (1000 - 300) / (10 x 0.9) = 77.777...; at 100 that is 22.2 % away.
    desk = held(("BTC-PERP", 1_000, "100"), cash="300")
    desk.bar(10_000, "BTC-PERP")
    market = desk.state.markets["BTC-PERP"]
    assert backing(desk.state, market) == 300
    assert price_of_liquidation(desk.state, market) == D("77.777777777777777778")
    assert distance(desk.state, market) == D("0.222222222222222222")


def test_cross_margin_leaves_the_others_their_maintenance_and_counts_no_coins() -> None:
    desk = held(
        ("BTC-PERP", 1_000, "100"), ("ETH-PERP", -2_000, "50"), ("BTC-USD", 10_000, "100"), cash="300",
        instruments=(PERP, ETH_PERP, BTC),
    )  # fmt: skip
    desk.bar(10_000, "BTC-USD")
    desk.bar(10_000, "BTC-PERP")
    desk.bar(4_000, "ETH-PERP")
    # 300 + 20 x 10 of the short, less 5 % of 800 for it; the short has 300 + 200, less 10 % of 1,000.
    assert backing(desk.state, desk.state.markets["BTC-PERP"]) == 460
    assert backing(desk.state, desk.state.markets["ETH-PERP"]) == 400


@pytest.mark.parametrize("units", [1_000, -1_000])
@pytest.mark.parametrize("instrument", [PERP, ALONE, TIERED], ids=["cross", "isolated", "tiered"])
def test_the_liquidation_price_is_the_venues(instrument: Instrument, units: int) -> None:
    opening = OpeningAccount(D(700), D(0), (OpeningPosition(PERP.id, units, D(100)),))
    venue = BarVenue((instrument,), SimulationSettings(), opening)
    desk = held(("BTC-PERP", units, "100"), cash="700", instruments=(instrument,))
    desk.bar(10_000, "BTC-PERP")
    expected = venue.report().positions[PERP.id].liquidation_price
    assert expected is not None
    assert price_of_liquidation(desk.state, desk.state.markets["BTC-PERP"]) == expected


def test_it_warns_then_lets_the_account_only_reduce_then_lets_go() -> None:
    desk = held(("BTC-PERP", 1_000, "100"), cash="300")
    desk.bar(10_000, "BTC-PERP")
    assert (desk.alarms, desk.state.reduce_only) == ([], {})
    desk.bar(9_723, "BTC-PERP")  # 77.77 is 20.006 % below
    assert desk.alarms == []
    desk.bar(9_722, "BTC-PERP")  # 19.998 %
    assert [alarm.name for alarm in desk.alarms] == ["liquidation_near"]
    desk.bar(9_151, "BTC-PERP")  # 15.006 %
    assert desk.state.reduce_only == {}
    desk.take(MarkPrice("BTC-PERP", desk.ts_ns + 1, 9_150))  # 14.997 %
    assert list(desk.state.reduce_only) == ["liquidation"]
    assert "BTC-PERP at 91.5 is 15.0 % from its liquidation at 77.777778" in desk.state.reduce_only["liquidation"]
    assert len(desk.records(EnterReduceOnly)) == 1
    desk.bar(9_700, "BTC-PERP")  # beyond the one, not the other
    assert list(desk.state.reduce_only) == ["liquidation"]
    desk.bar(9_723, "BTC-PERP")
    assert desk.state.reduce_only == {}
    assert len(desk.records(LeaveReduceOnly)) == 1
    desk.bar(9_722, "BTC-PERP")
    assert [alarm.name for alarm in desk.alarms].count("liquidation_near") == 1  # two points further come first
    desk.bar(10_200, "BTC-PERP")
    desk.bar(9_700, "BTC-PERP")
    assert [alarm.name for alarm in desk.alarms].count("liquidation_near") == 2


def test_a_short_is_measured_upwards() -> None:
    # (1000 + 300) / (10 x 1.1) = 118.18...: 15 % of 102.76 away.
    desk = held(("BTC-PERP", -1_000, "100"), cash="300")
    desk.bar(10_276, "BTC-PERP")
    assert desk.state.reduce_only == {}
    desk.bar(10_277, "BTC-PERP")
    assert list(desk.state.reduce_only) == ["liquidation"]


def test_the_others_marks_count_too() -> None:
    desk = held(("BTC-PERP", 1_000, "100"), ("ETH-PERP", 1_000, "50"), cash="400", instruments=(PERP, ETH_PERP))
    desk.bar(10_000, "BTC-PERP")
    desk.bar(5_000, "ETH-PERP")
    assert desk.state.reduce_only == {}
    desk.bar(3_800, "ETH-PERP")  # 400 - 120 - 19 stand behind 1,000 at 10 %: 17.9 % of which are left at 82.1
    assert [alarm.name for alarm in desk.alarms] == ["liquidation_near"]


def test_other_terms_count_at_once_and_are_in_the_digest() -> None:
    desk = held(("BTC-PERP", 1_000, "100"), cash="300")
    desk.bar(10_000, "BTC-PERP")
    same = held(("BTC-PERP", 1_000, "100"), cash="300")
    same.bar(10_000, "BTC-PERP")
    assert state_digest(desk.state) == state_digest(same.state)
    desk.take(MarginRates("BTC-PERP", desk.ts_ns, D("0.4"), D("0.2"), "overnight"))
    # (1000 - 300) / (10 x 0.8) = 87.5
    assert list(desk.state.reduce_only) == ["liquidation"]
    assert state_digest(desk.state) != state_digest(same.state)
    desk.take(MarginRates("BTC-PERP", desk.ts_ns, D("0.2"), D("0.1"), "intraday"))
    assert desk.state.reduce_only == {}


def test_orders_are_held_against_what_carries_them() -> None:
    # A second instrument's maintenance takes from what may stand behind a new position.
    limits = Limits(
        leverage_max=None, instrument_share_max=None, exposure_share_max=None, slippage_bps_max=None,
        liquidation_buffer_min=D("0.15"),
    )  # fmt: skip
    for cash, checks in (("300", []), ("299.9", ["liquidation_buffer"])):
        start = (HeldAtStart("ETH-PERP", 1_000, D(100)),)
        settings = config(
            [TargetQuantity(D(10))], instruments=(PERP, ETH_PERP), cash=D(cash), held=start, limits=limits
        )
        settings = msgspec.structs.replace(
            settings, bots=(msgspec.structs.replace(settings.bots[0], instruments=(PERP.id,)),),
            fees=msgspec.structs.replace(settings.fees), instruments=(msgspec.structs.replace(
                PERP, initial_margin=D("0.01")), msgspec.structs.replace(ETH_PERP, initial_margin=D("0.01"))),
        )  # fmt: skip
        desk = Desk(settings)
        desk.bar(10_000, "ETH-PERP")
        desk.bar(10_000, "BTC-PERP")
        outcome = desk.records(Decided)[0].outcome
        found = [finding.check for finding in outcome.findings] if isinstance(outcome, Refused) else []
        assert found == checks


def test_the_rules_are_off_where_they_were_not_asked_for() -> None:
    desk = Desk(config([], instruments=[PERP], cash=D(101), held=(HeldAtStart("BTC-PERP", 1_000, D(100)),)))
    desk.bar(10_000, "BTC-PERP")
    assert (desk.alarms, desk.state.reduce_only) == ([], {})
    assert EngineState(desk.config).margin is None


@pytest.mark.parametrize("seed", range(12))
def test_looking_only_where_it_can_matter_misses_nothing(seed: int) -> None:
    chance = Random(f"margins {seed}")
    perps = (PERP, chance.choice([ETH_PERP, msgspec.structs.replace(ETH_PERP, margin_mode=MarginMode.ISOLATED)]))
    start = tuple(HeldAtStart(each.id, chance.choice([-900, 400, 1_000]), D(100)) for each in perps)
    settings = config([], instruments=perps, cash=D(chance.randint(250, 700)), held=start, liquidation=RULES)
    sparing, eager = Desk(settings), Desk(settings)
    prices, seen = {each.id: 10_000 for each in perps}, 0
    for _ in range(400):
        name = chance.choice(list(prices))
        prices[name] = max(500, prices[name] + chance.randint(-90, 90))
        for desk in (sparing, eager):
            assert desk.state.margin is not None
            desk.state.margin.due = desk.state.margin.due or desk is eager
            desk.bar(prices[name], name)
        assert sparing.state.reduce_only == eager.state.reduce_only
        assert sparing.state.margin is not None
        seen += not sparing.state.margin.due
    assert sparing.alarms == eager.alarms
    assert seen


def test_the_rate_that_was_put_up_is_in_the_state() -> None:
    """Two accounts of equal terms, one of which could put up less in between: what stands behind them differs."""
    digests = []
    for rates in (["0.4", "0.2"], ["0.1", "0.2"]):
        desk = held(("BTC-PERP", 1_000, "100"), instruments=(ALONE,))
        for rate in rates:
            desk.take(MarginRates("BTC-PERP", 1, D(rate), D("0.1"), "told"))
        digests.append(state_digest(desk.state))
    assert digests[0] != digests[1]
