"""What open orders hold back of a balance: each its own amount, an OCO group its largest leg once."""

from decimal import Decimal

from tradewind.model.money import ZERO, add, subtract


class Holds:
    """The total held of one balance (cash, or the base of one instrument)."""

    __slots__ = ("groups", "total")

    def __init__(self) -> None:
        self.total = ZERO
        self.groups: dict[str, dict[str, Decimal]] = {}

    def change(self, order_id: str, group: str | None, before: Decimal, after: Decimal) -> None:
        """Let the order hold `after` instead of `before`."""
        if group is None:
            self.total = add(self.total, subtract(after, before))
            return
        legs = self.groups.setdefault(group, {})
        largest = max(legs.values(), default=ZERO)
        if after:
            legs[order_id] = after
        else:
            legs.pop(order_id, None)
        self.total = add(self.total, subtract(max(legs.values(), default=ZERO), largest))
        if not legs:
            del self.groups[group]

    def by_others(self, group: str | None, own: Decimal) -> Decimal:
        """Return what is held without an order that holds `own`, or without its whole OCO group."""
        if group is None:
            return subtract(self.total, own) if own else self.total
        return subtract(self.total, max(self.groups.get(group, {}).values(), default=ZERO))
