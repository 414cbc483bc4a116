"""Covariance estimates: the golden shrinkage, and matrices that stay valid."""

import math

import numpy as np
import pytest

from tradewind.numeric import covariance as cov

MIX = np.array([[1, 0.5, 0.2, 0], [0, 1, 0.3, 0.1], [0, 0, 1, 0.4], [0, 0, 0, 1]])


def golden_returns():
    return np.random.RandomState(7).standard_normal((60, 4)) @ MIX * 0.01


def test_ledoit_wolf_golden():
    result = cov.ledoit_wolf(golden_returns())
    assert result.shrinkage == pytest.approx(0.3170886154590302, abs=1e-12)
    assert result.covariance[0, 0] == pytest.approx(9.374555957933897e-05, abs=1e-15)
    assert result.covariance[0, 1] == pytest.approx(3.065482129885643e-05, abs=1e-15)


def test_ledoit_wolf_of_two_rows_or_constants_stays_valid():
    assert np.linalg.eigvalsh(cov.ledoit_wolf([[0.1, 0.2], [0.3, -0.1]]).covariance)[0] >= -1e-15
    constant = cov.ledoit_wolf(np.ones((5, 3)))
    assert constant.shrinkage == 0
    assert not constant.covariance.any()
    assert cov.ledoit_wolf(golden_returns()[:, :1]).covariance.shape == (1, 1)


def test_ewma_covariance_weighs_the_last_row_most():
    rows = np.zeros((50, 2))
    rows[-1] = [0.1, 0.1]
    late = cov.ewma_covariance(rows)
    early = cov.ewma_covariance(rows[::-1])
    assert late[0, 1] > early[0, 1]
    assert (late == late.T).all()


def test_correlation_has_a_unit_diagonal():
    matrix = cov.correlation_from(cov.ledoit_wolf(golden_returns()).covariance)
    assert (np.diag(matrix) == 1).all()
    assert (matrix == matrix.T).all()
    assert np.abs(matrix).max() == 1


def test_correlation_of_something_that_never_moves_is_unknown():
    matrix = cov.correlation_from([[0.0, 0.0], [0.0, 0.04]])
    assert math.isnan(matrix[0, 1])
    assert matrix[0, 0] == 1


def test_nearest_correlation_repairs_an_impossible_matrix():
    impossible = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    assert np.linalg.eigvalsh(impossible)[0] < -0.5
    repaired = cov.nearest_correlation(impossible)
    assert np.linalg.eigvalsh(repaired)[0] >= -1e-12
    assert (np.diag(repaired) == 1).all()
    assert (repaired == repaired.T).all()


def test_nearest_correlation_keeps_a_valid_one():
    valid = np.array([[1, 0.3], [0.3, 1]])
    assert (cov.nearest_correlation(valid) == valid).all()


def test_pairwise_correlation_uses_the_rows_that_both_have():
    rows = golden_returns()
    holes = rows.copy()
    holes[:20, 0] = np.nan
    matrix = cov.pairwise_correlation(holes)
    assert matrix[0, 1] == pytest.approx(np.corrcoef(rows[20:, 0], rows[20:, 1])[0, 1], abs=1e-12)
    assert matrix[2, 3] == pytest.approx(np.corrcoef(rows[:, 2], rows[:, 3])[0, 1], abs=1e-12)


def test_pairwise_correlation_without_common_rows_is_zero():
    rows = np.array([[0.1, np.nan], [np.nan, 0.2], [0.3, np.nan]])
    assert cov.pairwise_correlation(rows)[0, 1] == 0


def test_component_risk_adds_up_to_volatility():
    matrix = cov.ledoit_wolf(golden_returns()).covariance
    weights = np.array([0.5, 0.3, -0.1, 0.2])
    parts = cov.component_risk(weights, matrix)
    assert parts.sum() == pytest.approx(math.sqrt(weights @ matrix @ weights), abs=1e-10)
    assert not cov.component_risk(np.zeros(4), matrix).any()


@pytest.mark.parametrize("table", [[1.0], [[math.nan]], np.empty((0, 2))])
def test_bad_tables_are_refused(table):
    with pytest.raises(ValueError, match="returns"):
        cov.ledoit_wolf(table)


def test_bad_shapes_and_decay_are_refused():
    with pytest.raises(ValueError, match="square"):
        cov.correlation_from([[1.0, 2.0]])
    with pytest.raises(ValueError, match="do not fit"):
        cov.component_risk([1.0], np.eye(2))
    with pytest.raises(ValueError, match="decay"):
        cov.ewma_covariance(golden_returns(), 1.0)
    with pytest.raises(ValueError, match="table"):
        cov.pairwise_correlation([1.0])
