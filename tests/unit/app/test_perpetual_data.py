"""Which part of the time has no funding: what is not known is told, never taken for nothing."""

from decimal import Decimal

import pytest

from tradewind.app.perpetual_data import uncharged
from tradewind.model.market_events import FundingRate

HOUR_NS = 3_600_000_000_000


def rates(*hours: int) -> list[FundingRate]:
    return [FundingRate("X-USD-PERP", hour * HOUR_NS, Decimal("0.0001"), None) for hour in hours]


@pytest.mark.parametrize(
    ("hours", "end", "share"),
    [
        ((8, 16, 24), 24, 0.0),  # every eight hours, to the last bar
        ((8, 16, 24), 31, 0.0),  # the next is not due yet
        ((4, 8, 12, 16, 20, 24, 32, 40), 40, 0.0),  # every four hours, and from some day on every eight
        ((1, 2, 3, 4, 7, 8), 8, 2 / 8),  # every hour, and two are missing
        ((80, 88, 96), 96, 0.75),  # nothing for the first 72 of 96 hours
        ((8, 16, 24, 72), 72, 40 / 72),  # a hole
        ((4, 8, 12, 16), 96, 76 / 96),  # every four hours, then no more
        ((8,), 16, 0.0),
        ((), 96, 1.0),
    ],
)
def test_the_time_without_funding_is_a_share(hours: tuple[int, ...], end: int, share: float) -> None:
    assert uncharged(rates(*hours), 0, end * HOUR_NS) == pytest.approx(share)
