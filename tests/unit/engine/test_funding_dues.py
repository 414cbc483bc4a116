"""Funding that only cash tells of: expected by schedule, booked to the last digit, and nothing else is taken for it."""

from decimal import Decimal

import pytest

from tests.engine_rig import PERP, Desk, config
from tradewind.engine.funding_dues import FundingDues
from tradewind.model.answers import FundingPaid
from tradewind.model.intents import TargetQuantity

D = Decimal
RATE = D("0.001")
S = 1_000_000_000


def held(quantity: str = "1") -> Desk:
    """A perpetual position of some contracts at 10,000 units of price."""
    desk = Desk(config([TargetQuantity(D(quantity))], instruments=[PERP]))
    desk.bar(instrument=PERP.id)
    desk.fill(desk.sent[0].order_id)
    return desk


def expecting(desk: Desk, *seconds: int) -> FundingDues:
    dues = FundingDues()
    for each in seconds:
        dues.told(PERP.id, each * S, RATE, None)
        dues.passed(desk.state, each * S)
    return dues


def estimate(desk: Desk) -> D:
    market = desk.state.markets[PERP.id]
    assert market.mark is not None
    return -market.line.unit_value * market.held * market.mark * RATE


def amounts(paid: list[FundingPaid]) -> list[D]:
    return [each.amount for each in paid]


def test_a_difference_near_the_estimate_is_the_payment_to_the_last_digit() -> None:
    desk = held()
    gap = estimate(desk) * D("1.013") + D("0.000000000001")
    (paid,) = expecting(desk, 5).explain(PERP.quote, gap, 9 * S)
    assert (paid.instrument, paid.amount, paid.payment_id) == (PERP.id, gap, f"{PERP.id}:{5 * S}")


@pytest.mark.parametrize("factor", ["-1", "0.5", "2", "0"])
def test_another_difference_is_not_funding(factor: str) -> None:
    desk = held()
    assert expecting(desk, 5).explain(PERP.quote, estimate(desk) * D(factor), 9 * S) == []
    assert expecting(desk, 5).explain("EUR", estimate(desk), 9 * S) == []


def test_what_came_due_while_nobody_listened_is_expected_at_the_rate_of_now() -> None:
    desk = held()
    dues = FundingDues(since_ns=10 * S)
    dues.told(PERP.id, 40 * S, RATE, 10 * S)
    dues.passed(desk.state, 35 * S)
    dues.told(PERP.id, 40 * S, RATE, 10 * S)
    paid = dues.explain(PERP.quote, 2 * estimate(desk), 36 * S)
    assert [each.payment_id for each in paid] == [f"{PERP.id}:{at * S}" for at in (20, 30)]  # that of 10 had been heard
    dues.passed(desk.state, 45 * S)
    assert amounts(dues.explain(PERP.quote, estimate(desk), 46 * S)) == [estimate(desk)]


def test_a_session_that_begins_expects_nothing_of_the_past() -> None:
    desk, dues = held(), FundingDues()
    dues.told(PERP.id, 40 * S, RATE, 10 * S)
    dues.passed(desk.state, 35 * S)
    assert dues.explain(PERP.quote, estimate(desk), 36 * S) == []


def test_as_many_dues_are_taken_as_fit_best_and_the_rest_waits() -> None:
    desk = held()
    one = estimate(desk)
    dues = expecting(desk, 1, 2, 3, 4, 5)
    first = dues.explain(PERP.quote, one * 4 + D("0.001"), 9 * S)
    assert amounts(first) == [one, one, one, one + D("0.001")]
    assert amounts(dues.explain(PERP.quote, one, 9 * S)) == [one]
    assert dues.explain(PERP.quote, one, 9 * S) == []


def test_nothing_is_expected_without_a_position_a_rate_or_a_due_time() -> None:
    desk = held()
    one = estimate(desk)
    idle = Desk(config([], instruments=[PERP]))
    idle.bar(instrument=PERP.id)
    assert expecting(idle, 5).explain(PERP.quote, one, 9 * S) == []
    free = FundingDues()
    free.told(PERP.id, 5 * S, D(0), None)
    free.passed(desk.state, 5 * S)
    later = FundingDues()
    later.told(PERP.id, 50 * S, RATE, None)
    later.passed(desk.state, 5 * S)
    assert free.explain(PERP.quote, one, 9 * S) == later.explain(PERP.quote, one, 9 * S) == []


def test_a_schedule_goes_on_by_its_interval_and_is_not_expected_twice() -> None:
    desk = held()
    dues = FundingDues()
    dues.told(PERP.id, 10 * S, RATE, 10 * S)
    dues.passed(desk.state, 30 * S)
    dues.told(PERP.id, 20 * S, RATE, 10 * S)  # an answer that is older than what has passed
    dues.passed(desk.state, 30 * S)
    assert len(dues.explain(PERP.quote, estimate(desk) * 3, 40 * S)) == 3
