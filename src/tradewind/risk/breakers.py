"""Breakers: new risk stops for a time when something has gone wrong often or far enough (SPEC K4).

Incremental: each is told what happened and when, and keeps no more than it needs. A breaker that has tripped says until
when and why; reductions and cancels go on. The drawdown breaker is `protections.drawdown_max`: it latches.
"""

import math
from collections import deque
from decimal import Decimal

import msgspec

from tradewind.model.errors import ConfigError
from tradewind.model.money import add, multiply, plain, subtract

DAY_NS = 86_400_000_000_000
HOUR_NS = 3_600_000_000_000
VOLATILITY_BARS = 20
VOLATILITY = "volatility"
ACCOUNT = ""  # what holds for every instrument


class BreakerRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """None switches a rule off. Volatilities are of one day, shares of equity; times in nanoseconds."""

    volatility_warn: float | None = None
    volatility_reduce: float | None = None
    volatility_halt: float | None = None
    volatility_lock_ns: int = 4 * HOUR_NS
    daily_loss_max: Decimal | None = None
    losses_in_row_max: int | None = None
    losses_lock_ns: int = DAY_NS
    errors_per_hour_max: int | None = None
    errors_lock_ns: int = HOUR_NS
    stops_per_day_max: int | None = None

    def __post_init__(self) -> None:
        levels = [
            each for each in (self.volatility_warn, self.volatility_reduce, self.volatility_halt) if each is not None
        ]
        if any(not each > 0 for each in levels) or levels != sorted(levels):
            raise ConfigError(f"breakers: volatility levels must be above 0 and rise from warn to halt, were {levels}")


class Tripped(msgspec.Struct, frozen=True, gc=False):
    """A breaker that has just tripped: for one instrument or the account, until when no new risk, and why.

    A warning has `until_ns` 0. `cancels` says that working entries are to be canceled as well.
    """

    breaker: str
    instrument: str
    until_ns: int
    reason: str
    cancels: bool = False


class Breakers:
    """The breakers of one account and what they have seen; `volatilities` are the latest by instrument, to be shown."""

    __slots__ = (
        "_closes", "_day", "_day_equity", "_errors", "_levels", "_losses", "_stops", "blocked", "rules", "volatilities",
    )  # fmt: skip

    def __init__(self, rules: BreakerRules) -> None:
        self.rules = rules
        self.blocked: dict[tuple[str, str], Tripped] = {}  # by instrument and breaker
        self.volatilities: dict[str, float] = {}
        self._closes: dict[str, tuple[int, float, deque[float]]] = {}
        self._levels: dict[str, int] = {}
        self._day = -1
        self._day_equity: Decimal | None = None
        self._losses = 0
        self._errors: deque[int] = deque()
        self._stops: dict[str, deque[int]] = {}

    def on_bar(self, instrument: str, ts_ns: int, span_ns: int, close: float) -> Tripped | None:
        """Take a bar's close; a bar that does not follow the one before begins anew."""
        rules = self.rules
        if rules.volatility_warn is None and rules.volatility_reduce is None and rules.volatility_halt is None:
            return None
        known = self._closes.get(instrument)
        if known is None or ts_ns - known[0] != span_ns or known[1] <= 0:
            self._closes[instrument] = (ts_ns, close, deque(maxlen=VOLATILITY_BARS))
            self.volatilities.pop(instrument, None)
            return None
        squares = known[2]
        squares.append((close / known[1] - 1) ** 2)
        self._closes[instrument] = (ts_ns, close, squares)
        if len(squares) < VOLATILITY_BARS:
            return None
        found = math.sqrt(math.fsum(squares) * (DAY_NS / span_ns) / VOLATILITY_BARS)
        self.volatilities[instrument] = found
        return self._volatility(instrument, ts_ns, found)

    def on_equity(self, ts_ns: int, equity: Decimal | None) -> Tripped | None:
        """Take the account's worth; at its first of a UTC day the day's loss begins anew."""
        most, day = self.rules.daily_loss_max, ts_ns // DAY_NS
        if most is None or equity is None:
            return None
        if day != self._day or self._day_equity is None:
            self._day, self._day_equity = day, equity
            return None
        lost, limit = subtract(self._day_equity, equity), multiply(self._day_equity, most)
        tripped = self.blocked.get((ACCOUNT, "daily_loss"))
        if lost < limit or limit <= 0 or (tripped is not None and tripped.until_ns > ts_ns):
            return None
        reason = f"lost {plain(lost)} since midnight UTC, at most {plain(limit)}"
        return self._trip("daily_loss", ACCOUNT, (day + 1) * DAY_NS, reason, cancels=True)

    def moved(self, amount: Decimal) -> None:
        """Take what came from outside or left: the day's loss does not count it."""
        if self._day_equity is not None:
            self._day_equity = add(self._day_equity, amount)

    def on_trade(self, instrument: str, ts_ns: int, gained: Decimal, *, stopped: bool) -> list[Tripped]:
        """Take a round trip that ended: what it gained after costs, and whether a stop ended it."""
        found = []
        self._losses = self._losses + 1 if gained < 0 else 0
        most = self.rules.losses_in_row_max
        if most is not None and self._losses >= most:
            reason = f"{self._losses} losing trades in a row"
            found.append(self._trip("losses_in_row", ACCOUNT, ts_ns + self.rules.losses_lock_ns, reason))
            self._losses = 0
        most = self.rules.stops_per_day_max
        if most is not None and stopped and gained < 0:
            stops = self._stops.setdefault(instrument, deque())
            stops.append(ts_ns // DAY_NS)
            while stops[0] != stops[-1]:
                stops.popleft()
            if len(stops) >= most:
                reason = f"{len(stops)} stopped out today"
                found.append(self._trip("stop_outs", instrument, (ts_ns // DAY_NS + 1) * DAY_NS, reason))
        return found

    def on_error(self, ts_ns: int) -> Tripped | None:
        """Take an error: an order that the venue rejected."""
        most, errors = self.rules.errors_per_hour_max, self._errors
        if most is None:
            return None
        errors.append(ts_ns)
        while errors[0] <= ts_ns - HOUR_NS:
            errors.popleft()
        if len(errors) < most:
            return None
        reason = f"{len(errors)} orders rejected within an hour"
        errors.clear()
        return self._trip("error_rate", ACCOUNT, ts_ns + self.rules.errors_lock_ns, reason)

    def blocks(self, instrument: str, ts_ns: int) -> str | None:
        """Return why nothing that adds risk may go in an instrument now, None when it may."""
        if not self.blocked:
            return None
        for key, tripped in list(self.blocked.items()):
            if tripped.until_ns <= ts_ns:
                del self.blocked[key]
            elif key[0] in (ACCOUNT, instrument):
                return f"{tripped.breaker}: {tripped.reason}"
        return None

    @property
    def losses(self) -> int:
        """How many round trips in a row have lost by now."""
        return self._losses

    @property
    def day_equity(self) -> Decimal | None:
        """The account's first known worth of the UTC day."""
        return self._day_equity

    def errors_within_an_hour(self, ts_ns: int) -> int:
        """Return how many orders the venue has rejected since then; 0 where nobody counts."""
        return sum(each > ts_ns - HOUR_NS for each in self._errors)

    def values(self) -> list[object]:
        """Return what later answers depend on, for digests."""
        return [
            [[*key, each.until_ns] for key, each in self.blocked.items()],
            {name: [ts_ns, close, list(squares)] for name, (ts_ns, close, squares) in self._closes.items()},
            self._levels, self._day, None if self._day_equity is None else plain(self._day_equity),
            self._losses, list(self._errors), {name: list(days) for name, days in self._stops.items()},
        ]  # fmt: skip

    def _volatility(self, instrument: str, ts_ns: int, found: float) -> Tripped | None:
        """Trip at the highest level reached; while it lasts the lock is renewed, told once."""
        rules = self.rules
        level, limit = 0, 0.0
        for number, each in enumerate((rules.volatility_warn, rules.volatility_reduce, rules.volatility_halt), 1):
            if each is not None and found >= each:
                level, limit = number, each
        before = self._levels.get(instrument, 0)
        self._levels[instrument] = level
        if not level:
            return None
        reason = f"{found:.3f} a day, {('warned at', 'no new risk from', 'halted from')[level - 1]} {limit:g}"
        if level == 1:
            return Tripped(VOLATILITY, instrument, 0, reason) if before < level else None
        tripped = self._trip(VOLATILITY, instrument, ts_ns + rules.volatility_lock_ns, reason, cancels=level == 3)
        return tripped if before < level else None

    def _trip(self, breaker: str, instrument: str, until_ns: int, reason: str, *, cancels: bool = False) -> Tripped:
        tripped = Tripped(breaker, instrument, until_ns, reason, cancels)
        self.blocked[instrument, breaker] = tripped
        return tripped
