"""What an operator, a timer, a worker or a remote stage says to the engine, as events."""

from decimal import Decimal
from typing import Any

import msgspec

from tradewind.model.decisions import Approved, Refused
from tradewind.model.intents import Exits
from tradewind.model.market_events import Bar


class Halt(msgspec.Struct, frozen=True, array_like=True, tag="halt"):
    """Latched: no opening order is sent until an operator resumes."""

    ts_ns: int
    reason: str


class Resume(msgspec.Struct, frozen=True, array_like=True, tag="resume"):
    """An operator ends a halt and any reduce-only mode that an operator set."""

    ts_ns: int
    reason: str


class EnterReduceOnly(msgspec.Struct, frozen=True, array_like=True, tag="enter_reduce_only"):
    """`rule` names who set it (`operator` or a rule); only that rule or an operator can end it."""

    ts_ns: int
    rule: str
    reason: str


class LeaveReduceOnly(msgspec.Struct, frozen=True, array_like=True, tag="leave_reduce_only"):
    ts_ns: int
    rule: str


class PauseBot(msgspec.Struct, frozen=True, array_like=True, tag="pause_bot"):
    """The bot takes no new decisions; its exits keep working."""

    ts_ns: int
    bot: str
    reason: str


class ResumeBot(msgspec.Struct, frozen=True, array_like=True, tag="resume_bot"):
    ts_ns: int
    bot: str


class NewExits(msgspec.Struct, frozen=True, array_like=True):
    """The exits of a bot's entries from now on; `exits` is None where they have none."""

    exits: Exits | None


class ChangeBot(msgspec.Struct, frozen=True, array_like=True, tag="change_bot"):
    """A bot gets another strategy, budget, exits or family; what it holds, and the exits of that, stay.

    `strategy` is a built-in name, `module:Class` or `file.py:Class`, and `source` the text of that file, so that the
    record needs no file; empty, the strategy stays, and so do a budget, exits and a family of None. `history` are
    closed bars that new indicators warm up on. What the first change that is `promoted` replaces can be restored.
    """

    ts_ns: int
    bot: str
    reason: str
    strategy: str = ""
    parameters: dict[str, Any] = {}
    source: str = ""
    budget: Decimal | None = None
    exits: NewExits | None = None
    family: str | None = None
    promoted: bool = False
    history: tuple[Bar, ...] = ()


class RestoreBot(msgspec.Struct, frozen=True, array_like=True, tag="restore_bot"):
    """A bot becomes again what it was before it was promoted; without a promotion nothing happens."""

    ts_ns: int
    bot: str
    reason: str
    history: tuple[Bar, ...] = ()


class CancelAll(msgspec.Struct, frozen=True, array_like=True, tag="cancel_all"):
    """Cancel every working order, of one bot or of all; with `exits_stay` those that protect or close go on."""

    ts_ns: int
    bot: str | None = None
    exits_stay: bool = False


class Flatten(msgspec.Struct, frozen=True, array_like=True, tag="flatten"):
    """Cancel and close positions, of one bot or of all."""

    ts_ns: int
    bot: str | None = None


class SwitchFlag(msgspec.Struct, frozen=True, array_like=True, tag="switch_flag"):
    """A feature flag changed at run time; recorded so that a replay switches at the same event."""

    ts_ns: int
    name: str
    value: str


class TimerFired(msgspec.Struct, frozen=True, array_like=True, tag="timer"):
    """A timer that the engine asked for is due; `key` is the engine's own."""

    ts_ns: int
    key: str


class Answered(msgspec.Struct, frozen=True, array_like=True, tag="answered"):
    """A remote stage's answer to `Ask`."""

    ts_ns: int
    request_id: int
    answer: Approved | Refused


class Fitted(msgspec.Struct, frozen=True, array_like=True, tag="fitted"):
    """Parameters estimated outside the engine; expired means missing."""

    ts_ns: int
    kind: str
    as_of_ns: int
    parameters: dict[str, float]
    valid_until_ns: int


class GuardsDue(msgspec.Struct, frozen=True, array_like=True, tag="guards_due"):
    """A session's clock says that the runtime guards look now, and what only the session knows.

    `errors` are its failed requests of the last minute, `day_equity` what the account was worth when the day began,
    where a session before this one has seen it.
    """

    ts_ns: int
    errors: int = 0
    day_equity: Decimal | None = None


class StrategyFailed(msgspec.Struct, frozen=True, array_like=True, tag="strategy_failed"):
    """A strategy's callback raised: its intents were dropped and the bot takes no new risk."""

    ts_ns: int
    bot: str
    instrument: str
    error: str


Command = (
    Halt
    | Resume
    | EnterReduceOnly
    | LeaveReduceOnly
    | PauseBot
    | ResumeBot
    | ChangeBot
    | RestoreBot
    | CancelAll
    | Flatten
    | SwitchFlag
    | TimerFired
    | Answered
    | Fitted
    | GuardsDue
)
