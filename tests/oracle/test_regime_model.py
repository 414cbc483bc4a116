"""Our evaluation of the trees against the library that grew them, and our Brier score and ECE against its own."""

import numpy as np
import pytest

from tradewind.regime.trees import Forest
from tradewind.research.regime.scores import brier, expected_calibration_error

pytestmark = pytest.mark.oracle


def test_scores_equal_the_library_to_the_last_bit() -> None:
    pytest.importorskip("sklearn")
    from tradewind.research.regime.training import Sample, exported, grown

    rng = np.random.default_rng(2)
    features = rng.standard_normal((6000, 10)).round(1)  # ties with thresholds
    labels = (np.abs(features[:, 0]) + features[:, 1] * features[:, 2] > 1).astype(int) + 2 * (features[:, 3] > 0.4)
    model = grown(Sample(features, labels), rounds=12)
    ours = Forest(*exported(model)).scores(np.ascontiguousarray(features.T))
    np.testing.assert_array_equal(ours.T, model.decision_function(features))
    assert (ours.argmax(axis=0) == model.predict(features)).all()


def test_brier_is_the_sum_over_classes() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(3)
    chances = rng.dirichlet(np.ones(4), 500)
    truth = rng.integers(0, 4, 500)
    theirs = sum(metrics.brier_score_loss((truth == k).astype(int), chances[:, k]) for k in range(4))
    assert brier(chances, truth) == pytest.approx(theirs, abs=1e-12)


def test_brier_of_all_classes_at_once() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(4)
    chances, truth = rng.dirichlet(np.ones(4), 500), rng.integers(0, 4, 500)
    theirs = metrics.brier_score_loss(truth, chances, labels=[0, 1, 2, 3], scale_by_half=False)
    assert brier(chances, truth) == pytest.approx(theirs, abs=1e-12)


def test_calibration_error_is_the_weighted_gap_of_the_reliability_curve() -> None:
    calibration = pytest.importorskip("sklearn.calibration")
    rng = np.random.default_rng(5)
    confidence = rng.beta(4, 2, 3000)
    right = rng.random(3000) < confidence**1.5
    hit, sure = calibration.calibration_curve(right, confidence, n_bins=10, strategy="uniform")
    held = np.histogram(confidence, bins=10, range=(0, 1))[0]
    theirs = float((held[held > 0] / 3000) @ np.abs(hit - sure))
    assert expected_calibration_error(confidence, right) == pytest.approx(theirs, abs=1e-12)
