"""Key files: what is taken, what is refused and why, and that a secret is in no text."""

import base64
import copy
import json
import pickle
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tradewind.venues.coinbase.keys import (
    ApiKey,
    KeyExposed,
    KeyFileError,
    KeyKind,
    Secret,
    WrongKeyType,
    find_key,
    make_key,
    parse_key,
    read_key_file,
)

EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
NAME = "organizations/1/apiKeys/2"


def pem(key: object, form: str = "TraditionalOpenSSL", password: bytes | None = None) -> str:
    cipher = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM, getattr(serialization.PrivateFormat, form), cipher
    ).decode()


EC_PEM, EC_PKCS8, ED_PEM = pem(EC_KEY), pem(EC_KEY, "PKCS8"), pem(ED_KEY, "PKCS8")
SEED = ED_KEY.private_bytes_raw()
ED_SEED = base64.b64encode(SEED).decode()
ED_PAIR = base64.b64encode(SEED + ED_KEY.public_key().public_bytes_raw()).decode()


def key_file(folder: Path, content: object, mode: int = 0o600) -> Path:
    path = folder / "key.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    path.chmod(mode)
    return path


@pytest.mark.parametrize("layout", [("name", "privateKey"), ("api_key", "api_secret")])
@pytest.mark.parametrize(
    ("secret", "kind"),
    [
        (EC_PEM, KeyKind.EC),
        (EC_PKCS8, KeyKind.EC),
        (EC_PEM.replace("\n", "\\n"), KeyKind.EC),
        (ED_SEED, KeyKind.ED25519),
        (ED_PAIR, KeyKind.ED25519),
        (ED_PEM, KeyKind.ED25519),
    ],
    ids=["ec", "ec-pkcs8", "ec-escaped", "ed25519-seed", "ed25519-pair", "ed25519-pem"],  # keys are new in each process
)
def test_both_layouts_and_every_form_are_read(
    tmp_path: Path, layout: tuple[str, str], secret: str, kind: KeyKind
) -> None:
    key = read_key_file(key_file(tmp_path, {layout[0]: NAME, layout[1]: secret, "nickname": "more"}))
    assert (key.name, key.kind) == (NAME, kind)
    assert key.secret.reveal() == secret


WRONG = [
    (pem(rsa.generate_private_key(65537, 2048)), "RSA"),
    (pem(ec.generate_private_key(ec.SECP384R1())), "secp384r1"),
    (pem(ec.generate_private_key(ec.SECP256K1())), "secp256k1"),
    (pem(EC_KEY, "PKCS8", b"pass"), "encrypted"),
    (EC_PEM.replace("M", "!", 3), "damaged"),
    (
        EC_KEY.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
        "public key",
    ),
    ("abcdefghijklmnopqrstuvwxyz012345", "Advanced Trade"),
    ("not base64 at all", "Advanced Trade"),
    (base64.b64encode(b"x" * 31).decode(), "Ed25519"),
]


@pytest.mark.parametrize(("secret", "word"), WRONG, ids=[word for _, word in WRONG])
def test_a_wrong_type_is_named_and_the_secret_is_not(tmp_path: Path, secret: str, word: str) -> None:
    with pytest.raises(WrongKeyType, match=word) as caught:
        read_key_file(key_file(tmp_path, {"name": NAME, "privateKey": secret}))
    assert str(tmp_path / "key.json") in str(caught.value)
    body = "".join(secret.split("\n")[1:3]) or secret
    assert body not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("{", "not JSON"),
        ("[]", "no object"),
        ("[" * 100_000, "not JSON"),
        ({}, "lacks"),
        ({"name": NAME}, "lacks"),
        ({"name": NAME, "privateKey": ""}, "lacks"),
        ({"name": "", "privateKey": EC_PEM}, "lacks"),
        ({"name": 7, "privateKey": EC_PEM}, "lacks"),
        ({"api_key": NAME, "privateKey": EC_PEM}, "lacks"),
    ],
    ids=[f"case{number}" for number in range(9)],
)
def test_a_malformed_file_says_what_is_missing(tmp_path: Path, content: object, word: str) -> None:
    with pytest.raises(KeyFileError, match=word):
        read_key_file(key_file(tmp_path, content))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path, {"name": NAME, "privateKey": EC_PEM}, mode)
    with pytest.raises(KeyExposed, match="chmod 600"):
        read_key_file(path)


def test_a_byte_order_mark_is_no_damage(tmp_path: Path) -> None:
    path = key_file(tmp_path, {"name": NAME, "privateKey": EC_PEM})
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_key_file(path).name == NAME


def test_a_missing_file_and_one_that_is_no_text_are_told(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="No such file"):
        read_key_file(tmp_path / "none.json")
    path = key_file(tmp_path, "")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(KeyFileError, match="not text"):
        read_key_file(path)


def test_the_environment_gives_a_key_or_none(tmp_path: Path) -> None:
    whole = {"COINBASE_API_KEY": NAME, "COINBASE_API_SECRET": EC_PEM}
    found = find_key(whole, None)
    assert found is not None
    assert found.name == NAME
    assert find_key({}, None) is None
    for missing in whole:
        with pytest.raises(KeyFileError, match=missing):
            find_key({name: text for name, text in whole.items() if name != missing}, None)
    file = key_file(tmp_path, {"name": "from the file", "privateKey": EC_PEM})
    from_file = find_key(whole, file)
    assert from_file is not None
    assert from_file.name == "from the file"


def test_a_secret_is_in_no_text() -> None:
    key = make_key(NAME, EC_PEM, "test")
    line = EC_PEM.split("\n")[1]
    shown = [
        repr(key),
        str(key),
        f"{key}",
        f"{key.secret!s:>5}",
        repr(key.secret),
        f"{key.secret:>9}",
        repr({"k": key}),
    ]
    assert not [text for text in shown if line in text]
    assert all("********" in text for text in shown)
    with pytest.raises(TypeError, match="secret"):
        pickle.dumps(key.secret)
    with pytest.raises(TypeError):
        copy.copy(key.secret)
    with pytest.raises(TypeError):
        msgspec.json.encode(key)


def test_a_decoded_mapping_is_taken_from_anywhere() -> None:
    key = parse_key({"api_key": "one", "api_secret": ED_SEED}, "the endpoint file")
    assert isinstance(key, ApiKey)
    assert isinstance(key.secret, Secret)
