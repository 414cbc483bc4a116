"""Built-in strategies through the real engine: they trade, equal the slow rules, stream as served, see no future."""

from collections.abc import Mapping

import msgspec
import numpy as np
import pytest

from tests.unit.strategy.runs import first_leak, run
from tests.unit.strategy.series import KINDS, Candles, candles
from tests.unit.strategy.slow import RULES, held
from tradewind.model.instrument import define_instrument
from tradewind.model.intents import FLAT, TargetWeight
from tradewind.model.market_events import Bar
from tradewind.numeric.bars import BarArrays, BarLike, FloatArray
from tradewind.numeric.indicators import IndicatorSpec
from tradewind.strategy import registry
from tradewind.strategy.base import Strategy, View
from tradewind.strategy.builtin.buy_and_hold import BuyAndHold
from tradewind.strategy.builtin.donchian import Donchian
from tradewind.strategy.builtin.macd import Macd
from tradewind.strategy.builtin.moving_average import MovingAverage
from tradewind.strategy.builtin.rsi_reversion import RsiReversion
from tradewind.strategy.builtin.volatility_breakout import VolatilityBreakout

ROWS = 400
TRADES_ON = {
    "bollinger": "ranging",
    "donchian": "swings",
    "grid": "ranging",
    "macd": "swings",
    "momentum": "walk",
    "moving_average": "swings",
    "rsi_reversion": "swings",
    "score": "swings",
    "sma_stack": "swings",
    "volatility_breakout": "breaking",
}
SIDES = [(False, True), (True, True), (True, False)]  # (short, spot)


def series(name: str) -> Candles:
    return KINDS[TRADES_ON[name]](np.random.default_rng(7), ROWS)


def defaults(name: str) -> dict[str, object]:
    return {each.name: each.default for each in registry.describe(name).parameters}


def test_every_strategy_on_bars_has_a_slow_twin() -> None:
    on_bars = {name for name in registry.strategy_names() if "on_bar" in registry.describe(name).callbacks}
    assert on_bars - {"buy_and_hold"} == set(RULES) == set(TRADES_ON)


@pytest.mark.parametrize("name", sorted(RULES))
def test_defaults_enter_and_leave_on_a_suitable_market(name: str) -> None:
    result = run(registry.make(name, {}), series(name))
    assert result.failed == []
    changes = np.diff(result.sides)
    assert {-1, 1} <= set(changes.tolist())
    assert set(result.sides) == {0, 1}


@pytest.mark.parametrize("name", sorted(RULES))
def test_with_short_they_hold_both_sides_of_a_perpetual(name: str) -> None:
    result = run(registry.make(name, {"short": True}), series(name), spot=False)
    assert result.failed == []
    assert {-1, 1} <= set(result.sides)


@pytest.mark.parametrize(("short", "spot"), SIDES)
@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("name", sorted(RULES))
def test_positions_equal_those_of_the_slow_rules(name: str, kind: str, short: bool, spot: bool) -> None:
    bars = KINDS[kind](np.random.default_rng(11), ROWS)
    parameters = defaults(name) | {"short": short}
    expected = held(RULES[name](bars, **parameters), ROWS, spot=spot)
    assert run(registry.make(name, parameters), bars, spot=spot).sides == expected


@pytest.mark.parametrize("name", [*sorted(RULES), "buy_and_hold"])
def test_streamed_indicators_lead_to_the_same_decisions(name: str) -> None:
    bars = KINDS["swings"](np.random.default_rng(5), ROWS)
    strategy = registry.make(name, {})
    served, streamed = run(strategy, bars), run(strategy, bars, served=False)
    assert served == streamed
    assert served.decided


@pytest.mark.parametrize("name", sorted(RULES))
def test_decisions_do_not_change_when_the_future_is_cut_off(name: str) -> None:
    for cut in (ROWS // 2, ROWS - 1):
        assert first_leak(lambda _: registry.make(name, {}), series(name), cut) is None


# -- the helper finds what it is there to find ------------------------------------------------------------------------


class CentredStream:
    def __init__(self, length: int, scale: int) -> None:
        pass

    def update(self, bar: BarLike) -> float | None:
        return None


class CentredMean(IndicatorSpec, frozen=True):
    """A mean of the bars round the current one: half of its window lies in the future."""

    length: int
    state = CentredStream

    @property
    def warmup_bars(self) -> int:
        return self.length

    def direct(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        return (np.convolve(bars.close / bars.price_scale, np.ones(self.length) / self.length, mode="same"),)


class Smoothed(Strategy):
    def indicators(self) -> tuple[IndicatorSpec, ...]:
        return (CentredMean(9),)

    def on_bar(self, view: View) -> TargetWeight:
        return TargetWeight(1.0) if view.close < view.values[0] else FLAT


class BelowHalf(Strategy):
    """Buys low against a level that was taken from the whole series: the commonest leak there is."""

    level: float

    def on_bar(self, view: View) -> TargetWeight:
        return TargetWeight(1.0) if view.close < self.level else FLAT


def test_a_planted_centred_window_is_found() -> None:
    assert first_leak(lambda _: Smoothed(), series("bollinger"), 200) is not None


def test_a_planted_statistic_of_the_whole_series_is_found() -> None:
    bars = KINDS["walk"](np.random.default_rng(1), ROWS)
    assert first_leak(lambda seen: BelowHalf(level=float(np.mean(seen.prices()[2]))), bars, 200) is not None


# -- what the rules leave to a single bar -----------------------------------------------------------------------------


def view_of(strategy: Strategy, values: tuple[float, ...], *, position: int = 0, close: float = 100.0) -> View:
    view = View(define_instrument("BTC-USD"), strategy.memory())
    units = round(close * view.price_divisor)
    view.bar = Bar("BTC-USD", 1, 1, units, units, units, units)
    view.values, view.position = values, position
    return view


def weight(strategy: Strategy, view: View) -> float | None:
    wish = strategy.on_bar(view)
    assert wish is None or isinstance(wish, TargetWeight)
    return None if wish is None else wish.weight


def test_an_average_that_ties_changes_nothing() -> None:
    strategy = MovingAverage()
    assert weight(strategy, view_of(strategy, (5.0, 5.0))) is None
    assert weight(strategy, view_of(strategy, (5.0, 5.0), position=1)) is None


def test_a_constant_price_never_makes_them_trade() -> None:
    flat = candles([100.0] * 120)
    for name in sorted(RULES):
        assert run(registry.make(name, {"short": True}), flat, spot=False).decided == []


def test_an_exit_is_repeated_until_the_position_is_gone() -> None:
    strategy = Macd()
    view = view_of(strategy, (0.0, 0.0, 1.0), position=5)
    assert weight(strategy, view) is None
    view.values = (0.0, 0.0, -1.0)
    assert [weight(strategy, view) for _ in range(3)] == [0.0, 0.0, 0.0]
    view.position = 0
    assert weight(strategy, view) is None


def test_macd_does_not_enter_before_it_has_seen_a_cross() -> None:
    strategy = Macd()
    view = view_of(strategy, (0.0, 0.0, 1.0))
    assert [weight(strategy, view) for _ in range(2)] == [None, None]
    view.values = (0.0, 0.0, 0.0)  # touching the signal is no side of it
    assert weight(strategy, view) is None
    view.values = (0.0, 0.0, -1.0)
    assert weight(strategy, view) is None
    view.values = (0.0, 0.0, 1.0)
    assert weight(strategy, view) == 1.0


def test_rsi_at_its_threshold_is_not_beyond_it() -> None:
    strategy = RsiReversion()
    assert weight(strategy, view_of(strategy, (30.0,))) is None
    assert weight(strategy, view_of(strategy, (29.9,))) == 1.0
    assert weight(strategy, view_of(strategy, (50.0,), position=1)) is None
    assert weight(strategy, view_of(strategy, (50.1,), position=1)) == 0.0


def test_donchian_gives_up_at_its_stop_and_says_so() -> None:
    strategy = Donchian()
    view = view_of(strategy, (99.0, 80.0, 99.0, 90.0, 2.0))
    assert weight(strategy, view) == 1.0
    assert view.memory == msgspec.convert({"stop": 96.0}, type(view.memory))
    view.position = 1
    view.bar = view_of(strategy, (), close=96.01).bar
    assert weight(strategy, view) is None
    view.bar = view_of(strategy, (), close=96.0).bar
    wish = strategy.on_bar(view)
    assert wish == TargetWeight(0.0, reason="close beyond the ATR stop")


def test_donchian_takes_over_a_position_it_did_not_open() -> None:
    strategy = Donchian()
    assert weight(strategy, view_of(strategy, (110.0, 80.0, 110.0, 90.0, 2.0), position=1)) is None
    assert weight(strategy, view_of(strategy, (110.0, 80.0, 110.0, 101.0, 2.0), position=1)) == 0.0


def test_a_breakout_is_held_for_exactly_so_many_bars() -> None:
    closes = [100.0 + 0.1 * (t % 2) for t in range(40)]
    bars = candles([*closes, *(110.0 + 0.1 * (t % 2) for t in range(40))])
    sides = run(VolatilityBreakout(hold_bars=7), bars).sides
    assert sum(sides) == 7
    assert sides.index(1) == 41


def test_buy_and_hold_buys_once_and_holds() -> None:
    result = run(BuyAndHold(), KINDS["swings"](np.random.default_rng(3), 100))
    assert result.sides == [0] + [1] * 99
    assert len(result.decided) == 1


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_short_target_on_spot_is_flat(name: str) -> None:
    assert set(run(registry.make(name, {"short": True}), series(name)).sides) == {0, 1}


def test_equal_channels_share_their_indicator() -> None:
    bars = KINDS["swings"](np.random.default_rng(2), ROWS)
    parameters: Mapping[str, object] = defaults("donchian") | {"entry_bars": 12, "exit_bars": 12}
    expected = held(RULES["donchian"](bars, **parameters), ROWS, spot=True)
    assert run(registry.make("donchian", parameters), bars).sides == expected
