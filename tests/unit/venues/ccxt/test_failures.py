"""What ccxt raises, by the names of its classes: what it means for a question, and for a write."""

import pytest

from tests.unit.venues.ccxt import fakes
from tradewind.model.errors import (
    AuthenticationFailed,
    MalformedAnswer,
    PermissionMissing,
    RateLimited,
    TransportError,
    VenueError,
    VenueRejected,
    VenueUnavailable,
)
from tradewind.model.venue import CancelRefused, InDoubt, PlaceRefused
from tradewind.venues.ccxt.failures import failure_of, is_kind, word_of
from tradewind.venues.doubts import cancel_failure, place_failure

CASES: list[tuple[Exception, type[VenueError], str | None]] = [
    (fakes.AuthenticationError("bad key"), AuthenticationFailed, "UNAUTHORIZED"),
    (fakes.PermissionDenied("no right"), PermissionMissing, "FORBIDDEN"),
    (fakes.RateLimitExceeded("429"), RateLimited, "RATE_LIMITED"),
    (fakes.InsufficientFunds("poor"), VenueRejected, "INSUFFICIENT_FUNDS"),
    (fakes.BadRequest("what"), VenueRejected, "BAD_REQUEST"),
    (fakes.InvalidOrder("tick"), VenueRejected, "INVALID_ORDER"),
    (fakes.NotSupported("no such thing"), VenueRejected, "NOT_SUPPORTED"),
    (fakes.RequestTimeout("10 s"), VenueUnavailable, None),
    (fakes.ExchangeNotAvailable("503"), VenueUnavailable, None),
    (fakes.NetworkError("dropped"), VenueUnavailable, None),
    (fakes.InvalidNonce("late"), VenueUnavailable, None),
    (fakes.OperationFailed("?"), VenueUnavailable, None),
    (fakes.BadResponse("<html>"), MalformedAnswer, None),
    (fakes.ExchangeError("code 12345"), MalformedAnswer, None),
    (KeyError("price"), MalformedAnswer, None),
    (TimeoutError(), VenueUnavailable, None),
    (ConnectionResetError("gone"), VenueUnavailable, None),
]


@pytest.mark.parametrize(("error", "kind", "refused"), CASES, ids=lambda each: type(each).__name__)
def test_every_error_is_one_of_ours(error: Exception, kind: type[VenueError], refused: str | None) -> None:
    found = failure_of(error, "fake create_order")
    assert type(found) is kind
    assert str(found).startswith("fake create_order")
    if refused is None:
        assert isinstance(place_failure(found), InDoubt)
        assert isinstance(cancel_failure(found), InDoubt)
    else:
        assert place_failure(found) == PlaceRefused(refused, str(found))
        assert cancel_failure(found) == CancelRefused(refused)


def test_no_connection_means_that_nothing_left() -> None:
    error = fakes.ExchangeNotAvailable("fake POST")
    error.__cause__ = fakes.ClientConnectorError("refused")
    found = failure_of(error, "it")
    assert isinstance(found, TransportError)
    assert isinstance(place_failure(found), PlaceRefused)


@pytest.mark.parametrize(
    "secret",
    [
        "https://a.example/order?signature=abc123DEF&x=1",
        "https://a.example/?apiKey=abc123DEF",
        "token eyJhbGciOiJFUzI1NiJ9.abc123DEF.sig",
        "-----BEGIN EC PRIVATE KEY-----\nabc123DEF\n-----END EC PRIVATE KEY-----",
    ],
)
def test_nothing_secret_is_told(secret: str) -> None:
    assert "abc123DEF" not in str(failure_of(fakes.ExchangeError(f"fake {secret}"), "it"))


def test_words_and_kinds() -> None:
    assert word_of(fakes.OrderNotFound()) == "ORDER_NOT_FOUND"
    assert is_kind(fakes.OrderNotFound(), "InvalidOrder")
    assert not is_kind(None, "InvalidOrder")
