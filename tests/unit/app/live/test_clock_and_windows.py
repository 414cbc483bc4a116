"""Time that never goes back, and the hours in which new risk may be taken."""

from datetime import UTC, datetime

import pytest

from tradewind.app.live.clock import SessionClock
from tradewind.app.live.windows import is_open, parse_windows
from tradewind.model.errors import ConfigError


class Hands:
    """A wall clock and a monotonic one, set by hand."""

    def __init__(self) -> None:
        self.wall = 1_000_000_000_000
        self.monotonic = 500

    def clock(self, not_before_ns: int = 0) -> SessionClock:
        return SessionClock(not_before_ns, wall_ns=lambda: self.wall, monotonic_ns=lambda: self.monotonic)


def test_a_wall_clock_that_jumps_does_not_move_engine_time() -> None:
    hands = Hands()
    clock = hands.clock()
    assert clock.now_ns() == 1_000_000_000_000
    hands.wall -= 3_600_000_000_000
    hands.monotonic += 7
    assert clock.now_ns() == 1_000_000_000_007
    assert clock.elapsed_s() == pytest.approx(7e-9)


def test_a_restart_goes_on_after_the_journal_even_with_the_machine_clock_behind() -> None:
    hands = Hands()
    assert hands.clock(not_before_ns=2_000_000_000_000).now_ns() == 2_000_000_000_001


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


@pytest.mark.parametrize(
    ("windows", "moment", "open_"),
    [
        ([], "2026-11-21T03:00", True),
        (["mon-fri 08:00-16:30"], "2026-11-20T08:00", True),  # a Friday
        (["mon-fri 08:00-16:30"], "2026-11-20T16:29", True),
        (["mon-fri 08:00-16:30"], "2026-11-20T16:30", False),
        (["mon-fri 08:00-16:30"], "2026-11-21T09:00", False),
        (["sun 22:00-06:00"], "2026-11-22T23:00", True),
        (["sun 22:00-06:00"], "2026-11-23T05:59", True),  # Monday, in Sunday's window
        (["sun 22:00-06:00"], "2026-11-23T22:30", False),
        (["22:00-06:00"], "2026-11-24T01:00", True),
        (["00:00-24:00"], "2026-11-24T23:59", True),
        (["fri-mon 10:00-11:00"], "2026-11-22T10:30", True),
        (["fri-mon 10:00-11:00"], "2026-11-24T10:30", False),
        (["mon 01:00-02:00", "tue 03:00-04:00"], "2026-11-24T03:30", True),
    ],
)
def test_windows_by_weekday_and_time(windows: list[str], moment: str, open_: bool) -> None:
    assert is_open(parse_windows(windows), at(moment)) is open_


@pytest.mark.parametrize(
    "text", ["", "monday 08:00-09:00", "8-9", "mon 25:00-26:00", "mon 08:61-09:00", "xyz 08:00-09:00"]
)
def test_what_is_no_window_is_told(text: str) -> None:
    with pytest.raises(ConfigError, match="no trading window"):
        parse_windows([text])
