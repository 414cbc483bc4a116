"""Where a bar turns, and which order it meets first."""

import pytest

from tradewind.model.market_events import Bar
from tradewind.simulation.path import turning_points


@pytest.mark.parametrize(
    ("prices", "turns"),
    [
        ((100, 110, 95, 105), (95, 110, 105)),
        ((100, 105, 90, 95), (105, 90, 95)),
        ((100, 110, 90, 100), (90, 110, 100)),
        ((100, 110, 90, 101), (90, 110, 101)),
        ((100, 110, 90, 99), (110, 90, 99)),
        ((100, 100, 100, 100), (100, 100, 100)),
    ],
)
def test_turning_points(prices: tuple[int, int, int, int], turns: tuple[int, int, int]) -> None:
    assert turning_points(Bar("X", 1, 1, *prices)) == turns
