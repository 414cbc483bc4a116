"""The budget of requests: its pace, what is kept for writes, and what headers and refusals do to it."""

from tradewind.venues.coinbase.limits import SECOND_NS, RateBudget


def sent(budget: RateBudget, start_ns: int, span_ns: int, *, urgent: bool = False) -> list[int]:
    """When requests go that are asked for as often as the budget says."""
    moments, now_ns = [], start_ns
    while now_ns <= start_ns + span_ns:
        wait_ns = budget.take(now_ns, urgent=urgent)
        if wait_ns == 0:
            moments.append(now_ns)
        now_ns += wait_ns
    return moments


def test_a_burst_goes_at_once_and_then_the_pace_holds() -> None:
    moments = sent(RateBudget(10.0), 0, 2 * SECOND_NS, urgent=True)
    assert sum(1 for each in moments if each == 0) == 10
    assert len(moments) in {29, 30, 31}


def test_questions_leave_room_for_orders() -> None:
    budget = RateBudget(30.0)
    questions = 0
    while budget.take(0) == 0:
        questions += 1
    assert questions == 22
    orders = 0
    while budget.take(0, urgent=True) == 0:
        orders += 1
    assert orders == 8


def test_the_venues_count_is_believed_when_it_is_lower() -> None:
    budget = RateBudget(30.0)
    budget.learn({"X-RateLimit-Remaining": "1"}, 200, 0)
    assert budget.take(0, urgent=True) == 0
    assert budget.take(0, urgent=True) > 0
    generous = RateBudget(2.0)
    generous.learn({"x-ratelimit-remaining": "500"}, 200, 0)
    assert [generous.take(0, urgent=True) == 0 for _ in range(3)] == [True, True, False]


def test_after_a_429_nothing_goes_before_the_headers_moment() -> None:
    budget = RateBudget(30.0)
    budget.learn({"retry-after": "2"}, 429, 0)
    assert budget.take(0, urgent=True) == 2 * SECOND_NS
    assert budget.take(SECOND_NS, urgent=True) == SECOND_NS
    assert budget.take(2 * SECOND_NS, urgent=True) == 0


def test_a_429_halves_the_pace_which_comes_back_by_tenths() -> None:
    budget = RateBudget(30.0)
    budget.learn({}, 429, 0)
    assert budget.per_s == 15.0
    budget.take(SECOND_NS)
    assert budget.per_s == 18.0
    budget.take(100 * SECOND_NS)
    assert budget.per_s == 30.0
    for moment in range(20):
        budget.learn({}, 429, 100 * SECOND_NS + moment)
    assert budget.per_s == 0.5
    assert budget.refused == 21


def test_none_remaining_waits_for_the_reset() -> None:
    budget = RateBudget(30.0)
    budget.learn({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "3"}, 200, 0)
    assert budget.take(0, urgent=True) == 3 * SECOND_NS


def test_headers_that_are_no_numbers_change_nothing() -> None:
    budget = RateBudget(30.0)
    budget.learn({"x-ratelimit-remaining": "many", "x-ratelimit-reset": "soon"}, 200, 0)
    assert budget.take(0) == 0


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    budget = RateBudget(1.0, burst=1)
    assert budget.take(10 * SECOND_NS, urgent=True) == 0
    assert budget.take(5 * SECOND_NS, urgent=True) > 0
    assert budget.take(11 * SECOND_NS, urgent=True) == 0


def test_a_rate_that_is_stated_for_a_second_is_taken() -> None:
    budget = RateBudget(30.0)
    budget.learn({"x-ratelimit-limit": "100", "x-ratelimit-remaining": "99", "x-ratelimit-reset": "1"}, 200, 0)
    assert (budget.per_s, budget.burst) == (100.0, 100)
    budget.learn({"x-ratelimit-limit": "10", "x-ratelimit-reset": "1"}, 200, 0)
    assert (budget.per_s, budget.burst) == (10.0, 10)
    budget.learn({"x-ratelimit-limit": "5000", "x-ratelimit-reset": "3600"}, 200, 0)
    assert budget.per_s == 10.0
