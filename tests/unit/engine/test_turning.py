"""Positions that turn, end or never come about: exits and time stops guard the position they were wanted for."""

from decimal import Decimal
from typing import Any

import pytest

from tests.engine_rig import OPEN_LIMITS, PERP, Desk, config
from tradewind.model.commands import TimerFired
from tradewind.model.decisions import Crossed
from tradewind.model.intents import Exits, PlaceOrder, TargetQuantity
from tradewind.model.orders import OrderKind, Side
from tradewind.risk.protections import ProtectionRules

STOP = Exits(stop_loss=0.05)
HOUR = Exits(time_ns=3_600_000_000_000)


def target(quantity: str, exits: Exits | None = None) -> TargetQuantity:
    return TargetQuantity(Decimal(quantity), exits)


def perpetual(*scripts: Any, **settings: Any) -> Desk:
    return Desk(config(*scripts, instruments=[PERP], cash=Decimal(10_000_000), **settings))


def close_bar(desk: Desk) -> None:
    desk.bar(10_000, "BTC-PERP")


@pytest.mark.parametrize("after", [-5, -10, -15])
def test_a_turned_position_is_protected_for_exactly_its_size(after: int) -> None:
    desk = perpetual([target("10"), target(str(after), STOP)])
    close_bar(desk)
    desk.fill("test-1")
    close_bar(desk)
    stop = desk.sent[-1]
    assert (stop.kind, stop.side, stop.quantity) == (OrderKind.STOP_MARKET, Side.BUY, -after * 100)


def test_a_placed_order_that_turns_brings_its_exits() -> None:
    desk = perpetual([target("10"), PlaceOrder(Side.SELL, Decimal(14), exits=STOP)])
    close_bar(desk)
    desk.fill("test-1")
    close_bar(desk)
    assert (desk.sent[-1].order_id, desk.sent[-1].quantity) == ("test-2-sl", 400)


def test_a_turn_that_only_reduced_before_it_was_canceled_gets_no_exit_of_the_other_side() -> None:
    desk = perpetual([target("10"), target("-10", Exits(stop_loss=0.05, time_ns=HOUR.time_ns))])
    close_bar(desk)
    desk.fill("test-1")
    close_bar(desk)
    desk.fill("test-2", 500)
    sent = len(desk.sent)
    desk.cancel("test-2-sl", "PARENT_NOT_FILLED")
    desk.cancel("test-2", "NO_LIQUIDITY")
    assert (desk.position("a", "BTC-PERP"), len(desk.sent), desk.timers) == (500, sent, [])


def test_a_turn_that_was_cut_short_is_protected_for_what_it_opened() -> None:
    desk = perpetual([target("10"), target("-10", STOP)])
    close_bar(desk)
    desk.fill("test-1")
    close_bar(desk)
    desk.fill("test-2", 1300)
    desk.cancel("test-2-sl", "PARENT_NOT_FILLED")
    desk.cancel("test-2", "NO_LIQUIDITY")
    assert desk.sent[-1].quantity == 300


def test_a_time_stop_does_not_close_the_position_that_the_turn_opened() -> None:
    desk = perpetual([target("10", HOUR), target("-10")])
    close_bar(desk)
    desk.fill("test-1")
    close_bar(desk)
    desk.fill("test-2")
    sent = len(desk.sent)
    desk.take(TimerFired(desk.timers[0].due_ns, desk.timers[0].key))
    assert len(desk.sent) == sent


def test_a_time_stop_does_not_close_a_position_opened_after_a_crossing() -> None:
    desk = Desk(config([target("1", HOUR), target("0"), target("1")], [None, target("1")]))
    desk.bar()
    desk.fill("test-1")
    desk.bar()
    assert len(desk.records(Crossed)) == 1
    desk.bar()
    desk.fill(desk.sent[-1].order_id)
    sent = len(desk.sent)
    desk.take(TimerFired(desk.timers[0].due_ns, desk.timers[0].key))
    assert len(desk.sent) == sent


def test_the_exits_of_an_entry_that_was_refused_protect_no_later_position() -> None:
    desk = Desk(config([target("1", STOP), target("2")]))
    desk.bar()
    desk.reject("test-1")
    desk.cancel("test-1-sl", "PARENT_NOT_FILLED")
    desk.bar()
    desk.fill("test-2")
    assert [order.order_id for order in desk.sent] == ["test-1", "test-1-sl", "test-2"]


def test_a_wish_that_is_taken_back_while_it_waits_is_not_carried_out() -> None:
    desk = Desk(config([target("1", STOP), target("0"), target("1", STOP)]))
    desk.bar()
    desk.fill("test-1")
    desk.bar()
    assert desk.cancels == ["test-1-sl"]
    desk.bar()
    desk.cancel("test-1-sl")
    assert [order.kind for order in desk.sent[2:]] == [OrderKind.STOP_MARKET]  # protected anew, not sold


def test_a_late_fill_lets_the_bot_aim_again() -> None:
    desk = Desk(config([target("1"), target("2"), target("2")]))
    desk.bar()
    desk.cancel("test-1")
    desk.bar()
    desk.fill("test-2")
    desk.fill("test-1")
    desk.bar()
    assert (desk.sent[-1].side, desk.sent[-1].quantity) == (Side.SELL, 1000)


def test_a_locked_bot_does_not_open_by_crossing() -> None:
    rules = ProtectionRules(cooldown_ns=10**15)
    desk = Desk(config([target("1"), target("0"), target("1")], [target("1"), None, target("0")], protections=rules))
    desk.bar()
    desk.fill("test-1")
    desk.bar()
    desk.fill("test-2")
    desk.bar()
    assert (desk.records(Crossed), desk.position("a")) == ([], 0)


def test_a_bot_cannot_sell_what_another_one_holds() -> None:
    desk = Desk(config([None, PlaceOrder(Side.SELL, Decimal(1))], [target("1")], limits=OPEN_LIMITS))
    desk.bar()
    desk.fill("test-1")
    desk.bar()
    assert len(desk.sent) == 1


def test_a_bot_cannot_offer_its_coins_twice() -> None:
    offers = [PlaceOrder(Side.SELL, Decimal("0.6"), OrderKind.LIMIT, Decimal(110), tag=each) for each in "xy"]
    desk = Desk(config([target("1"), offers], [target("1")], limits=OPEN_LIMITS))
    desk.bar()
    desk.fill("test-1")
    desk.bar()
    assert [order.quantity for order in desk.sent if order.kind is OrderKind.LIMIT] == [600]
