"""Perpetuals in bar mode: funding, margin at acceptance, liquidation on the path and at jumps."""

from decimal import Decimal

import msgspec
import pytest

from tests.unit.simulation.bench import BTC, Bars, account, perpetual
from tradewind.model.answers import FundingAccrued, FundingPaid
from tradewind.model.errors import ConfigError, StateError
from tradewind.model.fees import FeeSchedule, FeeTier, flat_fees
from tradewind.model.margin import MarginTier
from tradewind.model.market_events import MarginRates
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.settings import SimulationSettings

FREE = flat_fees(Decimal(0), Decimal(0))
PERP = perpetual()
CAREFUL = perpetual(initial_margin="0.2", maintenance_margin="0.1", close_out_margin="0.05")
ISOLATED = perpetual(margin_mode="isolated", maintenance_margin="0.05")


# -- funding ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("held", "paid", "cash"), [("2", "-12", "19988"), ("-2", "12", "20012")])
def test_d04_hourly_funding(held: str, paid: str, cash: str) -> None:
    bars = Bars(PERP, opening=account("20000", (PERP, held, "60000")))
    bars.mark("60000")
    bars.fund("0.0001")
    assert (bars.money("funding"), bars.money("cash"), bars.money("equity")) == (paid, cash, cash)
    assert bars.log == [FundingPaid(PERP.id, 0, Decimal(paid), PERP.quantity_units(held), "funding:1")]


def test_d04_nothing_is_due_without_a_position() -> None:
    bars = Bars(PERP)
    bars.mark("60000")
    bars.fund("0.0001")
    assert (bars.log, bars.money("funding")) == ([], "0")


def test_funding_at_a_given_mark() -> None:
    bars = Bars(PERP, opening=account("20000", (PERP, "2", "60000")))
    bars.fund("0.0001", mark="50000")
    assert bars.money("funding") == "-10"


def test_d05_accrual_then_settlement() -> None:
    contract = perpetual(base_increment="1", contract_size="0.01")
    bars = Bars(contract, opening=account("1000", (contract, "10", "60000")))
    for mark, rate in [("60000", "0.00002"), ("61000", "0.00001"), ("62000", "-0.00001")]:
        bars.mark(mark)
        bars.fund(rate, settle=False)
    assert (bars.money("accrued_funding"), bars.money("funding"), bars.money("cash")) == ("-0.119", "0", "1000")
    bars.settle()
    assert (bars.money("accrued_funding"), bars.money("funding"), bars.money("cash")) == ("0", "-0.119", "999.881")
    assert isinstance(bars.log[0], FundingAccrued)
    assert len(bars.log) == 4


def test_accrued_funding_keeps_a_closed_instrument_awake() -> None:
    bars = Bars(PERP, fees=FREE, opening=account("20000", (PERP, "2", "60000")))
    bars.fund("0.0001", settle=False)
    bars.send("s", "sell", "market", "2")
    bars.bar("60000")
    assert PERP.id in bars.venue.awake
    bars.settle()
    assert PERP.id not in bars.venue.awake


# -- margin at acceptance ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cash", "status"), [("10010", "rejected:INSUFFICIENT_MARGIN"), ("10015", "filled")])
def test_d10_initial_margin_and_fee(cash: str, status: str) -> None:
    perp = perpetual(initial_margin="0.2")
    bars = Bars(perp, fees=flat_fees(Decimal(0), Decimal("0.0003")), opening=account(cash))
    bars.send("m", "buy", "market", "1")
    bars.bar("50000")
    assert bars.status("m") == status
    if status == "filled":
        assert (bars.money("cash"), bars.money("free_margin")) == ("10000", "0")


def test_only_reducing_needs_no_margin_but_crossing_zero_does() -> None:
    bars = Bars(PERP, fees=FREE, opening=account("0", (PERP, "1", "100")))
    bars.send("more", "sell", "market", "1.0001")
    bars.send("close", "sell", "market", "1")
    bars.bar("100")
    assert (bars.status("more"), bars.status("close")) == ("rejected:INSUFFICIENT_MARGIN", "filled")


def test_unrealised_profit_counts_as_margin() -> None:
    bars = Bars(PERP, fees=FREE, opening=account("0", (PERP, "1", "100")))
    bars.send("m", "buy", "market", "1")
    bars.bar("125")
    assert bars.status("m") == "filled"
    assert bars.money("free_margin") == "0"


def test_a_fee_per_contract_is_charged_and_needs_margin() -> None:
    fees = FeeSchedule((FeeTier(Decimal(0), Decimal(0), Decimal(0)),), per_contract=Decimal(2))
    bars = Bars(PERP, fees=fees, opening=account("13"))
    bars.send("a", "buy", "market", "1.1")
    bars.send("b", "buy", "market", "1")
    bars.bar("100")
    assert (bars.status("a"), bars.fills()) == ("rejected:INSUFFICIENT_MARGIN", ["b 1 @ 100 taker 2"])


# -- liquidation ------------------------------------------------------------------------------------------------------


def test_d06_between_close_out_and_maintenance_the_position_is_reduced() -> None:
    perp = perpetual(initial_margin="0.2", maintenance_margin="0.133333", close_out_margin="0.066667")
    bars = Bars(perp, opening=account("6000", (perp, "1", "50000")))
    bars.mark("50000")
    assert bars.liquidations() == ["partial 0.4 @ 50000"]
    assert (bars.position(), bars.money("equity"), bars.money("fees")) == ("0.6", "6000", "0")


def test_below_close_out_everything_goes() -> None:
    bars = Bars(CAREFUL, opening=account("1000", (CAREFUL, "1", "10000")))
    bars.mark("9400")
    assert bars.liquidations() == ["full 1 @ 9400"]
    assert (bars.position(), bars.money("cash")) == ("0", "400")


def test_a_jump_to_exactly_maintenance_is_allowed() -> None:
    bars = Bars(CAREFUL, opening=account("1000", (CAREFUL, "1", "10000")))
    bars.mark("10000")
    assert bars.liquidations() == []
    bars.mark("9999.99")
    assert bars.liquidations() != []


def test_d08_an_isolated_gap_books_the_deficit() -> None:
    perp = ISOLATED
    bars = Bars(perp, opening=account("10000", (perp, "1", "50000", "5000")))
    bars.bar("50000")
    bars.bar("44000", "45000", "43000", "44500")
    assert bars.liquidations() == ["full 1 @ 44000 deficit 1000"]
    report = bars.venue.report()
    assert (report.realised_pnl, report.insurance_deficit, report.cash, report.equity) == (-5000, 1000, 5000, 5000)


@pytest.mark.parametrize(
    ("held", "prices", "price"),
    [
        ("1", ("50000", "50100", "47000", "47000"), "47368.421052631578947368"),
        ("-1", ("50000", "53000", "49000", "53000"), "52380.952380952380952381"),
    ],
    ids=["D01", "D02"],
)
def test_isolated_liquidation_on_the_path(held: str, prices: tuple[str, ...], price: str) -> None:
    bars = Bars(ISOLATED, opening=account("9000", (ISOLATED, held, "50000", "5000")))
    assert bars.venue.report().positions[ISOLATED.id].liquidation_price == Decimal(price)
    bars.bar(*prices)
    assert bars.liquidations() == [f"full 1 @ {price}"]
    assert bars.position() == "0"


def test_the_path_may_turn_before_the_liquidation_price() -> None:
    bars = Bars(ISOLATED, opening=account("9000", (ISOLATED, "1", "50000", "5000")))
    bars.bar("50000", "50100", "47368.43", "47500")
    assert bars.liquidations() == []
    bars.bar("47500", "47600", "47368.42", "47400")
    assert bars.liquidations() == ["full 1 @ 47368.421052631578947368"]


def test_a_stop_before_the_liquidation_price_saves_the_position() -> None:
    bars = Bars(ISOLATED, fees=FREE, opening=account("9000", (ISOLATED, "1", "50000", "5000")))
    bars.send("s", "sell", "stop_market", "1", stop="48000", reduce_only=True)
    bars.bar("50000", "50100", "40000", "41000")
    assert (bars.liquidations(), bars.fills()) == ([], ["s 1 @ 48000 taker 0"])


def test_liquidation_comes_before_a_stop_beyond_it_and_cancels_it() -> None:
    bars = Bars(ISOLATED, fees=FREE, opening=account("9000", (ISOLATED, "1", "50000", "5000")))
    bars.send("s", "sell", "stop_market", "1", stop="47000", reduce_only=True)
    bars.bar("50000", "50100", "40000", "41000")
    assert bars.fills() == []
    assert bars.status("s") == "canceled:REDUCE_ONLY_NO_POSITION"


def test_cross_liquidation_on_the_path_reduces_to_initial_margin_again() -> None:
    bars = Bars(CAREFUL, opening=account("2000", (CAREFUL, "1", "10000")))
    bars.bar("10000", "10050", "8500", "8600")
    # 2000 + p - 10000 = 0.1 p at 8888.88..., equity 888.88...: half remains at 20 %.
    first = bars.liquidations()[0].split(" @ ")
    assert first[0] == "partial 0.5"
    assert Decimal(first[1]).quantize(Decimal("1e-8")) == Decimal("8888.88888889")
    assert bars.position() == "0.5"


def test_cross_margin_counts_the_other_positions() -> None:
    other = perpetual("ETH-PERP", initial_margin="0.2", maintenance_margin="0.1")
    perps = (CAREFUL, other)
    alone = Bars(*perps, opening=account("2000", (CAREFUL, "1", "10000")))
    both = Bars(*perps, opening=account("2000", (CAREFUL, "1", "10000"), (other, "-10", "500")))
    for bars in (alone, both):
        bars.mark("9400")
    assert alone.liquidations() == []
    # M = 2000 - 0.1 x 5000 = 1500; 1500 - 600 = 900 is below 940, and keeps 900 / (0.2 x 9400).
    assert both.liquidations() == ["partial 0.5213 @ 9400"]


def test_cross_margin_leaves_isolated_margins_out() -> None:
    lone = perpetual("ETH-PERP", margin_mode="isolated", initial_margin="0.2", maintenance_margin="0.1")
    bars = Bars(CAREFUL, lone, opening=account("2000", (CAREFUL, "1", "10000"), (lone, "10", "100", "600")))
    bars.mark("9600")
    # 2000 - 600 - 400 = 1000 carries 960; at 9500 it is 900 against 950.
    assert bars.liquidations() == []
    bars.mark("9500")
    assert bars.liquidations() == ["partial 0.5264 @ 9500"]


def test_a_cross_loss_beyond_the_wallet_is_the_deficit() -> None:
    bars = Bars(CAREFUL, opening=account("1000", (CAREFUL, "1", "10000")))
    bars.bar("8500")
    assert bars.liquidations() == ["full 1 @ 8500 deficit 500"]
    assert (bars.money("cash"), bars.money("realised_pnl")) == ("0", "-1000")


def test_without_maintenance_margin_there_is_no_liquidation() -> None:
    bars = Bars(PERP, opening=account("1", (PERP, "1", "100")))
    bars.bar("100", "100", "1", "1")
    assert (bars.liquidations(), bars.money("equity")) == ([], "-98")


def test_isolated_margin_grows_with_opening_and_is_released_in_proportion() -> None:
    bars = Bars(ISOLATED, fees=FREE)
    for name, side, quantity, margin in [
        ("a", "buy", "3", "30"),
        ("b", "sell", "1", "20"),
        ("c", "buy", "1", "30"),
        ("d", "sell", "4", "10"),
    ]:
        bars.send(name, side, "market", quantity)
        bars.bar("100")
        assert bars.venue.report().positions[ISOLATED.id].margin == Decimal(margin)
    assert bars.position() == "-1"


def test_an_open_fill_that_leaves_too_little_is_liquidated_at_that_point() -> None:
    tight = perpetual(initial_margin="0.1", maintenance_margin="0.1")
    bars = Bars(tight, fees=FREE, half_spread_bps=Decimal(10), opening=account("1000"))
    bars.send("m", "buy", "market", "99.8")
    bars.bar("100", "101", "100", "101")
    # Bought at 100.10, marked at 100: 1000 - 9.98 is below 10 % of 9980 at once.
    assert bars.liquidations() == ["full 99.8 @ 100"]


def test_opening_positions_must_be_known() -> None:
    with pytest.raises(ConfigError, match="ETH-PERP"):
        BarVenue([BTC], SimulationSettings(), account("1", (perpetual("ETH-PERP"), "1", "1")))


def test_the_books_notice_a_wrong_cash() -> None:
    bars = Bars()
    bars.venue.wallet.cash += 1
    with pytest.raises(StateError, match="equity changed by 1"):
        bars.venue.check()


# -- tiers and windows ------------------------------------------------------------------------------------------------


TIERS = (
    MarginTier(PERP.quantity_units(Decimal(2)), Decimal("0.25"), Decimal("0.1")),
    MarginTier(PERP.quantity_units(Decimal(5)), Decimal("0.5"), Decimal("0.3")),
)


@pytest.mark.parametrize(
    ("size", "initial", "maintenance"),
    [("1.9999", "0.1", "0.05"), ("2", "0.25", "0.1"), ("4.9999", "0.25", "0.1"), ("5", "0.5", "0.3")],
)
def test_a_tier_begins_at_its_size(size: str, initial: str, maintenance: str) -> None:
    perp = msgspec.structs.replace(
        PERP, initial_margin=Decimal("0.1"), maintenance_margin=Decimal("0.05"), margin_tiers=TIERS
    )
    units = perp.quantity_units(Decimal(size))
    assert (perp.initial_rate(units), perp.maintenance_rate(units)) == (Decimal(initial), Decimal(maintenance))


def test_a_large_position_needs_the_margin_of_its_tier() -> None:
    perp = msgspec.structs.replace(
        PERP, initial_margin=Decimal("0.1"), maintenance_margin=Decimal("0.05"), margin_tiers=TIERS
    )
    for cash, status in (("50", "filled"), ("49.99", "rejected:INSUFFICIENT_MARGIN")):
        bars = Bars(perp, fees=FREE, opening=account(cash))
        bars.send("m", "buy", "market", "2")
        bars.bar("100")
        assert bars.status("m") == status


def test_a_large_position_is_liquidated_by_its_tier() -> None:
    perp = msgspec.structs.replace(
        PERP, initial_margin=Decimal("0.1"), maintenance_margin=Decimal("0.05"), margin_tiers=TIERS
    )
    small = Bars(perp, fees=FREE, opening=account("20", (perp, "1", "100")))
    large = Bars(perp, fees=FREE, opening=account("40", (perp, "2", "100")))
    # (100 - 20) / 0.95 and (200 - 40) / (2 x 0.9)
    assert small.venue.report().positions[perp.id].liquidation_price == Decimal("84.210526315789473684")
    assert large.venue.report().positions[perp.id].liquidation_price == Decimal("88.888888888888888889")


def test_a_position_too_large_for_the_night_goes_when_it_begins() -> None:
    perp = msgspec.structs.replace(PERP, initial_margin=Decimal("0.1"), maintenance_margin=Decimal("0.05"))
    bars = Bars(perp, fees=FREE, opening=account("20", (perp, "2", "100")))
    bars.mark("100")
    assert bars.liquidations() == []
    bars.take(bars.venue.on_event(MarginRates(perp.id, bars.ts_ns, Decimal("0.2"), Decimal("0.1"), "overnight")))
    assert bars.liquidations() == []  # exactly at maintenance
    bars.take(bars.venue.on_event(MarginRates(perp.id, bars.ts_ns, Decimal("0.3"), Decimal("0.11"), "overnight")))
    assert bars.liquidations() == ["full 2 @ 100"]


def test_isolated_margin_that_was_put_up_outlasts_its_window() -> None:
    bars = Bars(ISOLATED, fees=FREE, opening=account("10000", (ISOLATED, "1", "50000", "5000")))
    bars.take(bars.venue.on_event(MarginRates(ISOLATED.id, 0, Decimal("0.2"), Decimal("0.06"), "overnight")))
    report = bars.venue.report().positions[ISOLATED.id]
    # 45000 over 0.94.
    assert (report.margin, report.liquidation_price) == (5000, Decimal("47872.340425531914893617"))
