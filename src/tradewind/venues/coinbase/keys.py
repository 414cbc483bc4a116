"""API keys: read from a file or the environment, checked before anything is sent, and never shown.

Two layouts are known: the one that Coinbase hands out, `{"name", "privateKey"}`, and `{"api_key", "api_secret"}`. The
secret is a private EC key (P-256, PEM) or an Ed25519 key (base64 of 32 or 64 bytes, or PEM).
"""

import base64
import binascii
import stat
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tradewind.model.errors import ConfigError

HIDDEN = "********"
NAME_VARIABLE = "COINBASE_API_KEY"
SECRET_VARIABLE = "COINBASE_API_SECRET"
LAYOUTS = (("name", "privateKey"), ("api_key", "api_secret"))
ED25519_BYTES = (32, 64)  # the seed alone, or the seed with the public key behind it

PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey


class KeyFileError(ConfigError):
    """A key file cannot be read as one: the message names the file and what is missing."""


class WrongKeyType(KeyFileError):
    """The secret is a key, but not one that Coinbase signs with."""


class KeyExposed(KeyFileError):
    """Others on this machine could read the key."""


class KeyKind(Enum):
    """How a key signs, by the name that a token's header gives it."""

    EC = "ES256"
    ED25519 = "EdDSA"


class Secret:
    """A text that prints as asterisks, whatever prints it; `reveal` is the one way to it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __format__(self, form: str) -> str:
        return HIDDEN

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not stored: read it again where it is needed")


class ApiKey(msgspec.Struct, frozen=True):
    """A key's public name, how it signs, and the secret."""

    name: str
    kind: KeyKind
    secret: Secret


def read_key_file(path: Path) -> ApiKey:
    """Return the key in a JSON file.

    Raises  KeyExposed when group or others may read it; KeyFileError or WrongKeyType naming the file otherwise.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise KeyFileError(f"cannot read the key file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise KeyFileError(f"the key file {path} is not text: download the JSON file of the key again") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyExposed(f"others can read the key file {path}: chmod 600 {path}")
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise KeyFileError(f"the key file {path} is not JSON: download the JSON file of the key again") from None
    return parse_key(found, f"the key file {path}")


def find_key(environment: Mapping[str, str], path: Path | None) -> ApiKey | None:
    """Return the key of the file, else the one that the environment gives, else None.

    Raises  KeyFileError when the environment gives one half of a key.
    """
    if path is not None:
        return read_key_file(path)
    name, secret = environment.get(NAME_VARIABLE, ""), environment.get(SECRET_VARIABLE, "")
    if not name and not secret:
        return None
    if not name or not secret:
        missing = SECRET_VARIABLE if name else NAME_VARIABLE
        raise KeyFileError(f"{missing} is not set, but its other half is: set both, or name a key file")
    return make_key(name, secret, "the environment")


def parse_key(found: object, source: str) -> ApiKey:
    """Return the key of a decoded file in one of the two layouts; `source` says where it is from.

    Raises  KeyFileError or WrongKeyType.
    """
    if not isinstance(found, Mapping):
        raise KeyFileError(f"{source} holds no object: it needs name and privateKey, or api_key and api_secret")
    for name_field, secret_field in LAYOUTS:
        name, secret = found.get(name_field), found.get(secret_field)
        if isinstance(name, str) and isinstance(secret, str) and name and secret:
            return make_key(name, secret, source)
    raise KeyFileError(f"{source} lacks name and privateKey, or api_key and api_secret, as texts that are not empty")


def make_key(name: str, secret: str, source: str) -> ApiKey:
    """Return a checked key.

    Raises  WrongKeyType for a secret that is no private P-256 or Ed25519 key.
    """
    private = load_private_key(secret, source)
    return ApiKey(name, KeyKind.EC if isinstance(private, EllipticCurvePrivateKey) else KeyKind.ED25519, Secret(secret))


def load_private_key(secret: str, source: str = "the secret") -> PrivateKey:
    """Return the private key that a secret's text holds; the text is in no message.

    Raises  WrongKeyType naming what it is instead.
    """
    text = secret.replace("\\n", "\n").strip()  # environments and twice-quoted files keep the line ends as two letters
    if "-----BEGIN" in text:
        return _from_pem(text, source)
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) not in ED25519_BYTES:
        raise WrongKeyType(
            f"{source} holds no EC or Ed25519 private key: make a key at the Coinbase Developer Platform "
            "(older keys, a short text with a passphrase, are not taken by Advanced Trade)"
        )
    return Ed25519PrivateKey.from_private_bytes(raw[:32])


def _from_pem(text: str, source: str) -> PrivateKey:
    if "PUBLIC KEY" in text and "PRIVATE" not in text:
        raise WrongKeyType(f"{source} holds a public key: the private one is needed")
    try:
        private = load_pem_private_key(text.encode(), password=None)
    except TypeError:
        raise WrongKeyType(f"{source} holds an encrypted private key: store it without a password") from None
    except (ValueError, UnsupportedAlgorithm):
        raise WrongKeyType(f"{source} holds a damaged private key: download it again") from None
    if isinstance(private, Ed25519PrivateKey):
        return private
    if not isinstance(private, EllipticCurvePrivateKey):
        raise WrongKeyType(f"{source} holds a {_family(private)} key: Coinbase signs with P-256 or Ed25519")
    if not isinstance(private.curve, SECP256R1):
        raise WrongKeyType(f"{source} holds a key on {private.curve.name}: Coinbase signs with P-256 or Ed25519")
    return private


def _family(private: object) -> str:
    return type(private).__name__.removesuffix("PrivateKey").lstrip("_") or "foreign"
