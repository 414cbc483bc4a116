"""Who may use how much: families of strategies by regime, and whether a change is worth its cost (SPEC S5).

A table names, for each regime, what part of an instrument's budget each family may use; the rest stays cash. Blended,
the rows are weighted by the regimes' probabilities, so that a market half in doubt is traded by half.
"""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

import msgspec

from tradewind.model.errors import ConfigError
from tradewind.model.regime import CLASSES, Regime, RegimeReading
from tradewind.numeric.evaluation import turnover

Weights = Mapping[str, float]

FAMILIES = ("momentum", "trend", "mean_reversion", "pairs", "arbitrage")
REGIME_TABLE: dict[str, dict[str, float]] = {
    "TRENDING": {"momentum": 0.6, "trend": 0.3, "arbitrage": 0.1},
    "RANGING": {"mean_reversion": 0.5, "pairs": 0.3, "arbitrage": 0.2},
    "CHOPPY": {},
    "CRISIS": {},
}
TOLERANCE = 1e-9


class Leaving(Enum):
    GONE = "gone"
    BEYOND = "beyond"


class Switch(NamedTuple):
    """The weights to go on with, the one-way turnover that leads there, and what it costs as a share of the budget."""

    weights: Weights
    turnover: float
    cost: float


class RegimeAllocation(msgspec.Struct, frozen=True):
    """The table, whether its rows are blended, and the band within which a change is left alone."""

    table: dict[str, dict[str, float]] = msgspec.field(default_factory=lambda: dict(REGIME_TABLE))
    blend: bool = True
    band: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.band < 1:
            raise ConfigError(f"allocation.band must be at least 0 and below 1, was {self.band}")
        for name, row in self.table.items():
            if name not in {each.value for each in CLASSES}:
                raise ConfigError(
                    f"the allocation table has no regime {name}: use {', '.join(c.value for c in CLASSES)}"
                )
            if unknown := sorted(set(row) - set(FAMILIES)):
                raise ConfigError(f"{name} allots to {unknown[0]}, which is no family: use {', '.join(FAMILIES)}")
            if any(not 0 <= weight <= 1 for weight in row.values()) or sum(row.values()) > 1 + TOLERANCE:
                raise ConfigError(f"the weights of {name} must lie in [0, 1] and sum to 1 at most: the rest is cash")

    def weights(self, reading: RegimeReading) -> Weights:
        """Return what each family may use in the regime that was told: nothing in UNKNOWN."""
        if self.blend:
            return blended(self.table, reading.probabilities)
        return {} if reading.regime is Regime.UNKNOWN else self.table.get(reading.regime.value, {})

    def next_weights(self, current: Weights | None, reading: RegimeReading) -> Weights:
        """Return the weights to go on with: the current ones (the same object) while no change leaves the band."""
        wanted = self.weights(reading)
        return wanted if current is None or _leaves(current, wanted, self.band) is not None else current


def blended(table: Mapping[str, Weights], probabilities: tuple[float, float, float, float]) -> Weights:
    """Return the rows of the table, weighted by the probabilities of their regimes."""
    mixed: dict[str, float] = {}
    for regime, probability in zip(CLASSES, probabilities, strict=True):
        for family, weight in table.get(regime.value, {}).items():
            mixed[family] = mixed.get(family, 0.0) + probability * weight
    return mixed


def no_trade(
    current: Weights, wanted: Weights, band: float, cost_rate: float = 0.0, gain: float | None = None
) -> Switch:
    """Return `wanted` where a weight leaves the band round `current` and the change earns its cost, else `current`.

    `cost_rate` is what one unit of weight costs to buy or sell (fee and half the spread); `gain` is the expected gain
    of the change, as a share of the budget. Without a gain the band alone decides, and the cost is only told.
    A family that is to hold nothing leaves at any distance: what is not wanted is no matter of cost.
    """
    why = _leaves(current, wanted, band)
    one_way = turnover(current, wanted)
    cost = 2 * one_way * cost_rate
    worthwhile = why is Leaving.GONE or (why is Leaving.BEYOND and (gain is None or gain > cost))
    return Switch(wanted, one_way, cost) if worthwhile else Switch(current, 0.0, 0.0)


def _leaves(current: Weights, wanted: Weights, band: float) -> Leaving | None:
    """Return why weights may not stay as they are: one is to be nothing, or has left the band; None if they may.

    With regimes this is asked for every bar of every instrument.
    """
    why = None
    for name, weight in wanted.items():
        before = current.get(name, 0.0)
        if weight <= 0 < before:
            return Leaving.GONE
        if abs(weight - before) > band:
            why = Leaving.BEYOND
    for name, before in current.items():
        if before > 0 and name not in wanted:
            return Leaving.GONE
    return why
