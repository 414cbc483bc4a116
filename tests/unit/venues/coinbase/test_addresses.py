"""Endpoint files: the local exchange's layout, and what is refused."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tradewind.model.errors import ConfigError
from tradewind.venues.coinbase.addresses import PRODUCTION, Address, read_endpoint_file
from tradewind.venues.coinbase.keys import KeyExposed, KeyKind, WrongKeyType

SECRET = base64.b64encode(bytes(range(32))).decode()
ACCOUNTS = [
    {"name": "alice", "api_key": "organizations/1/apiKeys/a", "api_secret": SECRET, "balances": {"USD": "1"}},
    {"name": "bob", "api_key": "organizations/1/apiKeys/b", "api_secret": SECRET},
]
LOCAL = {"rest": "http://127.0.0.1:8080", "ws": "ws://127.0.0.1:8081", "ca": None, "accounts": ACCOUNTS}


def file(folder: Path, content: Any, mode: int = 0o644) -> Path:
    path = folder / "keys.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    path.chmod(mode)
    return path


def test_the_real_one_is_the_default() -> None:
    assert (PRODUCTION.host, PRODUCTION.is_local) == ("api.coinbase.com", False)


def test_a_local_exchange_is_read_with_its_accounts(tmp_path: Path) -> None:
    found = read_endpoint_file(file(tmp_path, LOCAL))
    assert found.address == Address("http://127.0.0.1:8080", "ws://127.0.0.1:8081", None)
    assert (found.address.host, found.address.is_local) == ("127.0.0.1:8080", True)
    assert found.account().name == "alice"
    key = found.account("bob").key
    assert (key.name, key.kind) == ("organizations/1/apiKeys/b", KeyKind.ED25519)
    with pytest.raises(ConfigError, match="alice, bob"):
        found.account("carol")


def test_an_authority_stands_beside_the_file_or_anywhere(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x", encoding="utf-8")
    beside = {**LOCAL, "rest": "https://localhost:8443", "ws": "wss://localhost:8444", "ca": "ca.pem"}
    assert read_endpoint_file(file(tmp_path, beside)).address.ca == tmp_path / "ca.pem"
    absolute = {**beside, "ca": str(tmp_path / "ca.pem")}
    assert read_endpoint_file(file(tmp_path, absolute)).address.ca == tmp_path / "ca.pem"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("{", "not JSON"),
        ("[]", "no object"),
        ("[" * 100_000, "not JSON"),
        ({**LOCAL, "rest": ""}, "rest"),
        ({**LOCAL, "rest": "http://127.0.0.1:99999"}, "rest"),
        ({**LOCAL, "rest": "http://127.0.0.1:port"}, "rest"),
        ({**LOCAL, "rest": "http://[::1"}, "rest"),
        ({**LOCAL, "ws": "ws://127.0.0.1:0"}, "ws"),
        ({**LOCAL, "rest": 7}, "rest"),
        ({**LOCAL, "rest": "ftp://127.0.0.1"}, "rest"),
        ({**LOCAL, "ws": "http://127.0.0.1"}, "ws"),
        ({**LOCAL, "rest": "http://example.org"}, "plain text"),
        ({**LOCAL, "ca": "missing.pem"}, "ca"),
        ({**LOCAL, "ca": 7}, "ca"),
        ({**LOCAL, "accounts": {}}, "list"),
        ({**LOCAL, "accounts": [7]}, "list"),
        ({**LOCAL, "accounts": [{"name": "x", "api_key": "k"}]}, "account 0"),
    ],
)
def test_a_malformed_file_names_the_field(tmp_path: Path, content: Any, word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        read_endpoint_file(file(tmp_path, content))


def test_a_wrong_key_is_named_by_its_account(tmp_path: Path) -> None:
    with pytest.raises(WrongKeyType, match="account 0"):
        read_endpoint_file(file(tmp_path, {**LOCAL, "accounts": [{"api_key": "k", "api_secret": "zz"}]}))


def test_keys_of_a_place_elsewhere_must_be_ours_alone(tmp_path: Path) -> None:
    away = {**LOCAL, "rest": "https://venue.example", "ws": "wss://venue.example"}
    with pytest.raises(KeyExposed, match="chmod 600"):
        read_endpoint_file(file(tmp_path, away))
    assert read_endpoint_file(file(tmp_path, away, 0o600)).accounts


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_endpoint_file(tmp_path / "none.json")
