"""The venue's number texts as integers of an instrument's units: exact, or not at all, and quick for what comes often.

Prices repeat all day, so their units are remembered; sizes do not, and are read anew. A text that is no plain number
takes the slow way through `Decimal`, where everything that is no amount is refused.
"""

import re
from decimal import Decimal

from tradewind.model.money import EXACT
from tradewind.venues.coinbase.wire.values import DIGITS_MAX, number

POWERS: tuple[int, ...] = tuple(10**power for power in range(DIGITS_MAX + 1))
LARGEST = 2**63 - 1
PLAIN = re.compile(r"\d+(\.\d+)?([eE][+-]?\d{1,3})?", re.ASCII)
REMEMBERED = 65_536


def units(text: str, scale: int) -> int:
    """Return a number of at least zero in units of 10**-scale.

    Raises  ValueError for what is no number, negative, finer than the scale, or too large for any market.
    """
    if text == "0":  # a removed level, a third of all changes
        return 0
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    spare = scale - len(fraction)
    if spare < 0 or len(digits) > 18 or not digits.isascii() or not digits.isdigit():
        return _units_slowly(text, scale)
    value = int(digits) * POWERS[spare]
    if value > LARGEST:
        raise ValueError(f"{text} is too large for a market")
    return value


def _units_slowly(text: str, scale: int) -> int:
    if not PLAIN.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no amount")
    value: Decimal = number(text).scaleb(scale, EXACT)
    whole = int(value)
    if whole != value or whole > LARGEST:
        raise ValueError(f"{text[:40]!r} is no amount in units of 1e-{scale}")
    return whole


class PriceMemory(dict[str, int]):
    """Price texts and their units; a price is above zero. Forgets everything when it has grown too large."""

    __slots__ = ("scale",)

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    def __missing__(self, text: str) -> int:
        if len(self) >= REMEMBERED:
            self.clear()
        price = units(text, self.scale)
        if price <= 0:
            raise ValueError(f"a price of {text[:40]!r} is none")
        self[text] = price
        return price
