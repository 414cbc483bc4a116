"""The layered scale and the daily pattern: by hand on small samples, and what they may know."""

import numpy as np
import pytest

from tradewind.numeric.layered_scale import SLOT_MINIMUM_DAYS, layered_scales, slot_factors


def test_one_fall_moves_each_memory_by_its_decay():
    scales = layered_scales([0.01, -0.01, -0.02], seed_observations=2)
    assert np.isnan(scales[0])
    assert scales[1] == pytest.approx(0.01)
    # A fall of 2 % counts 2.8 %: each memory moves towards it by one minus its decay.
    moved = 0.25 * (0.6 * 0.01 + 0.4 * 0.028) + 0.5 * (0.9 * 0.01 + 0.1 * 0.028) + 0.25 * (0.98 * 0.01 + 0.02 * 0.028)
    assert scales[2] == pytest.approx(moved, abs=1e-15)


def test_a_fall_raises_it_more_than_a_rise():
    calm = [0.01, -0.01] * 60
    assert layered_scales([*calm, -0.05])[-1] > layered_scales([*calm, 0.05])[-1] > layered_scales(calm)[-1]


def test_later_returns_do_not_change_earlier_scales():
    sample = np.random.default_rng(2).normal(0, 0.01, 300)
    assert np.array_equal(layered_scales(sample)[:200], layered_scales(sample[:200]), equal_nan=True)


def test_too_few_returns_have_no_scale_and_bad_ones_are_refused():
    assert np.isnan(layered_scales(np.zeros(50))).all()
    assert layered_scales(np.zeros(150))[-1] == 0.0
    with pytest.raises(ValueError, match="finite"):
        layered_scales([0.1, np.nan])
    with pytest.raises(ValueError, match="seed_observations"):
        layered_scales([0.1], seed_observations=1)


def test_the_factor_learns_which_hour_is_wild():
    days = 120
    slots = np.tile(np.arange(24), days)
    returns = np.where(slots == 14, 0.03, 0.01) * np.tile([1.0, -1.0], slots.size // 2)
    factors = slot_factors(returns, slots, 24)
    assert (factors[: 24 * (SLOT_MINIMUM_DAYS - 1)] == 1).all()
    usual = (23 * 0.01 + 0.03) / 24
    assert factors[slots == 14][-1] == pytest.approx(0.03 / usual)
    assert factors[slots == 3][-1] == pytest.approx(0.01 / usual)


def test_the_factor_does_not_know_its_own_return():
    generator = np.random.default_rng(3)
    slots = np.tile(np.arange(24), 60)
    returns = generator.normal(0, 0.01, slots.size)
    shocked = returns.copy()
    shocked[1000] = -0.9
    before, after = slot_factors(returns, slots, 24), slot_factors(shocked, slots, 24)
    assert (before[:1001] == after[:1001]).all()
    assert (before[1001:] != after[1001:]).any()


def test_prices_that_never_move_have_no_pattern():
    slots = np.tile(np.arange(24), 60)
    assert (slot_factors(np.zeros(slots.size), slots, 24) == 1).all()


@pytest.mark.parametrize(("returns", "slots"), [([0.1], [0, 1]), ([0.1], [24]), ([np.nan], [0])])
def test_slots_that_do_not_fit_are_refused(returns, slots):
    with pytest.raises(ValueError, match="slots"):
        slot_factors(returns, slots, 24)
