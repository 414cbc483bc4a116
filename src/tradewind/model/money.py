"""Exact decimal arithmetic: one context for every amount of money.

The context has 60 digits and traps Inexact, so a sum or product that could not be represented raises instead of
rounding. The one division of the ledger (releasing cost in proportion) rounds half-even to 1e-18, by name.
"""

from decimal import (
    ROUND_HALF_EVEN,
    Clamped,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)

ZERO = Decimal(0)
ONE = Decimal(1)
QUANTUM = Decimal("1e-18")

EXACT = Context(
    prec=60,
    rounding=ROUND_HALF_EVEN,
    Emin=-999999,
    Emax=999999,
    capitals=1,
    clamp=0,
    traps=[InvalidOperation, DivisionByZero, Overflow, Inexact, Clamped],
)
_ROUNDING = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])

add = EXACT.add
subtract = EXACT.subtract
multiply = EXACT.multiply
multiply_add = EXACT.fma  # a x b + c


def power_of_ten(exponent: int) -> Decimal:
    """Return 10**exponent exactly."""
    return Decimal((0, (1,), exponent))


def quantized(value: Decimal) -> Decimal:
    """Return `value` rounded half-even to 1e-18, the ledger's smallest amount."""
    return _ROUNDING.quantize(value, QUANTUM)


def ratio(numerator: Decimal, denominator: Decimal) -> Decimal:
    """Return numerator / denominator rounded half-even to 1e-18."""
    return _ROUNDING.quantize(_ROUNDING.divide(numerator, denominator), QUANTUM)


def portion(total: Decimal, part: int, whole: int) -> Decimal:
    """Return total x part / whole rounded half-even to 1e-18; exactly `total` when part == whole (METHODS 6.9)."""
    if part == whole:
        return total
    return _ROUNDING.quantize(_ROUNDING.divide(multiply(total, Decimal(part)), Decimal(whole)), QUANTUM)


def money(text: str | int | Decimal) -> Decimal:
    """Return an exact, finite Decimal; refuses floats, NaN and infinities (invariant I08).

    Raises  TypeError for a float, ValueError for something that is not a finite number.
    """
    if type(text) is Decimal and text.is_finite():
        return text
    if isinstance(text, float):
        raise TypeError(f"money is never a float, got {text!r}: pass a string or a Decimal")
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"not a decimal number: {text!r}") from None
    if not value.is_finite():
        raise ValueError(f"not a finite amount: {text!r}")
    return value


def plain(value: Decimal) -> str:
    """Return the amount without exponent or trailing zeros: the one canonical text used in digests and files."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
