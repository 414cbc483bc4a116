"""The variance of an account in a bad day, kept up as holdings change; a fit from outside is applied, never made.

The fit gives the daily covariance of the instruments' returns and the multiplier from deviation to VaR. Kept are, by
instrument, the worth of the worse of what it could hold, its covariance with the whole account, and the variance of the
whole. A change of one holding moves them by one row of the matrix; an order reads four numbers and recomputes nothing.
"""

import math
from collections.abc import Mapping, Sequence

from tradewind.model.decisions import TailShape

TAIL = "tail"
MULTIPLIER = "multiplier"
BETWEEN = "|"
MOVED_PER_MILLE = 1  # a mark within so much of the one last valued at counts as unmoved


class TailBook:
    """What is held, as the fit in force weighs it. `missing` are instruments that are held and that no fit knows.

    `ups`, `downs` and `marks` are what was last seen of each instrument, for callers that look before they tell.
    """

    __slots__ = (
        "_highs",
        "_lows",
        "_multiplier",
        "_places",
        "_pulls",
        "_rows",
        "_total",
        "_worths",
        "downs",
        "marks",
        "missing",
        "ups",
    )

    def __init__(self, instruments: Sequence[str]) -> None:
        self._places = {name: place for place, name in enumerate(instruments)}
        self.missing: set[str] = set()
        self.fit({})

    def fit(self, parameters: Mapping[str, float]) -> None:
        """Apply a fit: every holding is weighed anew when it is seen next.

        An instrument whose variance is missing, or is no positive number, is one that the fit does not know; so is one
        with a covariance that cannot be. Without a multiplier nothing is known.
        """
        names = list(self._places)
        self._multiplier = _number(parameters.get(MULTIPLIER))
        self._rows: list[list[float] | None] = [_row(parameters, name, names) for name in names]
        self._pulls: list[float] = [0.0] * len(names)
        self._worths: list[float] = [0.0] * len(names)
        self._total: float = 0.0
        self.ups, self.downs, self.marks = [0] * len(names), [0] * len(names), [0] * len(names)
        # Between these marks an instrument needs not be seen again; none at first.
        self._lows: list[float] = [math.inf] * len(names)
        self._highs: list[float] = [-math.inf] * len(names)
        self.missing.clear()

    def stir(self, place: int) -> None:
        """Note that what an instrument holds, or has open, may be other than what was last seen."""
        self._lows[place] = math.inf

    def outdated(self, marks: Sequence[int]) -> list[int]:
        """Return the places of the instruments to be seen again at these marks: all others have hardly moved."""
        lows, highs = self._lows, self._highs
        return [place for place, mark in enumerate(marks) if not lows[place] <= mark <= highs[place]]

    def see(self, instrument: str, up: int, down: int, mark: int | None, unit: float) -> None:
        """Take in what an instrument holds if all open buys fill (`up`) or all open sells (`down`), in units.

        `unit` is what a unit at a mark of 1 is worth in the account's currency. Of the two ends the one counts that
        makes the account's variance larger, beside everything that was seen before.
        """
        place = self._places[instrument]
        last = self.marks[place]
        same = self.ups[place] == up and self.downs[place] == down
        if same and ((mark is not None and abs(mark - last) * 1000 <= last * MOVED_PER_MILLE) or not (up or down)):
            self._rest(place)
            return
        row = self._rows[place]
        known = row is not None and mark is not None
        if known or not (up or down):
            self.missing.discard(instrument)
        else:
            self.missing.add(instrument)
        self.ups[place], self.downs[place], self.marks[place] = up, down, mark or 0
        self._rest(place)
        if row is not None:
            self._move(place, row, unit * (mark or 0) * up, unit * (mark or 0) * down)

    def shape(self, instrument: str) -> TailShape | None:
        """Return how the account's loss depends on an instrument; None while something needed is not known."""
        place = self._places[instrument]
        row = self._rows[place]
        if row is None or self._multiplier <= 0 or not self.missing <= {instrument}:
            return None
        own, worth = row[place], self._worths[place]
        pull = self._pulls[place] - own * worth
        rest = self._total - (2.0 * pull + own * worth) * worth
        return TailShape(max(rest, 0.0), pull, own, self._multiplier)

    def values(self) -> list[object]:
        """Return what later answers depend on beside the fit itself, for digests."""
        return [list(self.ups), list(self.downs), list(self.marks), sorted(self.missing)]

    def _rest(self, place: int) -> None:
        """Let an instrument be until its mark has moved; where nothing is held or open, no mark matters."""
        if self.ups[place] or self.downs[place]:
            last = self.marks[place]
            room = last * MOVED_PER_MILLE // 1000
            self._lows[place], self._highs[place] = last - room, last + room
        else:
            self._lows[place], self._highs[place] = -math.inf, math.inf

    def _move(self, place: int, row: list[float], first: float, second: float) -> None:
        own, worth = row[place], self._worths[place]
        twice = 2.0 * (self._pulls[place] - own * worth)
        after = first if (twice + own * first) * first >= (twice + own * second) * second else second
        change = after - worth
        if change:
            self._total += (2.0 * self._pulls[place] + own * change) * change
            self._pulls = [pull + change * each for pull, each in zip(self._pulls, row, strict=True)]
            self._worths[place] = after


def tail_parameters(names: Sequence[str], covariance: Sequence[Sequence[float]], multiplier: float) -> dict[str, float]:
    """Return a fit as the parameters of a `Fitted`: variances by name, covariances by both names, the multiplier."""
    made = {MULTIPLIER: multiplier}
    for i, name in enumerate(names):
        made[name] = covariance[i][i]
        for j in range(i):
            made[_pair(name, names[j])] = covariance[i][j]
    return made


def _row(parameters: Mapping[str, float], name: str, names: Sequence[str]) -> list[float] | None:
    """Return the covariances of one instrument with all, 0 with those that the fit does not know; None without any."""
    own = _number(parameters.get(name))
    if own <= 0:
        return None
    row = []
    for other in names:
        theirs = _number(parameters.get(other))
        if other == name or theirs <= 0:
            row.append(own if other == name else 0.0)
            continue
        both = parameters.get(_pair(name, other), math.nan)
        if not both * both <= own * theirs * (1 + 1e-9):
            return None
        row.append(both)
    return row


def _pair(one: str, other: str) -> str:
    return BETWEEN.join(sorted((one, other)))


def _number(value: float | None) -> float:
    return value if value is not None and math.isfinite(value) else 0.0
