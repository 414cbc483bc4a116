"""A text sealed under a passphrase: scrypt makes the key, AES-256-GCM hides the text and shows every change to it."""

import base64
import binascii
import os

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from tradewind.model.errors import ConfigError

LAYOUT = 1
COST, BLOCK, LANES = 1 << 15, 8, 1  # 32 MiB and about a tenth of a second for each guess
COST_MAX = 1 << 20  # a file may not ask for more than a gigabyte
SALT_BYTES, NONCE_BYTES, KEY_BYTES = 16, 12, 32
PASSPHRASE_LETTERS_MIN = 12


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept: how the key is made of the passphrase, and the hidden text. Numbers in base64."""

    sealed: int
    cost: int
    salt: str
    nonce: str
    text: str


def seal(text: str, passphrase: str) -> bytes:
    """Return the file that hides a text; each time another one.

    Raises  ConfigError for a passphrase that is soon guessed.
    """
    if len(passphrase) < PASSPHRASE_LETTERS_MIN:
        raise ConfigError(
            f"the passphrase must have at least {PASSPHRASE_LETTERS_MIN} letters: a sentence is a good one"
        )
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    hidden = AESGCM(_key(passphrase, salt, COST)).encrypt(nonce, text.encode(), _header(COST))
    kept = Sealed(sealed=LAYOUT, cost=COST, salt=_told(salt), nonce=_told(nonce), text=_told(hidden))
    return msgspec.json.encode(kept) + b"\n"


def is_sealed(content: bytes) -> bool:
    """Return whether a file is one that `seal` made."""
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    return isinstance(found, dict) and "sealed" in found


def unseal(content: bytes, passphrase: str, source: str) -> str:
    """Return the hidden text; neither it nor the passphrase is in any message.

    Raises  ConfigError for another passphrase, and for a file that was changed or is none.
    """
    try:
        kept = msgspec.json.decode(content, type=Sealed)
        salt, nonce, hidden = (base64.b64decode(each, validate=True) for each in (kept.salt, kept.nonce, kept.text))
    except (msgspec.DecodeError, binascii.Error, ValueError):
        raise ConfigError(f"{source} is damaged: seal the key again") from None
    fits = kept.sealed == LAYOUT and 2 <= kept.cost <= COST_MAX and kept.cost & (kept.cost - 1) == 0
    if not fits or len(nonce) != NONCE_BYTES:
        raise ConfigError(f"{source} has a layout that this version does not know: seal the key again")
    try:
        return AESGCM(_key(passphrase, salt, kept.cost)).decrypt(nonce, hidden, _header(kept.cost)).decode()
    except (InvalidTag, UnicodeDecodeError):
        raise ConfigError(f"{source} does not open: the passphrase is another one, or the file was changed") from None


def _key(passphrase: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=KEY_BYTES, n=cost, r=BLOCK, p=LANES).derive(passphrase.encode())


def _header(cost: int) -> bytes:
    """What is not hidden and must not be changed either."""
    return f"tradewind key {LAYOUT} {cost}".encode()


def _told(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
