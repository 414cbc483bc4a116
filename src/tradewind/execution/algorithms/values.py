"""What an algorithm is told and what it answers: the parent, observations, and intents about children.

Prices and quantities are integers of the instrument's units. Children are numbered from 1 within their parent.
"""

from enum import Enum

import msgspec

from tradewind.model.instrument import Instrument
from tradewind.model.orders import Side


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """The order to be worked. `minimum` is the smallest child that the venue takes; times count from `start_ns`."""

    side: Side
    quantity: int
    start_ns: int
    arrival_half: int
    lot: int = 1
    tick: int = 1
    minimum: int = 0

    def __post_init__(self) -> None:
        if self.quantity <= 0 or self.lot <= 0 or self.quantity % self.lot:
            raise ValueError(f"a parent is a positive multiple of the lot {self.lot}, was {self.quantity}")
        if self.arrival_half <= 0 or self.tick <= 0:
            raise ValueError("a parent needs an arrival mid and a tick, both positive")

    @property
    def smallest(self) -> int:
        """The smallest child in whole lots."""
        return max(self.lot, -(-self.minimum // self.lot) * self.lot)


def parent_of(instrument: Instrument, side: Side, quantity: int, bid: int, ask: int, start_ns: int) -> Parent:
    """Return the parent of an order on an instrument, with the instrument's increments and minimums."""
    minimum = instrument.min_quantity
    if instrument.min_notional:
        # A tenth of room: what is enough at this price should still be so when the price has moved a little.
        minimum = max(minimum, int(instrument.min_notional * 11 / 10 / instrument.notional(1, bid)) + 1)
    return Parent(
        side=side,
        quantity=quantity,
        start_ns=start_ns,
        arrival_half=bid + ask,
        lot=instrument.lot,
        tick=instrument.tick,
        minimum=minimum,
    )


class ChildFilled(msgspec.Struct, frozen=True, tag="filled"):
    """Part of a child filled."""

    child: int
    quantity: int


class ChildEnded(msgspec.Struct, frozen=True, tag="ended"):
    """A child is over: canceled, expired or rejected. What it filled was told before."""

    child: int
    reason: str = ""
    rejected: bool = False


class Order(Enum):
    """What an operator tells an algorithm."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What is known at `ts_ns`: the touch (None: no usable quote), what traded since the last time, and answers.

    `volume` is the market's, without our own fills.
    """

    ts_ns: int
    bid: int | None = None
    ask: int | None = None
    bid_size: int = 0
    ask_size: int = 0
    volume: int = 0
    answers: tuple[ChildFilled | ChildEnded, ...] = ()
    order: Order | None = None


class PlaceChild(msgspec.Struct, frozen=True, tag="place"):
    """Send a child: post-only at `price`, or, without a price, a market order."""

    child: int
    quantity: int
    price: int | None = None
    display: int | None = None


class CancelChild(msgspec.Struct, frozen=True, tag="cancel"):
    """Cancel a child."""

    child: int


ChildIntent = PlaceChild | CancelChild
