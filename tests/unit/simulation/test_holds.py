"""Holds of single orders and of OCO groups."""

from decimal import Decimal

from tradewind.model.money import ZERO
from tradewind.simulation.holds import Holds


def test_a_group_holds_its_largest_leg_once() -> None:
    holds = Holds()
    holds.change("single", None, ZERO, Decimal(3))
    holds.change("a", "g", ZERO, Decimal(5))
    holds.change("b", "g", ZERO, Decimal(7))
    assert holds.total == 10
    assert holds.by_others("g", Decimal(5)) == 3
    assert holds.by_others(None, Decimal(3)) == 7
    assert holds.by_others(None, ZERO) == 10
    holds.change("b", "g", Decimal(7), Decimal(2))
    assert holds.total == 8
    holds.change("a", "g", Decimal(5), ZERO)
    holds.change("b", "g", Decimal(2), ZERO)
    assert holds.total == 3
    assert holds.by_others("g", ZERO) == 3
