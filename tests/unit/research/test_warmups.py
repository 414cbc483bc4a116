"""The warm-up check: values before their time, after it, and columns that are not their stream."""

import pytest

from tests.unit.research.planted import Centred, Filled, Hasty, Holey, Reads
from tests.unit.research.test_leaks import bars
from tradewind.numeric.indicators import IndicatorSpec
from tradewind.research.warmups import check_warmup
from tradewind.strategy import registry


@pytest.mark.parametrize("name", registry.strategy_names())
def test_built_in_strategies_keep_their_word(name: str) -> None:
    report = check_warmup(registry.make(name, {}), bars(rows=600))
    assert report.clean, report.tests
    assert len(report.tests) == len(registry.describe(name).indicators)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (Filled(), "it has a value after 1 bars, before it is warm"),
        (Hasty(), "it needs 10 bars, more than it declares"),
        (Holey(), "it has no value at bar 50, after it was warm"),
        (Centred(), "over columns it is not what its stream gives, first at bar 1"),
    ],
    ids=["filled", "hasty", "holey", "centred"],
)
def test_an_indicator_that_does_not_is_named(spec: IndicatorSpec, told: str) -> None:
    report = check_warmup(Reads(spec=spec), bars())
    assert not report.clean
    assert report.tests[0].told.startswith(told)


def test_too_few_bars_show_nothing() -> None:
    report = check_warmup(registry.make("macd", {}), bars(rows=20))
    assert not report.clean
    assert report.tests[0].told.startswith("it says that it needs 34 bars, and there were 20: nothing was shown")


def test_it_tells_how_long_the_beginning_shows() -> None:
    (average,) = check_warmup(registry.make("rsi_reversion", {}), bars()).tests
    assert (average.declared_bars, average.found_bars) == (15, 15)
    assert average.settles_bars is not None
    assert average.settles_bars > 15  # Wilder's smoothing remembers
    (channel, *_) = check_warmup(registry.make("donchian", {}), bars()).tests
    assert channel.settles_bars == channel.declared_bars == 21
