"""What the engine makes of a venue's answers: late, doubled, unknown, rejected, cut."""

from decimal import Decimal

import pytest

from tests.engine_rig import BTC, MINUTE_NS, PERP, Desk, config
from tradewind.model.answers import (
    CashTransferred,
    FundingAccrued,
    FundingPaid,
    LiquidationKind,
    OrderAmended,
    OrderFilled,
    OrderTriggered,
    OrderUnknown,
    PositionLiquidated,
)
from tradewind.model.commands import CancelAll
from tradewind.model.errors import StateError
from tradewind.model.intents import Exits, PlaceOrder, TargetQuantity
from tradewind.model.orders import Liquidity, OrderKind, Side
from tradewind.orders.lifecycle import OrderStatus
from tradewind.risk.protections import ProtectionRules

D = Decimal
ONE = TargetQuantity(D(1))
STOPPED = Exits(stop_loss=0.02, take_profit=0.04)


def desk_with_order(exits: Exits | None = None) -> Desk:
    desk = Desk(config([TargetQuantity(D(1), exits)]))
    desk.bar()
    return desk


def perp_desk() -> Desk:
    desk = Desk(config([ONE], instruments=[PERP]))
    desk.bar(instrument="BTC-PERP")
    desk.fill("test-1")
    return desk


def test_a_late_fill_after_a_cancel_is_booked_and_frees_nothing_twice() -> None:
    desk = desk_with_order()
    desk.cancel("test-1")
    desk.fill("test-1", 400)
    market = desk.state.markets["BTC-USD"]
    assert (desk.position(), market.open_buys) == (400, 0)
    assert desk.state.orders["test-1"].status is OrderStatus.CANCELED


@pytest.mark.parametrize("late", [400, 1000])
def test_what_an_entry_fills_late_is_protected_all_the_same(late: int) -> None:
    """The children died with the cancel of their parent: what is filled after it gets its own (I21)."""
    desk = desk_with_order(STOPPED)
    for each in ("test-1-sl", "test-1-tp", "test-1"):
        desk.cancel(each)
    desk.fill("test-1", late)
    renewed = desk.sent[3:]
    assert [(each.order_id, each.quantity, each.after) for each in renewed] == [
        ("test-1-sl-late1", late, None),
        ("test-1-tp-late1", late, None),
    ]
    assert len({each.oco for each in renewed}) == 1


def test_exits_that_were_at_work_before_the_entry_ended_are_not_placed_again() -> None:
    desk = desk_with_order(STOPPED)
    desk.fill("test-1", 300)
    for each in ("test-1-sl", "test-1-tp"):
        desk.take(OrderAmended(each, desk.ts_ns, 300, "PARENT_FILLED"))
        desk.take(OrderTriggered(each, desk.ts_ns))
    desk.cancel("test-1")
    assert len(desk.sent) == 3
    desk.fill("test-1", 200)
    assert [(each.order_id, each.quantity) for each in desk.sent[3:]] == [
        ("test-1-sl-late1", 200),
        ("test-1-tp-late1", 200),
    ]


def test_a_partial_entry_is_protected_and_so_is_each_later_part() -> None:
    desk = desk_with_order(STOPPED)
    desk.fill("test-1", 300)
    desk.cancel("test-1")
    desk.fill("test-1", 200)
    desk.fill("test-1", 500)
    made = [(each.order_id, each.quantity) for each in desk.sent[3:]]
    assert made[0::2] == [("test-1-sl-part", 300), ("test-1-sl-late1", 200), ("test-1-sl-late2", 500)]


def test_where_all_is_canceled_a_partial_entry_gets_no_exits_anew() -> None:
    """A stop that leaves no orders would otherwise leave this one, and report it."""
    desk = desk_with_order(STOPPED)
    desk.fill("test-1", 300)
    desk.take(CancelAll(desk.ts_ns))
    desk.cancel("test-1")
    desk.fill("test-1", 200)
    assert len(desk.sent) == 3
    assert not desk.alarms


def test_the_time_stop_counts_from_the_fill() -> None:
    desk = desk_with_order(Exits(time_ns=5 * MINUTE_NS))
    fill = OrderFilled(
        "test-1", "f1", 3 * MINUTE_NS, "BTC-USD", Side.BUY, 1_000, 10_000, Liquidity.TAKER, D(0)
    )  # fmt: skip
    desk.take(fill)
    assert [timer.due_ns for timer in desk.timers] == [8 * MINUTE_NS]


def test_a_fill_is_booked_once_whatever_comes_between() -> None:
    desk = desk_with_order()
    first = desk.fill("test-1", 400)
    desk.fill("test-1", 600)
    desk.take(first)
    assert desk.position() == 1_000
    assert len(desk.records(OrderFilled)) == 2


def test_more_than_was_asked_stops_everything() -> None:
    desk = desk_with_order()
    with pytest.raises(StateError, match="fill f1 of 1001 after 0 of 1000"):
        desk.fill("test-1", 1_001)


def test_an_order_that_nobody_sent_stops_everything() -> None:
    with pytest.raises(StateError, match="order stranger-1, which is not in our journal"):
        desk_with_order().take(OrderUnknown("stranger-1", 1, "TIMEOUT"))


def test_an_order_in_doubt_counts_in_full_raises_an_alarm_and_is_not_sent_again() -> None:
    desk = desk_with_order()
    desk.take(OrderUnknown("test-1", 1, "TIMEOUT"))
    assert [alarm.name for alarm in desk.alarms] == ["order_in_doubt"]
    assert desk.state.markets["BTC-USD"].open_buys == 1_000
    desk.bar()
    assert (len(desk.sent), desk.cancels) == (1, [])


def test_an_order_that_was_cut_fills_at_most_what_is_left() -> None:
    desk = desk_with_order()
    desk.take(OrderAmended("test-1", 1, 600, "REDUCE_ONLY"))
    assert desk.state.markets["BTC-USD"].open_buys == 600
    desk.fill("test-1")
    assert (desk.position(), desk.state.orders["test-1"].status) == (600, OrderStatus.FILLED)


def test_an_order_cut_below_what_it_filled_stops_everything() -> None:
    desk = desk_with_order()
    desk.fill("test-1", 600)
    with pytest.raises(StateError, match="cut to 500 with 600 filled"):
        desk.take(OrderAmended("test-1", 1, 500, "REDUCE_ONLY"))


@pytest.mark.parametrize("kind", [FundingPaid, FundingAccrued])
def test_funding_is_booked_once_per_instrument_and_time(kind: type[FundingPaid] | type[FundingAccrued]) -> None:
    desk = perp_desk()
    for ts_ns in (5, 5, 6):
        desk.take(kind("BTC-PERP", ts_ns, D("-0.5"), 100))
    line = desk.state.ledger.lines["BTC-PERP"]
    booked = line.purse.funding if kind is FundingPaid else line.accrued_funding
    assert booked == D(-1)
    assert len(desk.records(kind)) == 2


def test_a_liquidation_is_booked_once_and_alarms() -> None:
    desk = perp_desk()
    event = PositionLiquidated("BTC-PERP", "l1", 5, LiquidationKind.FULL, Side.SELL, 60, D(90))
    desk.take(event)
    desk.take(event)
    assert desk.position("a", "BTC-PERP") == 40
    assert [alarm.name for alarm in desk.alarms] == ["liquidation"]


def test_a_rejected_target_is_tried_again_three_times_at_most() -> None:
    desk = Desk(config([ONE] * 9))
    for _ in range(9):
        desk.bar()
        if desk.state.orders[desk.sent[-1].order_id].is_live:
            desk.reject(desk.sent[-1].order_id)
    assert len(desk.sent) == 3


def test_another_target_gets_attempts_of_its_own() -> None:
    desk = Desk(config([ONE, ONE, ONE, ONE, TargetQuantity(D(2))]))
    for _ in range(5):
        desk.bar()
        if desk.state.orders[desk.sent[-1].order_id].is_live:
            desk.reject(desk.sent[-1].order_id)
    assert [each.quantity for each in desk.sent] == [1_000, 1_000, 1_000, 2_000]


def test_a_protection_that_is_rejected_over_an_open_position_raises_the_alarm() -> None:
    desk = desk_with_order(STOPPED)
    desk.fill("test-1")
    desk.reject("test-1-sl", "NOT_SUPPORTED")
    assert [alarm.name for alarm in desk.alarms] == ["unprotected"]
    assert "a holds 1000 units of BTC-USD" in desk.alarms[0].text


def test_a_hold_covers_a_spot_buy_and_is_given_back_with_its_end() -> None:
    desk = Desk(config([PlaceOrder(Side.BUY, D(1), OrderKind.LIMIT, price=D(99))]))
    desk.bar()
    purse = desk.state.ledger.purses["USD"]
    assert purse.held == D(99) * D("1.004")
    desk.fill("test-1", 400, 9_900)
    assert purse.held == D("59.4") * D("1.004")
    desk.cancel("test-1")
    assert purse.held == 0


def test_a_transfer_moves_equity_and_the_peak_but_trips_nothing() -> None:
    rules = ProtectionRules(drawdown_max=D("0.1"))
    desk = Desk(config([TargetQuantity(D(100))], protections=rules))
    desk.bar()
    desk.fill("test-1")
    desk.take(CashTransferred("USD", desk.ts_ns, D(-50_000), "withdrawn"))
    desk.bar()
    assert (desk.state.equity(), desk.state.peak, desk.alarms) == (D(50_000), D(50_000), [])


def test_a_fill_does_not_move_a_mark_that_the_market_gave() -> None:
    desk = desk_with_order()
    desk.fill("test-1", price=10_100)
    assert desk.state.markets[BTC.id].mark == 10_000
