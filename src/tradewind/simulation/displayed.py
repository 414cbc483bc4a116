"""One side of the displayed book, and what our own orders have taken from it since each level's last update."""

from collections.abc import Iterable


class DisplayedSide:
    """Price -> displayed size. A level whose size our takers used up is absent for the next one."""

    __slots__ = ("_best", "is_bid", "sizes", "taken")

    def __init__(self, *, is_bid: bool) -> None:
        self.is_bid = is_bid
        self.sizes: dict[int, int] = {}
        self.taken: dict[int, int] = {}
        self._best: int | None = None  # None: look for it when asked

    def update(self, price: int, size: int) -> int:
        """Set a level's displayed size (0 removes it); return the size before."""
        before = self.sizes.get(price, 0)
        if self.taken:
            self.taken.pop(price, None)
        best = self._best
        if size:
            self.sizes[price] = size
            if best is not None and (price > best if self.is_bid else price < best):
                self._best = price
        elif before:
            del self.sizes[price]
            if price == best:
                self._best = None
        return before

    def replace(self, levels: Iterable[tuple[int, int]]) -> dict[int, int]:
        """Set all levels at once; return the sizes before."""
        before = self.sizes
        self.sizes = {price: size for price, size in levels if size}
        self.taken = {}
        self._best = None
        return before

    def best(self) -> int | None:
        """Return the best displayed price, or None when the side is empty."""
        if self._best is None and self.sizes:
            self._best = max(self.sizes) if self.is_bid else min(self.sizes)
        return self._best

    def available(self, limit: int | None, before: int | None) -> list[tuple[int, int]]:
        """Return (price, size left) from the best on: up to `limit`, and strictly before the price `before`."""
        taken, best = self.taken, self.best()
        if best is None or (limit is not None and (best < limit if self.is_bid else best > limit)):
            return []
        if self.is_bid:
            floor = -1 if limit is None else limit
            floor = floor if before is None else max(floor, before + 1)
            prices = sorted((price for price in self.sizes if price >= floor), reverse=True)
        else:
            prices = sorted(
                price
                for price in self.sizes
                if (limit is None or price <= limit) and (before is None or price < before)
            )
        levels = [(price, self.sizes[price] - taken.get(price, 0)) for price in prices]
        return [level for level in levels if level[1] > 0]

    def take(self, price: int, quantity: int) -> None:
        """Remember what one of our orders took from a level."""
        self.taken[price] = self.taken.get(price, 0) + quantity
