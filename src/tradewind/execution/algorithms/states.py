"""The state of an algorithm, and how answers and commands change it. Everything here is a plain value.

A child counts as asked for until it is known to be over: a cancel that was sent takes nothing back by itself.
"""

from enum import Enum

import msgspec

from tradewind.execution.algorithms.releases import Release
from tradewind.execution.algorithms.values import ChildEnded, ChildFilled, Observation, Order, Parent
from tradewind.model.plans import MakerTerms

REJECTS_MAX = 10


class Phase(Enum):
    RUNNING = "running"
    PAUSED = "paused"
    CANCELING = "canceling"
    ENDED = "ended"


class Child(msgspec.Struct, frozen=True):
    """A child that may still fill; without a price it takes. `leaving`: its cancel was sent; `crosses`: to take."""

    number: int
    quantity: int
    sent_ns: int
    price: int | None = None
    filled: int = 0
    leaving: bool = False
    crosses: bool = False

    @property
    def open(self) -> int:
        return self.quantity - self.filled


class AlgorithmState(msgspec.Struct, frozen=True, kw_only=True):
    """Where an algorithm stands. Durations count from the parent's start without the pauses.

    `to_cross` is the part of what is due that takes rather than waits. `waiting_ns` is since when passive children have
    had no fill, `moved` whether they were moved for that; `reason` says why it ended.
    """

    parent: Parent
    release: Release
    maker: MakerTerms | None = None
    deadline_ns: int | None = None
    phase: Phase = Phase.RUNNING
    children: tuple[Child, ...] = ()
    next_child: int = 1
    filled: int = 0
    volume: int = 0
    to_cross: int = 0
    waiting_ns: int | None = None
    moved: bool = False
    reprices: int = 0
    rejects: int = 0
    paused_ns: int = 0
    paused_since_ns: int | None = None
    spread: float = 0.0
    reason: str = ""

    @property
    def open(self) -> int:
        """What children may still fill."""
        return sum(child.open for child in self.children)

    @property
    def committed(self) -> int:
        """What has filled or may still fill; never more than the parent, unless a venue fills more than was asked."""
        return self.filled + self.open

    @property
    def over(self) -> bool:
        return self.phase is Phase.ENDED

    def elapsed_ns(self, ts_ns: int) -> int:
        """Return the time since the start, without the pauses."""
        until = ts_ns if self.paused_since_ns is None else self.paused_since_ns
        return max(0, until - self.parent.start_ns - self.paused_ns)


def told(state: AlgorithmState, observation: Observation) -> AlgorithmState:
    """Return the state after the answers, the market's volume and the command of an observation."""
    for answer in observation.answers:
        state = _filled(state, answer) if isinstance(answer, ChildFilled) else _ended(state, answer)
    if any(isinstance(answer, ChildFilled) for answer in observation.answers):
        resting = any(child.price is not None for child in state.children)
        state = msgspec.structs.replace(state, waiting_ns=state.elapsed_ns(observation.ts_ns) if resting else None)
    if state.phase is Phase.RUNNING and observation.volume:
        state = msgspec.structs.replace(state, volume=state.volume + observation.volume)
    return _ordered(state, observation.order, observation.ts_ns)


def _filled(state: AlgorithmState, answer: ChildFilled) -> AlgorithmState:
    children = tuple(
        msgspec.structs.replace(child, filled=min(child.quantity, child.filled + answer.quantity))
        if child.number == answer.child
        else child
        for child in state.children
    )
    return msgspec.structs.replace(
        state,
        children=tuple(child for child in children if child.open),
        filled=state.filled + answer.quantity,
        rejects=0,
    )


def _ended(state: AlgorithmState, answer: ChildEnded) -> AlgorithmState:
    ended = next((child for child in state.children if child.number == answer.child), None)
    if ended is None:
        return state
    # A child that was to take, or is to take next, still is.
    crosses = ended.crosses or ended.price is None
    unasked = answer.rejected or not ended.leaving
    return msgspec.structs.replace(
        state,
        children=tuple(child for child in state.children if child is not ended),
        to_cross=state.to_cross + (ended.open if crosses else 0),
        reprices=state.reprices + (1 if answer.rejected and ended.price is not None else 0),
        rejects=state.rejects + (1 if unasked else 0),
    )


def _ordered(state: AlgorithmState, order: Order | None, ts_ns: int) -> AlgorithmState:
    """A command that does not fit the phase changes nothing."""
    replace = msgspec.structs.replace
    if order is Order.PAUSE and state.phase is Phase.RUNNING:
        return replace(state, phase=Phase.PAUSED, paused_since_ns=ts_ns, waiting_ns=None)
    if order is Order.RESUME and state.phase is Phase.PAUSED:
        since = ts_ns if state.paused_since_ns is None else state.paused_since_ns
        return replace(
            state, phase=Phase.RUNNING, paused_since_ns=None, paused_ns=state.paused_ns + max(0, ts_ns - since)
        )
    if order is Order.CANCEL and state.phase in {Phase.RUNNING, Phase.PAUSED}:
        return replace(state, phase=Phase.CANCELING, reason="REQUESTED")
    return state
