"""Could it be luck? Probabilities about a Sharpe ratio or a share, given how long and how often one looked."""

import math
from statistics import NormalDist
from typing import NamedTuple

EULER_MASCHERONI = 0.5772156649
_NORMAL = NormalDist()


class DeflatedSharpe(NamedTuple):
    """The Sharpe ratio that the best of many worthless trials would show, and the probability to be above it."""

    expected_max_sharpe: float
    probability: float | None


class Interval(NamedTuple):
    low: float
    high: float


def probabilistic_sharpe(
    sharpe: float, benchmark: float, observations: int, skew: float, kurtosis: float
) -> float | None:
    """The probability that the true Sharpe ratio exceeds `benchmark`, given the length and shape of the record.

    Shape   floats -> probability. Sharpe and benchmark per period; kurtosis is raw (3 for a normal).
    Timing  None.
    NaN     NaN in, NaN out. Below two observations, or where the variance estimate is not positive: None.
    Raises  nothing.
    Source  Bailey and Lopez de Prado (2012), The Sharpe ratio efficient frontier.
    """
    variance = 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe * sharpe
    if observations < 2 or variance <= 0:
        return None
    return _NORMAL.cdf((sharpe - benchmark) * math.sqrt(observations - 1) / math.sqrt(variance))


def expected_max_sharpe(trials: int, trial_variance: float) -> float:
    """The Sharpe ratio per period that the best of `trials` independent worthless strategies is expected to show.

    Shape   count, variance of the trials' Sharpe ratios -> float; 0 for one trial.
    Timing  Trials are counted by the system that ran them, never typed in.
    NaN     NaN in, NaN out.
    Raises  ValueError below one trial or on a negative variance.
    Source  Bailey and Lopez de Prado (2014), The deflated Sharpe ratio.
    """
    if trials < 1:
        raise ValueError(f"trials must be at least 1, was {trials}")
    if trial_variance < 0:
        raise ValueError(f"trial_variance must not be negative, was {trial_variance}")
    if trials == 1:
        return 0.0
    usual = _NORMAL.inv_cdf(1 - 1 / trials)
    extreme = _NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    return math.sqrt(trial_variance) * ((1 - EULER_MASCHERONI) * usual + EULER_MASCHERONI * extreme)


def deflated_sharpe(
    sharpe: float, observations: int, skew: float, kurtosis: float, trials: int, trial_variance: float
) -> DeflatedSharpe:
    """The probabilistic Sharpe ratio against what the best of `trials` worthless strategies would show.

    Shape   floats per period -> expected maximum and probability.
    Timing  As `expected_max_sharpe`.
    NaN     As `probabilistic_sharpe`.
    Raises  ValueError as `expected_max_sharpe`.
    Source  Bailey and Lopez de Prado (2014), The deflated Sharpe ratio.
    """
    benchmark = expected_max_sharpe(trials, trial_variance)
    return DeflatedSharpe(benchmark, probabilistic_sharpe(sharpe, benchmark, observations, skew, kurtosis))


def wilson_interval(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """The Wilson score interval of a share: inside [0, 1] even for all or none.

    Shape   counts -> two shares.
    Timing  None.
    NaN     None.
    Raises  ValueError on impossible counts or a confidence outside (0, 1).
    Source  Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials are impossible")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, was {confidence}")
    z = _NORMAL.inv_cdf((1 + confidence) / 2)
    share = successes / trials
    scale = 1 + z * z / trials
    centre = (share + z * z / (2 * trials)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    low = centre - half if successes else 0.0
    return Interval(low, centre + half if successes < trials else 1.0)
