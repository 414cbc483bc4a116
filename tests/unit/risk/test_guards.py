"""Runtime guards: each breached and not, missing readings, cooldown, the strictest action."""

from decimal import Decimal

import msgspec
import pytest

from tradewind.model.errors import ConfigError
from tradewind.risk.guards import Action, GuardLimits, Readings, Verdict, evaluate, strictest

NOW = 1_000_000_000_000
MINUTES_2 = 120_000_000_000
HOUR = 3_600_000_000_000
LIMITS = GuardLimits(position_age_ns_max=3_600_000_000_000)
CALM = Readings(
    equity=Decimal(1000),
    peak_equity=Decimal(1000),
    equity_at_midnight=Decimal(1000),
    oldest_mark_age_ns=0,
    errors_last_minute=0,
    oldest_position_age_ns=0,
    notionals=(Decimal(100), Decimal(100), Decimal(100)),
)


def with_reading(**changes: object) -> Readings:
    fields = {name: getattr(CALM, name) for name in CALM.__struct_fields__}
    return Readings(**{**fields, **changes})  # type: ignore[arg-type]


def verdict(readings: Readings, guard: str, limits: GuardLimits = LIMITS) -> Verdict:
    return next(each for each in evaluate(readings, limits, NOW) if each.guard == guard)


def test_a_calm_system_asks_for_nothing() -> None:
    verdicts = evaluate(CALM, LIMITS, NOW)
    assert [each.guard for each in verdicts] == [
        "daily_loss",
        "stale_marks",
        "error_rate",
        "position_stuck",
        "drawdown",
        "concentration",
        "exposure",
    ]
    assert not any(each.breached for each in verdicts)
    assert strictest(verdicts) is Action.NONE


@pytest.mark.parametrize(
    ("guard", "inside", "beyond", "action"),
    [
        ("daily_loss", {"equity": Decimal(950)}, {"equity": Decimal("949.99")}, Action.HALT),
        ("stale_marks", {"oldest_mark_age_ns": MINUTES_2}, {"oldest_mark_age_ns": MINUTES_2 + 1}, Action.REDUCE_ONLY),
        ("error_rate", {"errors_last_minute": 10}, {"errors_last_minute": 11}, Action.REDUCE_ONLY),
        ("position_stuck", {"oldest_position_age_ns": HOUR}, {"oldest_position_age_ns": HOUR + 1}, Action.WARN),
        ("drawdown", {"peak_equity": Decimal("1111.11")}, {"peak_equity": Decimal("1111.12")}, Action.HALT),
        ("concentration", {"notionals": (Decimal(100),)}, {"notionals": (Decimal(300), Decimal(-100))}, Action.WARN),
        ("exposure", {"notionals": (Decimal(800),)}, {"notionals": (Decimal(400), Decimal(-401))}, Action.REDUCE_ONLY),
    ],
)  # fmt: skip
def test_each_guard_at_its_limit_and_beyond(
    guard: str, inside: dict[str, object], beyond: dict[str, object], action: Action
) -> None:
    assert verdict(with_reading(**inside), guard).breached is False
    found = verdict(with_reading(**beyond), guard)
    assert (found.breached, found.action) == (True, action)


@pytest.mark.parametrize(
    ("guard", "field"),
    [
        ("daily_loss", "equity_at_midnight"),
        ("stale_marks", "oldest_mark_age_ns"),
        ("error_rate", "errors_last_minute"),
        ("position_stuck", "oldest_position_age_ns"),
        ("drawdown", "peak_equity"),
        ("concentration", "notionals"),
        ("exposure", "notionals"),
    ],
)
def test_what_cannot_be_read_is_a_breach(guard: str, field: str) -> None:
    found = verdict(with_reading(**{field: None}), guard)
    assert (found.breached, found.number) == (True, "missing")


def test_a_breach_keeps_asking_until_its_cooldown_is_over() -> None:
    broken = evaluate(with_reading(errors_last_minute=99), LIMITS, NOW)
    soon = evaluate(CALM, LIMITS, NOW + LIMITS.cooldown_ns - 1, broken)
    later = evaluate(CALM, LIMITS, NOW + LIMITS.cooldown_ns, soon)
    assert strictest(soon) is Action.REDUCE_ONLY
    assert not any(each.breached for each in soon)
    assert strictest(later) is Action.NONE


def test_a_guard_without_a_limit_is_off() -> None:
    limits = GuardLimits(daily_loss_share_max=None, drawdown_share_max=None)
    assert {"daily_loss", "drawdown"}.isdisjoint(each.guard for each in evaluate(CALM, limits, NOW))


def test_a_negative_cooldown_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"guards\.cooldown_ns must be at least 0, was -1"):
        GuardLimits(cooldown_ns=-1)


def test_numbers_are_told_as_people_read_them() -> None:
    readings = msgspec.structs.replace(
        CALM,
        equity=Decimal("999.1234567891234"),
        equity_at_midnight=Decimal(1000),
        oldest_mark_age_ns=2_660_066_549,
        notionals=(Decimal(100), Decimal(200), Decimal("0.1")),
    )
    told = {each.guard: (each.number, each.limit) for each in evaluate(readings, LIMITS, NOW)}
    assert told["stale_marks"] == ("2.66007 s", "120 s")
    assert told["position_stuck"][1] == "3600 s"
    assert told["daily_loss"] == ("0.87654321", "50 (a share of 0.05)")
    assert told["exposure"][0] == "300.1"
    assert told["concentration"] == ("0.5552", "0.4")
