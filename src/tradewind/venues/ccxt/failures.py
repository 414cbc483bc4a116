"""What ccxt raises as our errors: by the name of its class, so that ccxt need not be imported to be understood.

| ccxt | ours | a write |
|---|---|---|
| `AuthenticationError` | `AuthenticationFailed` | refused |
| `PermissionDenied`, `AccountNotEnabled`, `AccountSuspended` | `PermissionMissing` | refused |
| `RateLimitExceeded` | `RateLimited` | refused |
| `InsufficientFunds`, `InvalidOrder`, `BadRequest`, `OperationRejected` and their kinds | `VenueRejected` | refused |
| `ArgumentsRequired`, `NotSupported`: ccxt itself, before sending | `VenueRejected` | refused |
| `NetworkError` and its kinds | `VenueUnavailable` | in doubt |
| the same, when no connection came about | `TransportError` | refused: it never left |
| `BadResponse`, `NullResponse` | `MalformedAnswer` | in doubt |
| `ExchangeError` itself: words that ccxt does not know | `MalformedAnswer` | in doubt |
"""

import re
from collections.abc import Callable, Mapping

from tradewind.model.errors import (
    AuthenticationFailed,
    MalformedAnswer,
    PermissionMissing,
    RateLimited,
    TransportError,
    VenueError,
    VenueRejected,
    VenueUnavailable,
)

SHOWN_CHARACTERS = 300
RETRY_AFTER_S = 1.0
CREDENTIAL = re.compile(
    r"-----BEGIN.*?-----END[^-]*-----|eyJ[\w-]{8,}\.[\w.-]+|(?<=[?&])\w*(?:sign|key|token|secret)\w*=[^&\s]+",
    re.DOTALL | re.IGNORECASE,
)
CAPITALS = re.compile(r"(?<=[a-z])(?=[A-Z])")
NEVER_LEFT = ("ClientConnectorError", "gaierror")

# The nearest name on an error's line of descent decides.
KINDS: Mapping[str, Callable[[str, str], VenueError]] = {
    "PermissionDenied": lambda said, _: PermissionMissing(f"{said}; the key lacks a right, or this address its leave"),
    "AccountSuspended": lambda said, _: PermissionMissing(said),
    "AuthenticationError": lambda said, _: AuthenticationFailed(f"{said}; check the key, and this machine's clock"),
    "RateLimitExceeded": lambda said, _: RateLimited(f"{said}; too many requests", RETRY_AFTER_S),
    "InvalidNonce": lambda said, _: VenueUnavailable(f"{said}; check this machine's clock, and who else uses the key"),
    "NetworkError": lambda said, _: VenueUnavailable(said),
    "BadResponse": lambda said, _: MalformedAnswer(said),
    "OperationFailed": lambda said, _: VenueUnavailable(said),
    "InsufficientFunds": VenueRejected,
    "InvalidOrder": VenueRejected,
    "BadRequest": VenueRejected,
    "ArgumentsRequired": VenueRejected,
    "OperationRejected": VenueRejected,
    "InvalidAddress": VenueRejected,
    "NotSupported": VenueRejected,
    "BaseError": lambda said, _: MalformedAnswer(f"{said}; ccxt has no word for this"),
}


def failure_of(error: Exception, what: str) -> VenueError:
    """Return the error that something raised inside ccxt stands for."""
    said = f"{what}: {told(error)}".rstrip(": ")
    if any(is_kind(error.__cause__, name) for name in NEVER_LEFT):
        return TransportError(f"{said}; no connection")
    names = [each.__name__ for each in type(error).__mro__]
    kind = next((KINDS[name] for name in names if name in KINDS), None)
    if kind is not None:
        return kind(said, word_of(error))
    if isinstance(error, OSError | TimeoutError):
        return VenueUnavailable(said)
    return MalformedAnswer(f"{said}; ccxt could not read it ({names[0]})")


def word_of(error: Exception) -> str:
    """Return the name of a ccxt error as a reason: `InsufficientFunds` is INSUFFICIENT_FUNDS."""
    return CAPITALS.sub("_", type(error).__name__).upper()


def is_kind(error: BaseException | None, name: str) -> bool:
    """Whether an error, or what it was made from, is of that class of ccxt."""
    return error is not None and any(each.__name__ == name for each in type(error).__mro__)


def told(error: Exception) -> str:
    """Return what an error says: one printable line without anything that looks like a key or a token."""
    text = CREDENTIAL.sub("********", str(error))
    return "".join(each if each.isprintable() else " " for each in text)[:SHOWN_CHARACTERS].strip()
