"""Schedules: reference cuts, and children that always add up to the parent."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.execution import schedules

D = Decimal
STEP = D("0.0001")


def test_twap_puts_the_remainder_last():
    schedule = schedules.twap_schedule(D("1.0003"), 3, 360, STEP)
    assert schedule.quantities == (D("0.3334"), D("0.3334"), D("0.3335"))
    assert schedule.offsets_s == (0, 120, 240)


def test_twap_slices_below_the_minimum_wait_for_the_next():
    schedule = schedules.twap_schedule(D("1.0"), 5, 50, D("0.1"), minimum=D("0.3"))
    assert schedule.quantities == (D("0.4"), D("0.6"))
    assert schedule.offsets_s == (10, 30)


def test_twap_smaller_than_the_minimum_is_one_child():
    schedule = schedules.twap_schedule(D("0.2"), 4, 40, D("0.1"), minimum=D(1))
    assert schedule.quantities == (D("0.2"),)
    assert schedule.offsets_s == (0,)


quantities = st.integers(0, 10**12).map(lambda units: STEP * units)


@given(quantities, st.integers(1, 50), quantities)
def test_twap_children_add_up(quantity, slices, minimum):
    schedule = schedules.twap_schedule(quantity, slices, 600, STEP, minimum)
    assert sum(schedule.quantities) == quantity
    assert all(child % STEP == 0 for child in schedule.quantities)
    assert list(schedule.offsets_s) == sorted(set(schedule.offsets_s))
    if quantity >= minimum:
        assert all(child >= minimum for child in schedule.quantities)


def test_jitter_moves_later_and_keeps_the_order():
    offsets = (0.0, 120.0, 240.0)
    moved = schedules.jittered_offsets(offsets, 360, 0.5, np.random.default_rng(1))
    assert all(0 <= after - before <= 60 for before, after in zip(offsets, moved, strict=True))
    assert moved == schedules.jittered_offsets(offsets, 360, 0.5, np.random.default_rng(1))
    assert schedules.jittered_offsets(offsets, 360, 0.0, np.random.default_rng(1)) == offsets


def test_vwap_follows_the_profile():
    profile = [D(10), D(30), D(40), D(20)]
    assert schedules.vwap_schedule(D(50), profile, STEP) == (D(5), D(15), D(20), D(10))


def test_vwap_remainder_is_last():
    assert schedules.vwap_schedule(D(10), [D(1)] * 3, D(1)) == (D(3), D(3), D(4))


@given(quantities, st.lists(st.integers(0, 10**6), min_size=1, max_size=24).filter(any))
def test_vwap_children_add_up(quantity, profile):
    children = schedules.vwap_schedule(quantity, [D(volume) for volume in profile], STEP)
    assert sum(children) == quantity
    assert min(children) >= 0


def test_participation():
    volumes = [D(120), D(80), D(300)]
    assert schedules.pov_children(D("0.1"), D(40), volumes, STEP) == (D(12), D(8), D(20))
    assert schedules.pov_children(D("0.1"), D(5), volumes, STEP) == (D(5), D(0), D(0))


@given(quantities, st.lists(st.integers(0, 10**9), max_size=20))
def test_participation_never_exceeds_its_share(quantity, prints):
    volumes = [STEP * volume for volume in prints]
    children = schedules.pov_children(D("0.15"), quantity, volumes, STEP)
    assert sum(children) <= quantity
    assert all(child <= D("0.15") * volume for child, volume in zip(children, volumes, strict=True))


def test_almgren_chriss_holdings():
    holdings = schedules.almgren_chriss_holdings(1000, 4, 0.5)
    assert holdings == pytest.approx((1000, 587.086134, 324.027137, 143.676692, 0), abs=5e-7)


def test_almgren_chriss_without_urgency_is_twap():
    line = [1000, 750, 500, 250, 0]
    assert schedules.almgren_chriss_holdings(1000, 4, 0.0) == pytest.approx(line)
    assert schedules.almgren_chriss_holdings(1000, 4, 1e-9) == pytest.approx(line)


def test_almgren_chriss_with_extreme_urgency_does_not_overflow():
    holdings = schedules.almgren_chriss_holdings(1000, 4, 500.0)
    assert holdings[0] == 1000
    assert holdings[-1] == 0
    assert all(math.isfinite(x) for x in holdings)
    assert holdings[1] == pytest.approx(0, abs=1e-100)


def test_both_forms_of_the_ratio_agree_where_they_meet():
    below = schedules.almgren_chriss_holdings(1.0, 10, 2.9999999)
    above = schedules.almgren_chriss_holdings(1.0, 10, 3.0000001)
    assert above == pytest.approx(below, rel=1e-5)


def test_kappa_of_small_steps_is_the_limit():
    limit = schedules.almgren_chriss_kappa(1e-6, 0.3, 0.01)
    assert limit == pytest.approx(math.sqrt(1e-6 * 0.09 / 0.01))
    assert schedules.almgren_chriss_kappa(1e-6, 0.3, 0.01, tau=0.1) == pytest.approx(limit, rel=1e-6)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="slice"):
        schedules.twap_schedule(D(1), 0, 60, STEP)
    with pytest.raises(ValueError, match="increment"):
        schedules.twap_schedule(D(1), 2, 60, D(0))
    with pytest.raises(ValueError, match="negative"):
        schedules.twap_schedule(D(-1), 2, 60, STEP)
    with pytest.raises(ValueError, match="jitter"):
        schedules.jittered_offsets((0.0,), 60, 2.0, np.random.default_rng(0))
    with pytest.raises(ValueError, match="profile"):
        schedules.vwap_schedule(D(1), [D(0)], STEP)
    with pytest.raises(ValueError, match="rate"):
        schedules.pov_child(D(0), D(1), D(1), STEP)
    with pytest.raises(ValueError, match="interval"):
        schedules.almgren_chriss_holdings(1, 0, 1)
    with pytest.raises(ValueError, match="eta"):
        schedules.almgren_chriss_kappa(1, 1, 0)
