"""From what a person says about a venue (an endpoint file, an account, a key file) to a desk that can be asked.

A key is looked for where it was named, then in the endpoint file, then in the environment (`COINBASE_KEY_FILE`, or
`COINBASE_API_KEY` and `COINBASE_API_SECRET`), then in `secrets/coinbase.json` of the home folder. Without any, the
public market is open.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from tradewind.app.home import Home
from tradewind.app.key_sources import read_key
from tradewind.model.errors import ConfigError
from tradewind.venues.coinbase.addresses import PRODUCTION, Address, read_endpoint_file
from tradewind.venues.coinbase.desk import CoinbaseDesk, open_desk
from tradewind.venues.coinbase.keys import ApiKey, find_key

SECRET_FILE = "secrets/coinbase.json"
FILE_VARIABLE = "COINBASE_KEY_FILE"


class Access(msgspec.Struct, frozen=True):
    """An address and the key for it; `source` says where the key is from, in words that may be shown."""

    address: Address
    key: ApiKey | None = None
    source: str = "no key"

    @property
    def is_real(self) -> bool:
        """Whether real money is there."""
        return not self.address.is_local

    def desk(self) -> CoinbaseDesk:
        """Return a desk there; it is for the caller to close."""
        return open_desk(self.address, self.key)


def find_access(
    home: Home,
    environment: Mapping[str, str],
    *,
    endpoint: Path | None = None,
    account: str = "",
    key_file: Path | None = None,
) -> Access:
    """Return where to go and with which key.

    Raises  ConfigError for files that cannot be used, or an account without an endpoint file.
    """
    if endpoint is None and account:
        raise ConfigError("--account names an account of an endpoint file: add --endpoint FILE")
    place = None if endpoint is None else read_endpoint_file(endpoint)
    address = PRODUCTION if place is None else place.address
    if key_file is not None:
        return Access(address, *read_key(key_file, environment))
    if place is not None and place.accounts:
        chosen = place.account(account)
        return Access(address, chosen.key, f"account {chosen.name} of {endpoint}")
    if place is not None:
        return Access(address)
    return _own_access(home, environment)


def with_key(access: Access) -> Access:
    """Return the same; raises ConfigError when there is no key."""
    if access.key is None:
        raise ConfigError(
            "this needs a key: name one with --key (a file, or keyring:NAME), set COINBASE_KEY_FILE, or set "
            f"COINBASE_API_KEY and COINBASE_API_SECRET, or put the file into the home folder as {SECRET_FILE}"
        )
    return access


def _own_access(home: Home, environment: Mapping[str, str]) -> Access:
    named = environment.get(FILE_VARIABLE, "")
    if named:
        return Access(PRODUCTION, *read_key(Path(named), environment))
    key = find_key(environment, None)
    if key is not None:
        return Access(PRODUCTION, key, "the environment")
    kept = home.root / SECRET_FILE
    return Access(PRODUCTION, *read_key(kept, environment)) if kept.is_file() else Access(PRODUCTION)
