"""The configuration guardian: watches the files of a running session and says what it has to do (SPEC K11).

The files are read only when one of them has another time, size or place than before, and when it has stayed so for a
second look: an editor may be in the middle of writing it.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path

import msgspec

from tradewind.app.config import Resolved
from tradewind.app.config_changes import Change, Held, changes
from tradewind.app.setting_classes import Weight
from tradewind.app.settings import Config
from tradewind.engine.state import EngineState
from tradewind.model.commands import EnterReduceOnly, Halt, LeaveReduceOnly
from tradewind.model.errors import ConfigError

RULE = "configuration"
EVERY_S = 2.0
Stamp = tuple[tuple[int, int, int] | None, ...]


class Action(Enum):
    """What the session has to do."""

    HALT = "halt"
    REDUCE = "reduce"
    CLEAR = "clear"


class Act(msgspec.Struct, frozen=True):
    """What to do, and why, with the names of the keys."""

    action: Action
    reason: str


class ConfigWatch:
    """`reread` resolves the configuration as the session's start did; `running` is the one it runs by."""

    def __init__(self, files: Sequence[Path], reread: Callable[[], Resolved], running: Config) -> None:
        self.files = tuple(files)
        self.running = running
        self._reread = reread
        self._seen: Stamp | None = self._stamp()
        self._settling = self._seen
        self._acted: tuple[tuple[str, str], ...] | None = ()

    def look(self, held: Held) -> Act | None:
        """Return what has to be done since the last look; None where nothing has."""
        stamp = self._stamp()
        if stamp == self._seen:
            return None
        if stamp != self._settling:
            self._settling = stamp
            return None
        self._seen = stamp
        return self._judge(held)

    def told(self) -> Config:
        """Return the configuration as the files are now.

        Raises  ConfigError when they cannot be read or are not valid.
        """
        try:
            return self._reread().config
        except ValueError as error:  # bytes that are no text, values that nothing can be made of
            raise ConfigError(f"{self._names()} cannot be read: {error}") from None

    def adopt(self, config: Config) -> None:
        """Run by another configuration from now on: its changes were applied.

        What the files say is judged anew at the next looks: a mode may be over, or they have changed meanwhile.
        """
        self.running = config
        self._seen = self._acted = None

    def _judge(self, held: Held) -> Act | None:
        try:
            grave = [each for each in changes(self.running, self.told(), held) if each.weight.is_grave]
        except ConfigError as error:
            return self._once((("", str(error)),), Act(Action.REDUCE, f"the configuration is not valid: {error}"))
        acted = tuple((each.key, repr(each.now)) for each in grave)
        if not grave:
            return self._once(acted, Act(Action.CLEAR, "the configuration is as it was"))
        halts = any(each.weight is Weight.CRITICAL for each in grave)
        return self._once(acted, Act(Action.HALT if halts else Action.REDUCE, changed_text(grave)))

    def _once(self, acted: tuple[tuple[str, str], ...], act: Act) -> Act | None:
        """Return the act unless the same differences were acted on: what an operator resumed over stays resumed."""
        if acted == self._acted:
            return None
        self._acted = acted
        return act

    def _stamp(self) -> Stamp:
        return tuple(_stamp_of(path) for path in self.files)

    def _names(self) -> str:
        return ", ".join(path.name for path in self.files)


def changed_text(grave: Sequence[Change]) -> str:
    """Return why a session may not go on as if nothing had changed."""
    return f"changed under the running session: {', '.join(each.text for each in grave)}"


def open_positions(state: EngineState) -> dict[str, frozenset[str]]:
    """Return the instruments in which each bot has an open position."""
    held = {
        bot.id: frozenset(seat.market.id for seat in bot.seats if seat.view.position) for bot in state.bots.values()
    }
    return {bot: names for bot, names in held.items() if names}


def commands(act: Act, state: EngineState, now_ns: int) -> list[Halt | EnterReduceOnly | LeaveReduceOnly]:
    """Return an act as the journaled commands for the engine."""
    if act.action is Action.HALT:
        return [] if state.halted is not None else [Halt(now_ns, f"{RULE}: {act.reason}")]
    if act.action is Action.REDUCE:
        return [EnterReduceOnly(now_ns, RULE, act.reason)]
    return [LeaveReduceOnly(now_ns, RULE)] if RULE in state.reduce_only else []


def _stamp_of(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None  # a file that is gone differs from one that is there
    return found.st_mtime_ns, found.st_size, found.st_ino
