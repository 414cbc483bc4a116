"""Where Coinbase is: the real one, or one on this machine that an endpoint file points to.

An endpoint file is what the local exchange writes:
`{"rest", "ws", "ca", "accounts": [{"name", "api_key", "api_secret"}]}`.
"""

import stat
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import msgspec

from tradewind.model.errors import ConfigError
from tradewind.venues.coinbase.keys import ApiKey, KeyExposed, parse_key

ENCRYPTED = {"https", "wss"}
SCHEMES = {"rest": {"https", "http"}, "ws": {"wss", "ws"}}


class Address(msgspec.Struct, frozen=True):
    """Base addresses of REST and stream, and the certificate authority to trust besides the machine's own."""

    rest: str
    ws: str
    ca: Path | None = None

    @property
    def host(self) -> str:
        """Return host and port as a client calls them: what a token's `uri` names."""
        return urlsplit(self.rest).netloc

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, where plain text hurts nobody."""
        return _is_local(self.rest) and _is_local(self.ws)


class EndpointAccount(msgspec.Struct, frozen=True):
    """One account of an endpoint file, with its key."""

    name: str
    key: ApiKey


class EndpointFile(msgspec.Struct, frozen=True):
    """What an endpoint file says."""

    address: Address
    accounts: tuple[EndpointAccount, ...] = ()

    def account(self, name: str = "") -> EndpointAccount:
        """Return the account of that name, the first one without a name.

        Raises  ConfigError naming the accounts there are.
        """
        found = [each for each in self.accounts if name in ("", each.name)]
        if not found:
            names = ", ".join(each.name for each in self.accounts) or "none"
            raise ConfigError(f"the endpoint file has no account {name!r}: it has {names}")
        return found[0]


PRODUCTION = Address("https://api.coinbase.com", "wss://advanced-trade-ws.coinbase.com")


def read_endpoint_file(path: Path) -> EndpointFile:
    """Return what an endpoint file says.

    Raises  ConfigError naming file and field; KeyExposed when others can read keys of a place that is not local.
    """
    try:
        found = msgspec.json.decode(path.read_bytes())
        mode = path.stat().st_mode
    except OSError as error:
        raise ConfigError(f"cannot read the endpoint file {path}: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ConfigError(f"the endpoint file {path} is not JSON: let the local exchange write it again") from None
    if not isinstance(found, Mapping):
        raise ConfigError(f"the endpoint file {path} holds no object with rest, ws and accounts")
    address = Address(_url(found, "rest", path), _url(found, "ws", path), _authority(found.get("ca"), path))
    accounts = _accounts(found.get("accounts"), path)
    if accounts and not address.is_local and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyExposed(f"others can read the keys in {path}: chmod 600 {path}")
    return EndpointFile(address, accounts)


def _url(found: Mapping[str, object], field: str, path: Path) -> str:
    text = found.get(field)
    parts = _parts(text) if isinstance(text, str) else None
    if not isinstance(text, str) or parts is None or not parts.hostname or parts.scheme not in SCHEMES[field]:
        raise ConfigError(f"{field} of the endpoint file {path} must be an address, was {text!r}")
    if parts.scheme not in ENCRYPTED and not _is_local(text):
        raise ConfigError(f"{field} of the endpoint file {path} is plain text and not on this machine: use TLS")
    return text.rstrip("/")


def _parts(text: str) -> SplitResult | None:
    """Return the parts of an address, None when host or port cannot be one."""
    try:
        parts = urlsplit(text)
        return parts if parts.port is None or parts.port > 0 else None
    except ValueError:
        return None


def _authority(text: object, path: Path) -> Path | None:
    if text is None or text == "":
        return None
    authority = path.parent / text if isinstance(text, str) else path
    if not isinstance(text, str) or not authority.is_file():
        raise ConfigError(f"ca of the endpoint file {path} names no file: {text!r}")
    return authority


def _accounts(found: object, path: Path) -> tuple[EndpointAccount, ...]:
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise ConfigError(f"accounts of the endpoint file {path} must be a list of objects")
    return tuple(
        EndpointAccount(str(each.get("name", number)), parse_key(_key_fields(each), f"account {number} of {path}"))
        for number, each in enumerate(found)
    )


def _key_fields(account: Mapping[str, object]) -> Mapping[str, object]:
    """Return the fields that hold a key: in an account `name` is the account's."""
    return {name: account.get(name) for name in ("api_key", "api_secret")}


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
