"""Algorithms under any fills, delays, rejects, pauses and restarts: sums are exact and nothing is asked for twice."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tradewind.execution.algorithms import releases
from tradewind.execution.algorithms.machine import start, step
from tradewind.execution.algorithms.states import AlgorithmState, Phase
from tradewind.execution.algorithms.values import (
    CancelChild,
    ChildEnded,
    ChildFilled,
    Observation,
    Order,
    Parent,
    PlaceChild,
)
from tradewind.model.orders import Side
from tradewind.model.plans import Ending, MakerTerms

SECOND = 1_000_000_000
HORIZON = 60 * SECOND
NAMES = ("twap", "vwap", "pov", "iceberg", "almgren_chriss", "adaptive")


def release_of(name, parent):
    if name == "twap":
        return releases.twap(parent, 5, HORIZON)
    if name == "vwap":
        return releases.vwap(parent, [Decimal(volume) for volume in (10, 30, 0, 40, 20)], HORIZON)
    if name == "pov":
        return releases.participation(Decimal("0.3"))
    if name == "iceberg":
        return releases.iceberg(parent, Decimal("0.21"))
    path = releases.almgren_chriss(parent, 7, HORIZON, 0.4)
    return path if name == "almgren_chriss" else releases.Adaptive(releases.twap(parent, 4, HORIZON))


class Venue:
    """Children as a venue has them; cancels and fills race, and every answer may come late."""

    def __init__(self, parent):
        self.parent, self.live, self.filled, self.answers, self.placed = parent, {}, 0, [], 0
        self.cancels = []

    @property
    def open(self):
        return sum(self.live.values())

    def take(self, intents, state):
        numbers = [intent.child for intent in intents if isinstance(intent, PlaceChild)]
        assert numbers == list(range(self.placed + 1, self.placed + 1 + len(numbers)))
        self.placed += len(numbers)
        for intent in intents:
            if isinstance(intent, PlaceChild):
                assert intent.quantity > 0
                assert intent.quantity % self.parent.lot == 0
                assert intent.quantity >= self.parent.smallest
                assert intent.price is None or intent.price % self.parent.tick == 0
                self.live[intent.child] = intent.quantity
            else:
                self.cancels.append(intent.child)
        assert self.filled + self.open <= self.parent.quantity
        assert state.committed <= self.parent.quantity

    def cancel(self, count):
        """Let the oldest cancels arrive; until then their children can fill."""
        arrived, self.cancels = self.cancels[:count], self.cancels[count:]
        for child in arrived:
            if child in self.live:
                self.live.pop(child)
                self.answers.append(ChildEnded(child, "REQUESTED"))

    def fill(self, child, quantity):
        quantity = min(quantity, self.live[child])
        self.live[child] -= quantity
        self.filled += quantity
        self.answers.append(ChildFilled(child, quantity))
        if not self.live[child]:
            self.live.pop(child)

    def reject(self, child):
        self.live.pop(child)
        self.answers.append(ChildEnded(child, "POST_ONLY_WOULD_CROSS", rejected=True))

    def told(self, count):
        told, self.answers = self.answers[:count], self.answers[count:]
        return tuple(told)


def restarted(state):
    """The state as a journal gives it back."""
    return msgspec.json.decode(msgspec.json.encode(state), type=AlgorithmState)


@st.composite
def sessions(draw):
    lot = draw(st.sampled_from([1, 10]))
    parent = Parent(
        side=draw(st.sampled_from(list(Side))),
        quantity=lot * draw(st.integers(1, 500)),
        start_ns=5 * SECOND,
        arrival_half=20_000,
        lot=lot,
        tick=draw(st.sampled_from([1, 5])),
        minimum=lot * draw(st.integers(0, 20)),
    )
    assume(parent.quantity >= parent.smallest)
    maker = draw(
        st.none()
        | st.builds(
            MakerTerms,
            offset_ticks=st.integers(-1, 1),
            reprices_max=st.integers(0, 5),
            crosses=st.booleans(),
            ending=st.sampled_from(list(Ending)),
        )
    )
    return parent, draw(st.sampled_from(NAMES)), maker


@settings(max_examples=settings.default.max_examples // 3)
@given(sessions(), st.data())
def test_sums_are_exact_under_anything(session, data):
    parent, name, maker = session
    state = start(parent, release_of(name, parent), maker, HORIZON)
    venue, now, bid = Venue(parent), parent.start_ns, 9_990
    for _ in range(data.draw(st.integers(1, 25))):
        now += data.draw(st.integers(0, 8 * SECOND))
        bid = max(100, bid + data.draw(st.integers(-30, 30)))
        venue.cancel(data.draw(st.integers(0, 2)))
        if venue.live and data.draw(st.booleans()):
            child = data.draw(st.sampled_from(sorted(venue.live)))
            if data.draw(st.integers(0, 5)):
                venue.fill(child, parent.lot * data.draw(st.integers(1, 100)))
            else:
                venue.reject(child)
        quoted = data.draw(st.integers(0, 9)) > 0
        seen = Observation(
            ts_ns=now,
            bid=bid if quoted else None,
            ask=bid + data.draw(st.integers(1, 40)) if quoted else None,
            bid_size=data.draw(st.integers(0, 9)),
            ask_size=data.draw(st.integers(0, 9)),
            volume=data.draw(st.integers(0, 2_000)),
            answers=venue.told(data.draw(st.integers(0, 5))),
            order=data.draw(st.sampled_from([None] * 6 + [Order.PAUSE, Order.RESUME, Order.RESUME, Order.CANCEL])),
        )
        again, same = step(restarted(state), seen)
        state, intents = step(state, seen)
        assert (again, same) == (state, intents)
        if state.phase is not Phase.RUNNING:
            assert all(isinstance(intent, CancelChild) for intent in intents)
        venue.take(intents, state)
    settled, _ = step(state, Observation(ts_ns=now, answers=venue.told(10**6)))
    assert settled.filled == venue.filled
    assert settled.over is False or not venue.live


@given(sessions(), st.integers(0, 30), st.booleans())
def test_cancel_leaves_no_child(session, before, paused):
    parent, name, maker = session
    state = start(parent, release_of(name, parent), maker, HORIZON)
    venue = Venue(parent)
    for second in range(before):
        seen = Observation(ts_ns=parent.start_ns + second * SECOND, bid=9_990, ask=10_010, volume=10)
        state, intents = step(state, seen)
        venue.take(intents, state)
    now = parent.start_ns + before * SECOND
    orders = [Order.PAUSE, Order.CANCEL] if paused else [Order.CANCEL]
    for order in orders:
        state, intents = step(state, Observation(ts_ns=now, bid=9_990, ask=10_010, order=order))
        venue.take(intents, state)
    venue.cancel(100)
    assert not venue.live
    state, _ = step(state, Observation(ts_ns=now, answers=venue.told(100)))
    assert state.over
    assert state.reason == "REQUESTED"
    again, intents = step(state, Observation(ts_ns=now + HORIZON, bid=9_990, ask=10_010, volume=10**6))
    assert (again, intents) == (state, ())


@given(sessions())
def test_whatever_fills_at_once_adds_up_to_the_parent(session):
    parent, name, _ = session
    state = start(parent, release_of(name, parent), None, HORIZON)
    venue = Venue(parent)
    for second in range(70):
        seen = Observation(
            ts_ns=parent.start_ns + second * SECOND, bid=9_990, ask=10_010, volume=50, answers=venue.told(100)
        )
        state, intents = step(state, seen)
        venue.take(intents, state)
        for child in sorted(venue.live):
            venue.fill(child, parent.quantity)
    assert venue.filled == parent.quantity
    assert state.over
    assert state.reason == "FILLED"


@pytest.mark.parametrize("name", NAMES)
def test_a_pause_stops_the_clock(name):
    parent = Parent(side=Side.BUY, quantity=1_000, start_ns=0, arrival_half=20_000)
    steady = start(parent, release_of(name, parent), None, HORIZON)
    paused = steady

    def fed(state, second, order=None):
        state, intents = step(state, Observation(ts_ns=second * SECOND, bid=9_990, ask=10_010, volume=100, order=order))
        fills = tuple(ChildFilled(each.child, each.quantity) for each in intents if isinstance(each, PlaceChild))
        state, _ = step(state, Observation(ts_ns=second * SECOND, answers=fills))
        return state

    for second in range(20):
        steady, paused = fed(steady, second), fed(paused, second)
    paused = fed(paused, 19, Order.PAUSE)
    for second in range(20, 500):
        paused = fed(paused, second)
    assert paused.filled == steady.filled
    paused = fed(paused, 499, Order.RESUME)
    for second in range(20, 50):
        steady, paused = fed(steady, second), fed(paused, second + 480)
    assert abs(paused.filled - steady.filled) <= 30
