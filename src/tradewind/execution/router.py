"""Which way an approved order goes to market, by its notional and its urgency, with the reason on record."""

from decimal import Decimal

import msgspec

from tradewind.model.plans import Route, Urgency


class RouteDecision(msgspec.Struct, frozen=True):
    """The route, and why it was chosen, for the plan's record."""

    route: Route
    reason: str


def route(notional: Decimal, market_below: Decimal, twap_above: Decimal, urgency: Urgency = Urgency.NORMAL) -> Route:
    """The route of an order: MARKET below the first tier, TWAP above the second, POST_ONLY between, both included."""
    return decide_route(notional, market_below, twap_above, urgency).route


def decide_route(
    notional: Decimal, market_below: Decimal, twap_above: Decimal, urgency: Urgency = Urgency.NORMAL
) -> RouteDecision:
    """The route of an order with the reason for it.

    Raises  ValueError if the notional is negative or the tiers are out of order.
    """
    if notional < 0:
        raise ValueError(f"a notional to route must not be negative, was {notional}")
    if market_below > twap_above:
        raise ValueError(f"market_below {market_below} must not exceed twap_above {twap_above}")
    if urgency is Urgency.HIGH:
        return RouteDecision(Route.MARKET, "URGENCY_HIGH")
    if notional > twap_above:
        return RouteDecision(Route.TWAP, "ABOVE_TWAP_TIER")
    if notional >= market_below:
        return RouteDecision(Route.POST_ONLY, "MIDDLE_TIER")
    if urgency is Urgency.LOW:
        return RouteDecision(Route.POST_ONLY, "URGENCY_LOW")
    return RouteDecision(Route.MARKET, "BELOW_MARKET_TIER")
