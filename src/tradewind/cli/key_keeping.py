"""What `tradewind key` does: ask for a passphrase, keep a key, say how to use it."""

import getpass
import os
import sys
from pathlib import Path

from tradewind.app.key_sources import KEYRING, PASSPHRASE_VARIABLE, keep_in_keyring, seal_key_file
from tradewind.cli.main import DONE
from tradewind.model.errors import ConfigError


def seal_file(file: Path, out: Path) -> int:
    """Write a sealed copy, and return the exit code."""
    key = seal_key_file(file, out, _new_passphrase())
    print(f"key {key.name} is sealed in {out}: use it with --key {out}, and delete {file}")
    return DONE


def keep_file(file: Path, name: str) -> int:
    """Put a key into the keyring, and return the exit code."""
    key = keep_in_keyring(file, name)
    print(f"key {key.name} is in the keyring: use it with --key {KEYRING}{name}, and delete {file}")
    return DONE


def _new_passphrase() -> str:
    given = os.environ.get(PASSPHRASE_VARIABLE, "")
    if given:
        return given
    if not sys.stdin.isatty():
        raise ConfigError(f"nobody is there to ask for a passphrase: set {PASSPHRASE_VARIABLE}")
    first = getpass.getpass("passphrase: ")
    if getpass.getpass("again: ") != first:
        raise ConfigError("the two are not the same: nothing was written")
    return first
