"""When a target is acted on: what counts as the same wish, time stops, numbers that are none, repeated refusals."""

from decimal import Decimal

import pytest

from tests.engine_rig import MINUTE_NS, PERP, Desk, config
from tradewind.model.answers import OrderTriggered
from tradewind.model.commands import CancelAll, Halt, StrategyFailed, TimerFired
from tradewind.model.decisions import Decided, Quiet, Refused
from tradewind.model.instrument import InstrumentKind, define_instrument
from tradewind.model.intents import Exits, PlaceOrder, TargetQuantity, TargetWeight
from tradewind.model.orders import OrderKind, Side
from tradewind.orders.order import OrderRole

FLAT = TargetQuantity(Decimal(0))


def test_other_words_for_the_same_target_are_no_new_decision() -> None:
    desk = Desk(config([TargetWeight(0.5, None, "up"), TargetWeight(0.5, None, "still up"), TargetWeight(0.4)]))
    desk.bar()
    desk.fill(desk.sent[0].order_id)
    desk.bar()
    assert len(desk.sent) == 1
    desk.bar()
    assert [request.side for request in desk.sent] == [Side.BUY, Side.SELL]


def test_a_target_is_wanted_anew_after_a_fill_that_was_not_its_doing() -> None:
    long = TargetWeight(0.5, Exits(stop_loss=0.05))
    desk = Desk(config([long, None, long]))
    desk.bar()
    entry, stop = desk.sent
    desk.fill(entry.order_id)
    desk.bar()
    desk.fill(stop.order_id, price=9_500)
    desk.bar()
    assert [request.side for request in desk.sent[2:]] == [Side.BUY, Side.SELL]


def test_a_time_stop_closes_its_own_entry_and_no_later_one() -> None:
    timed = Exits(time_ns=10 * MINUTE_NS)
    script = [TargetWeight(0.5, timed), FLAT, TargetWeight(0.4, timed), None]
    desk = Desk(config(script))
    for _ in range(3):
        desk.bar()
        desk.fill(desk.sent[-1].order_id)
    first, second = desk.timers
    assert first.due_ns < second.due_ns
    desk.take(TimerFired(first.due_ns, first.key))
    assert len(desk.sent) == 3
    desk.take(TimerFired(second.due_ns, second.key))
    assert desk.sent[-1].side is Side.SELL
    assert desk.sent[-1].quantity == desk.position()


@pytest.mark.parametrize(
    "wish",
    [
        TargetWeight(float("nan")),
        TargetWeight(float("inf")),
        TargetQuantity(Decimal("NaN")),
        PlaceOrder(Side.BUY, Decimal("Infinity")),
        PlaceOrder(Side.BUY, Decimal(1), OrderKind.LIMIT, price=Decimal("NaN")),
        "buy",
    ],
)
def test_a_wish_that_is_no_number_fails_the_strategy_and_nobody_else(wish: object) -> None:
    desk = Desk(config([wish, TargetWeight(0.5)], [TargetWeight(0.5)]))
    desk.bar()
    desk.bar()
    assert [failed.bot for failed in desk.records(StrategyFailed)] == ["a"]
    assert [decided.bot for decided in desk.records(Decided)] == ["b"]


def test_the_same_refusal_of_the_same_wish_is_recorded_once() -> None:
    too_much = PlaceOrder(Side.BUY, Decimal(100_000))
    desk = Desk(config([too_much, too_much, too_much]))
    for _ in range(3):
        desk.bar()
    assert [type(each.outcome) for each in desk.records(Decided)] == [Refused]
    assert desk.sent == []


def test_a_short_target_on_spot_stays_flat_and_keeps_saying_why() -> None:
    short = TargetWeight(-0.5)
    desk = Desk(config([short, short, short, None]))
    for _ in range(4):
        desk.bar()
    assert desk.sent == []
    assert {run.reason for run in desk.records(Quiet)} <= {"no_signal", "spot_no_short"}
    assert desk.state.bots["a"].seats[0].quiet_reason == "spot_no_short"


def test_a_perpetual_turns_without_margin_for_what_it_closes() -> None:
    turn = [TargetQuantity(Decimal(40)), TargetQuantity(Decimal(-40))]
    desk = Desk(config(turn, instruments=[PERP], cash=Decimal(1000)))
    desk.bar(10_000, "BTC-PERP")
    desk.fill("test-1")
    desk.bar(10_000, "BTC-PERP")
    assert [request.quantity for request in desk.sent] == [4000, 8000]


GUARDED = Exits(stop_loss=0.05, take_profit=0.1)


def protections(desk: Desk) -> list[tuple[str, int]]:
    """The live protective orders: (kind, quantity)."""
    return [
        (order.request.kind.value, order.remaining)
        for order in desk.state.live_orders()
        if order.role is OrderRole.PROTECTION
    ]


def entered(*script: object, weight: float = 0.5) -> Desk:
    """A bot that has entered with a stop and a take-profit, and follows the script from the next bar on."""
    desk = Desk(config([TargetWeight(weight, GUARDED), *script]))
    desk.bar()
    desk.fill(desk.sent[0].order_id)
    desk.take(OrderTriggered(desk.sent[1].order_id, desk.ts_ns))
    desk.take(OrderTriggered(desk.sent[2].order_id, desk.ts_ns))
    return desk


def cancel_asked(desk: Desk) -> None:
    for order_id in desk.cancels:
        if desk.state.orders[order_id].is_live:
            desk.cancel(order_id)


def test_what_a_reduction_leaves_is_protected_for_its_size() -> None:
    desk = entered(TargetWeight(0.2))
    whole = desk.position()
    assert protections(desk) == [("stop_market", whole), ("limit", whole)]
    desk.bar()
    cancel_asked(desk)
    desk.fill(desk.sent[-1].order_id)
    left = desk.position()
    assert 0 < left < whole
    assert protections(desk) == [("stop_market", left), ("limit", left)]


def test_a_refused_change_leaves_the_position_protected() -> None:
    desk = entered(TargetWeight(0.9))
    whole = desk.position()
    desk.bar()
    desk.state.reduce_only["operator"] = "test"
    cancel_asked(desk)
    assert [type(each.outcome) for each in desk.records(Decided)].count(Refused) == 1
    assert protections(desk) == [("stop_market", whole), ("limit", whole)]


def test_an_addition_is_protected_beside_what_was_held() -> None:
    desk = entered(TargetWeight(0.8, GUARDED))
    held = desk.position()
    desk.bar()
    cancel_asked(desk)
    entry = next(order for order in desk.state.live_orders() if order.role is OrderRole.TARGET)
    added = entry.quantity
    desk.fill(entry.request.order_id)
    assert desk.position() == held + added
    assert sorted(protections(desk)) == sorted(
        [(kind, size) for kind in ("stop_market", "limit") for size in (added, held)]
    )


def test_canceling_everything_takes_the_exits_away_too() -> None:
    desk = entered()
    desk.take(CancelAll(desk.ts_ns))
    cancel_asked(desk)
    assert protections(desk) == []
    desk.bar()
    assert protections(desk) == []


def test_a_full_position_turns_because_the_same_fill_frees_its_margin() -> None:
    full = define_instrument("BTC-PERP", kind=InstrumentKind.PERPETUAL, base_increment="0.01")
    desk = Desk(config([TargetWeight(1.0), TargetWeight(-1.0)], instruments=[full], cash=Decimal(1000)))
    desk.bar(10_000, "BTC-PERP")
    desk.fill("test-1", fee="3.9")
    desk.bar(10_000, "BTC-PERP")
    assert [request.side for request in desk.sent] == [Side.BUY, Side.SELL]
    assert (desk.sent[1].quantity or 0) > (desk.sent[0].quantity or 0)


def test_a_take_profit_that_fills_in_part_gets_its_stop_back() -> None:
    desk = entered()
    whole = desk.position()
    stop, profit = desk.sent[1], desk.sent[2]
    desk.fill(profit.order_id, quantity=1000, price=11_000)
    desk.cancel(stop.order_id, "OCO")
    assert desk.cancels == [profit.order_id]
    desk.cancel(profit.order_id)
    left = whole - 1000
    assert desk.position() == left
    assert protections(desk) == [("stop_market", left), ("limit", left)]


def test_a_halt_cancels_what_adds_risk_and_lets_a_reduction_go_on() -> None:
    desk = Desk(config([TargetWeight(0.5), TargetWeight(0.2)], [None, TargetWeight(0.3)], netting=False))
    desk.bar()
    desk.fill(desk.sent[0].order_id)
    desk.bar()
    reduction, entry = desk.sent[1], desk.sent[2]
    assert (reduction.side, entry.side) == (Side.SELL, Side.BUY)
    desk.take(Halt(desk.ts_ns, "storm"))
    assert desk.cancels == [entry.order_id]
