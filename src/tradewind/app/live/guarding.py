"""The runtime guards of a session: once a minute the engine is told to look, with what only the session knows (K10).

The engine judges, so that a replay comes to the same: a guard that asks for less risk makes the account reduce-only for
as long as it asks. One that asks for a halt trips the latch, and only an operator lets trading go on.
"""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec

from tradewind.app.live.engine import LiveEngine
from tradewind.engine.guarding import GUARD
from tradewind.model.commands import EnterReduceOnly, GuardsDue, LeaveReduceOnly
from tradewind.model.money import ZERO, subtract
from tradewind.risk.guards import Verdict
from tradewind.storage.atomic import write_bytes

LOSS_RULE = "daily_loss"
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
        *,
        daily_loss_max: Decimal | None,
        halt: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._path = folder / DAY_FILE
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
        """Let the engine look, and latch the halt that a guard asks for."""
        now_ns, state = self._engine.now_ns(), self._engine.state
        self._begin_day(now_ns, state.equity())
        self._errors = [ts_ns for ts_ns in self._errors if now_ns - ts_ns <= MINUTE_S * 1e9]
        self._engine.take(GuardsDue(now_ns, len(self._errors), None if self._day is None else self._day.equity))
        if state.halted is not None and state.halted.startswith(f"{GUARD}: "):
            self._halt(state.halted)
        self._look_at_the_day(now_ns)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Return what the guards said last."""
        watch = self._engine.state.guards
        return () if watch is None else watch.verdicts

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
