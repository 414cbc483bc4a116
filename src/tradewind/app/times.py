"""Text of a person to integer nanoseconds and back: durations, and moments in UTC."""

import re
from datetime import UTC, datetime, timedelta

from tradewind.model.errors import ConfigError

UNIT_NS = {
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def duration_ns(text: str) -> int:
    """Return the length of `250ms`, `90s`, `15m`, `4h` or `7d` in nanoseconds.

    Raises  ConfigError for anything else.
    """
    match = re.fullmatch(r"([1-9][0-9]*)(ms|s|m|h|d)", text)
    if match is None:
        raise ConfigError(f"{text!r} is not a duration: write a number and ms, s, m, h or d, such as 90s or 4h")
    return int(match[1]) * UNIT_NS[match[2]]


def duration_text(span_ns: int) -> str:
    """Return nanoseconds, whole milliseconds of them, as `90s` or `4h`: in the largest unit that divides them."""
    unit, unit_ns = next((each for each in reversed(UNIT_NS.items()) if span_ns % each[1] == 0), ("ms", UNIT_NS["ms"]))
    return f"{span_ns // unit_ns}{unit}"


def moment_ns(text: str, what: str) -> int:
    """Return an ISO date or time as UTC nanoseconds; without a zone it is UTC.

    Raises  ConfigError naming `what`.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{what} {text!r} is not a date: write it as 2024-05-01 or 2024-05-01T12:00") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return (moment - EPOCH) // timedelta(microseconds=1) * 1_000


def moment_text(ts_ns: int, *, seconds: bool = False) -> str:
    """Return UTC nanoseconds as `2024-05-01 12:00`."""
    moment = EPOCH + timedelta(microseconds=ts_ns // 1_000)
    return moment.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")
