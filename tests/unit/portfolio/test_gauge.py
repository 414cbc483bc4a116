"""What an instrument moves and trades, from its bars."""

import math

import pytest

from tradewind.portfolio.gauge import DAY_NS, SEEDS, Gauge

HOUR_NS = DAY_NS // 24


def fed(closes: list[float], span_ns: int = HOUR_NS, volume: float | None = 5.0) -> Gauge:
    gauge = Gauge()
    for number, close in enumerate(closes, 1):
        gauge.take(number * span_ns, span_ns, close, volume)
    return gauge


def swinging(bars: int, part: float = 0.01) -> list[float]:
    return [100.0 * (math.exp(part) if n % 2 else 1.0) for n in range(bars)]


def test_volatility_is_of_a_day_and_known_after_thirty_returns() -> None:
    assert fed(swinging(SEEDS)).volatility_daily is None
    assert fed(swinging(SEEDS + 1)).volatility_daily == pytest.approx(0.01 * math.sqrt(24))
    assert fed(swinging(SEEDS + 1), DAY_NS).volatility_daily == pytest.approx(0.01)


def test_a_later_return_counts_for_six_percent() -> None:
    gauge = fed(swinging(SEEDS + 1), DAY_NS)
    gauge.take((SEEDS + 2) * DAY_NS, DAY_NS, 100.0 * math.exp(0.05), 1.0)
    assert gauge.volatility_daily == pytest.approx(math.sqrt(0.94 * 0.01**2 + 0.06 * 0.05**2))


def test_a_return_over_missing_bars_counts_as_that_many() -> None:
    gauge = fed(swinging(SEEDS + 1), DAY_NS)
    gauge.take((SEEDS + 5) * DAY_NS, DAY_NS, 100.0 * math.exp(0.02), 1.0)
    assert gauge.volatility_daily == pytest.approx(0.01)


def test_volume_is_an_average_with_nothing_where_no_bar_was() -> None:
    assert fed([100.0] * 3).volume == 5
    gauge = fed([100.0] * 3)
    gauge.take(5 * HOUR_NS, HOUR_NS, 100.0, 5.0)
    assert gauge.volume == 4
    assert fed([100.0] * 3, volume=None).volume is None


def test_constant_prices_move_nothing_and_forgetting_begins_anew() -> None:
    gauge = fed([100.0] * 40)
    assert gauge.volatility_daily == 0
    gauge.forget()
    assert (gauge.volatility_daily, gauge.volume) == (None, None)
