"""Where a key may be kept: a file of its own, a sealed file, the keyring of the machine. What is read is shown nowhere.

A named key is `FILE`, or `keyring:NAME`. A sealed file takes its passphrase from `COINBASE_KEY_PASSPHRASE`, or from
whoever sits at the terminal.
"""

import getpass
import importlib
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from tradewind.app.sealing import is_sealed, seal, unseal
from tradewind.model.errors import ConfigError
from tradewind.storage.atomic import write_bytes
from tradewind.venues.coinbase.keys import ApiKey, KeyExposed, parse_key, read_key_file

KEYRING = "keyring:"
SERVICE = "tradewind"
PASSPHRASE_VARIABLE = "COINBASE_KEY_PASSPHRASE"


def read_key(named: Path, environment: Mapping[str, str]) -> tuple[ApiKey, str]:
    """Return a key and where it is from, in words that may be shown.

    Raises  ConfigError for a place that cannot be read, is open to others, or holds no key.
    """
    if str(named).startswith(KEYRING):
        return _from_keyring(str(named).removeprefix(KEYRING))
    content = _sealed(named)
    if content is None:
        return read_key_file(named), f"the key file {named}"
    source = f"the sealed key file {named}"
    return _parsed(unseal(content, passphrase_for(named, environment), source), source), source


def passphrase_for(path: Path, environment: Mapping[str, str]) -> str:
    """Return the passphrase of a sealed file: from the environment, else asked for where somebody is."""
    given = environment.get(PASSPHRASE_VARIABLE, "")
    if given:
        return given
    if not sys.stdin.isatty():
        raise ConfigError(f"{path} is sealed, and nobody is there to ask: set {PASSPHRASE_VARIABLE}")
    return getpass.getpass(f"passphrase of {path}: ")


def seal_key_file(plain: Path, out: Path, passphrase: str) -> ApiKey:
    """Write a sealed copy of a key file that only its owner can read, and return the key.

    Raises  ConfigError for a file that is there already, or holds no key.
    """
    key = read_key_file(plain)
    if out.exists():
        raise ConfigError(f"{out} exists: choose another name, or delete it first")
    write_bytes(out, seal(plain.read_text(encoding="utf-8-sig"), passphrase))
    out.chmod(0o600)
    return key


def keep_in_keyring(plain: Path, name: str) -> ApiKey:
    """Put a key file's content into the machine's keyring, and return the key.

    Raises  ConfigError for a file that holds no key, and where no keyring takes it.
    """
    key = read_key_file(plain)
    _ask_keyring("set_password", SERVICE, name, plain.read_text(encoding="utf-8-sig"))
    return key


def _from_keyring(name: str) -> tuple[ApiKey, str]:
    source = f"{name!r} of the keyring"
    text = _ask_keyring("get_password", SERVICE, name)
    if not isinstance(text, str) or not text:
        raise ConfigError(
            f"the keyring has no key {name!r} of {SERVICE}: `tradewind key keep FILE {name}` puts one there"
        )
    return _parsed(text, source), source


def _ask_keyring(what: str, *words: str) -> Any:
    try:
        keyring = importlib.import_module("keyring")
        errors = importlib.import_module("keyring.errors")
    except ImportError:
        raise ConfigError(
            "the keyring needs the package `keyring`: pip install keyring, or use a sealed file (`tradewind key seal`)"
        ) from None
    try:
        return getattr(keyring, what)(*words)
    except errors.KeyringError as error:
        raise ConfigError(
            f"no keyring here takes or gives keys ({type(error).__name__}), as on a machine without a desktop: use a "
            "sealed file (`tradewind key seal`)"
        ) from None


def _sealed(path: Path) -> bytes | None:
    """Return the content of a sealed file, None for any other, whose own reader says what is wrong with it."""
    try:
        mode, content = path.stat().st_mode, path.read_bytes()
    except OSError:
        return None
    if not is_sealed(content):
        return None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyExposed(f"others can read the key file {path}: chmod 600 {path}")
    return content


def _parsed(text: str, source: str) -> ApiKey:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise ConfigError(f"{source} holds no JSON: seal or keep the key file again") from None
    return parse_key(found, source)
