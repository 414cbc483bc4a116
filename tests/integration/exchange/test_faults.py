"""Each fault does what it says to the client, and to nothing else: what the exchange did is in its truth."""

import asyncio
import json
import time
from typing import Any

import aiohttp
import pytest

from tests.integration.exchange.rig import PRODUCT, Rig, limit_order, until, with_exchange

BROKEN = (aiohttp.ClientError, ConnectionError)


async def orders_of(rig: Rig) -> list[Any]:
    return list((await rig.admin("GET", "/truth/alpha"))["orders"])


@pytest.mark.parametrize(
    ("kind", "fields", "done"),
    [("loss", {}, False), ("ack_lost", {}, True)],
)
def test_a_connection_that_breaks_tells_nothing(kind: str, fields: dict[str, Any], done: bool) -> None:
    async def story(rig: Rig) -> None:
        await rig.fault(kind, methods=["POST"], **fields)
        with pytest.raises(BROKEN):
            await rig.alpha.buy("90", client_id="lost")
        assert [order["client_order_id"] for order in await orders_of(rig)] == (["lost"] if done else [])
        assert await rig.struck(kind) >= 1
        await rig.alpha.ask("GET", "/accounts")

    with_exchange(story)


@pytest.mark.parametrize(
    ("kind", "status", "done"),
    [("throttle", 429, False), ("error_before", 502, False), ("error_after", 504, True)],
)
def test_an_error_says_its_status(kind: str, status: int, done: bool) -> None:
    async def story(rig: Rig) -> None:
        await rig.fault(kind, status=status, paths=["/orders"])
        found, text, _ = await rig.alpha.answer("POST", "/orders", limit_order("BUY", "90", "0.1"))
        assert found == status
        assert json.loads(text).keys() == {"error", "error_details", "message"}
        assert len(await orders_of(rig)) == done

    with_exchange(story)


def test_half_an_answer_is_no_json() -> None:
    async def story(rig: Rig) -> None:
        await rig.fault("truncate", methods=["POST"])
        status, text, _ = await rig.alpha.answer("POST", "/orders", limit_order("BUY", "90", "0.1"))
        assert status == 200
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)
        assert len(await orders_of(rig)) == 1

    with_exchange(story)


def test_an_answer_that_does_not_come() -> None:
    async def story(rig: Rig) -> None:
        await rig.fault("ack_stuck", methods=["POST"], ms=60_000)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(rig.alpha.buy("90"), 0.3)
        assert len(await orders_of(rig)) == 1

    with_exchange(story)


def test_answers_come_late() -> None:
    async def story(rig: Rig) -> None:
        await rig.fault("latency", ms=200)
        started = time.monotonic()
        await rig.alpha.ask("GET", "/key_permissions")
        assert 0.2 <= time.monotonic() - started < 2

    with_exchange(story)


def test_new_orders_cannot_be_found_at_first() -> None:
    async def story(rig: Rig) -> None:
        await rig.fault("order_lag", ms=400)
        placed = await rig.alpha.buy("90", client_id="shy")
        status, _, _ = await rig.alpha.answer("GET", f"/orders/historical/{placed['order_id']}")
        assert status == 404
        assert (await rig.alpha.ask("GET", "/orders/historical/batch"))["orders"] == []
        await asyncio.sleep(0.5)
        [found] = (await rig.alpha.ask("GET", "/orders/historical/batch"))["orders"]
        assert found["client_order_id"] == "shy"

    with_exchange(story)


def test_a_skewed_clock_refuses_right_tokens() -> None:
    async def story(rig: Rig) -> None:
        await rig.fault("clock_skew", ms=-60_000)
        status, text, _ = await rig.alpha.answer("GET", "/accounts")
        assert (status, text) == (401, "Unauthorized\n")
        told = int((await rig.alpha.ask("GET", "/time"))["epochSeconds"])
        assert -62 <= told - time.time() <= -58
        status, _, _ = await rig.alpha.answer("GET", "/accounts", skew_s=-60)
        assert status == 200, "a client that measures the skew gets through"

    with_exchange(story)


def test_maintenance_comes_and_goes() -> None:
    async def story(rig: Rig) -> None:
        placed = await rig.alpha.buy("90")
        await rig.fault("mode", mode="cancel_only", products=[PRODUCT])
        assert (await rig.alpha.ask("GET", f"/products/{PRODUCT}"))["cancel_only"]
        refused = await rig.alpha.buy("90")
        assert refused["error_response"]["preview_failure_reason"] == "PREVIEW_NOT_ALLOWED_BY_MARKET_STATE"
        [result] = (await rig.alpha.ask("POST", "/orders/batch_cancel", {"order_ids": [placed["order_id"]]}))["results"]
        assert result["success"]
        await rig.admin("DELETE", "/faults")
        assert not (await rig.alpha.ask("GET", f"/products/{PRODUCT}"))["cancel_only"]
        assert (await rig.alpha.buy("90"))["success"]

    with_exchange(story)


def test_frames_are_lost_with_their_numbers() -> None:
    async def story(rig: Rig) -> None:
        async with rig.stream() as stream:
            await stream.subscribe("level2", PRODUCT)
            await until(lambda: stream.frames("subscriptions"), "the acknowledgement")
            await rig.fault("stream_gap", channels=["level2"])
            await rig.alpha.buy("98")
            await until(lambda: rig.venue.faults.struck["stream_gap"] >= 1, "a lost frame")
            await rig.admin("DELETE", "/faults")
            await rig.alpha.buy("97")
            await until(lambda: len(stream.frames("l2_data")) == 2, "the frame after the gap")
            assert [each["sequence_num"] for each in stream.heard] == [0, 1, 3]

    with_exchange(story)


def test_frames_come_twice() -> None:
    async def story(rig: Rig) -> None:
        async with rig.stream() as stream:
            await stream.subscribe("user", jwt=rig.alpha.token())
            await until(lambda: stream.frames("subscriptions"), "the acknowledgement")
            await rig.fault("stream_duplicate", channels=["user"])
            placed = await rig.alpha.buy("90")
            await until(lambda: len(stream.orders(placed["order_id"])) == 2, "the same news twice")
            first, second = stream.orders(placed["order_id"])
            assert first == second

    with_exchange(story)


def test_frames_change_places() -> None:
    async def story(rig: Rig) -> None:
        async with rig.stream() as stream:
            await stream.subscribe("user", jwt=rig.alpha.token())
            await until(lambda: stream.frames("subscriptions"), "the acknowledgement")
            await rig.fault("stream_reorder", channels=["user"])
            for price in ("90", "91"):
                await rig.alpha.buy(price)
                await asyncio.sleep(0.05)
            await until(lambda: len(stream.heard) >= 4, "both frames")
            assert [each["sequence_num"] for each in stream.heard][-2:] == [3, 2]

    with_exchange(story)


def test_a_stalled_stream_stays_open_and_says_nothing() -> None:
    async def story(rig: Rig) -> None:
        async with rig.stream() as stream:
            await stream.subscribe("heartbeats")
            await until(lambda: stream.frames("heartbeats"), "a heartbeat")
            await rig.fault("stream_stall")
            await asyncio.sleep(0.1)
            before = len(stream.heard)
            await asyncio.sleep(1.5)
            assert len(stream.heard) == before
            assert not stream.socket.closed
            await rig.admin("DELETE", "/faults")
            await until(lambda: len(stream.heard) > before, "a heartbeat again")
            numbers = [each["sequence_num"] for each in stream.heard]
            assert numbers[-1] > numbers[before - 1] + 1, "the gap shows"

    with_exchange(story)


def test_frames_come_late_and_in_order() -> None:
    async def story(rig: Rig) -> None:
        async with rig.stream() as stream:
            await rig.fault("stream_latency", ms=300)
            started = time.monotonic()
            await stream.subscribe("ticker", PRODUCT)
            await until(lambda: stream.frames("subscriptions"), "the acknowledgement")
            assert time.monotonic() - started >= 0.3
            assert [each["sequence_num"] for each in stream.heard] == [0, 1]

    with_exchange(story)


def test_connections_break_and_are_refused() -> None:
    async def story(rig: Rig) -> None:
        async with rig.stream() as stream:
            await stream.subscribe("heartbeats")
            await rig.fault("stream_disconnect")
            await until(lambda: stream.socket.closed, "the break")
        await rig.fault("stream_refuse")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await rig.http.ws_connect(rig.addresses.ws)
        assert refused.value.status == 503

    with_exchange(story)


def test_a_subscription_is_lost() -> None:
    async def story(rig: Rig) -> None:
        async with rig.stream() as stream:
            await rig.fault("subscribe_lost", channels=["level2"])
            await stream.subscribe("level2", PRODUCT)
            await stream.subscribe("ticker", PRODUCT)
            await until(lambda: stream.frames("subscriptions"), "an acknowledgement")
            assert stream.events("subscriptions") == [{"subscriptions": {"ticker": [PRODUCT]}}]

    with_exchange(story)


def test_faults_are_listed_and_cleared_one_by_one() -> None:
    async def story(rig: Rig) -> None:
        put = await rig.admin(
            "POST", "/faults", {"faults": [{"kind": "loss", "start_s": 60}, {"kind": "latency", "ms": 1}]}
        )
        first, second = (each["number"] for each in put["faults"])
        listed = await rig.admin("GET", "/faults")
        assert (len(listed["faults"]), listed["active"]) == (2, ["latency"])
        await rig.admin("DELETE", f"/faults/{second}")
        listed = await rig.admin("GET", "/faults")
        assert ([each["number"] for each in listed["faults"]], listed["active"]) == ([first], [])
        planned = await rig.admin("POST", "/faults/seed", {"seed": 5, "cycles": 3})
        assert len(planned["faults"]) == 12

    with_exchange(story)


def test_a_fault_of_a_product_that_is_not_there_is_refused() -> None:
    async def story(rig: Rig) -> None:
        wrong = {"faults": [{"kind": "mode", "products": ["NO-SUCH"]}]}
        async with rig.http.post(rig.addresses.admin + "/faults", data=json.dumps(wrong).encode()) as answer:
            assert (answer.status, "NO-SUCH" in await answer.text()) == (404, True)
        assert (await rig.admin("GET", "/faults"))["faults"] == []

    with_exchange(story)


def test_money_comes_and_orders_go_by_other_hands() -> None:
    async def story(rig: Rig) -> None:
        placed = await rig.alpha.buy("90")
        found = await rig.admin("POST", "/accounts/alpha/deposit", {"currency": "USD", "amount": "-1000.5"})
        assert found["balances"]["USD"]["total"] == "998999.5"
        gone = await rig.admin("POST", "/accounts/alpha/cancel")
        assert gone["cancelled"] == [placed["order_id"]]
        async with rig.stream() as stream:
            await stream.subscribe("heartbeats")
            await until(lambda: stream.frames("subscriptions"), "the acknowledgement")
            assert (await rig.admin("POST", "/disconnect"))["broken"] == 1
            await until(lambda: stream.socket.closed, "the break")

    with_exchange(story)
