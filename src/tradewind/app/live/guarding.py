"""The runtime guards of a session: read once a minute what is, and obey the strictest action (SPEC K10).

A guard that asks for less risk makes the account reduce-only for as long as it asks; one that asks for a halt trips the
latch, and only an operator lets trading go on.
"""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec

from tradewind.app.live.engine import LiveEngine
from tradewind.model.commands import EnterReduceOnly, LeaveReduceOnly
from tradewind.model.money import ZERO, multiply, subtract
from tradewind.risk.guards import Action, GuardLimits, Readings, Verdict, evaluate, strictest
from tradewind.storage.atomic import write_bytes

RULE, LOSS_RULE = "guards", "daily_loss"
DAY_NS = 86_400_000_000_000
MINUTE_S = 60.0
DAY_FILE = "day.json"


class Day(msgspec.Struct, frozen=True):
    """The account's worth when the day began, UTC; kept, so that a restart does not begin a new day."""

    number: int
    equity: Decimal


class Guarding:
    """`errors` counts what went wrong between us and the venue; `halt` trips the latch."""

    def __init__(
        self,
        engine: LiveEngine,
        folder: Path,
        limits: GuardLimits,
        *,
        daily_loss_max: Decimal | None,
        halt: Callable[[str], None],
    ) -> None:
        self.verdicts: tuple[Verdict, ...] = ()
        self._engine = engine
        self._path = folder / DAY_FILE
        self._limits = limits
        self._daily_loss_max = daily_loss_max
        self._halt = halt
        self._day = self._kept_day()
        self._errors: list[int] = []

    def note_error(self) -> None:
        """Something between us and the venue failed just now."""
        self._errors.append(self._engine.now_ns())
        del self._errors[:-1_000]

    async def run(self, every_s: float) -> None:
        """Look for as long as the session lives."""
        while True:
            await asyncio.sleep(every_s)
            self.look()

    def look(self) -> None:
        """Read, judge, obey."""
        now_ns = self._engine.now_ns()
        self.verdicts = evaluate(self.readings(now_ns), self._limits, now_ns, self.verdicts)
        action = strictest(self.verdicts)
        why = "; ".join(
            f"{each.guard} {each.number} over {each.limit}" for each in self.verdicts if each.action >= action
        )
        held = self._engine.state.reduce_only
        if action is Action.HALT:
            self._halt(f"guard: {why}")
        if action >= Action.REDUCE_ONLY and RULE not in held:
            self._engine.take(EnterReduceOnly(now_ns, RULE, why))
        elif action < Action.REDUCE_ONLY and RULE in held:
            self._engine.take(LeaveReduceOnly(now_ns, RULE))
        self._look_at_the_day(now_ns)

    def readings(self, now_ns: int) -> Readings:
        """Return what the guards look at; what is not known is None, and that is a breach."""
        state = self._engine.state
        equity = state.equity()
        self._begin_day(now_ns, equity)
        held = {name: market for name, market in state.markets.items() if market.held}
        ages = [now_ns - (market.mark_ns or (market.bar.ts_ns if market.bar else 0)) for market in held.values()]
        notionals = [
            multiply(market.line.unit_value, market.held * market.mark) if market.mark is not None else None
            for market in held.values()
        ]
        known = [each for each in notionals if each is not None]
        self._errors = [ts_ns for ts_ns in self._errors if now_ns - ts_ns <= MINUTE_S * 1e9]
        return Readings(
            equity=equity,
            peak_equity=state.peak,
            equity_at_midnight=None if self._day is None else self._day.equity,
            oldest_mark_age_ns=max(ages, default=0),
            errors_last_minute=len(self._errors),
            oldest_position_age_ns=0,
            notionals=None if len(known) < len(notionals) else tuple(known),
        )

    def _look_at_the_day(self, now_ns: int) -> None:
        equity, day, most = self._engine.state.equity(), self._day, self._daily_loss_max
        if most is None or equity is None or day is None:
            return
        loss, held = subtract(day.equity, equity), LOSS_RULE in self._engine.state.reduce_only
        if loss >= most and not held:
            self._engine.take(EnterReduceOnly(now_ns, LOSS_RULE, f"{loss} lost since midnight UTC, at most {most}"))
        elif loss < most and held and loss <= ZERO:
            self._engine.take(LeaveReduceOnly(now_ns, LOSS_RULE))

    def _begin_day(self, now_ns: int, equity: Decimal | None) -> None:
        number = now_ns // DAY_NS
        if equity is None or (self._day is not None and self._day.number == number):
            return
        self._day = Day(number, equity)
        write_bytes(self._path, msgspec.json.encode(self._day) + b"\n", overwrite=True)

    def _kept_day(self) -> Day | None:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Day)
        except (FileNotFoundError, msgspec.DecodeError):
            return None  # a new day begins with the first known worth
