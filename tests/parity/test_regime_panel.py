"""The kernels of a panel and of the forest give the bits of array operations, for few instruments and for many."""

import json

import numpy as np
import pytest

from tests.parity.panel_twin import features_of
from tradewind.app.regime import require_regime_model
from tradewind.regime import features, trees
from tradewind.regime.features import FeaturePanel
from tradewind.regime.inputs import FEATURES
from tradewind.regime.trees import OUTCOMES, TESTS, Forest, Tree

MODEL = require_regime_model()


def market(seed: int, bars: int, assets: int, absent: float = 0.0) -> np.ndarray:
    """(T, 4, N) of random bars, NaN where one is absent."""
    rng = np.random.default_rng(seed)
    close = np.exp(0.01 * rng.standard_t(3, (bars, assets)).clip(-9, 9)).cumprod(axis=0)
    opened = np.concatenate([np.ones((1, assets)), close[:-1]]) * np.exp(0.001 * rng.standard_normal(close.shape))
    high = np.maximum(opened, close) * np.exp(0.004 * rng.random(close.shape))
    low = np.minimum(opened, close) * np.exp(-0.004 * rng.random(close.shape))
    table = np.stack([opened, high, low, close], axis=1)
    gone = rng.random((bars, 1, assets)) < absent
    return np.where(gone, np.nan, table)


@pytest.mark.parametrize("assets", [3, 4, 6, 8, 9, 10, 17, 40, 140])
def test_a_panel_has_the_bits_of_array_operations(assets: int) -> None:
    rows = market(assets, 330, assets)
    panel = FeaturePanel(assets)
    np.testing.assert_array_equal(np.array([panel.update(row).copy() for row in rows]), features_of(rows))


@pytest.mark.parametrize("absent", [0.02, 0.5, 0.9])
def test_a_panel_with_absent_bars_has_the_same_bits(absent: float) -> None:
    rows = market(7, 330, 5, absent)
    rows[:40, :, 1] = np.nan
    rows[200:, :, 2] = np.nan
    panel = FeaturePanel(5)
    np.testing.assert_array_equal(np.array([panel.update(row).copy() for row in rows]), features_of(rows))


def test_the_kernels_mean_the_same_when_nobody_compiles_them(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = market(1, 60, 4, absent=0.1)
    quick, plain = FeaturePanel(4), FeaturePanel(4)
    seen = np.array([quick.update(row).copy() for row in rows])
    scores = MODEL.scores(np.ones((len(FEATURES), 2)))
    for module in (features, trees):
        monkeypatch.setattr(module, "compiled", lambda function: function)
    np.testing.assert_array_equal(np.array([plain.update(row).copy() for row in rows]), seen)
    np.testing.assert_array_equal(MODEL.scores(np.ones((len(FEATURES), 2))), scores)


@pytest.mark.parametrize("columns", [1, 3, 6, 40])
def test_the_shipped_forest_has_the_bits_of_array_operations(columns: int) -> None:
    rows = np.random.default_rng(columns).standard_normal((len(FEATURES), columns))
    rows[::7, 0] = np.nan
    np.testing.assert_array_equal(MODEL.scores(rows), array_scores(shipped(), rows))


def shipped() -> tuple[list[float], list[list[Tree]]]:
    """The baseline and the trees of the file that is installed."""
    from importlib.resources import files

    raw = json.loads(files("tradewind.regime").joinpath("model.json").read_text(encoding="utf-8"))
    named = [[Tree(**{name: tuple(each) for name, each in tree.items()}) for tree in row] for row in raw["trees"]]
    return raw["baseline"], named


def array_scores(model: tuple[list[float], list[list[Tree]]], rows: np.ndarray) -> np.ndarray:
    """All tests of all trees at once; eight make a byte, the byte finds the answer, rounds are summed in order."""
    baseline, trees = model
    flat = [tree for each in trees for tree in each]
    features, thresholds = np.zeros((len(flat), TESTS), dtype=np.intp), np.full((len(flat), TESTS), np.inf)
    for row, tree in enumerate(flat):
        features[row, : len(tree.feature)] = tree.feature
        thresholds[row, : len(tree.threshold)] = tree.threshold
    right = rows.T[:, features.ravel()] > thresholds.ravel()
    codes = np.packbits(right.ravel(), bitorder="little").reshape(rows.shape[1], -1)
    table = Forest(baseline, trees).answers.ravel()
    answers = table[codes + np.arange(len(flat)) * OUTCOMES].reshape(rows.shape[1], -1, len(baseline))
    answers[:, 0] += np.array(baseline)
    return np.asarray(np.add.reduce(answers, axis=1).T)
