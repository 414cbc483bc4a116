"""How the venue writes times, numbers and money."""

from datetime import UTC, datetime
from decimal import Decimal

SECOND_NS = 1_000_000_000
LAST_SECOND = 253_402_300_799
"""9999-12-31T23:59:59Z: no calendar goes further."""
Json = dict[str, object]


def iso(ts_ns: int, digits: int = 6) -> str:
    """Return a time as the venue's REST answers write it; 9 digits are those of its streams."""
    seconds, rest = divmod(ts_ns, SECOND_NS)
    fraction = f"{rest:09d}"[:digits]
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction}Z"


def iso_seconds(ts_ns: int) -> str:
    """Return a time without a fraction, as the clock's answer has it."""
    return f"{datetime.fromtimestamp(ts_ns // SECOND_NS, UTC):%Y-%m-%dT%H:%M:%SZ}"


def go_time(ts_ns: int, running_ns: int) -> str:
    """Return a time as Go prints one, with the monotonic reading behind it: what heartbeats carry."""
    seconds, rest = divmod(ts_ns, SECOND_NS)
    fraction = f"{rest:09d}".rstrip("0") or "0"
    monotonic = f"{running_ns // SECOND_NS}.{running_ns % SECOND_NS:09d}"
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{fraction} +0000 UTC m=+{monotonic}"


def parse_time(text: str) -> int:
    """Return the UTC nanoseconds of an ISO time or of Unix seconds.

    Raises  ValueError for anything else.
    """
    if text.isdigit() and int(text) <= LAST_SECOND:
        return int(text) * SECOND_NS
    whole, dot, rest = text.partition(".")
    digits = ""
    if dot:
        digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        whole += rest[len(digits) :]
    moment = datetime.fromisoformat(whole)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return round(moment.timestamp()) * SECOND_NS + int((digits + "0" * 9)[:9])


def plain(value: Decimal | None) -> str:
    """Return a number without an exponent and without trailing zeros; nothing is the empty string."""
    if value is None:
        return ""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def amount(value: Decimal, currency: str) -> Json:
    """Return a money object."""
    return {"value": plain(value), "currency": currency}


def number(value: Decimal) -> float | int:
    """Return a JSON number: the few fields that the venue does not write as strings."""
    return int(value) if value == value.to_integral_value() else float(value)
