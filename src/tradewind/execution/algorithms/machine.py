"""One step of a parent order: what is due is asked for, what stands badly is moved, and nothing is asked for twice."""

from collections.abc import Sequence

import msgspec

from tradewind.execution.algorithms.pricing import Move, judge, passive_price
from tradewind.execution.algorithms.releases import Adaptive, BySlice, ByVolume, Release, due
from tradewind.execution.algorithms.states import REJECTS_MAX, AlgorithmState, Child, Phase, told
from tradewind.execution.algorithms.values import CancelChild, ChildIntent, Observation, Parent, PlaceChild
from tradewind.model.orders import Side
from tradewind.model.plans import Ending, MakerTerms

replace = msgspec.structs.replace
Step = tuple[AlgorithmState, tuple[ChildIntent, ...]]


def start(
    parent: Parent, release: Release, maker: MakerTerms | None = None, deadline_ns: int | None = None
) -> AlgorithmState:
    """Return the state in which nothing has been asked for yet. Without `maker` every child takes.

    `deadline_ns` counts from the parent's start.
    """
    return AlgorithmState(parent=parent, release=release, maker=maker, deadline_ns=deadline_ns)


def step(state: AlgorithmState, observation: Observation) -> Step:
    """Return the state after an observation, and what to do about children.

    Call it on answers, on commands, and at least every second while the order works. A state that was written down and
    read back goes on as if nothing had happened.
    """
    state = told(state, observation)
    if state.phase is Phase.ENDED:
        return state, ()
    if state.phase is Phase.RUNNING:
        state = _followed(state, observation)
    if state.phase is not Phase.RUNNING:
        return _withdraw(state)
    state, cancels = _moved(state, observation)
    state, placed = _asked(state, observation)
    return state, (*cancels, *placed)


def _followed(state: AlgorithmState, observation: Observation) -> AlgorithmState:
    """The state after what follows from quantities, time and spread alone."""
    if state.filled >= state.parent.quantity:
        return replace(state, phase=Phase.CANCELING, reason="FILLED")
    if state.rejects >= REJECTS_MAX:
        return replace(state, phase=Phase.CANCELING, reason="REJECTED")
    if _late(state, observation.ts_ns) and state.maker is not None and state.maker.ending is Ending.CANCEL:
        return replace(state, phase=Phase.CANCELING, reason="DEADLINE")
    if not state.children and state.waiting_ns is None and state.moved:
        state = replace(state, moved=False, reprices=0)
    bid, ask = observation.bid, observation.ask
    if isinstance(state.release, Adaptive) and bid is not None and ask is not None:
        seen = float(ask - bid)
        average = seen if state.spread == 0 else state.spread + state.release.weight * (seen - state.spread)
        state = replace(state, spread=average)
    return state


def _withdraw(state: AlgorithmState) -> Step:
    """Cancel whatever is open; an order that is being cancelled is over when nothing is."""
    state, cancels = _cancel(state, [child.number for child in state.children if not child.leaving])
    if state.phase is Phase.CANCELING and not state.children:
        state = replace(state, phase=Phase.ENDED)
    return state, cancels


def _moved(state: AlgorithmState, observation: Observation) -> Step:
    """Let resting children move, or be cancelled to take instead."""
    maker = state.maker
    if maker is None:
        return state, ()
    resting = [child for child in state.children if child.price is not None and not child.leaving]
    if resting and _takes_now(state, observation):
        return _cancel(state, [child.number for child in resting], crosses=True)
    verdicts = [(child, judge(state, maker, child, observation)) for child in resting]
    crossing = [child.number for child, move in verdicts if move is Move.CROSS]
    if crossing:
        state, cancels = _cancel(state, crossing, crosses=True)
        return replace(state, moved=False, waiting_ns=None), cancels
    moving = [child.number for child, move in verdicts if move is not Move.STAY]
    if not moving:
        return state, ()
    state, cancels = _cancel(state, moving)
    state = replace(state, reprices=state.reprices + 1)
    if any(move is Move.ESCALATE for _, move in verdicts):
        # Patience starts anew with the new price; when it ends once more, the order takes.
        state = replace(state, moved=True, waiting_ns=state.elapsed_ns(observation.ts_ns))
    return state, cancels


def _asked(state: AlgorithmState, observation: Observation) -> Step:
    """Ask for what is due and not asked for yet."""
    parent = state.parent
    elapsed = state.elapsed_ns(observation.ts_ns)
    late = _late(state, observation.ts_ns)
    wanted = parent.quantity if late else due(state.release, parent, elapsed, state.volume, state.filled)
    want = min(parent.quantity, wanted) - state.committed
    want -= want % parent.lot
    left = parent.quantity - state.committed - want
    if 0 < left < parent.smallest <= want:
        want += left  # what would be too small alone later goes along now
    if want < parent.smallest:
        if wanted >= parent.quantity and not state.children and want > 0:
            return replace(state, phase=Phase.ENDED, reason="BELOW_MINIMUM"), ()
        return state, ()
    if observation.bid is None or observation.ask is None or _holds_back(state, observation, late):
        return state, ()
    return _placed(state, observation, want, observation.bid, observation.ask)


def _placed(state: AlgorithmState, observation: Observation, want: int, bid: int, ask: int) -> Step:
    smallest, maker = state.parent.smallest, state.maker
    taking = want if maker is None or _takes_now(state, observation) else min(want, state.to_cross)
    waiting = want - taking
    if 0 < waiting < smallest:
        taking, waiting = want, 0
    elif 0 < taking < smallest:
        taking, waiting = 0, want
    sizes: list[tuple[int, int | None]] = [(taking, None)] if taking else []
    if waiting and maker is not None:
        extra = 1 if state.moved else 0
        sizes.append((waiting, passive_price(state.parent, maker, bid, ask, extra)))
        if state.waiting_ns is None:
            state = replace(state, waiting_ns=state.elapsed_ns(observation.ts_ns))
    placed: list[PlaceChild] = []
    for quantity, price in sizes:
        placed.append(PlaceChild(state.next_child + len(placed), quantity, price))
    children = tuple(Child(each.child, each.quantity, observation.ts_ns, each.price) for each in placed)
    state = replace(
        state,
        children=state.children + children,
        next_child=state.next_child + len(placed),
        to_cross=max(0, state.to_cross - taking) if taking else 0,
    )
    return state, tuple(placed)


def recall(state: AlgorithmState, numbers: Sequence[int]) -> Step:
    """Return the state after children were called back, and their cancels: what they have not filled is asked for anew.

    For a caller with reasons of its own, such as a partial fill that must be protected.
    """
    return _cancel(state, [child.number for child in state.children if child.number in numbers and not child.leaving])


def _late(state: AlgorithmState, ts_ns: int) -> bool:
    return state.deadline_ns is not None and state.elapsed_ns(ts_ns) >= state.deadline_ns


def _takes_now(state: AlgorithmState, observation: Observation) -> bool:
    """Whether whatever is due takes: at the deadline, or where an adaptive order reads the book so."""
    if state.maker is not None and _late(state, observation.ts_ns) and state.maker.ending is Ending.CROSS:
        return True
    release = state.release
    if not isinstance(release, Adaptive) or observation.bid is None or observation.ask is None:
        return False
    parent = state.parent
    elapsed = state.elapsed_ns(observation.ts_ns)
    behind = due(release, parent, elapsed, state.volume, state.filled) - state.filled
    if behind >= release.behind_share * parent.quantity and behind > state.parent.smallest and _waited(state, elapsed):
        return True
    own, other = observation.bid_size, observation.ask_size
    if parent.side is Side.SELL:
        own, other = other, own
    return own + other > 0 and own >= release.lean * (own + other) and _waited(state, elapsed)


def _waited(state: AlgorithmState, elapsed_ns: int) -> bool:
    rest_ns = 0 if state.maker is None else state.maker.rest_ns
    return state.waiting_ns is not None and elapsed_ns - state.waiting_ns >= rest_ns


def _holds_back(state: AlgorithmState, observation: Observation, late: bool) -> bool:
    """Whether an adaptive order waits for a better spread before it places anything new."""
    release = state.release
    if late or not isinstance(release, Adaptive) or observation.bid is None or observation.ask is None:
        return False
    return observation.ask - observation.bid > release.wide * state.spread > 0


def _cancel(state: AlgorithmState, numbers: Sequence[int], crosses: bool = False) -> Step:
    if not numbers:
        return state, ()
    children = tuple(
        replace(child, leaving=True, crosses=crosses) if child.number in numbers else child for child in state.children
    )
    return replace(state, children=children), tuple(CancelChild(number) for number in numbers)


def describe(state: AlgorithmState) -> str:
    """Return the algorithm's name."""
    release = state.release
    if isinstance(release, ByVolume):
        return "participation"
    if isinstance(release, BySlice):
        return "iceberg"
    return "adaptive" if isinstance(release, Adaptive) else release.name
