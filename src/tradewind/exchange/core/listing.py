"""An account's orders and fills, newest first, as its owner asks for them."""

from collections.abc import Iterator
from heapq import merge
from itertools import islice

from tradewind.exchange.core.accounts import Account, Seat
from tradewind.exchange.core.orders import LIVE, Order, OrderStatus
from tradewind.exchange.core.placing import find
from tradewind.exchange.core.state import State
from tradewind.exchange.core.trades import Trade
from tradewind.exchange.core.views import FillView, OrderView, fill_view, order_view


def view_of(state: State, order: Order) -> OrderView:
    """Return an order as its owner sees it."""
    return order_view(order, state.markets[order.seat.product_id], state.naming)


def orders(
    state: State,
    account: Account,
    product_id: str | None,
    statuses: frozenset[OrderStatus] | None,
    limit: int | None,
) -> list[OrderView]:
    """Return the orders that pass; with only live states asked for, the ended are not looked at."""
    register = state.registers[account.id]
    live_only = statuses is not None and statuses <= LIVE
    found: list[OrderView] = []
    for order in reversed(list(register.open.values()) if live_only else register.all()):
        if limit is not None and len(found) >= limit:
            break
        if product_id in {None, order.seat.product_id} and (statuses is None or order.status in statuses):
            found.append(view_of(state, order))
    return found


def fills(
    state: State,
    account: Account,
    order_id: str | None,
    product_id: str | None,
    since_ns: int | None,
    limit: int | None,
) -> list[FillView]:
    """Return the fills that pass; those beyond the history kept are forgotten."""
    if order_id is not None:
        order = find(state, account, order_id)
        trades = iter(()) if order is None else islice(_of_order(order), order.fills)
    else:
        seats = [seat for name, seat in account.seats.items() if product_id in {None, name}]
        trades = merge(*(_newest_first(seat) for seat in seats), key=lambda found: -found[1].ts_ns)
    found: list[FillView] = []
    for seat, trade in trades:
        if (since_ns is not None and trade.ts_ns < since_ns) or (limit is not None and len(found) >= limit):
            break
        number = trade.maker if trade.maker_account == account.id else trade.taker
        order = state.registers[account.id].find(number)
        client_id = "" if order is None else order.client_id
        found.append(fill_view(trade, number, client_id, state.markets[seat.product_id], state.naming))
    return found


def _newest_first(seat: Seat) -> Iterator[tuple[Seat, Trade]]:
    return ((seat, trade) for trade in reversed(seat.fills))


def _of_order(order: Order) -> Iterator[tuple[Seat, Trade]]:
    number = order.number
    return (found for found in _newest_first(order.seat) if number in {found[1].maker, found[1].taker})
