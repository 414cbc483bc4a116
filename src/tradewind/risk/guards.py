"""Runtime guards: what a running system looks at every minute, as pure functions of numbers (SPEC K10).

Each guard turns a reading into a status and the action that follows. Missing readings are breaches: a guard that does
not know is not a guard that is satisfied. Whoever runs them supplies the readings and obeys the strictest action.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import IntEnum

import msgspec

from tradewind.model.errors import ConfigError
from tradewind.model.money import ONE, ZERO, multiply, plain, subtract
from tradewind.numeric.sizing import concentration

AGES = frozenset({"stale_marks", "position_stuck"})


class Action(IntEnum):
    """What a breached guard asks for, mildest first."""

    NONE = 0
    WARN = 1
    REDUCE_ONLY = 2
    HALT = 3


class GuardLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of the guards and what follows from a breach. Shares are of equity; None switches a guard off."""

    daily_loss_share_max: Decimal | None = Decimal("0.05")
    daily_loss_action: Action = Action.HALT
    mark_age_ns_max: int | None = 120_000_000_000
    mark_age_action: Action = Action.REDUCE_ONLY
    errors_per_minute_max: int | None = 10
    errors_action: Action = Action.REDUCE_ONLY
    position_age_ns_max: int | None = None
    position_age_action: Action = Action.WARN
    drawdown_share_max: Decimal | None = Decimal("0.10")
    drawdown_action: Action = Action.HALT
    concentration_max: float | None = 0.4
    concentration_action: Action = Action.WARN
    exposure_share_max: Decimal | None = Decimal("0.80")
    exposure_action: Action = Action.REDUCE_ONLY
    cooldown_ns: int = 300_000_000_000

    def __post_init__(self) -> None:
        if self.cooldown_ns < 0:
            raise ConfigError(f"guards.cooldown_ns must be at least 0, was {self.cooldown_ns}")


class Readings(msgspec.Struct, frozen=True, kw_only=True):
    """What the guards look at; None means that it could not be read."""

    equity: Decimal | None
    peak_equity: Decimal | None
    equity_at_midnight: Decimal | None
    oldest_mark_age_ns: int | None
    errors_last_minute: int | None
    oldest_position_age_ns: int | None
    notionals: tuple[Decimal, ...] | None


class Verdict(msgspec.Struct, frozen=True):
    """One guard's answer. `held_until_ns` is when a breach, now over, stops asking for its action (cooldown)."""

    guard: str
    breached: bool
    action: Action
    number: str
    limit: str
    held_until_ns: int = 0


def evaluate(
    readings: Readings, limits: GuardLimits, now_ns: int, previous: Sequence[Verdict] = ()
) -> tuple[Verdict, ...]:
    """Return the verdict of each guard that is on; a breach keeps asking for its action until its cooldown is over."""
    before = {verdict.guard: verdict for verdict in previous}
    verdicts = []
    for guard, limit, action, number, breached in _measured(readings, limits):
        last = before.get(guard)
        held = now_ns + limits.cooldown_ns if breached else (last.held_until_ns if last is not None else 0)
        asked = action if breached or now_ns < held else Action.NONE
        verdicts.append(Verdict(guard, breached, asked, number, limit, held))
    return tuple(verdicts)


def strictest(verdicts: Sequence[Verdict]) -> Action:
    """Return the strictest action that any guard asks for."""
    return max((verdict.action for verdict in verdicts), default=Action.NONE)


def _measured(readings: Readings, limits: GuardLimits) -> list[tuple[str, str, Action, str, bool]]:
    """Return (guard, limit, action, number, breached) of the guards that are on."""
    equity = readings.equity
    rows: list[tuple[str, str, Action, str, bool]] = []

    def row(name: str, limit: object, action: Action, number: Decimal | int | float | None, most: object) -> None:
        if limit is not None:
            text = "missing" if number is None else _text(number, in_ns=name in AGES)
            breached = number is None or most is None or number > most  # type: ignore[operator]  # same kind by guard
            share = isinstance(most, Decimal) and most is not limit
            said = f"{_text(most)} (a share of {limit})" if share else _text(limit, in_ns=name in AGES)  # type: ignore[arg-type]  # numbers
            rows.append((name, said, action, text, breached))

    loss = _fall(readings.equity_at_midnight, equity)
    row("daily_loss", limits.daily_loss_share_max, limits.daily_loss_action, loss,
        _share(limits.daily_loss_share_max, readings.equity_at_midnight))  # fmt: skip
    row(
        "stale_marks",
        limits.mark_age_ns_max,
        limits.mark_age_action,
        readings.oldest_mark_age_ns,
        limits.mark_age_ns_max,
    )
    row("error_rate", limits.errors_per_minute_max, limits.errors_action, readings.errors_last_minute,
        limits.errors_per_minute_max)  # fmt: skip
    row("position_stuck", limits.position_age_ns_max, limits.position_age_action, readings.oldest_position_age_ns,
        limits.position_age_ns_max)  # fmt: skip
    drawdown = _fall(readings.peak_equity, equity)
    row("drawdown", limits.drawdown_share_max, limits.drawdown_action, drawdown,
        _share(limits.drawdown_share_max, readings.peak_equity))  # fmt: skip
    row("concentration", limits.concentration_max, limits.concentration_action, _index(readings.notionals),
        limits.concentration_max)  # fmt: skip
    gross = None if readings.notionals is None else sum(map(abs, readings.notionals), ZERO)
    row("exposure", limits.exposure_share_max, limits.exposure_action, gross, _share(limits.exposure_share_max, equity))
    return rows


def _text(number: Decimal | int | float, *, in_ns: bool = False) -> str:
    """Return a number for people: seconds with their unit, money to the cent, no digit that says nothing."""
    if in_ns:
        return f"{number / 1_000_000_000:.6g} s"
    if isinstance(number, Decimal):
        return plain(round(number, 2 if abs(number) >= ONE else 8))
    return f"{number:.4g}" if isinstance(number, float) else str(number)


def _fall(start: Decimal | None, now: Decimal | None) -> Decimal | None:
    return None if start is None or now is None else max(ZERO, subtract(start, now))


def _share(limit: Decimal | None, whole: Decimal | None) -> Decimal | None:
    return None if limit is None or whole is None else multiply(limit, whole)


def _index(notionals: tuple[Decimal, ...] | None) -> float | None:
    """Return the Herfindahl index of the notionals' shares; 0 below two positions, where it says nothing."""
    if notionals is None:
        return None
    held = [abs(each) for each in notionals if each]
    if len(held) < 2:
        return 0.0
    total = sum(held, ZERO)
    return concentration([float(each / total) for each in held]).hhi
