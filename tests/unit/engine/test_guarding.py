"""The runtime guards in the engine: when they look, what they see, and what follows."""

from decimal import Decimal
from typing import Any

from tests.engine_rig import BTC, ETH, MINUTE_NS, Desk, config
from tradewind.engine.config import GuardPlan
from tradewind.engine.digest import state_values
from tradewind.model.commands import GuardsDue, Resume, TimerFired
from tradewind.model.intents import TargetQuantity
from tradewind.risk.guards import Action, GuardLimits

OFF: dict[str, Any] = {
    "daily_loss_share_max": None,
    "mark_age_ns_max": None,
    "errors_per_minute_max": None,
    "drawdown_share_max": None,
    "concentration_max": None,
    "exposure_share_max": None,
}


def desk(*script: object, instruments: Any = (BTC,), woken: bool = False, **limits: Any) -> Desk:
    plan = GuardPlan(limits=GuardLimits(**{**OFF, **limits}), woken=woken)
    return Desk(config(list(script), cash=Decimal(1_000), guards=plan, instruments=instruments))


def buy(quantity: str) -> TargetQuantity:
    return TargetQuantity(Decimal(quantity))


def look(one: Desk, seconds: int = 60) -> None:
    """Let the timer be due."""
    due_ns = one.state.timers["guards"]
    one.take(TimerFired(max(due_ns, one.state.now_ns + seconds * 10**9), "guards"))


def test_a_bar_wakes_them_a_minute_later_once_and_a_quiet_market_lets_them_sleep() -> None:
    one = desk(None, None)
    one.bar()
    first_ns = one.state.timers["guards"]
    assert first_ns == one.state.now_ns + MINUTE_NS
    assert [(timer.due_ns, timer.key) for timer in one.timers] == [(first_ns, "guards")]
    look(one)
    assert one.state.timers["guards"] == one.state.now_ns + MINUTE_NS  # the bar has come since the look before
    look(one)
    assert "guards" not in one.state.timers
    one.bar()
    assert "guards" in one.state.timers


def test_where_a_session_wakes_them_they_ask_for_no_timer() -> None:
    one = desk(None, woken=True)
    one.bar()
    assert one.state.timers == {}
    one.take(GuardsDue(one.state.now_ns + 1))
    assert one.state.timers == {}


def test_a_loss_of_the_day_halts_and_halts_again_while_it_is_there() -> None:
    one = desk(buy("5"), daily_loss_share_max=Decimal("0.05"))
    one.bar()
    one.fill("test-1")
    look(one)
    assert one.state.halted is None
    one.bar(8_000)  # 5 x 20 lost of 1,000
    look(one)
    assert (one.state.halted or "").startswith("guard: daily_loss 10")
    assert [each.name for each in one.alarms] == ["guard", "halted"]
    one.take(Resume(one.state.now_ns, "seen"))
    one.bar(8_000)
    look(one)
    assert one.state.halted is not None
    assert [each.name for each in one.alarms] == ["guard", "halted", "halted"]


def test_a_drawdown_is_measured_anew_once_an_operator_has_resumed() -> None:
    one = desk(buy("5"), drawdown_share_max=Decimal("0.05"), cooldown_ns=0)
    one.bar()
    one.fill("test-1")
    one.bar(8_000)
    look(one)
    assert (one.state.halted or "").startswith("guard: drawdown 100")
    one.take(Resume(one.state.now_ns, "seen"))
    one.bar(8_000)
    look(one)
    assert one.state.halted is None
    one.bar(7_000)
    look(one)
    assert (one.state.halted or "").startswith("guard: drawdown 50 over 45")


def test_exposure_lets_the_account_only_reduce_until_the_cooldown_is_over() -> None:
    one = desk(buy("6"), buy("0"), exposure_share_max=Decimal("0.5"))
    one.bar()
    one.fill("test-1")
    look(one)
    assert one.state.reduce_only["guards"].startswith("exposure 600")
    one.bar()
    assert one.sent[-1].side.name == "SELL"
    one.fill("test-2")
    look(one)
    assert "guards" in one.state.reduce_only
    one.bar()
    look(one, seconds=301)
    assert one.state.reduce_only == {}
    assert one.state.guards is not None
    assert one.state.guards.verdicts[-1].action is Action.NONE


def test_concentration_only_warns() -> None:
    one = desk(buy("4"), instruments=(BTC, ETH), concentration_max=0.4)
    one.bar()
    one.bar(instrument="ETH-USD")
    for order in list(one.sent):
        one.fill(order.order_id)
    look(one)
    assert [each.name for each in one.alarms] == ["guard"]
    assert one.alarms[0].text.startswith("concentration: 0.5")
    assert (one.state.halted, one.state.reduce_only) == (None, {})


def test_rejected_orders_are_errors_beside_those_that_a_session_tells() -> None:
    one = desk(buy("1"), buy("2"), woken=True, errors_per_minute_max=3)
    one.bar()
    one.reject("test-1")
    one.take(GuardsDue(one.state.now_ns, 2))
    assert one.state.reduce_only == {}
    one.take(GuardsDue(one.state.now_ns, 3))
    assert one.state.reduce_only == {"guards": "error_rate 4 over 3"}


def test_a_mark_of_a_bar_is_old_when_the_next_one_is_late() -> None:
    one = desk(buy("1"), woken=True, mark_age_ns_max=2 * MINUTE_NS)
    one.bar()
    one.fill("test-1")
    one.take(GuardsDue(one.state.now_ns + 3 * MINUTE_NS))
    assert one.state.reduce_only == {}
    one.take(GuardsDue(one.state.now_ns + 1))
    assert list(one.state.reduce_only) == ["guards"]


def test_a_position_that_stays_too_long_is_told() -> None:
    one = desk(buy("1"), woken=True, position_age_ns_max=5 * MINUTE_NS)
    one.bar()
    one.fill("test-1")
    one.take(GuardsDue(one.state.now_ns))
    one.take(GuardsDue(one.state.now_ns + 5 * MINUTE_NS))
    assert one.alarms == []
    one.take(GuardsDue(one.state.now_ns + 1))
    assert [each.text.split(":")[0] for each in one.alarms] == ["position_stuck"]


def test_what_they_remember_is_in_the_state() -> None:
    one = desk(buy("1"), daily_loss_share_max=Decimal("0.05"))
    one.bar()
    before = state_values(one.state)["guards"]
    look(one)
    assert state_values(one.state)["guards"] != before
    assert "guards" not in state_values(Desk(config([None])).state)
