"""Drawdowns and trade statistics, on exact money."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.numeric import equity_path


def decimals(*values):
    return [Decimal(value) for value in values]


def test_max_drawdown():
    result = equity_path.max_drawdown(decimals("100", "120", "90", "110", "80", "130"))
    assert result.drawdown == pytest.approx(0.333333, abs=5e-7)
    assert result[1:] == (1, 4, 5)


def test_a_path_that_never_falls():
    assert equity_path.max_drawdown(decimals("100", "100", "101")) == (0.0, 0, 0, 0)


def test_a_drawdown_that_is_not_made_up():
    assert equity_path.max_drawdown(decimals("100", "50", "99")) == (0.5, 0, 1, None)


def test_the_first_of_two_equal_drawdowns_counts():
    # In floats the second looks deeper by one unit in the last place.
    result = equity_path.max_drawdown(decimals("37", "33.3", "111", "99.9", "200"))
    assert result == (0.1, 0, 1, 2)
    assert equity_path.max_drawdown(decimals("100", "80", "90", "80", "100"))[1:] == (0, 1, 4)


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=60))
def test_max_drawdown_agrees_with_all_pairs(values):
    result = equity_path.max_drawdown([Decimal(value) for value in values])
    pairs = [1 - values[j] / values[i] for i in range(len(values)) for j in range(i, len(values))]
    assert result.drawdown == pytest.approx(max(pairs))
    assert result.drawdown == pytest.approx(1 - values[result.trough_index] / values[result.peak_index])
    assert equity_path.drawdown_series(values).max() == pytest.approx(result.drawdown)


def test_time_under_water():
    result = equity_path.time_under_water(decimals("100", "120", "90", "110", "120", "119", "121"))
    assert result == (3, 1, 4)


def test_time_under_water_starts_at_the_last_touch_of_the_peak():
    assert equity_path.time_under_water(decimals("100", "100", "90", "100")) == (2, 1, 3)


def test_time_under_water_without_an_end():
    assert equity_path.time_under_water(decimals("100", "90", "100", "90", "91", "92")) == (3, 2, None)


def test_never_under_water():
    assert equity_path.time_under_water(decimals("1", "2", "3")) == (0, 0, 0)
    assert equity_path.time_under_water(decimals("1")) == (0, 0, 0)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=40))
def test_time_under_water_agrees_with_a_search(values):
    best = 0
    for start, peak in enumerate(values):
        if peak < max(values[: start + 1]):
            continue
        end = next((t for t in range(start + 1, len(values)) if values[t] >= peak), None)
        stop = len(values) - 1 if end is None else end
        if stop > start and min(values[start + 1 : stop + 1]) < peak:
            best = max(best, stop - start)
    assert equity_path.time_under_water(values).longest == best


def test_trade_statistics():
    result = equity_path.trade_statistics(decimals("100", "-50", "30", "-40"))
    assert result.profit_factor == pytest.approx(1.444444, abs=5e-7)
    assert result.win_rate == 0.5
    assert result.expectancy == Decimal(10)
    assert result.flag is None


def test_no_losing_trade_is_none_not_infinity():
    result = equity_path.trade_statistics(decimals("1", "0", "2"))
    assert result == (None, pytest.approx(2 / 3), Decimal(1), "NO_LOSING_TRADE")


def test_no_trade_at_all():
    assert equity_path.trade_statistics([]) == (None, None, None, "NO_TRADES")


def test_an_endless_expectancy_is_rounded():
    assert equity_path.trade_statistics(decimals("1", "0", "0")).expectancy == Decimal("0.333333333333333333")


def test_sqn():
    multiples = [1.0, -1.0, 2.0, 0.5]
    result = equity_path.sqn(multiples)
    deviation = np.std(multiples, ddof=1)
    assert result == pytest.approx((0.625, deviation, 2 * 0.625 / deviation))
    assert equity_path.sqn([1.0, 1.0]) == (1.0, 0.0, None)
    assert equity_path.sqn([1.0]) == (1.0, None, None)
    assert equity_path.sqn([]) == (None, None, None)


def test_drawdown_series():
    assert equity_path.drawdown_series([100, 120, 90]) == pytest.approx([0, 0, 0.25])


@pytest.mark.parametrize("path", [[], [0], [-1, 2], [float("nan")]])
def test_paths_without_positive_equity_are_refused(path):
    with pytest.raises(ValueError, match="equity"):
        equity_path.max_drawdown(path)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="positive"):
        equity_path.drawdown_series([0, 1])
    with pytest.raises(ValueError, match="finite"):
        equity_path.sqn([float("inf")])
