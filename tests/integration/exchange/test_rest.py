"""Requests over a real connection: who may ask what, how often, and what an order does to money and book."""

import json
import time
from base64 import urlsafe_b64encode
from decimal import Decimal

import pytest

from tests.integration.exchange.rig import API, PRODUCT, Rig, limit_order, until, with_exchange
from tradewind.exchange.server.limits import RateLimit


def test_who_is_not_known_gets_a_plain_401() -> None:
    async def story(rig: Rig) -> None:
        async with rig.http.get(rig.addresses.rest + API + "/accounts") as answer:
            assert (answer.status, await answer.text()) == (401, "Unauthorized\n")
            assert answer.content_type == "text/plain"
        status, text, _ = await rig.alpha.answer("GET", "/accounts", skew_s=-400)
        assert (status, text) == (401, "Unauthorized\n")
        assert (await rig.admin("GET", "/counters"))["denied"] == {"expired": 1, "no token": 1}

    with_exchange(story)


def test_keys_may_do_what_their_scopes_say() -> None:
    async def story(rig: Rig) -> None:
        viewer = rig.member("viewer", can_trade=False)
        status, text, _ = await viewer.answer("POST", "/orders", limit_order("BUY", "90", "0.1"))
        assert status == 403
        assert '"error_details":"Missing required scopes"' in text, "the SDK looks for these very letters"
        funds = {"value": "1", "currency": "USD"}
        move = {"funds": funds, "source_portfolio_uuid": "a", "target_portfolio_uuid": "b"}
        status, _, _ = await rig.alpha.answer("POST", "/portfolios/move_funds", move)
        assert status == 403

    with_exchange(story)


def test_too_many_requests_are_told_when_to_come_back() -> None:
    async def story(rig: Rig) -> None:
        answers = [await rig.alpha.answer("GET", "/key_permissions") for _ in range(8)]
        assert [status for status, _, _ in answers] == [200] * 5 + [429] * 3
        assert answers[0][2]["x-ratelimit-limit"] == "5"
        assert answers[0][2]["x-ratelimit-remaining"] == "4"
        assert int(answers[-1][2]["x-ratelimit-reset"]) >= int(time.time())
        assert json.loads(answers[-1][1])["error"] == "rate_limit_exceeded"
        status, _, _ = await rig.beta.answer("GET", "/key_permissions")
        assert status == 200, "limits are each account's own"

    with_exchange(story, RateLimit(private_per_s=5, public_per_s=100))


def test_errors_are_what_the_venue_sends() -> None:
    async def story(rig: Rig) -> None:
        for method, path, body, wanted in (
            ("GET", "/products/NONE-SUCH", None, 404),
            ("GET", "/nowhere", None, 404),
            ("GET", "/orders/historical/11111111-1111-4111-8111-111111111111", None, 404),
            ("POST", "/orders", {"product_id": PRODUCT, "side": "SIDEWAYS", "order_configuration": {}}, 400),
            ("POST", "/orders", {"product_id": PRODUCT, "side": "BUY", "order_configuration": 7}, 400),
            ("POST", "/orders/batch_cancel", {"order_ids": []}, 400),
            ("GET", f"/products/{PRODUCT}/candles", None, 400),
            ("GET", "/orders/historical/batch?cursor=%21", None, 404),
        ):
            status, text, _ = await rig.alpha.answer(method, path.partition("?")[0], body)
            if "?" not in path:
                assert status == wanted, (path, text)
                assert json.loads(text).keys() == {"error", "error_details", "message"}
        status, text, _ = await rig.alpha.answer("GET", "/orders/historical/batch", None, cursor="!")
        assert status == 400
        status, _, _ = await rig.alpha.answer("GET", "/orders/historical/batch", None, order_status="OPEN,FILLED")
        assert status == 400

    with_exchange(story)


def test_strange_orders_fail_inside_200_with_a_reason() -> None:
    async def story(rig: Rig) -> None:
        for side, price, size, reason in (
            ("BUY", "100.001", "0.1", "PREVIEW_INVALID_PRICE_PRECISION"),
            ("BUY", "NaN", "0.1", "PREVIEW_NON_NUMERIC_ORDER_SIZE"),
            ("BUY", "90", "-1", "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL"),
            ("BUY", "90", "1e40", "PREVIEW_INVALID_BASE_SIZE_TOO_LARGE"),
            ("BUY", "90", "0.00000001", "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL"),
            ("BUY", "90", "100000", "PREVIEW_INSUFFICIENT_FUND"),
            ("SELL", "110", "51", "PREVIEW_INSUFFICIENT_FUND"),
        ):
            found = await rig.alpha.ask("POST", "/orders", limit_order(side, price, size))
            assert not found["success"], (price, size)
            assert found["error_response"]["preview_failure_reason"] == reason, (price, size)
            assert found["order_configuration"]["limit_limit_gtc"]["limit_price"] == price, "echoed as it came"

    with_exchange(story)


def test_two_accounts_trade_and_money_is_conserved() -> None:
    async def story(rig: Rig) -> None:
        await rig.alpha.buy("100", "2")
        sold = await rig.beta.ask("POST", "/orders", limit_order("SELL", "100", "2"))
        order = (await rig.beta.ask("GET", f"/orders/historical/{sold['order_id']}"))["order"]
        assert (order["status"], order["filled_size"], order["average_filled_price"]) == ("FILLED", "2", "100")
        assert order["total_value_after_fees"] == "197.6"
        fills = (await rig.beta.ask("GET", "/orders/historical/fills", order_ids=sold["order_id"]))["fills"]
        assert [(fill["size"], fill["commission"], fill["liquidity_indicator"]) for fill in fills] == [
            ("2", "2.4", "TAKER")
        ]
        money = {entry["currency"]: entry for entry in (await rig.beta.ask("GET", "/accounts"))["accounts"]}
        assert money["USD"]["available_balance"]["value"] == "1000197.6"
        assert money["BTC"]["available_balance"]["value"] == "48"
        summary = await rig.beta.ask("GET", "/transaction_summary")
        assert (summary["total_volume"], summary["total_fees"]) == (200, 2.4)
        truth = (await rig.admin("GET", "/truth"))["accounts"]
        held = sum(Decimal(each["balances"]["BTC"]["total"]) for each in truth.values())
        assert held == 100
        assert truth[rig.alpha.account]["balances"]["USD"]["total"] == "999798.8"

    with_exchange(story)


def test_an_order_holds_what_it_may_cost_and_a_cancel_gives_it_back() -> None:
    async def story(rig: Rig) -> None:
        placed = await rig.alpha.buy("90", "1")
        dollars = [each for each in (await rig.alpha.ask("GET", "/accounts"))["accounts"] if each["currency"] == "USD"]
        assert Decimal(dollars[0]["hold"]["value"]) >= 90
        [result] = (await rig.alpha.ask("POST", "/orders/batch_cancel", {"order_ids": [placed["order_id"]]}))["results"]
        assert result["success"]
        dollars = [each for each in (await rig.alpha.ask("GET", "/accounts"))["accounts"] if each["currency"] == "USD"]
        assert dollars[0]["hold"]["value"] == "0"
        assert dollars[0]["available_balance"]["value"] == "1000000"
        order = (await rig.alpha.ask("GET", f"/orders/historical/{placed['order_id']}"))["order"]
        assert (order["status"], order["cancel_message"]) == ("CANCELLED", "User requested cancel")

    with_exchange(story)


def test_orders_of_others_cannot_be_seen_or_cancelled() -> None:
    async def story(rig: Rig) -> None:
        placed = await rig.alpha.buy("90")
        status, _, _ = await rig.beta.answer("GET", f"/orders/historical/{placed['order_id']}")
        assert status == 404
        [result] = (await rig.beta.ask("POST", "/orders/batch_cancel", {"order_ids": [placed["order_id"]]}))["results"]
        assert not result["success"]

    with_exchange(story)


def test_pages_hold_while_orders_come_in_between() -> None:
    async def story(rig: Rig) -> None:
        placed = [(await rig.alpha.buy("90"))["order_id"] for _ in range(7)]
        seen: list[str] = []
        cursor = ""
        while True:
            found = await rig.alpha.ask("GET", "/orders/historical/batch", limit=3, cursor=cursor)
            seen += [order["order_id"] for order in found["orders"]]
            assert found["has_next"] == bool(found["cursor"])
            if not found["has_next"]:
                break
            cursor = found["cursor"]
            await rig.alpha.buy("91")
        assert seen == placed[::-1]

    with_exchange(story)


def test_the_open_filter_hides_what_is_queued() -> None:
    async def story(rig: Rig) -> None:
        await rig.admin("POST", f"/products/{PRODUCT}/mode", {"mode": "auction"})
        placed = await rig.alpha.buy("90")
        assert (await rig.alpha.ask("GET", "/orders/historical/batch", order_status="OPEN"))["orders"] == []
        queued = await rig.alpha.ask("GET", "/orders/historical/batch", order_status="QUEUED")
        assert [order["order_id"] for order in queued["orders"]] == [placed["order_id"]]

    with_exchange(story)


def test_fills_of_an_order_sized_in_quote_are_told_in_quote() -> None:
    async def story(rig: Rig) -> None:
        body = {
            "client_order_id": "by quote",
            "product_id": PRODUCT,
            "side": "BUY",
            "order_configuration": {"market_market_ioc": {"quote_size": "1000"}},
        }
        placed = await rig.alpha.ask("POST", "/orders", body)
        order = (await rig.alpha.ask("GET", f"/orders/historical/{placed['order_id']}"))["order"]
        fills = (await rig.alpha.ask("GET", "/orders/historical/fills", order_id=placed["order_id"]))["fills"]
        assert all(fill["size_in_quote"] for fill in fills)
        assert sum(Decimal(fill["size"]) for fill in fills) == Decimal(order["filled_value"])
        assert sum(Decimal(fill["size"]) / Decimal(fill["price"]) for fill in fills) == Decimal(order["filled_size"])

    with_exchange(story)


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b'{"product_id": "\xff"}', b"[" * 100_000, b'{"a":' * 100_000])
def test_bytes_that_are_no_request_are_refused_in_words(raw: bytes) -> None:
    async def story(rig: Rig) -> None:
        status, text, _ = await rig.alpha.answer("POST", "/orders", raw)
        assert (status, json.loads(text)["error"]) == (400, "INVALID_ARGUMENT")
        async with rig.http.post(rig.addresses.admin + "/faults", data=raw) as answer:
            assert answer.status == 400
        token = f"{urlsafe_b64encode(raw).decode()}.{urlsafe_b64encode(raw[:3000]).decode()}.x"[:7000]
        headers = {"Authorization": f"Bearer {token}"}
        async with rig.http.get(rig.addresses.rest + API + "/accounts", headers=headers) as answer:
            assert answer.status == 401
        async with rig.stream() as stream:
            await stream.socket.send_str(raw.decode("utf-8", errors="replace"))
            await until(lambda: stream.heard, "an answer")
            assert stream.heard[0]["type"] == "error"

    with_exchange(story)


def test_what_nobody_sends_is_refused_and_leaves_nothing_behind() -> None:
    async def story(rig: Rig) -> None:
        far = limit_order("BUY", "90", "0.1")
        terms = far["order_configuration"].pop("limit_limit_gtc")
        twap = {"start_time": "1", "end_time": "2", "number_buckets": "9" * 400, "bucket_duration": "1e999999s"}
        for configuration, wanted in (
            ({"limit_limit_gtd": terms | {"end_time": "9" * 30}}, 400),
            ({"limit_limit_gtd": terms | {"end_time": "tomorrow"}}, 400),
            ({"limit_limit_gtc": terms | {"base_size": 1}}, 400),
            ({"stop_limit_stop_limit_gtc": terms | {"stop_price": "80", "stop_direction": "SIDEWAYS"}}, 400),
            ({"twap_limit_gtd": terms | twap}, 200),
            ({"limit_limit_gtc": terms, "limit_limit_fok": terms}, 200),
            ({"no_such_kind": terms}, 200),
            ({}, 200),
        ):
            status, text, _ = await rig.alpha.answer("POST", "/orders", far | {"order_configuration": configuration})
            assert status == wanted, (configuration, text)
            assert status == 400 or not json.loads(text)["success"]
        for value in ("1e-30", "-1", "NaN", "1e400", ""):
            mover = {"amount": value, "from_account": "USD", "to_account": "USDC"}
            status, _, _ = await rig.alpha.answer("POST", "/convert/quote", mover)
            assert status == 400, value
        for params in ({"limit": "0"}, {"limit": "-1"}, {"limit": "many"}, {"start_date": "soon"}):
            status, _, _ = await rig.alpha.answer("GET", "/orders/historical/batch", None, **params)
            assert status == 400, params
        assert (await rig.alpha.ask("GET", "/orders/historical/batch"))["orders"] == []

    with_exchange(story)
