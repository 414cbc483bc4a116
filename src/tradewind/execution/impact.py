"""What an order is expected to cost by moving the market."""

import math
from itertools import pairwise

BPS = 10_000.0


def square_root_impact_bps(sigma_day: float, volume_share: float, coefficient: float = 1.0) -> float:
    """The expected impact in basis points: `Y sigma_day sqrt(Q / ADV)`.

    Shape   floats -> bps. `sigma_day` is a share (0.04 for 4 %), `volume_share` the order over daily volume.
    Timing  Volatility and volume known before the order.
    NaN     NaN in, NaN out.
    Raises  ValueError if an input is negative.
    Source  Toth et al. (2011), Anomalous price impact and the critical nature of liquidity.
    """
    if sigma_day < 0 or volume_share < 0 or coefficient < 0:
        raise ValueError("sigma_day, volume_share and coefficient must not be negative")
    return coefficient * sigma_day * math.sqrt(volume_share) * BPS


def almgren_chriss_cost(
    holdings: tuple[float, ...], tau: float, sigma: float, eta: float, gamma: float = 0.0, epsilon: float = 0.0
) -> tuple[float, float]:
    """The expected cost and its variance of holding `holdings` after 0, 1, ... steps of length `tau`.

    Shape   (N + 1,) floats -> (cost, variance) in quote currency and its square.
    Timing  A plan: nothing is learned on the way.
    NaN     NaN in, NaN out.
    Raises  ValueError if `tau` is not positive or there is no step.
    Source  Almgren and Chriss (2000): `gamma X^2 / 2 + eta sum(n^2 / tau) + epsilon X`, `sigma^2 sum(tau x^2)`.
    """
    if tau <= 0 or len(holdings) < 2:
        raise ValueError("a path needs at least one step of positive length")
    sold = [before - after for before, after in pairwise(holdings)]
    start = holdings[0]
    cost = gamma * start * start / 2 + eta * math.fsum(n * n for n in sold) / tau + epsilon * abs(start)
    return cost, sigma * sigma * tau * math.fsum(x * x for x in holdings[1:])
