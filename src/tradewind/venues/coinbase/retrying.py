"""Whether a request goes once more after an error, and after how long; the chance in it is an argument."""

from collections.abc import Callable

import msgspec

from tradewind.model.errors import MalformedAnswer, RateLimited, TransportError, VenueError, VenueUnavailable
from tradewind.venues.coinbase.requests import Request

Chance = Callable[[], float]


class RetryPolicy(msgspec.Struct, frozen=True):
    """`attempts_max` counts the first one. Waits double from `base_s` to `cap_s`, each a random part of that."""

    attempts_max: int = 5
    base_s: float = 0.25
    cap_s: float = 5.0
    write_wait_s_max: float = 5.0


def wait_before_retry(
    policy: RetryPolicy, request: Request, error: VenueError, attempt: int, chance: Chance
) -> float | None:
    """Return the seconds before attempt `attempt + 1`, None when the error is to be told instead.

    A write is repeated only where it is certain that nothing was done (it never left, or was refused for its rate), or
    where twice is the same as once (a cancel); and then it is the same request to the last byte of its body.
    """
    if attempt >= policy.attempts_max:
        return None
    if isinstance(error, RateLimited):
        if request.writes and error.retry_after_s > policy.write_wait_s_max:
            return None
        return error.retry_after_s + policy.base_s * chance()
    if isinstance(error, TransportError) or (
        isinstance(error, VenueUnavailable | MalformedAnswer) and request.may_repeat
    ):
        return min(policy.cap_s, policy.base_s * 2.0 ** (attempt - 1)) * (0.5 + 0.5 * chance())
    return None
