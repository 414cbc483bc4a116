"""A request as the answering functions see it, and the answers that are no success."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from tradewind.exchange.server.authentication import ApiKey
from tradewind.exchange.server.texts import Json, parse_time

Body = TypeVar("Body")


class Refusal(Exception):
    """An answer other than 200, raised by whoever finds the reason; the shell writes it."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = error

    def body(self) -> Json:
        """Return the body that the venue sends with such a status."""
        text = str(self)
        return {"error": self.error, "error_details": text, "message": text}


def bad_request(message: str) -> Refusal:
    """Return the refusal of a request that cannot be understood."""
    return Refusal(400, "INVALID_ARGUMENT", message)


def not_found(message: str) -> Refusal:
    """Return the refusal of a request for what is not there."""
    return Refusal(404, "NOT_FOUND", message)


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One request: what the path named, its query (each name may come more than once), its body, who asks and when.

    `key` is None on public paths.
    """

    now_ns: int
    named: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    raw: bytes = b""
    key: ApiKey | None = None

    @property
    def account(self) -> str:
        """The account of the key that signed the request."""
        if self.key is None:
            raise Refusal(401, "unauthorized", "Unauthorized")
        return self.key.account

    def one(self, name: str, default: str = "") -> str:
        """Return the value of a query field, the first if it comes more than once."""
        values = self.query.get(name)
        return values[0] if values else default

    def many(self, *names: str) -> list[str]:
        """Return all values of the query fields of these names; commas separate values too."""
        return [part for name in names for value in self.query.get(name, ()) for part in value.split(",") if part]

    def count(self, name: str, default: int, largest: int) -> int:
        """Return a whole number of the query, cut to what the venue gives at most."""
        text = self.one(name)
        if not text:
            return default
        if not text.isdigit() or int(text) == 0:
            raise bad_request(f"{name} is not a positive whole number: {text}")
        return min(int(text), largest)

    def moment(self, name: str) -> int | None:
        """Return a time of the query in nanoseconds, None where it is not given."""
        text = self.one(name)
        if not text:
            return None
        try:
            return parse_time(text)
        except ValueError as error:
            raise bad_request(f"{name} is not a time: {text}") from error

    def body(self) -> Json:
        """Return the JSON object of the body; an empty body is an empty object."""
        return self.typed(_OBJECT) if self.raw else {}

    def typed(self, decoder: "msgspec.json.Decoder[Body]") -> Body:
        """Return the body as a decoder reads it; what it cannot read is refused with the venue's words."""
        try:
            return decoder.decode(self.raw)
        except UNREADABLE as error:
            raise bad_request(f"invalid request: {error}") from error


UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)  # whatever bytes a client sends
_OBJECT = msgspec.json.Decoder(dict[str, object])
