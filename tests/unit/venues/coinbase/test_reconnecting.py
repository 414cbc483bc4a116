"""Waiting grows, is capped and spread; connections have a budget; close codes have meanings."""

import pytest

from tradewind.venues.coinbase.reconnecting import Backoff, CloseKind, ConnectBudget, closed_by
from tradewind.venues.coinbase.streaming import StreamSettings

S = 1_000_000_000


def test_the_wait_doubles_up_to_its_cap_and_never_ends() -> None:
    backoff = Backoff(first_s=0.5, factor=2, cap_s=30)
    assert [backoff.delay_s(failures, 1.0) for failures in (0, 1, 2, 3, 7, 8, 10_000)] == [0, 0.5, 1, 2, 30, 30, 30]
    assert backoff.delay_s(3, 0.0) == 1


def test_an_hour_of_closing_venues_stays_within_the_budget() -> None:
    budget, now, taken = ConnectBudget(count=8, window_s=10), 0, []
    while now < 3600 * S:
        wait_s = budget.take(now)
        if wait_s:
            now += int(wait_s * S) + 1
        else:
            taken.append(now)
            now += S // 100
    for number, moment in enumerate(taken[:-8]):
        assert taken[number + 8] - moment >= 10 * S
    assert len(taken) > 2_800


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        (1001, CloseKind.GOING_AWAY, "going away (1001): bye"),
        (1013, CloseKind.OVERLOADED, "try later (1013): bye"),
        (4000, CloseKind.UNEXPECTED, "unexpected (4000): bye"),
        (None, CloseKind.DROPPED, "dropped: bye"),
    ],
)
def test_codes_have_meanings(code: int | None, kind: CloseKind, reason: str) -> None:
    closed = closed_by(code, "bye")
    assert (closed.kind, closed.reason) == (kind, reason)


def test_polling_has_a_floor() -> None:
    assert StreamSettings(poll_s=0.1).poll_every_s == 0.5
    assert StreamSettings().poll_every_s == 5
