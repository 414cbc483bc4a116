"""One total order over any number of recorded sources, and a heap for what is not recorded.

Ties are broken by chosen numbers: time, priority, source name, position in the source. Recorded sources are sorted
once; their events are made in chunks, in C where they are bars, and handed on as lists.
"""

import heapq
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tradewind.engine.core import Event
from tradewind.model.market_events import Bar, Gap, MarketEvent

TERMS_PRIORITY = 5  # margin terms: after bars, marks and funding of the same moment
CHUNK = 1024  # small enough that a chunk's events stay in the processor's cache until they are used
IntArray = npt.NDArray[np.int64]


class Recorded(Protocol):
    """A sorted recording: event times, a name and priority for ties, and events made on demand."""

    name: str
    priority: int
    ts_ns: IntArray

    def events(self, start: int, stop: int) -> list[MarketEvent]:
        """Return the events of rows start..stop, in order."""
        ...


class RecordedBars:
    """Bars of one instrument as columns of integers; `served` are precomputed indicator columns, or None."""

    priority = 2

    def __init__(
        self,
        instrument: str,
        span_ns: int,
        ts_ns: IntArray,
        columns: Sequence[IntArray],
        volume: IntArray | None,
        served: Sequence[npt.NDArray[np.float64]] | None = None,
    ) -> None:
        self.name = instrument
        self.span_ns = span_ns
        self.ts_ns = ts_ns
        self.columns = tuple(columns)
        self.volume = volume
        self.served = served

    def events(self, start: int, stop: int) -> list[MarketEvent]:
        count = stop - start
        prices = [column[start:stop].tolist() for column in self.columns]
        volume = repeat(None, count) if self.volume is None else self.volume[start:stop].tolist()
        if self.served is None:
            served: Iterator[tuple[float, ...] | None] = repeat(None, count)
        elif self.served:
            served = zip(*(column[start:stop].tolist() for column in self.served), strict=True)
        else:
            served = repeat((), count)
        return list(
            map(Bar, repeat(self.name), self.ts_ns[start:stop].tolist(), repeat(self.span_ns), *prices, volume, served)
        )


class RecordedEvents:
    """Any events of one source that exist already, in time order."""

    def __init__(self, name: str, priority: int, events: Sequence[MarketEvent]) -> None:
        self.name = name
        self.priority = priority
        self._events = list(events)
        self.ts_ns = np.array([event.ts_ns for event in self._events], dtype=np.int64)
        if np.any(np.diff(self.ts_ns) < 0):
            raise ValueError(f"the events of source {name!r} go backwards in time: sort them by ts_ns first")

    def events(self, start: int, stop: int) -> list[MarketEvent]:
        return self._events[start:stop]


def gap_source(instrument: str, gaps: Sequence[Gap]) -> RecordedEvents:
    """Return a source of gap events; each comes just before the bar that ends the gap."""
    return RecordedEvents(instrument, 0, gaps)


def restless(sources: Sequence[Recorded]) -> frozenset[str]:
    """Return the instruments whose margin terms change: a venue has to hear of that also while nothing is held."""
    return frozenset(source.name for source in sources if source.priority == TERMS_PRIORITY)


def merge(sources: Sequence[Recorded], chunk: int = CHUNK) -> Iterator[list[MarketEvent]]:
    """Yield all events of all sources in total order, in lists of about `chunk` per source.

    The order is time, priority, source name, position, whatever the order in which the sources are given.
    """
    ordered = sorted(
        (source for source in sources if len(source.ts_ns)), key=lambda source: (source.priority, source.name)
    )
    if len(ordered) == 1:
        only = ordered[0]
        for start in range(0, len(only.ts_ns), chunk):
            yield only.events(start, min(start + chunk, len(only.ts_ns)))
        return
    if not ordered:
        return
    chunk *= min(len(ordered), 4)  # so that each source's part of a chunk stays worth making at once
    times = np.concatenate([source.ts_ns for source in ordered])
    ranks = np.repeat(np.arange(len(ordered), dtype=np.int32), [len(source.ts_ns) for source in ordered])
    # The concatenation is already in (priority, name, position) order, so a stable sort by time is the total order.
    ranks = ranks[np.argsort(times, kind="stable")]
    del times
    position = [0] * len(ordered)
    for start in range(0, len(ranks), chunk):
        here = ranks[start : start + chunk]
        events: list[MarketEvent] = []
        for rank, count in enumerate(np.bincount(here, minlength=len(ordered)).tolist()):
            if count:
                events.extend(ordered[rank].events(position[rank], position[rank] + count))
                position[rank] += count
        places = np.argsort(np.argsort(here, kind="stable"), kind="stable")
        yield list(map(events.__getitem__, places.tolist()))


class Agenda:
    """Events that are not recorded (timers, late answers, commands), by time, priority and order of arrival."""

    __slots__ = ("_count", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, int, Event]] = []
        self._count = 0

    def add(self, ts_ns: int, event: Event, priority: int = 5) -> None:
        """Schedule an event for `ts_ns`."""
        self._count += 1
        heapq.heappush(self._heap, (ts_ns, priority, self._count, event))

    @property
    def next_ns(self) -> int | None:
        """The time of the earliest event, None when there is none."""
        return self._heap[0][0] if self._heap else None

    def pop_due(self, ts_ns: int) -> Iterator[Event]:
        """Yield the events due before or at `ts_ns`, earliest first; events added meanwhile take part."""
        while self._heap and self._heap[0][0] <= ts_ns:
            yield heapq.heappop(self._heap)[3]
