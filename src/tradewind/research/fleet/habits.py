"""How each bot traded, so that somebody without a reason can trade as often, as long and as often short."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from tradewind.engine.config import BotSpec
from tradewind.engine.readmodel import ReadModel
from tradewind.research.series import BarSeries


class Habit(msgspec.Struct, frozen=True):
    """What a bot did on its instrument: entries and exits, bars with a position and without, entries that were short.

    A position that is open at the end is an entry without an exit.
    """

    entries: int = 0
    exits: int = 0
    held_bars: float = 0.0
    free_bars: float = 0.0
    shorts: int = 0

    @property
    def enter(self) -> float:
        """The chance of an entry at a bar without a position."""
        return min(self.entries / max(self.free_bars, 1.0), 1.0)

    @property
    def leave(self) -> float:
        """The chance of an exit at a bar with one."""
        return min(self.exits / max(self.held_bars, 1.0), 1.0)

    @property
    def short(self) -> float:
        """The share of entries that were short."""
        return self.shorts / max(self.entries, 1)


def habits_of(model: ReadModel, bots: Sequence[BotSpec], series: Sequence[BarSeries]) -> dict[str, Habit]:
    """Return each bot's habit, by the bars that its own instrument has: it may have begun later than others."""
    bars = {each.instrument.id: each for each in series}
    entries: Counter[str] = Counter()
    exits: Counter[str] = Counter()
    shorts: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for trip in model.trips:
        entries[trip.bot] += 1
        exits[trip.bot] += 1
        shorts[trip.bot] += trip.direction == "short"
        held[trip.bot] += trip.exit_ns - trip.entry_ns
    for position in model.positions():
        entries[position.bot] += 1
        shorts[position.bot] += position.direction == "short"
        held[position.bot] += max(_end_ns(bars[position.instrument]) - position.since_ns, 0)
    found = {}
    for spec in bots:
        own = [bars[name] for name in spec.instruments]
        most, span_ns = sum(map(len, own)), sum(_end_ns(each) - int(each.open_ns[0]) for each in own)
        in_bars = most * min(held[spec.id] / span_ns, 1.0)
        found[spec.id] = Habit(entries[spec.id], exits[spec.id], in_bars, most - in_bars, shorts[spec.id])
    return found


def _end_ns(series: BarSeries) -> int:
    return int(series.open_ns[-1]) + series.span_ns
