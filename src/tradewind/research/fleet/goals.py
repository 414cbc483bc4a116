"""The targets of the whole stack, held against what was found: reached or not, and nothing between."""

from collections.abc import Mapping

import msgspec

from tradewind.numeric.resampling import Estimate
from tradewind.research.fleet.arms import FULL
from tradewind.research.fleet.breaches import BREAKER, LimitAudit
from tradewind.research.fleet.scoring import ArmScore

DRAWDOWN_MOST = 0.10


class Paired(msgspec.Struct, frozen=True):
    """An arm against the naive fleet: net gain and largest drawdown, with the interval of resampled days."""

    net_pnl: Estimate
    drawdown: Estimate

    @property
    def settled(self) -> bool:
        """Return whether the interval of the net gain leaves zero out."""
        return self.net_pnl.low > 0 or self.net_pnl.high < 0


class Goal(msgspec.Struct, frozen=True):
    """A target, what was found, and whether that reaches it."""

    name: str
    target: str
    found: str
    reached: bool


def goals(arms: dict[str, ArmScore], paired: Paired, audits: Mapping[str, LimitAudit]) -> tuple[Goal, ...]:
    """Return the targets of the whole stack with what was found; the audits answer for every arm that has limits."""
    full = arms[FULL]
    difference, fall = paired.net_pnl, paired.drawdown
    return (
        Goal("profitable bots", ">= 60 %", f"{full.profitable_share:.1%}", full.profitable_share >= 0.60),
        Goal("Sharpe ratio", ">= 1.5", _number(full.sharpe), full.sharpe is not None and full.sharpe >= 1.5),
        Goal(
            "correlation with BTC",
            "<= 0.3",
            _number(full.btc_correlation),
            full.btc_correlation is not None and abs(full.btc_correlation) <= 0.3,
        ),
        _drawdown_goal(audits),
        _breaches_goal(audits),
        Goal(
            "net gain over naive",
            "interval above 0",
            f"{difference.value:,.0f} [{difference.low:,.0f}, {difference.high:,.0f}]",
            difference.low > 0,
        ),
        Goal(
            "smaller drawdown than naive",
            "interval below 0",
            f"{fall.value:+.1%} [{fall.low:+.1%}, {fall.high:+.1%}]",
            fall.high < 0,
        ),
    )


def _drawdown_goal(audits: Mapping[str, LimitAudit]) -> Goal:
    """Every arm with a breaker at 10 %: the gap is that of the account over the bars in which it tripped and sold."""
    name, target = "drawdown, arms with a breaker", "<= 10 % and one bar's gap"
    held = {arm: each for arm, each in audits.items() if BREAKER in each.checked}
    late = [arm for arm, each in held.items() if each.drawdown > DRAWDOWN_MOST + each.gap + 1e-9]
    if not held:
        return Goal(name, target, "no arm has a breaker", reached=False)
    arm, worst = max(held.items(), key=lambda each: each[1].drawdown)
    found = f"at most {worst.drawdown:.2%} ({arm}, gap {worst.gap:.2%})"
    return Goal(name, target, found + (f", too much in {', '.join(late)}" if late else ""), not late)


def _breaches_goal(audits: Mapping[str, LimitAudit]) -> Goal:
    found = sum(len(each.breaches) for each in audits.values())
    orders = sum(each.orders for each in audits.values() if each.checked)
    return Goal("limit breaches, all arms", "0", f"{found} in {orders:,} orders", found == 0)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
