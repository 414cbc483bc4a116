"""The shipped regime model, read and checked, and what to say where it cannot be used."""

from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import msgspec

from tradewind.model.errors import ConfigError, StateError
from tradewind.model.regime import MODEL_MISSING, MODEL_REFUSED
from tradewind.regime.model_file import RegimeModel, decode_model

MODEL_NAME = "model.json"
CARD_NAME = "model-card.json"


class LoadedModel(NamedTuple):
    """The model, or None with the flag that answers carry then and a sentence for people."""

    model: RegimeModel | None
    flag: str = ""
    message: str = ""


def load_regime_model(folder: Path | None = None) -> LoadedModel:
    """Return the model of a folder, by default the shipped one.

    A model that is missing or not the one its card names is no error: the rules answer instead, and say so.
    """
    try:
        return LoadedModel(require_regime_model(folder))
    except FileNotFoundError as error:
        message = f"no regime model: {error}; the rules answer. `tradewind regime train` makes one"
        return LoadedModel(None, MODEL_MISSING, message)
    except ConfigError as error:
        return LoadedModel(None, MODEL_REFUSED, f"{error}; until then the rules answer")


def require_regime_model(folder: Path | None = None) -> RegimeModel:
    """Return the model of a folder, by default the shipped one.

    Raises  FileNotFoundError when model or card is not there; ConfigError when the model is not what its card says.
    """
    place = files("tradewind.regime") if folder is None else folder
    data = place.joinpath(MODEL_NAME).read_bytes()
    try:
        card = msgspec.json.decode(place.joinpath(CARD_NAME).read_bytes())
        sha256 = card["sha256"]
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise ConfigError(f"the card of the regime model names no hash: {error}: install the package again") from error
    return decode_model(data, str(sha256))


def model_of_hash(sha256: str) -> RegimeModel:
    """Return the shipped model, where it is the one that a record names.

    Raises  StateError when another one is installed, or none.
    """
    loaded = load_regime_model()
    if loaded.model is None or loaded.model.sha256 != sha256:
        raise StateError(
            f"this was recorded with regime model {sha256[:12]}, which is not the one installed: use the version of "
            "tradewind that recorded it"
        )
    return loaded.model
