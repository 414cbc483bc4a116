"""Statuses, headers and bodies: each with its error, its words, and nothing it must not say."""

import json
from pathlib import Path

import pytest

from tradewind.model.errors import (
    AuthenticationFailed,
    AuthError,
    MalformedAnswer,
    OutcomeUnknown,
    PermissionMissing,
    RateLimited,
    VenueError,
    VenueRejected,
    VenueUnavailable,
)
from tradewind.venues.coinbase.failures import failure_of, reason_in, retry_after_s, told

NOW_S = 1_767_000_000.0


def failure(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> VenueError | None:
    return failure_of(status, headers or {}, body, "GET /accounts", NOW_S)


@pytest.mark.parametrize("status", [200, 201, 204])
def test_an_answer_to_be_read_is_no_failure(status: int) -> None:
    assert failure(status) is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, VenueRejected),
        (401, AuthenticationFailed),
        (403, PermissionMissing),
        (404, VenueRejected),
        (408, VenueUnavailable),
        (409, VenueRejected),
        (422, VenueRejected),
        (429, RateLimited),
        (500, VenueUnavailable),
        (502, VenueUnavailable),
        (503, VenueUnavailable),
        (504, VenueUnavailable),
        (530, VenueUnavailable),
        (302, MalformedAnswer),
        (101, MalformedAnswer),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[VenueError]) -> None:
    found = failure(status, b"<html>busy</html>")
    assert type(found) is kind
    assert f"GET /accounts: {status}" in str(found)


@pytest.mark.parametrize("body", [b'{"error": "Z\xfcrich"}', b'{"a":' * 5_000, b"\x00\xff"])
def test_a_body_of_any_bytes_leaves_the_status_its_error(body: bytes) -> None:
    assert type(failure(400, body)) is VenueRejected
    assert reason_in(body) == ""


def test_the_words_say_what_to_do() -> None:
    assert "wait 7 s" in str(failure(429, headers={"Retry-After": "7"}))
    assert "status page" in str(failure(503))
    assert "again" not in str(failure(503))  # of a write nothing is known: sending it again may be the worst there is
    assert "clock" in str(failure(401))
    assert "right" in str(failure(403))
    assert isinstance(failure(401), AuthError)
    assert isinstance(failure(503), OutcomeUnknown)


def test_a_recorded_401_is_plain_text(shared: Path) -> None:
    body = (shared / "fixtures/coinbase/advanced_trade/rest/live_error_401.txt").read_bytes()
    found = failure(401, body)
    assert type(found) is AuthenticationFailed
    assert "Unauthorized" in str(found)


def test_recorded_bodies_give_the_venues_own_word(shared: Path) -> None:
    folder = shared / "fixtures/coinbase/advanced_trade/rest"
    first, second = json.loads((folder / "ccxt_sample_handle_errors.json").read_text(encoding="utf-8"))
    assert reason_in(json.dumps(first["payload"]).encode()) == "invalid_request"
    assert reason_in(json.dumps(second["payload"]).encode()) == "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"
    failed = json.loads((folder / "ccxt_sample_create_order.json").read_text(encoding="utf-8"))[1]["payload"]
    assert reason_in(json.dumps(failed).encode()) == "UNSUPPORTED_ORDER_CONFIGURATION"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"error": 7}', b'{"error": "UNKNOWN_FAILURE_REASON"}', b"\xff\xfe"]
)
def test_a_body_without_a_word_names_the_status(body: bytes) -> None:
    found = failure(400, body)
    assert isinstance(found, VenueRejected)
    assert found.reason == "HTTP_400"


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"Retry-After": "3"}, 3),
        ({"retry-after": "0.5"}, 0.5),
        ({"RETRY-AFTER": "0"}, 0),
        ({"x-ratelimit-reset": "2"}, 2),
        ({"x-ratelimit-reset": str(int(NOW_S) + 4)}, 4),
        ({"retry-after": "1", "x-ratelimit-reset": "9"}, 1),
        ({"retry-after": "Mon, 29 Dec 2025 09:20:05 GMT"}, 5),
        ({"retry-after": "soon", "x-ratelimit-reset": "7"}, 7),
        ({"retry-after": "-3"}, 1),
        ({"retry-after": "nan"}, 1),
        ({"retry-after": "inf"}, 1),
        ({"retry-after": "86400"}, 60),
        ({}, 1),
    ],
)
def test_a_429_waits_as_long_as_the_headers_say(headers: dict[str, str], wait_s: float) -> None:
    assert retry_after_s(headers, NOW_S) == pytest.approx(wait_s)
    found = failure(429, b"", headers)
    assert isinstance(found, RateLimited)
    assert found.retry_after_s == pytest.approx(wait_s)


def test_what_is_told_of_a_body_is_short_and_printable() -> None:
    assert len(told(b"x" * 10_000)) == 200
    assert told(b"a\r\n\x1b[31mb") == "a   [31mb"
