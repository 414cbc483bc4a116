"""The exchange's unit of money: 1e-18 of any currency, as an integer.

Integers make the matching loop exact and quick. What does not fit in 18 digits is refused at the edge, and the one
kind of rounding inside (a commission, a released cost) names its rule.
"""

from decimal import Decimal

from tradewind.model.money import EXACT, ZERO, money

DIGITS = 18
UNIT = 10**DIGITS


def units_of(value: Decimal | str | int, digits: int = DIGITS) -> int:
    """Return `value` in units of 10**-digits; raises ValueError when it does not fit exactly."""
    scaled = money(value).scaleb(digits, EXACT)
    whole = int(scaled)
    if whole != scaled:
        raise ValueError(f"{value} needs more than {digits} decimals")
    return whole


def decimal_of(units: int, digits: int = DIGITS) -> Decimal:
    """Return an integer of 10**-digits as a decimal, without trailing zeros and without an exponent."""
    if not units:
        return ZERO
    unit = 10**digits
    if units % unit == 0:
        return Decimal(units // unit)
    return Decimal(units).scaleb(-digits, EXACT).normalize(EXACT)


def half_even(numerator: int, denominator: int) -> int:
    """Return numerator / denominator (a positive number) as an integer, a half going to the even neighbour."""
    quotient, rest = divmod(numerator, denominator)
    twice = rest * 2
    return quotient + (twice > denominator or (twice == denominator and quotient & 1))
