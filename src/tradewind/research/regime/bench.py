"""RegimeBench: all contenders on the same generated markets, bar by bar, with the ceiling beside them.

Source  METHODS 1.6.
"""

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.model.errors import ConfigError
from tradewind.model.regime import CLASSES
from tradewind.numeric.regime_chain import Difficulty
from tradewind.regime.hysteresis import Held, confirm, follow
from tradewind.regime.inputs import FEATURES
from tradewind.regime.model_file import RegimeModel
from tradewind.regime.rules import RULE_PRECISION, RuleInputs, rule_label
from tradewind.regime.settings import RegimeSettings
from tradewind.research.regime.breaks import run_states
from tradewind.research.regime.comparators import Comparators, filtered, jump_online
from tradewind.research.regime.markets import (
    TARGETS,
    TRAINING_SEEDS,
    VALIDATION_SEEDS,
    LabelledMarket,
    labelled_market,
    scored_rows,
    with_future,
)
from tradewind.research.regime.scores import Answers, Scores, score

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

CONTENDERS = ("model", "rules", "markov", "jumps", "breaks", "majority", "ceiling")
RULE_COLUMNS = [FEATURES.index(name) for name in ("adx", "choppiness", "atr_percentile")]
LEAK_POINTS = 0.02


class Contest(NamedTuple):
    """What the contenders need: the model, one that also sees the future, the fitted rivals, the settings."""

    model: RegimeModel
    ceiling: RegimeModel
    comparators: Comparators
    settings: RegimeSettings = RegimeSettings()


class BenchReport(msgspec.Struct, frozen=True):
    """Figures of each contender, accuracies of each seed, and whether any seed was trained on."""

    level: str
    seeds: tuple[int, ...]
    assets: int
    bars: int
    contenders: dict[str, Scores]
    accuracies: dict[str, tuple[float, ...]]
    unseen: bool

    @property
    def spreads(self) -> dict[str, float | None]:
        """Return the standard deviation of each contender's accuracy between the seeds, None of one seed."""
        return {name: statistics.stdev(values) if len(values) > 1 else None for name, values in self.accuracies.items()}

    @property
    def leak_suspected(self) -> bool:
        """Return whether the model beats the contender that knows the future by more than two points."""
        return self.contenders["model"].accuracy > self.contenders["ceiling"].accuracy + LEAK_POINTS


def run_bench(
    contest: Contest,
    level: Difficulty,
    seeds: Sequence[int],
    *,
    market_of: Callable[[int, Difficulty], LabelledMarket] = labelled_market,
    progress: Callable[[int, int], None] | None = None,
) -> BenchReport:
    """Return the report on generated markets of some seeds.

    Raises  ConfigError without seeds.
    """
    if not seeds:
        raise ConfigError("a bench needs at least one seed: give --seeds 10-15")
    answers: dict[str, list[list[Answers]]] = {name: [] for name in CONTENDERS}
    bars = assets = 0
    for number, seed in enumerate(seeds):
        market = market_of(seed, level)
        bars, assets = market.labels.shape
        found = market_answers(contest, market)
        for name in CONTENDERS:
            answers[name].append(found[name])
        if progress is not None:
            progress(number + 1, len(seeds))
    return BenchReport(
        level=level.value,
        seeds=tuple(seeds),
        assets=assets,
        bars=bars,
        contenders={name: score([one for each in per_seed for one in each]) for name, per_seed in answers.items()},
        accuracies={name: tuple(score(each).accuracy for each in per_seed) for name, per_seed in answers.items()},
        unseen=not set(seeds) & {*TRAINING_SEEDS, *VALIDATION_SEEDS},
    )


def market_answers(contest: Contest, market: LabelledMarket) -> dict[str, list[Answers]]:
    """Return what each contender says of a market's target assets."""
    rows = scored_rows(market)
    ahead = with_future(market.features)
    found: dict[str, list[Answers]] = {name: [] for name in CONTENDERS}
    for asset in TARGETS:
        truth, features = market.labels[rows, asset], market.features[rows, asset]
        said = {
            "model": model_answers(contest.model, features, contest.settings),
            "ceiling": model_answers(contest.ceiling, ahead[rows, asset], contest.settings),
            "rules": rule_answers(features, market.correlation[rows], contest.settings),
            "markov": markov_answers(contest.comparators, features),
            "jumps": jump_answers(contest.comparators, features),
            "breaks": break_answers(contest.comparators, features),
            "majority": majority_answers(truth.size),
        }
        for name, (labels, probabilities) in said.items():
            found[name].append(Answers(truth, labels, probabilities))
    return found


def model_answers(model: RegimeModel, features: FloatArray, settings: RegimeSettings) -> tuple[IntArray, FloatArray]:
    """Return the labels after hysteresis and the probabilities of the model tier; features (T, F)."""
    probabilities = model.probabilities(np.ascontiguousarray(features.T)).T
    held, labels = Held(), []
    for row in probabilities.tolist():
        held = follow(held, row, settings.hysteresis)
        labels.append(held.held)
    return np.array(labels), probabilities


def rule_answers(
    features: FloatArray, correlation: FloatArray, settings: RegimeSettings
) -> tuple[IntArray, FloatArray]:
    """Return the labels after confirmation of the rule tier, and the shares of its table."""
    held, labels = Held(), []
    for inputs in _rule_inputs(features, correlation):
        held = confirm(held, rule_label(inputs, settings.rules), settings.hysteresis)
        labels.append(held.held)
    return np.array(labels), np.array([RULE_PRECISION[label] for label in labels])


def markov_answers(comparators: Comparators, features: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the likeliest class of each bar by the filter, and its probabilities."""
    states = filtered(comparators.inputs(features), comparators.markov)
    probabilities = np.empty_like(states)
    probabilities[:, comparators.markov.classes] = states
    return probabilities.argmax(axis=1), probabilities


def jump_answers(comparators: Comparators, features: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the class of each bar's cheapest state; it is certain of what it says, having no probabilities."""
    jumps = comparators.jumps
    _, states = jump_online(comparators.inputs(features), np.array(jumps.centres), jumps.penalty)
    labels = np.array(jumps.classes)[states]
    return labels, np.eye(len(CLASSES))[labels]


def break_answers(comparators: Comparators, features: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the likeliest class of each bar by the run that it is in, and the probabilities over all runs."""
    jumps = comparators.jumps
    states = run_states(comparators.inputs(features), np.array(jumps.centres))
    probabilities = np.empty_like(states)
    probabilities[:, jumps.classes] = states
    return probabilities.argmax(axis=1), probabilities


def majority_answers(bars: int) -> tuple[IntArray, FloatArray]:
    """Return the most frequent class of the training seeds for every bar."""
    return np.full(bars, MAJORITY), np.tile(np.array(SHARES), (bars, 1))


SHARES = (0.367, 0.366, 0.221, 0.046)
"""How often each class is there on the training and validation seeds, medium difficulty."""

MAJORITY = SHARES.index(max(SHARES))


def _rule_inputs(features: FloatArray, correlation: FloatArray) -> Iterator[RuleInputs]:
    rows = zip(features[:, RULE_COLUMNS].tolist(), correlation.tolist(), strict=True)
    for (adx, choppiness, percentile), together in rows:
        yield RuleInputs(adx, choppiness, percentile, None if math.isnan(together) else together)
