"""The route of an order by notional and urgency."""

from decimal import Decimal

import pytest

from tradewind.execution.router import Route, RouteDecision, Urgency, decide_route, route

TIERS = Decimal(1000), Decimal(5000)


@pytest.mark.parametrize(
    ("notional", "expected"),
    [("999.99", "MARKET"), ("1000.00", "POST_ONLY"), ("5000.00", "POST_ONLY"), ("5000.01", "TWAP"), ("0", "MARKET")],
)
def test_tiers_include_their_boundaries(notional, expected):
    assert route(Decimal(notional), *TIERS).value == expected


def test_low_urgency_waits_even_when_small():
    assert decide_route(Decimal(10), *TIERS, Urgency.LOW) == RouteDecision(Route.POST_ONLY, "URGENCY_LOW")
    assert route(Decimal(9000), *TIERS, Urgency.LOW) is Route.TWAP


def test_high_urgency_crosses():
    assert decide_route(Decimal(9000), *TIERS, Urgency.HIGH) == RouteDecision(Route.MARKET, "URGENCY_HIGH")


def test_the_reason_is_recorded():
    assert [decide_route(Decimal(n), *TIERS).reason for n in (1, 2000, 6000)] == [
        "BELOW_MARKET_TIER",
        "MIDDLE_TIER",
        "ABOVE_TWAP_TIER",
    ]


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="negative"):
        route(Decimal(-1), *TIERS)
    with pytest.raises(ValueError, match="must not exceed"):
        route(Decimal(1), Decimal(2), Decimal(1))
