"""Four rules, in order."""

import math

import pytest

from tradewind.regime.rules import CHOPPY, CRISIS, RANGING, RULE_PRECISION, TRENDING, RuleInputs, rule_label
from tradewind.regime.settings import RuleSettings


@pytest.mark.parametrize(
    ("adx", "choppiness", "percentile", "correlation", "label"),
    [
        (30, 40, 0.96, 0.80, CRISIS),  # above a trend
        (30, 40, 0.95, 0.80, TRENDING),  # at the threshold is not above it
        (30, 40, 0.96, 0.75, TRENDING),
        (30, 40, 0.50, 0.80, TRENDING),
        (25, 40, 0.50, 0.20, RANGING),
        (30, 50, 0.50, 0.20, RANGING),
        (10, 61.8, 0.50, 0.20, RANGING),
        (10, 61.9, 0.50, 0.20, CHOPPY),
        (40, 70, 0.50, 0.20, CHOPPY),
        (10, 55, 0.98, None, RANGING),  # alone, volatility must be extreme
        (10, 55, 0.995, None, CRISIS),
        (30, math.nan, 0.50, 0.20, RANGING),
    ],
)
def test_the_first_rule_that_holds(
    adx: float, choppiness: float, percentile: float, correlation: float | None, label: int
) -> None:
    assert rule_label(RuleInputs(adx, choppiness, percentile, correlation), RuleSettings()) == label


def test_thresholds_are_settings() -> None:
    inputs = RuleInputs(20, 40, 0.5, 0.2)
    assert rule_label(inputs, RuleSettings()) == RANGING
    assert rule_label(inputs, RuleSettings(trend_adx=15)) == TRENDING


def test_the_table_holds_probabilities_whose_label_is_the_likeliest() -> None:
    for label, row in enumerate(RULE_PRECISION):
        assert sum(row) == pytest.approx(1.0)
        assert max(row) == row[label]
