"""What the runtime guards remember from one look to the next."""

from collections import deque
from collections.abc import Mapping
from decimal import Decimal

from tradewind.engine.config import GuardPlan
from tradewind.model.money import add, plain
from tradewind.risk.guards import Verdict

DAY_NS = 86_400_000_000_000


class GuardWatch:
    """The last verdicts, the worth at midnight UTC, rejected orders, and since when what is held has been."""

    __slots__ = ("_day", "_day_equity", "_errors", "_held", "plan", "seen", "verdicts")

    def __init__(self, plan: GuardPlan) -> None:
        self.plan = plan
        self.verdicts: tuple[Verdict, ...] = ()
        self.seen = 0  # the event of the last look
        self._day = -1
        self._day_equity: Decimal | None = None
        most = plan.limits.errors_per_minute_max
        self._errors: deque[int] = deque(maxlen=1 if most is None else most + 1)  # one more than allowed says enough
        self._held: dict[str, tuple[bool, int]] = {}  # by instrument: whether it is long, and since when

    @property
    def breached(self) -> set[str]:
        """Return the guards that the last look found breached."""
        return {each.guard for each in self.verdicts if each.breached}

    def on_error(self, ts_ns: int) -> None:
        """Take an error: an order that the venue rejected."""
        self._errors.append(ts_ns)

    def errors_since(self, ts_ns: int) -> int:
        """Return how many errors there were after `ts_ns`; more than one beyond the limit are not counted."""
        return sum(1 for each in self._errors if each > ts_ns)

    def midnight(self, now_ns: int, equity: Decimal | None) -> Decimal | None:
        """Return the worth at the first look of the day, which may be this one."""
        day = now_ns // DAY_NS
        if equity is not None and (day != self._day or self._day_equity is None):
            self._day, self._day_equity = day, equity
        return self._day_equity

    def told_midnight(self, now_ns: int, equity: Decimal) -> None:
        """Take over what the account was worth when this day began, by whoever was there."""
        self._day, self._day_equity = now_ns // DAY_NS, equity

    def moved(self, amount: Decimal) -> None:
        """Take what came from outside or left: the day's loss does not count it."""
        if self._day_equity is not None:
            self._day_equity = add(self._day_equity, amount)

    @property
    def day(self) -> tuple[int, Decimal] | None:
        """Return the number of the day, and the worth at its first look."""
        return None if self._day_equity is None else (self._day, self._day_equity)

    def oldest_ns(self, held: Mapping[str, bool], now_ns: int) -> int:
        """Return for how long the oldest position has been there, as far as looks have seen it; 0 without one."""
        self._held = {
            name: known if (known := self._held.get(name)) is not None and known[0] is long else (long, now_ns)
            for name, long in held.items()
        }
        return max((now_ns - since_ns for _, since_ns in self._held.values()), default=0)

    def values(self) -> list[object]:
        """Return what later answers depend on, for digests."""
        return [
            [[each.guard, each.breached, int(each.action), each.held_until_ns] for each in self.verdicts],
            self._day, None if self._day_equity is None else plain(self._day_equity),
            self.seen, list(self._errors), {name: list(each) for name, each in self._held.items()},
        ]  # fmt: skip
