"""Episodes of the generated market: their lengths, order and parameters."""

from itertools import pairwise

import numpy as np
import pytest

from tradewind.numeric.regime_chain import (
    DWELL_MEAN,
    DWELL_MINIMUM,
    NEXT,
    TERMS,
    Difficulty,
    MarketTerms,
    RegimeLabel,
    asset_episodes,
    crisis_episodes,
)

BARS = 4000


def chain(seed, difficulty=Difficulty.MEDIUM, bars=BARS):
    crises = crisis_episodes(np.random.default_rng(seed), difficulty, bars)
    return crises, asset_episodes(np.random.default_rng(seed + 1000), difficulty, crises, bars)


@pytest.mark.parametrize("seed", range(20))
def test_episodes_cover_every_bar_once(seed):
    crises, episodes = chain(seed)
    assert episodes[0].start == 0
    assert episodes[-1].stop == BARS
    assert all(before.stop == after.start for before, after in pairwise(episodes))
    assert [episode for episode in episodes if episode.label is RegimeLabel.CRISIS] == crises


@pytest.mark.parametrize("seed", range(20))
def test_complete_episodes_last_at_least_their_minimum(seed):
    _, episodes = chain(seed)
    for episode, following in pairwise(episodes):
        if following.label is not RegimeLabel.CRISIS:
            assert episode.stop - episode.start > DWELL_MINIMUM[episode.label]


@pytest.mark.parametrize("seed", range(20))
def test_a_chain_moves_only_along_its_arrows(seed):
    _, episodes = chain(seed)
    for before, after in pairwise(episodes):
        if RegimeLabel.CRISIS not in (before.label, after.label):
            assert after.label in [label for label, _ in NEXT[before.label]]


def test_crises_are_at_least_two_days_apart():
    for seed in range(20):
        crises, _ = chain(seed)
        assert not crises or crises[0].start >= 48
        assert all(after.start - before.stop >= 48 for before, after in pairwise(crises))


@pytest.mark.parametrize("scale", [0.5, 1, 2])
def test_mean_dwell_is_near_its_parameter(scale):
    # One long chain without crises, so that nothing is cut short.
    terms = MarketTerms(dwell_scale=scale, crisis_gap_excess_bars=500 * scale)
    episodes = asset_episodes(np.random.default_rng(0), Difficulty.EASY, [], 400_000, terms)
    for label in NEXT:
        lengths = [episode.stop - episode.start for episode in episodes[:-1] if episode.label is label]
        assert np.mean(lengths) == pytest.approx(DWELL_MEAN[label] * scale, rel=0.05)
        assert min(lengths) > DWELL_MINIMUM[label] * scale
    crises = crisis_episodes(np.random.default_rng(0), Difficulty.EASY, 2_000_000, terms)
    lengths = [crisis.stop - crisis.start for crisis in crises[:-1]]
    assert np.mean(lengths) == pytest.approx(DWELL_MEAN[RegimeLabel.CRISIS] * scale, rel=0.05)
    gaps = [after.start - before.stop for before, after in pairwise(crises)]
    assert np.mean(gaps) == pytest.approx(48 + 500 * scale, rel=0.05)


@pytest.mark.parametrize("difficulty", Difficulty)
def test_parameters_lie_in_the_ranges_of_the_level(difficulty):
    terms = TERMS[difficulty]
    for seed in range(5):
        for episode in chain(seed, difficulty)[1]:
            if episode.label is RegimeLabel.TRENDING:
                assert terms.trend_drift[0] <= abs(episode.drift) <= terms.trend_drift[1]
            elif episode.label is RegimeLabel.RANGING:
                low, high = terms.range_half_life_bars
                assert low <= episode.half_life_bars <= high
                assert 0.9 <= episode.volatility <= 1.3
            elif episode.label is RegimeLabel.CHOPPY:
                low, high = terms.chop_autocorrelation
                assert low <= episode.autocorrelation <= high
            else:
                assert terms.crisis_volatility[0] <= episode.volatility <= terms.crisis_volatility[1]
                assert -0.25 <= episode.drift <= 0
                assert 0.04 <= episode.jump_probability <= 0.12
