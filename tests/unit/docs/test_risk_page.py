"""docs/risk.md lists every check, protection and guard with the limit it has by default."""

from decimal import Decimal

import pytest

from tests.unit.docs.pages import codes, read, rows, section
from tradewind.app.profiles import profile_values
from tradewind.app.settings import BreakerSection, ProtectionSettings, VarSection
from tradewind.app.tail_fits import VALID_TIMES
from tradewind.risk.guards import Action, GuardLimits, Readings, evaluate
from tradewind.risk.limits import RESEARCH_LIMITS, Limits
from tradewind.risk.protections import ProtectionRules
from tradewind.risk.review import CHECKS, TAIL_CHECKS

PAGE = read("docs/risk.md")


def test_every_check_is_listed_in_order_with_its_limit() -> None:
    listed = [(codes(row[0])[0], (codes(row[2]) or [None])[0]) for row in rows(section(PAGE, "Checks"))]
    assert listed == [(name, limit) for name, _, limit in CHECKS]


@pytest.mark.parametrize("row", [row for row in rows(section(PAGE, "Checks")) if codes(row[2])], ids=lambda row: row[0])
def test_defaults_are_true(row: list[str]) -> None:
    default = getattr(Limits(), codes(row[2])[0])
    assert row[3] == "off" if default is None else Decimal(row[3]) == default


def test_checks_without_a_limit_are_always_on() -> None:
    told = {codes(row[0])[0] for row in rows(section(PAGE, "Checks")) if row[3] == "always on"}
    assert told == {name for name, _, limit in CHECKS if limit is None}


def test_the_profiles_set_what_is_told() -> None:
    research = profile_values("research")["limits"]
    assert set(research) == {"instrument_share_max", "exposure_share_max", "leverage_max"}
    assert {name: Decimal(value) for name, value in research.items()} == {
        name: getattr(RESEARCH_LIMITS, name) for name in research
    }
    for name in ("paper", "demo"):
        values = profile_values(name)
        limits = {name: Decimal(value) for name, value in values["limits"].items()}
        assert limits.pop("instrument_orders_per_minute_max", None) == (60 if name == "paper" else None)
        assert all(value == getattr(Limits(), key) for key, value in limits.items())
        assert values["protections"]["drawdown_max"] == "0.25"
        assert values["protections"]["stop_loss_guard_count"] == 4
    assert profile_values("demo")["protections"]["cooldown"] == "2h"


def test_the_checks_that_need_fits_are_listed_with_their_settings() -> None:
    listed = [(codes(row[0])[0], codes(row[2])[0], row[3]) for row in rows(section(PAGE, "VaR and correlation"))]
    assert [name for name, _, _ in listed] == [name for name, _, _ in TAIL_CHECKS]
    for (_, key, default), (_, _, limit) in zip(listed, TAIL_CHECKS, strict=True):
        assert limit in (key, f"var_{key}")
        assert getattr(VarSection(), key) is None
        assert default == "off"
    assert VarSection().every == "15m"
    assert VALID_TIMES == 2


def test_every_setting_of_the_breakers_is_listed_with_its_default() -> None:
    told = section(PAGE, "Breakers")
    listed = {name for row in rows(told) for name in codes(row[1])}
    assert listed == set(BreakerSection.__struct_fields__)
    for name in listed:
        default = getattr(BreakerSection(), name)
        assert (default is None) is (f"`{name}` (" not in told)
        assert default is None or f"`{name}` ({default})" in told


def test_every_protection_is_listed_with_its_default() -> None:
    listed = {name for row in rows(section(PAGE, "Protections")) for name in codes(row[1])}
    assert listed == set(ProtectionSettings.__struct_fields__)
    told = section(PAGE, "Protections")
    settings = ProtectionSettings()
    for name in listed:
        default = getattr(settings, name)
        assert (default is None) is (f"`{name}` (" not in told)
        assert default is None or f"`{name}` ({default})" in told
    assert len(ProtectionRules.__struct_fields__) == len(listed)


def test_every_guard_is_listed_with_its_action() -> None:
    everything = GuardLimits(position_age_ns_max=1)
    nothing = Readings(
        equity=None,
        peak_equity=None,
        equity_at_midnight=None,
        oldest_mark_age_ns=None,
        errors_last_minute=None,
        oldest_position_age_ns=None,
        notionals=None,
    )
    words = {Action.WARN: "warn", Action.REDUCE_ONLY: "reduce-only", Action.HALT: "halt"}
    asked = [(verdict.guard, words[verdict.action]) for verdict in evaluate(nothing, everything, 0)]
    assert [(codes(row[0])[0], row[2]) for row in rows(section(PAGE, "Guards"))] == asked


def test_the_guards_default_limits_are_true() -> None:
    told = {codes(row[0])[0]: row[1] for row in rows(section(PAGE, "Guards"))}
    limits = GuardLimits()
    assert told["daily_loss"].startswith(f"{limits.daily_loss_share_max:.0%}".replace("%", " %"))
    assert limits.mark_age_ns_max == 120 * 10**9
    assert "120 s" in told["stale_marks"]
    assert told["error_rate"] == f"{limits.errors_per_minute_max} a minute"
    assert limits.position_age_ns_max is None
    assert told["position_stuck"] == "off"
    assert told["drawdown"].startswith(f"{limits.drawdown_share_max:.0%}".replace("%", " %"))
    assert told["concentration"].endswith(str(limits.concentration_max))
    assert told["exposure"].startswith(f"{limits.exposure_share_max:.0%}".replace("%", " %"))
    assert limits.cooldown_ns == 5 * 60 * 10**9
    assert "cooldown of 5 minutes" in PAGE
