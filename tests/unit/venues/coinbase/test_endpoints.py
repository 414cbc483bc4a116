"""The table of endpoints: complete against the descriptions there are, consistent with its builders, and harmless."""

import inspect
import re
from pathlib import Path

import pytest

from tests.unit.docs.pages import SOURCE
from tradewind.venues.coinbase import requests
from tradewind.venues.coinbase.endpoints import ENDPOINTS, Endpoint
from tradewind.venues.coinbase.requests import PREFIX, Request
from tradewind.venues.coinbase.wire.values import Message

SPEC = "fixtures/coinbase/spec/coinbase-advanced-trade-openapi.yml"
# That description differs from requests which the venue took: there they stand under `historical`, and edits name the
# order in the body.
RENAMED = {
    "GET /orders": "GET /orders/historical/batch",
    "GET /orders/{order_id}": "GET /orders/historical/{order_id}",
    "POST /orders/{order_id}/edit": "POST /orders/edit",
}


def built(endpoint: Endpoint) -> Request:
    """A request with made-up arguments, each the name of its parameter."""
    parameters = inspect.signature(endpoint.build).parameters.values()
    needed = [each for each in parameters if each.default is inspect.Parameter.empty]
    values = {each.name: [] if "ids" in each.name else f"<{each.name}>" for each in needed}
    return endpoint.build(**values)


def test_every_described_endpoint_is_there(shared: Path) -> None:
    text = (shared / SPEC).read_text(encoding="utf-8")
    described, path = set(), ""
    for line in text.splitlines():
        if found := re.fullmatch(r"  (/\S+):", line):
            path = found[1]
        elif path and (found := re.fullmatch(r"    (get|post|put|delete):", line)):
            described.add(f"{found[1].upper()} {path}")
    assert len(described) > 18
    ours = {f"{each.method} {each.path}" for each in ENDPOINTS}
    assert {RENAMED.get(each, each) for each in described} <= ours


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: f"{each.family}: {each.name}")
def test_each_builder_makes_the_request_of_its_row(endpoint: Endpoint) -> None:
    made = built(endpoint)
    assert made.method == endpoint.method
    pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(PREFIX + endpoint.path))
    assert re.fullmatch(pattern, made.path.replace("/market/", "/")), made.path
    assert issubclass(endpoint.answer, Message)
    assert made.writes == (endpoint.method != "GET" and "preview" not in endpoint.path)


def test_public_rows_can_be_asked_without_a_key() -> None:
    public = {each.name for each in ENDPOINTS if each.public}
    assert public == {
        "Get server time",
        "List products",
        "Get product",
        "Get product book",
        "Get candles",
        "Get market trades",
    }
    assert not requests.server_time().signed


def test_every_builder_is_in_the_table_once() -> None:
    builders = {
        name
        for name, function in inspect.getmembers(requests, inspect.isfunction)
        if function.__module__ == requests.__name__ and not name.startswith("_")
    }
    rows = [each.build.__name__ for each in ENDPOINTS]
    assert sorted(rows) == sorted(builders)
    assert len(ENDPOINTS) == 46


def test_there_is_no_way_out_for_money() -> None:
    """What makes and sends requests knows no route that takes money to anybody else."""
    speaking = ("requests", "endpoints", "client", "order_desk", "account_desk", "market_desk", "desk")
    for name in speaking:
        text = (SOURCE / "venues" / "coinbase" / f"{name}.py").read_text(encoding="utf-8")
        _, _, code = text.partition('"""\n\n')
        assert code, name
        assert not re.findall(r"(?i)withdraw|deposit|/v2/|/transactions", code), name
