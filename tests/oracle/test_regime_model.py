"""Our evaluation of the trees against the library that grew them, and our Brier score against its own."""

import numpy as np
import pytest

from tradewind.regime.trees import Forest
from tradewind.research.regime.scores import brier

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
