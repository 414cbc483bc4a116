"""The views that follow from the records: orders, fills, round trips and how they left, profit, refusals, alarms."""

from decimal import Decimal
from typing import Any

import pytest

from tests.engine_rig import BTC, MINUTE_NS, PERP, Desk, config
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.recording import close_records
from tradewind.engine.views import words
from tradewind.model import answers as a
from tradewind.model import commands as c
from tradewind.model.errors import StateError
from tradewind.model.intents import FLAT, CancelWorking, Exits, PlaceOrder, TargetQuantity, TargetWeight
from tradewind.model.orders import OrderKind, Side
from tradewind.risk.limits import Limits

D = Decimal
ONE, TWO, SHORT = TargetQuantity(D(1)), TargetQuantity(D(2)), TargetQuantity(D(-2))


def model(desk: Desk, **settings: Any) -> ReadModel:
    found = ReadModel(desk.config.instruments, **settings)
    found.take(desk.state.audit)
    return found


def trade(*wishes: Any, prices: list[int], fee: str = "0.5", **settings: Any) -> Desk:
    """Fill each wish of bot a at the next price; bars close at 100."""
    desk = Desk(config(list(wishes), instruments=[PERP], **settings))
    for price in prices:
        desk.bar(instrument="BTC-PERP")
        desk.fill(desk.sent[-1].order_id, price=price, fee=fee)
    return desk


def test_a_round_trip_is_net_of_fees_and_funding() -> None:
    desk = Desk(config([ONE, TWO, FLAT], instruments=[PERP]))
    for price in (10_000, 10_400):
        desk.bar(instrument="BTC-PERP")
        desk.fill(desk.sent[-1].order_id, price=price, fee="0.5")
    desk.take(a.FundingPaid("BTC-PERP", desk.ts_ns, D("-0.25"), 200))
    desk.bar(instrument="BTC-PERP")
    desk.fill(desk.sent[-1].order_id, 50, price=11_000, fee="0.1")
    desk.fill(desk.sent[-1].order_id, 150, price=11_100, fee="0.3")
    (trip,) = model(desk, strategies={"a": "sma"}).trips
    assert (trip.strategy, trip.direction, trip.reason, trip.quantity) == ("sma", "long", "signal", D(2))
    assert (trip.entry_price, trip.exit_price) == (D(102), D("110.75"))
    assert (trip.entry_ns, trip.exit_ns) == (MINUTE_NS, 3 * MINUTE_NS)
    assert (trip.realised, trip.fees, trip.funding, trip.gained) == (D("17.5"), D("1.4"), D("-0.25"), D("15.85"))


def test_a_flip_ends_one_trip_and_begins_the_next_with_its_part_of_the_fee() -> None:
    found = model(trade(ONE, SHORT, prices=[10_000, 10_300], fee="0.9"))
    (trip,) = found.trips
    assert (trip.direction, trip.gained, trip.fees) == ("long", D("1.8"), D("1.2"))
    (left,) = found.positions({"BTC-PERP": 10_200})
    assert (left.direction, left.quantity, left.average_price, left.fees) == ("short", D(2), D(103), D("0.6"))
    assert left.unrealised == D(2)


@pytest.mark.parametrize(
    ("exits", "suffix", "reason"),
    [
        (Exits(stop_loss=0.05), "sl", "stop_loss"),
        (Exits(take_profit=0.05), "tp", "take_profit"),
        (Exits(trailing=0.05), "ts", "trailing"),
    ],
)
def test_a_trip_says_which_protection_ended_it(exits: Exits, suffix: str, reason: str) -> None:
    desk = Desk(config([TargetQuantity(D(1), exits)]))
    desk.bar()
    desk.fill("test-1")
    desk.fill(f"test-1-{suffix}")
    found = model(desk)
    assert [trip.reason for trip in found.trips] == [reason]
    assert found.exits == {reason: 1}
    assert [row.protects for row in found.orders.values()] == [False, True]


@pytest.mark.parametrize("reason", ["time_stop", "flatten"])
def test_a_trip_says_what_of_the_engine_ended_it(reason: str) -> None:
    desk = Desk(config([TargetQuantity(D(1), Exits(time_ns=5))]))
    desk.bar()
    desk.fill("test-1")
    timer = desk.timers[0]
    desk.take(c.Flatten(desk.ts_ns) if reason == "flatten" else c.TimerFired(timer.due_ns, timer.key))
    desk.fill("test-2")
    assert [trip.reason for trip in model(desk).trips] == [reason]


def test_a_liquidation_ends_a_trip_less_what_the_insurance_took() -> None:
    desk = trade(ONE, prices=[10_000])
    desk.take(a.PositionLiquidated("BTC-PERP", "l1", 9, a.LiquidationKind.FULL, Side.SELL, 100, D(80), D(3)))
    found = model(desk)
    (trip,) = found.trips
    assert (trip.reason, trip.realised, trip.gained) == ("liquidation", D(-17), D("-17.5"))
    assert [(alarm.name, alarm.text) for alarm in found.alarms] == [("liquidation", "BTC-PERP: full, 1.00 at 80")]


def test_open_positions_are_marked_and_counted_apart() -> None:
    desk = trade(ONE, prices=[10_000])
    found = model(desk)
    (trip,) = found.open_trips({"BTC-PERP": 10_500}, 77)
    assert (trip.reason, trip.exit_ns, trip.exit_price, trip.gained) == ("end", 77, D(105), D("4.5"))
    assert (len(found.trips), found.open_trips({}, 77)) == (0, [])


def test_funding_that_accrued_counts_for_the_trip_that_was_on() -> None:
    desk = Desk(config([ONE, FLAT], instruments=[PERP]))
    desk.bar(instrument="BTC-PERP")
    desk.fill("test-1")
    desk.take(a.FundingAccrued("BTC-PERP", 5, D("-0.5"), 100))
    desk.bar(instrument="BTC-PERP")
    desk.fill("test-2")
    before = model(desk)
    desk.take(a.FundingPaid("BTC-PERP", 6, D("-0.5"), 0))
    after = model(desk)
    assert [trip.funding for trip in after.trips] == [D("-0.5")]
    assert [(before.pnl("bot")[0].funding, after.pnl("bot")[0].funding)] == [(D(0), D("-0.5"))]


def test_a_shared_fill_is_a_row_per_bot_and_sums_by_any_grouping() -> None:
    desk = Desk(config([ONE, FLAT], [TWO, FLAT]))
    desk.bar()
    desk.fill("test-1", 1_000, fee="0.3")
    desk.fill("test-1", 2_000, fee="0.6")
    desk.bar()
    desk.fill("test-2", price=10_100, fee="0.9")
    found = model(desk, strategies={"a": "sma", "b": "sma"})
    assert [(row.bot, row.quantity, row.fee, row.position) for row in found.fills][:4] == [
        ("a", D("0.333"), D("0.0999"), D("0.333")),
        ("b", D("0.667"), D("0.2001"), D("0.667")),
        ("a", D("0.667"), D("0.2001"), D("1.000")),
        ("b", D("1.333"), D("0.3999"), D("2.000")),
    ]
    assert [(row.key, row.gained, row.trips, row.wins) for row in found.pnl("bot")] == [
        ("a", D("0.4"), 1, 1),
        ("b", D("0.8"), 1, 1),
    ]
    (strategy,), (instrument,), (day,) = found.pnl("strategy"), found.pnl("instrument"), found.pnl("day")
    assert (strategy.key, instrument.key, day.key) == ("sma", "BTC-USD", "0")
    assert strategy.gained == instrument.gained == day.gained == D("1.2")
    assert (strategy.notional, strategy.maker_notional, strategy.fills, strategy.profit) == (D(603), 0, 6, D("1.2"))


def test_an_unknown_grouping_is_an_error() -> None:
    with pytest.raises(KeyError):
        model(Desk(config([]))).pnl("weather")


def test_a_crossing_moves_both_bots_without_fee() -> None:
    desk = Desk(config([TWO, ONE], [None, ONE]))
    desk.bar()
    desk.fill("test-1")
    desk.bar(11_000)
    found = model(desk)
    assert [(each.buyer, each.seller, each.quantity) for each in found.crossings] == [("b", "a", 1_000)]
    assert [(each.bot, each.quantity, each.average_price) for each in found.positions()] == [
        ("a", D(1), D(100)),
        ("b", D(1), D(110)),
    ]
    assert found.pnl("bot")[0].realised == D(10)


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (a.OrderAccepted("test-1", 5, 1_000), "open", ""),
        (a.OrderTriggered("test-1", 5), "open", ""),
        (a.OrderUnknown("test-1", 5, "TIMEOUT"), "unknown", "TIMEOUT"),
        (a.OrderCanceled("test-1", 5, "EXPIRED"), "canceled", "EXPIRED"),
        (a.OrderRejected("test-1", 5, "NO"), "rejected", "NO"),
        (a.OrderAmended("test-1", 5, 600, "REDUCE_ONLY"), "open", "REDUCE_ONLY"),
    ],
)
def test_an_order_row_follows_what_the_venue_says(answer: a.VenueAnswer, status: str, reason: str) -> None:
    desk = Desk(config([PlaceOrder(Side.BUY, D(1), OrderKind.LIMIT, price=D(99), reason="cheap")]))
    desk.bar()
    desk.take(answer)
    (row,) = model(desk).orders.values()
    assert (row.status, row.reason, row.intent, row.price) == (status, reason, "cheap", D(99))
    assert row.ended_ns == (5 if status in ("canceled", "rejected") else None)
    assert row.quantity == (D("0.6") if isinstance(answer, a.OrderAmended) else D(1))


def test_what_is_over_stays_over_except_for_late_fills() -> None:
    desk = Desk(config([ONE]))
    desk.bar()
    desk.cancel("test-1")
    desk.accept("test-1")
    desk.reject("test-1")
    desk.fill("test-1", 400, 9_900, "0.2")
    (row,) = model(desk).orders.values()
    assert (row.status, row.filled, row.average_price, row.fees) == ("canceled", D("0.4"), D(99), D("0.2"))


def test_refusals_are_counted_by_check_and_by_bot() -> None:
    desk = Desk(config([ONE, ONE, TWO], limits=Limits(leverage_max=D("0.0001"), exposure_share_max=None)))
    for _ in range(3):
        desk.bar()
    found = model(desk)
    assert found.refusals == {"leverage": 2}
    assert found.refusals_by_bot == {("a", "BTC-USD", "leverage"): 2}
    assert len(found.orders) == 0
    assert len(found.decisions) == 2


def test_why_not_finds_the_quiet_run_of_an_event() -> None:
    desk = Desk(config([None, ONE, ONE]))
    for _ in range(3):
        desk.bar()
    close_records(desk.state)
    found = model(desk)
    assert [getattr(found.why_not("a", "BTC-USD", event), "reason", None) for event in (1, 2, 3, 4)] == [
        "no_signal",
        None,
        "at_target",
        None,
    ]
    assert found.why_not("b", "BTC-USD", 1) is None


def test_modes_pauses_failures_and_alarms_are_shown() -> None:
    desk = Desk(config([ValueError("odd")]))
    desk.bar()
    for command in (
        c.Halt(1, "look"),
        c.EnterReduceOnly(2, "volatility", "wild"),
        c.EnterReduceOnly(2, "drawdown", "deep"),
        c.LeaveReduceOnly(3, "volatility"),
        c.PauseBot(4, "a", "rest"),
    ):
        desk.take(command)
    found = model(desk)
    assert found.modes == {"halted": "look", "reduce_only:drawdown": "deep"}
    assert (found.failed, found.paused) == ({"a": "ValueError: odd"}, {"a": "rest"})
    assert [alarm.name for alarm in found.alarms] == ["strategy_failed", "halted", "reduce_only", "reduce_only"]
    for command in (c.LeaveReduceOnly(5, "operator"), c.ResumeBot(6, "a")):
        desk.take(command)
    assert (model(desk).modes, model(desk).paused) == ({"halted": "look"}, {})
    desk.take(c.Resume(7, "fine"))
    assert model(desk).modes == {}
    assert len(model(desk).commands) == 8


@pytest.mark.parametrize(("answer", "alarms"), [("reject", ["unprotected"]), ("cancel", [])])
def test_a_position_left_bare_raises_an_alarm_and_one_leg_of_a_pair_does_not(answer: str, alarms: list[str]) -> None:
    desk = Desk(config([TargetQuantity(D(1), Exits(stop_loss=0.1, take_profit=0.1))]))
    desk.bar()
    desk.fill("test-1")
    getattr(desk, answer)("test-1-sl", "OCO")
    assert [alarm.name for alarm in model(desk).alarms] == alarms


def test_a_bounded_view_keeps_the_last_rows_and_the_whole_sums() -> None:
    desk = trade(*[ONE, FLAT] * 10, prices=[10_000, 10_100] * 10)
    whole, short = model(desk), model(desk, keep=3)
    assert (len(short.fills), len(short.trips), len(short.decisions)) == (3, 3, 3)
    assert list(short.trips) == list(whole.trips)[-3:]
    assert short.pnl("bot") == whole.pnl("bot")
    assert len(short.orders) <= 6 < len(whole.orders)


def test_batches_do_not_matter() -> None:
    desk = trade(ONE, FLAT, prices=[10_000, 10_100])
    single = ReadModel(desk.config.instruments)
    for record in desk.state.audit:
        single.take([record])
    assert single.trips == model(desk).trips
    assert single.records == len(desk.state.audit)


def test_a_stream_without_its_start_is_refused() -> None:
    desk = trade(ONE, prices=[10_000])
    with pytest.raises(StateError, match="order test-1 is not in this view: feed the stream from its start"):
        ReadModel([PERP]).take(desk.records(a.OrderFilled))


def test_adopted_positions_are_held_from_the_start() -> None:
    class Held:
        instrument, quantity, average_price, bot = "BTC-USD", 500, D(80), "external"

    (held,) = ReadModel([BTC], held=[Held()]).positions({"BTC-USD": 10_000})
    assert (held.bot, held.quantity, held.average_price, held.unrealised) == ("external", D("0.5"), D(80), D(10))


@pytest.mark.parametrize(
    ("intent", "expected"),
    [
        ("protect", "protect"),
        (TargetWeight(0.5), "target weight 0.5"),
        (TargetWeight(0.5, reason="cross up"), "cross up"),
        (TargetQuantity(D("1.50")), "target 1.5"),
        (PlaceOrder(Side.BUY, D(1)), "order"),
        (CancelWorking(), "cancel"),
    ],
)
def test_an_intent_in_words(intent: Any, expected: str) -> None:
    assert words(intent) == expected


@pytest.mark.parametrize("keep", [None, 1])
def test_orders_sent_are_those_that_were_taken_rejected_and_in_doubt(keep: int | None) -> None:
    """What a bounded model has forgotten goes on counting."""
    desk = Desk(config([ONE, TWO, ONE, ONE, FLAT, FLAT], instruments=[PERP]))
    ends = ["fill", "fill", "reject", "fill", "reject", "doubt"]
    for end in ends:
        desk.bar(instrument="BTC-PERP")
        order = desk.sent[-1].order_id
        if end == "fill":
            desk.fill(order)
        elif end == "reject":
            desk.reject(order)
        else:
            desk.take(a.OrderUnknown(order, desk.ts_ns, "no answer"))
    found = model(desk, keep=keep)
    assert keep is None or len(found.orders) < len(desk.sent)
    (row,) = found.placements()
    assert (row.instrument, row.attempted, row.failed, row.in_doubt) == ("BTC-PERP", 6, 2, 1)
    assert row.successful == 3
