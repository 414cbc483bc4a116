"""Time stops and flattens: pursued until nothing is left, whatever venue, strategy, mode or other bots do."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine_rig import BTC, MINUTE_NS, OPEN_LIMITS, PERP, Desk, config
from tradewind.engine.closing import ATTEMPTS_MAX
from tradewind.model.answers import CancelRejected, OrderFilled
from tradewind.model.commands import Answered, CancelAll, EnterReduceOnly, Flatten, Halt, PauseBot, TimerFired
from tradewind.model.decisions import Approved, Crossed, Decided, Quiet, Refused
from tradewind.model.intents import Exits, PlaceOrder, TargetQuantity
from tradewind.model.orders import Liquidity, Side
from tradewind.risk.breakers import BreakerRules

NAME = PERP.id


def target(quantity: int, exits: Exits | None = None) -> TargetQuantity:
    return TargetQuantity(Decimal(quantity), exits)


def opposite(*, exits: Exits | None = None, others: tuple[Any, ...] = (), **settings: Any) -> Desk:
    """Return a desk where bot a is long 10 and bot b short 6 of one perpetual, by two orders that have filled."""
    cash = Decimal(10_000_000)
    desk = Desk(
        config([target(10, exits), None, *others], [None, target(-6, exits)], instruments=[PERP], cash=cash, **settings)
    )
    desk.bar(instrument=NAME)
    desk.fill("test-1")
    desk.bar(instrument=NAME)
    desk.fill("test-2")
    return desk


def held(desk: Desk) -> tuple[int, int]:
    return desk.position("a", NAME), desk.position("b", NAME)


def block(desk: Desk, mode: str) -> None:
    desk.take(Halt(desk.ts_ns, "look") if mode == "halted" else EnterReduceOnly(desk.ts_ns, "operator", "careful"))


# -- opposite bots -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("netting", [True, False])
@pytest.mark.parametrize("mode", ["halted", "reduce-only"])
def test_flatten_while_blocked_leaves_no_net_of_opposite_bots(mode: str, netting: bool) -> None:
    """What both give up meets inside the account; the venue is asked for the rest, which makes the account smaller."""
    desk = opposite(netting=netting)
    block(desk, mode)
    desk.take(Flatten(desk.ts_ns))
    assert [(each.buyer, each.seller, each.quantity) for each in desk.records(Crossed)] == [("b", "a", 600)]
    assert [(each.side, each.quantity) for each in desk.sent[2:]] == [(Side.SELL, 400)]
    desk.fill(desk.sent[-1].order_id)
    assert held(desk) == (0, 0)


def test_flatten_while_halted_waits_for_cancels_and_still_leaves_nothing() -> None:
    desk = opposite(exits=Exits(stop_loss=0.1))
    block(desk, "halted")
    desk.take(Flatten(desk.ts_ns))
    desk.cancel("test-1-sl")
    assert [(each.side, each.quantity) for each in desk.sent[4:]] == [(Side.SELL, 400)]
    desk.cancel("test-2-sl")
    assert desk.records(Crossed) == []
    desk.fill(desk.sent[4].order_id)
    assert held(desk) == (0, 0)
    assert desk.alarms[1:] == []


def test_flatten_of_one_of_two_opposite_bots_while_halted_goes_as_far_as_the_account_gets_smaller() -> None:
    desk = opposite()
    block(desk, "halted")
    desk.take(Flatten(desk.ts_ns, "a"))
    desk.fill(desk.sent[-1].order_id)
    assert held(desk) == (600, -600)
    for _ in range(ATTEMPTS_MAX):
        desk.bar(instrument=NAME)
    assert [alarm.name for alarm in desk.alarms] == ["halted", "unprotected"]
    assert len(desk.sent) == 3


def test_a_breakers_lock_lets_a_closing_go_as_far_as_the_account_gets_smaller_at_once() -> None:
    """It holds back what opens as a halt does: an attempt for the whole would be refused."""
    rules = BreakerRules(errors_per_hour_max=1, errors_lock_ns=60 * MINUTE_NS)
    desk = opposite(others=(target(12),), breakers=rules)
    desk.bar(instrument=NAME)
    desk.reject("test-3")
    assert desk.state.breakers is not None
    assert desk.state.breakers.blocks(NAME, desk.ts_ns) is not None
    desk.take(Flatten(desk.ts_ns, "a"))
    assert [(each.side, each.quantity) for each in desk.sent[3:]] == [(Side.SELL, 400)]


def test_without_netting_opposite_closings_meet_when_each_alone_was_refused() -> None:
    """Each alone would turn the account into what its limits do not allow."""
    limits = msgspec.structs.replace(OPEN_LIMITS, instrument_notional_max=Decimal(500))
    desk = Desk(
        config([target(4)], [None, target(-4)], [None, None, target(4)], [None, None, None, target(-4)],
               instruments=[PERP], cash=Decimal(10**7), netting=False, limits=limits)
    )  # fmt: skip
    for number in range(1, 5):
        desk.bar(instrument=NAME)
        desk.fill(f"test-{number}")
    desk.bar(20_000, instrument=NAME)
    desk.take(Flatten(desk.ts_ns))
    assert [type(each.outcome) for each in desk.records(Decided)[4:]] == [Refused] * 4
    desk.bar(20_000, instrument=NAME)
    assert len(desk.sent) == 4
    assert [desk.position(bot, NAME) for bot in "abcd"] == [0, 0, 0, 0]
    assert desk.state.closing == []


def test_targets_that_reduce_both_bots_meet_while_reduce_only() -> None:
    desk = Desk(
        config([target(10), None, target(0)], [None, target(-6), target(0)], instruments=[PERP], cash=Decimal(10**7))
    )
    desk.bar(instrument=NAME)
    desk.fill("test-1")
    desk.bar(instrument=NAME)
    desk.fill("test-2")
    block(desk, "reduce-only")
    desk.bar(instrument=NAME)
    desk.fill(desk.sent[-1].order_id)
    assert held(desk) == (0, 0)
    assert not [each for each in desk.records(Decided) if isinstance(each.outcome, Refused)]


def test_a_flatten_closes_by_instrument_and_bot_also_when_every_closing_waits_for_an_answer() -> None:
    orders = [order_of_closings(asked) for asked in (frozenset(), frozenset({"risk"}))]
    assert orders == [[("a", NAME), ("b", NAME), ("a", BTC.id), ("b", BTC.id)]] * 2


def order_of_closings(asked: frozenset[str]) -> list[tuple[str, str]]:
    """Return whose positions a flatten sends orders for, in order, when two bots hold the same two instruments."""
    script = [target(10), target(10)]
    desk = Desk(config(script, script, instruments=[BTC, PERP], cash=Decimal(10**7), netting=False, asked=asked))
    for name in (BTC.id, NAME):
        desk.bar(instrument=name)
        approve_all(desk)
        for order in desk.state.live_orders():
            desk.fill(order.request.order_id)
    desk.take(Flatten(desk.ts_ns))
    approve_all(desk)
    return [(each.bot, each.order.instrument) for each in desk.records(Decided)[4:]]


def approve_all(desk: Desk) -> None:
    while desk.state.pending:
        desk.take(Answered(desk.ts_ns, next(iter(desk.state.pending)), Approved(Decimal(2_000))))


# -- tried again ---------------------------------------------------------------------------------------------------


def due(desk: Desk) -> None:
    """Let the time stop of the first entry be due."""
    desk.take(TimerFired(desk.timers[0].due_ns, desk.timers[0].key))


def with_time_stop(*more: Any, stop_loss: float | None = None) -> Desk:
    desk = Desk(config([target(1, Exits(stop_loss=stop_loss, time_ns=MINUTE_NS)), *more]))
    desk.bar()
    desk.fill("test-1")
    return desk


@pytest.mark.parametrize("how", ["reject", "cancel"])
@pytest.mark.parametrize("why", ["time_stop", "flatten"])
def test_a_closing_that_the_venue_refuses_is_tried_again_at_the_next_mark(how: str, why: str) -> None:
    desk = with_time_stop()
    due(desk) if why == "time_stop" else desk.take(Flatten(desk.ts_ns))
    getattr(desk, how)(desk.sent[-1].order_id, "NO")
    assert len(desk.sent) == 2
    desk.ts_ns = desk.timers[0].due_ns
    desk.bar()
    assert [(each.side, each.quantity) for each in desk.sent[2:]] == [(Side.SELL, 1_000)]
    assert desk.records(Decided)[-1].intent.reason == why
    desk.fill(desk.sent[-1].order_id)
    assert desk.position() == 0


def test_a_closing_that_never_succeeds_ends_in_an_alarm_and_the_exits_come_back() -> None:
    desk = with_time_stop(stop_loss=0.1)
    due(desk)
    desk.cancel("test-1-sl")
    desk.ts_ns = desk.timers[0].due_ns
    for number in range(ATTEMPTS_MAX):
        assert len(desk.sent) == 3 + number
        desk.reject(desk.sent[-1].order_id, "NO")
        desk.bar()
    assert [alarm.name for alarm in desk.alarms] == ["unprotected"]
    assert "time_stop failed 5 times, NO" in desk.alarms[0].text
    assert [(each.stop, each.quantity) for each in desk.sent[7:]] == [(9_000, 1_000)]


def test_what_filled_in_part_counts_as_progress() -> None:
    desk = with_time_stop()
    desk.take(Flatten(desk.ts_ns))
    for _ in range(2 * ATTEMPTS_MAX):
        desk.fill(desk.sent[-1].order_id, 10)
        desk.cancel(desk.sent[-1].order_id, "NO_LIQUIDITY")
        desk.bar()
    assert desk.alarms == []
    assert desk.sent[-1].quantity == desk.position() == 900


# -- nothing overwrites it -----------------------------------------------------------------------------------------


def test_no_wish_of_a_strategy_overwrites_a_waiting_time_stop() -> None:
    desk = with_time_stop(target(2), PlaceOrder(Side.BUY, Decimal(1)), stop_loss=0.1)
    due(desk)
    desk.bar()
    desk.bar()
    desk.cancel("test-1-sl")
    assert [(each.side, each.quantity) for each in desk.sent[2:]] == [(Side.SELL, 1_000)]
    desk.fill(desk.sent[-1].order_id)
    desk.bar()
    assert "closing" in [each.reason for each in desk.records(Quiet)]
    assert desk.state.bots["a"].seats[0].quiet_reason == "no_signal"


def test_a_wish_that_waited_for_cancels_is_taken_back() -> None:
    desk = Desk(config([target(1, Exits(stop_loss=0.1)), target(2)]))
    desk.bar()
    desk.fill("test-1")
    desk.bar()
    desk.take(Flatten(desk.ts_ns))
    desk.cancel("test-1-sl")
    assert [(each.side, each.quantity) for each in desk.sent[2:]] == [(Side.SELL, 1_000)]


def test_the_strategy_goes_on_afterwards() -> None:
    desk = with_time_stop(target(2))
    due(desk)
    desk.fill(desk.sent[-1].order_id)
    desk.bar()
    assert [(each.side, each.quantity) for each in desk.sent[2:]] == [(Side.BUY, 2_000)]


def test_a_paused_bot_is_closed_and_a_forged_reason_moves_no_paused_bot() -> None:
    desk = with_time_stop(TargetQuantity(Decimal(0), None, "flatten"))
    desk.take(PauseBot(desk.ts_ns, "a", "rest"))
    desk.bar()
    assert len(desk.sent) == 1
    desk.take(Flatten(desk.ts_ns))
    assert len(desk.sent) == 2


def test_an_operator_ends_a_closing_by_canceling_everything() -> None:
    desk = with_time_stop()
    desk.take(Flatten(desk.ts_ns))
    desk.take(CancelAll(desk.ts_ns))
    desk.cancel(desk.sent[-1].order_id)
    desk.bar()
    assert len(desk.sent) == 2


def test_a_cancel_that_was_refused_is_asked_for_again() -> None:
    desk = with_time_stop(stop_loss=0.1)
    desk.take(Flatten(desk.ts_ns))
    desk.take(CancelRejected("test-1-sl", desk.ts_ns, "BUSY"))
    assert desk.cancels == ["test-1-sl"]
    desk.bar()
    assert desk.cancels == ["test-1-sl", "test-1-sl"]


def test_an_exit_that_leads_to_the_other_side_is_followed_by_what_leads_back() -> None:
    """Both legs of a group filled at the venue before it canceled either."""
    desk = Desk(config([target(1, Exits(stop_loss=0.1, take_profit=0.1))], instruments=[PERP], cash=Decimal(10**7)))
    desk.bar(instrument=NAME)
    desk.fill("test-1")
    desk.fill("test-1-sl")
    request = desk.state.orders["test-1-tp"].request
    desk.take(OrderFilled("test-1-tp", "x", desk.ts_ns, NAME, request.side, 100, 11_000, Liquidity.MAKER, Decimal(0)))
    assert desk.position(instrument=NAME) == -100
    assert [(each.side, each.quantity) for each in desk.sent[3:]] == [(Side.BUY, 100)]
