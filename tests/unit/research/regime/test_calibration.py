"""Calibration finds the boldness that made the scores."""

import numpy as np
import pytest

from tradewind.regime.model_file import calibrated
from tradewind.research.regime.calibration import fit_temperature, log_loss
from tradewind.research.regime.scores import expected_calibration_error


def drawn(scale: float, rows: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Scores that are `scale` times too bold, and labels drawn by the honest ones."""
    rng = np.random.default_rng(5)
    honest = rng.standard_normal((4, rows))
    chance = np.exp(honest) / np.exp(honest).sum(axis=0)
    labels = (rng.random(rows) > chance.cumsum(axis=0)).sum(axis=0)
    return honest * scale, np.minimum(labels, 3)


def test_boldness_is_taken_back() -> None:
    scores, labels = drawn(3.0)
    temperature = fit_temperature(scores, labels)
    assert temperature == pytest.approx(3.0, rel=0.05)

    def error(chances: np.ndarray) -> float:
        return expected_calibration_error(chances.max(axis=0), chances.argmax(axis=0) == labels)

    assert error(calibrated(scores, 1.0)) > 0.15
    assert error(calibrated(scores, temperature)) < 0.02


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_no_temperature_near_it_loses_less(factor: float) -> None:
    scores, labels = drawn(0.5)
    best = fit_temperature(scores, labels)
    assert log_loss(scores, labels, best) <= log_loss(scores, labels, best * factor)


def test_nothing_to_calibrate_with_is_said() -> None:
    with pytest.raises(ValueError, match="needs rows"):
        fit_temperature(np.zeros((4, 0)), np.array([], dtype=int))
