"""What the exchange answers has the fields and the types of what the venue was recorded to answer."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.exchange.rig import PRODUCT, Rig, limit_order, until, with_exchange
from tradewind.exchange.server.routes import API, TABLE

RECORDED = "fixtures/coinbase/advanced_trade"
ABSENT = (None, "")
SDK_PATHS = 45
"""Endpoints that the official SDK speaks of; the oracle suite drives it."""


def recorded(shared: Path, name: str, label: str = "") -> Any:
    """A recorded payload; of a file with several, the one with this label."""
    path = shared / RECORDED / name
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    found = json.loads(path.read_text(encoding="utf-8"))
    if name.startswith(("rest/ccxt_sample", "ws/ccxt_sample")):
        found = next(each["payload"] for each in found if each["label"].strip().startswith(label))
    return found


def differences(ours: Any, theirs: Any, place: str = "") -> Iterator[str]:
    """Where ours lacks a field of theirs, or has another type; nothing is like anything, as the venue has it."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key, value in theirs.items():
            if key not in ours:
                yield f"{place}.{key} is missing"
            else:
                yield from differences(ours[key], value, f"{place}.{key}")
    elif isinstance(theirs, list) and isinstance(ours, list):
        for each in theirs[:1]:
            for mine in ours[:1]:
                yield from differences(mine, each, f"{place}[]")
    elif ours not in ABSENT and theirs not in ABSENT and kind(ours) is not kind(theirs):
        yield f"{place} is {ours!r}, recorded as {theirs!r}"


def kind(value: Any) -> type:
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)


def check(ours: Any, theirs: Any, *, but: tuple[str, ...] = ()) -> None:
    """Hold one answer to one recording; `but` names places where the recording was edited by hand or is older."""
    assert [each for each in differences(ours, theirs) if not each.startswith(but)] == []


def test_answers_have_the_recorded_shape(shared: Path) -> None:
    async def story(rig: Rig) -> None:
        ask = rig.alpha.ask
        accounts = await ask("GET", "/accounts")
        check(accounts, recorded(shared, "rest/gpttrader_accounts.json"))
        check(accounts, recorded(shared, "rest/nautilus_http_accounts.json"))
        uuid = accounts["accounts"][0]["uuid"]
        check(await ask("GET", f"/accounts/{uuid}"), recorded(shared, "rest/live_account_20251109.json"))
        check(
            await ask("GET", "/transaction_summary"),
            recorded(shared, "rest/live_transaction_summary_intro1_20251109.json"),
        )
        check(await ask("GET", f"/products/{PRODUCT}"), recorded(shared, "rest/nautilus_http_product.json"))
        check(await ask("GET", "/products"), recorded(shared, "rest/nautilus_http_products.json"))
        for product, label in (("BIP-20DEC30-CDE", "expiring"), ("BTC-PERP-INTX", "perpetual")):
            theirs = recorded(shared, "rest/ccxt_sample_parse_contract_market.json", label)
            check(await ask("GET", f"/products/{product}"), theirs)
        check(
            await ask("GET", "/product_book", product_id=PRODUCT),
            recorded(shared, "rest/ccxt_sample_fetch_order_book.json"),
        )
        check(await ask("GET", f"/products/{PRODUCT}/ticker"), recorded(shared, "rest/nautilus_http_ticker.json"))
        candles = await ask("GET", f"/products/{PRODUCT}/candles", start="1", end="2", granularity="ONE_HOUR")
        assert candles == {"candles": []}
        theirs = json.loads((shared / RECORDED / "rest/ccxt_sample_fetch_time.json").read_text(encoding="utf-8"))[1]
        check(await ask("GET", "/time"), theirs["payload"])

    with_exchange(story)


def test_orders_and_fills_have_the_recorded_shape(shared: Path) -> None:
    async def story(rig: Rig) -> None:
        ask = rig.alpha.ask
        placed = await rig.alpha.buy("99.5", "2")
        check(placed, recorded(shared, "rest/ccxt_sample_create_order.json", "successful order"))
        check(placed, recorded(shared, "rest/gpttrader_order_create_success.json"))
        refused = await rig.alpha.buy("98", "1000000")
        check(refused, recorded(shared, "rest/ccxt_sample_create_order.json", "failed order"))
        check(refused, recorded(shared, "rest/ccxt_sample_handle_errors.json", "or"), but=(".order_configuration",))
        await rig.beta.ask("POST", "/orders", limit_order("SELL", "99.5", "1"))
        order = await ask("GET", f"/orders/historical/{placed['order_id']}")
        for name in ("gpttrader_order_historical", "nautilus_http_order", "ccxt_sample_fetch_order"):
            check(order, recorded(shared, f"rest/{name}.json"))
        check(
            await ask("GET", "/orders/historical/batch"),
            recorded(shared, "rest/ccxt_sample_fetch_orders.json"),
            but=(".orders[].order_configuration",),
        )
        fills = await ask("GET", "/orders/historical/fills")
        check(fills, recorded(shared, "rest/nautilus_http_fills.json"))
        check(fills["fills"][0], recorded(shared, "rest/ccxt_sample_parse_trade.json", "fetchMyTrades"))
        gone = await ask("POST", "/orders/batch_cancel", {"order_ids": [placed["order_id"]]})
        check(gone, recorded(shared, "rest/ccxt_sample_cancel_orders.json"))

    with_exchange(story)


def test_futures_have_the_recorded_shape(shared: Path) -> None:
    async def story(rig: Rig) -> None:
        await rig.alpha.buy("105", "3", product="BIP-20DEC30-CDE")
        check(await rig.alpha.ask("GET", "/cfm/positions"), recorded(shared, "rest/ccxt_sample_fetch_positions.json"))
        summary = await rig.alpha.ask("GET", "/cfm/balance_summary")
        check(summary, recorded(shared, "rest/nautilus_http_cfm_balance_summary.json"))

    with_exchange(story)


def test_frames_have_the_recorded_shape(shared: Path) -> None:
    async def story(rig: Rig) -> None:
        async with rig.stream() as stream:
            await stream.subscribe("heartbeats")
            for channel in ("ticker", "ticker_batch", "level2", "market_trades", "candles"):
                await stream.subscribe(channel, PRODUCT)
            await stream.subscribe("user", jwt=rig.alpha.token())
            await stream.subscribe("futures_balance_summary", jwt=rig.alpha.token())
            placed = await rig.alpha.buy("101", "2")
            await until(lambda: stream.orders(placed["order_id"]), "the order")
            await until(lambda: stream.frames("heartbeats"), "a heartbeat")

            def last(channel: str) -> Any:
                return stream.frames(channel)[-1]

            live = recorded(shared, "ws/live_ticker_BTC-PERP-INTX_20260905.jsonl")
            check(last("ticker"), live[0])
            check(last("subscriptions"), live[2])
            check(last("heartbeats"), live[3])
            check(last("ticker"), recorded(shared, "ws/ccxt_live_ticker_BTC-USD_20260812.jsonl")[0])
            check(last("ticker_batch"), recorded(shared, "ws/ccxt_sample_ticker_batch.json"))
            check(last("l2_data"), recorded(shared, "ws/live_l2_data_BTC-PERP-INTX_20260907.jsonl")[0])
            check(last("market_trades"), recorded(shared, "ws/nautilus_ws_market_trades.json"))
            check(last("candles"), recorded(shared, "ws/nautilus_ws_candles.json"))
            check(last("futures_balance_summary"), recorded(shared, "ws/futures_balance_summary_synthetic.jsonl")[0])
            check(stream.orders(placed["order_id"])[-1], recorded(shared, "ws/ccxt_sample_parse_ws_order.json"))
            await stream.subscribe("user", jwt="nothing")
            await until(lambda: "type" in stream.heard[-1], "the error")
            assert [stream.heard[-1]] == recorded(shared, "ws/live_error_frame.jsonl")

    with_exchange(story)


def test_a_refused_token_gets_the_recorded_answer(shared: Path) -> None:
    async def story(rig: Rig) -> None:
        async with rig.http.get(rig.addresses.rest + API + "/accounts") as answer:
            assert await answer.text() == recorded_text(shared, "rest/live_error_401.txt")

    with_exchange(story)


def recorded_text(shared: Path, name: str) -> str:
    return (shared / RECORDED / name).read_text(encoding="utf-8")


def test_every_recorded_request_finds_its_answer(shared: Path) -> None:
    """Requests that the venue accepted, as ccxt recorded them, are understood; what is refused has its own reason."""

    async def story(rig: Rig) -> None:
        asked = recorded(shared, "requests/ccxt_requests.json")["requests"]
        for request in asked:
            path, _, query = request["path"].removeprefix(API).partition("?")
            path = re.sub(r"ADA-USDT|DOGE-USDT|BTC-USDT", PRODUCT, path)
            params = dict(part.split("=") for part in query.split("&")) if query else {}
            params = {key: PRODUCT if key == "product_id" else value for key, value in params.items()}
            status, text, _ = await rig.alpha.answer(request["http"], path, request.get("body"), **params)
            unknown = ("historical/" in path and status == 404) or ("/intx/positions/" in path and status == 404)
            assert status == 200 or unknown, (request["description"], status, text)

    with_exchange(story)


@pytest.mark.parametrize("page", ["spec/coinbase-advanced-trade-openapi.yml"])
def test_every_documented_path_is_served(shared: Path, page: str) -> None:
    """The page is a third party's and errs in four places, which are written here as the venue has them."""
    text = (shared / "fixtures/coinbase" / page).read_text(encoding="utf-8")
    corrected = {
        "GET /orders": "GET /orders/historical/batch",
        "GET /orders/{}": "GET /orders/historical/{}",
        "POST /orders/{}/edit": "POST /orders/edit",
    }
    documented, path = set(), ""
    for line in text.splitlines():
        if found := re.fullmatch(r"  (/\S*):", line):
            path = re.sub(r"\{\w+\}", "{}", found[1])
        elif path and (found := re.fullmatch(r"    (get|post|put|delete):", line)):
            asked = f"{found[1].upper()} {path}"
            documented.add(corrected.get(asked, asked))
        elif line.startswith("components:"):
            path = ""
    served = {f"{method} {re.sub(r'{[a-z_]+}', '{}', path)}" for method, path, _, _ in TABLE}
    assert len(documented) >= 20
    assert documented - served == set()
    assert len(served) >= SDK_PATHS
