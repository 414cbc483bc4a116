"""Accounts: one set of balances, holds, positions and orders each; a portfolio of the venue is one account.

`total` of a balance is the ledger's figure, `hold` the part its open orders hold back. A `Seat` is an account at one
product: it keeps at hand what a trade there changes.
"""

from collections import deque
from decimal import Decimal

import msgspec

from tradewind.exchange.core.amounts import decimal_of, units_of
from tradewind.exchange.core.trades import Trade


class Balance:
    """One currency of one account, in money units."""

    __slots__ = ("currency", "hold", "total")

    def __init__(self, currency: str, total: int = 0) -> None:
        self.currency = currency
        self.total = total
        self.hold = 0


class BalanceView(msgspec.Struct, frozen=True):
    """A balance as a client sees it: `available` may be spent or withdrawn, `hold` is reserved for orders."""

    currency: str
    available: Decimal
    hold: Decimal
    total: Decimal


class Volume:
    """Traded value of the last 30 days, by the hour; money units of dollars."""

    __slots__ = ("_hours", "hour", "total")

    SPAN_HOURS = 30 * 24

    def __init__(self, opening: int = 0) -> None:
        self._hours: dict[int, int] = {}
        self.hour = 0
        self.total = opening

    def add(self, hour: int, value: int) -> None:
        """Count a value traded in that hour since 1970."""
        self.roll(hour)
        self._hours[self.hour] = self._hours.get(self.hour, 0) + value
        self.total += value

    def roll(self, hour: int) -> None:
        """Forget the hours that are 30 days past; the opening volume counts as traded in the first hour seen."""
        if not self._hours:
            self._hours[hour] = self.total
        if hour <= self.hour:
            return
        self.hour = hour
        oldest = hour - self.SPAN_HOURS
        while True:
            first = next(iter(self._hours), hour)
            if first > oldest or first >= hour:
                return
            self.total -= self._hours.pop(first)


class Account:
    """A client's portfolio. `unlimited` accounts trade on credit: they are the market's own."""

    __slots__ = (
        "balances",
        "exposed",
        "fresh",
        "history",
        "id",
        "name",
        "owner",
        "room",
        "seats",
        "unlimited",
        "volume",
    )

    def __init__(self, id: str, name: str, owner: str, *, unlimited: bool, history: int, volume: int = 0) -> None:
        self.id = id
        self.name = name
        self.owner = owner
        self.unlimited = unlimited
        self.balances: dict[str, Balance] = {}
        self.seats: dict[str, Seat] = {}
        self.history = 0 if unlimited else history
        self.exposed = 0  # how many perpetual positions are open
        self.volume = Volume(volume)
        self.fresh = 0  # traded value that the 30-day volume does not hold yet
        self.room = 0  # how much `fresh` may be before a tier may change

    def balance(self, currency: str) -> Balance:
        """Return the account's balance of a currency, opened at zero when it is first asked for."""
        found = self.balances.get(currency)
        if found is None:
            found = self.balances[currency] = Balance(currency)
        return found

    def deposit(self, currency: str, amount: Decimal) -> None:
        """Add to a balance (a negative amount takes away)."""
        self.balance(currency).total += units_of(amount)


class Seat:
    """An account at one product: its balances there, its commissions, and its position if the product is a perpetual.

    `position` counts quantity units and is signed; `cost` is its entry value in money units; `value_hold` is what a
    unit of value of an opening order holds; `reducing` the open quantity of orders that only reduce, by side.
    """

    __slots__ = (
        "account",
        "base",
        "cost",
        "fills",
        "funding",
        "maker_factor",
        "position",
        "product_id",
        "quote",
        "realised",
        "reducing",
        "taker_factor",
        "tier",
        "value_hold",
    )

    def __init__(self, account: Account, product_id: str, base: Balance, quote: Balance) -> None:
        self.account = account
        self.product_id = product_id
        self.base = base
        self.quote = quote
        self.tier = self.maker_factor = self.taker_factor = self.value_hold = 0
        self.position = self.cost = 0
        self.realised = self.funding = 0
        self.reducing = {1: 0, -1: 0}
        self.fills: deque[Trade] = deque(maxlen=account.history)  # trades of this account here, newest last


def balance_view(balance: Balance, encumbered: int = 0) -> BalanceView:
    """Return a balance as its owner sees it; `encumbered` is what positions keep from being spent."""
    free = balance.total - balance.hold - encumbered
    return BalanceView(balance.currency, decimal_of(free), decimal_of(balance.hold), decimal_of(balance.total))
