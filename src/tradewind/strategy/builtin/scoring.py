"""The three scores of the scoring bot in [-1, 1], each with a confidence, and what they come to together (SPEC S3)."""

from typing import NamedTuple


class Score(NamedTuple):
    """What one view of the market says, from -1 (sell) to 1 (buy), and how far it is to be believed, from 0 to 1."""

    score: float
    confidence: float


def rsi_score(strength: float, efficiency: float) -> Score:
    """Weakness is a reason to buy: 1 at an RSI of 30 and below; believed where the market goes nowhere.

    Shape   floats -> Score. `efficiency` is Kaufman's ratio: net movement over path.
    """
    return Score(_unit((50.0 - strength) / 20.0), 1.0 - efficiency)


def average_score(fast: float, slow: float, width: float, efficiency: float) -> Score:
    """The distance of two averages in average true ranges; believed where the market goes somewhere."""
    return Score(_unit((fast - slow) / width) if width > 0 else 0.0, efficiency)


def macd_score(line: float, histogram: float, width: float) -> Score:
    """The histogram in quarters of an average true range; half believed where it contradicts its own line."""
    return Score(_unit(4.0 * histogram / width) if width > 0 else 0.0, 1.0 if line * histogram > 0 else 0.5)


def combined(scores: tuple[Score, ...], weights: tuple[float, ...]) -> float:
    """Return the mean of the scores, weighted by weight and confidence; 0 where nothing is believed."""
    total = votes = 0.0
    for (score, confidence), weight in zip(scores, weights, strict=True):
        votes += weight * confidence * score
        total += weight * confidence
    return votes / total if total > 0 else 0.0


def _unit(value: float) -> float:
    return max(-1.0, min(1.0, value))
