"""What an error means for a write: nothing was done for certain, or nobody knows. A short closed list is certain."""

from collections.abc import Mapping

from tradewind.model.errors import (
    AuthenticationFailed,
    PermissionMissing,
    RateLimited,
    TransportError,
    VenueError,
    VenueRejected,
    Withheld,
)
from tradewind.model.venue import CancelAnswer, CancelRefused, InDoubt, PlaceAnswer, PlaceRefused

NOT_SENT, UNAUTHORIZED, FORBIDDEN, TOO_MANY = "NOT_SENT", "UNAUTHORIZED", "FORBIDDEN", "RATE_LIMITED"
CERTAIN: Mapping[type[VenueError], str] = {
    TransportError: NOT_SENT,
    AuthenticationFailed: UNAUTHORIZED,
    PermissionMissing: FORBIDDEN,
    RateLimited: TOO_MANY,
}


def place_failure(error: VenueError) -> PlaceAnswer:
    """Return what an error means for a new order: nothing was done for certain, or nobody knows."""
    word = _certain(error)
    return InDoubt(str(error)) if word is None else PlaceRefused(word, str(error))


def cancel_failure(error: VenueError) -> CancelAnswer:
    """Return what an error means for a cancel."""
    word = _certain(error)
    return InDoubt(str(error)) if word is None else CancelRefused(word)


def _certain(error: VenueError) -> str | None:
    """Return the word for an error that proves that nothing was done, None for any other."""
    if isinstance(error, VenueRejected | Withheld):
        return error.reason
    return next((word for kind, word in CERTAIN.items() if isinstance(error, kind)), None)
