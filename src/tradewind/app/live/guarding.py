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
from tradewind.engine.guard_watch import GuardWatch
from tradewind.engine.guarding import GUARD, GUARDS
from tradewind.model.commands import EnterReduceOnly, GuardsDue, LeaveReduceOnly
from tradewind.model.money import ZERO, plain, subtract
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
        self._kept = self._kept_day()  # for the first look; from then on the engine knows
        self._day: Day | None = None
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
        if state.guards is None:
            self._refuse_old(now_ns)
            return
        self._errors = [ts_ns for ts_ns in self._errors if now_ns - ts_ns <= MINUTE_S * 1e9]
        kept, self._kept = self._kept, None
        begun = kept.equity if kept is not None and kept.number == now_ns // DAY_NS else None
        self._engine.take(GuardsDue(now_ns, len(self._errors), begun))
        if state.halted is not None and state.halted.startswith(f"{GUARD}: "):
            self._halt(state.halted)
        self._keep(state.guards)
        self._look_at_the_day(now_ns)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Return what the guards said last."""
        watch = self._engine.state.guards
        return () if watch is None else watch.verdicts

    def _refuse_old(self, now_ns: int) -> None:
        if GUARDS not in self._engine.state.reduce_only:
            why = "the run began with a version whose engine has no guards: stop it in order, then start again"
            self._engine.take(EnterReduceOnly(now_ns, GUARDS, why))

    def _look_at_the_day(self, now_ns: int) -> None:
        equity, day, most = self._engine.state.equity(), self._day, self._daily_loss_max
        if most is None or equity is None or day is None:
            return
        loss, held = subtract(day.equity, equity), LOSS_RULE in self._engine.state.reduce_only
        if loss >= most and not held:
            why = f"{plain(round(loss, 2))} lost since midnight UTC, at most {plain(most)}"
            self._engine.take(EnterReduceOnly(now_ns, LOSS_RULE, why))
        elif loss < most and held and loss <= ZERO:
            self._engine.take(LeaveReduceOnly(now_ns, LOSS_RULE))

    def _keep(self, watch: GuardWatch) -> None:
        """Keep the day's beginning for whoever comes after: transfers have moved it, or a new day has begun."""
        day = None if watch.day is None else Day(*watch.day)
        if day is not None and day != self._day:
            write_bytes(self._path, msgspec.json.encode(day) + b"\n", overwrite=True)
        self._day = day

    def _kept_day(self) -> Day | None:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Day)
        except (FileNotFoundError, msgspec.DecodeError):
            return None  # a new day begins with the first known worth
