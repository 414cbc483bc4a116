"""The market's own hands on the local exchange: they keep the book that order flow asks for, and take what it prints.

Two accounts on credit: one quotes, one trades. Clients' orders stand in the same book and meet both.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count

from tradewind.app.exchange_market import Happening, Stock
from tradewind.exchange.core.exchange import Exchange
from tradewind.exchange.core.orders import NewOrder, OrderType
from tradewind.market.flow import FlowKind, FlowRow
from tradewind.model.orders import Side, TimeInForce

MAKER, TAKER = "market maker", "market taker"


class MarketHands:
    """Turns rows of flow into orders of the two accounts."""

    def __init__(self, exchange: Exchange, stocks: dict[str, Stock]) -> None:
        self._exchange = exchange
        self._stocks = stocks
        self._maker = exchange.open_account(MAKER, unlimited=True)
        self._taker = exchange.open_account(TAKER, unlimited=True)
        self._quotes: dict[tuple[str, int, int], str] = {}
        self._ids = count(1)

    def apply(self, product_id: str, row: FlowRow, now_ns: int) -> None:
        """Do what one row says."""
        if row.kind == FlowKind.TRADE:
            self._trade(product_id, row, now_ns)
        else:
            self._quote(product_id, row, now_ns)

    def _trade(self, product_id: str, row: FlowRow, now_ns: int) -> None:
        request = self._order(product_id, row, TimeInForce.IOC)
        self._exchange.place(self._taker, request, now_ns)

    def _quote(self, product_id: str, row: FlowRow, now_ns: int) -> None:
        """Make the maker's quote at a price have exactly this size; what is in its way trades with it."""
        place = (product_id, row.side, row.price)
        standing = self._quotes.pop(place, None)
        if standing is not None:
            self._exchange.cancel(self._maker, [standing], now_ns)
        if row.quantity:
            outcome = self._exchange.place(self._maker, self._order(product_id, row, TimeInForce.GTC), now_ns)
            if outcome.order is not None and outcome.order.leaves:
                self._quotes[place] = outcome.order.order_id

    def _order(self, product_id: str, row: FlowRow, time_in_force: TimeInForce) -> NewOrder:
        stock = self._stocks[product_id]
        return NewOrder(
            client_order_id=f"market-{next(self._ids)}",
            product_id=product_id,
            side=Side(row.side),
            kind=OrderType.LIMIT,
            time_in_force=time_in_force,
            base_size=Decimal(row.quantity).scaleb(-stock.quantity_digits),
            limit_price=Decimal(row.price).scaleb(-stock.price_digits),
        )


def paced(clock: Callable[[], int], start_ns: int, speed: float) -> Callable[[], int]:
    """Return the market's own time: it starts with the clock and runs `speed` times as fast."""
    return lambda: start_ns + int((clock() - start_ns) * speed)


class Played:
    """Recorded happenings, handed out as their time comes."""

    def __init__(self, happenings: Iterator[Happening]) -> None:
        self._happenings = happenings
        self._next = next(happenings, None)

    def until(self, ts_ns: int) -> Iterator[Happening]:
        """Yield what happens up to a time, and was not yielded before."""
        while self._next is not None and self._next.ts_ns <= ts_ns:
            happening, self._next = self._next, next(self._happenings, None)
            yield happening
