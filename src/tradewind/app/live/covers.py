"""Covers: the exits of one position as one thing, the entries they wait for, and who is known by which name."""

from enum import Enum

from tradewind.model.orders import OrderKind, OrderRequest, Side

BUY = Side.BUY
ALIASES_MAX = 10_000


class Phase(Enum):
    WAITING = "waiting for its parent"
    RESTING = "resting at the venue"
    WATCHED = "watched here"
    FIRED = "reached"
    LEAVING = "being withdrawn"
    DONE = "done"


class Cover:
    """The exits of one position as one thing: legs that cancel each other, and at most one order at the venue."""

    def __init__(self, name: str, first: OrderRequest) -> None:
        self.name = name
        self.instrument = first.instrument
        self.side = first.side
        self.whole = int(first.quantity or 0)
        self.quantity = self.whole  # of an entry that is still filling: what it has opened so far
        self.filled = 0
        self.there = 0  # what is left of the order at the venue
        self.asked = 0  # its `quantity` when the last order for it was sent
        self.sent_ns = 0
        self.refusals = 0
        self.retry_ns: int | None = None  # when the venue is asked again for what it refused
        self.legs: list[OrderRequest] = []
        self.leg_filled: dict[str, int] = {}
        self.parent = first.after
        self.phase = Phase.WAITING if first.after is not None else Phase.WATCHED
        self.at_venue: str | None = None  # the id of the order that is there, or may be
        self.attempts = 0
        self.reprices = 0
        self.fired: OrderRequest | None = None  # the leg that was reached
        self.fired_ns = 0
        self.extreme: int | None = None  # the best mark since a trailing stop began
        self.why = ""

    @property
    def remaining(self) -> int:
        return self.quantity - self.filled

    @property
    def covered(self) -> int:
        """Return how much is protected where everything is in force: what is at the venue, or all that is watched."""
        return self.remaining if self.phase is Phase.WATCHED else min(self.remaining, self.there)

    @property
    def has_outgrown(self) -> bool:
        """Return whether the venue should be asked to hold more of it than it was."""
        wants = self.leg(OrderKind.STOP_MARKET) is not None or self.leg(OrderKind.TRAILING_STOP) is None
        return wants and self.phase in {Phase.RESTING, Phase.WATCHED} and self.quantity > self.asked

    def loses(self, price: int, line: int) -> bool:
        """Return whether a price has come to a line on the side where the position loses: a stop is reached."""
        return price >= line if self.side is BUY else price <= line

    def gains(self, price: int, line: int) -> bool:
        """Return whether a price has come to a line on the side where the position gains: a target is reached."""
        return price <= line if self.side is BUY else price >= line

    def trailed(self, mark: int, distance: int) -> int:
        """Return where a stop is that keeps its distance from the best mark so far."""
        buys = self.side is BUY
        self.extreme = mark if self.extreme is None else (min if buys else max)(self.extreme, mark)
        return self.extreme + distance if buys else self.extreme - distance

    def leg(self, kind: OrderKind) -> OrderRequest | None:
        return next((leg for leg in self.legs if leg.kind is kind), None)

    @property
    def leader(self) -> OrderRequest:
        """Return the leg under whose id the venue's order goes."""
        return self.leg(OrderKind.STOP_MARKET) or self.leg(OrderKind.LIMIT) or self.legs[0]


class Parent:
    """An order whose children wait."""

    __slots__ = ("covers", "filled", "quantity")

    def __init__(self, quantity: int) -> None:
        self.quantity = quantity
        self.filled = 0
        self.covers: list[Cover] = []

    @property
    def is_filled(self) -> bool:
        return self.filled >= self.quantity


class Covers:
    """Every cover that is not done by the ids of its legs, each by what was sent for it, and the entries that fill."""

    def __init__(self) -> None:
        self.parents: dict[str, Parent] = {}
        self._by_leg: dict[str, Cover] = {}
        self._by_sent: dict[str, Cover] = {}

    def join(self, request: OrderRequest) -> Cover:
        """Return the cover that a leg belongs to, with the leg in it; a new one waits for the entry it names."""
        name = request.oco or request.order_id
        known = next((cover for cover in self._by_leg.values() if cover.name == name), None)
        cover = known or Cover(name, request)
        cover.legs.append(request)
        self._by_leg[request.order_id] = cover
        if known is None and cover.parent is not None:
            self.parents.setdefault(cover.parent, Parent(0)).covers.append(cover)
        return cover

    def all(self) -> list[Cover]:
        """Return every cover that is not done, in the order in which they came."""
        return list({id(cover): cover for cover in self._by_leg.values()}.values())

    def of_leg(self, order_id: str) -> Cover | None:
        """Return the cover that a leg of this id belongs to, None when it passed through or is done."""
        return self._by_leg.get(order_id)

    def of_sent(self, client_id: str) -> Cover | None:
        """Return the cover for which this was sent, None when it was sent for nothing but itself."""
        return self._by_sent.get(client_id)

    def sent(self, client_id: str, cover: Cover) -> None:
        """Note that an order of this id is there, or may be, for the cover."""
        self._by_sent[client_id] = cover

    def drop(self, cover: Cover) -> None:
        """Take a cover for done. What was sent for it is still known: executions may come late."""
        cover.phase = Phase.DONE
        for leg in cover.legs:
            self._by_leg.pop(leg.order_id, None)

    def forget_done(self) -> None:
        """Drop the names of covers that are done, but for the latest: executions that late are rare."""
        if len(self._by_sent) > ALIASES_MAX:
            done = [name for name, cover in self._by_sent.items() if cover.phase is Phase.DONE]
            for name in done[: len(self._by_sent) - ALIASES_MAX // 2]:
                del self._by_sent[name]
