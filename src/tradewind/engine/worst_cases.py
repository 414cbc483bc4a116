"""What every instrument could be worth at the worst, kept up as orders come and go, so that a question only adds it up.

Marks move with every event and are read at the question; sizes move with orders and fills, and whoever changes one
says so in `moved`. Everything is in integers of the account's one scale: a sum is exact in any order.
"""

from collections.abc import Iterable
from operator import mul
from typing import Protocol

from tradewind.risk.tail_book import TailBook


class Holding(Protocol):
    """One instrument: what is held and on its way, in units, and what a unit at a mark of 1 is worth."""

    @property
    def id(self) -> str: ...
    @property
    def held(self) -> int: ...
    @property
    def open_buys(self) -> int: ...
    @property
    def open_sells(self) -> int: ...
    @property
    def mark(self) -> int | None: ...
    @property
    def multiplier(self) -> int: ...


def worst_units(holding: Holding) -> int:
    """Return the larger of the sizes that the open orders of either side could lead to."""
    held = holding.held
    up, down = held + holding.open_buys, holding.open_sells - held  # `up` is never below `-down`
    return up if up > down else down


class WorstCases:
    """The worst size of each instrument as worth at a mark of 1, by its place in the order of names.

    `moved` are the instruments of which something was sent, filled or ended since they were last looked at.
    """

    __slots__ = ("_holdings", "_marked", "_places", "_tails", "_weights", "moved")

    def __init__(self, holdings: Iterable[Holding], tails: TailBook | None) -> None:
        self._holdings = list(holdings)
        self._tails = tails
        self._marked = False  # whether every instrument has had a mark
        self._places = {each.id: place for place, each in enumerate(self._holdings)}
        self._weights = [0] * len(self._holdings)
        self.moved = dict.fromkeys(self._places)

    def others(self, name: str, *, squared: bool) -> tuple[int, int] | None:
        """Return the sum of the other instruments' worst notionals, and of their squares where asked for.

        None until every instrument has had a mark.
        """
        if self.moved:
            self._weigh()
        marks = self._marks()
        if marks is None:
            return None
        worths = list(map(mul, marks, self._weights))
        worths[self._places[name]] = 0
        return sum(worths), sum(map(mul, worths, worths)) if squared else 0

    def outdated(self, tails: TailBook) -> Iterable[str]:
        """Return the names of the instruments that the book of the tail has to see again, in their order."""
        if self.moved:
            self._weigh()
        marks, holdings = self._marks(), self._holdings
        return self._places if marks is None else [holdings[place].id for place in tails.outdated(marks)]

    def _marks(self) -> list[int] | None:
        marks = [each.mark for each in self._holdings]
        if not self._marked:
            if None in marks:
                return None
            self._marked = True
        return marks  # type: ignore[return-value]  # a mark never goes away

    def _weigh(self) -> None:
        for name in self.moved:
            place = self._places[name]
            holding = self._holdings[place]
            self._weights[place] = worst_units(holding) * holding.multiplier
            if self._tails is not None:
                self._tails.stir(place)
        self.moved.clear()
