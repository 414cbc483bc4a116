"""What market makers here do alike: two post-only quotes, moved only when their price changes or after a fill."""

from abc import abstractmethod
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from tradewind.market.book import Book
from tradewind.model.answers import OrderFilled
from tradewind.model.instrument import Instrument
from tradewind.model.intents import CancelWorking, Intent, PlaceOrder
from tradewind.model.market_events import QuoteTick
from tradewind.model.money import plain
from tradewind.model.orders import OrderKind, Side
from tradewind.strategy.base import Strategy, View
from tradewind.strategy.builtin.bounds import require_positive

BID, ASK = "bid", "ask"
CANCEL_BID = CancelWorking(BID, reason="bid moves")
CANCEL_ASK = CancelWorking(ASK, reason="ask moves")


class MakerMemory(msgspec.Struct):
    """The prices quoted now in price units, None on a side without a quote; and a quote's size once it is known."""

    bid: int | None = None
    ask: int | None = None
    size: int = 0


class Quoting(Strategy, frozen=True, kw_only=True):
    """Quotes both sides while inventory allows, at the prices that `prices` names."""

    named: ClassVar[str] = "quoting"
    reason: ClassVar[str] = "quote"

    quantity: Annotated[Decimal, Meta(description="base units per quote; positive")] = Decimal("0.01")
    inventory_quotes: Annotated[
        int, Meta(ge=1, le=1_000, description="inventory, in quotes of `quantity`, at which the adding side stops")
    ] = 5

    def __post_init__(self) -> None:
        require_positive(self.named, "quantity", self.quantity)

    def unsuited(self, instruments: Sequence[Instrument]) -> str | None:
        for each in instruments:
            least = max(each.lot, each.min_quantity)
            if each.order_quantity(self.quantity) < least:
                smallest = plain(each.quantity_decimal(least))
                return f"{self.named} quotes {plain(self.quantity)} {each.base}, {each.id} takes {smallest} at least"
        return None

    def memory(self) -> MakerMemory:
        return MakerMemory()

    @abstractmethod
    def prices(self, view: View, size: int) -> tuple[int | None, int | None]:
        """Return the wanted bid and ask in price units, None on a side without a quote; `size` is a quote's."""

    def on_book(self, view: View, book: Book) -> list[Intent] | None:
        return self._quote(view)

    def on_quote(self, view: View, quote: QuoteTick) -> list[Intent] | None:
        return self._quote(view)

    def on_fill(self, view: View, fill: OrderFilled) -> None:
        """Forget the quote that was hit, so that the next update places a whole one again."""
        memory = view.memory
        assert isinstance(memory, MakerMemory)
        if fill.side is Side.BUY:
            memory.bid = None
        else:
            memory.ask = None

    def room(self, view: View, size: int) -> tuple[bool, bool]:
        """Return whether inventory leaves room to buy and to sell; on spot only what is held can be sold."""
        limit = size * self.inventory_quotes
        lowest = 0 if view.instrument.is_spot else -limit
        return view.position + size <= limit, view.position - size >= lowest

    def _quote(self, view: View) -> list[Intent] | None:
        memory = view.memory
        assert isinstance(memory, MakerMemory)
        if not memory.size:
            memory.size = view.instrument.order_quantity(self.quantity)
        bid, ask = self.prices(view, memory.size)
        if bid == memory.bid and ask == memory.ask:
            return None
        intents: list[Intent] = []
        if bid != memory.bid:
            memory.bid = bid
            intents.append(CANCEL_BID)
            if bid is not None:
                intents.append(self._order(view, Side.BUY, bid, BID))
        if ask != memory.ask:
            memory.ask = ask
            intents.append(CANCEL_ASK)
            if ask is not None:
                intents.append(self._order(view, Side.SELL, ask, ASK))
        return intents

    def _order(self, view: View, side: Side, price: int, tag: str) -> PlaceOrder:
        return PlaceOrder(
            side, self.quantity, OrderKind.LIMIT, view.price(price), post_only=True, tag=tag, reason=self.reason
        )
