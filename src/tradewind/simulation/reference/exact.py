"""Fractions in, decimals out: the reference computes in fractions and rounds only where a rule says so."""

from decimal import Decimal
from fractions import Fraction

MAX_DIGITS = 200


def exact_decimal(value: Fraction) -> Decimal:
    """Return the same number as a Decimal; raises ValueError for one that does not terminate."""
    denominator = value.denominator
    digits = 0
    while 10**digits % denominator:
        digits += 1
        if digits > MAX_DIGITS:
            raise ValueError(f"{value} has no finite decimal form")
    return Decimal((0, (0,), 0)) if value == 0 else _scaled(value.numerator * (10**digits // denominator), digits)


def rounded_decimal(value: Fraction, digits: int = 18) -> Decimal:
    """Return the number rounded half-even to `digits` decimals (METHODS 6.9: 1e-18)."""
    return exact_decimal(round(value, digits))


def rounded(value: Fraction, digits: int = 18) -> Fraction:
    """Return the fraction rounded half-even to `digits` decimals."""
    return round(value, digits)


def _scaled(units: int, digits: int) -> Decimal:
    sign = 1 if units < 0 else 0
    return Decimal((sign, tuple(int(digit) for digit in str(abs(units))), -digits))
