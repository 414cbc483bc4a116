"""The drawdown lock looks at every change of the account's worth, realised losses of a flat account included."""

from decimal import Decimal

import msgspec
import pytest

from tests.engine_rig import PERP, Desk, config
from tradewind.engine.config import HeldAtStart
from tradewind.engine.digest import state_values
from tradewind.model.commands import Command, EnterReduceOnly, LeaveReduceOnly, Resume
from tradewind.model.intents import TargetQuantity
from tradewind.risk.protections import ProtectionRules

RULES = ProtectionRules(drawdown_max=Decimal("0.1"))


def target(quantity: str) -> TargetQuantity:
    return TargetQuantity(Decimal(quantity))


def test_a_loss_that_is_realised_at_once_trips_it_before_the_next_entry() -> None:
    desk = Desk(config([target("5"), target("0"), target("1")], cash=Decimal(1000), protections=RULES))
    desk.bar()
    desk.fill("test-1")
    desk.bar()
    desk.fill("test-2", price=7_000)
    assert "drawdown" in desk.state.reduce_only
    desk.bar(7_000)
    assert len(desk.sent) == 2


def test_it_waits_until_all_that_is_held_has_a_price() -> None:
    other = msgspec.structs.replace(PERP, id="ETH-PERP")
    held = (HeldAtStart("BTC-PERP", 100, Decimal(100)), HeldAtStart("ETH-PERP", 1000, Decimal(100)))
    desk = Desk(config([], instruments=[PERP, other], cash=Decimal(1000), held=held, protections=RULES))
    desk.bar(10_000, "BTC-PERP")
    assert not desk.state.reduce_only
    desk.bar(10_000, "ETH-PERP")
    assert not desk.state.reduce_only
    desk.bar(9_000, "ETH-PERP")
    assert "drawdown" in desk.state.reduce_only


def test_a_short_held_at_the_start_does_not_raise_the_peak_before_it_has_a_price() -> None:
    held = (HeldAtStart("BTC-PERP", -500, Decimal(100)),)
    desk = Desk(config([], instruments=[PERP], cash=Decimal(1000), held=held, protections=RULES))
    desk.bar(10_000, "BTC-PERP")
    assert not desk.state.reduce_only


def test_where_it_is_told_to_it_closes_everything_too() -> None:
    rules = ProtectionRules(drawdown_max=Decimal("0.1"), drawdown_flatten=True)
    desk = Desk(config([target("5")], cash=Decimal(1000), protections=rules))
    desk.bar()
    desk.fill("test-1")
    desk.bar(7_000)
    assert "drawdown" in desk.state.reduce_only
    assert [(each.side, each.quantity) for each in desk.sent[1:]] == [(-1, desk.sent[0].quantity)]


@pytest.mark.parametrize("ends", [Resume(1, "seen"), LeaveReduceOnly(1, "operator"), LeaveReduceOnly(1, "drawdown")])
def test_ended_by_an_operator_it_is_measured_from_what_the_account_is_worth_then(ends: Command) -> None:
    desk = Desk(config([target("5")], cash=Decimal(1000), protections=RULES))
    desk.bar()
    desk.fill("test-1")
    desk.bar(7_000)
    assert "drawdown" in desk.state.reduce_only
    desk.take(ends)
    assert state_values(desk.state)["peak"] == "850"
    desk.bar(7_000)
    desk.bar(5_301)
    assert not desk.state.reduce_only
    desk.bar(5_300)
    assert "drawdown" in desk.state.reduce_only


def test_another_rule_that_ends_leaves_the_peak_as_it_is() -> None:
    desk = Desk(config([target("5")], cash=Decimal(1000), protections=RULES))
    desk.bar()
    desk.fill("test-1")
    desk.bar(9_000)
    desk.take(EnterReduceOnly(1, "volatility", "wild"))
    desk.take(LeaveReduceOnly(1, "operator"))
    desk.take(Resume(1, "seen"))
    assert desk.state.peak == 1000
    desk.bar(8_000)
    assert "drawdown" in desk.state.reduce_only


def test_without_a_price_for_all_that_is_held_the_old_peak_stays() -> None:
    held = (HeldAtStart("BTC-PERP", 100, Decimal(100)),)
    desk = Desk(config([], instruments=[PERP], cash=Decimal(1000), held=held, protections=RULES))
    desk.take(EnterReduceOnly(1, "drawdown", "handed over"))
    desk.take(Resume(1, "seen"))
    assert desk.state.peak == 1000
