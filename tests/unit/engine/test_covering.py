"""Exits of exactly the position's size, whatever order the venue, the strategy and late fills come in (I21)."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine_rig import BTC, MINUTE_NS, PERP, Desk, config
from tradewind.engine.covering import BARE_NS_MAX
from tradewind.engine.readmodel import ReadModel
from tradewind.model.answers import OrderAmended, OrderTriggered, OrderUnknown
from tradewind.model.commands import CancelAll, Flatten
from tradewind.model.decisions import Alarmed
from tradewind.model.instrument import Instrument
from tradewind.model.intents import Exits, PlaceOrder, TargetQuantity
from tradewind.model.market_events import MarkPrice
from tradewind.model.orders import OrderKind, Side

D = Decimal
STOP = Exits(stop_loss=0.1)
BOTH = Exits(stop_loss=0.1, take_profit=0.1)
CASH = D(10_000_000)


def target(quantity: str, exits: Exits | None = STOP) -> TargetQuantity:
    return TargetQuantity(D(quantity), exits)


def resting(side: Side, quantity: str, price: int, exits: Exits | None = None) -> PlaceOrder:
    return PlaceOrder(side, D(quantity), OrderKind.LIMIT, price=D(price), exits=exits)


def desk_of(*script: Any, instrument: Instrument = BTC, **settings: Any) -> Desk:
    """Return a desk whose first order has filled whole, its exits awake."""
    desk = Desk(config(script, instruments=[instrument], cash=CASH, **settings))
    desk.bar(instrument=instrument.id)
    fill_whole(desk, "test-1")
    return desk


def fill_whole(desk: Desk, order_id: str) -> None:
    desk.fill(order_id)
    for order in [order for order in desk.state.orders.values() if order.request.after == order_id]:
        desk.take(OrderTriggered(order.request.order_id, desk.ts_ns))


def exits(desk: Desk) -> list[tuple[str, int]]:
    """Return the working exits of bot a whose entry has filled, and what each has left."""
    (seat,) = desk.state.bots["a"].seats
    return [
        (name, order.remaining)
        for name, order in seat.working.items()
        if "-" in name[5:] and not (order.request.after and desk.state.orders[order.request.after].remaining)
    ]


# -- placed again ----------------------------------------------------------------------------------------------------


def test_a_late_fill_of_a_canceled_entry_keeps_its_exits_through_the_next_entry() -> None:
    """The next target takes the exit of the late part back, and is then canceled itself: the exit comes back."""
    desk = Desk(config([target("1"), target("2", None)], cash=CASH))
    desk.bar()
    desk.cancel("test-1")
    desk.cancel("test-1-sl", "PARENT_NOT_FILLED")
    desk.fill("test-1", 300)
    assert exits(desk) == [("test-1-sl-late1", 300)]
    desk.bar()
    desk.cancel("test-1-sl-late1")
    desk.cancel("test-2")
    assert exits(desk) == [("test-1-sl-rest1", 300)]


def test_a_rejected_order_leaves_the_exits_of_an_entry_that_is_still_filling() -> None:
    desk = desk_of(target("1"), resting(Side.BUY, "2", 90, BOTH), resting(Side.BUY, "3", 80, STOP))
    desk.bar()
    desk.bar()
    fill_whole(desk, "test-2")
    desk.reject("test-3")
    desk.cancel("test-3-sl", "PARENT_NOT_FILLED")
    desk.cancel("test-1-sl")
    assert exits(desk) == [
        ("test-2-sl", 2_000),
        ("test-2-tp", 2_000),
        ("test-2-sl-rest1", 1_000),
        ("test-2-tp-rest1", 1_000),
    ]


def test_children_of_an_entry_that_ended_unfilled_cover_nothing_while_they_are_being_canceled() -> None:
    desk = desk_of(target("1"), target("3"), target("1", None))
    desk.bar()
    desk.cancel("test-1-sl")
    desk.bar()
    assert desk.cancels[-2:] == ["test-2", "test-2-sl"]
    desk.cancel("test-2")
    desk.cancel("test-2-sl", "PARENT_NOT_FILLED")
    assert exits(desk) == [("test-1-sl-rest1", 1_000)]


def test_an_order_that_only_closed_when_it_was_placed_brings_exits_to_what_it_opens() -> None:
    """The take-profit came first: what the stop order sells then is a short, and it is covered."""
    desk = desk_of(target("10", BOTH), PlaceOrder(Side.SELL, D(4), exits=STOP), instrument=PERP)
    desk.bar(instrument=PERP.id)
    desk.fill("test-1-tp", price=11_000)
    desk.cancel("test-1-sl", "OCO")
    desk.fill("test-2")
    assert desk.position("a", PERP.id) == -400
    assert exits(desk) == [("test-2-sl-rest1", 400)]
    assert (desk.sent[-1].side, desk.sent[-1].stop) == (Side.BUY, 11_000)


def test_an_exit_that_the_venue_ends_for_a_reason_of_its_own_is_an_alarm() -> None:
    desk = desk_of(target("1"))
    desk.cancel("test-1-sl", "EXPIRED")
    assert [alarm.name for alarm in desk.alarms] == ["unprotected"]


# -- taken back ------------------------------------------------------------------------------------------------------


def opposite(*more: Any) -> Desk:
    """Bot b is long 20, then bot a goes short 10: the venue knows a long of 10 and no exit of a's as reduce-only."""
    desk = Desk(config([None, target("-10"), *more], [target("20", None)], instruments=[PERP], cash=CASH))
    desk.bar(instrument=PERP.id)
    desk.fill("test-1")
    desk.bar(instrument=PERP.id)
    fill_whole(desk, "test-2")
    return desk


def test_an_exit_too_large_for_what_an_order_left_is_placed_anew() -> None:
    desk = opposite(PlaceOrder(Side.BUY, D(3)))
    desk.bar(instrument=PERP.id)
    desk.fill("test-3")
    assert desk.cancels == ["test-2-sl"]
    desk.cancel("test-2-sl")
    assert exits(desk) == [("test-2-sl-rest1", 700)]


def test_exits_of_a_position_that_an_order_closed_are_taken_back() -> None:
    desk = opposite(PlaceOrder(Side.BUY, D(10)))
    desk.bar(instrument=PERP.id)
    desk.fill("test-3")
    assert desk.cancels == ["test-2-sl"]


def test_what_the_venue_cuts_itself_is_left_to_it() -> None:
    desk = desk_of(target("10"), PlaceOrder(Side.SELL, D(3)), instrument=PERP)
    desk.bar(instrument=PERP.id)
    desk.fill("test-2")
    assert desk.cancels == []
    desk.take(OrderAmended("test-1-sl", desk.ts_ns, 700, "REDUCE_ONLY"))
    assert exits(desk) == [("test-1-sl", 700)]


# -- changing --------------------------------------------------------------------------------------------------------


def test_a_target_that_waits_takes_back_the_exit_of_a_part_and_what_was_placed_since() -> None:
    desk = Desk(config([target("3"), [target("1"), resting(Side.BUY, "1", 90)]], cash=CASH))
    desk.bar()
    desk.fill("test-1", 2_000)
    desk.bar()
    desk.cancel("test-1")
    desk.cancel("test-1-sl", "PARENT_NOT_FILLED")
    assert desk.cancels == ["test-1", "test-1-sl", "test-2"]
    desk.cancel("test-2")
    assert (desk.sent[-1].side, desk.sent[-1].quantity) == (Side.SELL, 1_000)


def test_an_entry_that_stays_filled_in_part_is_an_alarm_and_a_record_once() -> None:
    desk = Desk(config([target("3")], cash=CASH))
    desk.bar()
    desk.fill("test-1", 1_000)
    desk.take(MarkPrice("BTC-USD", desk.ts_ns + BARE_NS_MAX - 1, 10_000))
    assert desk.alarms == []
    for _ in range(3):
        desk.bar()
    assert [alarm.name for alarm in desk.alarms] == ["unprotected"]
    assert "a holds 1000 units of BTC-USD" in desk.alarms[0].text
    assert [record.text for record in desk.records(Alarmed)] == [desk.alarms[0].text]
    fill_whole(desk, "test-1")
    assert exits(desk) == [("test-1-sl", 3_000)]


def test_an_operator_is_told_again_when_more_is_held_without_exits() -> None:
    desk = Desk(config([target("3")], cash=CASH))
    desk.bar()
    desk.fill("test-1", 1_000)
    for _ in range(2):
        desk.bar()
    desk.fill("test-1", 1_500)
    for _ in range(3):
        desk.bar()
    held = [alarm.text.split(" units")[0] for alarm in desk.alarms if alarm.name == "unprotected"]
    assert held == ["a holds 1000", "a holds 2500"]


def test_an_order_in_doubt_that_holds_a_target_up_is_an_alarm() -> None:
    desk = desk_of(target("2"), target("1", None))
    desk.bar()
    desk.cancel("test-1-sl")
    desk.take(OrderUnknown("test-2", desk.ts_ns, "TIMEOUT"))
    desk.bar()
    assert [alarm.name for alarm in desk.alarms] == ["order_in_doubt", "unprotected"]


def test_without_exits_nothing_is_said() -> None:
    desk = desk_of(target("3"))
    desk.take(CancelAll(desk.ts_ns))
    desk.cancel("test-1-sl")
    for _ in range(3):
        desk.bar()
    assert (desk.alarms, len(desk.sent)) == ([], 2)


# -- dust ------------------------------------------------------------------------------------------------------------

MINIMUM = msgspec.structs.replace(BTC, min_quantity=10)
COSTLY = msgspec.structs.replace(BTC, min_notional=D(1))  # 10 units at 100


def with_dust(instrument: Instrument, *more: Any) -> Desk:
    """Hold 5 units, too few for an order, after an exit of 1000 has filled all but these."""
    desk = desk_of(target("1"), *more, instrument=instrument)
    desk.fill("test-1-sl", 995, price=9_000)
    desk.cancel("test-1-sl")
    return desk


@pytest.mark.parametrize("instrument", [MINIMUM, COSTLY])
def test_dust_is_shown_and_neither_covered_nor_alarmed(instrument: Instrument) -> None:
    desk = with_dust(instrument)
    for _ in range(3):
        desk.bar()
    assert (desk.position(), exits(desk), desk.alarms) == (5, [], [])
    model = ReadModel([instrument])
    model.take(desk.state.audit)
    assert [held.dust for held in model.positions({"BTC-USD": 10_000})] == [True]


def test_what_is_no_dust_is_not_shown_as_such() -> None:
    desk = desk_of(target("1"), instrument=MINIMUM)
    model = ReadModel([MINIMUM])
    model.take(desk.state.audit)
    assert [held.dust for held in model.positions()] == [False]


def test_the_exits_of_the_next_entry_take_dust_along() -> None:
    desk = with_dust(MINIMUM, target("2"))
    desk.bar()
    assert [(each.kind, each.quantity) for each in desk.sent[-2:]] == [
        (OrderKind.MARKET, 1_995), (OrderKind.STOP_MARKET, 2_000),
    ]  # fmt: skip
    fill_whole(desk, "test-2")
    assert exits(desk) == [("test-2-sl", 2_000)]


def test_dust_is_not_flattened_and_nobody_is_called() -> None:
    desk = with_dust(MINIMUM)
    desk.take(Flatten(desk.ts_ns))
    for _ in range(6):
        desk.ts_ns += MINUTE_NS
        desk.bar()
    assert (desk.alarms, desk.state.closing, len(desk.sent)) == ([], [], 2)


def test_an_exit_that_the_minimum_refused_is_an_alarm_and_not_sent_again() -> None:
    desk = desk_of(target("1"), instrument=COSTLY)
    desk.reject("test-1-sl", "MIN_NOTIONAL")
    for price in (100, 10_000, 100, 10_000):
        desk.bar(price)
    assert ([alarm.name for alarm in desk.alarms], len(desk.sent)) == (["unprotected"], 2)


def test_an_entry_with_a_stop_gives_one_to_what_had_a_take_profit_only() -> None:
    desk = desk_of(target("1", Exits(take_profit=0.1)), resting(Side.BUY, "1", 90, STOP))
    desk.bar()
    fill_whole(desk, "test-2")
    assert desk.cancels == ["test-1-tp"]
    desk.cancel("test-1-tp")
    assert exits(desk) == [("test-2-sl", 1_000), ("test-2-sl-rest1", 1_000)]
