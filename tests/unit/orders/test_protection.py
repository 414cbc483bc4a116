"""Exits as child orders: kinds, prices rounded away from the market, one group, flags by kind of instrument."""

from typing import Any

import pytest

from tests.engine_rig import BTC, PERP
from tradewind.model.instrument import Instrument, define_instrument
from tradewind.model.intents import Exits
from tradewind.model.orders import OrderKind, OrderRequest, Side
from tradewind.orders.protection import child_requests

ODD = define_instrument("ODD-USD", price_increment="0.05", price_decimals=2)


def children(side: Side, exits: Exits, instrument: Instrument = BTC, reference: int = 10_000) -> list[OrderRequest]:
    parent = OrderRequest("s-1", instrument.id, side, OrderKind.MARKET, 500)
    return child_requests(parent, 400, exits, reference, instrument)


@pytest.mark.parametrize(
    ("side", "exits", "expected"),
    [
        (Side.BUY, Exits(stop_loss=0.05), {"kind": OrderKind.STOP_MARKET, "stop": 9_500}),
        (Side.SELL, Exits(stop_loss=0.05), {"kind": OrderKind.STOP_MARKET, "stop": 10_500}),
        (Side.BUY, Exits(take_profit=0.1), {"kind": OrderKind.LIMIT, "price": 11_000}),
        (Side.SELL, Exits(take_profit=0.1), {"kind": OrderKind.LIMIT, "price": 9_000}),
        (Side.BUY, Exits(trailing=0.02), {"kind": OrderKind.TRAILING_STOP, "trail": 200}),
        (Side.SELL, Exits(trailing=0.02), {"kind": OrderKind.TRAILING_STOP, "trail": 200}),
    ],
)
def test_each_exit_is_one_order_on_the_other_side(side: Side, exits: Exits, expected: dict[str, Any]) -> None:
    (child,) = children(side, exits)
    assert {name: getattr(child, name) for name in expected} == expected
    assert (child.side, child.quantity, child.after, child.instrument) == (side.opposite, 400, "s-1", "BTC-USD")


@pytest.mark.parametrize(
    ("side", "exits", "name", "expected"),
    [
        (Side.BUY, Exits(stop_loss=0.0333), "stop", 9_665),
        (Side.SELL, Exits(stop_loss=0.0333), "stop", 10_335),
        (Side.BUY, Exits(take_profit=0.0333), "price", 10_335),
        (Side.SELL, Exits(take_profit=0.0333), "price", 9_665),
        (Side.BUY, Exits(trailing=0.0333), "trail", 335),
        (Side.BUY, Exits(trailing=0.00001), "trail", 5),
        (Side.BUY, Exits(stop_loss=1.0), "stop", 5),
    ],
)
def test_prices_lie_on_the_tick_away_from_the_market(side: Side, exits: Exits, name: str, expected: int) -> None:
    (child,) = children(side, exits, ODD)
    assert getattr(child, name) == expected


def test_the_legs_of_an_entry_cancel_each_other() -> None:
    legs = children(Side.BUY, Exits(stop_loss=0.05, take_profit=0.1, trailing=0.02, time_ns=5))
    assert [leg.order_id for leg in legs] == ["s-1-sl", "s-1-tp", "s-1-ts"]
    assert {leg.oco for leg in legs} == {"s-1-exits"}


def test_a_time_stop_is_no_order() -> None:
    assert children(Side.BUY, Exits(time_ns=5)) == []


@pytest.mark.parametrize(("instrument", "flag"), [(BTC, False), (PERP, True)])
def test_only_a_perpetual_knows_reduce_only(instrument: Instrument, flag: bool) -> None:
    assert [leg.reduce_only for leg in children(Side.BUY, Exits(stop_loss=0.1), instrument)] == [flag]
