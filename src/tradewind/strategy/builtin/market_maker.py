"""A small market maker: one bid and one ask, so many ticks off the touch, within an inventory limit."""

from typing import Annotated, ClassVar

from msgspec import Meta

from tradewind.strategy.base import View
from tradewind.strategy.builtin.quoting import Quoting


class MarketMaker(Quoting, frozen=True, kw_only=True):
    """Quotes both sides while inventory allows; a quote is moved only when its price changes or after its fill."""

    named: ClassVar[str] = "market_maker"
    reason: ClassVar[str] = "quote off the touch"

    offset_ticks: Annotated[int, Meta(ge=0, le=10_000, description="ticks from the touch to the quote")] = 1

    def prices(self, view: View, size: int) -> tuple[int | None, int | None]:
        """Return the wanted bid and ask in price units; None where there is no touch or no room."""
        offset = self.offset_ticks * view.instrument.tick
        buys, sells = self.room(view, size)
        bid = ask = None
        if view.best_bid is not None and buys and view.best_bid > offset:
            bid = view.best_bid - offset
        if view.best_ask is not None and sells:
            ask = view.best_ask + offset
        return bid, ask
