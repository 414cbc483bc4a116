"""From a wish to a quantity: a target weight of a bot's budget becomes a signed quantity on the lot (SPEC S1, S7)."""

from decimal import Decimal

from tradewind.model.instrument import Instrument
from tradewind.model.intents import TargetQuantity
from tradewind.model.money import ONE, add, ratio

SPOT_NO_SHORT = "spot_no_short"


def quantity_units(target: TargetQuantity, instrument: Instrument) -> tuple[int, str]:
    """Return (signed target in units on the lot, note); on spot a negative target becomes flat, `spot_no_short`."""
    units = instrument.order_quantity(target.quantity)
    return (0, SPOT_NO_SHORT) if units < 0 and instrument.is_spot else (units, "")


def weight_units(
    weight: float, instrument: Instrument, budget: Decimal, price: int, cost_rate: Decimal
) -> tuple[int, str]:
    """Return (signed target in units on the lot, note) for a weight of `budget`, with room left for `cost_rate`.

    `cost_rate` covers fees and the move until the order fills. The quantity is floored, so that the target is never
    exceeded; on spot a negative target becomes flat with the note `spot_no_short`.
    """
    if weight == 0:
        return 0, ""
    if weight < 0 and instrument.is_spot:
        return 0, SPOT_NO_SHORT
    return instrument.quantity_for(weight, ratio(budget, add(ONE, cost_rate)), price), ""
