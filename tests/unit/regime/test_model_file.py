"""The shipped model is the one its card names; anything else is refused with a remedy."""

from importlib.resources import files

import msgspec
import numpy as np
import pytest

from tradewind.model.errors import ConfigError
from tradewind.regime.inputs import FEATURES
from tradewind.regime.model_file import ModelFile, calibrated, decode_model, encode_model, fingerprint

DATA = files("tradewind.regime").joinpath("model.json").read_bytes()
CARD = msgspec.json.decode(files("tradewind.regime").joinpath("model-card.json").read_bytes())
FILE = msgspec.json.decode(DATA, type=ModelFile)


def test_the_card_names_the_model() -> None:
    assert CARD["sha256"] == fingerprint(DATA)
    assert CARD["bytes"] == len(DATA)
    assert tuple(CARD["features"]) == FEATURES
    assert not set(CARD["test_seeds"]) & {*CARD["training_seeds"], *CARD["validation_seeds"]}


def test_probabilities_sum_to_one() -> None:
    model = decode_model(DATA, CARD["sha256"])
    features = np.random.default_rng(1).standard_normal((len(FEATURES), 40))
    chances = model.probabilities(features)
    assert chances.shape == (4, 40)
    assert (chances > 0).all()
    np.testing.assert_allclose(chances.sum(axis=0), 1.0, rtol=1e-12)


def test_encoding_gives_the_same_bytes() -> None:
    assert encode_model(FILE) == DATA


def test_other_bytes_are_refused() -> None:
    with pytest.raises(ConfigError, match="its card says"):
        decode_model(DATA + b" ", CARD["sha256"])


def first_tree(**changes: object) -> ModelFile:
    tree = msgspec.structs.replace(FILE.trees[0][0], **changes)
    return msgspec.structs.replace(FILE, trees=((tree, *FILE.trees[0][1:]), *FILE.trees[1:]))


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (msgspec.structs.replace(FILE, features=FEATURES[:-1]), "other features"),
        (msgspec.structs.replace(FILE, format=2), "other features"),
        (msgspec.structs.replace(FILE, classes=("A", "B", "C", "D")), "other features"),
        (msgspec.structs.replace(FILE, baseline=(0.0,)), "one tree per class"),
        (msgspec.structs.replace(FILE, temperature=0.0), "must be positive"),
        (first_tree(feature=(len(FEATURES),) * len(FILE.trees[0][0].feature)), "a tree that is none"),
        (first_tree(values=(0.0,)), "a tree that is none"),
        (first_tree(left=FILE.trees[0][0].right), "a tree that is none"),
    ],
)
def test_a_model_of_another_kind_is_refused(broken: ModelFile, says: str) -> None:
    data = encode_model(broken)
    with pytest.raises(ConfigError, match=says):
        decode_model(data, fingerprint(data))


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        decode_model(b"{}", fingerprint(b"{}"))


def test_calibration_by_hand() -> None:
    scores = np.log(np.array([[0.5], [0.25], [0.125], [0.125]]))
    np.testing.assert_allclose(calibrated(scores, 1.0).ravel(), [0.5, 0.25, 0.125, 0.125])
    np.testing.assert_allclose(calibrated(scores, 0.5).ravel(), np.array([16, 4, 1, 1]) / 22)
