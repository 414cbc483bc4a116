"""The incremental book of the tail against the matrix product it stands for, and what it does not know."""

import math

import numpy as np
import pytest

from tradewind.risk.tail_book import TailBook, tail_parameters

NAMES = ["A", "B", "C"]
SPREAD = np.array([[0.04, 0.01, -0.01], [0.01, 0.09, 0.02], [-0.01, 0.02, 0.16]])


def book(covariance=SPREAD, multiplier=1.7) -> TailBook:
    made = TailBook(NAMES)
    made.fit(tail_parameters(NAMES, covariance.tolist(), multiplier))
    return made


def variance(worths) -> float:
    return float(np.array(worths) @ SPREAD @ np.array(worths))


def at(shape, worth: float) -> float:
    return shape.rest + (2 * shape.pull + shape.own * worth) * worth


def test_the_shape_gives_the_variance_of_any_holding():
    made = book()
    made.see("A", 10, 10, 5, 2.0)
    made.see("B", -3, -3, 10, 1.0)
    made.see("C", 7, 7, 4, 0.5)
    for name, place in zip(NAMES, range(3), strict=True):
        for worth in (-50.0, 0.0, 100.0):
            worths = [100.0, -30.0, 14.0]
            worths[place] = worth
            assert at(made.shape(name), worth) == pytest.approx(variance(worths), rel=1e-12)


def test_changes_one_by_one_lead_to_the_same_as_all_at_once():
    generator = np.random.default_rng(3)
    made, worths = book(), [0.0, 0.0, 0.0]
    for _ in range(500):
        place, units, mark = (
            int(generator.integers(3)),
            int(generator.integers(-50, 50)),
            int(generator.integers(1, 90)),
        )
        made.see(NAMES[place], units, units, mark, 1.0)
        worths[place] = float(units * mark)
    worths[0] = 0.0
    assert at(made.shape("A"), 0.0) == pytest.approx(variance(worths), rel=1e-9, abs=1e-6)


def test_open_orders_count_in_the_direction_that_is_worse():
    hedged, bare = book(), book()
    for made in (hedged, bare):
        made.see("B", 100, 100, 1, 1.0)
    hedged.see("C", 0, -200, 1, 1.0)  # a sale that would lower the variance of B alone may as well not fill ...
    bare.see("C", 0, 0, 1, 1.0)
    assert at(hedged.shape("A"), 0.0) == pytest.approx(max(variance([0, 100, 0]), variance([0, 100, -200])))
    hedged.see("C", 0, -10, 1, 1.0)
    assert at(hedged.shape("A"), 0.0) == pytest.approx(variance([0, 100, 0]))
    assert at(bare.shape("A"), 0.0) == pytest.approx(variance([0, 100, 0]))


def test_a_mark_that_hardly_moved_changes_nothing_and_one_that_moved_does():
    made = book()
    made.see("A", 10, 10, 10_000, 1.0)
    before = made.shape("B")
    made.see("A", 10, 10, 10_009, 1.0)
    assert made.shape("B") == before
    made.see("A", 10, 10, 10_020, 1.0)
    assert made.shape("B") != before


def test_nothing_is_known_before_a_fit_and_with_half_of_one():
    made = TailBook(NAMES)
    assert made.shape("A") is None
    made.fit({"A": 0.04, "multiplier": 1.6})
    assert made.shape("A") is not None
    assert made.shape("B") is None
    made.fit({"A": 0.04})
    assert made.shape("A") is None


def test_a_holding_that_the_fit_does_not_know_leaves_nothing_known_but_itself():
    made = TailBook(NAMES)
    made.fit({"A": 0.04, "multiplier": 1.6})
    made.see("B", 5, 5, 100, 1.0)
    assert made.shape("A") is None
    made.see("B", 0, 0, 100, 1.0)
    assert made.shape("A") is not None
    made.see("A", 5, 5, None, 1.0)
    assert made.shape("A") is not None  # its own mark is asked for by the order itself


@pytest.mark.parametrize("bad", [math.nan, math.inf, -0.04, 0.0])
def test_a_variance_that_cannot_be_is_not_known(bad):
    made = TailBook(["A"])
    made.fit({"A": bad, "multiplier": 1.6})
    assert made.shape("A") is None


@pytest.mark.parametrize("bad", [math.nan, 0.07, None])
def test_a_covariance_that_cannot_be_is_not_known(bad):
    made = TailBook(["A", "B"])
    parameters = {"A": 0.04, "B": 0.09, "multiplier": 1.6}
    made.fit(parameters if bad is None else parameters | {"A|B": bad})
    assert made.shape("A") is None


def test_a_new_fit_weighs_what_is_held_anew():
    made = book()
    made.see("B", 100, 100, 1, 1.0)
    made.fit(tail_parameters(NAMES, (4 * SPREAD).tolist(), 1.7))
    made.see("B", 100, 100, 1, 1.0)
    assert at(made.shape("A"), 0.0) == pytest.approx(4 * variance([0, 100, 0]))
