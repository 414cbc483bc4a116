"""Numbers out of ccxt: exact decimals, or refused.

ccxt is told to keep numbers as text, but what is written into it by hand, and what some of its venues compute, are
floats. A float of at most fifteen significant digits stands for one decimal text only, so it is that text; a longer one
may have been anything.
"""

from decimal import Decimal
from typing import Any

from tradewind.model.errors import MalformedAnswer
from tradewind.model.money import ZERO, money

FLOAT_DIGITS_MAX = 15
MILLISECOND_NS = 1_000_000


def exact(value: Any, what: str) -> Decimal | None:
    """Return a number as the decimal it is, None for none.

    Raises  MalformedAnswer for a text that is no finite number, and for a float that could have been another number.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise MalformedAnswer(f"{what}: {value!r} is no number")
    try:
        found = money(repr(value) if isinstance(value, float) else value)
    except ValueError:
        raise MalformedAnswer(f"{what}: {str(value)[:40]!r} is no finite number") from None
    if isinstance(value, float) and len(found.normalize().as_tuple().digits) > FLOAT_DIGITS_MAX:
        raise MalformedAnswer(f"{what}: {value!r} is a float and cannot be exact")
    return found


def needed(value: Any, what: str) -> Decimal:
    """Return a number above zero.

    Raises  MalformedAnswer when there is none.
    """
    found = exact(value, what)
    if found is None or found <= 0:
        raise MalformedAnswer(f"{what}: {value!r} must be a positive number")
    return found


def not_negative(value: Any, what: str) -> Decimal:
    """Return a number of at least zero, zero for none.

    Raises  MalformedAnswer for a negative one.
    """
    found = exact(value, what) or ZERO
    if found < 0:
        raise MalformedAnswer(f"{what}: {value!r} must not be negative")
    return found


def moment_ns(value: Any) -> int:
    """Return a time in milliseconds as nanoseconds, 0 for none."""
    return int(value) * MILLISECOND_NS if isinstance(value, int | float | str) and value else 0
