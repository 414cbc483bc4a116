"""Fits made ahead of time: on which bars, when they are known, and how long they hold."""

from decimal import Decimal

import numpy as np
import pytest

from tests.unit.strategy.group_runs import cointegrated, instrument
from tests.unit.strategy.series import HOUR_NS, Candles
from tradewind.app.strategy_fits import fit_events
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.sequencer import Recorded, RecordedBars
from tradewind.model.errors import ConfigError
from tradewind.numeric.cointegration import engle_granger
from tradewind.strategy.base import FitRequest, Strategy
from tradewind.strategy.builtin.buy_and_hold import BuyAndHold
from tradewind.strategy.builtin.pairs import Pairs

NAMES = ("A-PERP", "B-PERP")
PAIRS = Pairs(window_bars=100, refit_bars=40)
BARS = cointegrated(np.random.default_rng(1), 200)


def config(*strategies: Strategy) -> EngineConfig:
    bots = tuple(
        BotSpec(id=f"b{number}", strategy=each, instruments=NAMES, budget=Decimal("0.5"))
        for number, each in enumerate(strategies)
    )
    return EngineConfig(session="t", instruments=tuple(map(instrument, NAMES)), bots=bots)


def sources(missing: frozenset[int] = frozenset()) -> list[Recorded]:
    """The bars, of the second instrument without some."""
    made: list[Recorded] = []
    for name, each in BARS.items():
        kept = np.array([name == "A-PERP" or row not in missing for row in range(200)])
        made.append(RecordedBars(name, HOUR_NS, each.ts_ns[kept], Candles(*(c[kept] for c in each)), None))
    return made


def test_each_fit_is_of_the_window_before_it_and_known_right_after() -> None:
    events = fit_events(config(PAIRS), sources())
    assert [event.as_of_ns for event in events] == [100 * HOUR_NS, 140 * HOUR_NS, 180 * HOUR_NS]
    assert [event.ts_ns - event.as_of_ns for event in events] == [1, 1, 1]
    assert [event.valid_until_ns - event.as_of_ns for event in events] == [80 * HOUR_NS] * 3
    logs = [np.log(BARS[name].close[40:140] / 10**6) for name in NAMES]
    assert events[1].parameters == engle_granger(*logs)._asdict()
    assert {event.kind for event in events} == {"cointegration:A-PERP/B-PERP"}


def test_bars_count_where_both_have_one() -> None:
    events = fit_events(config(PAIRS), sources(frozenset({3, 50})))
    assert events[0].as_of_ns == 102 * HOUR_NS


def test_a_fit_knows_nothing_of_how_far_apart_later_bars_are() -> None:
    asks = config(Pairs(window_bars=50, refit_bars=20))
    sparse = sources(frozenset(range(55, 200, 2)))
    whole, head = fit_events(asks, sparse), fit_events(asks, sources(frozenset(range(55, 200))))
    assert len(whole) > len(head) == 1
    assert whole[0] == head[0]


def test_the_same_request_is_fitted_once_and_others_not_at_all() -> None:
    assert len(fit_events(config(PAIRS, PAIRS, BuyAndHold()), sources())) == 3
    assert fit_events(config(BuyAndHold()), sources()) == []
    assert fit_events(config(PAIRS), sources()[:1]) == []
    assert fit_events(config(Pairs(window_bars=200)), sources()) == []


def test_a_method_that_does_not_exist_is_refused() -> None:
    class Odd(Strategy):
        def fits(self, instruments: object) -> tuple[FitRequest, ...]:
            return (FitRequest("odd", "magic", NAMES, 100, 10),)

    with pytest.raises(ConfigError, match="magic"):
        fit_events(config(Odd()), sources())
