"""Strategies that keep an account busy, for tests of live sessions."""

from decimal import Decimal

import msgspec

from tradewind.model.intents import CancelWorking, Exits, Intent, PlaceOrder, TargetQuantity, TargetWeight
from tradewind.model.market_events import QuoteTick
from tradewind.model.orders import OrderKind, Side
from tradewind.strategy.base import Strategy, View

SECOND_NS = 1_000_000_000


class FlipMemory(msgspec.Struct):
    """When it last changed its mind, and how often it has."""

    last_ns: int = 0
    turns: int = 0


class Flipper(Strategy, frozen=True, kw_only=True):
    """In and out of the market every `seconds`, with exits if asked for."""

    seconds: int = 1
    quantity: Decimal = Decimal("0.01")
    stop_loss: float = 0.0
    take_profit: float = 0.0
    trailing: float = 0.0
    hold: bool = False

    def memory(self) -> FlipMemory:
        return FlipMemory()

    def on_quote(self, view: View, quote: QuoteTick) -> Intent | None:
        memory = view.memory
        assert isinstance(memory, FlipMemory)
        if view.now_ns - memory.last_ns < self.seconds * SECOND_NS or view.working:
            return None
        memory.last_ns = view.now_ns
        memory.turns += 1
        if view.position:
            return None if self.hold else TargetQuantity(Decimal(0), reason="out")
        wanted = Exits(self.stop_loss or None, self.take_profit or None, self.trailing or None)
        exits = wanted if self.stop_loss or self.trailing else None
        return TargetQuantity(self.quantity, exits, reason="in")


class Quoter(Strategy, frozen=True, kw_only=True):
    """A bid below the market, renewed every `seconds`; what it bought it sells at the market."""

    seconds: int = 1
    quantity: Decimal = Decimal("0.01")
    below: float = 0.0
    hold: bool = False
    stop_loss: float = 0.0

    def memory(self) -> FlipMemory:
        return FlipMemory()

    def on_quote(self, view: View, quote: QuoteTick) -> list[Intent] | None:
        memory = view.memory
        assert isinstance(memory, FlipMemory)
        if view.now_ns - memory.last_ns < self.seconds * SECOND_NS:
            return None
        memory.last_ns = view.now_ns
        memory.turns += 1
        if view.working and self.hold:
            return None
        if view.working:
            return [CancelWorking(reason="renew")]
        if view.position and self.hold:
            return None
        if view.position:
            return [PlaceOrder(Side.SELL, view.quantity, OrderKind.MARKET, reason="sell")]
        bid = round(view.price(quote.bid) * (1 - Decimal(repr(self.below))), 2)
        exits = Exits(self.stop_loss) if self.stop_loss else None
        return [PlaceOrder(Side.BUY, self.quantity, OrderKind.LIMIT, bid, post_only=True, exits=exits, reason="bid")]


class Leaner(Strategy, frozen=True, kw_only=True):
    """All of its budget in and out of the market every `seconds`: what sizes and budgets make of that is theirs."""

    seconds: int = 1
    stop_loss: float = 0.05

    def memory(self) -> FlipMemory:
        return FlipMemory()

    def on_quote(self, view: View, quote: QuoteTick) -> Intent | None:
        memory = view.memory
        assert isinstance(memory, FlipMemory)
        if view.now_ns - memory.last_ns < self.seconds * SECOND_NS:
            return None
        memory.last_ns = view.now_ns
        memory.turns += 1
        return TargetWeight(0.0, reason="out") if view.position else TargetWeight(1.0, Exits(self.stop_loss), "in")
