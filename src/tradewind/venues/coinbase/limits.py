"""How fast requests may go: a budget that refills evenly, and that the venue's own headers and refusals correct.

Coinbase allows 30 private requests a second per user and 10 public ones per address, and tightens that when markets are
busy. So the budget starts there, takes another rate that `x-ratelimit-limit` states for a second, believes
`x-ratelimit-remaining` where it is less, goes at half the rate after a 429, and finds its way back by a tenth every
second without one. Some of it is kept for what must not wait: orders and cancels go before questions. Time is an
argument.
"""

from collections.abc import Mapping

from tradewind.venues.coinbase.failures import retry_after_s

SECOND_NS = 1_000_000_000
PRIVATE_PER_S, PUBLIC_PER_S = 30.0, 10.0
KEPT_SHARE = 0.25  # of a full budget, for writes alone
SLOWEST_PER_S = 0.5
BACK_OFF, RECOVERY = 0.5, 0.1
WINDOW_S_MAX = 2.0


class RateBudget:
    """One allowance. Ask `take` before each request and wait as long as it says; tell `learn` of each answer."""

    def __init__(self, per_s: float = PRIVATE_PER_S, burst: int | None = None) -> None:
        self.per_s_max = per_s
        self.per_s = per_s
        self.burst = max(1, int(per_s) if burst is None else burst)
        self.refused = 0
        self._left = float(self.burst)
        self._counted_ns: int | None = None
        self._closed_ns = 0

    def take(self, now_ns: int, *, urgent: bool = False) -> int:
        """Return 0 and count a request as sent, or how many nanoseconds to wait before asking again."""
        self._refill(now_ns)
        if now_ns < self._closed_ns:
            return self._closed_ns - now_ns
        floor = 0.0 if urgent else self.burst * KEPT_SHARE
        short = floor + 1 - self._left
        if short > 0 and self._left < self.burst:
            return max(1, int(short / self.per_s * SECOND_NS))
        self._left -= 1
        return 0

    def learn(self, headers: Mapping[str, str], status: int, now_ns: int) -> None:
        """Take what an answer's headers and status say about the allowance."""
        self._refill(now_ns)
        found = {name.lower(): value for name, value in headers.items()}
        limit, remaining = _count(found.get("x-ratelimit-limit")), _count(found.get("x-ratelimit-remaining"))
        if limit and limit != self.per_s_max and _resets_soon(found, now_ns):
            self.burst, self.per_s_max, self.per_s = limit, float(limit), float(limit)
        if remaining is not None:
            self._left = min(self._left, float(remaining))
        if status == 429:
            self.refused += 1
            self.per_s = max(SLOWEST_PER_S, self.per_s * BACK_OFF)
            self._left = min(self._left, 0.0)
        if status == 429 or (remaining == 0 and "x-ratelimit-reset" in found):
            wait_s = retry_after_s(headers, now_ns / SECOND_NS)
            self._closed_ns = max(self._closed_ns, now_ns + int(wait_s * SECOND_NS))

    def _refill(self, now_ns: int) -> None:
        if self._counted_ns is None or now_ns <= self._counted_ns:
            self._counted_ns = now_ns if self._counted_ns is None else self._counted_ns
            return
        passed_s = (now_ns - self._counted_ns) / SECOND_NS
        self._counted_ns = now_ns
        self.per_s = min(self.per_s_max, self.per_s + passed_s * RECOVERY * self.per_s_max)
        self._left = min(float(self.burst), self._left + passed_s * self.per_s)


def _resets_soon(found: Mapping[str, str], now_ns: int) -> bool:
    """Return whether the limit is one of about a second; what a longer one allows in a second is not said."""
    return "x-ratelimit-reset" in found and retry_after_s(found, now_ns / SECOND_NS) <= WINDOW_S_MAX


def _count(text: str | None) -> int | None:
    if text is None or not text.strip().isdigit():
        return None
    return int(text)
