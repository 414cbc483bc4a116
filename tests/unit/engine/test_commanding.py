"""Modes and commands: halt, reduce-only and who may end it, pause, flatten, fits that expire, locks, questions."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from tests.engine_rig import MINUTE_NS, PERP, Desk, config
from tradewind.engine.commanding import fitted
from tradewind.model import commands as c
from tradewind.model.answers import CashTransferred
from tradewind.model.corrections import PositionAdopted
from tradewind.model.decisions import Approved, Decided, Finding, Quiet, Refused
from tradewind.model.effects import Ask
from tradewind.model.intents import FLAT, Exits, PlaceOrder, TargetQuantity, TargetWeight
from tradewind.model.market_events import Gap, MarkPrice
from tradewind.model.orders import OrderKind, Side
from tradewind.risk.breakers import BreakerRules
from tradewind.risk.protections import ProtectionRules

D = Decimal
ONE, TWO, NONE = TargetQuantity(D(1)), TargetQuantity(D(2)), TargetQuantity(D(0))
REST = PlaceOrder(Side.BUY, D(1), OrderKind.LIMIT, price=D(90))
HALT = c.Halt(1, "look")


def long_desk(*wishes: Any, **settings: Any) -> Desk:
    """A bot that holds 1 BTC and wants `wishes` at the bars that follow."""
    desk = Desk(config([ONE, *wishes], **settings))
    desk.bar()
    desk.fill("test-1")
    return desk


def outcomes(desk: Desk) -> list[type]:
    return [type(each.outcome) for each in desk.records(Decided)]


def reasons(desk: Desk) -> list[str]:
    return [each.reason for each in desk.records(Quiet)]


# -- halt and reduce-only ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [HALT, c.EnterReduceOnly(1, "operator", "careful")])
def test_while_no_new_risk_is_wanted_only_reductions_go(command: c.Command) -> None:
    desk = long_desk(TWO, NONE)
    desk.take(command)
    desk.bar()
    assert outcomes(desk) == [Approved, Refused]
    desk.bar()
    assert [(each.side, each.quantity) for each in desk.sent[1:]] == [(Side.SELL, 1_000)]


def test_a_halt_cancels_entries_and_leaves_protections() -> None:
    desk = Desk(config([TargetQuantity(D(1), Exits(stop_loss=0.1)), REST]))
    desk.bar()
    desk.fill("test-1")
    desk.bar()
    desk.take(HALT)
    assert desk.cancels == ["test-2"]
    assert [alarm.name for alarm in desk.alarms] == ["halted"]


def test_a_resume_ends_the_halt_and_every_reduce_only_rule() -> None:
    desk = long_desk(TWO)
    for command in (HALT, c.EnterReduceOnly(1, "volatility", "wild"), c.Resume(2, "fine")):
        desk.take(command)
    desk.bar()
    assert outcomes(desk) == [Approved, Approved]


@pytest.mark.parametrize(
    ("rules", "leaves", "free"),
    [
        (["volatility"], "volatility", True),
        (["volatility"], "drawdown", False),
        (["volatility"], "operator", True),
        (["operator"], "operator", True),
        (["operator"], "volatility", False),
        (["operator", "volatility"], "volatility", False),
        (["volatility", "drawdown"], "operator", True),
    ],
)
def test_reduce_only_ends_by_its_rule_or_an_operator(rules: list[str], leaves: str, free: bool) -> None:
    desk = long_desk(TWO)
    for rule in rules:
        desk.take(c.EnterReduceOnly(1, rule, "wild"))
    desk.take(c.LeaveReduceOnly(2, leaves))
    desk.bar()
    assert outcomes(desk)[1] is (Approved if free else Refused)


def test_a_refusal_says_which_rule_and_why() -> None:
    desk = long_desk(TWO)
    desk.take(c.EnterReduceOnly(1, "volatility", "wild"))
    desk.bar()
    refused = desk.records(Decided)[-1].outcome
    assert refused.findings == (Finding("reduce_only", "volatility: wild", "0"),)


# -- pause, cancel, flatten --------------------------------------------------------------------------------------------


def test_a_paused_bot_decides_nothing_and_the_others_go_on() -> None:
    desk = Desk(config([None, ONE], [None, ONE]))
    desk.bar()
    desk.take(c.PauseBot(1, "a", "rest"))
    desk.bar()
    assert [each.bot for each in desk.records(Decided)] == ["b"]
    desk.take(c.ResumeBot(2, "a"))
    assert ("a", "paused") in [(each.bot, each.reason) for each in desk.records(Quiet)]


def test_the_exits_of_a_paused_bot_keep_working() -> None:
    desk = Desk(config([TargetQuantity(D(1), Exits(time_ns=5 * MINUTE_NS))]))
    desk.bar()
    desk.fill("test-1")
    desk.take(c.PauseBot(1, "a", "rest"))
    (timer,) = desk.timers
    desk.take(c.TimerFired(timer.due_ns, timer.key))
    assert [(each.side, each.quantity) for each in desk.sent[1:]] == [(Side.SELL, 1_000)]


@pytest.mark.parametrize("paused", [False, True])
def test_flatten_cancels_protections_and_then_closes(paused: bool) -> None:
    desk = Desk(config([TargetQuantity(D(1), Exits(stop_loss=0.1))]))
    desk.bar()
    desk.fill("test-1")
    if paused:
        desk.take(c.PauseBot(1, "a", "rest"))
    desk.take(c.Flatten(desk.ts_ns))
    assert (desk.cancels, len(desk.sent)) == (["test-1-sl"], 2)
    desk.cancel("test-1-sl")
    assert [(each.side, each.quantity) for each in desk.sent[2:]] == [(Side.SELL, 1_000)]
    assert desk.records(Decided)[-1].intent.reason == "flatten"


def test_flatten_of_one_bot_leaves_the_others_alone() -> None:
    desk = Desk(config([ONE], [TWO], netting=False))
    desk.bar()
    desk.fill("test-1")
    desk.fill("test-2")
    desk.take(c.Flatten(desk.ts_ns, "b"))
    assert [(each.bot, each.order.quantity) for each in desk.records(Decided)[2:]] == [("b", 2_000)]


def test_cancel_all_of_one_bot_and_of_all() -> None:
    desk = Desk(config([REST], [REST]))
    desk.bar()
    desk.take(c.CancelAll(1, "b"))
    assert desk.cancels == ["test-2"]
    desk.take(c.CancelAll(2))
    assert desk.cancels == ["test-2", "test-1"]


def test_cancel_all_may_leave_the_exits_and_what_is_closing() -> None:
    desk = Desk(config([TargetQuantity(D(1), Exits(stop_loss=0.1)), REST]))
    desk.bar()
    desk.fill("test-1")
    desk.bar()
    desk.take(c.CancelAll(desk.ts_ns, exits_stay=True))
    assert desk.cancels == ["test-2"]
    desk.take(c.CancelAll(desk.ts_ns))
    assert desk.cancels == ["test-2", "test-1-sl"]


# -- locks that trip by themselves -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("close", "tripped"), [(8_001, False), (8_000, True), (7_000, True)])
def test_the_drawdown_lock_trips_at_equality(close: int, tripped: bool) -> None:
    rules = ProtectionRules(drawdown_max=D("0.1"))
    desk = Desk(config([TargetQuantity(D(500))], protections=rules))
    desk.bar()
    desk.fill("test-1")
    desk.bar(close)
    assert ("drawdown" in desk.state.reduce_only) is tripped
    assert [alarm.name for alarm in desk.alarms] == (["drawdown"] if tripped else [])


def test_the_drawdown_counts_from_the_peak_and_holds_until_an_operator_resumes() -> None:
    rules = ProtectionRules(drawdown_max=D("0.1"))
    desk = Desk(config([TargetQuantity(D(500))], protections=rules))
    desk.bar()
    desk.fill("test-1")
    for close in (12_000, 9_801, 9_800, 13_000):
        desk.bar(close)
        tripped = "drawdown" in desk.state.reduce_only
        assert tripped is (close in (9_800, 13_000))
    desk.take(c.Resume(desk.ts_ns, "looked at"))
    assert desk.state.reduce_only == {}


def test_money_that_leaves_is_no_drawdown() -> None:
    desk = Desk(config([ONE], protections=ProtectionRules(drawdown_max=D("0.1"))))
    desk.bar()
    desk.fill("test-1")
    desk.take(CashTransferred("USD", desk.ts_ns, D(-50_000), "withdrawn"))
    desk.bar()
    assert desk.alarms == []


def test_a_cooldown_locks_the_bot_in_the_instrument_after_a_round_trip() -> None:
    rules = ProtectionRules(cooldown_ns=3 * MINUTE_NS)
    desk = Desk(config([ONE, FLAT, TWO, TWO, TWO, TWO], protections=rules))
    for wish in range(6):
        desk.bar()
        if wish < 2:
            desk.fill(desk.sent[-1].order_id)
    assert outcomes(desk) == [Approved, Approved, Refused, Approved]
    assert desk.records(Decided)[2].outcome.findings[0].number == "cooldown"


# -- strategies that fail, data that are missing -----------------------------------------------------------------------


def test_a_strategy_that_raises_is_alone_and_its_exits_keep_working() -> None:
    desk = Desk(
        config([TargetQuantity(D(1), Exits(stop_loss=0.1, time_ns=MINUTE_NS)), ValueError("odd")], [None, None, ONE])
    )
    desk.bar()
    desk.fill("test-1")
    desk.bar()
    desk.bar()
    failed = desk.records(c.StrategyFailed)
    assert [(each.bot, each.error) for each in failed] == [("a", "ValueError: odd")]
    assert desk.records(Decided)[-1].bot == "b"
    desk.take(c.TimerFired(desk.ts_ns, desk.timers[0].key))
    desk.cancel("test-1-sl")
    assert (desk.sent[-1].side, desk.sent[-1].quantity) == (Side.SELL, 1_000)


def test_a_failed_bot_takes_no_new_risk() -> None:
    desk = Desk(config([REST, [ONE, "buy"], ONE]))
    for _ in range(3):
        desk.bar()
    assert [each.bot for each in desk.records(c.StrategyFailed)] == ["a"]
    assert len(desk.sent) == 1
    assert "strategy_failed" in reasons(desk) + [seat.quiet_reason for seat in desk.state.bots["a"].seats]


@pytest.mark.parametrize(("bars", "no_trade", "resets"), [(3, False, False), (4, False, True), (9, True, False)])
def test_a_data_gap_beyond_the_maximum_resets_and_one_without_trades_does_not(
    bars: int, no_trade: bool, resets: bool
) -> None:
    desk = long_desk(FLAT)
    desk.take(Gap("BTC-USD", desk.ts_ns + bars * MINUTE_NS, bars, no_trade))
    (seat,) = desk.state.bots["a"].seats
    assert (seat.quiet_reason == "data_gap") is resets


def test_a_target_waits_while_orders_work_and_the_last_one_counts() -> None:
    desk = Desk(config([REST, ONE, TWO]))
    for _ in range(3):
        desk.bar()
    assert (desk.cancels, len(desk.sent)) == (["test-1"], 1)
    desk.cancel("test-1")
    assert [each.quantity for each in desk.sent] == [1_000, 2_000]


def test_a_short_target_on_spot_closes_and_says_so() -> None:
    desk = long_desk(TargetWeight(-0.5), TargetWeight(-0.5))
    desk.bar()
    desk.fill("test-2")
    desk.bar()
    assert desk.position() == 0
    assert [seat.quiet_reason for seat in desk.state.bots["a"].seats] == ["spot_no_short"]


def test_parameters_from_outside_expire() -> None:
    desk = Desk(config([None]))
    assert fitted(desk.state, "garch") is None
    desk.take(c.Fitted(10, "garch", 5, {"alpha": 0.1}, 20))
    assert fitted(desk.state, "garch") == {"alpha": 0.1}
    desk.take(c.SwitchFlag(19, "streaming", "off"))
    assert fitted(desk.state, "garch") == {"alpha": 0.1}
    desk.take(c.SwitchFlag(20, "streaming", "on"))
    assert fitted(desk.state, "garch") is None
    assert desk.state.flags == {"streaming": "on"}


def test_time_never_goes_back() -> None:
    desk = Desk(config([None], instruments=[PERP]))
    desk.bar(instrument="BTC-PERP")
    desk.take(MarkPrice("BTC-PERP", 5, 9_000))
    desk.take(c.SwitchFlag(1, "streaming", "off"))
    assert desk.state.now_ns == MINUTE_NS


# -- risk as somebody else's job ---------------------------------------------------------------------------------------


def asking(*scripts: Sequence[Any], **settings: Any) -> Desk:
    settings.setdefault("ask_timeout_ns", 7)
    desk = Desk(config(*scripts, asked=frozenset({"risk"}), **settings))
    desk.bar()
    return desk


def asks(desk: Desk) -> list[Ask]:
    return [effect for effect in desk.effects if isinstance(effect, Ask)]


def approve(desk: Desk, number: int) -> None:
    desk.take(c.Answered(desk.ts_ns, number, Approved(D(100))))


def test_nothing_is_sent_before_the_answer() -> None:
    desk = asking([ONE])
    (ask,) = asks(desk)
    assert (desk.sent, ask.deadline_ns) == ([], MINUTE_NS + 7)
    approve(desk, ask.request_id)
    assert [each.order_id for each in desk.sent] == ["test-1"]


def test_no_answer_by_the_deadline_refuses_and_a_late_one_finds_nothing() -> None:
    desk = asking([ONE])
    (timer,) = desk.timers
    desk.take(c.TimerFired(timer.due_ns, timer.key))
    approve(desk, 1)
    assert (desk.sent, outcomes(desk)) == ([], [Refused])
    assert desk.records(Decided)[0].outcome.findings == (Finding("risk", "no answer", "an answer by the deadline"),)


def test_an_answer_in_time_makes_the_deadline_nothing_not_even_time() -> None:
    desk = asking([ONE])
    approve(desk, 1)
    now_ns, (timer,) = desk.state.now_ns, desk.timers
    desk.take(c.TimerFired(timer.due_ns, timer.key))
    assert (desk.state.now_ns, len(desk.sent)) == (now_ns, 1)


def test_an_answer_is_used_once() -> None:
    desk = asking([ONE])
    approve(desk, 1)
    approve(desk, 1)
    assert len(desk.sent) == 1


@pytest.mark.parametrize(
    ("came", "why"),
    [(c.PauseBot(1, "a", "rest"), "the bot is paused: rest"), (c.Flatten(1), "the position is being closed")],
)
def test_an_approval_opens_nothing_for_a_bot_that_has_been_stopped(came: Any, why: str) -> None:
    desk = asking([TWO, TargetQuantity(D(3))])
    approve(desk, 1)
    desk.fill("test-1")
    desk.bar()
    desk.take(came)
    approve(desk, 2)
    assert [finding.number for finding in desk.records(Decided)[-1].outcome.findings] == [why]
    assert len(desk.sent) == 1


def test_an_approval_opens_nothing_once_a_breaker_has_tripped() -> None:
    rules = BreakerRules(daily_loss_max=D("0.05"))
    desk = asking([TargetQuantity(D(5)), TargetQuantity(D(6))], cash=D(1000), breakers=rules, ask_timeout_ns=10**12)
    approve(desk, 1)
    desk.fill("test-1")
    desk.bar()
    desk.bar(8_000)
    approve(desk, 2)
    (finding,) = desk.records(Decided)[-1].outcome.findings
    assert (len(desk.sent), finding.check, finding.number[:10]) == (1, "reduce_only", "daily_loss")


def test_an_approved_reduction_does_not_open_where_the_position_has_gone_meanwhile() -> None:
    desk = Desk(config([ONE, NONE], instruments=[PERP], asked=frozenset({"risk"}), ask_timeout_ns=10**12))
    desk.bar(instrument="BTC-PERP")
    approve(desk, 1)
    desk.fill("test-1")
    desk.bar(instrument="BTC-PERP")
    held = desk.position(instrument="BTC-PERP")
    desk.take(PositionAdopted("BTC-PERP", desk.ts_ns, -held, D(0), "cost", "sold by hand", "a"))
    approve(desk, 2)
    (finding,) = desk.records(Decided)[-1].outcome.findings
    assert (len(desk.sent), finding.number) == (1, "it would add risk by now")


def test_the_next_question_knows_what_the_last_answer_led_to() -> None:
    desk = asking([REST], [REST])
    assert len(asks(desk)) == 1
    approve(desk, 1)
    first, second = asks(desk)
    assert (first.value.open_buys, second.value.open_buys) == (0, 1_000)


@pytest.mark.parametrize("command", [HALT, c.EnterReduceOnly(1, "volatility", "wild")])
def test_an_approval_that_comes_after_a_halt_opens_nothing(command: c.Command) -> None:
    desk = asking([ONE])
    desk.take(command)
    approve(desk, 1)
    assert (desk.sent, outcomes(desk)) == ([], [Refused])


def test_an_approval_after_a_halt_still_lets_a_reduction_go() -> None:
    desk = asking([ONE, NONE])
    approve(desk, 1)
    desk.fill("test-1")
    desk.bar()
    desk.take(HALT)
    approve(desk, 2)
    assert [each.side for each in desk.sent] == [Side.BUY, Side.SELL]


def test_a_merged_order_that_is_refused_goes_apart() -> None:
    desk = asking([ONE], [TWO])
    (together,) = asks(desk)
    assert together.value.order.quantity == 3_000
    desk.take(c.Answered(desk.ts_ns, 1, Refused((Finding("leverage", "3", "2"),))))
    approve(desk, 2)
    approve(desk, 3)
    assert [each.quantity for each in desk.sent] == [1_000, 2_000]


def test_risk_that_refuses_is_recorded_with_its_findings() -> None:
    desk = asking([ONE])
    findings = (Finding("leverage", "2", "1"),)
    desk.take(c.Answered(desk.ts_ns, 1, Refused(findings)))
    assert [each.outcome.findings for each in desk.records(Decided)] == [findings]
