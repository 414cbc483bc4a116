"""Locks that follow from closed trades: cooldown, stop-loss guard, low profit, and which of several holds."""

from collections import deque
from decimal import Decimal

import pytest

from tradewind.risk.protections import ClosedTrade, Lock, ProtectionRules, drawdown_reached, lock_after

MINUTE_NS = 60_000_000_000


def trade(minute: int, gained: str, *, stopped: bool = False) -> ClosedTrade:
    return ClosedTrade(minute * MINUTE_NS, "a", "BTC-USD", Decimal(gained), stopped)


COOLDOWN = ProtectionRules(cooldown_ns=5 * MINUTE_NS)
GUARD = ProtectionRules(
    stop_loss_guard_count=2, stop_loss_guard_window_ns=10 * MINUTE_NS, stop_loss_guard_lock_ns=30 * MINUTE_NS
)
LOW = ProtectionRules(low_profit_trades=2, low_profit_minimum=Decimal(10), low_profit_lock_ns=20 * MINUTE_NS)


@pytest.mark.parametrize(
    ("rules", "trades", "expected"),
    [
        (ProtectionRules(), [trade(1, "-5", stopped=True)], None),
        (COOLDOWN, [], None),
        (COOLDOWN, [trade(1, "5")], Lock(6 * MINUTE_NS, "cooldown")),
        (GUARD, [trade(1, "-5", stopped=True)], None),
        (GUARD, [trade(1, "-5", stopped=True), trade(9, "-1", stopped=True)], Lock(39 * MINUTE_NS, "stop_loss_guard")),
        (GUARD, [trade(1, "-5", stopped=True), trade(11, "-1", stopped=True)], None),
        (GUARD, [trade(1, "-5", stopped=True), trade(2, "3", stopped=True)], None),
        (GUARD, [trade(1, "-5", stopped=True), trade(2, "-5")], None),
        (LOW, [trade(1, "-5")], None),
        (LOW, [trade(1, "50"), trade(2, "4"), trade(3, "5")], Lock(23 * MINUTE_NS, "low_profit")),
        (LOW, [trade(1, "4"), trade(2, "6")], None),
    ],
)
def test_a_rule_locks_from_its_limit_on(
    rules: ProtectionRules, trades: list[ClosedTrade], expected: Lock | None
) -> None:
    assert lock_after(deque(trades, maxlen=64), rules) == expected


def test_the_longest_lock_holds() -> None:
    rules = ProtectionRules(cooldown_ns=50 * MINUTE_NS, low_profit_trades=1, low_profit_lock_ns=20 * MINUTE_NS)
    assert lock_after([trade(1, "-5")], rules) == Lock(51 * MINUTE_NS, "cooldown")


@pytest.mark.parametrize(
    ("equity", "reached"), [("90.01", False), ("90", True), ("89.99", True), ("100", False), ("120", False)]
)
def test_drawdown_trips_at_equality(equity: str, reached: bool) -> None:
    assert drawdown_reached(Decimal(equity), Decimal(100), Decimal("0.10")) is reached


def test_without_a_peak_there_is_no_drawdown() -> None:
    assert not drawdown_reached(Decimal(-5), Decimal(0), Decimal("0.10"))


@pytest.mark.parametrize(("rules", "watches"), [(ProtectionRules(drawdown_max=Decimal(1)), False), (LOW, True)])
def test_only_rules_about_trades_need_trades(rules: ProtectionRules, watches: bool) -> None:
    assert rules.watches_trades is watches
