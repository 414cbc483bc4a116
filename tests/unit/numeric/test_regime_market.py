"""The generated market: valid bars, the same bits for a seed, and regimes that behave as defined."""

import hashlib
import math
import time

import numpy as np
import pytest

from tradewind.numeric.regime_chain import Difficulty, MarketTerms, RegimeLabel
from tradewind.numeric.regime_market import bars_on_grid, label_name, price_grid, regime_market


@pytest.fixture(scope="module")
def easy():
    return regime_market(7, Difficulty.EASY, keep_path=True)


def returns_of(market):
    return np.log(market.close / market.open)


@pytest.mark.parametrize("difficulty", Difficulty)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_bars_are_valid(seed, difficulty):
    market = regime_market(seed, difficulty, bars=1500)
    assert (market.high >= np.maximum(market.open, market.close)).all()
    assert (market.low <= np.minimum(market.open, market.close)).all()
    assert (market.low > 0).all()
    assert (market.volume > 0).all()
    assert all(np.isfinite(column).all() for column in market[:5])
    assert (market.open[1:] == market.close[:-1]).all()
    assert (market.open[0] == 100).all()


def test_the_same_seed_gives_the_same_bits():
    first, second = regime_market(3, bars=300, keep_path=True), regime_market(3, bars=300, keep_path=True)
    for one, other in zip(first, second, strict=True):
        assert one.tobytes() == other.tobytes()
    assert regime_market(4, bars=300).close.tobytes() != first.close.tobytes()


def test_the_market_of_a_seed_is_the_one_that_figures_are_of():
    market = regime_market(16, bars=2000, assets=3)
    told = hashlib.sha256(market.labels.tobytes() + np.rint(market.close * 1e6).astype("<i8").tobytes())
    assert told.hexdigest()[:16] == "9b34be49f4ec068b"


def test_more_assets_leave_the_first_ones_alone():
    few, many = regime_market(3, bars=300, assets=2), regime_market(3, bars=300, assets=8)
    assert (many.close[:, :2] == few.close).all()
    assert (many.labels[:, :2] == few.labels).all()


def test_the_path_is_what_the_bars_are_made_of(easy):
    assert (easy.path[:, -1] == easy.close).all()
    assert (np.maximum(easy.path.max(axis=1), easy.open) == easy.high).all()
    assert (np.minimum(easy.path.min(axis=1), easy.open) == easy.low).all()
    assert regime_market(7, bars=10).path is None


def test_crisis_is_common_to_all(easy):
    crisis = easy.labels == RegimeLabel.CRISIS
    assert (crisis.all(axis=1) == crisis.any(axis=1)).all()


def test_label_shares_are_plausible():
    shares = np.mean(
        [
            [(regime_market(seed, bars=4000, assets=2, sub_steps=1).labels == label).mean() for label in RegimeLabel]
            for seed in range(30)
        ],
        axis=0,
    )
    assert shares == pytest.approx([0.36, 0.36, 0.22, 0.06], abs=0.04)


def mean_correlation(returns):
    matrix = np.corrcoef(returns, rowvar=False)
    return matrix[np.triu_indices(matrix.shape[0], 1)].mean()


def test_correlation_rises_in_crisis():
    for seed in (1, 3, 5, 6):
        market = regime_market(seed, Difficulty.HARD)
        crisis = market.labels[:, 0] == RegimeLabel.CRISIS
        returns = returns_of(market)
        assert mean_correlation(returns[~crisis]) == pytest.approx(0.43, abs=0.08)
        assert mean_correlation(returns[crisis]) > 0.8


def test_terms_say_how_closely_assets_move_together():
    terms = MarketTerms(correlation=0.7, crisis_correlation=0.5)
    market = regime_market(3, Difficulty.HARD, terms=terms)
    crisis = market.labels[:, 0] == RegimeLabel.CRISIS
    assert mean_correlation(returns_of(market)[~crisis]) == pytest.approx(0.68, abs=0.08)
    assert mean_correlation(returns_of(market)[crisis]) == pytest.approx(0.5, abs=0.1)
    assert (market.labels == regime_market(3, Difficulty.HARD).labels).all()


def test_terms_say_how_much_volatility_wanders():
    kurtosis = []
    for shock in (0.0, 0.12):
        market = regime_market(3, Difficulty.HARD, terms=MarketTerms(sigma_shock=shock), assets=1)
        calm = returns_of(market)[market.labels == RegimeLabel.TRENDING]
        kurtosis.append(np.mean((calm / calm.std()) ** 4))
    assert kurtosis[0] == pytest.approx(3, abs=0.6)
    assert kurtosis[1] > 4


def test_volatility_rises_in_crisis_and_chop():
    market = regime_market(3, Difficulty.EASY)
    deviation = {label: returns_of(market)[market.labels == label].std() for label in RegimeLabel}
    assert deviation[RegimeLabel.CRISIS] > 3 * deviation[RegimeLabel.RANGING]
    assert deviation[RegimeLabel.CHOPPY] > 1.4 * deviation[RegimeLabel.RANGING]


def episodes_of(labels, label, minimum):
    edges = np.flatnonzero(np.diff(labels)) + 1
    for start, stop in zip([0, *edges], [*edges, labels.size], strict=True):
        if labels[start] == label and stop - start >= minimum:
            yield start, stop


def test_choppy_bars_reverse(easy):
    correlations = []
    for i in range(6):
        returns = returns_of(easy)[:, i]
        for start, stop in episodes_of(easy.labels[:, i], RegimeLabel.CHOPPY, 40):
            part = returns[start:stop]
            correlations.append(np.corrcoef(part[1:], part[:-1])[0, 1])
    assert np.mean(correlations) == pytest.approx(-0.525, abs=0.1)


def test_ranges_return_to_their_entry_and_trends_leave_it(easy):
    distance = {RegimeLabel.RANGING: [], RegimeLabel.TRENDING: []}
    for i in range(6):
        for label, distances in distance.items():
            for start, stop in episodes_of(easy.labels[:, i], label, 60):
                scale = returns_of(easy)[start:stop, i].std()
                distances.append(abs(math.log(easy.close[stop - 1, i] / easy.open[start, i])) / scale)
    assert np.mean(distance[RegimeLabel.RANGING]) < 4
    assert np.mean(distance[RegimeLabel.TRENDING]) > 20


def test_a_year_of_thirteen_assets_is_quick():
    started = time.perf_counter()
    regime_market(1, assets=13, bars=8760)
    assert time.perf_counter() - started < 5


def test_one_bar_one_asset_one_step():
    market = regime_market(0, bars=1, assets=1, sub_steps=1)
    assert market.close.shape == (1, 1)


def test_price_grid_rounds_to_the_tick_and_stays_positive():
    assert price_grid(np.array([100.004, 100.006, 0.0001]), 2).tolist() == [10000, 10001, 1]
    assert price_grid(np.array([100.13, 100.11, 0.01]), 2, tick=5).tolist() == [10015, 10010, 5]


def test_grid_bars_stay_valid(easy):
    grid = bars_on_grid(easy, 2, price_scale=1, tick=5, typical_volume=10_000, lot=10)
    assert (grid.high >= np.maximum(grid.open, grid.close)).all()
    assert (grid.low <= np.minimum(grid.open, grid.close)).all()
    assert (grid.open[1:] == grid.close[:-1]).all()
    assert (grid.path[:, -1] == grid.close).all()
    assert (np.maximum(grid.path.max(axis=1), grid.open) == grid.high).all()
    assert all((column % 5 == 0).all() for column in grid[:4])
    assert (grid.volume % 10 == 0).all()
    assert grid.volume.min() >= 40
    assert all(column.dtype == np.int64 for column in grid)
    assert bars_on_grid(regime_market(0, bars=5), 0, price_scale=2, typical_volume=100).path is None


def test_an_ordinary_bar_has_the_typical_volume():
    market = regime_market(5)
    volumes = bars_on_grid(market, 0, price_scale=2, typical_volume=1_000_000).volume[:100]
    assert 200_000 < np.median(volumes) < 5_000_000


def test_label_names():
    assert [label_name(code) for code in range(4)] == ["TRENDING", "RANGING", "CHOPPY", "CRISIS"]


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="positive"):
        regime_market(0, bars=0)
    with pytest.raises(ValueError, match="not finite"):
        price_grid(np.array([np.nan]), 2)
    with pytest.raises(OverflowError, match="smaller scale"):
        price_grid(np.array([1e12]), 8)
    with pytest.raises(ValueError, match="typical_volume"):
        bars_on_grid(regime_market(0, bars=2), 0, price_scale=2, typical_volume=0)
