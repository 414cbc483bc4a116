"""How the venue's JSON becomes typed values: one reader for every answer, exact numbers, times to the nanosecond.

Numbers come as strings, and in a few answers as JSON numbers: both become `Decimal` from their text, never through a
float. The venue says "no value" in three ways (an empty string, null, no field at all) and means the same by them, so
all three become the field's default. An enumeration's unknown word is kept as it came and can be asked for `known`.
"""

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Self, TypeVar, get_type_hints

import msgspec

from tradewind.model.errors import ProtocolError

T = TypeVar("T")
EPOCH_DAY = date(1970, 1, 1).toordinal()
SECOND_NS = 1_000_000_000
COUNT_MAX = 2**63 - 1
DIGITS_MAX = 60  # no price, size or balance needs more; an exponent beyond it is an attack or a mistake

NumberText = Annotated[str, msgspec.Meta(extra={"text": "number"})]
"""A number kept as its text, in the messages that come thousands of times a second; `number` reads it."""
TimeText = Annotated[str, msgspec.Meta(extra={"text": "time"})]
"""A time kept as its text, for the same reason; `Timestamp.parse` reads it."""
EventText = Annotated[str, msgspec.Meta(extra={"text": "event"})]
"""A word of `EventType` kept as its text, for the same reason."""
BookSideText = Annotated[str, msgspec.Meta(extra={"text": "book side"})]
"""A word of `BookSide` kept as its text."""
OrderSideText = Annotated[str, msgspec.Meta(extra={"text": "order side"})]
"""A word of `OrderSide` kept as its text."""


def number(text: str) -> Decimal:
    """Return the number of a text; raises ValueError for NaN, infinities, and anything no price can be."""
    try:
        return checked(Decimal(text))
    except ArithmeticError:
        raise ValueError(f"not a number: {text[:40]!r}") from None


def checked(value: Decimal) -> Decimal:
    """Return the number if it can be an amount of something; raises ValueError if it cannot."""
    if not value.is_finite():
        raise ValueError(f"not a finite number: {value}")
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -DIGITS_MAX or value.adjusted() > DIGITS_MAX:
        raise ValueError(f"a number of more than {DIGITS_MAX} digits is no price and no size")
    return value


class Word(StrEnum):
    """A word of a closed list that the venue may lengthen any day: an unknown one is kept as it came."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        word = str.__new__(cls, value)
        word._name_ = "UNRECOGNISED"
        word._value_ = value
        return word

    @property
    def known(self) -> bool:
        """Whether the word is on our list."""
        return self._name_ != "UNRECOGNISED"


class Timestamp:
    """A moment in UTC nanoseconds that remembers how it was written, so that it can be written that way again.

    Besides RFC 3339 with any number of fractional digits, the heartbeat's Go print is read
    (`2023-06-23 20:31:56.121961769 +0000 UTC m=+91717.525857105`), and Unix time in seconds or milliseconds, as text or
    as a number: such a moment has no separator.
    """

    __slots__ = ("digits", "ns", "separator", "tail")

    def __init__(self, ns: int, digits: int = 9, separator: str = "T", tail: str = "Z") -> None:
        self.ns = ns
        self.digits = digits
        self.separator = separator
        self.tail = tail

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the moment of a text; raises ValueError when it is none."""
        found = _MOMENT.fullmatch(text)
        if found is None:
            return cls._parse_unix(text)
        day, separator, hour, minute, second, fraction, tail, zone = found.groups()
        if int(hour) > 23 or int(minute) > 59 or int(second) > 60:
            raise ValueError(f"not a time of day: {text[:60]!r}")
        seconds = int(hour) * 3600 + int(minute) * 60 + int(second) - _offset_s(zone)
        digits = len(fraction or "")
        ns = (_day(day) * 86_400 + seconds) * SECOND_NS + int((fraction or "0").ljust(9, "0"))
        return cls(ns, digits, separator, tail)

    @classmethod
    def _parse_unix(cls, text: str) -> Self:
        if _UNIX.fullmatch(text) is None:
            raise ValueError(f"not a time: {text[:60]!r}")
        digits = len(text) - UNIX_SECONDS_DIGITS
        return cls(int(text) * 10 ** (9 - digits), digits, separator="", tail="")

    @property
    def text(self) -> str:
        """The moment as the venue wrote it."""
        if not self.separator:
            return str(self.ns // 10 ** (9 - self.digits))
        found = _ZONE.match(self.tail)
        local = self.ns + _offset_s(found.group(1) if found else None) * SECOND_NS
        seconds, fraction = divmod(local, SECOND_NS)
        days, rest = divmod(seconds, 86_400)
        clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
        part = f".{fraction:09}"[: self.digits + 1] if self.digits else ""
        return f"{date.fromordinal(days + EPOCH_DAY).isoformat()}{self.separator}{clock}{part}{self.tail}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timestamp) and self.ns == other.ns

    def __hash__(self) -> int:
        return hash(self.ns)

    def __repr__(self) -> str:
        return f"Timestamp({self.text})"


_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)([T ])(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?"
    r"(Z| ?([+-]\d\d:?\d\d)(?: UTC(?: m=[+-][\d.]+)?)?)",
    re.ASCII,
)
UNIX_SECONDS_DIGITS = 10  # from September 2001 to November 2286; a number of other lengths is no moment of a market
_UNIX = re.compile(r"[1-9]\d{9}(?:\d{3})?", re.ASCII)
_ZONE = re.compile(r" ?([+-]\d\d:?\d\d)", re.ASCII)


class Bound:
    """Where a range ends, with the text it was read from: the venue writes `10000`, and `10,000` too.

    No other number is read in groups: in a price or a size a comma is a mistake that must not pass.
    """

    __slots__ = ("text", "value")

    def __init__(self, text: str) -> None:
        self.text = text
        self.value = number(text.replace(",", "") if _GROUPED.fullmatch(text) else text)

    def __repr__(self) -> str:
        return f"Bound({self.text})"


_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII)


def ns_of(moment: Timestamp | None) -> int:
    """Return UTC nanoseconds, 0 where the venue named no moment (also its year 1, which means the same)."""
    return moment.ns if moment is not None and moment.ns > 0 else 0


def moment_ns(text: str) -> int:
    """Return the UTC nanoseconds of a text; raises ValueError when it is no time."""
    return Timestamp.parse(text).ns


@cache
def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal() - EPOCH_DAY


def _offset_s(zone: str | None) -> int:
    if zone is None:
        return 0
    sign = -1 if zone[0] == "-" else 1
    return sign * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One object of the venue's JSON. Its numbers are finite and of a size that something has."""

    def __post_init__(self) -> None:
        for name in _number_fields(type(self)):
            value = getattr(self, name)
            if isinstance(value, Decimal):
                _checked_field(name, value)
            elif isinstance(value, int) and not -COUNT_MAX <= value <= COUNT_MAX:
                raise ValueError(f"{name}: a whole number of {len(str(value))} digits counts nothing")


def _checked_field(name: str, value: Decimal) -> None:
    try:
        checked(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


class Money(Message, frozen=True, kw_only=True):
    """An amount with its currency, as some answers wrap their numbers; portfolios tell it twice."""

    value: Decimal | None = None
    currency: str = ""
    cbrn: str = ""
    user_native_currency: "Money | None" = msgspec.field(default=None, name="userNativeCurrency")
    raw_currency: "Money | None" = msgspec.field(default=None, name="rawCurrency")


Amount = Decimal | Money | None
"""A number that comes bare in one answer and wrapped in another; `amount` unwraps it."""


def amount(value: Amount) -> Decimal | None:
    """Return the number of an amount, None where there is none; in the account's raw currency if it has both."""
    if isinstance(value, Money):
        return amount(value.raw_currency) if value.raw_currency is not None else value.value
    return value


@cache
def _number_fields(kind: type) -> tuple[str, ...]:
    hints = ((name, str(hint)) for name, hint in get_type_hints(kind).items())
    return tuple(name for name, hint in hints if "Decimal" in hint or re.search(r"\bint\b", hint))


def read(kind: type[T], raw: bytes | str) -> T:
    """Return a message of the given type; raises ProtocolError saying what could not be read, and where."""
    return read_values(kind, parse(raw))


def parse(raw: bytes | str) -> Any:
    """Return JSON as plain values with exact numbers; raises ProtocolError when it is none."""
    try:
        return _JSON.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError, ValueError) as error:
        raise ProtocolError(f"the venue's answer is no JSON ({error}): {_head(raw)}") from None


def read_values(kind: type[T], values: Any) -> T:
    """Return a message of the given type from plain values; raises ProtocolError as `read` does."""
    try:
        return msgspec.convert(_with_values(values), kind, strict=False, dec_hook=_custom)
    except (msgspec.ValidationError, RecursionError, ArithmeticError, ValueError) as error:
        name = getattr(kind, "__name__", str(kind))
        raise ProtocolError(f"the venue's {name} cannot be read: {error}") from None


_JSON = msgspec.json.Decoder(float_hook=Decimal)


def _with_values(values: Any) -> Any:
    """Return the same without the fields that have no value."""
    if isinstance(values, dict):
        return {key: _with_values(value) for key, value in values.items() if value is not None and value != ""}
    if isinstance(values, list):
        return [_with_values(value) for value in values]
    return values


def _custom(kind: type, value: Any) -> Any:
    if kind is Timestamp and isinstance(value, str | int) and not isinstance(value, bool):
        return Timestamp.parse(str(value))
    if kind is Bound and isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        return Bound(str(value))
    raise ValueError(f"expected a {kind.__name__}, got {type(value).__name__}")


def _head(raw: bytes | str) -> str:
    return repr(raw[:80])
