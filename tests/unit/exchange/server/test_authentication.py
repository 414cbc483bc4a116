"""Tokens are taken when they are what the venue asks for, and refused for each single thing that is not."""

from typing import Any

import jwt
import pytest

from tradewind.exchange.server.api_keys import FreshKey, fresh_key
from tradewind.exchange.server.authentication import ApiKey, Denied, Verifier

NOW_S = 1_763_000_000
NOW_NS = NOW_S * 1_000_000_000
HOST, PATH = "127.0.0.1:8443", "/api/v3/brokerage/accounts"
ELLIPTIC, EDWARDS = fresh_key(), fresh_key(ed25519_key=True)


def token(key: FreshKey = ELLIPTIC, *, nonce: str | None = "n1", secret: str | None = None, **changed: Any) -> str:
    claims = {
        "sub": key.name,
        "iss": "cdp",
        "nbf": NOW_S,
        "exp": NOW_S + 120,
        "uri": f"GET {HOST}{PATH}",
        **changed,
    }
    header = {"kid": key.name} | ({} if nonce is None else {"nonce": nonce})
    algorithm = "EdDSA" if "BEGIN PRIVATE" in (secret or key.secret) else "ES256"
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, secret or key.secret, algorithm=algorithm, headers=header)


@pytest.fixture
def verifier() -> Verifier:
    return Verifier(ApiKey(name=key.name, public=key.public, account=key.name[-4:]) for key in (ELLIPTIC, EDWARDS))


@pytest.mark.parametrize("key", [ELLIPTIC, EDWARDS], ids=["ES256", "EdDSA"])
def test_a_right_token_names_its_key(verifier: Verifier, key: FreshKey) -> None:
    found = verifier.request(f"Bearer {token(key)}", "GET", HOST, PATH, NOW_NS)
    assert isinstance(found, ApiKey)
    assert found.name == key.name


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"uri": f"POST {HOST}{PATH}"}, "another request"),
        ({"uri": f"GET api.coinbase.com{PATH}"}, "another request"),
        ({"uri": f"GET {HOST}{PATH}?limit=1"}, "another request"),
        ({"uri": None}, "another request"),
        ({"iss": "somebody"}, "issuer"),
        ({"sub": "another key"}, "subject"),
        ({"nbf": NOW_S + 60, "exp": NOW_S + 120}, "not valid yet"),
        ({"nbf": NOW_S - 300, "exp": NOW_S - 180}, "expired"),
        ({"exp": NOW_S + 600}, "too long"),
        ({"exp": None}, "malformed"),
        ({"exp": "soon"}, "malformed"),
    ],
)
def test_a_token_with_one_thing_wrong_is_refused(verifier: Verifier, changed: dict[str, Any], reason: str) -> None:
    denied = verifier.request(f"Bearer {token(**changed)}", "GET", HOST, PATH, NOW_NS)
    assert isinstance(denied, Denied)
    assert reason in denied.reason


def test_a_token_is_taken_once(verifier: Verifier) -> None:
    bearer = f"Bearer {token()}"
    assert isinstance(verifier.request(bearer, "GET", HOST, PATH, NOW_NS), ApiKey)
    assert verifier.request(bearer, "GET", HOST, PATH, NOW_NS) == Denied("nonce was used before")
    assert isinstance(verifier.request(f"Bearer {token(nonce='n2')}", "GET", HOST, PATH, NOW_NS), ApiKey)


def test_used_nonces_are_forgotten_when_no_token_could_carry_them(verifier: Verifier) -> None:
    verifier.request(f"Bearer {token()}", "GET", HOST, PATH, NOW_NS)
    later_s = NOW_S + 500
    fresh = token(nonce="n2", nbf=later_s, exp=later_s + 120)
    verifier.request(f"Bearer {fresh}", "GET", HOST, PATH, later_s * 1_000_000_000)
    assert verifier._used == {"n2"}


def test_another_keys_signature_is_refused(verifier: Verifier) -> None:
    forged = token(secret=fresh_key().secret)
    assert verifier.request(f"Bearer {forged}", "GET", HOST, PATH, NOW_NS) == Denied("wrong signature")


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_algorithms_of_no_key_are_refused(verifier: Verifier, algorithm: str) -> None:
    head, claims, signature = token().split(".")
    forged_head = jwt.utils.base64url_encode(
        f'{{"alg":"{algorithm}","kid":"{ELLIPTIC.name}","nonce":"x"}}'.encode()
    ).decode()
    denied = verifier.request(f"Bearer {forged_head}.{claims}.{signature}", "GET", HOST, PATH, NOW_NS)
    assert denied == Denied("wrong signature")
    assert head != forged_head


@pytest.mark.parametrize(
    "header", [None, "", "Bearer ", "Basic abc", "Bearer a.b", "Bearer a.b.c", "Bearer ....", "Bearer é.é.é"]
)
def test_what_is_no_token_is_refused(verifier: Verifier, header: str | None) -> None:
    assert isinstance(verifier.request(header, "GET", HOST, PATH, NOW_NS), Denied)


def test_a_subscription_is_bound_to_no_address(verifier: Verifier) -> None:
    assert isinstance(verifier.subscription(token(uri=None), NOW_NS), ApiKey)
    assert isinstance(verifier.subscription(token(uri=None), NOW_NS), Denied)


@pytest.mark.parametrize("uri", [f"GET https://{HOST}{PATH}", f"GET http://{HOST}{PATH}"])
def test_a_scheme_in_the_address_is_no_harm(verifier: Verifier, uri: str) -> None:
    assert isinstance(verifier.request(f"Bearer {token(uri=uri)}", "GET", HOST, PATH, NOW_NS), ApiKey)


def test_a_list_of_addresses_is_taken_too(verifier: Verifier) -> None:
    bearer = f"Bearer {token(uri=None, uris=[f'GET {HOST}{PATH}'], iss='coinbase-cloud')}"
    assert isinstance(verifier.request(bearer, "GET", HOST, PATH, NOW_NS), ApiKey)
