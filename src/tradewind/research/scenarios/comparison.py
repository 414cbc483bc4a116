"""Compares what a scenario wants with what came out, by the rules of its page; the first difference is told as text.

A string that reads as a number is an exact decimal (rounded half-even when written with 8 or more decimals); a JSON
number is a float or a count with a tolerance; null is no value; an object is checked key by key, against a list by
index; a list must have the same length and order.
"""

import math
import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import Enum
from typing import Any

import msgspec
import numpy as np

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z")
ROUNDED_FROM_DECIMALS = 8
NOISE = 1e-15
WIDE = Context(prec=400, rounding=ROUND_HALF_EVEN)

Tolerance = float | Mapping[str, float]


class _Missing:
    """Stands for a value that is not there."""

    def __repr__(self) -> str:
        return "nothing"


MISSING = _Missing()


def first_difference(want: Any, got: Any, tolerance: Tolerance = 0.0) -> str | None:
    """Return `path: wanted X, got Y` for the first value that differs, or None."""
    got = plain_values(got)
    if isinstance(tolerance, Mapping):
        return _difference_by_key(want, got, tolerance)
    return _difference(want, got, float(tolerance), "")


def plain_values(value: Any) -> Any:
    """Return the value made of dictionaries, lists, decimals, numbers, strings and None only."""
    if isinstance(value, msgspec.Struct):
        return plain_values(msgspec.structs.asdict(value))
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain_values(value._asdict())
    if isinstance(value, Mapping):
        return {str(key): plain_values(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain_values(item) for item in value]
    return value


def _difference_by_key(want: Any, got: Any, tolerance: Mapping[str, float]) -> str | None:
    if not isinstance(want, Mapping):
        return "tolerance: wanted one number, got an object for an expectation that is none"
    for key in tolerance:
        if key not in want:
            return f"tolerance.{key}: wanted a key of expect, got an unknown one"
    for key, item in want.items():
        found = _difference(item, _entry(got, key), float(tolerance.get(key, 0.0)), key)
        if found:
            return found
    return None


def _difference(want: Any, got: Any, tolerance: float, path: str) -> str | None:
    if isinstance(want, Mapping):
        return _first(
            _difference(item, _entry(got, key), tolerance, f"{path}.{key}" if path else key)
            for key, item in want.items()
        )
    if isinstance(want, list):
        if not isinstance(got, list):
            return _told(path, want, got)
        if len(got) != len(want):
            return _told(f"{path}.length" if path else "length", len(want), len(got))
        return _first(_difference(item, got[i], tolerance, f"{path}[{i}]") for i, item in enumerate(want))
    return None if _is_equal(want, got, tolerance) else _told(path, want, got)


def _first(differences: Any) -> str | None:
    return next((difference for difference in differences if difference), None)


def _entry(got: Any, key: str) -> Any:
    """Return the entry of an object by key, or of a list by index ("27", or "0,1" in a matrix)."""
    if isinstance(got, Mapping):
        return got.get(key, MISSING)
    for part in key.split(","):
        if not isinstance(got, list) or not part.isdigit() or int(part) >= len(got):
            return MISSING
        got = got[int(part)]
    return got


def _is_equal(want: Any, got: Any, tolerance: float) -> bool:
    if want is None:
        return got is None or (isinstance(got, float) and math.isnan(got))
    if isinstance(want, bool) or isinstance(got, bool):
        return want is got
    if isinstance(want, str):
        return _is_equal_decimal(want, got) if NUMBER.match(want) else want == got
    if isinstance(want, (int, float)) and isinstance(got, (int, float, Decimal)):
        return _is_close(float(want), float(got), tolerance)
    return False


def _is_equal_decimal(want: str, got: Any) -> bool:
    if isinstance(got, str) and NUMBER.match(got):
        got = Decimal(got)
    if not isinstance(got, (int, Decimal)):
        return False
    wanted = Decimal(want)
    exponent = wanted.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 0
    found = Decimal(got)
    if decimals >= ROUNDED_FROM_DECIMALS:
        found = WIDE.quantize(found, Decimal(1).scaleb(-decimals))
    return found == wanted


def _is_close(want: float, got: float, tolerance: float) -> bool:
    if math.isnan(got) or math.isinf(got):
        return want == got
    gap = abs(got - want)
    return gap <= tolerance or gap <= NOISE * max(abs(want), abs(got))


def _told(path: str, want: Any, got: Any) -> str:
    return f"{path or 'result'}: wanted {_text(want)}, got {_text(got)}"


def _text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)
