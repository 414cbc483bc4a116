"""Queue models against the formula written out, and against each other where they must agree."""

from decimal import Decimal

import pytest

from tradewind.simulation.queue import ahead_after_update, queue_ahead
from tradewind.simulation.settings import QueueModel


def test_the_scenario_row_c08() -> None:
    estimate = queue_ahead("power", 3, Decimal(40), Decimal(100), Decimal(80), Decimal(0))
    assert estimate.p_behind == pytest.approx(0.77142857, abs=5e-9)
    assert estimate.ahead == pytest.approx(35.42857143, abs=5e-9)


@pytest.mark.parametrize(("n", "share"), [(1.0, "0.6"), (2.0, "0.692307692308"), (3.0, "0.771428571429")])
def test_the_share_behind_is_a_power_law(n: float, share: str) -> None:
    after = ahead_after_update(QueueModel.POWER, n, Decimal(40), 100, 90, 0)
    assert after == pytest.approx(Decimal(40) - 10 * (1 - Decimal(share)), abs=Decimal("1e-9"))


def test_trades_explain_their_part_of_the_decrease() -> None:
    assert ahead_after_update(QueueModel.POWER, 1.0, Decimal(30), 100, 90, 10) == 30
    unexplained = ahead_after_update(QueueModel.POWER, 1.0, Decimal(30), 100, 80, 10)
    assert unexplained == 27  # 70 % of ten cancels were behind


def test_cancels_that_cannot_have_been_behind_were_ahead() -> None:
    # 90 ahead, 10 behind, 50 canceled: p = 0.1 leaves 90 - 45, and 5 behind is fewer than the 10 there were.
    assert ahead_after_update(QueueModel.POWER, 1.0, Decimal(90), 100, 50, 0) == 45
    # 10 ahead, 90 behind, 95 canceled: 0.9 x 95 fits into 90, the new size caps the rest.
    assert ahead_after_update(QueueModel.POWER, 1.0, Decimal(10), 100, 5, 0) == Decimal("0.5")
    # 50 : 50 to the third power, 120 "canceled" of 100 (trades counted elsewhere): nothing is left ahead.
    assert ahead_after_update(QueueModel.POWER, 3.0, Decimal(50), 100, 0, 0) == 0


@pytest.mark.parametrize("model", list(QueueModel))
@pytest.mark.parametrize(("old", "new"), [(50, 60), (50, 50)])
def test_growth_changes_nothing(model: QueueModel, old: int, new: int) -> None:
    assert ahead_after_update(model, 3.0, Decimal(40), old, new, 0) == 40


@pytest.mark.parametrize("model", list(QueueModel))
def test_a_removed_level_leaves_nothing_ahead(model: QueueModel) -> None:
    assert ahead_after_update(model, 2.0, Decimal(40), 100, 0, 0) == 0


def test_an_empty_level_counts_as_all_behind() -> None:
    assert queue_ahead(QueueModel.POWER, 3, Decimal(0), Decimal(0), Decimal(0), Decimal(0)).p_behind == 1


def test_risk_averse_says_that_every_cancel_was_behind() -> None:
    estimate = queue_ahead("risk_averse", 3, Decimal(50), Decimal(50), Decimal(35), Decimal(0))
    assert (estimate.p_behind, estimate.ahead) == (1.0, 35.0)
