"""Each breaker: when it trips, for what, until when, and what begins it anew."""

import math
from decimal import Decimal

import pytest

from tradewind.model.errors import ConfigError
from tradewind.risk.breakers import DAY_NS, HOUR_NS, VOLATILITY_BARS, BreakerRules, Breakers

D = Decimal
LEVELS = {"volatility_warn": 0.15, "volatility_reduce": 0.20, "volatility_halt": 0.25}


def hours(breakers: Breakers, volatility: float, bars: int, start: int = 0, name: str = "A") -> list[str]:
    """Feed bars that go up and down by what gives the volatility of a day; return the reasons of what trips."""
    step = volatility / math.sqrt(24)
    close, told = 100.0, []
    for number in range(bars):
        close *= 1 + (step if number % 2 else -step)
        if (tripped := breakers.on_bar(name, (start + number) * HOUR_NS, HOUR_NS, close)) is not None:
            told.append(tripped)
    return told


@pytest.mark.parametrize(
    ("volatility", "blocks", "cancels"),
    [(0.149, None, False), (0.151, None, False), (0.201, "no new risk", False), (0.251, "halted", True)],
)
def test_volatility_has_three_levels(volatility: float, blocks: str | None, cancels: bool) -> None:
    breakers = Breakers(BreakerRules(**LEVELS))
    told = hours(breakers, volatility, VOLATILITY_BARS + 1)
    assert len(told) == (0 if volatility < 0.15 else 1)
    assert any(each.cancels for each in told) is cancels
    reason = breakers.blocks("A", VOLATILITY_BARS * HOUR_NS)
    assert (reason is None) if blocks is None else (blocks in str(reason))
    assert breakers.blocks("B", VOLATILITY_BARS * HOUR_NS) is None


def test_a_volatility_is_the_root_of_the_summed_squares_of_twenty_bars() -> None:
    breakers = Breakers(BreakerRules(volatility_warn=0.01))
    close, returns = 100.0, []
    tripped = None
    for number in range(21):
        change = 0.0 if not number else 0.001 * number
        close *= 1 + change
        returns.append(change)
        tripped = breakers.on_bar("A", number * HOUR_NS, HOUR_NS, close)
    found = math.sqrt(sum(change**2 for change in returns[1:]) * 24 / 20)
    assert tripped is not None
    assert tripped.reason.startswith(f"{found:.3f} a day")


def test_the_lock_lasts_for_its_time_after_the_last_wild_bar_and_is_told_once() -> None:
    breakers = Breakers(BreakerRules(volatility_reduce=0.20))
    assert len(hours(breakers, 0.21, 40)) == 1
    assert breakers.blocks("A", 43 * HOUR_NS - 1) is not None
    assert breakers.blocks("A", 43 * HOUR_NS) is None


def test_a_gap_begins_volatility_anew() -> None:
    breakers = Breakers(BreakerRules(volatility_reduce=0.20))
    hours(breakers, 0.5, VOLATILITY_BARS)
    assert hours(breakers, 0.5, VOLATILITY_BARS, start=VOLATILITY_BARS + 5) == []


def test_the_days_loss_counts_from_midnight_and_ends_at_the_next() -> None:
    breakers = Breakers(BreakerRules(daily_loss_max=D("0.05")))
    assert breakers.on_equity(10, D(1000)) is None
    assert breakers.on_equity(20, D("950.01")) is None
    tripped = breakers.on_equity(30, D(950))
    assert tripped is not None
    assert tripped.cancels
    assert breakers.on_equity(40, D(900)) is None  # told once
    assert "daily_loss" in str(breakers.blocks("A", DAY_NS - 1))
    assert breakers.blocks("A", DAY_NS) is None
    assert breakers.on_equity(DAY_NS, D(900)) is None
    assert breakers.on_equity(DAY_NS + 1, D(856)) is None
    assert breakers.on_equity(DAY_NS + 2, D(855)) is not None


def test_an_unknown_worth_trips_nothing_and_is_no_start_of_a_day() -> None:
    breakers = Breakers(BreakerRules(daily_loss_max=D("0.05")))
    assert breakers.on_equity(10, None) is None
    assert breakers.on_equity(20, D(1000)) is None
    assert breakers.on_equity(30, D(900)) is not None


def test_losses_in_a_row_are_the_accounts_and_a_gain_ends_them() -> None:
    breakers = Breakers(BreakerRules(losses_in_row_max=3, losses_lock_ns=HOUR_NS))
    gains = [-1, -1, 0, -1, -1]
    assert not any(breakers.on_trade("A", at, D(gain), stopped=False) for at, gain in enumerate(gains))
    (tripped,) = breakers.on_trade("B", 10, D("-0.01"), stopped=False)
    assert tripped.until_ns == 10 + HOUR_NS
    assert breakers.blocks("C", 10 + HOUR_NS - 1) is not None
    assert breakers.blocks("C", 10 + HOUR_NS) is None
    assert not breakers.on_trade("A", 20, D(-1), stopped=False)


def test_stop_outs_lock_their_instrument_for_the_day() -> None:
    breakers = Breakers(BreakerRules(stops_per_day_max=2))
    late = DAY_NS - 10
    assert not breakers.on_trade("A", late, D(-1), stopped=True)
    assert not breakers.on_trade("A", DAY_NS, D(-1), stopped=True)  # another day
    assert not breakers.on_trade("B", DAY_NS + 1, D(-1), stopped=True)  # another instrument
    assert not breakers.on_trade("A", DAY_NS + 2, D(1), stopped=True)  # a stop that gained
    assert not breakers.on_trade("A", DAY_NS + 3, D(-1), stopped=False)
    (tripped,) = breakers.on_trade("A", DAY_NS + 4, D(-1), stopped=True)
    assert tripped.until_ns == 2 * DAY_NS
    assert breakers.blocks("A", DAY_NS + 5) is not None
    assert breakers.blocks("B", DAY_NS + 5) is None


def test_errors_count_within_the_hour() -> None:
    breakers = Breakers(BreakerRules(errors_per_hour_max=3))
    assert breakers.on_error(0) is None
    assert breakers.on_error(HOUR_NS) is None
    assert breakers.on_error(HOUR_NS + 1) is None
    assert breakers.on_error(HOUR_NS + 2) is not None
    assert breakers.blocks("A", HOUR_NS + 3) is not None
    assert breakers.on_error(HOUR_NS + 4) is None  # counted anew


def test_an_error_of_an_hour_ago_counts_no_more() -> None:
    breakers = Breakers(BreakerRules(errors_per_hour_max=3))
    assert [breakers.on_error(ts_ns) for ts_ns in (0, 1, HOUR_NS)] == [None, None, None]
    assert breakers.on_error(HOUR_NS) is not None


def test_nothing_trips_where_all_is_off() -> None:
    breakers = Breakers(BreakerRules())
    assert hours(breakers, 2.0, 60) == []
    assert breakers.on_equity(0, D(1)) is None
    assert breakers.on_equity(1, D(0)) is None
    assert breakers.on_error(0) is None
    assert not any(breakers.on_trade("A", at, D(-1), stopped=True) for at in range(50))
    assert breakers.blocks("A", 60) is None


def test_what_was_seen_is_told_for_digests() -> None:
    first, second = Breakers(BreakerRules(**LEVELS)), Breakers(BreakerRules(**LEVELS))
    for each in (first, second):
        hours(each, 0.2, 30)
    assert first.values() == second.values()
    second.on_trade("A", 1, D(-1), stopped=True)
    assert first.values() != second.values()


@pytest.mark.parametrize("levels", [{"volatility_warn": 0.3, "volatility_halt": 0.2}, {"volatility_reduce": 0.0}])
def test_levels_that_make_no_sense_are_refused(levels: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="volatility"):
        BreakerRules(**levels)
