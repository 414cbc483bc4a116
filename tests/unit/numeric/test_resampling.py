"""Resampled series: blocks stay whole, lengths are as asked, intervals cover what they should."""

import numpy as np
import pytest

from tradewind.numeric.resampling import paired_drawdown, paired_sum, stationary_blocks


def test_blocks_run_on_in_time_and_wrap_round() -> None:
    rows = stationary_blocks(50, 10, 200, np.random.default_rng(1))
    assert rows.shape == (200, 50)
    runs_on = (rows[:, 1:] - rows[:, :-1]) % 50 == 1
    assert 1 - runs_on.mean() == pytest.approx(0.1 * 49 / 50, abs=0.01)  # a block of 10 begins at one in ten


def test_blocks_of_one_are_the_plain_bootstrap() -> None:
    rows = stationary_blocks(400, 1, 50, np.random.default_rng(2))
    assert abs(np.corrcoef(rows[:, 1:].ravel(), rows[:, :-1].ravel())[0, 1]) < 0.03


def test_every_position_is_drawn_as_often() -> None:
    counts = np.bincount(stationary_blocks(10, 4, 20_000, np.random.default_rng(3)).ravel(), minlength=10)
    assert counts / counts.sum() == pytest.approx(np.full(10, 0.1), abs=0.004)


@pytest.mark.parametrize("arguments", [(0, 5, 10), (5, 0.5, 10), (5, 5, 0)])
def test_impossible_sizes_are_refused(arguments: tuple[int, float, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        stationary_blocks(*arguments, np.random.default_rng(0))


def test_a_constant_difference_has_no_uncertainty() -> None:
    blocks = stationary_blocks(20, 5, 100, np.random.default_rng(4))
    noise = np.random.default_rng(5).normal(size=20)
    assert paired_sum(noise + 2, noise, blocks) == pytest.approx((40, 40, 40))


def test_the_interval_covers_the_mean_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(6)
    hits = 0
    for _ in range(200):
        series = rng.normal(0.1, 1, 120)
        found = paired_sum(series, np.zeros(120), stationary_blocks(120, 3, 200, rng))
        hits += found.low <= 12 <= found.high
    assert 0.86 <= hits / 200 <= 0.99


def test_drawdowns_are_compared_on_the_same_days() -> None:
    calm, wild = np.array([0.0, -0.1, 0.1]), np.array([0.0, -0.5, 0.1])
    found = paired_drawdown(calm, wild, np.array([[0, 1, 2], [1, 1, 1]]))
    assert found.value == pytest.approx(-0.4)
    assert found.low == pytest.approx((1 - 0.9**3) - (1 - 0.5**3), abs=0.02)


def test_pairs_must_be_pairs() -> None:
    with pytest.raises(ValueError, match="pairs"):
        paired_sum([1.0], [1.0, 2.0], np.array([[0]]))
    with pytest.raises(ValueError, match="pairs"):
        paired_drawdown([1.0], [1.0, 2.0], np.array([[0]]))
