"""A position by average cost, exact whatever is released (METHODS 6.9).

The total cost is stored, not the average: a partial close releases cost x closed / quantity rounded half-even to
1e-18, and the remainder stays, so realised + unrealised is exact. Crossing zero closes, then opens.
"""

from decimal import Decimal

from tradewind.model.money import EXACT, ZERO, add, multiply, portion, ratio, subtract


class Position:
    """Signed quantity in units, its total cost (never negative) and what has been realised, fees apart."""

    __slots__ = ("cost", "quantity", "realised")

    def __init__(self, quantity: int = 0, cost: Decimal = ZERO, realised: Decimal = ZERO) -> None:
        self.quantity = quantity
        self.cost = cost
        self.realised = realised

    def apply(self, change: int, unit_price: Decimal) -> Decimal:
        """Book a signed change at `unit_price` (notional of one quantity unit); return what it realised."""
        return self.book(change, multiply(unit_price, abs(change)))

    def book(self, change: int, value: Decimal) -> Decimal:
        """Book a signed change whose whole `value` (unit price x |change|) is known; return what it realised."""
        held = self.quantity
        self.quantity = after = held + change
        if not held:
            self.cost = value
            return ZERO
        released = self.cost
        if not after:
            self.cost = ZERO
        elif (held > 0) == (change > 0):
            self.cost = add(released, value)
            return ZERO
        elif (after > 0) == (held > 0):
            released = portion(released, abs(change), abs(held))
            self.cost = subtract(self.cost, released)
        else:
            # The part of the value that closes; the division is exact, since the value is |change| times a unit price.
            closing = EXACT.divide(multiply(value, abs(held)), Decimal(abs(change)))
            self.cost = subtract(value, closing)
            value = closing
        gained = subtract(value, released) if held > 0 else subtract(released, value)
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
