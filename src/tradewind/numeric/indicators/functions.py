"""Indicators as plain functions over columns: one array, or a dictionary of arrays where there are several outputs.

Shape   (T,) -> (T,) per output, float64.
Timing  Output `t` uses bars up to and including `t`.
NaN     While an indicator warms up, and where it has no value.
"""

from tradewind.numeric import indicators
from tradewind.numeric.bars import BarArrays, FloatArray


def atr(bars: BarArrays, length: int = 14) -> FloatArray:
    """Return the average true range, in price."""
    return indicators.atr(length).batch(bars)[0]


def natr(bars: BarArrays, length: int = 14) -> FloatArray:
    """Return the average true range as a percentage of the close."""
    return indicators.natr(length).batch(bars)[0]


def adx(bars: BarArrays, length: int = 14) -> FloatArray:
    """Return the average directional index."""
    return indicators.adx(length).batch(bars)[0]


def directional(bars: BarArrays, length: int = 14) -> dict[str, FloatArray]:
    """Return the directional indicators as `plus` and `minus`."""
    return dict(zip(("plus", "minus"), indicators.directional(length).batch(bars), strict=True))


def choppiness(bars: BarArrays, length: int = 20) -> FloatArray:
    """Return the choppiness index."""
    return indicators.choppiness(length).batch(bars)[0]


def rsi(bars: BarArrays, length: int = 14) -> FloatArray:
    """Return the relative strength index."""
    return indicators.rsi(length).batch(bars)[0]


def ema(bars: BarArrays, length: int) -> FloatArray:
    """Return the exponential average of the close."""
    return indicators.ema(length).batch(bars)[0]


def sma(bars: BarArrays, length: int) -> FloatArray:
    """Return the simple average of the close."""
    return indicators.sma(length).batch(bars)[0]


def macd(bars: BarArrays, fast: int = 12, slow: int = 26, signal: int = 9) -> dict[str, FloatArray]:
    """Return MACD as `line`, `signal` and `histogram`."""
    return dict(zip(("line", "signal", "histogram"), indicators.macd(fast, slow, signal).batch(bars), strict=True))


def bollinger(bars: BarArrays, length: int = 20, deviations: float = 2.0) -> dict[str, FloatArray]:
    """Return Bollinger bands as `upper`, `middle` and `lower`."""
    return dict(zip(("upper", "middle", "lower"), indicators.bollinger(length, deviations).batch(bars), strict=True))


def donchian(bars: BarArrays, length: int = 20) -> dict[str, FloatArray]:
    """Return the Donchian channel of the previous bars as `upper` and `lower`."""
    return dict(zip(("upper", "lower"), indicators.donchian(length).batch(bars), strict=True))


def efficiency_ratio(bars: BarArrays, length: int = 24) -> FloatArray:
    """Return the efficiency ratio."""
    return indicators.efficiency_ratio(length).batch(bars)[0]


def realised_volatility(bars: BarArrays, length: int = 24, bars_per_year: float = 8760.0) -> FloatArray:
    """Return the realised volatility, annualised."""
    return indicators.realised_volatility(length, bars_per_year).batch(bars)[0]
