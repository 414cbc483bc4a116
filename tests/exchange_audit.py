"""Recounts an exchange from its orders and fills, the slow way, and compares with what it keeps.

Independent of the exchange's own sums: every figure is added up again from open orders, fills and positions.
"""

from collections import Counter, defaultdict
from decimal import Decimal
from itertools import pairwise

from tradewind.exchange.core.amounts import units_of
from tradewind.exchange.core.exchange import Exchange
from tradewind.exchange.core.matching import Market
from tradewind.exchange.core.orders import LIVE, TERMINAL, TRANSITIONS, Order, OrderStatus


class Audit:
    """Watches one exchange: `check` after every step raises AssertionError at the first thing that is wrong."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.deposits: Counter[str] = Counter()
        self.statuses: dict[int, OrderStatus] = {}
        for account in exchange.state.accounts.values():
            for balance in account.balances.values():
                self.deposits[balance.currency] += balance.total

    def deposited(self, currency: str, amount: Decimal) -> None:
        """Say that money came in from outside."""
        self.deposits[currency] += units_of(amount)

    def check(self) -> None:
        """Conservation, holds, books, positions, order sums and states."""
        self.money_is_conserved()
        self.holds_are_those_of_open_orders()
        for market in self.exchange.state.markets.values():
            self.book_is_sound(market)
            self.positions_cancel_out(market)
        self.orders_are_sound()

    def money_is_conserved(self) -> None:
        """Per currency: balances less signed entry values of futures = deposits. Fees are in the house's balance."""
        found: Counter[str] = Counter()
        for account in self.exchange.state.accounts.values():
            for balance in account.balances.values():
                found[balance.currency] += balance.total
            for product_id, seat in account.seats.items():
                sign = (seat.position > 0) - (seat.position < 0)
                assert seat.cost >= 0
                assert seat.cost == 0 or sign, f"{product_id}: a flat position has an entry value"
                found[seat.quote.currency] -= sign * seat.cost
        for currency in found | self.deposits:
            assert found[currency] == self.deposits[currency], (
                f"{currency}: {found[currency]}, {self.deposits[currency]}"
            )

    def holds_are_those_of_open_orders(self) -> None:
        for account in self.exchange.state.accounts.values():
            held: defaultdict[str, int] = defaultdict(int)
            reducing: Counter[tuple[str, int]] = Counter()
            for order in self.exchange.state.registers[account.id].open.values():
                product = self.exchange.state.markets[order.seat.product_id].product
                paid_in_base = product.is_spot and order.sign < 0
                held[product.base if paid_in_base else product.quote] += order.hold_unit * order.open
                if order.reducing:
                    reducing[product.id, order.sign] += order.open
            for balance in account.balances.values():
                assert balance.hold == held[balance.currency], f"{account.name} {balance.currency}"
                if not account.unlimited and not account.exposed:
                    assert balance.total >= balance.hold >= 0, f"{account.name} {balance.currency}: overdrawn"
            for product_id, seat in account.seats.items():
                for sign in (1, -1):
                    assert seat.reducing[sign] == reducing[product_id, sign]

    def book_is_sound(self, market: Market) -> None:
        bid, ask = market.bids.best, market.asks.best
        assert bid is None or ask is None or bid < ask, f"crossed: {bid} {ask}"
        standing: set[int] = set()
        for side in (market.bids, market.asks):
            assert side.keys == sorted(side.levels)
            for key, level in side.levels.items():
                live = [order for order in level.queue if order.open]
                assert live, f"an empty level at {key}"
                assert level.size == sum(order.open for order in live)
                assert level.gone == len(level.queue) - len(live)
                assert all(order.price * side.sign == key and order.sign == side.sign for order in live)
                assert len({order.number for order in live}) == len(live)
                standing.update(order.number for order in live)
        for order in self.all_orders():
            if order.seat.product_id == market.product.id and order.stands:
                assert order.number in standing

    def positions_cancel_out(self, market: Market) -> None:
        seats = list(market.seats.values())
        assert sum(seat.position for seat in seats) == 0
        for seat in seats:
            account = seat.account
            assert account.exposed == sum(other.position != 0 for other in account.seats.values())

    def orders_are_sound(self) -> None:
        for order in self.all_orders():
            fills = [trade for trade in order.seat.fills if order.number in {trade.maker, trade.taker}]
            fees = sum(trade.maker_fee if trade.maker == order.number else trade.taker_fee for trade in fills)
            assert order.fills == len(fills)
            assert order.filled == sum(trade.quantity for trade in fills)
            assert order.value == sum(trade.value for trade in fills)
            assert order.fees == fees
            if order.status in LIVE:
                assert order.open == order.quantity - order.filled > 0
                assert order.number in self.exchange.state.registers[order.seat.account.id].open
            else:
                assert order.open == 0
                assert order.number not in self.exchange.state.registers[order.seat.account.id].open
            assert (order.status is OrderStatus.FILLED) == (order.filled == order.quantity)
            self._moved(order)

    def _moved(self, order: Order) -> None:
        before = self.statuses.get(order.number)
        if before is not None and before is not order.status:
            reachable = set(TRANSITIONS[before])
            for state in TRANSITIONS[before]:
                reachable |= TRANSITIONS[state]
            assert order.status in reachable, f"{before} to {order.status}"
            assert before not in TERMINAL
        self.statuses[order.number] = order.status

    def all_orders(self) -> list[Order]:
        found: list[Order] = []
        for account in self.exchange.state.accounts.values():
            if not account.unlimited:
                found += self.exchange.state.registers[account.id].all()
        return found


def queue_order(market: Market) -> None:
    """Assert that orders that were never edited stand in their levels in the order of their entry."""
    for side in (market.bids, market.asks):
        for level in side.levels.values():
            live = [order for order in level.queue if order.open and not order.edits]
            plain = [order.number for order in live if not order.stop]
            assert all(a < b for a, b in pairwise(plain))
