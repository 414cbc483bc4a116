"""A model that is missing or changed leaves the rules, and says so."""

from importlib.resources import files
from pathlib import Path

import pytest

from tradewind.app.regime import CARD_NAME, MODEL_NAME, load_regime_model, require_regime_model
from tradewind.model.errors import ConfigError
from tradewind.model.regime import MODEL_MISSING, MODEL_REFUSED

SHIPPED = files("tradewind.regime")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (MODEL_NAME, CARD_NAME):
        (tmp_path / name).write_bytes(SHIPPED.joinpath(name).read_bytes())
    return tmp_path


def test_the_shipped_model_loads() -> None:
    loaded = load_regime_model()
    assert loaded.model is not None
    assert (loaded.flag, loaded.message) == ("", "")


@pytest.mark.parametrize("name", [MODEL_NAME, CARD_NAME])
def test_a_missing_file(folder: Path, name: str) -> None:
    (folder / name).unlink()
    loaded = load_regime_model(folder)
    assert (loaded.model, loaded.flag) == (None, MODEL_MISSING)
    assert "the rules answer" in loaded.message


def test_a_changed_model(folder: Path) -> None:
    data = (folder / MODEL_NAME).read_bytes()
    (folder / MODEL_NAME).write_bytes(data.replace(b"1", b"2", 1))
    loaded = load_regime_model(folder)
    assert (loaded.model, loaded.flag) == (None, MODEL_REFUSED)
    with pytest.raises(ConfigError, match="its card says"):
        require_regime_model(folder)


@pytest.mark.parametrize("card", [b"", b"[]", b'{"sha": 1}'])
def test_a_card_without_a_hash(folder: Path, card: bytes) -> None:
    (folder / CARD_NAME).write_bytes(card)
    assert load_regime_model(folder).flag == MODEL_REFUSED
