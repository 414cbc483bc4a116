"""Exact amounts: nothing rounds by accident, nothing is a float, and one text per amount."""

from decimal import Decimal, Inexact

import pytest

from tradewind.model.money import EXACT, add, money, multiply, plain, portion, power_of_ten, quantized, ratio

D = Decimal


@pytest.mark.parametrize("wrong", [0.1, float("nan")])
def test_a_float_is_no_money(wrong: float) -> None:
    with pytest.raises(TypeError, match="money is never a float"):
        money(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", ["NaN", "Infinity", "-inf", D("NaN"), D("Infinity"), "ten", ""])
def test_what_is_no_finite_number_is_refused(wrong: str | Decimal) -> None:
    with pytest.raises(ValueError, match=r"not a (finite amount|decimal number)"):
        money(wrong)


@pytest.mark.parametrize(("given", "expected"), [("1.50", D("1.50")), (7, D(7)), (D("-0.1"), D("-0.1"))])
def test_texts_integers_and_decimals_are_taken_exactly(given: str | int | Decimal, expected: Decimal) -> None:
    assert money(given) == expected


def test_what_cannot_be_held_exactly_raises_instead_of_rounding() -> None:
    with pytest.raises(Inexact):
        EXACT.divide(D(1), D(3))
    with pytest.raises(Inexact):
        add(D("1e40"), D("1e-40"))
    with pytest.raises(Inexact):
        multiply(D("1." + "1" * 40), D("1." + "1" * 40))


@pytest.mark.parametrize(
    ("total", "part", "whole", "expected"),
    [
        (D(10), 3, 3, D(10)),
        (D(10), 1, 3, D("3.333333333333333333")),
        (D(10), 2, 3, D("6.666666666666666667")),
        (D("1e-18"), 1, 2, D(0)),
        (D("3e-18"), 1, 2, D("2e-18")),
    ],
)
def test_a_portion_is_rounded_half_even_to_the_smallest_amount(
    total: Decimal, part: int, whole: int, expected: Decimal
) -> None:
    assert portion(total, part, whole) == expected


def test_a_portion_and_the_rest_are_the_whole() -> None:
    total = D("123.456789")
    taken = portion(total, 1, 7)
    assert add(taken, total - taken) == total


def test_ratios_are_rounded_once() -> None:
    assert ratio(D(2), D(3)) == D("0.666666666666666667")
    assert quantized(D("0.0000000000000000015")) == D("2e-18")
    assert quantized(D("0.0000000000000000025")) == D("2e-18")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1.500", "1.5"),
        ("1E+3", "1000"),
        ("-0.00", "0"),
        ("0.000000001", "0.000000001"),
        ("-12.30", "-12.3"),
        ("5", "5"),
    ],
)
def test_an_amount_has_one_text(amount: str, text: str) -> None:
    assert plain(D(amount)) == text


@pytest.mark.parametrize(("exponent", "expected"), [(0, D(1)), (3, D(1000)), (-8, D("0.00000001"))])
def test_powers_of_ten_are_exact(exponent: int, expected: Decimal) -> None:
    assert power_of_ten(exponent) == expected
