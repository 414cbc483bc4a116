"""What went wrong, from status, headers and body: a closed table, where everything not in it is in doubt.

| status | error | a read | a write |
|---|---|---|---|
| 401 | `AuthenticationFailed` | once more, with the clock measured anew | the same: nothing was done |
| 403 | `PermissionMissing` | stop | refused |
| 408, 5xx, no status | `VenueUnavailable` | again, with back-off | in doubt |
| 429 | `RateLimited` | again, when the headers say | the same: nothing was done |
| other 4xx | `VenueRejected` | stop | refused |
| anything else, or a body that cannot be read | `MalformedAnswer` | again, with back-off | in doubt |
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from tradewind.model.errors import (
    AuthenticationFailed,
    MalformedAnswer,
    PermissionMissing,
    RateLimited,
    VenueError,
    VenueRejected,
    VenueUnavailable,
)

SHOWN_CHARACTERS = 200
RETRY_AFTER_S = 1.0
RETRY_AFTER_S_MAX = 60.0
EPOCH_S_MIN = 1_000_000_000  # a header's number above this is a moment, below it a duration
NOTHING_SAID = frozenset({"", "UNKNOWN", "UNKNOWN_FAILURE_REASON", "UNKNOWN_CANCEL_FAILURE_REASON"})


def failure_of(status: int, headers: Mapping[str, str], body: bytes, what: str, now_s: float) -> VenueError | None:
    """Return the error that an answer's status stands for, None for one that is to be read."""
    if 200 <= status < 300:
        return None
    said = f"{what}: {status} {told(body)}".rstrip()
    if status == 401:
        return AuthenticationFailed(f"{said}; check the key, and that this machine's clock is right")
    if status == 403:
        return PermissionMissing(f"{said}; the key lacks a right, or this address is not on its list")
    if status == 429:
        wait_s = retry_after_s(headers, now_s)
        return RateLimited(f"{said}; too many requests: wait {wait_s:g} s", wait_s)
    if status == 408 or status >= 500:
        return VenueUnavailable(f"{said}; the venue is not there for the moment: see its status page")
    if 400 <= status < 500:
        return VenueRejected(said, reason_in(body) or f"HTTP_{status}")
    return MalformedAnswer(f"{said}; this status has no meaning here")


def retry_after_s(headers: Mapping[str, str], now_s: float) -> float:
    """Return how long to wait after a 429: `Retry-After`, else `x-ratelimit-reset`, else a second; at most a minute."""
    found = {name.lower(): value for name, value in headers.items()}
    for name in ("retry-after", "x-ratelimit-reset"):
        seconds = _seconds(found.get(name, ""), now_s)
        if seconds is not None:
            return min(max(seconds, 0.0), RETRY_AFTER_S_MAX)
    return RETRY_AFTER_S


def reason_in(body: bytes) -> str:
    """Return the venue's own word for what is wrong in a JSON body, "" when it has none."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""  # the status says enough, and the body's beginning is in the message
    return _word(found)


def told(body: bytes) -> str:
    """Return the beginning of a body for a message: one line of printable text."""
    text = body[: SHOWN_CHARACTERS * 4].decode("utf-8", errors="replace")
    return "".join(each if each.isprintable() else " " for each in text)[:SHOWN_CHARACTERS].strip()


def malformed(what: str, why: str, body: bytes) -> MalformedAnswer:
    """Return the error for an answer that cannot be read, with its beginning."""
    return MalformedAnswer(f"{what}: {why}: {told(body) or 'nothing'}")


def _word(found: Any) -> str:
    if not isinstance(found, Mapping):
        return ""
    nested = found.get("error_response")
    if isinstance(nested, Mapping) and (word := _word(nested)):
        return word
    fields = ("new_order_failure_reason", "preview_failure_reason", "error", "code", "failure_reason")
    words = (found.get(field) for field in fields)
    return next((word for word in words if isinstance(word, str) and word not in NOTHING_SAID), "")


def _seconds(text: str, now_s: float) -> float | None:
    """Return the seconds until the moment a header means: a duration, an epoch or an HTTP date."""
    try:
        number = float(text)
    except ValueError:
        return _until(text, now_s)
    if not 0 <= number < float("inf"):
        return None
    return number - now_s if number >= EPOCH_S_MIN else number


def _until(text: str, now_s: float) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return (moment - datetime.fromtimestamp(now_s, UTC)).total_seconds()
