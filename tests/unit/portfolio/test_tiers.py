"""Tiers of equity with a band between them, and who is chosen inside one."""

from decimal import Decimal

import pytest

from tradewind.model.errors import ConfigError
from tradewind.portfolio.tiers import DAY_NS, TIERS, Candidate, Tier, TierRules, TierWatch, select, tier_of

D = Decimal
SMALL = TIERS[1]


def name(equity: str, current: str | None = None) -> str | None:
    tier = tier_of(D(equity), current)
    return None if tier is None else tier.name


@pytest.mark.parametrize(
    ("equity", "expected"),
    [("499.99", None), ("500", "micro"), ("2499", "micro"), ("2500", "small"), ("10000", "medium"), ("25000", "large")],
)
def test_the_tier_of_an_equity(equity: str, expected: str | None) -> None:
    assert name(equity) == expected


@pytest.mark.parametrize(
    ("equity", "current", "expected"),
    [
        ("10400", "small", "small"),
        ("10500", "small", "medium"),
        ("9600", "medium", "medium"),
        ("9500", "medium", "medium"),
        ("9499", "medium", "small"),
        ("480", "micro", "micro"),
        ("474", "micro", None),
        ("30000", "micro", "large"),
        ("26000", "micro", "medium"),
        ("1000", "large", "micro"),
        ("9000", "gone", "small"),
    ],
)
def test_a_change_needs_five_percent_beyond_the_bound(equity: str, current: str, expected: str | None) -> None:
    assert name(equity, current) == expected


def test_a_missing_or_disordered_table_is_refused() -> None:
    with pytest.raises(ConfigError, match="empty"):
        tier_of(D(1000), tiers=())
    with pytest.raises(ConfigError, match="rising"):
        tier_of(D(1000), tiers=TIERS[::-1])


def candidate(instrument: str, confidence: float = 0.8, notional: int = 500, family: str = "trend") -> Candidate:
    return Candidate(instrument, family, confidence, D(notional))


def test_the_surest_are_chosen_while_there_is_room() -> None:
    tier = Tier("two", D(0), 2, D(100), D("0.02"), D("0.1"))
    found = select([candidate("A", 0.6), candidate("B", 0.9), candidate("C", 0.7)], tier)
    assert [each.instrument for each in found.chosen] == ["B", "C"]
    assert [(each.instrument, why) for each, why in found.left_out] == [("A", "no_room")]


@pytest.mark.parametrize(
    ("each", "why"),
    [
        (candidate("HELD"), "already_held"),
        (candidate("BAD"), "excluded"),
        (candidate("A", 0.4), "low_confidence"),
        (candidate("A", float("nan")), "low_confidence"),
        (candidate("A", notional=99), "too_small"),
        (candidate("A", family="pairs"), "family_not_allowed"),
    ],
)
def test_who_is_left_out_is_told_why(each: Candidate, why: str) -> None:
    found = select([each], SMALL, held=["HELD"], excluded=["BAD"])
    assert found.left_out == ((each, why),)


def test_the_smallest_size_of_a_tier_is_large_enough() -> None:
    assert select([candidate("A", notional=100)], SMALL).left_out == ()


def test_one_instrument_is_chosen_once() -> None:
    found = select([candidate("A", 0.9), candidate("A", 0.8, family="momentum")], SMALL)
    assert len(found.chosen) == 1
    assert found.left_out[0][1] == "already_held"


def test_below_every_tier_nothing_is_begun() -> None:
    assert select([candidate("A")], None).left_out[0][1] == "no_tier"


def test_a_confidence_that_is_no_number_does_not_disturb_who_is_surest() -> None:
    sure, unsure = Candidate("A", "trend", 0.9, D(500)), Candidate("B", "trend", 0.6, D(500))
    unknown = Candidate("C", "trend", float("nan"), D(500))
    for order in ((unsure, unknown, sure), (unknown, unsure, sure), (sure, unknown, unsure)):
        found = select(order, SMALL)
        assert found.chosen == (sure, unsure)
        assert [reason for _, reason in found.left_out] == ["low_confidence"]


def test_the_risk_of_a_day_is_measured_from_what_it_began_with_until_midnight() -> None:
    watch = TierWatch(TierRules())
    watch.see(0, D(100_000))
    assert watch.tier is TIERS[-1]  # risks 1 % a day
    watch.see(1, D("99000.01"))
    assert watch.refuses(candidate("A"), (), D(0)) == ""
    watch.see(2, D(99_000))
    told = "daily_risk: 1000 lost since midnight UTC, large risks 1000 a day"
    assert watch.refuses(candidate("A"), (), D(0)) == told
    watch.see(DAY_NS, D(99_000))
    assert watch.refuses(candidate("A"), (), D(0)) == ""
