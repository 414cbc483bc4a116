"""Engle and Granger's test: the numbers of statsmodels 0.15.0 on the same series, and what says nothing."""

import math

import numpy as np
import pytest

from tradewind.numeric.bars import FloatArray
from tradewind.numeric.cointegration import dickey_fuller, engle_granger, mackinnon_p

FOLLOWER = (-3.860282873819682, 0.011243924500254944)
OTHER = (-2.6092563961365896, 0.23311686036411094)
"""Statistic and p-value of `statsmodels.tsa.stattools.coint`, version 0.15.0."""


def waves(rows: int = 300) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Series that need no generator: a wandering one, one that follows it with a gap that closes, and a stranger."""
    t = np.arange(rows, dtype=np.float64)
    walk = np.cumsum(np.sin(t * t) * 0.01) + 4.0
    gap = np.zeros(rows)
    for row in range(1, rows):
        gap[row] = 0.9 * gap[row - 1] + 0.01 * math.cos(1.7 * row * row)
    other = np.cumsum(np.cos(0.11 * t * t) * 0.01) + 3.0
    return walk, 1.0 + 0.8 * walk + gap, other


def test_statistics_and_p_values_are_those_of_statsmodels() -> None:
    walk, follower, other = waves()
    close, apart = engle_granger(follower, walk), engle_granger(other, walk)
    assert (close.statistic, close.p_value) == pytest.approx(FOLLOWER, abs=1e-6)
    assert (apart.statistic, apart.p_value) == pytest.approx(OTHER, abs=1e-6)
    assert close.slope == pytest.approx(0.8, abs=0.15)
    assert close.coefficient == pytest.approx(0.9, abs=0.06)
    assert close.p_value < 0.05 < apart.p_value


def test_the_line_is_that_of_least_squares() -> None:
    walk, follower, _ = waves()
    found = engle_granger(follower, walk)
    slope, intercept = np.polyfit(walk, follower, 1)
    assert (found.slope, found.intercept) == pytest.approx((slope, intercept), rel=1e-9)
    left = follower - intercept - slope * walk
    assert found.deviation == pytest.approx(math.sqrt(float(left @ left) / 298), rel=1e-9)


def test_constant_and_collinear_series_say_nothing() -> None:
    walk, follower, _ = waves()
    assert engle_granger(follower, np.full(300, 2.0)).p_value == 1.0
    assert engle_granger(np.full(300, 2.0), walk).p_value == 1.0
    assert engle_granger(3.0 + 2.0 * walk, walk).p_value == 1.0


@pytest.mark.parametrize(("y", "x"), [((30,), (31,)), ((19,), (19,)), ((30, 1), (30, 1))])
def test_series_that_do_not_fit_are_refused(y: tuple[int, ...], x: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="two series of one length"):
        engle_granger(np.ones(y), np.ones(x))


def test_what_is_not_finite_is_refused() -> None:
    walk, follower, _ = waves()
    follower[7] = math.nan
    with pytest.raises(ValueError, match="finite"):
        engle_granger(follower, walk)
    with pytest.raises(ValueError, match="too few"):
        dickey_fuller(np.ones(3))


def test_p_values_fall_with_the_statistic_and_end_at_0_and_1() -> None:
    values = [mackinnon_p(statistic) for statistic in np.linspace(-20, 2, 200)]
    assert values == sorted(values)
    assert (values[0], values[-1]) == (0.0, 1.0)
    assert mackinnon_p(-3.34) == pytest.approx(0.05, abs=0.002)  # the 5 % point for two series
