"""A caller may ask as often as the limit says, and is told how much is left."""

from tradewind.exchange.server.limits import Limiter, RateLimit

S = 1_000_000_000
START = 1_763_000_000 * S


def test_a_bucket_holds_a_second_of_requests() -> None:
    limiter = Limiter(RateLimit(private_per_s=30, public_per_s=10))
    taken = [limiter.take("alpha", private=True, now_ns=START).allowed for _ in range(40)]
    assert taken == [True] * 30 + [False] * 10


def test_a_bucket_is_filled_as_time_goes_by() -> None:
    limiter = Limiter(RateLimit(private_per_s=30, public_per_s=10))
    for _ in range(10):
        limiter.take("1.2.3.4", private=False, now_ns=START)
    assert not limiter.take("1.2.3.4", private=False, now_ns=START).allowed
    assert limiter.take("1.2.3.4", private=False, now_ns=START + S // 10).allowed
    assert not limiter.take("1.2.3.4", private=False, now_ns=START + S // 10).allowed


def test_callers_do_not_share() -> None:
    limiter = Limiter(RateLimit(private_per_s=1, public_per_s=1))
    assert limiter.take("alpha", private=True, now_ns=START).allowed
    assert limiter.take("beta", private=True, now_ns=START).allowed


def test_headers_are_those_of_the_venue() -> None:
    limiter = Limiter(RateLimit(private_per_s=30, public_per_s=10))
    assert limiter.take("alpha", private=True, now_ns=START).headers == {
        "x-ratelimit-limit": "30",
        "x-ratelimit-remaining": "29",
        "x-ratelimit-reset": str(START // S + 1),
    }


def test_no_limit_means_no_headers() -> None:
    limiter = Limiter(RateLimit(private_per_s=0, public_per_s=0))
    assert limiter.take("alpha", private=True, now_ns=START).headers == {}
