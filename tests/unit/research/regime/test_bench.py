"""The bench is the classifier, bar by bar, and knows a leak and a trained-on seed when it sees one."""

from dataclasses import dataclass

import msgspec
import numpy as np
import pytest

from tradewind.model.errors import ConfigError
from tradewind.model.regime import CLASSES, RegimeSource
from tradewind.numeric.regime_chain import Difficulty
from tradewind.numeric.regime_market import regime_market
from tradewind.regime.classifier import RegimeClassifier
from tradewind.regime.inputs import MODEL_BARS
from tradewind.regime.rules import RULE_PRECISION
from tradewind.regime.settings import RegimeSettings
from tradewind.research.regime.bench import SHARES, BenchReport, market_answers, rule_answers, run_bench
from tradewind.research.regime.fitting import contest
from tradewind.research.regime.markets import (
    TRAINING_SEEDS,
    VALIDATION_SEEDS,
    LabelledMarket,
    bar_rows,
    labelled_market,
    scored_rows,
    with_future,
)
from tradewind.research.regime.page import bench_page
from tradewind.research.regime.scores import score

CONTEST = contest()
BARS = 700


def short(seed: int, level: Difficulty) -> LabelledMarket:
    whole = labelled_market(seed, level)
    return LabelledMarket(seed, level, *(column[:BARS] for column in whole[2:]))


@dataclass
class Made:
    market: LabelledMarket
    report: BenchReport


@pytest.fixture(scope="module")
def made() -> Made:
    market = short(31, Difficulty.EASY)
    return Made(market, run_bench(CONTEST, Difficulty.EASY, [31], market_of=lambda seed, level: market))


def test_the_bench_says_what_the_classifier_says(made: Made) -> None:
    rows = [each[:BARS] for each in bar_rows(regime_market(31, Difficulty.EASY))]
    names = [f"asset{i}" for i in range(len(rows))]
    classifier = RegimeClassifier(names, model=CONTEST.model)
    said = [
        classifier.update(at, dict(zip(names, bars, strict=True))) for at, bars in enumerate(zip(*rows, strict=True))
    ]
    answers = market_answers(CONTEST, made.market)["model"][0]
    scored = [each[0] for each in said[MODEL_BARS:]]
    assert {each.source for each in scored} == {RegimeSource.MODEL}
    np.testing.assert_array_equal([each.probabilities for each in scored], answers.probabilities)
    # The classifier had held a label of the rules before; from the first switch on, both hold the same.
    labels = np.array([CLASSES.index(each.regime) for each in scored])
    assert (labels == answers.labels)[60:].all()


def test_a_report_is_whole(made: Made) -> None:
    report = made.report
    assert set(report.contenders) == {"model", "rules", "markov", "jumps", "breaks", "majority", "ceiling"}
    assert report.unseen
    assert not report.leak_suspected
    assert report.contenders["model"].accuracy > report.contenders["majority"].accuracy
    page = bench_page(report)
    assert page.count("<h1>") == 1
    assert "{{" not in page


def test_a_model_above_the_ceiling_is_suspected(made: Made) -> None:
    contenders = dict(made.report.contenders)
    contenders["model"] = msgspec.structs.replace(contenders["model"], accuracy=contenders["ceiling"].accuracy + 0.021)
    assert msgspec.structs.replace(made.report, contenders=contenders).leak_suspected


def test_trained_on_seeds_are_told(made: Made) -> None:
    report = run_bench(CONTEST, Difficulty.EASY, [3], market_of=lambda seed, level: made.market)
    assert not report.unseen
    assert "flatter" in bench_page(report)


def test_no_seed_is_no_bench() -> None:
    with pytest.raises(ConfigError, match="at least one seed"):
        run_bench(CONTEST, Difficulty.EASY, [])


def test_the_ceiling_is_shown_the_future_and_nothing_else_is(made: Made) -> None:
    features = made.market.features
    ahead = with_future(features)
    width = features.shape[2]
    np.testing.assert_array_equal(ahead[100, :, width : 2 * width], features[112])
    np.testing.assert_array_equal(ahead[-1, :, 2 * width :], features[-1])
    cut = made.market._replace(
        **{name: getattr(made.market, name)[:650] for name in ("features", "correlation", "labels")}
    )
    whole, part = market_answers(CONTEST, made.market), market_answers(CONTEST, cut)
    for name in ("model", "rules", "markov", "jumps", "breaks"):
        np.testing.assert_array_equal(whole[name][0].labels[:130], part[name][0].labels)
    assert not np.array_equal(whole["ceiling"][0].probabilities[:130], part["ceiling"][0].probabilities)


def test_planted_leak_is_found(made: Made) -> None:
    """A model that is handed the truth scores above the ceiling."""
    answers = market_answers(CONTEST, made.market)
    cheat = [each._replace(labels=each.truth) for each in answers["model"]]
    assert score(cheat).accuracy > score(answers["ceiling"]).accuracy + 0.02


def test_scored_rows_begin_after_the_warm_up(made: Made) -> None:
    rows = scored_rows(made.market)
    assert np.isfinite(made.market.features[rows]).all()
    assert rows.start == MODEL_BARS


def test_files_of_another_training_are_refused(tmp_path: object) -> None:
    from importlib.resources import files
    from pathlib import Path

    folder = Path(str(tmp_path))
    for name in ("model.json", "model-card.json"):
        (folder / name).write_bytes(files("tradewind.regime").joinpath(name).read_bytes())
    with pytest.raises(ConfigError, match="regime train"):
        contest(folder)
    for name in ("ceiling.json", "comparators.json"):
        (folder / name).write_bytes(files("tradewind.research.regime").joinpath(name).read_bytes())
    assert contest(folder).model.sha256 == CONTEST.model.sha256
    (folder / "ceiling.json").write_bytes(b"{}")
    with pytest.raises(ConfigError, match=r"ceiling\.json is not the one"):
        contest(folder)


@pytest.mark.slow
def test_the_tables_of_rules_and_majority_are_counts_of_the_training_seeds() -> None:
    told = np.zeros((len(CLASSES), len(CLASSES)))
    there = np.zeros(len(CLASSES))
    for seed in (*TRAINING_SEEDS, *VALIDATION_SEEDS):
        market = labelled_market(seed, Difficulty.MEDIUM)
        rows = scored_rows(market)
        for asset in range(market.labels.shape[1]):
            truth = market.labels[rows, asset]
            there += np.bincount(truth, minlength=len(CLASSES))
            if seed in TRAINING_SEEDS:
                labels, _ = rule_answers(market.features[rows, asset], market.correlation[rows], RegimeSettings())
                np.add.at(told, (labels, truth), 1)
    np.testing.assert_allclose(RULE_PRECISION, told / told.sum(axis=1, keepdims=True), atol=0.0015)  # rows sum to 1
    np.testing.assert_allclose(SHARES, there / there.sum(), atol=0.001)
