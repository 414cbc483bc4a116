"""The futures side of an account: what its positions need and are worth, of one family at a time."""

from decimal import Decimal

import msgspec

from tradewind.exchange.core.futures import PositionView
from tradewind.exchange.server.listing import US
from tradewind.exchange.server.texts import plain
from tradewind.exchange.server.venue import Venue
from tradewind.model.money import ZERO


class Margins(msgspec.Struct, frozen=True):
    """The futures side of one account in one currency."""

    currency: str
    cash: Decimal
    hold: Decimal
    initial: Decimal
    maintenance: Decimal
    unrealised: Decimal
    realised: Decimal
    notional: Decimal

    @property
    def equity(self) -> Decimal:
        return self.cash + self.unrealised

    @property
    def available(self) -> Decimal:
        return max(ZERO, self.equity - self.initial - self.hold)

    @property
    def buffer(self) -> Decimal:
        return self.equity - self.maintenance

    @property
    def buffer_percent(self) -> str:
        return plain(round(self.buffer / self.maintenance * 100, 2)) if self.maintenance else "1000"


def margins(venue: Venue, account: str, family: str) -> Margins:
    """Return what an account's positions of one family need and are worth."""
    currency = "USD" if family == US else "USDC"
    balance = venue.exchange.balance(account, currency)
    held = positions(venue, account, family)

    def total(name: str) -> Decimal:
        return sum((getattr(position, name) for position in held), ZERO)

    return Margins(
        currency,
        balance.total,
        balance.hold,
        total("initial_margin"),
        total("maintenance_margin"),
        total("unrealised"),
        total("realised"),
        total("notional"),
    )


def positions(venue: Venue, account: str, family: str) -> list[PositionView]:
    """Return the open positions of an account in one family of products."""
    return [
        position
        for position in venue.exchange.positions(account)
        if venue.listings[position.product_id].venue == family
    ]
