"""Pairs of instruments that have begun to move together: told once when they rise above a level (SPEC K3)."""

import math
from collections.abc import Mapping

from tradewind.risk.tail_book import BETWEEN

LEAVES_BELOW = 0.05  # a pair counts as apart again so far under the level, so that it is not told at every wiggle


class CorrelationWatch:
    """The pairs that are above the level now."""

    __slots__ = ("level", "together")

    def __init__(self, level: float) -> None:
        self.level = level
        self.together: set[str] = set()

    def take(self, parameters: Mapping[str, float]) -> list[tuple[str, float]]:
        """Take a fit; return the pairs that are above the level and were not, the closest first.

        A pair that the fit does not know is left as it was.
        """
        risen = []
        for pair, covariance in parameters.items():
            one, between, other = pair.partition(BETWEEN)
            variances = parameters.get(one, 0.0) * parameters.get(other, 0.0)
            if not between or not variances > 0:
                continue
            correlation = covariance / math.sqrt(variances)
            if correlation < self.level - LEAVES_BELOW:
                self.together.discard(pair)
            elif correlation >= self.level and pair not in self.together:
                self.together.add(pair)
                risen.append((pair, correlation))
        return sorted(risen, key=lambda each: (-each[1], each[0]))


def told(risen: list[tuple[str, float]], level: float) -> str:
    """Return one line about pairs that have risen above the level."""
    named = ", ".join(f"{pair.replace(BETWEEN, ' and ')} {value:.2f}" for pair, value in risen[:3])
    more = f" and {len(risen) - 3} more" if len(risen) > 3 else ""
    return f"moving together above {level:g}: {named}{more}"
