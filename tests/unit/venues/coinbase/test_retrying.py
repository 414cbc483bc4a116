"""Which requests go again after which errors, how often, and after how long."""

import pytest

from tradewind.model.errors import (
    AuthenticationFailed,
    MalformedAnswer,
    PermissionMissing,
    RateLimited,
    TransportError,
    VenueError,
    VenueRejected,
    VenueUnavailable,
)
from tradewind.venues.coinbase import requests
from tradewind.venues.coinbase.retrying import RetryPolicy, wait_before_retry

POLICY = RetryPolicy()
READ, WRITE, CANCEL = requests.list_orders(), requests.create_order("a", "P", "BUY", {}), requests.cancel_orders(["a"])
PREVIEW = requests.preview_order("P", "BUY", {})


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (TransportError("t"), (True, True, True, True)),
        (RateLimited("t", 1.0), (True, True, True, True)),
        (VenueUnavailable("t"), (True, False, True, True)),
        (MalformedAnswer("t"), (True, False, True, True)),
        (AuthenticationFailed("t"), (False, False, False, False)),
        (PermissionMissing("t"), (False, False, False, False)),
        (VenueRejected("t", "R"), (False, False, False, False)),
    ],
)
def test_a_write_goes_again_only_when_nothing_was_done(error: VenueError, again: tuple[bool, ...]) -> None:
    told = [
        wait_before_retry(POLICY, each, error, 1, lambda: 0.5) is not None for each in (READ, WRITE, CANCEL, PREVIEW)
    ]
    assert tuple(told) == again


def test_attempts_and_waits_are_bounded() -> None:
    waits = [wait_before_retry(POLICY, READ, VenueUnavailable("t"), attempt, lambda: 1.0) for attempt in range(1, 7)]
    assert waits == [0.25, 0.5, 1.0, 2.0, None, None]
    capped = RetryPolicy(attempts_max=50)
    assert wait_before_retry(capped, READ, VenueUnavailable("t"), 40, lambda: 1.0) == 5.0
    assert wait_before_retry(capped, READ, VenueUnavailable("t"), 40, lambda: 0.0) == 2.5


def test_a_long_wait_is_told_to_who_writes() -> None:
    assert wait_before_retry(POLICY, WRITE, RateLimited("t", 30.0), 1, lambda: 0.0) is None
    assert wait_before_retry(POLICY, READ, RateLimited("t", 30.0), 1, lambda: 0.0) == 30.0
