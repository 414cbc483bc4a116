"""An order that was made ready leaves as the same bytes, once, and not at all when the market has changed meanwhile."""

from typing import Any

import pytest
from aiohttp import web

from tests.integration.test_coinbase_client import PRODUCT, Venue, created, order, play, status
from tradewind.app.live.coinbase import BracketOrders
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce
from tradewind.model.venue import Placed, PlaceRefused
from tradewind.venues.coinbase.desk import CoinbaseDesk

SHAPES: dict[str, dict[str, Any]] = {
    "rests": {},
    "post-only": {"post_only": True},
    "at once": {"time_in_force": TimeInForce.IOC},
    "whole": {"time_in_force": TimeInForce.FOK},
    "until": {"time_in_force": TimeInForce.GTD, "expire_ns": 2_000_000_000_000_000_000},
    "market": {"kind": OrderKind.MARKET, "price": None},
    "stop": {"kind": OrderKind.STOP_LIMIT, "stop": 4_100_000},
    "stop-market": {"kind": OrderKind.STOP_MARKET, "price": None, "stop": 4_100_000},
    "bracket": {"side": Side.SELL, "stop": 3_900_000},
}


def shaped(**fields: Any) -> OrderRequest:
    given = {"side": Side.BUY, "kind": OrderKind.LIMIT, "quantity": 100_000, "price": 4_000_000, **fields}
    return OrderRequest("mine-1", "BTC-USD", **given)


@pytest.mark.parametrize("fields", SHAPES.values(), ids=SHAPES)
def test_the_body_is_the_same_to_the_last_byte(fields: dict[str, Any]) -> None:
    bodies: list[bytes] = []

    async def keep(venue: Venue, request: web.Request) -> web.StreamResponse:
        bodies.append(await request.read())
        return web.json_response(created(side=shaped(**fields).side.name))

    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        await desk.market.instrument("BTC-USD")
        venue.answer("POST /orders", keep)
        answers, told = [], []
        for prepares in (False, True):
            orders = BracketOrders(desk.client, desk.market, desk.account)
            if prepares:
                orders.prepare(shaped(**fields))
            answers.append(await orders.place(shaped(**fields)))
            told.append((orders.emulations, orders._sent.keys()))
        assert answers == [Placed("v-1"), Placed("v-1")]
        assert told[0] == told[1]

    nonces = play(script).nonces
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]
    assert len(set(nonces)) == len(nonces)


def test_a_repeat_has_a_token_of_its_own() -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        await desk.market.instrument("BTC-USD")
        venue.answer("POST /orders", status(429, "slow down", **{"Retry-After": "0.01"}), created())
        desk.orders.prepare(order())
        assert await desk.orders.place(order()) == Placed("v-1")

    venue = play(script)
    assert len(venue.sent("POST /orders")) == 2
    assert len(set(venue.nonces)) == len(venue.nonces)


def test_what_the_market_no_longer_takes_is_refused_although_it_was_ready() -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        await desk.market.product_states(["BTC-USD"])
        desk.orders.prepare(order())
        venue.answer("GET /products", {"products": [{**PRODUCT, "trading_disabled": True}]})
        await desk.market.product_states(["BTC-USD"])
        found = await desk.orders.place(order())
        assert isinstance(found, PlaceRefused)
        assert found.reason == "PRODUCT_NOT_TAKING_ORDERS"

    assert play(script).sent("POST /orders") == []


def test_another_order_under_the_name_is_sent_as_it_is() -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        await desk.market.instrument("BTC-USD")
        venue.answer("POST /orders", created())
        desk.orders.prepare(order())
        await desk.orders.place(order(price=3_000_000))

    (body,) = play(script).sent("POST /orders")
    assert body["order_configuration"]["limit_limit_gtc"]["limit_price"] == "30000"


def test_names_go_when_they_are_forgotten_and_ready_ones_are_bounded() -> None:
    async def script(desk: CoinbaseDesk, venue: Venue) -> None:
        await desk.market.instrument("BTC-USD")
        venue.answer("POST /orders", created())
        orders = desk.orders
        await orders.place(shaped(**SHAPES["stop-market"]))
        assert (len(orders._sent), len(orders._venue_ids), len(orders._client_ids), len(orders.emulations)) == (1,) * 4
        orders.forget(["mine-1", "never-heard-of"])
        for left in (orders._sent, orders._venue_ids, orders._client_ids, orders.emulations):
            assert not left
        for number in range(200):
            orders.prepare(OrderRequest(f"m-{number}", "BTC-USD", Side.BUY, OrderKind.LIMIT, 100_000, 4_000_000))
        assert len(orders._ready) == 64
        for number in range(30_000):
            orders._learn(f"stranger-{number}", f"v-{number}")
        orders.forget([])
        assert len(orders._venue_ids) == len(orders._client_ids) == 10_000
        assert "stranger-29999" in orders._venue_ids

    play(script)
