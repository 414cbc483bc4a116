"""Which order goes with which time in force on which kind of instrument: asked of what builds orders, not written down.

A cell is what `outgoing_order` makes of a small order of that kind, so that what is printed is what is done.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from tradewind.model.instrument import Instrument, InstrumentKind, define_instrument
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce
from tradewind.model.venue import PlaceRefused
from tradewind.venues.coinbase.outgoing import outgoing_order

NATIVE, EMULATED, MISSING = "native", "emulated", "missing"
FORCES = tuple(TimeInForce)
MARKETS: Mapping[str, Instrument] = {
    "spot": define_instrument("A-USD"),
    "perpetual": define_instrument("A-PERP", kind=InstrumentKind.PERPETUAL, initial_margin=Decimal("0.1")),
}
ORDERS: Mapping[str, Mapping[str, Any]] = {
    "market": {"kind": OrderKind.MARKET},
    "market by quote amount": {"kind": OrderKind.MARKET, "quantity": None, "quote_quantity": Decimal(100)},
    "limit": {"kind": OrderKind.LIMIT, "price": 100},
    "limit, post-only": {"kind": OrderKind.LIMIT, "price": 100, "post_only": True},
    "limit, iceberg": {"kind": OrderKind.LIMIT, "price": 100, "display": 1},
    "stop-market": {"kind": OrderKind.STOP_MARKET, "stop": 100},
    "stop-limit": {"kind": OrderKind.STOP_LIMIT, "stop": 100, "price": 101},
    "trailing stop": {"kind": OrderKind.TRAILING_STOP, "trail": 10},
}


class Cell(msgspec.Struct, frozen=True):
    """One order with one time in force on one kind of market; `how` says what is made of it, or why it is refused."""

    market: str
    order: str
    force: str
    support: str
    how: str = ""


def order_matrix() -> tuple[Cell, ...]:
    """Return every combination, by market, order and time in force."""
    return tuple(_cell(market, order, force) for market in MARKETS for order in ORDERS for force in FORCES)


def _cell(market: str, order: str, force: TimeInForce) -> Cell:
    terms = {"quantity": 10, **ORDERS[order]}
    until = 1_800_000_000_000_000_000 if force is TimeInForce.GTD else None
    request = OrderRequest("name", MARKETS[market].id, Side.BUY, time_in_force=force, expire_ns=until, **terms)
    answer = outgoing_order(request, MARKETS[market])
    if isinstance(answer, PlaceRefused):
        return Cell(market, order, force.value, MISSING, answer.text)
    return Cell(market, order, force.value, EMULATED if answer.emulation else NATIVE, answer.emulation)
