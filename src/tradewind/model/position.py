"""A position by average cost, exact whatever is released (METHODS 6.9).

The total cost is stored, not the average: a partial close releases cost x closed / quantity rounded half-even to
1e-18, and the remainder stays, so realised + unrealised is exact. Crossing zero closes, then opens.
"""

from decimal import Decimal

from tradewind.model.money import ZERO, add, multiply, portion, ratio, subtract


class Position:
    """Signed quantity in units, its total cost (never negative) and what has been realised, fees apart."""

    __slots__ = ("cost", "quantity", "realised")

    def __init__(self, quantity: int = 0, cost: Decimal = ZERO, realised: Decimal = ZERO) -> None:
        self.quantity = quantity
        self.cost = cost
        self.realised = realised

    def apply(self, change: int, unit_price: Decimal) -> Decimal:
        """Book a signed change at `unit_price` (notional of one quantity unit); return what it realised."""
        held = self.quantity
        after = held + change
        self.quantity = after
        if held == 0:
            self.cost = multiply(unit_price, change if change >= 0 else -change)
            return ZERO
        if (held > 0) == (change > 0):
            self.cost = add(self.cost, multiply(unit_price, change if change >= 0 else -change))
            return ZERO
        if after == 0:
            closed, released = held, self.cost
            self.cost = ZERO
        elif (after > 0) == (held > 0):
            closed = -change
            released = portion(self.cost, abs(change), abs(held))
            self.cost = subtract(self.cost, released)
        else:
            closed, released = held, self.cost
            self.cost = multiply(unit_price, abs(after))
        # `closed` carries the sign of what was held: value minus cost for a long, cost minus value for a short.
        value = multiply(unit_price, closed)
        gained = subtract(value, released) if held > 0 else add(value, released)
        self.realised = add(self.realised, gained)
        return gained

    def unrealised(self, unit_price: Decimal) -> Decimal:
        """Return the profit of closing everything at `unit_price` (notional of one quantity unit), fees apart."""
        value = multiply(unit_price, abs(self.quantity))
        return subtract(value, self.cost) if self.quantity >= 0 else subtract(self.cost, value)

    def average_price(self, size_unit: Decimal) -> Decimal | None:
        """Return cost per base unit, rounded to 1e-18; `size_unit` is contract size x quantity unit. None when flat."""
        if self.quantity == 0:
            return None
        return ratio(self.cost, multiply(size_unit, abs(self.quantity)))
