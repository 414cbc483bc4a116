"""The expectancy gate: two takers and the spread must be paid for."""

import math
from decimal import Decimal

import pytest

from tradewind.portfolio.edge_gate import edge_gate

D = Decimal


@pytest.mark.parametrize(("edge", "passes"), [(89.9, False), (90, True), (D("90.1"), True), (-5, False)])
def test_the_edge_must_reach_two_takers_and_the_spread(edge: float | Decimal, passes: bool) -> None:
    answer = edge_gate(edge, D("0.004"), D(10))
    assert answer.passes is passes
    assert answer.hurdle_bps == 90


@pytest.mark.parametrize("edge", [None, math.nan, math.inf])
def test_an_unknown_edge_does_not_pass(edge: float | None) -> None:
    answer = edge_gate(edge, D("0.004"), D(10))
    assert not answer.passes
    assert "not known" in answer.reason


def test_an_operator_can_let_it_trade_on_record() -> None:
    answer = edge_gate(5, D("0.004"), D(10), override="ada")
    assert answer.passes
    assert answer.overridden == "ada"
    assert "below 90 bps; ada lets it trade" in answer.reason


def test_an_override_of_what_passes_is_none() -> None:
    assert edge_gate(500, D("0.004"), D(10), override="ada").overridden == ""


def test_an_edge_is_told_to_the_hundredth() -> None:
    answer = edge_gate(D("16.972856529635292986"), D("0.004"), D(5))
    assert answer.reason == "the expected edge of 16.97 bps is below 85 bps"
    assert answer.edge_bps == D("16.972856529635292986")
