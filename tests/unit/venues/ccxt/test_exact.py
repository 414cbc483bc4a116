"""Numbers out of ccxt: every text exactly, a float only where it can be but one decimal, anything else refused."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.model.errors import MalformedAnswer
from tradewind.venues.ccxt.exact import exact, moment_ns, needed, not_negative


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.1", "0.1"),
        ("1e-8", "0.00000001"),
        ("0.123456789012345678901", "0.123456789012345678901"),
        (7, "7"),
        (0.00001, "0.00001"),
        (1e-8, "0.00000001"),
        (123456789012345.0, "123456789012345"),
        (Decimal("1.50"), "1.5"),
    ],
)
def test_exact_numbers(value: Any, expected: str) -> None:
    assert exact(value, "it") == Decimal(expected)


@pytest.mark.parametrize("value", [None, ""])
def test_nothing_is_nothing(value: Any) -> None:
    assert exact(value, "it") is None


@pytest.mark.parametrize(
    "value", [0.1 + 0.2, 1 / 3, 2.0**60, float("nan"), float("inf"), "nan", "Infinity", "1,5", "x", True, [], {}]
)
def test_what_cannot_be_exact_is_refused(value: Any) -> None:
    with pytest.raises(MalformedAnswer, match="it: "):
        exact(value, "it")


@given(st.decimals(min_value=0, max_value=10**9, places=6))
def test_a_short_float_is_the_text_it_was_written_as(value: Decimal) -> None:
    text = format(value, "f")
    digits = len(value.normalize().as_tuple().digits)
    if digits <= 15:
        assert exact(float(text), "it") == exact(text, "it") == value


@pytest.mark.parametrize("value", [None, "0", "-1", 0])
def test_needed_is_above_zero(value: Any) -> None:
    with pytest.raises(MalformedAnswer, match="positive"):
        needed(value, "it")


def test_not_negative() -> None:
    assert not_negative(None, "it") == 0
    with pytest.raises(MalformedAnswer, match="negative"):
        not_negative("-0.1", "it")


def test_moments_are_milliseconds() -> None:
    assert (moment_ns(1_700_000_000_123), moment_ns("5"), moment_ns(None)) == (1_700_000_000_123_000_000, 5_000_000, 0)
