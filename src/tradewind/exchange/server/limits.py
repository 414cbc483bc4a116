"""Rate limits: a bucket per caller, and the three headers in which the venue tells of it."""

import math
from collections.abc import Mapping

import msgspec

from tradewind.exchange.server.texts import SECOND_NS


class RateLimit(msgspec.Struct, frozen=True):
    """So many requests a second for a key, and for an address that asks without one; zero means no limit."""

    private_per_s: int
    public_per_s: int


VENUE_LIMITS = RateLimit(private_per_s=30, public_per_s=10)
"""What Coinbase documents for Advanced Trade: 30 requests a second for a user, 10 for an address."""

LOCAL_LIMITS = RateLimit(private_per_s=20_000, public_per_s=20_000)
"""High enough never to be met by accident, so that load tests and busy suites run as they are."""


class Allowance(msgspec.Struct, frozen=True):
    """Whether a request may pass, and the headers of its answer."""

    allowed: bool
    headers: Mapping[str, str]


class Limiter:
    """A bucket for each caller: it holds one second's requests and is filled as time goes by."""

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self._buckets: dict[str, tuple[float, int]] = {}

    def take(self, caller: str, *, private: bool, now_ns: int) -> Allowance:
        """Return whether `caller` may ask once more at `now_ns`."""
        rate = self.limit.private_per_s if private else self.limit.public_per_s
        if rate == 0:
            return Allowance(allowed=True, headers={})
        left, at_ns = self._buckets.get(caller, (float(rate), now_ns))
        left = min(float(rate), left + rate * max(0, now_ns - at_ns) / SECOND_NS)
        allowed = left >= 1
        left -= allowed
        self._buckets[caller] = (left, now_ns)
        return Allowance(allowed, _headers(rate, left, now_ns))


def _headers(rate: int, left: float, now_ns: int) -> dict[str, str]:
    full_in_s = math.ceil((rate - left) / rate)
    return {
        "x-ratelimit-limit": str(rate),
        "x-ratelimit-remaining": str(int(left)),
        "x-ratelimit-reset": str(now_ns // SECOND_NS + full_in_s),
    }
