"""What answers to writes mean: recorded ones, the closed list of refusals, and names used twice."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tradewind.model.errors import (
    AuthenticationFailed,
    MalformedAnswer,
    OutcomeUnknown,
    PermissionMissing,
    ProtocolError,
    RateLimited,
    TransportError,
    VenueError,
    VenueRejected,
    VenueUnavailable,
)
from tradewind.model.orders import Side
from tradewind.model.venue import CancelRefused, CancelTaken, InDoubt, Placed, PlaceRefused
from tradewind.venues.coinbase.configurations import limit_gtc, market_ioc
from tradewind.venues.coinbase.verdicts import (
    REFUSALS,
    Sent,
    cancel_verdicts,
    edit_verdict,
    place_verdict,
)
from tradewind.venues.coinbase.wire.orders import CancelOrders, CreateOrder, EditOrder
from tradewind.venues.coinbase.wire.values import read_values
from tradewind.venues.doubts import cancel_failure, place_failure

REST = "fixtures/coinbase/advanced_trade/rest"
SENT = Sent("mine", "BTC-USD", Side.BUY, limit_gtc(Decimal("0.5"), Decimal(40_000)))


def answer(**fields: Any) -> CreateOrder:
    return read_values(CreateOrder, fields)


def accepted(**fields: Any) -> CreateOrder:
    response = {"order_id": "v", "product_id": "BTC-USD", "side": "BUY", "client_order_id": "mine"}
    more = {name: fields.pop(name) for name in ("order_configuration",) if name in fields}
    return answer(success=True, success_response={**response, **fields}, **more)


def payloads(shared: Path, name: str) -> list[Any]:
    return [each["payload"] for each in json.loads((shared / REST / name).read_text(encoding="utf-8"))]


def test_recorded_answers_to_a_new_order(shared: Path) -> None:
    done, failed = (read_values(CreateOrder, each) for each in payloads(shared, "ccxt_sample_create_order.json"))
    sent = Sent("4d760580-6fca-4094-a70b-ebcca8626288", "LTC-BTC", Side.SELL)
    assert place_verdict(sent, done) == Placed("52cfe5e2-0b29-4c19-a245-a6a773de5030")
    refused = place_verdict(sent, failed)
    assert refused == PlaceRefused("UNSUPPORTED_ORDER_CONFIGURATION", "source is not enabled for trading")
    preview = read_values(CreateOrder, payloads(shared, "ccxt_sample_handle_errors.json")[1])
    assert place_verdict(sent, preview) == PlaceRefused("PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE", "")


@pytest.mark.parametrize("reason", sorted(REFUSALS))
def test_every_listed_reason_is_a_certain_no(reason: str) -> None:
    refused = answer(success=False, error_response={"error": reason, "message": "why"})
    assert place_verdict(SENT, refused) == PlaceRefused(reason, "why")
    assert place_verdict(SENT, answer(success=False, failure_reason=reason)) == PlaceRefused(reason, "")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"failure_reason": "UNKNOWN_FAILURE_REASON"},
        {"failure_reason": "A_WORD_OF_TOMORROW"},
        {"error_response": {"error": "UNKNOWN_FAILURE_REASON", "message": "Internal error"}},
        {"error_response": {"error": "INTERNAL_SERVER_ERROR"}},
    ],
)
def test_a_reason_that_is_not_listed_leaves_doubt(fields: dict[str, Any]) -> None:
    assert isinstance(place_verdict(SENT, answer(success=False, **fields)), InDoubt)


def test_a_success_without_a_name_leaves_doubt() -> None:
    assert isinstance(place_verdict(SENT, answer(success=True)), InDoubt)


def test_the_same_order_told_again_is_that_order() -> None:
    kept = {"limit_limit_gtc": {"base_size": "0.50000000", "limit_price": "40000.00", "post_only": False}}
    assert place_verdict(SENT, accepted(order_configuration=kept)) == Placed("v")
    assert place_verdict(SENT, accepted()) == Placed("v")
    assert place_verdict(SENT, answer(success=True, order_id="v")) == Placed("v")


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"client_order_id": "other"}, "name is other"),
        ({"product_id": "ETH-USD"}, "product is ETH-USD"),
        ({"side": "SELL"}, "side is SELL"),
        ({"order_configuration": market_ioc(base=Decimal("0.5"))}, "kind is market_market_ioc"),
        ({"order_configuration": limit_gtc(Decimal("0.6"), Decimal(40_000))}, "base_size is 0.6"),
        ({"order_configuration": limit_gtc(Decimal("0.5"), Decimal(41_000))}, "limit_price is 41000"),
    ],
)
def test_an_older_order_under_our_name_is_no_order_of_ours(fields: dict[str, Any], word: str) -> None:
    verdict = place_verdict(SENT, accepted(**fields))
    assert isinstance(verdict, PlaceRefused)
    assert verdict.reason == "CLIENT_ID_REUSED"
    assert word in verdict.text


def test_cancels_have_one_answer_each(shared: Path) -> None:
    recorded = read_values(CancelOrders, payloads(shared, "ccxt_sample_cancel_orders.json")[0])
    name = "bb8851a3-4fda-4a2c-aa06-9048db0e0f0d"
    assert cancel_verdicts([name], recorded) == {name: CancelTaken()}
    results = [
        {"order_id": "a", "success": True, "failure_reason": "UNKNOWN_CANCEL_FAILURE_REASON"},
        {"order_id": "b", "success": False, "failure_reason": "DUPLICATE_CANCEL_REQUEST"},
    ]
    told = cancel_verdicts(["a", "b", "c"], read_values(CancelOrders, {"results": results}))
    assert told["a"] == CancelTaken()
    assert told["b"] == CancelRefused("DUPLICATE_CANCEL_REQUEST")
    assert isinstance(told["c"], InDoubt)


def test_an_empty_reason_is_none_and_hides_no_other() -> None:
    told = {"success": False, "failure_reason": {}, "error_response": {"error": "INSUFFICIENT_FUND"}}
    assert place_verdict(SENT, read_values(CreateOrder, told)) == PlaceRefused("INSUFFICIENT_FUND")
    assert isinstance(place_verdict(SENT, read_values(CreateOrder, {**told, "error_response": None})), InDoubt)
    taken = {"success": True, "failure_reason": {}, "order_id": "v-1"}
    assert place_verdict(SENT, read_values(CreateOrder, taken)) == Placed("v-1")
    results = [{"order_id": "a", "success": True, "failure_reason": {}}, {"order_id": "b", "failure_reason": {}}]
    results[1]["success"] = False
    answer = read_values(CancelOrders, {"results": results})
    assert cancel_verdicts(["a", "b"], answer) == {"a": CancelTaken(), "b": CancelRefused("UNKNOWN")}


def test_edits_are_told_by_their_errors(shared: Path) -> None:
    recorded = read_values(EditOrder, payloads(shared, "ccxt_sample_edit_order.json")[0])
    assert edit_verdict("v", recorded) == Placed("v")
    failed = read_values(EditOrder, {"success": False, "errors": [{"edit_failure_reason": "ORDER_NOT_FOUND"}]})
    assert edit_verdict("v", failed) == PlaceRefused("ORDER_NOT_FOUND", "")
    silent = {"success": False, "errors": {"edit_failure_reason": "UNKNOWN_EDIT_ORDER_FAILURE_REASON"}}
    assert isinstance(edit_verdict("v", read_values(EditOrder, silent)), InDoubt)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (VenueRejected("text", "INVALID_ARGUMENT"), "INVALID_ARGUMENT"),
        (TransportError("text"), "NOT_SENT"),
        (AuthenticationFailed("text"), "UNAUTHORIZED"),
        (PermissionMissing("text"), "FORBIDDEN"),
        (RateLimited("text", 1.0), "RATE_LIMITED"),
    ],
)
def test_errors_that_prove_that_nothing_was_done(error: VenueError, reason: str) -> None:
    assert place_failure(error) == PlaceRefused(reason, "text")
    assert cancel_failure(error) == CancelRefused(reason)


@pytest.mark.parametrize(
    "error",
    [VenueUnavailable("t"), MalformedAnswer("t"), OutcomeUnknown("t"), ProtocolError("t"), VenueError("of tomorrow")],
)
def test_every_other_error_leaves_doubt(error: VenueError) -> None:
    assert place_failure(error) == InDoubt(str(error))
    assert cancel_failure(error) == InDoubt(str(error))
