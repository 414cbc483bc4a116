"""A strategy that wants nothing but in: many small bids a second, for tests of what has to hold it back."""

from decimal import Decimal

import msgspec

from tradewind.model.intents import CancelWorking, Intent, PlaceOrder
from tradewind.model.market_events import QuoteTick
from tradewind.model.orders import OrderKind, Side
from tradewind.strategy.base import Strategy, View

MILLISECOND_NS = 1_000_000


class EagerMemory(msgspec.Struct):
    """When it last bid, and how often since it last cleared its bids away."""

    last_ns: int = 0
    bids: int = 0


class Eager(Strategy, frozen=True, kw_only=True):
    """`at_once` bids well below the market every `every_ms`; after `most` times all are taken back."""

    every_ms: int = 100
    at_once: int = 6
    most: int = 3
    quantity: Decimal = Decimal("0.001")

    def memory(self) -> EagerMemory:
        return EagerMemory()

    def on_quote(self, view: View, quote: QuoteTick) -> list[Intent] | None:
        memory = view.memory
        assert isinstance(memory, EagerMemory)
        if view.now_ns - memory.last_ns < self.every_ms * MILLISECOND_NS:
            return None
        memory.last_ns = view.now_ns
        memory.bids += 1
        if memory.bids > self.most:
            memory.bids = 0
            return [CancelWorking(reason="renew")]
        bid = view.price(quote.bid) * Decimal("0.99")
        wanted = PlaceOrder(Side.BUY, self.quantity, OrderKind.LIMIT, bid, post_only=True, reason="bid")
        return [wanted] * self.at_once
