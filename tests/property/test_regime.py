"""A classifier cut anywhere, with bars missing anywhere, goes on as if it had not been."""

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.regime.markets import NAMES, steps
from tradewind.app.regime import require_regime_model
from tradewind.model.regime import CLASSES, Regime
from tradewind.numeric.bars import BarRow, reject_reason
from tradewind.regime.classifier import ClassifierState, RegimeClassifier, sound
from tradewind.regime.features import FeaturePanel

MODEL = require_regime_model()
BARS = 590


def warm() -> ClassifierState:
    classifier = RegimeClassifier(NAMES, model=MODEL)
    for at, bars in enumerate(steps()[:540]):
        classifier.update(at, bars)
    return classifier.state()


WARM = warm()
HOLES = st.sets(st.tuples(st.integers(540, BARS - 1), st.sampled_from(NAMES)), max_size=25)


@settings(max_examples=10)
@given(split=st.integers(540, BARS - 1), holes=HOLES)
def test_a_restart_changes_nothing(split: int, holes: set[tuple[int, str]]) -> None:
    rows = [
        (at, {name: bar for name, bar in bars.items() if (at, name) not in holes})
        for at, bars in enumerate(steps()[:BARS])
    ][540:]
    through, before, after = (RegimeClassifier(NAMES, model=MODEL) for _ in range(3))
    through.restore(WARM)
    before.restore(WARM)
    whole = [through.update(at, bars) for at, bars in rows]
    first = [before.update(at, bars) for at, bars in rows if at < split]
    after.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(before.state()), type=ClassifierState))
    rest = [after.update(at, bars) for at, bars in rows if at >= split]
    assert first + rest == whole
    assert after.gaps == through.gaps


@settings(max_examples=10)
@given(holes=HOLES)
def test_every_answer_is_one(holes: set[tuple[int, str]]) -> None:
    classifier = RegimeClassifier(NAMES, model=MODEL)
    classifier.restore(WARM)
    for at, bars in list(enumerate(steps()))[540:BARS]:
        for each in classifier.update(at, {name: bar for name, bar in bars.items() if (at, name) not in holes}):
            if each.regime is Regime.UNKNOWN:
                assert each.reason
                assert each.probabilities == (0.0, 0.0, 0.0, 0.0)
            else:
                assert abs(sum(each.probabilities) - 1.0) < 1e-9
                assert each.confidence == each.probabilities[CLASSES.index(each.regime)]


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.floats(1e-6, 0.2),
    assets=st.integers(3, 6),
    absent=st.floats(0.0, 0.4),
)
def test_features_are_finite_for_any_bars(seed: int, size: float, assets: int, absent: float) -> None:
    rng = np.random.default_rng(seed)
    close = np.exp(size * rng.standard_t(2.5, (80, assets)).clip(-20, 20)).cumprod(axis=0).clip(1e-9, 1e9)
    opened = np.concatenate([close[:1], close[:-1]])
    high = np.maximum(opened, close) * np.exp(size * rng.random(close.shape))
    low = np.minimum(opened, close) * np.exp(-size * rng.random(close.shape))
    panel = FeaturePanel(assets)
    for bars, gone in zip(np.stack([opened, high, low, close], axis=1), rng.random(close.shape) < absent, strict=True):
        assert np.isfinite(panel.update(np.where(gone, np.nan, bars))).all()


ANY = st.one_of(st.floats(-1, 3), st.sampled_from([0.0, 1.0, 2.0, float("nan"), float("inf"), -float("inf")]))


@given(st.tuples(ANY, ANY, ANY, ANY, ANY))
def test_sound_is_what_no_reason_rejects(columns: tuple[float, float, float, float, float]) -> None:
    bar = BarRow(*columns)
    assert sound(bar) == (reject_reason(bar) is None)
