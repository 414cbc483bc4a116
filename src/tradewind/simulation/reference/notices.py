"""What the client of a book venue has been told, and when."""

import msgspec


class Notice(msgspec.Struct, frozen=True):
    """A delivered notice: `type` is fill, rejected, canceled or cancel_rejected; acceptances are not listed."""

    at_ns: int
    order_id: str
    type: str
    reason: str | None = None
