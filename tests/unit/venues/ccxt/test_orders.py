"""Orders on their way to ccxt: every kind by the map, what is emulated, and what is refused unsent."""

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.venues.ccxt.fakes import SPOT, SWAP, TERMS, made_map
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce
from tradewind.model.venue import PlaceRefused
from tradewind.venues.ccxt.capabilities import Support
from tradewind.venues.ccxt.markets import TICK_SIZE, instrument_of
from tradewind.venues.ccxt.orders import Form, form_of
from tradewind.venues.ccxt.quirks import PLAIN, Quirks, quirks_of

INSTRUMENT = instrument_of(SPOT, "fake", TICK_SIZE)
PERPETUAL = instrument_of(SWAP, "fake", TICK_SIZE)
DATED = Quirks(expiry="end_time", client_id="client_order_id")
NAME = {"clientOrderId": "mine"}
ENDS_NS = 1_767_225_600_123_456_789


def order(kind: OrderKind, side: Side = Side.BUY, quantity: int | None = 150_000, **terms: Any) -> OrderRequest:
    return OrderRequest("mine", "BTC-USDT", side, kind, quantity, **terms)


FORMS: list[tuple[OrderRequest, Form]] = [
    (order(OrderKind.MARKET), Form(kind="market", side="buy", amount="1.5", parameters=NAME)),
    (
        order(OrderKind.MARKET, quantity=None, quote_quantity=Decimal("500.250")),
        Form(kind="market", side="buy", cost="500.25", parameters=NAME),
    ),
    (
        order(OrderKind.LIMIT, Side.SELL, price=5_000_001),
        Form(kind="limit", side="sell", amount="1.5", price="50000.01", parameters=NAME),
    ),
    (
        order(OrderKind.LIMIT, price=100, post_only=True),
        Form(kind="limit", side="buy", amount="1.5", price="1", parameters={**NAME, "postOnly": True}),
    ),
    (
        order(OrderKind.LIMIT, price=100, time_in_force=TimeInForce.IOC),
        Form(kind="limit", side="buy", amount="1.5", price="1", parameters={**NAME, "timeInForce": "IOC"}),
    ),
    (
        order(OrderKind.STOP_LIMIT, Side.SELL, price=100, stop=110),
        Form(kind="limit", side="sell", amount="1.5", price="1", parameters={**NAME, "stopLossPrice": "1.1"}),
    ),
    (
        order(OrderKind.STOP_MARKET, Side.SELL, stop=100_000),
        Form(
            kind="limit",
            side="sell",
            amount="1.5",
            price="950",
            parameters={**NAME, "stopLossPrice": "1000"},
            emulation="stop-market as stop-limit 5 % beyond the stop",
        ),
    ),
]


@pytest.mark.parametrize(("request_", "form"), FORMS, ids=lambda each: getattr(each, "kind", None))
def test_forms(request_: OrderRequest, form: Form) -> None:
    assert form_of(request_, INSTRUMENT, made_map(), PLAIN) == form


def test_a_venue_that_has_them_gets_stops_and_trailing_stops() -> None:
    can = made_map(terms={**TERMS, "trailing": True}, createStopMarketOrder=True, createTrailingAmountOrder=True)
    stop = form_of(order(OrderKind.STOP_MARKET, Side.SELL, stop=100_000), INSTRUMENT, can, PLAIN)
    assert stop == Form(kind="market", side="sell", amount="1.5", parameters={**NAME, "stopLossPrice": "1000"})
    trail = form_of(order(OrderKind.TRAILING_STOP, Side.SELL, trail=2_500), INSTRUMENT, can, PLAIN)
    assert trail == Form(kind="market", side="sell", amount="1.5", parameters={**NAME, "trailingAmount": "25"})


@pytest.mark.parametrize(("side", "direction"), [(Side.BUY, "ascending"), (Side.SELL, "descending")])
def test_a_trigger_is_told_its_direction(side: Side, direction: str) -> None:
    can = made_map(terms={"triggerPrice": True, "triggerDirection": True})
    found = form_of(order(OrderKind.STOP_LIMIT, side, price=100, stop=110), INSTRUMENT, can, PLAIN)
    assert isinstance(found, Form)
    assert found.parameters == {**NAME, "triggerPrice": "1.1", "triggerDirection": direction}


def test_the_moment_and_the_name_travel_as_the_venue_calls_them() -> None:
    request = order(OrderKind.LIMIT, price=100, time_in_force=TimeInForce.GTD, expire_ns=ENDS_NS)
    found = form_of(request, INSTRUMENT, made_map(quirks=DATED), DATED)
    assert isinstance(found, Form)
    assert found.parameters == {
        "client_order_id": "mine",
        "timeInForce": "GTD",
        "end_time": "2026-01-01T00:00:00.123456Z",
    }
    assert quirks_of("coinbase").expiry == "end_time"


def test_reduce_only_is_for_contracts() -> None:
    request = order(OrderKind.MARKET, Side.SELL, 2, reduce_only=True)
    found = form_of(request, PERPETUAL, made_map("perpetual"), PLAIN)
    assert isinstance(found, Form)
    assert (found.amount, found.parameters) == ("2", {**NAME, "reduceOnly": True})
    spot = form_of(request, INSTRUMENT, made_map(), PLAIN)
    assert isinstance(spot, Form)
    assert "reduceOnly" not in spot.parameters


REFUSED: list[tuple[OrderRequest, dict[str, Any], str]] = [
    (order(OrderKind.TRAILING_STOP, trail=5), {}, "trailing stop"),
    (order(OrderKind.LIMIT, price=100, display=5), {}, "iceberg"),
    (order(OrderKind.LIMIT, price=100, oco="other"), {}, "depend on others"),
    (order(OrderKind.LIMIT, price=100, after="other"), {}, "depend on others"),
    (order(OrderKind.LIMIT, price=100, stop=90), {}, "bracket"),
    (order(OrderKind.MARKET, quantity=None, maximum=True), {}, "say how much"),
    (order(OrderKind.MARKET, quantity=None), {}, "without a size"),
    (order(OrderKind.MARKET, Side.SELL, None, quote_quantity=Decimal(5)), {}, "sale by quote amount"),
    (order(OrderKind.LIMIT, quantity=None, price=5, quote_quantity=Decimal(5)), {}, "but for market orders"),
    (
        order(OrderKind.MARKET, quantity=None, quote_quantity=Decimal(5)),
        {"createMarketBuyOrderWithCost": None},
        "quote",
    ),
    (order(OrderKind.MARKET), {"terms": {**TERMS, "marketBuyRequiresPrice": True}}, "size it by quote amount"),
    (order(OrderKind.MARKET, time_in_force=TimeInForce.FOK), {}, "market order that is fok"),
    (order(OrderKind.STOP_LIMIT, price=1, stop=1, time_in_force=TimeInForce.IOC), {}, "stop order that is ioc"),
    (order(OrderKind.STOP_LIMIT, price=1, stop=1), {"terms": {"triggerPrice": True}}, "stop-limit order"),
    (order(OrderKind.LIMIT, price=1, time_in_force=TimeInForce.FOK), {"terms": {}}, "order that is fok"),
    (order(OrderKind.LIMIT, price=1, time_in_force=TimeInForce.GTD, expire_ns=ENDS_NS), {}, "order that is gtd"),
    (order(OrderKind.LIMIT, price=1, time_in_force=TimeInForce.GTD), {"quirks": DATED}, "not named"),
    (order(OrderKind.LIMIT, price=1, post_only=True), {"terms": {}}, "post-only order"),
    (order(OrderKind.LIMIT, price=1, post_only=True, time_in_force=TimeInForce.IOC), {}, "limits that stand"),
    (order(OrderKind.LIMIT, price=1), {"createOrder": None}, "limit order"),
]


@pytest.mark.parametrize(
    ("request_", "terms", "said"), REFUSED, ids=lambda each: each if isinstance(each, str) else None
)
def test_what_the_map_lacks_is_refused_unsent(request_: OrderRequest, terms: dict[str, Any], said: str) -> None:
    found = form_of(request_, INSTRUMENT, made_map(**terms), terms.get("quirks", PLAIN))
    assert isinstance(found, PlaceRefused)
    assert found.reason == "UNSUPPORTED_ORDER"
    assert said in found.text


def test_a_name_is_needed() -> None:
    nameless = OrderRequest("", "BTC-USDT", Side.BUY, OrderKind.MARKET, 5)
    assert isinstance(form_of(nameless, INSTRUMENT, made_map(), PLAIN), PlaceRefused)


def test_the_map_tells_what_it_was_told() -> None:
    can = made_map()
    assert can.support("order", "stop-market") is Support.EMULATED
    assert can.support("time in force", "gtd") is Support.MISSING, "there is no common word for the moment"
    assert can.support("order", "reduce-only") is Support.MISSING
    assert made_map("perpetual").support("order", "reduce-only") is Support.NATIVE
    assert made_map(editOrder="emulated").support("order", "edit") is Support.MISSING
    assert made_map(fetchTrades="emulated").support("data", "trades") is Support.EMULATED
    assert can.support("order", "teleport") is Support.MISSING
    assert can.intervals == ("1m", "1h")
    assert made_map(fetchOHLCV=False).intervals == ()
