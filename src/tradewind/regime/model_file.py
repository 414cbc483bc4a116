"""The trained model as a file: trees, calibration and what they were made of, and its refusal when it is not the one.

No file is opened here: whoever wires the program reads the bytes and the card, and hands them in.
"""

import hashlib

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.model.errors import ConfigError
from tradewind.model.regime import CLASSES
from tradewind.regime.inputs import FEATURES
from tradewind.regime.trees import TESTS, Forest, Tree

FloatArray = NDArray[np.float64]

FORMAT = 1


class ModelFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file holds. Probabilities are the softmax of the scores over `temperature`."""

    format: int
    features: tuple[str, ...]
    classes: tuple[str, ...]
    baseline: tuple[float, ...]
    temperature: float
    trees: tuple[tuple[Tree, ...], ...]


class RegimeModel:
    """A model that is ready to be asked."""

    __slots__ = ("_forest", "_temperature", "sha256")

    def __init__(self, file: ModelFile, sha256: str) -> None:
        self._forest = Forest(file.baseline, file.trees)
        self._temperature = file.temperature
        self.sha256 = sha256

    def scores(self, features: FloatArray) -> FloatArray:
        """Return the raw scores (K, N) of features (F, N), before calibration."""
        return self._forest.scores(features)

    def probabilities(self, features: FloatArray) -> FloatArray:
        """Return calibrated probabilities of the classes.

        Shape   (F, N) -> (K, N), float64; columns sum to 1.
        Timing  Column by column.
        NaN     None for finite features.
        """
        return calibrated(self.scores(features), self._temperature)


def calibrated(scores: FloatArray, temperature: float) -> FloatArray:
    """Return the softmax of scores over the temperature; (K, N) gives (K, N)."""
    odds = scores / temperature
    odds = np.exp(odds - np.maximum.reduce(odds, axis=0))
    return np.asarray(odds / np.add.reduce(odds, axis=0))


def fingerprint(data: bytes) -> str:
    """Return the SHA-256 of a model file, as its card names it."""
    return hashlib.sha256(data).hexdigest()


def encode_model(file: ModelFile) -> bytes:
    """Return the bytes of a model file: JSON, the same for the same model."""
    return msgspec.json.encode(file) + b"\n"


def decode_model(data: bytes, sha256: str, features: tuple[str, ...] = FEATURES) -> RegimeModel:
    """Return the model in `data`, whose card says `sha256` and which reads `features`.

    Raises  ConfigError when the bytes are others than the card names, are no model, or are one of other features.
    """
    found = fingerprint(data)
    if found != sha256:
        raise ConfigError(
            f"the regime model has hash {found[:12]}, its card says {sha256[:12]}: install the package again, or train "
            "anew with `tradewind regime train`"
        )
    try:
        file = msgspec.json.decode(data, type=ModelFile)
    except msgspec.DecodeError as error:
        raise ConfigError(
            f"the regime model cannot be read: {error}: train anew with `tradewind regime train`"
        ) from error
    _check(file, features)
    return RegimeModel(file, found)


def _check(file: ModelFile, features: tuple[str, ...]) -> None:
    classes = tuple(each.value for each in CLASSES)
    if file.format != FORMAT or file.features != features or file.classes != classes:
        raise ConfigError(
            "the regime model was trained for other features or classes than this version has: train anew with "
            "`tradewind regime train`"
        )
    if not file.temperature > 0:
        raise ConfigError(f"the temperature of the regime model must be positive, was {file.temperature}: train anew")
    sizes = {len(file.baseline), *(len(each) for each in file.trees)}
    if sizes != {len(CLASSES)}:
        raise ConfigError("the regime model does not have one tree per class and round: train anew")
    for each_round in file.trees:
        for tree in each_round:
            _check_tree(tree, len(features))


def _check_tree(tree: Tree, features: int) -> None:
    tests, leaves = len(tree.feature), len(tree.values)
    children = (*tree.left, *tree.right)
    fits = (
        tests <= TESTS
        and len(tree.threshold) == len(tree.left) == len(tree.right) == tests
        and leaves == tests + 1
        and all(0 <= feature < features for feature in tree.feature)
        and sorted(children) == [*range(-leaves, 0), *range(1, tests)]
    )
    if not fits:
        raise ConfigError("the regime model holds a tree that is none: train anew with `tradewind regime train`")
