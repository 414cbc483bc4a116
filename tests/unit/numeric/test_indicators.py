"""Indicators against reference values and against their definitions, written out slowly."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from tradewind.numeric import indicators, kernels
from tradewind.numeric.bars import BarArrays
from tradewind.numeric.indicators import IndicatorSpec, flat_rows, functions, spec

LN2 = math.log(2.0)


def golden() -> BarArrays:
    """The series G1 of the methods: 300 bars round a rising wave."""
    t = np.arange(300)
    close = 100 + 10 * np.sin(t / 5) + 0.1 * t + np.cos(1.7 * t)
    opened = np.concatenate((close[:1], close[:-1]))
    high = np.maximum(opened, close) + 0.6 + 0.4 * np.cos(t) ** 2
    low = np.minimum(opened, close) - 0.5 - 0.3 * np.sin(t) ** 2
    return BarArrays(opened, high, low, close, 1000 + 100 * np.sin(t))


def constant(rows: int = 80, price: float = 5.0) -> BarArrays:
    column = np.full(rows, price)
    return BarArrays(column, column, column, column, column)


def of_closes(closes: list[int], price_scale: int = 1) -> BarArrays:
    column = np.array(closes, dtype=np.int64)
    return BarArrays(column, column, column, column, column, price_scale)


G1 = golden()

EVERY: tuple[IndicatorSpec, ...] = (
    indicators.close(),
    indicators.sma(7),
    indicators.ema(12),
    indicators.macd(12, 26, 9),
    indicators.rolling_deviation(20),
    indicators.bollinger(20, 2.0),
    indicators.volume_mean(5),
    indicators.true_range(),
    indicators.atr(14),
    indicators.natr(14),
    indicators.directional(14),
    indicators.adx(14),
    indicators.choppiness(20),
    indicators.efficiency_ratio(24),
    indicators.rsi(14),
    indicators.momentum(9),
    indicators.rate_of_change(9),
    indicators.highest(6),
    indicators.lowest(6),
    indicators.donchian(20),
    indicators.realised_volatility(24),
    indicators.parkinson(24),
    indicators.garman_klass(24),
    indicators.volatility_percentile(50, 10, indicators.natr(14)),
    indicators.lag1_autocorrelation(24),
    indicators.variance_ratio(48, 4),
    indicators.sign_flip_rate(12),
    indicators.wick_share(24),
)


@pytest.mark.parametrize(
    ("function", "arguments", "values", "tolerance"),
    [
        (functions.atr, (14,), {14: 2.7226969143562525}, 1e-12),
        (functions.natr, (14,), {299: 2.2253688280748616}, 1e-12),
        (functions.adx, (14,), {27: 25.868192, 100: 33.201271, 299: 30.029537}, 5e-7),
        (functions.choppiness, (20,), {20: 36.682114, 100: 30.443649, 299: 35.010436}, 5e-7),
        (functions.rsi, (14,), {14: 61.156614, 100: 76.670519, 299: 44.773775}, 5e-7),
        (functions.ema, (12,), {11: 107.560965, 299: 133.358375}, 5e-7),
    ],
)
def test_golden_values(
    function: Callable[..., np.ndarray], arguments: tuple[int, ...], values: dict[int, float], tolerance: float
) -> None:
    result = function(G1, *arguments)
    assert np.isnan(result[: min(values)]).all() or min(values) == 299
    for row, value in values.items():
        assert result[row] == pytest.approx(value, abs=tolerance)


def test_golden_values_of_indicators_with_several_outputs() -> None:
    directional = functions.directional(G1, 14)
    assert directional["plus"][299] == pytest.approx(20.894107, abs=5e-7)
    assert directional["minus"][299] == pytest.approx(25.900678, abs=5e-7)
    macd = functions.macd(G1, 12, 26, 9)
    assert macd["line"][299] == pytest.approx(1.678636, abs=5e-7)
    assert macd["signal"][299] == pytest.approx(2.636977, abs=5e-7)
    assert macd["histogram"][299] == pytest.approx(-0.958341, abs=5e-7)
    bands = functions.bollinger(G1, 20, 2)
    assert [bands[name][19] for name in ("upper", "middle", "lower")] == pytest.approx(
        [114.459068, 105.317354, 96.175640], abs=5e-7
    )
    assert [bands[name][299] for name in ("upper", "middle", "lower")] == pytest.approx(
        [143.163877, 133.424995, 123.686114], abs=5e-7
    )


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.name)
def test_first_value_comes_after_exactly_the_warm_up(one: IndicatorSpec) -> None:
    outputs = one.batch(G1)
    assert len(outputs) == one.outputs
    for values in outputs:
        assert np.flatnonzero(~np.isnan(values))[0] == one.warmup_bars - 1
        assert not np.isnan(values[one.warmup_bars - 1 :]).any()


@pytest.mark.parametrize(
    ("one", "first"),
    [
        (indicators.true_range(), 1),
        (indicators.atr(14), 14),
        (indicators.directional(14), 14),
        (indicators.adx(14), 27),
        (indicators.choppiness(20), 20),
        (indicators.efficiency_ratio(24), 24),
        (indicators.realised_volatility(24), 24),
        (indicators.volatility_percentile(500, 100, indicators.close()), 99),
        (indicators.lag1_autocorrelation(24), 24),
        (indicators.variance_ratio(48, 8), 48),
        (indicators.sign_flip_rate(12), 12),
        (indicators.wick_share(24), 24),
    ],
)
def test_first_valid_index_of_the_methods(one: IndicatorSpec, first: int) -> None:
    assert np.flatnonzero(~np.isnan(one.batch(G1)[0]))[0] == first


def by_window(one: IndicatorSpec, rows: Callable[[int], float]) -> None:
    """Compare an indicator with `rows(t)`, its definition on the window that ends at bar t."""
    values = one.batch(G1)[0]
    expected = [rows(t) for t in range(one.warmup_bars - 1, len(G1))]
    np.testing.assert_allclose(values[one.warmup_bars - 1 :], expected, rtol=1e-9, atol=1e-12)


RETURNS = np.concatenate(([np.nan], np.diff(np.log(G1.close))))


def returns(t: int, length: int) -> np.ndarray:
    return RETURNS[t - length + 1 : t + 1]


def test_close_averages_by_definition() -> None:
    by_window(indicators.sma(7), lambda t: float(G1.close[t - 6 : t + 1].mean()))
    by_window(indicators.rolling_deviation(20), lambda t: float(G1.close[t - 19 : t + 1].std()))
    assert G1.volume is not None
    volume = G1.volume
    by_window(indicators.volume_mean(5), lambda t: float(volume[t - 4 : t + 1].mean()))


def test_moves_by_definition() -> None:
    by_window(indicators.momentum(9), lambda t: float(G1.close[t] - G1.close[t - 9]))
    by_window(indicators.rate_of_change(9), lambda t: float(G1.close[t] / G1.close[t - 9] - 1))
    by_window(
        indicators.efficiency_ratio(24),
        lambda t: float(abs(G1.close[t] - G1.close[t - 24]) / np.abs(np.diff(G1.close[t - 24 : t + 1])).sum()),
    )


def test_channels_by_definition() -> None:
    by_window(indicators.highest(6), lambda t: float(G1.high[t - 5 : t + 1].max()))
    by_window(indicators.lowest(6), lambda t: float(G1.low[t - 5 : t + 1].min()))
    upper, lower = indicators.donchian(20).batch(G1)
    assert upper[20:].tolist() == [G1.high[t - 20 : t].max() for t in range(20, 300)]
    assert lower[20:].tolist() == [G1.low[t - 20 : t].min() for t in range(20, 300)]


def test_true_range_by_definition() -> None:
    def widest(t: int) -> float:
        high, low, previous = G1.high[t], G1.low[t], G1.close[t - 1]
        return float(max(high - low, abs(high - previous), abs(low - previous)))

    by_window(indicators.true_range(), widest)


def test_volatilities_by_definition() -> None:
    year = math.sqrt(8760)
    spans, bodies = np.log(G1.high / G1.low), np.log(G1.close / G1.open)
    by_window(
        indicators.realised_volatility(24), lambda t: math.sqrt((returns(t, 24) ** 2).sum()) * math.sqrt(8760 / 24)
    )
    by_window(indicators.parkinson(24), lambda t: year * math.sqrt((spans[t - 23 : t + 1] ** 2).mean() / (4 * LN2)))
    terms = 0.5 * spans**2 - (2 * LN2 - 1) * bodies**2
    by_window(indicators.garman_klass(24), lambda t: year * math.sqrt(terms[t - 23 : t + 1].mean()))


def test_volatility_percentile_by_definition() -> None:
    values = np.round(indicators.natr(14).batch(G1)[0], 2)

    def middle_rank(t: int) -> float:
        window = values[max(14, t - 49) : t + 1]
        return float(((window < values[t]).sum() + 0.5 * (window == values[t]).sum()) / window.size)

    rounded = BarArrays(values[14:], values[14:], values[14:], values[14:])
    shares = indicators.volatility_percentile(50, 10, indicators.close()).batch(rounded)[0]
    assert shares[9:].tolist() == [middle_rank(t) for t in range(23, 300)]
    assert np.isnan(shares[:9]).all()


def ratio_of_variances(t: int, period: int) -> float:
    window = returns(t, 48)
    longs = np.lib.stride_tricks.sliding_window_view(window, period).sum(axis=1)
    return float(longs.var() / (period * window.var()))


def test_serial_statistics_by_definition() -> None:
    by_window(
        indicators.lag1_autocorrelation(24),
        lambda t: float(np.corrcoef(returns(t, 24)[1:], returns(t, 24)[:-1])[0, 1]),
    )
    for period in (4, 8):
        by_window(indicators.variance_ratio(48, period), partial(ratio_of_variances, period=period))
    by_window(indicators.sign_flip_rate(12), lambda t: float((returns(t, 12)[1:] * returns(t, 12)[:-1] < 0).sum() / 11))
    wicks = (G1.high - G1.low - np.abs(G1.close - G1.open)) / (G1.high - G1.low)
    by_window(indicators.wick_share(24), lambda t: float(wicks[t - 23 : t + 1].mean()))


def test_constant_price_gives_the_edge_values_and_the_flag() -> None:
    bars = constant()
    assert set(functions.adx(bars, 14)[27:]) == {0.0}
    assert set(functions.rsi(bars, 14)[14:]) == {50.0}
    assert set(functions.atr(bars, 14)[14:]) == {0.0}
    assert set(functions.natr(bars, 14)[14:]) == {0.0}
    assert set(functions.efficiency_ratio(bars, 24)[24:]) == {0.0}
    assert set(functions.realised_volatility(bars, 24)[24:]) == {0.0}
    assert all(set(values[19:]) == {5.0} for values in functions.bollinger(bars, 20, 2).values())
    assert all(set(values[14:]) == {0.0} for values in functions.directional(bars, 14).values())
    ranked = indicators.volatility_percentile(40, 10, indicators.natr(14)).batch(bars)[0]
    assert set(ranked[23:]) == {0.5}
    for one in (
        indicators.choppiness(20),
        indicators.lag1_autocorrelation(24),
        indicators.variance_ratio(48, 4),
        indicators.wick_share(24),
    ):
        assert np.isnan(one.batch(bars)[0]).all()
        assert flat_rows(one, bars).tolist() == [row >= one.warmup_bars - 1 for row in range(len(bars))]
    assert flat_rows(indicators.rsi(14), bars)[14:].all()
    assert flat_rows(indicators.directional(14), bars)[14:].all()
    assert flat_rows(indicators.adx(14), bars)[27:].all()
    assert not flat_rows(indicators.choppiness(20), G1).any()


def test_a_window_that_turns_flat_forgets_the_rounding_before_it() -> None:
    wild = 0.1 + 0.7 * np.random.default_rng(3).random(200)
    closes = np.concatenate((wild, np.full(60, 0.3)))
    bars = BarArrays(closes, closes, closes, closes)
    assert indicators.rolling_deviation(20).batch(bars)[0][-1] == 0.0
    assert indicators.efficiency_ratio(20).batch(bars)[0][-1] == 0.0
    assert indicators.realised_volatility(20).batch(bars)[0][-1] == 0.0
    assert np.isnan(indicators.lag1_autocorrelation(20).batch(bars)[0][-1])


def test_directional_move_that_ties_counts_for_neither() -> None:
    close = np.full(6, 100)
    high, low = 101 + np.arange(6), 99 - np.arange(6)
    plus, minus = indicators.directional(2).batch(BarArrays(close, high, low, close))
    assert plus[2:].tolist() == minus[2:].tolist() == [0.0] * 4


def test_steady_rise_drives_adx_to_100() -> None:
    close = 100.0 + np.arange(60)
    bars = BarArrays(close, close + 0.5, close - 0.5, close)
    assert indicators.adx(14).batch(bars)[0][-1] == pytest.approx(100.0)


def test_choppiness_is_not_clipped_at_100_when_bars_gap() -> None:
    close = np.array([100, 200] * 15)
    bars = BarArrays(close, close + 1, close - 1, close)
    chopped = indicators.choppiness(20).batch(bars)[0]
    assert chopped[20:].max() > 99.0
    gapped = np.array([100.0] + [200.0] * 3)
    assert indicators.choppiness(2).batch(BarArrays(gapped, gapped + 1, gapped - 1, gapped))[0][2] > 100.0


def test_equal_averages_in_units_are_equal_numbers() -> None:
    closes = [701, 703, 702, 702, 703, 701, 702, 702]
    fast, slow = (indicators.sma(length).batch(of_closes(closes, 100))[0] for length in (2, 4))
    assert fast[3] == slow[3] == 7.02
    assert fast[7] == slow[7]


def test_sums_beyond_float_precision_stay_exact() -> None:
    closes = [2**62, 2**62 - 1, 2**62 - 2, 2**62 - 3]
    values = indicators.sma(3).batch(of_closes(closes))[0]
    assert values[2] == sum(closes[:3]) / 3
    assert indicators.rolling_deviation(2).batch(of_closes(closes))[0][1] >= 0.0


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.name)
def test_kernels_as_plain_python_equal_the_stream(one: IndicatorSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "compiled", lambda function: function)
    monkeypatch.setattr(spec, "KERNEL_ROWS", 0)
    monkeypatch.setattr(spec, "KERNEL_ROWS_LOADED", 0)
    for bars in (G1, G1.span(0, 60), G1.span(0, 3), constant(90)):
        for fast, slow in zip(one.batch(bars), spec.replay(one, bars), strict=True):
            assert np.array_equal(fast, slow, equal_nan=True)


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.name)
def test_no_rows_give_empty_columns(one: IndicatorSpec) -> None:
    assert [values.shape for values in one.batch(G1.span(0, 0))] == [(0,)] * one.outputs


def test_specification_is_a_value() -> None:
    assert indicators.sma(5) == indicators.sma(5)
    assert len({indicators.sma(5), indicators.sma(5), indicators.ema(5)}) == 2
    assert indicators.realised_volatility(24, 8760).name == "realised_volatility"
    assert indicators.macd(12, 26, 9).parameters == (12, 26, 9)
    assert all(getattr(indicators, one.name)(*one.parameters) == one for one in EVERY)


@pytest.mark.parametrize(
    "build",
    [
        lambda: indicators.sma(0),
        lambda: indicators.ema(True),
        lambda: indicators.atr(1.5),  # type: ignore[arg-type]
        lambda: indicators.macd(26, 12, 9),
        lambda: indicators.bollinger(20, math.nan),
        lambda: indicators.choppiness(1),
        lambda: indicators.lag1_autocorrelation(2),
        lambda: indicators.variance_ratio(4, 4),
        lambda: indicators.realised_volatility(24, 0.0),
        lambda: indicators.volatility_percentile(10, 20, indicators.natr(14)),
        lambda: indicators.volatility_percentile(500, 100, indicators.donchian(20)),
    ],
)
def test_parameters_without_meaning_are_refused(build: Callable[[], IndicatorSpec]) -> None:
    with pytest.raises(ValueError, match=r"must be|ranks one"):
        build()


def test_volume_mean_needs_volumes() -> None:
    with pytest.raises(ValueError, match="volume column"):
        indicators.volume_mean(3).batch(BarArrays(G1.open, G1.high, G1.low, G1.close))
