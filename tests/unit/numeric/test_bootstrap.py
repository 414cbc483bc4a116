"""Replicates of the stationary bootstrap: their size, their blocks, their mean."""

import numpy as np
import pytest

from tradewind.numeric.bootstrap import stationary_counts


def test_every_replicate_draws_as_many_as_there_are():
    counts = stationary_counts(50, 5.0, 20, np.random.default_rng(1))
    assert counts.shape == (20, 50)
    assert (counts.sum(axis=1) == 50).all()


def test_the_same_seed_draws_the_same():
    first, second = (stationary_counts(30, 4.0, 5, np.random.default_rng(7)) for _ in range(2))
    assert (first == second).all()


def test_every_position_is_as_likely_as_any_other():
    counts = stationary_counts(10, 3.0, 4000, np.random.default_rng(2))
    assert counts.mean(axis=0) == pytest.approx(np.ones(10), abs=0.12)


def test_longer_blocks_keep_neighbours_together():
    """The spread of a block sum of a series that wanders is larger than that of independent draws."""
    wandering = np.repeat([0.0, 1.0], 100)
    short, long = (stationary_counts(200, block, 800, np.random.default_rng(3)) @ wandering for block in (1.0, 40.0))
    assert long.std() > 2 * short.std()


@pytest.mark.parametrize("bad", [(0, 2.0, 1), (5, 0.5, 1), (5, 2.0, 0)])
def test_impossible_draws_are_refused(bad):
    with pytest.raises(ValueError, match="at least 1"):
        stationary_counts(*bad, np.random.default_rng(0))
