"""Every builder against requests that the venue is known to take, and the small rules they share."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tradewind.venues.coinbase import configurations as made
from tradewind.venues.coinbase import requests
from tradewind.venues.coinbase.requests import Request

RECORDED = "fixtures/coinbase/advanced_trade/requests/ccxt_requests.json"


def order(entry: Mapping[str, Any]) -> Request:
    body = entry["body"]
    return requests.create_order(body["client_order_id"], body["product_id"], body["side"], body["order_configuration"])


def preview(entry: Mapping[str, Any]) -> Request:
    body = entry["body"]
    return requests.preview_order(body["product_id"], body["side"], body["order_configuration"])


def edited(build: Callable[..., Request]) -> Callable[[Mapping[str, Any]], Request]:
    def made(entry: Mapping[str, Any]) -> Request:
        body = entry["body"]
        return build(body["order_id"], price=Decimal(body["price"]), size=Decimal(body["size"]))

    return made


BUILT: Mapping[str, Callable[[Mapping[str, Any]], Request]] = {
    "order preview": preview,
    "perp order preview": preview,
    "edit order": edited(requests.edit_order),
    "edit preview": edited(requests.preview_edit),
    "cancel orders": lambda entry: requests.cancel_orders(entry["body"]["order_ids"]),
    "get order": lambda _: requests.get_order("9fd0cadc-2ccc-45e8-b254-ea511c34e5b2"),
    "open orders": lambda _: requests.list_orders(order_status=["OPEN"], limit=100),
    "closed orders": lambda _: requests.list_orders(order_status=["FILLED"], limit=100),
    "accounts": lambda _: requests.list_accounts(),
    "server time": lambda _: requests.server_time(),
    "market trades": lambda _: requests.market_trades("BTC-USDT", 15, start_s=1678012344, end_s=1678012744),
    "candles with since and limit 20 (end = start + 20*60 s)": lambda _: requests.product_candles(
        "BTC-USDT", "ONE_MINUTE", 1678012344, 1678013544
    ),
    "best bid/ask": lambda _: requests.best_bid_ask(["BTC-USDT", "ETH-USDT"]),
    "products filter": lambda _: requests.list_products(["BTC-USDT", "ETH-USDT"]),
    "product book": lambda _: requests.product_book("BTC-USD"),
    "INTX positions": lambda _: requests.list_perpetuals_positions("018ebd63-1f6d-7c8e-ada9-0761c5a2235f"),
    "INTX position": lambda _: requests.get_perpetuals_position(
        "018ebd63-1f6d-7c8e-ada9-0761c5a2235f", "ADA-PERP-INTX"
    ),
}


def test_recorded_requests_are_built_field_by_field(shared: Path) -> None:
    recorded = json.loads((shared / RECORDED).read_text(encoding="utf-8"))["requests"]
    assert len(recorded) > 25
    for entry in recorded:
        made = BUILT.get(entry["description"], order)(entry)
        wanted = urlsplit(entry["path"])
        assert (made.method, made.path) == (entry["http"], wanted.path), entry["description"]
        assert sorted(made.query) == sorted(parse_qsl(wanted.query)), entry["description"]
        sent = None if made.payload is None else json.loads(made.payload)
        assert sent == entry.get("body"), entry["description"]


def exact(terms: Mapping[str, Any], name: str) -> Decimal:
    return Decimal(terms[name])


FORMS: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
    "market_market_ioc": lambda terms: made.market_ioc(
        **{name.removesuffix("_size"): Decimal(size) for name, size in terms.items()}
    ),
    "limit_limit_gtc": lambda terms: made.limit_gtc(
        exact(terms, "base_size"), exact(terms, "limit_price"), post_only=terms["post_only"]
    ),
    "sor_limit_ioc": lambda terms: made.limit_ioc(exact(terms, "base_size"), exact(terms, "limit_price")),
    "stop_limit_stop_limit_gtc": lambda terms: made.stop_limit_gtc(
        exact(terms, "base_size"), exact(terms, "limit_price"), exact(terms, "stop_price"), terms["stop_direction"]
    ),
}


def test_recorded_order_forms_are_built_from_their_numbers(shared: Path) -> None:
    recorded = json.loads((shared / RECORDED).read_text(encoding="utf-8"))["requests"]
    forms = [
        entry["body"]["order_configuration"] for entry in recorded if "order_configuration" in entry.get("body", {})
    ]
    assert len(forms) == 12
    assert {name for form in forms for name in form} == set(FORMS)
    assert [FORMS[name](terms) for form in forms for name, terms in form.items()] == forms


def test_what_is_empty_is_left_out_and_false_is_not() -> None:
    configuration = {"limit_limit_gtc": {"base_size": "1", "limit_price": "2", "post_only": False}}
    assert requests.create_order("a", "BTC-USD", "BUY", configuration).body == {
        "client_order_id": "a",
        "product_id": "BTC-USD",
        "side": "BUY",
        "order_configuration": configuration,
    }
    assert requests.list_products(all_products=False).query == (("get_all_products", "false"),)
    assert requests.schedule_sweep().body == {}
    assert requests.set_multi_asset_collateral("p", enabled=False).body == {
        "portfolio_uuid": "p",
        "multi_asset_collateral_enabled": False,
    }


def test_numbers_leave_without_an_exponent() -> None:
    body = requests.edit_order("x", price=Decimal("1E+5"), size=Decimal("1E-8")).body
    assert body == {"order_id": "x", "size": "0.00000001", "price": "100000"}


def test_names_cannot_leave_their_part_of_the_path() -> None:
    assert requests.get_order("../accounts?x=1").path == "/api/v3/brokerage/orders/historical/..%2Faccounts%3Fx%3D1"
    assert requests.list_orders(product_ids=["A&B=C"]).target.endswith("batch?product_ids=A%26B%3DC")


def test_market_data_without_a_key_stands_under_market() -> None:
    assert requests.get_product("BTC-USD", signed=False).path == "/api/v3/brokerage/market/products/BTC-USD"
    assert not requests.product_book("BTC-USD", signed=False).signed
    assert requests.get_product("BTC-USD").signed


@pytest.mark.parametrize(
    ("made", "writes"),
    [
        (requests.create_order("a", "P", "BUY", {}), True),
        (requests.preview_order("P", "BUY", {}), False),
        (requests.preview_edit("a"), False),
        (requests.edit_order("a"), True),
        (requests.cancel_orders(["a"]), True),
        (requests.close_position("a", "P"), True),
        (requests.delete_portfolio("p"), True),
        (requests.edit_portfolio("p", "n"), True),
        (requests.move_funds("1", "USD", "a", "b"), True),
        (requests.convert_quote("a", "b", "1"), True),
        (requests.cancel_sweep(), True),
        (requests.list_orders(), False),
    ],
)
def test_a_request_knows_whether_it_changes_something(made: Request, writes: bool) -> None:
    assert made.writes is writes
