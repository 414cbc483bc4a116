"""A price-time book: per side the levels by price, and the prices in order with the best one last.

A level's key is price x side, so that on both sides a greater key is a better price. An order that ends keeps its
place in the queue with nothing open and is skipped when it comes up; a level goes the moment its size is 0.
"""

from bisect import bisect_left, insort

from tradewind.exchange.core.orders import Level, Order

COMPACT_FROM = 32


class BookSide:
    """The bids (`sign` +1) or the asks (`sign` -1)."""

    __slots__ = ("changed", "keys", "levels", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.levels: dict[int, Level] = {}
        self.changed: set[int] = set()  # keys of levels whose size has changed since somebody asked

    @property
    def best(self) -> int | None:
        """The best price, None when the side is empty."""
        return self.keys[-1] * self.sign if self.keys else None

    def add(self, order: Order) -> None:
        """Let an order stand at the back of the queue at its price."""
        key = order.price * self.sign
        level = self.levels.get(key)
        if level is None:
            level = self.levels[key] = Level(key)
            keys = self.keys
            if not keys or key > keys[-1]:
                keys.append(key)
            else:
                insort(keys, key)
        level.queue.append(order)
        level.size += order.open
        order.stands = True
        self.changed.add(key)

    def withdraw(self, order: Order) -> None:
        """Take an ending order's size off its level; its entry is skipped later. Call before `open` becomes 0."""
        level = self.levels[order.price * self.sign]
        level.size -= order.open
        level.gone += 1
        order.stands = False
        self.changed.add(level.key)
        if level.size == 0:
            self._drop(level)
        elif level.gone > COMPACT_FROM and level.gone * 2 > len(level.queue):
            level.queue = type(level.queue)(entry for entry in level.queue if entry.open and entry is not order)
            level.gone = 0

    def pull(self, order: Order) -> None:
        """Take an order out of its queue for good, so that it may stand again elsewhere."""
        level = self.levels[order.price * self.sign]
        level.queue.remove(order)
        level.size -= order.open
        order.stands = False
        self.changed.add(level.key)
        if level.size == 0:
            self._drop(level)

    def shrink(self, order: Order, by: int) -> None:
        """Lessen what an order has open; it keeps its place."""
        level = self.levels[order.price * self.sign]
        order.open -= by
        level.size -= by
        self.changed.add(level.key)

    def depth(self, levels: int | None = None) -> list[tuple[int, int]]:
        """Return (price, size) from the best level on, at most `levels` of them."""
        keys = self.keys[::-1] if levels is None else self.keys[: -levels - 1 : -1]
        return [(key * self.sign, self.levels[key].size) for key in keys]

    def drain(self) -> list[tuple[int, int]]:
        """Return (price, size) of the levels that changed since the last call, best first; 0 is a level that went."""
        changed = sorted(self.changed, reverse=True)
        self.changed.clear()
        return [(key * self.sign, self.levels[key].size if key in self.levels else 0) for key in changed]

    def _drop(self, level: Level) -> None:
        key, keys = level.key, self.keys
        del self.levels[key]
        if keys[-1] == key:
            keys.pop()
        else:
            del keys[bisect_left(keys, key)]
