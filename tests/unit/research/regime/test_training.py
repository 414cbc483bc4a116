"""What the model is grown on: the rows that are taken of markets, and the markets that the card names."""

from importlib.resources import files

import msgspec
import numpy as np
import pytest

from tradewind.numeric.regime_chain import Difficulty, MarketTerms
from tradewind.numeric.regime_market import ASSETS
from tradewind.regime.inputs import FEATURES, MODEL_BARS
from tradewind.research.regime.bench import model_answers
from tradewind.research.regime.fitting import contest
from tradewind.research.regime.kinds import LONG, VARIED, MarketKind
from tradewind.research.regime.markets import (
    TARGETS,
    TRAINING_SEEDS,
    VALIDATION_SEEDS,
    LabelledMarket,
    labelled_market,
    scored_rows,
)
from tradewind.research.regime.scores import Answers, score
from tradewind.research.regime.training import sample

CARD = msgspec.json.decode(files("tradewind.regime").joinpath("model-card.json").read_bytes())


def counted(bars: int, assets: int) -> LabelledMarket:
    """A market whose features and labels are the number of the bar."""
    at = np.arange(bars)
    features = np.broadcast_to(at[:, None, None].astype(float), (bars, assets, 3))
    return LabelledMarket(0, Difficulty.EASY, features, at.astype(float), np.broadcast_to(at[:, None], (bars, assets)))


def test_neighbouring_markets_give_other_rows_of_six_assets_at_most() -> None:
    taken = sample([counted(MODEL_BARS + 8, 2), counted(MODEL_BARS + 8, ASSETS + 3)], every=4)
    first, second = taken.labels[:4], taken.labels[4:]
    assert first.tolist() == [MODEL_BARS, MODEL_BARS, MODEL_BARS + 4, MODEL_BARS + 4]
    assert second.tolist() == [MODEL_BARS + 1] * ASSETS + [MODEL_BARS + 5] * ASSETS
    assert (taken.features == taken.labels[:, None]).all()


def test_the_card_names_the_markets_that_training_generates() -> None:
    assert CARD["training_markets"] == msgspec.to_builtins({"long": LONG, **VARIED})
    assert CARD["training_seeds"] == list(TRAINING_SEEDS)
    assert CARD["validation_seeds"] == list(VALIDATION_SEEDS)
    assert tuple(CARD["features"]) == FEATURES


def test_each_kind_of_market_changes_one_thing() -> None:
    for name, kind in VARIED.items():
        changed = msgspec.to_builtins(kind)
        terms = changed.pop("terms", {})
        assert len(changed) + len(terms) == 1, name
    assert MarketKind(terms=MarketTerms()) == MarketKind()


@pytest.mark.parametrize("name", ["high correlation", "loose crises"])
def test_crises_are_found_where_correlation_tells_less(name: str) -> None:
    """A model that was grown on the usual market finds three quarters of them."""
    market = labelled_market(305, Difficulty.MEDIUM, VARIED[name])
    told = contest()
    rows = scored_rows(market)
    answers = []
    for asset in TARGETS:
        labels, probabilities = model_answers(told.model, market.features[rows, asset], told.settings)
        answers.append(Answers(market.labels[rows, asset], labels, probabilities))
    recall = score(answers).crisis_recall
    assert recall is not None
    assert recall >= 0.87
