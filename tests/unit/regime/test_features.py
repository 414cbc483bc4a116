"""The features: scale-free, causal, the same for a restored state, and untouched by bars that are not there."""

import copy

import numpy as np
import pytest

from tests.unit.regime.markets import rows
from tradewind.regime.features import PANEL_FEATURES, FeaturePanel

PLACE = {name: row for row, name in enumerate(PANEL_FEATURES)}


def table(bars: int = 300, assets: int = 4, seed: int = 3) -> np.ndarray:
    """(T, 4, N) of open, high, low, close."""
    return np.array(
        [
            [[bar.open, bar.high, bar.low, bar.close] for bar in each]
            for each in zip(*rows(seed, bars, assets), strict=True)
        ]
    ).transpose(0, 2, 1)


def run(market: np.ndarray, panel: FeaturePanel | None = None) -> np.ndarray:
    panel = panel or FeaturePanel(market.shape[2])
    return np.array([panel.update(each).copy() for each in market])


def test_there_are_as_many_as_named_and_all_are_finite() -> None:
    seen = run(table())
    assert seen.shape[1] == len(PANEL_FEATURES) == len(set(PANEL_FEATURES))
    assert np.isfinite(seen).all()


@pytest.mark.parametrize("factor", [1e-6, 4096.0])
def test_the_price_level_does_not_enter(factor: float) -> None:
    market = table()
    scaled = market * np.array([factor, 1.0, factor, 1.0])
    np.testing.assert_allclose(run(scaled)[60:], run(market)[60:], rtol=1e-6, atol=1e-6)


def test_usual_volatility_does_not_enter() -> None:
    market = table(600)
    twice = (market / market[0, 0]) ** 2.0
    once = market / market[0, 0]
    np.testing.assert_allclose(run(twice)[100:], run(once)[100:], rtol=1e-4, atol=1e-4)


def test_a_later_bar_changes_nothing_before_it() -> None:
    market = table()
    other = market.copy()
    other[200:] *= 1.1
    np.testing.assert_array_equal(run(other)[:200], run(market)[:200])


@pytest.mark.parametrize("split", [1, 23, 150])
def test_a_copied_state_goes_on_with_the_same_bits(split: int) -> None:
    market = table()
    panel = FeaturePanel(4)
    first = run(market[:split], panel)
    rest = run(market[split:], copy.deepcopy(panel))
    np.testing.assert_array_equal(np.concatenate([first, rest]), run(market))


def test_an_absent_bar_leaves_that_state_alone() -> None:
    market = table()
    panel = FeaturePanel(4)
    run(market[:200], panel)
    before = panel.means[..., 2].copy()
    gone = market[200].copy()
    gone[:, 2] = np.nan
    out = panel.update(gone).copy()
    np.testing.assert_array_equal(panel.means[..., 2], before)
    assert panel.counts.tolist() == [201, 201, 200, 201]
    assert np.isfinite(out).all()


def test_an_absent_bar_does_not_shift_what_lies_behind() -> None:
    """Its look-backs count its own bars: they find the same closes as without the hole."""
    market = table()
    holed = np.concatenate([market[:200], np.full((1, 4, 4), np.nan), market[200:]])
    panel = FeaturePanel(4)
    np.testing.assert_array_equal(np.delete(run(holed, panel), 200, axis=0), run(market))


def test_two_of_them_are_no_company() -> None:
    with pytest.raises(ValueError, match="need 3"):
        FeaturePanel(2)


def test_a_market_without_movement_is_finite() -> None:
    flat = np.full((200, 4, 3), 5.0)
    assert np.isfinite(run(flat)).all()


def test_a_straight_rise_is_efficient_and_a_zigzag_is_anticorrelated() -> None:
    steady = np.exp(0.001 * np.arange(301))
    zigzag = np.exp(0.001 * (np.arange(301) % 2))
    walk = np.exp(0.001 * np.random.default_rng(1).standard_normal(301).cumsum())
    close = np.stack([steady, zigzag, walk, walk], axis=1)
    opened, closed = close[:-1], close[1:]
    market = np.stack([opened, np.maximum(opened, closed), np.minimum(opened, closed), closed], axis=1)
    last = run(market)[-1]
    assert last[PLACE["efficiency_24"], 0] == pytest.approx(1.0, rel=1e-2)
    assert last[PLACE["lag1_20"], 1] == pytest.approx(-1.0, rel=1e-2)
    assert abs(last[PLACE["lag1_40"], 2]) < 0.5
