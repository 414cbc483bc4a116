"""The classifier on good and on bad bars: every case has an answer, and none of them invents certainty."""

from collections import Counter

import msgspec
import pytest

from tests.unit.regime.markets import NAMES, rows, steps
from tradewind.app.regime import require_regime_model
from tradewind.model.errors import ConfigError, StateError
from tradewind.model.regime import MODEL_MISSING, Regime, RegimeReading, RegimeSource
from tradewind.numeric.bars import BarRow
from tradewind.regime.classifier import ClassifierState, RegimeClassifier
from tradewind.regime.inputs import MODEL_BARS, RULE_BARS
from tradewind.regime.settings import RegimeSettings

MODEL = require_regime_model()
FLAT = BarRow(5.0, 5.0, 5.0, 5.0, 0.0)


def run(
    classifier: RegimeClassifier, given: list[dict[str, BarRow]], start: int = 0
) -> list[tuple[RegimeReading, ...]]:
    return [classifier.update(start + at, bars) for at, bars in enumerate(given)]


def full(settings: RegimeSettings | None = None) -> RegimeClassifier:
    return RegimeClassifier(NAMES, settings, MODEL)


@pytest.fixture(scope="module")
def said() -> list[tuple[RegimeReading, ...]]:
    return run(full(), steps())


def test_unknown_then_rules_then_model(said: list[tuple[RegimeReading, ...]]) -> None:
    sources = [each[0].source for each in said]
    assert set(sources[: RULE_BARS - 1]) == {RegimeSource.NONE}
    assert set(sources[RULE_BARS - 1 : MODEL_BARS - 1]) == {RegimeSource.RULES}
    assert set(sources[MODEL_BARS - 1 :]) == {RegimeSource.MODEL}
    first = said[0][0]
    assert (first.regime, first.reason, first.confidence) == (Regime.UNKNOWN, "insufficient_data", 0.0)
    assert first.blocks_new_risk


def test_an_answer_is_whole(said: list[tuple[RegimeReading, ...]]) -> None:
    for reading in (said[RULE_BARS][1], said[-1][2]):
        assert sum(reading.probabilities) == pytest.approx(1.0)
        assert reading.confidence in reading.probabilities
        assert {"adx", "choppiness", "atr_normalized", "atr_percentile", "correlation"} <= reading.indicators.keys()
        assert reading.flags == ()
    assert said[-1][2].ts_ns == len(said) - 1
    assert [each.instrument for each in said[-1]] == list(NAMES)


@pytest.mark.parametrize("split", [50, 300, 610])
def test_a_restart_in_mid_series_gives_the_same_answers(split: int, said: list[tuple[RegimeReading, ...]]) -> None:
    given = steps()
    before = full()
    run(before, given[:split])
    kept = msgspec.msgpack.encode(before.state())
    after = full()
    after.restore(msgspec.msgpack.decode(kept, type=ClassifierState))
    assert run(after, given[split:], split) == said[split:]


def test_a_state_of_others_is_refused() -> None:
    other = RegimeClassifier(("A", "B", "D"))
    with pytest.raises(StateError, match="other instruments"):
        full().restore(other.state())
    state = full().state()
    broken = msgspec.structs.replace(state, inputs={"bars": 3})
    with pytest.raises(StateError, match="does not fit"):
        full().restore(broken)


def test_without_a_model_the_rules_answer_and_say_so() -> None:
    last = run(RegimeClassifier(NAMES, missing=MODEL_MISSING), steps())[-1][0]
    assert last.source is RegimeSource.RULES
    assert last.flags == (MODEL_MISSING,)


def test_the_model_can_be_switched_off() -> None:
    last = run(full(RegimeSettings(use_model=False)), steps())[-1][0]
    assert (last.source, last.flags) == (RegimeSource.RULES, ())


def test_one_instrument_alone_is_told_by_rules_with_a_flag() -> None:
    given = [{"A": bar} for bar in rows()[0]]
    said = run(RegimeClassifier(("A",), model=MODEL), given)
    assert said[-1][0].source is RegimeSource.RULES
    assert said[-1][0].flags == ("single_asset",)
    assert "correlation" not in said[-1][0].indicators


def test_constant_prices_have_no_regime() -> None:
    last = run(full(), [dict.fromkeys(NAMES, FLAT)] * 560)[-1][0]
    assert (last.regime, last.reason) == (Regime.UNKNOWN, "flat_prices")
    assert last.blocks_new_risk


def test_two_of_three_standing_still_leave_a_single_asset() -> None:
    given = [{"A": bar, "B": FLAT, "C": FLAT} for bar in rows()[0]]
    last = run(full(), given)[-1]
    assert last[0].source is RegimeSource.RULES
    assert last[0].flags == ("single_asset",)
    assert last[1].regime is Regime.UNKNOWN


def test_zero_volume_changes_nothing(said: list[tuple[RegimeReading, ...]]) -> None:
    def dry(bar: BarRow) -> BarRow:
        return msgspec.structs.replace(bar, volume=0.0)

    assert run(full(), [{name: dry(bar) for name, bar in each.items()} for each in steps()])[-1] == said[-1]


@pytest.mark.parametrize(
    "bad",
    [
        BarRow(float("nan"), 5.0, 5.0, 5.0, 1.0),
        BarRow(5.0, 4.0, 4.0, 5.0, 1.0),
        BarRow(5.0, 6.0, 5.5, 5.0, 1.0),
        BarRow(0.0, 6.0, 0.0, 5.0, 1.0),
    ],
)
def test_a_bad_bar_is_no_bar(bad: BarRow) -> None:
    given = steps()
    one, other = full(), full()
    run(one, given[:600])
    run(other, given[:600])
    broken = one.update(600, {**given[600], "B": bad})
    missing = other.update(600, {name: bar for name, bar in given[600].items() if name != "B"})
    assert broken == missing
    assert "no_bar" in broken[1].flags
    assert one.gaps == {"A": 0, "B": 1, "C": 0}


def test_a_short_gap_holds_the_label_and_a_long_one_warms_up_again() -> None:
    given = steps()
    classifier = full()
    held = run(classifier, given[:600])[-1][1].regime
    gap = [{"A": each["A"], "C": each["C"]} for each in given[600:605]]
    said = [each[1] for each in run(classifier, gap, 600)]
    assert [each.regime for each in said[:3]] == [held] * 3
    assert {each.reason for each in said[3:]} == {"stale_data"}
    back = classifier.update(605, given[605])[1]
    assert (back.regime, back.reason) == (Regime.UNKNOWN, "insufficient_data")


def test_where_nothing_traded_a_gap_is_no_gap() -> None:
    given = steps()
    classifier = full(RegimeSettings(gaps_are_no_trade=True))
    held = run(classifier, given[:600])[-1][1].regime
    said = run(classifier, [{"A": each["A"], "C": each["C"]} for each in given[600:650]], 600)
    assert {each[1].regime for each in said} == {held}
    # Two instruments had bars in the window of the correlation: too few for the model, until the third is back in it.
    back = [each[1] for each in run(classifier, given[650:680], 650)]
    assert "single_asset" in back[0].flags
    assert (back[-1].source, back[-1].flags) == (RegimeSource.MODEL, ())


def test_a_time_without_any_bar_is_survived() -> None:
    classifier = full()
    run(classifier, steps()[:600])
    said = classifier.update(600, {})
    assert all("no_bar" in each.flags for each in said)


def test_a_bar_of_a_stranger_is_our_mistake() -> None:
    with pytest.raises(KeyError, match="no regime is kept of Z"):
        full().update(0, {"Z": FLAT})


@pytest.mark.parametrize("names", [(), ("A", "A", "B")])
def test_instruments_are_named_once(names: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError):
        RegimeClassifier(names)


def test_several_regimes_are_found(said: list[tuple[RegimeReading, ...]]) -> None:
    found = Counter(each.regime for row in said[MODEL_BARS:] for each in row)
    assert len(found) >= 3
