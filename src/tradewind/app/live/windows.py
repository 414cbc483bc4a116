"""Trading windows: when new risk may be taken, by weekday and time of day in UTC; a window may wrap midnight (O5)."""

import re
from collections.abc import Sequence

import msgspec

from tradewind.model.errors import ConfigError

MINUTE_NS = 60_000_000_000
DAY_MINUTES = 1_440
WEEK_MINUTES = 7 * DAY_MINUTES
EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PATTERN = re.compile(r"(?:([a-z]{3})(?:-([a-z]{3}))?\s+)?(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")


class Window(msgspec.Struct, frozen=True):
    """From `start` to `end` minutes of the day, on the days on which it begins; `end <= start` goes over midnight."""

    days: tuple[int, ...]
    start: int
    end: int

    @property
    def length(self) -> int:
        return (self.end - self.start) % DAY_MINUTES or DAY_MINUTES


def parse_windows(texts: Sequence[str]) -> tuple[Window, ...]:
    """Return the windows of texts such as `mon-fri 08:00-16:30`, `sun 22:00-06:00` or `00:00-24:00`.

    Raises  ConfigError for anything else.
    """
    return tuple(_window(text) for text in texts)


def is_open(windows: Sequence[Window], ts_ns: int) -> bool:
    """Return whether new risk may be taken at `ts_ns`; without windows it always may."""
    if not windows:
        return True
    minutes = ts_ns // MINUTE_NS
    now = (EPOCH_WEEKDAY * DAY_MINUTES + minutes) % WEEK_MINUTES
    return any(
        (now - day * DAY_MINUTES - window.start) % WEEK_MINUTES < window.length
        for window in windows
        for day in window.days
    )


def _window(text: str) -> Window:
    match = PATTERN.fullmatch(text.strip().lower())
    wrong = ConfigError(
        f"{text!r} is no trading window: write mon-fri 08:00-16:30, sun 22:00-06:00 or 00:00-24:00, UTC"
    )
    if match is None:
        raise wrong
    first, last = match[1], match[2]
    if any(day is not None and day not in DAYS for day in (first, last)):
        raise wrong
    start, end = (int(match[3]) * 60 + int(match[4])), (int(match[5]) * 60 + int(match[6]))
    if start >= DAY_MINUTES or end > DAY_MINUTES or int(match[4]) > 59 or int(match[6]) > 59:
        raise wrong
    return Window(_days(first, last), start, end % DAY_MINUTES)


def _days(first: str | None, last: str | None) -> tuple[int, ...]:
    if first is None:
        return tuple(range(7))
    begin = DAYS.index(first)
    count = (DAYS.index(last or first) - begin) % 7 + 1
    return tuple((begin + step) % 7 for step in range(count))
