"""What is known of an order at the venue, rule by rule; FAULTS ids name the mistakes that each rule prevents."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine_rig import BTC, ETH, Desk, config
from tradewind.engine.order_questions import SECOND_NS, FetchFills, FindOrder, Pace, SendCancel
from tradewind.engine.order_telling import Told
from tradewind.engine.order_truth import Due, OrderTruth
from tradewind.model import answers as a
from tradewind.model.corrections import InstrumentCleared, InstrumentDoubted
from tradewind.model.intents import PlaceOrder
from tradewind.model.orders import Liquidity, OrderKind, OrderRequest, Side
from tradewind.model.venue import (
    CancelRefused,
    CancelTaken,
    InDoubt,
    Placed,
    PlaceRefused,
    VenueFill,
    VenueOrder,
    VenueOrderStatus,
)
from tradewind.orders.lifecycle import OrderEvent
from tradewind.orders.order import Order, OrderRole

D, S = Decimal, SECOND_NS
REQUEST = OrderRequest("a1", "BTC-USD", Side.BUY, OrderKind.LIMIT, 1_000, 10_000)
OPEN, CANCELED, FILLED = VenueOrderStatus.OPEN, VenueOrderStatus.CANCELED, VenueOrderStatus.FILLED
PACE = Pace()
PATIENT_NS = PACE.visible_ns


def order(status: VenueOrderStatus = OPEN, filled: str = "0", **other: Any) -> VenueOrder:
    facts: dict[str, Any] = {
        "client_id": "a1", "venue_id": "v1", "instrument": "BTC-USD", "side": Side.BUY, "quantity": D(1),
        "price": D(100), "fees": D(0),
    }  # fmt: skip
    return VenueOrder(status=status, filled=D(filled), **(facts | other))


def fill(fill_id: str = "f1", quantity: str = "1", fee: str | None = "0.25", **other: Any) -> VenueFill:
    facts: dict[str, Any] = {
        "venue_order_id": "v1", "instrument": "BTC-USD", "side": Side.BUY, "price": D(100), "ts_ns": 50 * S,
        "liquidity": Liquidity.MAKER,
    }  # fmt: skip
    return VenueFill(
        fill_id=fill_id, quantity=D(quantity), fee=None if fee is None else D(fee), **(facts | other)
    )  # fmt: skip


def sent(now_ns: int = 40 * S) -> OrderTruth:
    truth = OrderTruth([BTC, ETH])
    truth.sending(REQUEST, now_ns)
    return truth


def placed() -> OrderTruth:
    truth = sent()
    assert truth.answered("a1", Placed("v1"), 41 * S) == [a.OrderAccepted("a1", 41 * S, 1_000)]
    return truth


def kinds(told: list[Told]) -> list[str]:
    return [type(each).__name__ for each in told]


def booked(fill_id: str = "f1", quantity: int = 1_000, fee: str = "0.25") -> a.OrderFilled:
    return a.OrderFilled("a1", fill_id, 50 * S, "BTC-USD", Side.BUY, quantity, 10_000, Liquidity.MAKER, D(fee))


# -- fills ------------------------------------------------------------------------------------------------------------


def test_a_running_total_is_a_hint_and_never_booked() -> None:
    """fill-cumulative: the total makes the order owed, what is booked are executions, with their own fee."""
    truth = placed()
    assert kinds(truth.order_seen(order(filled="0.4", fees=D("9.99")), 50 * S)) == ["InstrumentDoubted"]
    assert kinds(truth.order_seen(order(filled="0.4"), 51 * S)) == []
    assert truth.due(51 * S).queries == (FetchFills("a1", "v1"),)
    told = truth.fills_seen([fill("f1", "0.1"), fill("f2", "0.3")], 52 * S)
    assert kinds(told) == ["OrderFilled", "InstrumentCleared", "OrderFilled"]
    assert told[0] == booked("f1", 100)
    assert truth.next_due_ns is None


def test_an_execution_is_booked_once_however_often_it_is_told() -> None:
    """fill-redelivered."""
    truth = placed()
    assert truth.fills_seen([fill(), fill()], 50 * S) == [booked()]
    assert truth.fills_seen([fill()], 99 * S) == []
    assert truth.repeated_fills == 2


def test_totals_out_of_order_never_go_back() -> None:
    truth = placed()
    truth.fills_seen([fill("f1", "0.6")], 50 * S)
    assert truth.order_seen(order(filled="0.2"), 51 * S) == []
    assert truth.order_seen(order(VenueOrderStatus.PENDING), 52 * S) == []
    assert truth.records["a1"].total == 600


def test_an_end_is_told_only_when_nothing_is_owed() -> None:
    """fill-partial-then-gone, fill-external-cancel: the end keeps what had filled."""
    truth = placed()
    assert kinds(truth.order_seen(order(CANCELED, "0.4", reason="BY_USER"), 50 * S)) == ["InstrumentDoubted"]
    told = truth.fills_seen([fill("f1", "0.4")], 51 * S)
    assert told[0] == booked("f1", 400)
    assert kinds(told) == ["OrderFilled", "InstrumentCleared", "OrderCanceled"]
    assert told[-1] == a.OrderCanceled("a1", 51 * S, "BY_USER")
    assert truth.order_seen(order(OPEN, "0.4"), 52 * S) == []
    assert truth.order_seen(order(FILLED, "0.4"), 52 * S) == []


def test_an_execution_may_come_before_the_answer_to_the_order() -> None:
    truth = sent()
    assert truth.fills_seen([fill("f1", "0.5")], 41 * S) == []
    told = truth.answered("a1", Placed("v1"), 42 * S)
    assert kinds(told) == ["OrderFilled"]
    assert truth.records["a1"].booked == 500


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (fill(quantity="1.001"), "goes beyond the order"),
        (fill(quantity="0.0001"), "is not exact"),
        (fill(price=D("100.005")), "is not exact"),
        (fill(quantity="0"), "is of 0 at 100"),
        (fill(side=Side.SELL), "is a sell of BTC-USD"),
        (fill(fee_currency="BNB"), "has its fee in BNB"),
        (fill(ts_ns=-100 * S), "is older than the order"),
    ],
)
def test_what_cannot_be_booked_is_kept_apart_and_blocks(wrong: VenueFill, why: str) -> None:
    """fill-overfill: never more than the order, never something that is not exact (I05, I08)."""
    truth = placed()
    told = truth.fills_seen([wrong], 50 * S)
    assert {type(each) for each in told} == {InstrumentDoubted}
    assert any(isinstance(each, InstrumentDoubted) and each.alarm and why in each.reason for each in told)
    assert truth.fills_seen([wrong], 51 * S) == []
    assert kinds(truth.release_excess("BTC-USD", 60 * S)) == ["InstrumentCleared"]
    assert truth.fills_seen([wrong], 61 * S) == []


def test_an_excess_that_the_venues_own_total_denies_is_let_go() -> None:
    truth = placed()
    truth.fills_seen([fill("f1", "1"), fill("f1-again", "1")], 50 * S)
    assert kinds(truth.order_seen(order(FILLED, "1"), 51 * S)) == ["InstrumentCleared"]
    assert truth.fills_seen([fill("f1-again", "1")], 52 * S) == []


def test_a_fee_that_is_not_known_waits() -> None:
    """acct-fee-late: the execution is booked when its fee is there."""
    truth = placed()
    assert kinds(truth.fills_seen([fill(fee=None)], 50 * S)) == ["InstrumentDoubted"]
    assert truth.fills_seen([fill(fee=None)], 51 * S) == []
    assert truth.fills_seen([fill()], 52 * S)[-1] == booked()


def test_a_fee_that_never_comes_is_what_is_left_of_the_orders_total() -> None:
    truth = placed()
    truth.fills_seen([fill("f1", "0.4", "0.10"), fill("f2", "0.6", None)], 50 * S)
    now_ns = 50 * S
    for _ in range(PACE.absences):
        now_ns = truth.next_due_ns or 0
        truth.due(now_ns)
    told = truth.order_seen(order(FILLED, "1", fees=D("0.37")), now_ns)
    assert [each.fee for each in told if isinstance(each, a.OrderFilled)] == [D("0.27")]


def test_no_liquidity_flag_is_taker_unless_the_order_was_post_only() -> None:
    truth = placed()
    told = truth.fills_seen([fill(liquidity=None)], 50 * S)
    assert isinstance(told[0], a.OrderFilled)
    assert told[0].liquidity is Liquidity.TAKER


# -- sends without an answer ------------------------------------------------------------------------------------------


def test_no_answer_is_doubt_and_the_order_is_looked_for() -> None:
    """sub-ack-lost: no second send, no forgetting; the venue's word ends it."""
    truth = sent()
    told = truth.answered("a1", InDoubt("timed out"), 50 * S)
    assert told == [
        InstrumentDoubted(50 * S, "BTC-USD", "orders", "order a1: timed out"),
        a.OrderUnknown("a1", 50 * S, "timed out"),
    ]
    assert truth.due(50 * S) == Due((FindOrder("a1", ""),))
    assert truth.due(50 * S) == Due()
    told = truth.order_seen(order(), 51 * S)
    assert kinds(told) == ["InstrumentCleared", "OrderAccepted"]
    assert truth.next_due_ns is None


def test_not_found_counts_after_the_window_and_repeated() -> None:
    """sub-not-found-window: what a look says that began within the window is nothing."""
    truth = sent()
    truth.answered("a1", InDoubt("timed out"), 50 * S)
    late_ns = 40 * S + PATIENT_NS
    for early_ns in range(41 * S, late_ns, PACE.apart_ns):
        assert truth.order_absent("a1", early_ns, 300 * S) == []
    assert truth.order_absent("a1", late_ns, 300 * S) == []
    assert truth.order_absent("a1", late_ns + 1, 300 * S) == []
    assert truth.order_absent("a1", late_ns + PACE.apart_ns, 300 * S) == []
    told = truth.order_absent("a1", late_ns + 2 * PACE.apart_ns, 300 * S)
    assert kinds(told) == ["InstrumentCleared", "OrderRejected"]
    assert told[-1] == a.OrderRejected("a1", 300 * S, "NEVER_ARRIVED")


@pytest.mark.parametrize("doubted_s", [0, 1, 5, 10, 14, 15, 20])
def test_looks_come_as_soon_as_they_count(doubted_s: int) -> None:
    """A position that waits to be closed waits for this: no longer than the window and three looks, never less."""
    truth = sent()
    truth.answered("a1", InDoubt("timed out"), (40 + doubted_s) * S)
    told: list[object] = []
    while not told:
        now_ns = truth.next_due_ns or 0
        assert truth.due(now_ns).queries == (FindOrder("a1", ""),)
        told = list(truth.order_absent("a1", now_ns, now_ns))
    assert kinds(told)[-1] == "OrderRejected"
    first_ns = max(40 * S + PACE.visible_ns, (40 + doubted_s) * S)
    assert now_ns == first_ns + (PACE.absences - 1) * PACE.apart_ns


def test_while_the_answer_is_awaited_absence_says_nothing() -> None:
    truth = sent()
    for look in range(9):
        assert truth.order_absent("a1", 100 * S + look * PACE.apart_ns, 200 * S) == []


def test_an_order_that_appears_after_it_was_given_up_is_canceled() -> None:
    """At most once per intent (I10): the bot may have decided anew by now."""
    truth = sent()
    truth.answered("a1", InDoubt("timed out"), 50 * S)
    for look in range(PACE.absences):
        truth.order_absent("a1", 60 * S + look * PACE.apart_ns, 99 * S)
    assert kinds(truth.order_seen(order(filled="0.2"), 100 * S)) == ["InstrumentDoubted"]
    assert SendCancel("a1", "v1") in truth.due(100 * S).queries
    assert kinds(truth.fills_seen([fill("f1", "0.2")], 101 * S)) == ["OrderFilled"]
    assert kinds(truth.order_seen(order(CANCELED, "0.2"), 102 * S)) == ["InstrumentCleared"]
    assert truth.next_due_ns is None


def test_a_refusal_is_definite_only_when_no_send_before_it_may_have_arrived() -> None:
    """sub-blind-retry: a repeat that is refused does not say that the first did not arrive."""
    truth = sent()
    assert truth.answered("a1", PlaceRefused("FUNDS", "too poor"), 50 * S) == [
        a.OrderRejected("a1", 50 * S, "FUNDS: too poor")
    ]
    truth = sent()
    truth.answered("a1", InDoubt("timed out"), 50 * S)
    truth.sending(REQUEST, 51 * S)
    assert truth.answered("a1", PlaceRefused("DUPLICATE"), 52 * S) == []
    assert kinds(truth.order_seen(order(), 53 * S)) == ["InstrumentCleared", "OrderAccepted"]


def test_a_repeat_that_brings_the_old_order_is_that_order() -> None:
    """sub-new-id-on-retry: one name, one order, whatever number of sends."""
    truth = sent()
    truth.answered("a1", InDoubt("timed out"), 50 * S)
    truth.sending(REQUEST, 51 * S)
    assert kinds(truth.answered("a1", Placed("v1"), 52 * S)) == ["InstrumentCleared", "OrderAccepted"]
    assert truth.order_seen(order(created_ns=40 * S), 53 * S) == []


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"side": Side.SELL}, "side is sell"),
        ({"instrument": "ETH-USD"}, "instrument is ETH-USD"),
        ({"quantity": D(2)}, "quantity is 2, ours is 1"),
        ({"price": D(99)}, "price is 99, ours is 100"),
        ({"created_ns": 1}, "before ours was sent"),
    ],
)
def test_another_order_under_our_name_is_not_ours(other: dict[str, Any], why: str) -> None:
    """sub-id-collision: a mismatch is told, the older order is never adopted as the new one."""
    truth = OrderTruth([BTC, ETH])
    truth.sending(REQUEST, 400 * S)
    truth.answered("a1", Placed("v1"), 400 * S)
    told = truth.order_seen(order(FILLED, "1", **other), 401 * S)
    assert kinds(told) == ["InstrumentDoubted", "OrderRejected"]
    assert isinstance(told[0], InstrumentDoubted)
    assert told[0].alarm
    assert why in told[0].reason
    assert truth.fills_seen([fill(ts_ns=399 * S)], 402 * S) == []
    assert not truth.owns(order(FILLED, "1", **other))


def test_a_second_order_under_one_name_is_an_alarm() -> None:
    truth = placed()
    told = truth.order_seen(order(venue_id="v2"), 50 * S)
    assert [(each.cause, each.alarm) for each in told if isinstance(each, InstrumentDoubted)] == [
        ("duplicate:v2", True)
    ]
    assert truth.order_seen(order(), 51 * S) == []


def test_an_answer_that_names_another_of_our_orders_is_a_mismatch() -> None:
    truth = placed()
    truth.sending(OrderRequest("a2", "BTC-USD", Side.BUY, OrderKind.LIMIT, 1_000, 10_000), 50 * S)
    assert kinds(truth.answered("a2", Placed("v1"), 51 * S)) == ["InstrumentDoubted", "OrderRejected"]


# -- cancels ----------------------------------------------------------------------------------------------------------


def test_a_cancel_decides_nothing_and_the_fill_that_crossed_it_counts() -> None:
    """fill-during-cancel."""
    truth = placed()
    truth.canceling("a1", 50 * S)
    assert truth.due(50 * S).queries == (SendCancel("a1", "v1"),)
    assert truth.cancel_answered("a1", CancelRefused("UNKNOWN_CANCEL_ORDER"), 51 * S) == []
    assert FindOrder("a1", "v1") in truth.due(51 * S).queries
    told = truth.order_seen(order(FILLED, "1"), 52 * S)
    assert kinds(told) == ["InstrumentDoubted"]
    assert kinds(truth.fills_seen([fill()], 53 * S)) == ["InstrumentCleared", "OrderFilled"]


def test_our_own_cancel_ends_as_requested() -> None:
    truth = placed()
    truth.canceling("a1", 50 * S)
    truth.cancel_answered("a1", CancelTaken(), 51 * S)
    assert truth.order_seen(order(CANCELED, reason="USER"), 52 * S) == [a.OrderCanceled("a1", 52 * S, "REQUESTED")]


def test_a_cancel_waits_for_the_venues_name() -> None:
    truth = sent()
    truth.canceling("a1", 41 * S)
    assert truth.due(41 * S) == Due()
    assert truth.next_due_ns is None
    truth.answered("a1", Placed("v1"), 42 * S)
    assert truth.due(42 * S).queries == (SendCancel("a1", "v1"),)


def test_cancels_are_bounded_and_then_slow() -> None:
    """fill-cancel-loop: some quick ones, an alarm, the engine told, and one per slow step from then on."""
    truth = placed()
    truth.canceling("a1", 50 * S)
    cancels, told, now_ns = 0, [], 50 * S
    while now_ns < 50 * S + 3 * PACE.slow_ns:
        due = truth.due(now_ns)
        cancels += sum(isinstance(each, SendCancel) for each in due.queries)
        told += due.events
        for query in due.queries:
            if isinstance(query, SendCancel):
                told += truth.cancel_answered("a1", CancelRefused("STATE"), now_ns)
            told += truth.order_seen(order(), now_ns)
        now_ns = truth.next_due_ns or 0
    assert cancels == PACE.cancels + 2
    assert kinds(told) == ["InstrumentDoubted", "CancelRejected"]
    assert kinds(truth.order_seen(order(CANCELED), now_ns)) == ["OrderCanceled", "InstrumentCleared"]


def test_a_taken_cancel_without_effect_is_asked_again() -> None:
    truth = placed()
    truth.canceling("a1", 50 * S)
    truth.due(50 * S)
    truth.cancel_answered("a1", CancelTaken(), 50 * S)
    truth.order_seen(order(), 50 * S + PACE.visible_ns - 1)
    assert not any(isinstance(each, SendCancel) for each in truth.due(60 * S).queries)
    truth.order_seen(order(), 50 * S + PACE.visible_ns)
    assert any(isinstance(each, SendCancel) for each in truth.due(90 * S).queries)
    truth.order_seen(order(VenueOrderStatus.CANCEL_QUEUED), 91 * S)
    assert not any(isinstance(each, SendCancel) for each in truth.due(200 * S).queries)


# -- the rest of a life -----------------------------------------------------------------------------------------------


def test_a_status_that_cannot_be_read_counts_as_live_and_is_asked_for() -> None:
    """acct-open-filter: unknown is not over."""
    truth = placed()
    assert truth.order_seen(order(VenueOrderStatus.UNKNOWN), 50 * S) == []
    assert truth.due(50 * S).queries == (FindOrder("a1", "v1"),)
    assert [record.id for record in truth.live()] == ["a1"]


def test_an_order_that_vanished_ends_with_what_it_had_filled() -> None:
    """fill-partial-then-gone: complete looks, repeated, beyond the window; a bounded number."""
    truth = placed()
    truth.fills_seen([fill("f1", "0.3")], 50 * S)
    told: list[Told] = []
    for look in range(PACE.vanished):
        told += truth.order_absent("a1", 100 * S + look * PACE.apart_ns, 200 * S)
    assert told == [a.OrderCanceled("a1", 200 * S, "GONE")]


def test_what_stays_unsettled_is_an_alarm_and_asked_slowly() -> None:
    """Attempts are bounded (I15): quick steps first, then one per slow step, told once."""
    truth = sent()
    truth.answered("a1", InDoubt("timed out"), 50 * S)
    asked: list[int] = []
    alarms = 0
    for _ in range(len(PACE.steps_ns) + 4):
        now_ns = truth.next_due_ns or 0
        due = truth.due(now_ns)
        asked.append(now_ns)
        alarms += sum(isinstance(each, InstrumentDoubted) and each.alarm for each in due.events)
    assert alarms == 1
    assert asked[-1] - asked[-2] == PACE.slow_ns
    assert asked[1] - asked[0] == PACE.steps_ns[0]


def test_triggered_shrunk_and_rejected_orders_are_told_as_such() -> None:
    truth = placed()
    assert kinds(truth.order_seen(order(triggered=True), 50 * S)) == ["OrderTriggered"]
    assert truth.order_seen(order(triggered=True), 51 * S) == []
    assert truth.order_seen(order(quantity=D("0.5")), 52 * S) == [
        a.OrderAmended("a1", 52 * S, 500, "changed at the venue")
    ]
    assert kinds(truth.order_seen(order(VenueOrderStatus.REJECTED, reason="NO"), 53 * S)) == ["OrderRejected"]


def test_a_total_that_is_not_exact_is_an_alarm_and_no_crash() -> None:
    truth = placed()
    told = truth.order_seen(order(filled="0.00005"), 50 * S)
    assert [each.cause for each in told if isinstance(each, InstrumentDoubted)] == ["inexact:a1"]


def test_strangers_are_not_ours() -> None:
    truth = placed()
    stranger = order(client_id="", venue_id="v9")
    assert not truth.owns(stranger)
    assert truth.order_seen(stranger, 50 * S) == []
    assert truth.fills_seen([fill("f9", venue_order_id="v9")], 50 * S) == []
    assert list(truth.orphans()) == ["v9"]
    assert not truth.settled("BTC-USD")
    truth.drop_orphans("v9")
    assert truth.settled("BTC-USD")


def test_ended_orders_can_be_forgotten() -> None:
    truth = placed()
    truth.fills_seen([fill()], 50 * S)
    truth.forget_ended(50 * S)
    assert "a1" in truth.records
    truth.forget_ended(51 * S)
    assert truth.records == {}
    assert truth.fills_seen([fill()], 52 * S) == []
    assert truth.orphans() == {}


# -- after a restart (stor-restart-lost-orders, stor-restart-open-entry) ----------------------------------------------


def doubts_of(desk: Desk) -> dict[str, tuple[str, ...]]:
    return {name: tuple(market.doubts) for name, market in desk.state.markets.items()}


def test_a_restart_doubts_what_was_live_until_it_is_seen() -> None:
    desk = Desk(config([PlaceOrder(Side.BUY, D(1), kind=OrderKind.LIMIT, price=D(100))]))
    desk.bar()
    order_id = desk.sent[0].order_id
    truth = OrderTruth([BTC])
    told = truth.restore(desk.state.orders.values(), desk.ts_ns, doubts_of(desk))
    assert kinds(told) == ["InstrumentDoubted", "OrderUnknown"]
    for event in told:
        desk.take(event)
    again = OrderTruth([BTC])
    assert kinds(again.restore(desk.state.orders.values(), desk.ts_ns, doubts_of(desk))) == []
    assert again.due(desk.ts_ns).queries == (FindOrder(order_id, ""),)
    for event in again.order_seen(order(client_id=order_id, created_ns=desk.ts_ns), desk.ts_ns):
        desk.take(event)
    assert desk.state.markets["BTC-USD"].doubts == {}
    desk.fill(order_id, 1_000, fill_id="f1")
    last = OrderTruth([BTC])
    assert last.restore(desk.state.orders.values(), desk.ts_ns, doubts_of(desk)) == []
    assert last.fills_seen([fill("f1")], desk.ts_ns) == []
    assert last.settled("BTC-USD")
    last.forget_ended(desk.ts_ns + 1)
    assert last.fills_seen([fill("f1", venue_order_id="v2")], desk.ts_ns) == []
    assert last.settled("BTC-USD")


def test_a_fill_that_was_booked_on_another_exit_is_not_booked_again_under_its_name_at_the_venue() -> None:
    """One order at the venue is a stop and a target: its name is the stop's, fills at the target are the target's."""
    legs = [Order(leg, (), OrderRole.PROTECTION, 0, 1_000) for leg in (exit_leg("a1-tp"), exit_leg("a1-sl"))]
    at_venue = {"client_id": "a1-sl", "side": Side.SELL}
    legs[0].take_fill(sold("a1-tp", "f1", 400))
    truth = OrderTruth([BTC])
    truth.booked(legs)
    truth.restore([legs[1]], 60 * S)  # as what stands for the venue's order
    told = truth.fills_seen([fill("f1", "0.4", **at_venue), fill("f2", "0.6", **at_venue)], 61 * S)
    assert [each for each in told if isinstance(each, a.OrderFilled)] == [sold("a1-sl", "f2", 600)]
    assert truth.order_seen(order(FILLED, "1", **at_venue), 62 * S) == []
    assert truth.settled("BTC-USD")


def test_a_fill_of_exits_that_are_over_is_not_booked_on_the_one_that_gave_the_venues_order_its_name() -> None:
    legs = [Order(leg, (), OrderRole.PROTECTION, 0, 1_000) for leg in (exit_leg("a1-tp"), exit_leg("a1-sl"))]
    legs[0].take_fill(sold("a1-tp", "f1", 1_000))
    legs[1].move(OrderEvent.CANCEL)
    truth = OrderTruth([BTC])
    truth.restore(legs, 60 * S)
    assert truth.fills_seen([fill(client_id="a1-sl", side=Side.SELL)], 61 * S) == []
    assert truth.order_seen(order(FILLED, "1", client_id="a1-sl", side=Side.SELL), 62 * S) == []
    assert truth.settled("BTC-USD")


def exit_leg(order_id: str) -> OrderRequest:
    return OrderRequest(order_id, "BTC-USD", Side.SELL, OrderKind.LIMIT, 1_000, 10_000, oco="a1-exits")


def sold(order_id: str, fill_id: str, quantity: int) -> a.OrderFilled:
    return msgspec.structs.replace(booked(fill_id, quantity), order_id=order_id, side=Side.SELL)


def test_a_restart_ends_the_doubts_of_orders_that_are_over() -> None:
    desk = Desk(config([None]))
    for cause in ("orders", "cancel:gone", "identity:x"):
        desk.take(InstrumentDoubted(5, "BTC-USD", cause, "before the crash"))
    told = OrderTruth([BTC]).restore(desk.state.orders.values(), 9, doubts_of(desk))
    assert [each.cause for each in told if isinstance(each, InstrumentCleared)] == ["orders", "cancel:gone"]


def test_a_restart_goes_on_with_a_cancel_that_had_not_worked() -> None:
    desk = Desk(config([PlaceOrder(Side.BUY, D(1), kind=OrderKind.LIMIT, price=D(100))]))
    desk.bar()
    name = desk.sent[0].order_id
    desk.accept(name)
    desk.take(InstrumentDoubted(desk.ts_ns, "BTC-USD", f"cancel:{name}", "still open after 5 cancels"))
    truth = OrderTruth([BTC])
    truth.restore(desk.state.orders.values(), desk.ts_ns, doubts_of(desk))
    truth.order_seen(order(client_id=name, created_ns=desk.ts_ns), desk.ts_ns)
    assert SendCancel(name, "v1") in truth.due(desk.ts_ns).queries
    told = truth.order_seen(order(CANCELED, client_id=name), desk.ts_ns)
    assert [each.cause for each in told if isinstance(each, InstrumentCleared)] == [f"cancel:{name}"]
