"""The figures of the bench, by hand."""

import math

import numpy as np
import pytest

from tradewind.research.regime.scores import Answers, brier, detection_delays, expected_calibration_error, score


def certain(labels: list[int]) -> np.ndarray:
    return np.eye(4)[labels]


def answers(truth: list[int], labels: list[int]) -> Answers:
    return Answers(np.array(truth), np.array(labels), certain(labels))


def test_figures_by_hand() -> None:
    found = score([answers([0, 0, 1, 1, 2, 2, 3, 3], [0, 1, 1, 1, 2, 3, 3, 2])])
    assert found.accuracy == 5 / 8
    assert found.balanced_accuracy == pytest.approx((0.5 + 1.0 + 0.5 + 0.5) / 4)
    assert found.recall == (0.5, 1.0, 0.5, 0.5)
    assert found.precision == (1.0, 2 / 3, 0.5, 0.5)
    assert found.gate_accuracy == 1.0  # choppy taken for crisis blocks all the same
    assert found.crisis_false_alarm_rate == pytest.approx(1 / 6)
    assert found.switches_per_1000 == pytest.approx(1000 * 4 / 8)
    assert found.macro_f1 == pytest.approx((2 / 3 + 4 / 5 + 1 / 2 + 1 / 2) / 4)
    assert found.confusion[0] == (1, 1, 0, 0)


def test_perfect_answers() -> None:
    truth = [0] * 20 + [3] * 20 + [1] * 20
    found = score([answers(truth, truth)])
    assert (found.accuracy, found.ece, found.brier, found.delay_median) == (1.0, 0.0, 0.0, 0.0)
    assert found.settled_accuracy == 1.0


def test_a_class_that_is_neither_there_nor_said_has_no_recall() -> None:
    found = score([answers([0, 1], [0, 1])])
    assert found.recall[2:] == (None, None)
    assert found.crisis_recall is None
    assert found.delay_median is None


def test_switches_do_not_count_across_series() -> None:
    found = score([answers([0] * 5, [0] * 5), answers([1] * 5, [1] * 5)])
    assert found.switches_per_1000 == 0.0


def test_delays_count_to_the_first_of_three() -> None:
    truth = np.array([0] * 4 + [3] * 8 + [1] * 4)
    labels = np.array([0] * 4 + [0, 3, 0, 3, 3, 3, 3, 0] + [1, 1, 2, 1])
    assert detection_delays(truth, labels) == [(3, 3.0), (1, math.inf)]


def test_the_first_episode_has_no_beginning() -> None:
    assert detection_delays(np.zeros(5, dtype=int), np.zeros(5, dtype=int)) == []


def test_calibration_error_of_a_braggart() -> None:
    assert expected_calibration_error(np.full(10, 0.95), np.arange(10) < 5) == pytest.approx(0.45)
    assert expected_calibration_error(np.array([1.0, 1.0]), np.array([True, True])) == 0.0


def test_brier_lies_between_zero_and_two() -> None:
    assert brier(certain([0, 1]), np.array([1, 0])) == 2.0
    assert brier(np.full((3, 4), 0.25), np.array([0, 1, 2])) == pytest.approx(0.75)


def test_nothing_to_score_is_said() -> None:
    with pytest.raises(ValueError, match="no bar"):
        score([answers([], [])])
