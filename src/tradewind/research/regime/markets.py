"""Generated markets as a classifier sees them: features per bar and instrument beside the regime that made the bar."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.numeric.bars import BarArrays, BarRow
from tradewind.numeric.regime_chain import Difficulty
from tradewind.numeric.regime_market import RegimeMarket, regime_market
from tradewind.regime.inputs import MODEL_BARS, PanelInputs
from tradewind.research.regime.kinds import USUAL, MarketKind

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

TRAINING_SEEDS = range(8)
VALIDATION_SEEDS = range(8, 10)
TARGETS = (0, 1)
"""The assets that are scored; the others only lend their company."""

LOOK_AHEADS = (12, 24)


class LabelledMarket(NamedTuple):
    """Features (T, N, F), the correlation of all (T,) and labels (T, N); the first rows are not defined (NaN)."""

    seed: int
    difficulty: Difficulty
    features: FloatArray
    correlation: FloatArray
    labels: IntArray


def labelled_market(seed: int, difficulty: Difficulty, kind: MarketKind = USUAL) -> LabelledMarket:
    """Return a generated market with the features of every bar, as a stream sees them."""
    market = regime_market(
        seed, difficulty, assets=kind.assets, bars=kind.bars, sub_steps=kind.sub_steps, terms=kind.terms
    )
    rows = bar_rows(market)
    inputs = PanelInputs(len(rows))
    features, correlation = [], []
    for row in zip(*rows, strict=True):
        inputs.update(row)
        features.append(inputs.features.T.copy())
        correlation.append(np.nan if inputs.correlation is None else inputs.correlation)
    labels = market.labels.astype(np.int64)
    return LabelledMarket(seed, difficulty, np.stack(features), np.array(correlation), labels)


def bar_rows(market: RegimeMarket) -> list[list[BarRow]]:
    """Return the bars of each asset, one after another."""
    return [list(_columns(market, asset).rows()) for asset in range(market.close.shape[1])]


def scored_rows(market: LabelledMarket) -> slice:
    """Return the rows after the warm-up, the ones that are trained on and scored."""
    return slice(MODEL_BARS, market.labels.shape[0])


def with_future(features: FloatArray) -> FloatArray:
    """Return the features of a bar beside those 12 and 24 bars later, for the ceiling only.

    Shape   (T, N, F) -> (T, N, 3F). Near the end the last bar stands for those that are not there.
    Timing  Deliberately acausal.
    """
    rows = np.arange(features.shape[0])
    ahead = [features[np.minimum(rows + bars, rows[-1])] for bars in LOOK_AHEADS]
    return np.concatenate([features, *ahead], axis=2)


def _columns(market: RegimeMarket, asset: int) -> BarArrays:
    opened, high, low, close, volume = (np.ascontiguousarray(each[:, asset]) for each in market[:5])
    return BarArrays(opened, high, low, close, volume)
