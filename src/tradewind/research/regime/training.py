"""How the shipped model is made: gradient boosting on the training seeds, calibrated on the validation seeds.

One model for all difficulties and kinds of markets: nobody tells it what it is asked about. The library grows the trees
and is not needed afterwards. The ceiling, grown on the usual markets, was also shown the future; it exposes leaks.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.model.errors import ConfigError
from tradewind.model.regime import CLASSES
from tradewind.numeric.regime_chain import Difficulty
from tradewind.numeric.regime_market import ASSETS
from tradewind.regime.inputs import FEATURES
from tradewind.regime.model_file import FORMAT, ModelFile
from tradewind.regime.trees import TESTS, Forest, Tree
from tradewind.research.regime.calibration import fit_temperature
from tradewind.research.regime.kinds import LONG, USUAL, VARIED, MarketKind
from tradewind.research.regime.markets import (
    LOOK_AHEADS,
    TRAINING_SEEDS,
    VALIDATION_SEEDS,
    LabelledMarket,
    labelled_market,
    scored_rows,
    with_future,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

ROUNDS = 55
LEARNING_RATE = 0.15
SHRINKAGE = 10.0
BINS = 64
LEAF_ROWS, CEILING_LEAF_ROWS = 1200, 600
LONG_EVERY, VARIED_EVERY, USUAL_EVERY = 4, 6, 2
"""Neighbouring bars say nearly the same: one in so many is taken of a market."""


class Sample(NamedTuple):
    """Features (n, F) and labels (n,) of many markets."""

    features: FloatArray
    labels: IntArray


def model_file(rounds: int = ROUNDS) -> ModelFile:
    """Return the model that ships: grown on long and on varied markets, calibrated on long ones.

    Raises  ConfigError when the extra `research` is not installed.
    """
    long = sample(labelled(TRAINING_SEEDS, [LONG]), every=LONG_EVERY)
    varied = sample(labelled(TRAINING_SEEDS, VARIED.values()), every=VARIED_EVERY)
    training = Sample(*(np.concatenate(both) for both in zip(long, varied, strict=True)))
    validation = sample(labelled(VALIDATION_SEEDS, [LONG]), every=LONG_EVERY)
    return train_model(training, validation, FEATURES, rounds=rounds, leaf_rows=LEAF_ROWS)


def ceiling_file(usual: Sequence[LabelledMarket], rounds: int = ROUNDS) -> ModelFile:
    """Return the ceiling, grown on the usual training markets with sight of the future.

    Raises  ConfigError when the extra `research` is not installed.
    """
    training = sample(usual, every=USUAL_EVERY, future=True)
    validation = sample(labelled(VALIDATION_SEEDS, [USUAL]), every=USUAL_EVERY, future=True)
    return train_model(training, validation, ahead_names(), rounds=rounds, leaf_rows=CEILING_LEAF_ROWS)


def labelled(seeds: Sequence[int], kinds: Iterable[MarketKind]) -> Iterator[LabelledMarket]:
    """Return the markets of all kinds and difficulties of the seeds, one after another."""
    for kind in kinds:
        for difficulty in Difficulty:
            for seed in seeds:
                yield labelled_market(seed, difficulty, kind)


def sample(markets: Iterable[LabelledMarket], *, every: int, future: bool = False) -> Sample:
    """Return one in `every` row of the markets, other rows in each, of six assets at most."""
    features, labels = [], []
    for number, market in enumerate(markets):
        rows = scored_rows(market)
        seen = with_future(market.features) if future else market.features
        chosen = slice(rows.start + number % every, rows.stop, every)
        features.append(seen[chosen, :ASSETS].reshape(-1, seen.shape[2]))
        labels.append(market.labels[chosen, :ASSETS].reshape(-1))
    return Sample(np.concatenate(features), np.concatenate(labels))


def train_model(
    training: Sample, validation: Sample, features: tuple[str, ...], *, rounds: int, leaf_rows: int
) -> ModelFile:
    """Return a model grown on one sample and calibrated on the other.

    Raises  ConfigError when the extra `research` is not installed.
    """
    baseline, trees = exported(grown(training, rounds, leaf_rows))
    scores = Forest(baseline, trees).scores(validation.features.T)
    return ModelFile(
        format=FORMAT,
        features=features,
        classes=tuple(each.value for each in CLASSES),
        baseline=baseline,
        temperature=fit_temperature(scores, validation.labels),
        trees=trees,
    )


def ahead_names() -> tuple[str, ...]:
    """Return the names of the ceiling's features."""
    return (*FEATURES, *(f"{name}+{bars}" for bars in LOOK_AHEADS for name in FEATURES))


def grown(training: Sample, rounds: int, leaf_rows: int = LEAF_ROWS) -> Any:
    """Return the library's model of a sample."""
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
    except ImportError as error:
        raise ConfigError("training grows its trees with scikit-learn: install tradewind[research]") from error
    return HistGradientBoostingClassifier(
        max_leaf_nodes=TESTS + 1,
        max_iter=rounds,
        learning_rate=LEARNING_RATE,
        l2_regularization=SHRINKAGE,
        min_samples_leaf=leaf_rows,
        max_bins=BINS,
        early_stopping=False,
        random_state=0,
    ).fit(training.features, training.labels)


def exported(model: Any) -> tuple[tuple[float, ...], tuple[tuple[Tree, ...], ...]]:
    """Return the baseline and the trees of the library's model."""
    baseline = tuple(float(each) for each in model._baseline_prediction.ravel())
    return baseline, tuple(tuple(_tree(one.nodes) for one in each_round) for each_round in model._predictors)


def _tree(nodes: NDArray[Any]) -> Tree:
    inner = [place for place, node in enumerate(nodes) if not node["is_leaf"]]
    leaves = [place for place, node in enumerate(nodes) if node["is_leaf"]]
    name = {place: number for number, place in enumerate(inner)}
    name |= {place: -1 - number for number, place in enumerate(leaves)}
    tests = [nodes[place] for place in inner]
    return Tree(
        feature=tuple(int(node["feature_idx"]) for node in tests),
        threshold=tuple(float(node["num_threshold"]) for node in tests),
        left=tuple(name[int(node["left"])] for node in tests),
        right=tuple(name[int(node["right"])] for node in tests),
        values=tuple(float(nodes[place]["value"]) for place in leaves),
    )
