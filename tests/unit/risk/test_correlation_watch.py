"""Pairs that begin to move together are told once, and again only after they were apart."""

import math

from tradewind.risk.correlation_watch import CorrelationWatch, told
from tradewind.risk.tail_book import tail_parameters


def fit(*pairs: float) -> dict[str, float]:
    """Return a fit of A, B and C with these correlations of B and A, C and A, C and B; deviations 2, 3 and 4 %."""
    deviations, (ba, ca, cb) = (0.02, 0.03, 0.04), pairs
    matrix = [[1, ba, ca], [ba, 1, cb], [ca, cb, 1]]
    spread = [[matrix[i][j] * deviations[i] * deviations[j] for j in range(3)] for i in range(3)]
    return tail_parameters(["A", "B", "C"], spread, 1.7)


def test_a_pair_is_told_when_it_rises_and_not_while_it_stays() -> None:
    watch = CorrelationWatch(0.7)
    assert watch.take(fit(0.69, 0.1, 0.0)) == []
    assert [pair for pair, _ in watch.take(fit(0.71, 0.1, 0.9))] == ["B|C", "A|B"]
    assert watch.take(fit(0.72, 0.1, 0.95)) == []
    assert watch.take(fit(0.66, 0.1, 0.95)) == []
    assert watch.take(fit(0.72, 0.1, 0.95)) == []
    assert watch.take(fit(0.64, 0.1, 0.95)) == []
    assert [pair for pair, _ in watch.take(fit(0.72, 0.1, 0.95))] == ["A|B"]


def test_what_moves_against_each_other_is_no_spike() -> None:
    assert CorrelationWatch(0.7).take(fit(-0.9, 0.0, 0.0)) == []


def test_a_fit_that_is_broken_or_knows_less_tells_nothing_and_forgets_nothing() -> None:
    watch = CorrelationWatch(0.7)
    watch.take(fit(0.8, 0.0, 0.0))
    assert watch.take({"A": 0.01, "multiplier": 1.6}) == []
    assert watch.take({"A": math.nan, "B": 0.01, "A|B": 1.0}) == []
    assert watch.take(fit(0.8, 0.0, 0.0)) == []


def test_one_line_names_the_closest() -> None:
    risen = [("A|B", 0.91), ("A|C", 0.84), ("B|C", 0.81), ("A|D", 0.72)]
    assert told(risen, 0.7) == "moving together above 0.7: A and B 0.91, A and C 0.84, B and C 0.81 and 1 more"
