"""How numbers and times read on the page. What is not defined is a dash."""

import math
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from tradewind.model.money import plain

DASH = "–"
MINUS = "−"


def amount(value: Decimal | None) -> str:
    """Money with two decimals (more for small amounts) and grouped thousands."""
    if value is None:
        return DASH
    digits = Decimal("0.01") if abs(value) >= Decimal("0.1") or value == 0 else Decimal("0.000001")
    rounded = value.quantize(digits, ROUND_HALF_EVEN)
    return _minus(f"{rounded:,f}")


def signed(value: Decimal | None) -> str:
    """Money with its sign in front."""
    text = amount(value)
    return f"+{text}" if value is not None and value > 0 else text


def exact(value: Decimal | None) -> str:
    """A price or quantity as it is, with grouped thousands."""
    if value is None:
        return DASH
    whole, point, rest = plain(value).partition(".")
    if len(rest) > 10:
        return f"{float(value):,.8g}"
    return _minus(f"{int(whole):,}" + point + rest if whole not in {"-0"} else f"-0{point}{rest}")


def apart(first: str, second: str) -> tuple[str, str]:
    """Two exact numbers with as few decimals, at least two, as still tell them apart; other text stays as it is."""
    try:
        values = Decimal(first), Decimal(second)
    except InvalidOperation:
        return first, second
    if not all(each.is_finite() for each in values):
        return first, second
    exact_digits = max(-int(each.as_tuple().exponent) for each in values)
    for digits in range(2, exact_digits):
        one, other = (f"{each:,.{digits}f}" for each in values)
        if one != other:
            return _minus(one), _minus(other)
    return exact(values[0]), exact(values[1])


def percent(value: float | None, digits: int = 2) -> str:
    """A share as per cent."""
    return DASH if value is None or not math.isfinite(value) else _minus(f"{100 * value:,.{digits}f} %")


def signed_percent(value: float | None, digits: int = 2) -> str:
    """A share as per cent, with its sign in front."""
    text = percent(value, digits)
    return f"+{text}" if value is not None and value > 0 else text


def number(value: float | None, digits: int = 2) -> str:
    """A ratio or count with fixed digits."""
    return DASH if value is None or not math.isfinite(value) else _minus(f"{value:,.{digits}f}")


def day(ts_ns: int | None) -> str:
    """The UTC date of a time."""
    return DASH if ts_ns is None else _utc(ts_ns).strftime("%Y-%m-%d")


def minute(ts_ns: int | None) -> str:
    """The UTC date and time of a time, to the minute."""
    return DASH if ts_ns is None else _utc(ts_ns).strftime("%Y-%m-%d %H:%M")


def iso(ts_ns: int) -> str:
    """The time as ISO 8601, with as many digits of the second as it needs."""
    seconds, rest = divmod(ts_ns, 1_000_000_000)
    text = _utc(seconds * 1_000_000_000).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:09d}".rstrip("0") + "Z" if rest else f"{text}Z"


def words(code: str) -> str:
    """A code as words: `stop_loss` reads `stop loss`."""
    return code.replace("_", " ").lower()


def span(ns: int) -> str:
    """A length of time in its largest whole unit."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if ns % (size * 1_000_000_000) == 0 and ns:
            return f"{ns // (size * 1_000_000_000)} {unit}"
    return f"{ns / 1e6:g} ms"


def tone(value: Decimal | float | None) -> str:
    """The class of a result: gain, loss or nothing."""
    if value is None or value == 0:
        return ""
    return "gain" if value > 0 else "loss"


def _utc(ts_ns: int) -> datetime:
    return datetime.fromtimestamp(ts_ns // 1_000_000_000, UTC)


def _minus(text: str) -> str:
    return text.replace("-", MINUS)


FILTERS = {
    each.__name__: each
    for each in (amount, signed, exact, percent, signed_percent, number, day, minute, iso, words, span, tone)
}
