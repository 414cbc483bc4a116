"""Closed-form answers that strategies ask for: a triangle's return, a half-life, a market maker's quotes."""

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from tradewind.model.orders import Side

BPS = 10_000


class TriangularReturn(NamedTuple):
    """What one unit becomes without and with fees, and whether that beats 1 by more than the buffer."""

    gross: float
    net: float
    net_bps: float
    trade: bool


class MarketMakerQuotes(NamedTuple):
    """The indifference price for the inventory held, the total spread, and the two quotes round it."""

    reservation: float
    spread: float
    bid: float
    ask: float


class QuoteDepths(NamedTuple):
    """Distances of bid and ask from the mid; None on the side where the inventory limit is reached."""

    bid: float | None
    ask: float | None


def triangular_return(
    legs: Sequence[tuple[Side, Decimal]], fee: Decimal, buffer_bps: Decimal = Decimal(5)
) -> TriangularReturn:
    """What one unit becomes over the legs in order: a buy divides by its price, a sell multiplies by it.

    Shape   (side, price) per leg, fee as a share per leg -> floats; the decision compares exactly.
    Timing  Prices quoted at one instant.
    NaN     None: prices are exact.
    Raises  ValueError on no legs, a price that is not positive or a fee outside [0, 1).
    Source  Product of net rates; METHODS section 4.
    """
    if not legs or any(price <= 0 for _, price in legs):
        raise ValueError("a triangle needs legs with positive prices")
    if not 0 <= fee < 1:
        raise ValueError(f"fee must be a share in [0, 1), was {fee}")
    gross = Fraction(1)
    for side, price in legs:
        gross = gross / Fraction(price) if side is Side.BUY else gross * Fraction(price)
    net = gross * (1 - Fraction(fee)) ** len(legs)
    net_bps = (net - 1) * BPS
    return TriangularReturn(float(gross), float(net), float(net_bps), net_bps > Fraction(buffer_bps))


def half_life(coefficient: float) -> float | None:
    """The bars after which a deviation of an AR(1) is halved: `ln 2 / -ln b`; None where it never is.

    Shape   coefficient -> bars. 0 forgets at once; from 1 up nothing reverts.
    Timing  The coefficient is estimated on the training window only.
    NaN     NaN in, None out.
    Raises  nothing. A negative coefficient overshoots each bar: None, it is no slow reversion to trade.
    Source  Chan, Algorithmic Trading, chapter 2.
    """
    if not 0 <= coefficient < 1:
        return None
    return math.log(2) / -math.log(coefficient) if coefficient > 0 else 0.0


def avellaneda_stoikov(
    mid: float, inventory: float, gamma: float, sigma: float, tau: float, k: float
) -> MarketMakerQuotes:
    """The quotes of a market maker with exponential utility near its horizon.

    Shape   floats -> four prices. `sigma` in price units per root time unit of `tau`; `k` is the decay of fills.
    Timing  Everything known when quoting; `tau` is the time left.
    NaN     NaN in, NaN out. `gamma` 0 is the risk-neutral limit: spread `2 / k`, no skew.
    Raises  ValueError if `k` is not positive or `gamma`, `sigma` or `tau` is negative.
    Source  Avellaneda and Stoikov (2008), High-frequency trading in a limit order book, equations 29 and 30.
    """
    if k <= 0 or min(gamma, sigma, tau) < 0:
        raise ValueError("k must be positive; gamma, sigma and tau must not be negative")
    risk = gamma * sigma * sigma * tau
    reservation = mid - inventory * risk
    spread = risk + 2 * _log_over(gamma, k)
    return MarketMakerQuotes(reservation, spread, reservation - spread / 2, reservation + spread / 2)


def glft_depths(
    inventory: int, gamma: float, sigma: float, k: float, intensity: float, inventory_max: int
) -> QuoteDepths:
    """The asymptotic quote distances of a market maker with bounded inventory.

    Shape   floats -> distances from the mid. `intensity` is A of the fill rate `A exp(-k distance)`.
    Timing  Everything known when quoting; far from any horizon.
    NaN     NaN in, NaN out. At the inventory limit there is no quote that would add to it.
    Raises  ValueError unless `gamma`, `sigma`, `k` and `intensity` are positive and |inventory| <= the limit.
    Source  Gueant, Lehalle and Fernandez-Tapia (2013), Dealing with the inventory risk, section 4.
    """
    if min(gamma, sigma, k, intensity) <= 0:
        raise ValueError("gamma, sigma, k and intensity must be positive")
    if abs(inventory) > inventory_max:
        raise ValueError(f"an inventory of {inventory} is beyond its limit of {inventory_max}")
    base = _log_over(gamma, k)
    slope = math.sqrt(sigma * sigma * gamma / (2 * k * intensity) * math.exp((1 + k / gamma) * math.log1p(gamma / k)))
    return QuoteDepths(
        bid=base + (2 * inventory + 1) / 2 * slope if inventory < inventory_max else None,
        ask=base - (2 * inventory - 1) / 2 * slope if inventory > -inventory_max else None,
    )


def _log_over(gamma: float, k: float) -> float:
    """`ln(1 + gamma / k) / gamma`, with its limit `1 / k` at 0."""
    return math.log1p(gamma / k) / gamma if gamma > 0 else 1 / k
