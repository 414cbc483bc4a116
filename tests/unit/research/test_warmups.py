"""The warm-up check: values before their time, after it, and columns that are not their stream."""

import pytest

from tests.unit.research.planted import Centred, Filled, Hasty, Reads
from tests.unit.research.test_leaks import bars
from tradewind.numeric.indicators import IndicatorSpec
from tradewind.research.warmups import check_warmup
from tradewind.strategy import registry


@pytest.mark.parametrize("name", registry.strategy_names())
def test_built_in_strategies_keep_their_word(name: str) -> None:
    report = check_warmup(registry.make(name, {}), bars())
    assert report.clean, report.tests
    assert len(report.tests) == len(registry.describe(name).indicators)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (Filled(), "it has a value after 1 bars, before it is warm"),
        (Hasty(), "it needs 10 bars, more than it declares"),
        (Centred(), "over columns it is not what its stream gives, first at bar 1"),
    ],
    ids=["filled", "hasty", "centred"],
)
def test_an_indicator_that_does_not_is_named(spec: IndicatorSpec, told: str) -> None:
    report = check_warmup(Reads(spec=spec), bars())
    assert not report.clean
    assert report.tests[0].told.startswith(told)


def test_it_tells_how_long_the_beginning_shows() -> None:
    (average,) = check_warmup(registry.make("rsi_reversion", {}), bars()).tests
    assert (average.declared_bars, average.found_bars) == (15, 15)
    assert average.settles_bars is not None
    assert average.settles_bars > 15  # Wilder's smoothing remembers
    (channel, *_) = check_warmup(registry.make("donchian", {}), bars()).tests
    assert channel.settles_bars == channel.declared_bars == 21
