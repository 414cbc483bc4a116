"""The drifting hedge: the textbook's matrices, step by step, and what it does to a line that moves."""

import numpy as np
import pytest

from tradewind.strategy.hedging import Innovation, begin_hedge, follow

DRIFT, NOISE = 1e-5, 4e-4


def test_it_is_the_textbook_filter() -> None:
    rng = np.random.default_rng(2)
    hedge = begin_hedge(1.0, 0.8, DRIFT)
    mean, cov = np.array([1.0, 0.8]), DRIFT * np.eye(2)
    for x in 4.0 + np.cumsum(0.01 * rng.standard_normal(200)):
        y = 1.1 + 0.75 * x + 0.02 * rng.standard_normal()
        row = np.array([1.0, x])
        cov = cov + DRIFT * np.eye(2)
        spread, total = y - row @ mean, row @ cov @ row + NOISE
        gain = cov @ row / total
        mean, cov = mean + gain * spread, cov - np.outer(gain, row) @ cov
        found = follow(hedge, float(y), float(x), DRIFT, NOISE)
        assert (found.spread, found.deviation**2) == pytest.approx((spread, total), rel=1e-9)
        assert (hedge.intercept, hedge.slope) == pytest.approx(tuple(mean), rel=1e-9)
        assert (hedge.p00, hedge.p01, hedge.p11) == pytest.approx((cov[0, 0], cov[0, 1], cov[1, 1]), rel=1e-7)


def test_the_innovation_is_known_before_the_observation_counts() -> None:
    hedge = begin_hedge(0.0, 1.0, 0.0)
    assert follow(hedge, 5.0, 4.0, 0.0, 1.0) == Innovation(1.0, 1.0)
    assert (hedge.intercept, hedge.slope) == (0.0, 1.0)  # nothing was uncertain, so nothing was learnt


def test_it_follows_a_line_that_moves() -> None:
    hedge = begin_hedge(0.0, 1.0, DRIFT)
    for step in range(2000):
        x = 4.0 + np.sin(step / 7)
        follow(hedge, 0.3 + 1.5 * float(x), float(x), DRIFT, NOISE)
    assert (hedge.intercept, hedge.slope) == pytest.approx((0.3, 1.5), abs=0.05)


def test_a_certain_surprise_has_no_size() -> None:
    assert Innovation(1.0, 0.0).z == 0.0
    assert Innovation(-3.0, 1.5).z == -2.0
