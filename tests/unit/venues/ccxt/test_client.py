"""Opening a venue: ccxt missing, venues that it does not know, and nothing that shows a secret."""

import asyncio
import importlib
import sys
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from tests.unit.venues.ccxt.fakes import BaseError, FakeExchange
from tradewind.model.errors import ConfigError, Withheld
from tradewind.venues.ccxt.client import INSTALL, Credentials, describe, open_client, venue_names


class Kraken(FakeExchange):
    """As ccxt makes one: from a dict of settings, with a place and a way to fetch."""

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__()
        self.settings = settings
        self.urls = {"api": {"rest": "https://far.example"}}
        self.fetched: list[str] = []

    async def fetch(self, url: str, method: str, headers: object, body: object) -> str:
        self.fetched.append(method)
        return "{}"

    async def send(self, method: str) -> str:
        return await self.fetch("https://far.example", method, None, None)

    @staticmethod
    def safe_string(row: Any, key: int) -> str | None:
        return None if row[key] is None else str(row[key])


@pytest.fixture
def no_ccxt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ccxt", None)


@pytest.fixture
def some_ccxt(monkeypatch: pytest.MonkeyPatch) -> None:
    ccxt, module = ModuleType("ccxt"), ModuleType("ccxt.async_support")
    module.exchanges = ["binance", "binanceus", "kraken"]  # type: ignore[attr-defined]
    module.BaseError = BaseError  # type: ignore[attr-defined]
    module.kraken = Kraken  # type: ignore[attr-defined]
    ccxt.async_support = module  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ccxt", ccxt)
    monkeypatch.setitem(sys.modules, "ccxt.async_support", module)


@pytest.mark.usefixtures("no_ccxt")
def test_without_ccxt_the_extra_is_named() -> None:
    for question in (venue_names, lambda: describe("binance"), lambda: open_client("binance")):
        with pytest.raises(ConfigError, match=r"tradewind\[venues\]"):
            question()
    assert "install tradewind[venues]" in INSTALL


@pytest.mark.usefixtures("some_ccxt")
def test_a_venue_that_ccxt_does_not_know() -> None:
    assert venue_names() == ("binance", "binanceus", "kraken")
    with pytest.raises(ConfigError, match="did you mean binance, binanceus"):
        describe("binanse")
    with pytest.raises(ConfigError, match="tradewind venues list"):
        open_client("nowhere")


@pytest.mark.usefixtures("some_ccxt")
def test_a_client_is_told_to_keep_texts_and_to_repeat_nothing() -> None:
    key = Credentials(api_key="a", secret="b", more={"password": "c"})
    settings = open_client("kraken", key, authority="ca.pem", options={"x": 1}).exchange.settings
    assert settings["number"] is str
    assert settings["options"] == {"x": 1, "maxRetriesOnFailure": 0}
    assert (settings["apiKey"], settings["secret"], settings["password"], settings["cafile"]) == (
        "a",
        "b",
        "c",
        "ca.pem",
    )
    assert settings["enableRateLimit"]


@pytest.mark.usefixtures("some_ccxt")
def test_another_address_replaces_a_single_place_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_client("kraken", address="https://here").exchange.urls["api"] == {"rest": "https://here"}
    monkeypatch.setattr(Kraken, "__init__", made_with_two_places)
    with pytest.raises(ConfigError, match="several places"):
        open_client("kraken", address="https://here")


def made_with_two_places(exchange: Kraken, settings: dict[str, Any]) -> None:
    FakeExchange.__init__(exchange)
    exchange.urls = {"api": {"public": "a", "private": "b"}}


@pytest.mark.usefixtures("some_ccxt")
def test_numbers_are_read_as_the_venue_wrote_them() -> None:
    exchange = open_client("kraken").exchange
    assert exchange.on_json_response('{"a": 0.1000000000000000055, "b": 7}') == {"a": "0.1000000000000000055", "b": 7}
    levels = exchange.parse_order_book_bids_asks([["1.10", 0.5, 9], [None, "1"], ["2", "3"]])
    assert levels == [[Decimal("1.10"), Decimal("0.5")], [Decimal(2), Decimal(3)]]


@pytest.mark.usefixtures("some_ccxt")
def test_the_gate_is_asked_as_a_write_leaves() -> None:
    client = open_client("kraken")
    with pytest.raises(Withheld) as error:
        asyncio.run(client.write(lambda: "HALTED", "send", "POST"))
    assert (error.value.reason, client.exchange.fetched) == ("HALTED", [])
    asyncio.run(client.write(lambda: "HALTED", "send", "GET"))
    asyncio.run(client.write(lambda: "", "send", "POST"))
    asyncio.run(client.call("send", "DELETE"))
    assert client.exchange.fetched == ["GET", "POST", "DELETE"]


def test_credentials_print_as_asterisks() -> None:
    held = Credentials(api_key="abc", secret="def", more={"password": "ghi"})
    shown = f"{held!r} {held!s}"
    assert not any(each in shown for each in ("abc", "def", "ghi"))


def test_importing_the_adapter_does_not_import_ccxt() -> None:
    before = {name for name in sys.modules if name.partition(".")[0] == "ccxt"}
    for name in ("capabilities", "client", "desk", "failures", "incoming", "markets", "orders"):
        importlib.import_module(f"tradewind.venues.ccxt.{name}")
    assert {name for name in sys.modules if name.partition(".")[0] == "ccxt"} == before
