"""Tokens that lie ready: given out once, for the call they were made for, and only while they are young."""

import pytest

from tests.unit.venues.coinbase.test_signing import NOW_S, claims_of, signer
from tradewind.venues.coinbase.tokens import AGE_S_MAX, KEPT_MAX, Tokens

HOST, PATH = "api.coinbase.com", "/api/v3/brokerage/orders"


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> Tokens:
    """Tokens whose making is counted in `made`."""
    key = signer("ES256")
    made = key.rest_token
    counted: list[int] = []

    def rest_token(method: str, host: str, path: str, now_s: int, nonce: str) -> str:
        counted.append(now_s)
        return made(method, host, path, now_s, nonce)

    monkeypatch.setattr(key, "rest_token", rest_token)
    found = Tokens(key, HOST)
    monkeypatch.setattr(found, "made", counted, raising=False)
    return found


def begins(token: str) -> object:
    return claims_of(token, "ES256")["nbf"]


def test_what_lies_ready_is_given_out_once(tokens: Tokens) -> None:
    tokens.make_ready("POST", PATH, NOW_S)
    first, second = tokens.take("POST", PATH, NOW_S + 2), tokens.take("POST", PATH, NOW_S + 2)
    assert first != second
    assert (begins(first), begins(second)) == (NOW_S, NOW_S + 2)


def test_it_is_for_its_own_call_alone(tokens: Tokens) -> None:
    tokens.make_ready("POST", PATH, NOW_S)
    assert begins(tokens.take("GET", PATH, NOW_S + 1)) == NOW_S + 1
    assert claims_of(tokens.take("POST", PATH, NOW_S + 1), "ES256")["uri"] == f"POST {HOST}{PATH}"


@pytest.mark.parametrize("later_s", [AGE_S_MAX + 1, -1])
def test_it_is_thrown_away_when_old_or_made_by_a_wrong_clock(tokens: Tokens, later_s: int) -> None:
    tokens.make_ready("POST", PATH, NOW_S)
    assert begins(tokens.take("POST", PATH, NOW_S + later_s)) == NOW_S + later_s


def test_few_are_kept_and_none_when_forgotten(tokens: Tokens) -> None:
    for _ in range(10):
        tokens.make_ready("POST", PATH, NOW_S)
    assert len(tokens.made) == KEPT_MAX  # type: ignore[attr-defined]
    tokens.forget()
    assert begins(tokens.take("POST", PATH, NOW_S + 1)) == NOW_S + 1


def test_no_token_is_shown() -> None:
    tokens = Tokens(signer("ES256"), HOST)
    tokens.make_ready("POST", PATH, NOW_S)
    assert "eyJ" not in f"{tokens._kept!r} {tokens._kept[0]}"
