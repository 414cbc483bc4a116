"""The monitor of market activity: windows, limits, and what blocks an instrument."""

import pytest

from tradewind.market.activity import SECOND_NS, ActivityLevel, ActivityLimits, ActivityMonitor
from tradewind.model.errors import ConfigError

START = 1_700_000_000 * SECOND_NS


def watched(limits: ActivityLimits | None = None) -> ActivityMonitor:
    monitor = ActivityMonitor(("BTC-USD", "ETH-USD"), limits)
    monitor.note_message("BTC-USD", START)
    return monitor


def test_fresh_data_are_fine() -> None:
    reading = watched().reading("BTC-USD", START + SECOND_NS)
    assert (reading.level, reading.reasons, reading.age_ns) == (ActivityLevel.OK, (), SECOND_NS)


@pytest.mark.parametrize(
    ("silent_s", "level"), [(30, ActivityLevel.OK), (31, ActivityLevel.WARN), (61, ActivityLevel.BLOCKED)]
)
def test_silence_warns_and_then_blocks(silent_s: int, level: ActivityLevel) -> None:
    assert watched().reading("BTC-USD", START + silent_s * SECOND_NS).level is level


def test_an_instrument_without_any_message_ages_from_the_first_note_of_all() -> None:
    reading = watched().reading("ETH-USD", START + 61 * SECOND_NS)
    assert reading.age_ns is None
    assert reading.level is ActivityLevel.BLOCKED


def test_one_silent_instrument_does_not_touch_the_other() -> None:
    monitor = watched()
    monitor.note_message("BTC-USD", START + 60 * SECOND_NS)
    levels = {each.instrument: each.level for each in monitor.readings(START + 61 * SECOND_NS)}
    assert levels == {"BTC-USD": ActivityLevel.OK, "ETH-USD": ActivityLevel.BLOCKED}


def test_errors_do_not_make_data_younger_and_name_the_limit() -> None:
    monitor = watched()
    for _ in range(11):
        monitor.note_error("BTC-USD", START + SECOND_NS)
    reading = monitor.reading("BTC-USD", START + SECOND_NS)
    assert reading.age_ns == SECOND_NS
    assert reading.level is ActivityLevel.BLOCKED
    assert reading.reasons == ("errors_per_minute 11 above 10",)


def test_gaps_count_for_five_minutes() -> None:
    monitor = watched()
    for _ in range(4):
        monitor.note_gap("BTC-USD", START)
    monitor.note_message("BTC-USD", START + 299 * SECOND_NS)
    assert monitor.reading("BTC-USD", START + 299 * SECOND_NS - 10 * SECOND_NS).level is ActivityLevel.WARN
    monitor.note_message("BTC-USD", START + 310 * SECOND_NS)
    assert monitor.reading("BTC-USD", START + 310 * SECOND_NS).level is ActivityLevel.OK


def test_spread_and_volume_by_window() -> None:
    monitor = watched()
    monitor.note_quote("BTC-USD", START, 9_950, 10_050)
    monitor.note_trade("BTC-USD", START, 7)
    later = START + 120 * SECOND_NS
    monitor.note_quote("BTC-USD", later, 10_000, 10_000)
    monitor.note_trade("BTC-USD", later, 5)
    minute, five, _ = monitor.reading("BTC-USD", later).windows
    assert (minute.spread_bps, minute.volume) == (0.0, 5)
    assert (five.spread_bps, five.volume) == (50.0, 12)


def test_a_crossed_quote_is_no_quote() -> None:
    monitor = watched()
    monitor.note_quote("BTC-USD", START, 10_050, 9_950)
    assert monitor.reading("BTC-USD", START).windows[0].spread_bps is None


def test_windows_forget() -> None:
    monitor = watched()
    monitor.note_trade("BTC-USD", START, 7)
    assert [window.volume for window in monitor.reading("BTC-USD", START + 16 * 60 * SECOND_NS).windows] == [0, 0, 0]


def test_an_impossible_limit_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"activity.spread_bps_max must be above 0, was -1: leave it out"):
        ActivityLimits(spread_bps_max=-1)
