"""The rule tier: four thresholds anyone can follow, always available.

Its confidence is no feeling but a count: how often each label was right on the generated benchmark's training seeds,
and which regimes were there when it was given.

Source  METHODS 1.4.
"""

import math

import msgspec

from tradewind.model.regime import CLASSES
from tradewind.regime.settings import RuleSettings

TRENDING, RANGING, CHOPPY, CRISIS = range(len(CLASSES))
Probabilities = tuple[float, float, float, float]


class RuleInputs(msgspec.Struct, frozen=True):
    """What the rules read of one instrument; `correlation` is None with fewer than three that moved."""

    adx: float
    choppiness: float
    percentile: float
    correlation: float | None


def rule_label(inputs: RuleInputs, settings: RuleSettings) -> int:
    """Return the class by the first rule that holds: crisis, trend, chop, otherwise a range.

    A flat window has no choppiness (NaN): neither a trend nor chop can be claimed of it.
    """
    if inputs.correlation is None:
        crisis = inputs.percentile > settings.crisis_percentile_alone
    else:
        crisis = inputs.correlation > settings.crisis_correlation and inputs.percentile > settings.crisis_percentile
    if crisis:
        return CRISIS
    if math.isnan(inputs.choppiness):
        return RANGING
    if inputs.adx > settings.trend_adx and inputs.choppiness < settings.trend_choppiness:
        return TRENDING
    return CHOPPY if inputs.choppiness > settings.choppy_choppiness else RANGING


RULE_PRECISION: tuple[Probabilities, ...] = (
    (0.641, 0.187, 0.149, 0.023),
    (0.225, 0.508, 0.247, 0.020),
    (0.126, 0.394, 0.471, 0.009),
    (0.070, 0.057, 0.113, 0.760),
)
"""Per reported label, the shares of the regimes that were there: training seeds, medium difficulty, with hysteresis."""
