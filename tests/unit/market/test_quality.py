"""Every fault by a row that has it, and what the scores make of them."""

import numpy as np
import pytest

from tradewind.market.quality import (
    NO_TIME,
    BarQuality,
    Fault,
    bar_quality,
    missing_bars,
    outliers,
    score,
)

GOOD = (10.0, 12.0, 9.0, 11.0, 5.0)


def judge(rows: dict[int, tuple[float, ...]] | list[tuple[int, tuple[float, ...]]]) -> tuple[BarQuality, list[str]]:
    pairs = list(rows.items()) if isinstance(rows, dict) else rows
    open_ns = np.array([pair[0] for pair in pairs], np.int64)
    opening, high, low, closing, volume = np.array([pair[1] for pair in pairs], np.float64).T
    counts, codes = bar_quality(open_ns, (opening, high, low, closing), volume, 10)
    return counts, ["" if code == 0 else tuple(Fault)[code - 1].name for code in codes.tolist()]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ((float("nan"), 12, 9, 11, 5), "NON_FINITE"),
        ((10, float("inf"), 9, 11, 5), "NON_FINITE"),
        ((10, 12, 9, 11, float("nan")), "NON_FINITE"),
        ((10, 12, 0, 11, 5), "NON_POSITIVE_PRICE"),
        ((-10, 12, 9, 11, 5), "NON_POSITIVE_PRICE"),
        ((10, 12, 9, 11, -1), "NEGATIVE_VOLUME"),
        ((10, 10.5, 9, 11, 5), "OHLC"),
        ((10, 12, 10.5, 11, 5), "OHLC"),
    ],
)
def test_a_bad_value_is_named(row: tuple[float, ...], fault: str) -> None:
    counts, faults = judge({0: GOOD, 10: row, 20: GOOD})
    assert faults == ["", fault, ""]
    assert (counts.bad, counts.good) == (1, 2)
    assert counts.missing == 1, "a refused row is missing"


def test_order_is_judged_among_good_rows() -> None:
    nan = (float("nan"),) * 5
    counts, faults = judge([(10, GOOD), (10, GOOD), (30, nan), (20, GOOD), (15, GOOD), (10, GOOD), (30, GOOD)])
    assert faults == ["", "DUPLICATE", "NON_FINITE", "", "OFF_GRID", "OUT_OF_ORDER", ""]
    assert counts.faults["duplicate time"] == 1
    _, faults = judge([(NO_TIME, GOOD), (10, GOOD)])
    assert faults == ["UNREADABLE_TIME", ""]


def test_gaps_count_bars_runs_and_the_largest() -> None:
    counts, _ = judge({0: GOOD, 30: GOOD, 40: (10, 12, 9, 11, 0), 60: GOOD})
    assert (counts.missing, counts.gap_runs, counts.largest_gap, counts.zero_volume) == (3, 2, 2, 1)
    rows, absent = missing_bars(np.array([0, 30, 40, 60], np.int64), 10)
    assert (rows.tolist(), absent.tolist()) == ([1, 3], [2, 1])
    rows, absent = missing_bars(np.array([50], np.int64), 10, last_ns=20)
    assert (rows.tolist(), absent.tolist()) == ([0], [2])


@pytest.mark.parametrize(
    ("row", "marked"),
    [
        ((10, 12, 9, 11), False),
        ((10, 25, 9, 11), True),
        ((10, 12, 4, 11), True),
        ((10, 21, 10, 21), True),
        ((23, 23, 22, 22), True),
        ((5, 5, 5, 5), True),
    ],
)
def test_an_outlier_doubles_or_halves(row: tuple[float, ...], marked: bool) -> None:
    opening, high, low, closing = (np.array([value], np.float64) for value in row)
    assert outliers((opening, high, low, closing), last_close=11.0).tolist() == [marked]


def test_outliers_are_counted_and_not_faults() -> None:
    counts, faults = judge({0: GOOD, 10: (30, 30, 30, 30, 1), 20: (10, 10, 10, 10, 1)})
    assert (counts.outliers, faults) == (2, ["", "", ""])


def test_a_missing_bar_costs_completeness_only_where_it_was_expected() -> None:
    counts = BarQuality(rows=8, faults={"duplicate time": 2}, missing=2)
    plain = score(counts, no_trade=False)
    assert (plain.completeness, plain.validity, plain.timeliness, plain.overall) == (0.75, 0.75, None, 0.75)
    thin = score(counts, no_trade=True, age_ns=30, age_ns_max=60)
    assert (thin.completeness, thin.timeliness, thin.overall) == (1.0, 0.5, 0.5)
    assert score(BarQuality(), no_trade=True).overall == 0.0


def test_counts_of_pieces_add_up() -> None:
    one = BarQuality(rows=5, faults={"duplicate time": 1}, missing=1, gap_runs=1, largest_gap=1)
    two = BarQuality(rows=2, faults={"duplicate time": 1, "out of order": 1}, missing=7, gap_runs=1, largest_gap=7)
    both = one.plus(two)
    assert both.faults == {"duplicate time": 2, "out of order": 1}
    assert (both.rows, both.missing, both.gap_runs, both.largest_gap, both.bad) == (7, 8, 2, 7, 3)
