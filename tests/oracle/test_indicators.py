"""Our indicators against TA-Lib, talipp and pandas on the golden series and on random markets."""

import numpy as np
import pytest

from tradewind.numeric import indicators
from tradewind.numeric.bars import BarArrays

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]


def golden() -> BarArrays:
    t = np.arange(300)
    close = 100 + 10 * np.sin(t / 5) + 0.1 * t + np.cos(1.7 * t)
    opened = np.concatenate((close[:1], close[:-1]))
    high = np.maximum(opened, close) + 0.6 + 0.4 * np.cos(t) ** 2
    low = np.minimum(opened, close) - 0.5 - 0.3 * np.sin(t) ** 2
    return BarArrays(opened, high, low, close)


def walk(seed: int, rows: int = 5000) -> BarArrays:
    generator = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(generator.normal(0, 0.01, rows)))
    opened = np.concatenate((close[:1], close[:-1])) * np.exp(generator.normal(0, 0.002, rows))
    high = np.maximum(opened, close) * np.exp(np.abs(generator.normal(0, 0.004, rows)))
    low = np.minimum(opened, close) * np.exp(-np.abs(generator.normal(0, 0.004, rows)))
    return BarArrays(opened, high, low, close)


MARKETS = [golden(), walk(1), walk(2)]


def agree(ours: np.ndarray, theirs: np.ndarray, tolerance: float) -> None:
    """Both undefined in the same rows, elsewhere equal within `tolerance` of the larger of 1 and the value."""
    assert np.isnan(ours).tolist() == np.isnan(theirs).tolist()
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("bars", MARKETS)
def test_ranges_agree_with_talib(bars: BarArrays) -> None:
    talib = pytest.importorskip("talib")
    agree(indicators.true_range().batch(bars)[0], talib.TRANGE(bars.high, bars.low, bars.close), 1e-12)
    agree(indicators.atr(14).batch(bars)[0], talib.ATR(bars.high, bars.low, bars.close, 14), 1e-12)
    agree(indicators.natr(14).batch(bars)[0], talib.NATR(bars.high, bars.low, bars.close, 14), 1e-12)


@pytest.mark.parametrize("bars", MARKETS)
def test_averages_agree_with_talib(bars: BarArrays) -> None:
    talib = pytest.importorskip("talib")
    agree(indicators.sma(20).batch(bars)[0], talib.SMA(bars.close, 20), 1e-9)
    agree(indicators.ema(12).batch(bars)[0], talib.EMA(bars.close, 12), 1e-9)
    agree(indicators.rsi(14).batch(bars)[0], talib.RSI(bars.close, 14), 1e-9)
    for ours, theirs in zip(indicators.macd(12, 26, 9).batch(bars), talib.MACD(bars.close, 12, 26, 9), strict=True):
        agree(ours, theirs, 1e-9)
    for ours, theirs in zip(indicators.bollinger(20, 2.0).batch(bars), talib.BBANDS(bars.close, 20, 2, 2), strict=True):
        agree(ours, theirs, 1e-9)


@pytest.mark.parametrize("bars", MARKETS)
def test_directional_system_agrees_with_talib_once_its_seed_has_faded(bars: BarArrays) -> None:
    talib = pytest.importorskip("talib")
    late = slice(200, None)
    columns = bars.high, bars.low, bars.close
    plus, minus = indicators.directional(14).batch(bars)
    np.testing.assert_allclose(indicators.adx(14).batch(bars)[0][late], talib.ADX(*columns, 14)[late], atol=1e-3)
    np.testing.assert_allclose(plus[late], talib.PLUS_DI(*columns, 14)[late], atol=1e-3)
    np.testing.assert_allclose(minus[late], talib.MINUS_DI(*columns, 14)[late], atol=1e-3)


@pytest.mark.parametrize("bars", MARKETS)
def test_trend_and_choppiness_agree_with_talipp_everywhere(bars: BarArrays) -> None:
    talipp = pytest.importorskip("talipp.indicators")
    candle = pytest.importorskip("talipp.ohlcv").OHLCV
    candles = [candle(row.open, row.high, row.low, row.close) for row in bars.rows()]
    trends = [np.nan if value is None or value.adx is None else value.adx for value in talipp.ADX(14, 14, candles)]
    agree(indicators.adx(14).batch(bars)[0], np.array(trends, dtype=np.float64), 1e-9)
    chopped = np.array([np.nan if value is None else value for value in talipp.CHOP(20, candles)], dtype=np.float64)
    # talipp takes the first bar's range for a true range, so it has a value one bar earlier.
    chopped[19] = np.nan
    agree(indicators.choppiness(20).batch(bars)[0], chopped, 1e-9)


@pytest.mark.parametrize("bars", MARKETS)
def test_donchian_is_exactly_that_of_pandas(bars: BarArrays) -> None:
    pandas = pytest.importorskip("pandas")
    upper, lower = indicators.donchian(20).batch(bars)
    agree(upper, pandas.Series(bars.high).rolling(20).max().shift(1).to_numpy(), 0.0)
    agree(lower, pandas.Series(bars.low).rolling(20).min().shift(1).to_numpy(), 0.0)


@pytest.mark.parametrize("bars", MARKETS)
def test_percentile_is_the_middle_rank_of_pandas(bars: BarArrays) -> None:
    pandas = pytest.importorskip("pandas")
    values = pandas.Series(indicators.natr(14).batch(bars)[0])
    window = values.rolling(500, min_periods=100)
    expected = (window.rank(method="average") - 0.5) / window.count()
    ours = indicators.volatility_percentile(500, 100, indicators.natr(14)).batch(bars)[0]
    agree(ours, expected.to_numpy(), 1e-12)
