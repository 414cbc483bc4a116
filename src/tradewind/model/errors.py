"""The error tree: what went wrong, and in each class what to do next.

Expected outcomes (a refusal, a rejection) are values, never exceptions; see `model.decisions` and `model.answers`.
"""


class TradewindError(Exception):
    """Root of every error that tradewind raises on purpose."""


class ConfigError(TradewindError):
    """Found before we start: stop and explain. The message names the setting and the remedy."""


class DataError(TradewindError):
    """A file or row of market data cannot be used: nothing was written; the message names file, row and remedy."""


class InvalidOrder(TradewindError):
    """We broke a rule (tick, lot, minimum): our bug or the user's. Raised only to a caller at the edge."""


class VenueError(TradewindError):
    """The far side."""


class TransportError(VenueError):
    """It is certain that the request never left: retry with backoff."""


class Withheld(VenueError):
    """Held back by us in the last moment, before it left; `reason` says by what."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class RateLimited(VenueError):
    """Wait `retry_after_s` seconds, then try again."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ProtocolError(VenueError):
    """A message we cannot read, or a sequence gap: resubscribe and rebuild."""


class OutcomeUnknown(VenueError):
    """Sent, and no answer: never resend; reconcile."""


class AuthError(VenueError):
    """The key is wrong: stop and explain."""


class AuthenticationFailed(AuthError):
    """401, or a key that cannot be used: stop and explain; never retried with the same token."""


class PermissionMissing(AuthError):
    """The key lacks what the request needs (or may do more than it should): stop and explain."""


class VenueUnavailable(OutcomeUnknown):
    """Timeout, 5xx or a dropped connection: a read may be repeated, a write has an unknown outcome."""


class VenueRejected(VenueError):
    """The venue understood and said no; `reason` is its own word for it. The same request will be refused again."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class MalformedAnswer(ProtocolError):
    """An answer that cannot be read: kept and counted; after a write the outcome is unknown."""


class StateError(TradewindError):
    """Journal, snapshot, ledger or venue disagree: halt trading and keep the evidence."""
