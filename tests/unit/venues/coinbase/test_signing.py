"""Tokens: claims, header, signature, and that the query takes no part."""

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from tradewind.venues.coinbase.keys import make_key
from tradewind.venues.coinbase.signing import Signer

EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
NOW_S = 1_767_000_000
KEYS = {"ES256": EC_KEY, "EdDSA": ED_KEY}


def signer(algorithm: str) -> Signer:
    pem = KEYS[algorithm].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Signer(make_key("organizations/1/apiKeys/2", pem.decode(), "test"))


def claims_of(token: str, algorithm: str) -> dict[str, object]:
    options = {"verify_exp": False, "verify_nbf": False}
    return jwt.decode(token, KEYS[algorithm].public_key(), algorithms=[algorithm], options=options)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
def test_a_rest_token_holds_exactly_the_claims(algorithm: str) -> None:
    token = signer(algorithm).rest_token("GET", "api.coinbase.com", "/api/v3/brokerage/accounts", NOW_S, "abc")
    assert claims_of(token, algorithm) == {
        "iss": "cdp",
        "sub": "organizations/1/apiKeys/2",
        "nbf": NOW_S,
        "exp": NOW_S + 120,
        "uri": "GET api.coinbase.com/api/v3/brokerage/accounts",
    }
    header = jwt.get_unverified_header(token)
    assert header == {"alg": algorithm, "typ": "JWT", "kid": "organizations/1/apiKeys/2", "nonce": "abc"}


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
def test_a_stream_token_names_no_request(algorithm: str) -> None:
    claims = claims_of(signer(algorithm).stream_token(NOW_S, "n"), algorithm)
    assert set(claims) == {"iss", "sub", "nbf", "exp"}


def test_the_query_takes_no_part_and_the_host_is_as_called() -> None:
    made = signer("ES256")
    token = made.rest_token("GET", "127.0.0.1:8443", "/api/v3/brokerage/orders/historical/batch?limit=5", NOW_S, "n")
    assert claims_of(token, "ES256")["uri"] == "GET 127.0.0.1:8443/api/v3/brokerage/orders/historical/batch"


def test_another_key_does_not_verify_it() -> None:
    token = signer("ES256").stream_token(NOW_S, "n")
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, other, algorithms=["ES256"], options={"verify_exp": False})


def test_a_signer_shows_its_name_only() -> None:
    assert repr(signer("EdDSA")) == "Signer(organizations/1/apiKeys/2)"
