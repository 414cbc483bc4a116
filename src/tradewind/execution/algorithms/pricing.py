"""Where a passive child stands, and when it has to move."""

from enum import Enum

from tradewind.execution.algorithms.states import AlgorithmState, Child
from tradewind.execution.algorithms.values import Observation, Parent
from tradewind.model.instrument import ceil_to, floor_to
from tradewind.model.orders import Side
from tradewind.model.plans import MakerTerms

BPS = 10_000


class Move(Enum):
    """STAY; REPRICE to where a child would be placed now; ESCALATE: so, and take the next time; CROSS: take."""

    STAY = 0
    REPRICE = 1
    ESCALATE = 2
    CROSS = 3


def passive_price(parent: Parent, terms: MakerTerms, bid: int, ask: int, extra_ticks: int = 0) -> int:
    """Return the price of a passive child: at the touch or `offset_ticks` from it, never through the other side.

    It stays within `chase_bps` of the arrival mid, on the tick.
    """
    tick, step = parent.tick, (terms.offset_ticks + extra_ticks) * parent.tick
    room = parent.arrival_half * terms.chase_bps / BPS / 2
    if parent.side is Side.BUY:
        highest = floor_to(int(parent.arrival_half / 2 + room), tick)
        return max(tick, min(floor_to(bid, tick) + step, ceil_to(ask, tick) - tick, highest))
    lowest = ceil_to(int(parent.arrival_half / 2 - room), tick)
    return max(ceil_to(ask, tick) - step, floor_to(bid, tick) + tick, lowest)


def judge(state: AlgorithmState, terms: MakerTerms, child: Child, observation: Observation) -> Move:
    """Return what a resting child should do. A child that stands where it would be placed anew keeps its queue."""
    bid, ask = observation.bid, observation.ask
    if bid is None or ask is None or child.price is None:
        return Move.STAY
    parent = state.parent
    behind = (passive_price(parent, terms, bid, ask) - child.price) * parent.side
    elapsed = state.elapsed_ns(observation.ts_ns)
    waited = state.waiting_ns is not None and elapsed - state.waiting_ns >= terms.patience_ns
    adverse = behind * BPS >= terms.adverse_bps * child.price
    if terms.crosses and state.moved and (waited or adverse):
        return Move.CROSS
    if state.reprices >= terms.reprices_max:
        return Move.CROSS if terms.crosses else Move.STAY
    better = behind > 0 or (passive_price(parent, terms, bid, ask, 1) - child.price) * parent.side > 0
    if adverse or (waited and not state.moved and (better or terms.crosses)):
        return Move.ESCALATE
    rested = observation.ts_ns - child.sent_ns >= terms.rest_ns
    return Move.REPRICE if behind > terms.reprice_ticks * parent.tick and rested else Move.STAY
