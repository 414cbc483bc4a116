"""Decimal numbers as scaled integers: exactly for prices and quantities, at a declared scale for volumes.

The value of a binary float is taken to be its shortest decimal text: 0.1 is one tenth. A float x has k decimals when
m = rint(x * 10**k), below 10**15, gives x again as m / 10**k, because that division is correctly rounded and no two
decimals of 15 digits are the same float. What has more digits goes through decimal text, one value at a time.
"""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from tradewind.market.aggregate import Ints
from tradewind.market.quality import Floats
from tradewind.model.errors import DataError
from tradewind.model.instrument import decimals_of

if TYPE_CHECKING:
    import polars as pl

DECIMALS_MAX = 18
EXACT_FLOAT = 1e15
UNITS_MAX = 2**62
SAFE_TEXT = 16  # a point and 15 digits: such text and its float stand for the same decimal


class Scaled(msgspec.Struct, frozen=True, eq=False):
    """A column of integers, each worth 10**-scale."""

    units: Ints
    scale: int


# -- columns of a source ----------------------------------------------------------------------------------------------


def floats_of(column: "pl.Series") -> Floats:
    """Return the column as float64 for checking, NaN for what is no number; a float32 by its shortest text."""
    import polars as pl

    if column.dtype == pl.Float32:
        column = column.cast(pl.String)
    if column.dtype == pl.String:
        column = column.str.strip_chars()
    values: Floats = column.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
    return values


def exact(column: "pl.Series") -> Scaled:
    """Return finite numbers as integers at the smallest scale that holds every one exactly.

    Raises  DataError when 64 bits and 18 decimals cannot.
    """
    import polars as pl

    if column.dtype.is_integer():
        return Scaled(column.cast(pl.Int64).to_numpy(), 0)
    if column.dtype == pl.String or column.dtype.is_decimal():
        text = column.cast(pl.String).str.strip_chars()
        if bool((text.str.len_chars() > SAFE_TEXT).any()):
            return scaled_texts(text.to_list())
    return exact_floats(floats_of(column))


def exact_floats(values: Floats) -> Scaled:
    """Return floats as integers at the smallest scale that holds every one's shortest decimal text."""
    scale = 0
    while scale <= DECIMALS_MAX:
        units, held = _at_scale(values, scale)
        if bool(held.all()):
            return Scaled(units.astype(np.int64), scale)
        wrong = int(np.argmin(held))
        needed = decimals_of(Decimal(repr(float(values[wrong]))))
        if needed <= scale:
            break  # it is at its own scale and too long to tell by arithmetic
        scale = needed
    return scaled_texts([repr(value) for value in values.tolist()])


def scaled_texts(texts: list[str]) -> Scaled:
    """Return decimal texts as integers at the smallest scale that holds every one; slow, for long numbers."""
    numbers = [Decimal(text) for text in texts]
    scale = max((decimals_of(number) for number in numbers), default=0)
    largest = max((abs(number) for number in numbers), default=Decimal(0))
    if scale > DECIMALS_MAX or largest.scaleb(scale) >= UNITS_MAX:
        worst = max(texts, key=len)
        raise DataError(f"{worst} needs more digits than 64 bits hold ({scale} decimals): round the source")
    return Scaled(np.array([int(number.scaleb(scale)) for number in numbers], np.int64), scale)


def declared(values: Floats, scale: int) -> tuple[Scaled, int]:
    """Return floats as integers at `scale`, or at the largest lower one without overflow, and how many were rounded."""
    scale = fitting_scale(float(np.abs(values).max(initial=0.0)), scale)
    digits = decimals(values, max(scale, 0))
    units = np.empty(len(values), np.int64)
    short = digits >= 0
    kept = digits[short].astype(np.int64)
    mantissa = np.rint(values[short] * 10.0**kept).astype(np.int64)
    units[short] = mantissa * np.int64(10) ** (scale - kept)
    lost = 0
    for index in np.flatnonzero(~short).tolist():
        wanted = Decimal(repr(float(values[index]))).scaleb(scale)
        units[index] = int(wanted.to_integral_value(ROUND_HALF_EVEN))
        lost += wanted != int(units[index])
    return Scaled(units, scale), lost


def fitting_scale(largest: float, scale: int) -> int:
    """Return the largest scale up to `scale` at which `largest` fits 62 bits.

    Raises  DataError when not even whole units fit.
    """
    while scale >= 0 and largest * 10.0**scale >= UNITS_MAX:
        scale -= 1
    if scale < 0:
        raise DataError(f"a volume of {largest:g} does not fit 64 bits: divide the source's volumes first")
    return scale


def decimals(values: Floats, limit: int) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    """Return how many decimals each float's text has, -1 where more than `limit` or too long to tell quickly."""
    digits = np.full(len(values), -1, np.int8)
    left = np.arange(len(values))
    for scale in range(limit + 1):
        _, held = _at_scale(values[left], scale)
        digits[left[held]] = scale
        left = left[~held]
        if len(left) == 0:
            break
    return digits


# -- between scales ---------------------------------------------------------------------------------------------------


def rescaled(column: Scaled, scale: int) -> Ints:
    """Return the units at another scale, exactly.

    Raises  DataError when they do not fit, or digits would be lost.
    """
    if scale == column.scale or len(column.units) == 0:
        return column.units
    if scale < column.scale:
        factor = 10 ** (column.scale - scale)
        if bool((column.units % factor).any()):
            raise DataError(f"{column.scale} decimals do not fit a scale of {scale}")
        return np.floor_divide(column.units, np.int64(factor))
    if int(np.abs(column.units).max()) * 10 ** (scale - column.scale) >= 2 * UNITS_MAX:
        raise DataError(f"prices with {scale} decimals do not fit 64 bits together: import them as separate series")
    return column.units * np.int64(10 ** (scale - column.scale))


def rounded(column: Scaled, scale: int) -> Ints:
    """Return the units at another scale; digits beyond it round to the nearest, halves up."""
    if scale >= column.scale:
        return rescaled(column, scale)
    factor = 10 ** (column.scale - scale)
    units: Ints = np.floor_divide(column.units + np.int64(factor // 2), np.int64(factor))
    return units


def joined(pieces: list[Scaled]) -> Scaled:
    """Return the pieces one after another at the smallest scale that holds every value exactly."""
    scale = max((piece.scale for piece in pieces), default=0)
    units = np.concatenate([rescaled(piece, scale) for piece in pieces]) if pieces else np.empty(0, np.int64)
    return smallest(Scaled(units, scale))


def joined_declared(pieces: list[Scaled]) -> Scaled:
    """Return the pieces one after another at the largest scale of any that fits all, then without idle zeros."""
    scale = max((piece.scale for piece in pieces), default=0)
    for piece in pieces:
        largest = int(np.abs(piece.units).max(initial=0))
        scale = min(scale, fitting_scale(largest / 10.0**piece.scale, scale))
    units = np.concatenate([rounded(piece, scale) for piece in pieces]) if pieces else np.empty(0, np.int64)
    return smallest(Scaled(units, scale))


def smallest(column: Scaled) -> Scaled:
    """Return the column at the smallest scale that loses nothing."""
    units, scale = column.units, column.scale
    while scale > 0 and not (units[:1024] % 10).any() and not (units % 10).any():
        units, scale = units // 10, scale - 1
    return Scaled(units, scale)


def digits_used(column: Scaled) -> Ints:
    """Return how many decimals each value other than zero has."""
    units = column.units[column.units != 0]
    digits = np.full(len(units), column.scale, np.int64)
    idle = np.ones(len(units), np.bool_)
    for _ in range(column.scale):
        idle = idle & (units % 10 == 0)
        if not idle.any():
            break
        digits[idle] -= 1
        units[idle] //= 10
    return digits


def usual_decimals(column: Scaled) -> int:
    """Return the number of decimals that most values have; of two equally frequent, the larger."""
    counts = np.bincount(digits_used(column), minlength=1)
    return int(len(counts) - 1 - np.argmax(counts[::-1]))


def _at_scale(values: Floats, scale: int) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    power = 10.0**scale
    units = np.rint(values * power)
    held: np.ndarray[tuple[int], np.dtype[np.bool_]] = (units / power == values) & (np.abs(units) < EXACT_FLOAT)
    return units, held
