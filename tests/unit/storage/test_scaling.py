"""Floats and texts as integers: against Decimal, value by value."""

from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tradewind.model.errors import DataError
from tradewind.storage.catalog.scaling import (
    Scaled,
    decimals,
    declared,
    digits_used,
    exact,
    exact_floats,
    floats_of,
    joined,
    joined_declared,
    rescaled,
    rounded,
    usual_decimals,
)


def scaled(units: list[int], scale: int) -> Scaled:
    return Scaled(np.array(units, np.int64), scale)


def shown(column: Scaled) -> tuple[list[int], int]:
    return column.units.tolist(), column.scale


@pytest.mark.parametrize(
    ("values", "units", "scale"),
    [
        ([0.1, 2.25, 3.0], [10, 225, 300], 2),
        ([1.0, 20.0], [1, 20], 0),
        ([0.1 + 0.2, 1.0], [30000000000000004, 100000000000000000], 17),
        ([61837.299999999996], [61837299999999996], 12),
        ([1e-8, 2.5], [1, 250000000], 8),
        ([], [], 0),
    ],
)
def test_floats_are_their_shortest_text_at_the_smallest_scale(
    values: list[float], units: list[int], scale: int
) -> None:
    assert shown(exact(pl.Series(values, dtype=pl.Float64))) == (units, scale)


def test_text_keeps_every_digit_it_was_written_with() -> None:
    assert shown(exact(pl.Series(["61837.123456789012", " 1 "]))) == ([61837123456789012, 1000000000000], 12)
    assert shown(exact(pl.Series(["1e-3", "2"]))) == ([1, 2000], 3)
    assert shown(exact(pl.Series(["1.50", "2.25"], dtype=pl.Decimal(20, 2)))) == ([150, 225], 2)
    assert shown(exact(pl.Series([7, 8], dtype=pl.UInt32))) == ([7, 8], 0)


def test_a_float32_is_its_own_shortest_text() -> None:
    series = pl.Series([443.356201, 0.1, 1.8252066e13], dtype=pl.Float32)
    assert floats_of(series).tolist() == [443.3562, 0.1, 18252065000000.0]


def test_what_64_bits_cannot_hold_is_an_error() -> None:
    with pytest.raises(DataError, match=r"needs more digits than 64 bits hold \(20 decimals\): round the source"):
        exact(pl.Series([0.00011999999999999999, 1.5]))
    with pytest.raises(DataError, match="do not fit 64 bits together"):
        rescaled(scaled([10**12], 0), 9)
    with pytest.raises(DataError, match="3 decimals do not fit a scale of 1"):
        rescaled(scaled([1005], 3), 1)
    with pytest.raises(DataError, match="a volume of 1e\\+20 does not fit 64 bits"):
        declared(np.array([1e20]), 8)


def test_a_declared_scale_shrinks_until_nothing_overflows_and_counts_what_it_rounds() -> None:
    column, lost = declared(np.array([443.3562, 18252000000000.0, 1.2345e-9]), 8)
    assert (shown(column), lost) == (([44335620, 1825200000000000000, 0], 5), 1)
    column, lost = declared(np.array([0.5, 1.25]), 8)
    assert (shown(column), lost) == (([50000000, 125000000], 8), 0)
    column, lost = declared(np.array([9007199254740993.0, 3.0]), 2)
    assert (column.units.tolist(), lost) == ([900719925474099200, 300], 0)


def test_columns_join_at_a_common_scale_without_idle_zeros() -> None:
    assert shown(joined([scaled([15], 1), scaled([225], 2)])) == ([150, 225], 2)
    assert shown(joined([scaled([150], 2), scaled([2200], 3)])) == ([15, 22], 1)
    assert shown(joined([])) == ([], 0)
    assert shown(joined_declared([scaled([10**15], 0), scaled([12345678], 8)])) == ([10**18, 123], 3)


def test_rounding_is_to_the_nearest() -> None:
    assert rounded(scaled([149, 150, -151], 2), 0).tolist() == [1, 2, -2]


def test_decimals_are_counted() -> None:
    assert decimals(np.array([1.0, 0.5, 0.125, 1e-9]), 4).tolist() == [0, 1, 3, -1]
    assert digits_used(scaled([100, 120, 123, 0], 2)).tolist() == [0, 1, 2]
    assert usual_decimals(scaled([125, 120, 133, 200], 2)) == 2
    assert usual_decimals(scaled([0, 0], 4)) == 0


@given(st.lists(st.decimals(0, 10**6, places=9, allow_nan=False), min_size=1, max_size=20))
def test_any_decimals_of_fifteen_digits_come_back(numbers: list[Decimal]) -> None:
    column = exact_floats(np.array([float(number) for number in numbers]))
    values = [Decimal(unit).scaleb(-column.scale) for unit in column.units.tolist()]
    assert values == numbers
    assert column.scale == 0 or any(unit % 10 for unit in column.units.tolist()), "a smaller scale would do"


@given(st.lists(st.floats(1e-4, 1e7), min_size=1, max_size=10))
@example([1.880859375, 8388608.43660714])  # sixteen digits at the first one's scale
def test_any_floats_are_exact_or_refused(values: list[float]) -> None:
    numbers = [Decimal(repr(value)) for value in values]
    try:
        column = exact_floats(np.array(values))
    except DataError:
        scale = max(-int(number.as_tuple().exponent) for number in numbers)
        assert scale > 18 or max(numbers).scaleb(scale) >= 2**62
    else:
        assert [Decimal(unit).scaleb(-column.scale) for unit in column.units.tolist()] == numbers
