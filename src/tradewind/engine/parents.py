"""Parents: targets' changes that are worked as plans, and what a plan reads of its market (SPEC X3, X5).

A parent is worked by an algorithm that is a plain value; its children are orders of ours, named after it and a number.
What becomes of them is told to it at the end of the event. Nothing here sends anything.
"""

import math
from collections import deque
from itertools import pairwise

import msgspec

from tradewind.engine.config import Planning
from tradewind.execution.algorithms.states import AlgorithmState
from tradewind.execution.algorithms.values import ChildEnded, ChildFilled
from tradewind.execution.engines import AdvancedEngine, RiskFlags, SimpleEngine, execution_engine
from tradewind.execution.fill_rates import FillRates
from tradewind.model.instrument import Instrument
from tradewind.model.intents import Exits, TargetQuantity, TargetWeight
from tradewind.model.market_events import Bar
from tradewind.model.plans import Algorithm, ExecutionPlan, Urgency

SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS
BARS_MAX = 1_440
CHILD = "-c"
WORD = 2**64


class WorkedParent(msgspec.Struct):
    """One parent while it works: what is wanted, its plan, where its algorithm stands, and what that has yet to hear.

    `stop` is why it shall end, "" while it shall not; `made` is what of its fills waited for somebody. `traded` is what
    of the market's volume it has yet to hear, less its own fills.
    """

    order_id: str
    target: TargetWeight | TargetQuantity
    exits: Exits | None
    plan: ExecutionPlan
    algorithm: AlgorithmState
    told: list[ChildFilled | ChildEnded] = []
    stop: str = ""
    made: int = 0
    traded: int = 0

    def child_id(self, number: int) -> str:
        """Return the order id of a child."""
        return f"{self.order_id}{CHILD}{number}"


class Planner:
    """How one bot's changes are planned: openings by the engine of its risk flags, reductions by the simple one.

    A guard holds back what adds risk, and nothing that takes it away.
    """

    __slots__ = ("leaving", "opening", "terms")

    def __init__(self, terms: Planning) -> None:
        self.terms = terms
        flags, factors, settings = terms.flags, terms.multipliers, terms.settings
        self.opening: SimpleEngine | AdvancedEngine = execution_engine(flags, factors, settings)
        self.leaving: SimpleEngine | AdvancedEngine = execution_engine(RiskFlags(), factors, settings)

    def urgency(self, *, reduces: bool) -> Urgency:
        """Return how urgent a change is."""
        chosen = self.terms.exit_urgency
        return chosen if reduces and chosen is not None else self.terms.urgency


class Day:
    """The bars of about a day of one instrument, and how much of what was posted there has filled.

    `by_trades` is whether volume is counted trade by trade: then the bars' is not counted once more.

    `sums` tell the bars apart in a digest without all of them: their number, and what their times, spans, closes and
    volumes come to.
    """

    __slots__ = ("bars", "by_trades", "rates", "sums")

    def __init__(self) -> None:
        self.bars: deque[tuple[int, int, int, int | None]] = deque()  # time, span, close, volume
        self.sums = [0, 0, 0, 0]
        self.rates = FillRates()
        self.by_trades = False

    def take(self, bar: Bar) -> None:
        """Take one bar, and forget those of more than a day before it."""
        bars = self.bars
        bars.append((bar.ts_ns, bar.span_ns, bar.close, bar.volume))
        self._count(bars[-1], 1)
        while bars[0][0] <= bar.ts_ns - DAY_NS or len(bars) > BARS_MAX:
            self._count(bars.popleft(), -1)

    @property
    def span_ns(self) -> int:
        """Return how long a bar is; 0 while there was none."""
        return self.bars[-1][1] if self.bars else 0

    def sigma_day(self) -> float | None:
        """Return the volatility of a day as a share; None without three bars."""
        if len(self.bars) < 3:
            return None
        closes = [close for _, _, close, _ in self.bars]
        squares = [math.log(after / before) ** 2 for before, after in pairwise(closes)]
        return math.sqrt(math.fsum(squares) / len(squares) * DAY_NS / self.bars[-1][1])

    def volume_day(self, instrument: Instrument) -> float | None:
        """Return the volume of a day in quantity units; None where bars do not tell it."""
        volumes = [volume for _, _, _, volume in self.bars]
        spans = sum(span for _, span, _, _ in self.bars)
        if not volumes or None in volumes:
            return None
        traded = sum(volume for volume in volumes if volume is not None)
        return traded * DAY_NS / spans * 10.0 ** (instrument.quantity_scale - instrument.volume_scale)

    def profile(self, start_ns: int, slices: int, horizon_ns: int) -> tuple[int, ...]:
        """Return what traded in each slice of a time from `start_ns` on, a day before; empty where bars do not tell.

        What falls into part of a bar is its part of the time.
        """
        since = start_ns - DAY_NS
        told = self.bars and self.bars[0][0] - self.bars[0][1] <= since
        if not told or horizon_ns > DAY_NS or any(volume is None for _, _, _, volume in self.bars):
            return ()
        ends = [since + horizon_ns * index // slices for index in range(slices + 1)]
        found = [0] * slices
        for ts_ns, span_ns, _, volume in self.bars:
            if ts_ns - span_ns >= ends[-1]:
                break
            for index, (begin, end) in enumerate(pairwise(ends)):
                shared = min(end, ts_ns) - max(begin, ts_ns - span_ns)
                if shared > 0:
                    found[index] += (volume or 0) * shared // span_ns
        return tuple(found)

    def values(self) -> list[object]:
        """Return what decides, as plain values for the digest."""
        sums = [each if each < WORD else each % WORD for each in self.sums]  # a digest takes numbers of 64 bits
        shares = [None if share is None else repr(share) for share in self.rates.shares]
        return [sums, shares, "by trades"] if self.by_trades else [sums, shares]

    def _count(self, bar: tuple[int, int, int, int | None], sign: int) -> None:
        ts_ns, span_ns, close, volume = bar
        sums, second = self.sums, ts_ns // SECOND_NS
        sums[0] += sign
        sums[1] += sign * (second + span_ns // SECOND_NS)
        sums[2] += sign * close * second
        sums[3] += sign * (-1 if volume is None else volume)


def counts_volume(way: object) -> bool:
    """Return whether a way to the market needs to hear what trades."""
    return isinstance(way, Planner) and way.terms.settings.algorithm.name is Algorithm.POV


def volume_since(bar: Bar, start_ns: int, instrument: Instrument) -> int:
    """Return what traded in a bar from some time on, in quantity units, rounded down; 0 where it does not tell."""
    since = max(start_ns, bar.open_ns)
    if bar.volume is None or bar.ts_ns <= since or bar.span_ns <= 0:
        return 0
    digits = instrument.quantity_scale - instrument.volume_scale
    more, less = int(10 ** max(0, digits)), int(10 ** max(0, -digits))
    return bar.volume * (bar.ts_ns - since) * more // (bar.span_ns * less)


def parent_of(order_id: str) -> str:
    """Return the id of the parent that an order is a child of, or protects a child of; "" for any other."""
    parent, mark, rest = order_id.rpartition(CHILD)
    number, _, suffix = rest.partition("-")  # what protects it has a suffix; a number would be an order of another name
    return parent if mark and number.isdigit() and not suffix.isdigit() else ""
