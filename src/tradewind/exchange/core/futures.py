"""Perpetual-style futures: positions by average cost, cross margin in the quote currency, funding and liquidation.

A trade moves no notional: the buyer's and the seller's entry values are equal and opposite, a close pays the
difference. So over all accounts the sum of balances less signed entry values changes by fees only.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

import msgspec

from tradewind.exchange.core.accounts import Account, Seat
from tradewind.exchange.core.amounts import half_even
from tradewind.exchange.core.orders import Order


class Marked(Protocol):
    """What margin needs to know of a market."""

    @property
    def value_unit(self) -> int:
        """Money units of one quantity unit at a price of one."""

    @property
    def initial_rate(self) -> int:
        """Initial margin as a share of value, in 1e-8."""

    @property
    def maintenance_rate(self) -> int:
        """Maintenance margin as a share of value, in 1e-8."""

    def mark_price(self) -> int | None:
        """Return the price positions are valued at."""


RATE = 10**8


class PositionView(msgspec.Struct, frozen=True):
    """A position as its owner sees it; `quantity` is signed and counts contracts (base units of the product)."""

    product_id: str
    quantity: Decimal
    average_price: Decimal
    mark_price: Decimal
    notional: Decimal
    unrealised: Decimal
    realised: Decimal
    funding: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    liquidation_price: Decimal | None


def settle(order: Order, quantity: int, gross: int, fee: int) -> None:
    """Book one side of a perpetual's trade: hold released, position moved, realised profit paid, fee charged."""
    seat, sign = order.seat, order.sign
    quote = seat.quote
    quote.hold -= order.hold_unit * quantity
    quote.total += change_position(seat, sign * quantity, gross) - fee
    if order.reducing:
        seat.reducing[sign] -= quantity


def change_position(seat: Seat, change: int, value: int) -> int:
    """Move a position by a signed quantity of that (positive) value; return the profit it realised.

    A partial close releases cost in proportion, rounded half-even to the unit of money; the remainder stays.
    """
    held = seat.position
    after = seat.position = held + change
    if held == 0 or (held > 0) == (change > 0):
        seat.cost += value
        if held == 0:
            seat.account.exposed += 1
        return 0
    if after == 0:
        released, closing = seat.cost, value
        seat.cost = 0
        seat.account.exposed -= 1
    elif (after > 0) == (held > 0):
        released, closing = half_even(seat.cost * abs(change), abs(held)), value
        seat.cost -= released
    else:
        released, closing = seat.cost, value * abs(held) // abs(change)
        seat.cost = value - closing
    gained = closing - released if held > 0 else released - closing
    seat.realised += gained
    return gained


def unrealised(seat: Seat, value: int) -> int:
    """Return the profit of closing the position at that (positive) value."""
    return value - seat.cost if seat.position >= 0 else seat.cost - value


def margin(account: Account, currency: str, markets: Mapping[str, Marked]) -> tuple[int, int, int]:
    """Return (initial margin, maintenance margin, unrealised profit) of the positions settled in a currency."""
    initial = maintenance = profit = 0
    for product_id, seat in account.seats.items():
        if not seat.position or seat.quote.currency != currency:
            continue
        market = markets[product_id]
        price = market.mark_price()
        value = seat.cost if price is None else abs(seat.position) * price * market.value_unit
        initial += value * market.initial_rate // RATE
        maintenance += value * market.maintenance_rate // RATE
        profit += unrealised(seat, value)
    return initial, maintenance, profit


def encumbered(account: Account, currency: str, markets: Mapping[str, Marked]) -> int:
    """Return what positions keep of a balance: initial margins and losses; profit covers margin, nothing else."""
    if not account.exposed:
        return 0
    initial, _, profit = margin(account, currency, markets)
    return max(0, initial - profit)
