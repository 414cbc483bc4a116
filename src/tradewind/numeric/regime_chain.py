"""Which regime each asset of the generated market is in, bar by bar, and with what parameters (RegimeBench).

TRENDING, RANGING and CHOPPY alternate per asset in a semi-Markov chain; CRISIS is common to all assets, interrupts
the chains, and each asset leaves it into a new episode. The price path that these regimes drive is in `regime_market`.
"""

from collections.abc import Iterator
from enum import Enum, IntEnum
from typing import NamedTuple

import msgspec
import numpy as np

Range = tuple[float, float]


class RegimeLabel(IntEnum):
    TRENDING = 0
    RANGING = 1
    CHOPPY = 2
    CRISIS = 3


class Difficulty(Enum):
    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class DifficultyTerms(NamedTuple):
    """The ranges from which an episode's parameters are drawn uniformly; volatilities and drifts in base sigmas."""

    trend_drift: Range
    range_half_life_bars: Range
    chop_autocorrelation: Range
    chop_volatility: Range
    crisis_volatility: Range


TERMS = {
    Difficulty.EASY: DifficultyTerms((0.45, 0.70), (3, 6), (-0.60, -0.45), (1.6, 2.2), (4, 6)),
    Difficulty.MEDIUM: DifficultyTerms((0.25, 0.50), (4, 10), (-0.50, -0.30), (1.2, 1.8), (2.5, 4.5)),
    Difficulty.HARD: DifficultyTerms((0.10, 0.30), (8, 20), (-0.35, -0.15), (0.9, 1.4), (1.8, 3.0)),
}

RANGE_VOLATILITY: Range = (0.9, 1.3)
CRISIS_DRIFT: Range = (-0.25, 0.0)
CRISIS_JUMP_PROBABILITY: Range = (0.04, 0.12)

DWELL_MINIMUM = {RegimeLabel.TRENDING: 24, RegimeLabel.RANGING: 24, RegimeLabel.CHOPPY: 16, RegimeLabel.CRISIS: 12}
DWELL_MEAN = {RegimeLabel.TRENDING: 72, RegimeLabel.RANGING: 72, RegimeLabel.CHOPPY: 48, RegimeLabel.CRISIS: 36}

NEXT = {
    RegimeLabel.TRENDING: ((RegimeLabel.RANGING, 0.55), (RegimeLabel.CHOPPY, 0.45)),
    RegimeLabel.RANGING: ((RegimeLabel.TRENDING, 0.55), (RegimeLabel.CHOPPY, 0.45)),
    RegimeLabel.CHOPPY: ((RegimeLabel.TRENDING, 0.50), (RegimeLabel.RANGING, 0.50)),
}

CRISIS_GAP_MINIMUM_BARS = 48


class MarketTerms(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a market can differ in from that of its seed, which has the defaults.

    `dwell_scale` stretches every regime; `crisis_gap_excess_bars` is the mean, beyond the minimum, of the calm between
    crises. `sigma_shock` is the spread of what volatility changes by from bar to bar; the correlations are those of any
    two assets.
    """

    dwell_scale: float = 1.0
    crisis_gap_excess_bars: float = 500.0
    sigma_shock: float = 0.06
    correlation: float = 0.45
    crisis_correlation: float = 0.90


USUAL_TERMS = MarketTerms()


class Episode(NamedTuple):
    """Bars `start` to `stop` (exclusive) under one regime.

    `drift` and `volatility` are in base sigmas per bar, `half_life_bars` is 0 where nothing pulls back,
    `autocorrelation` that of bar returns, `jump_probability` per bar.
    """

    start: int
    stop: int
    label: RegimeLabel
    drift: float = 0.0
    volatility: float = 1.0
    half_life_bars: float = 0.0
    autocorrelation: float = 0.0
    jump_probability: float = 0.0


def crisis_episodes(
    rng: np.random.Generator, difficulty: Difficulty, bars: int, market: MarketTerms = USUAL_TERMS
) -> list[Episode]:
    """The crises of the whole market, in order, at least `CRISIS_GAP_MINIMUM_BARS` apart."""
    terms = TERMS[difficulty]
    found: list[Episode] = []
    start = _crisis_gap(rng, market)
    while start < bars:
        stop = start + _dwell(rng, RegimeLabel.CRISIS, market)
        found.append(
            Episode(
                start,
                min(stop, bars),
                RegimeLabel.CRISIS,
                drift=rng.uniform(*CRISIS_DRIFT),
                volatility=rng.uniform(*terms.crisis_volatility),
                jump_probability=rng.uniform(*CRISIS_JUMP_PROBABILITY),
            )
        )
        start = stop + _crisis_gap(rng, market)
    return found


def asset_episodes(
    rng: np.random.Generator,
    difficulty: Difficulty,
    crises: list[Episode],
    bars: int,
    market: MarketTerms = USUAL_TERMS,
) -> list[Episode]:
    """One asset's episodes, covering every bar once: its own chain, interrupted by the crises of the market."""
    found: list[Episode] = []
    label = RegimeLabel(int(rng.integers(0, len(NEXT))))
    for calm_start, calm_stop, crisis in _calms(crises, bars):
        start = calm_start
        while start < calm_stop:
            stop = min(start + _dwell(rng, label, market), calm_stop)
            found.append(_drawn(rng, TERMS[difficulty], label, start, stop))
            label = _successor(rng, label)
            start = stop
        if crisis is not None:
            found.append(crisis)
    return found


def _calms(crises: list[Episode], bars: int) -> Iterator[tuple[int, int, Episode | None]]:
    start = 0
    for crisis in crises:
        yield start, crisis.start, crisis
        start = crisis.stop
    yield start, bars, None


def _drawn(rng: np.random.Generator, terms: DifficultyTerms, label: RegimeLabel, start: int, stop: int) -> Episode:
    if label is RegimeLabel.TRENDING:
        sign = 1.0 if rng.random() < 0.5 else -1.0
        return Episode(start, stop, label, drift=sign * rng.uniform(*terms.trend_drift))
    if label is RegimeLabel.RANGING:
        half_life = rng.uniform(*terms.range_half_life_bars)
        return Episode(start, stop, label, volatility=rng.uniform(*RANGE_VOLATILITY), half_life_bars=half_life)
    autocorrelation = rng.uniform(*terms.chop_autocorrelation)
    return Episode(start, stop, label, volatility=rng.uniform(*terms.chop_volatility), autocorrelation=autocorrelation)


def _successor(rng: np.random.Generator, label: RegimeLabel) -> RegimeLabel:
    (first, probability), (second, _) = NEXT[label]
    return first if rng.random() < probability else second


def _dwell(rng: np.random.Generator, label: RegimeLabel, market: MarketTerms) -> int:
    minimum = max(1, round(DWELL_MINIMUM[label] * market.dwell_scale))
    return minimum + int(rng.geometric(1 / (DWELL_MEAN[label] * market.dwell_scale - minimum)))


def _crisis_gap(rng: np.random.Generator, market: MarketTerms) -> int:
    return CRISIS_GAP_MINIMUM_BARS + int(rng.exponential(market.crisis_gap_excess_bars))
