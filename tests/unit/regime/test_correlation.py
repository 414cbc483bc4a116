"""The running correlation equals the one that is computed from the whole window."""

import numpy as np
import pytest

from tradewind.numeric.cross_asset import average_pairwise_correlation
from tradewind.regime import correlation
from tradewind.regime.correlation import (
    USUAL_MINIMUM_BARS,
    WINDOW_BARS,
    FewPairSums,
    PairSums,
    RollingCorrelation,
)

ASSETS = pytest.mark.parametrize("assets", [5, 12])
"""On either side of `FEW`."""


def returns(rows: int = 300, assets: int = 5) -> np.ndarray:
    rng = np.random.default_rng(4)
    return 0.01 * (rng.standard_normal((rows, assets)) + rng.standard_normal((rows, 1)))


def run(table: np.ndarray) -> list[float | None]:
    rolling = RollingCorrelation(table.shape[1])
    return [rolling.update(row.tolist()) for row in table]


def slow(table: np.ndarray) -> list[float | None]:
    ends = range(1, len(table) + 1)
    return [
        average_pairwise_correlation(table[end - WINDOW_BARS : end]) if end >= WINDOW_BARS else None for end in ends
    ]


def compare(table: np.ndarray) -> None:
    for fast, whole in zip(run(table), slow(table), strict=True):
        assert (fast is None) == (whole is None)
        if fast is not None:
            assert fast == pytest.approx(whole, abs=1e-9)


@ASSETS
def test_equal_to_the_whole_window(assets: int) -> None:
    compare(returns(assets=assets))


@ASSETS
def test_equal_across_sums_taken_afresh(monkeypatch: pytest.MonkeyPatch, assets: int) -> None:
    monkeypatch.setattr(correlation, "RESUM_BARS", 50)
    compare(returns(assets=assets))


@ASSETS
def test_missing_bars_are_read_pair_by_pair(assets: int) -> None:
    table = returns(assets=assets)
    table[100:103, 1] = np.nan
    table[104, :2] = np.nan
    table[180, 4] = np.nan
    compare(table)


@pytest.mark.parametrize("seed", range(4))
@ASSETS
def test_windows_full_of_holes(assets: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = returns(200, assets)
    table[rng.random(table.shape) < 0.2] = np.nan
    table[40:120, 0] = 0.0  # stands still
    table[60:150, 1] = np.nan  # trades no more
    table[80:110, 2:] = np.nan  # nobody has company
    table[120:170, 3][rng.random(50) < 0.8] = np.nan  # hardly a row is shared
    compare(table)
    assert None in run(table)[80:110]


def test_an_asset_that_stands_still_is_left_out() -> None:
    table = returns()
    table[:, 0] = 0.0
    compare(table)
    many = returns(assets=12)
    many[50:150, 3:] = 0.0
    compare(many)
    table[100:200, 1:3] = 0.0
    found = run(table)
    assert found[150] is None
    assert found[99] is not None


def test_few_and_many_are_kept_the_same() -> None:
    few, many = FewPairSums(6), PairSums(6)
    table = returns(assets=6)
    for sums in (few, many):
        sums.take(table[:WINDOW_BARS])
    for at in range(WINDOW_BARS, 200):
        newest, oldest = table[at].tolist(), table[at - WINDOW_BARS].tolist()
        few.slide(newest, oldest)
        many.slide(newest, oldest)
        assert few.cross == many.cross.tolist()
        assert few.products == [row[i:] for i, row in enumerate(many.products.tolist())]
        for moved in ([True] * 6, [True, False, True, True, False, True], [False] * 4 + [True] * 2):
            assert few.mean(moved) == pytest.approx(many.mean(moved), abs=1e-12)


def test_the_score_measures_against_the_past() -> None:
    rolling = RollingCorrelation(4)
    table = returns(400, 4)
    values, scores = [], []
    for row in table:
        values.append(rolling.update(row.tolist()))
        scores.append(rolling.z_score)
    first = next(at for at, each in enumerate(scores) if each is not None)
    assert first == WINDOW_BARS - 1 + USUAL_MINIMUM_BARS - 1
    known = np.array(values[WINDOW_BARS - 1 :], dtype=float)
    assert scores[-1] == pytest.approx((known[-1] - known.mean()) / known.std(), abs=1e-9)
