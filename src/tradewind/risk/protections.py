"""Protections: locks that follow from what has happened, per bot, instrument or account (SPEC K5).

Each rule is a pure function of the closed trades and the time; a lock blocks new risk and says until when and why.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from tradewind.model.money import ZERO, add, subtract


class ProtectionRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """None switches a rule off. Times in nanoseconds."""

    cooldown_ns: int | None = None
    stop_loss_guard_count: int | None = None
    stop_loss_guard_window_ns: int = 24 * 3_600_000_000_000
    stop_loss_guard_lock_ns: int = 4 * 3_600_000_000_000
    low_profit_trades: int | None = None
    low_profit_minimum: Decimal = ZERO
    low_profit_lock_ns: int = 12 * 3_600_000_000_000
    drawdown_max: Decimal | None = None
    drawdown_flatten: bool | UnsetType = UNSET

    @property
    def watches_trades(self) -> bool:
        return (
            self.cooldown_ns is not None or self.stop_loss_guard_count is not None or self.low_profit_trades is not None
        )


class ClosedTrade(msgspec.Struct, frozen=True, gc=False):
    """One round trip of a bot in an instrument: when it ended, what it gained net of fees, and how it left."""

    ts_ns: int
    bot: str
    instrument: str
    gained: Decimal
    stopped: bool


class Lock(msgspec.Struct, frozen=True, gc=False):
    """No new risk for the bot in the instrument until `until_ns`, for this reason."""

    until_ns: int
    reason: str


def lock_after(trades: Sequence[ClosedTrade], rules: ProtectionRules) -> Lock | None:
    """Return the longest lock that the last of these trades (one bot, one instrument, oldest first) leads to."""
    if not trades:
        return None
    last = trades[-1]
    locks = [lock for rule in (_cooldown, _stop_loss_guard, _low_profit) if (lock := rule(trades, last, rules))]
    return max(locks, key=lambda lock: (lock.until_ns, lock.reason), default=None)


def _cooldown(trades: Sequence[ClosedTrade], last: ClosedTrade, rules: ProtectionRules) -> Lock | None:
    if rules.cooldown_ns is None:
        return None
    return Lock(last.ts_ns + rules.cooldown_ns, "cooldown")


def _stop_loss_guard(trades: Sequence[ClosedTrade], last: ClosedTrade, rules: ProtectionRules) -> Lock | None:
    if rules.stop_loss_guard_count is None:
        return None
    since = last.ts_ns - rules.stop_loss_guard_window_ns
    stops = sum(1 for trade in trades if trade.stopped and trade.gained < ZERO and trade.ts_ns > since)
    if stops < rules.stop_loss_guard_count:
        return None
    return Lock(last.ts_ns + rules.stop_loss_guard_lock_ns, "stop_loss_guard")


def _low_profit(trades: Sequence[ClosedTrade], last: ClosedTrade, rules: ProtectionRules) -> Lock | None:
    if rules.low_profit_trades is None or len(trades) < rules.low_profit_trades:
        return None
    gained = ZERO
    for trade in tuple(trades)[-rules.low_profit_trades :]:
        gained = add(gained, trade.gained)
    if gained >= rules.low_profit_minimum:
        return None
    return Lock(last.ts_ns + rules.low_profit_lock_ns, "low_profit")


def drawdown_reached(equity: Decimal, peak: Decimal, limit: Decimal) -> bool:
    """Return whether 1 - equity/peak >= limit: at equality the lock trips (METHODS 2)."""
    return peak > ZERO and subtract(peak, equity) >= peak * limit
