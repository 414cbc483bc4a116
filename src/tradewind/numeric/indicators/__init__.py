"""Indicators: each a value that makes a stream, `update(bar)`, and reads columns, `batch(bars)`, with the same bits.

A strategy or a regime model names what it needs as `IndicatorSpec` values; a backtest reads them from columns, a live
run from streams, and both see the same numbers.
"""

from tradewind.numeric.indicators.averages import sma, volume_mean
from tradewind.numeric.indicators.bands import bollinger, rolling_deviation
from tradewind.numeric.indicators.channels import choppiness, donchian, highest, lowest
from tradewind.numeric.indicators.momentum import close, efficiency_ratio, momentum, rate_of_change, rsi
from tradewind.numeric.indicators.serial import lag1_autocorrelation, sign_flip_rate, variance_ratio, wick_share
from tradewind.numeric.indicators.smoothing import ema, macd
from tradewind.numeric.indicators.spec import IndicatorSpec, Stream, flat_rows
from tradewind.numeric.indicators.volatility import (
    garman_klass,
    parkinson,
    realised_volatility,
    volatility_percentile,
)
from tradewind.numeric.indicators.wilder import adx, atr, directional, natr, true_range

__all__ = [
    "IndicatorSpec",
    "Stream",
    "adx",
    "atr",
    "bollinger",
    "choppiness",
    "close",
    "directional",
    "donchian",
    "efficiency_ratio",
    "ema",
    "flat_rows",
    "garman_klass",
    "highest",
    "lag1_autocorrelation",
    "lowest",
    "macd",
    "momentum",
    "natr",
    "parkinson",
    "rate_of_change",
    "realised_volatility",
    "rolling_deviation",
    "rsi",
    "sign_flip_rate",
    "sma",
    "true_range",
    "variance_ratio",
    "volatility_percentile",
    "volume_mean",
    "wick_share",
]
