"""Everything the two tiers read of a panel of instruments, kept bar by bar.

The rules need three indicators of each instrument and the correlation of all; the model reads those too, after the
features across instruments.
"""

import math
from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from tradewind.numeric.bars import BarLike
from tradewind.numeric.indicators import Stream, adx, choppiness, natr
from tradewind.numeric.indicators.volatility import VolatilityPercentileStream
from tradewind.numeric.panel_kernels import MINIMUM_INSTRUMENTS
from tradewind.regime.correlation import RollingCorrelation
from tradewind.regime.features import PANEL_FEATURES, FeaturePanel
from tradewind.regime.rules import RuleInputs

FloatArray = NDArray[np.float64]

RULE_BARS = 100
"""The rules are defined from the 100th bar on, when the percentile has its minimum of values."""

MODEL_BARS = 520
NATR_BARS = 14
PERCENTILE_BARS = 500

FEATURES = (*PANEL_FEATURES, "adx", "choppiness", "atr_percentile", "correlation_z")


class KeptStream:
    """A stream that remembers its last value, so that two readers cost one update."""

    __slots__ = ("_stream", "value")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.value: float | None = None

    def update(self, bar: BarLike) -> float | None:
        """Return the value of the stream, and keep it."""
        value = self._stream.update(bar)
        self.value = value if isinstance(value, float) else None
        return self.value


class Indicators:
    """One instrument's indicators of the rules."""

    __slots__ = ("_adx", "_choppiness", "_natr", "_percentile", "adx", "bars", "choppiness", "natr", "percentile")

    def __init__(self) -> None:
        self._adx = adx().stream()
        self._choppiness = choppiness().stream()
        self._natr = KeptStream(natr(NATR_BARS).stream())
        self._percentile = VolatilityPercentileStream(PERCENTILE_BARS, RULE_BARS - NATR_BARS, self._natr)
        self.adx = self.choppiness = self.natr = self.percentile = math.nan
        self.bars = 0

    def update(self, bar: BarLike) -> None:
        """Take one bar; the values are NaN until they are defined."""
        self.bars += 1
        self.adx = _number(self._adx.update(bar))
        self.choppiness = _number(self._choppiness.update(bar))
        self.percentile = _number(self._percentile.update(bar))
        self.natr = _number(self._natr.value)

    @property
    def flat(self) -> bool:
        """Return whether nothing moved over the window of the choppiness."""
        return self.bars >= RULE_BARS and math.isnan(self.choppiness)


class PanelInputs:
    """The inputs of both tiers for a fixed list of instruments; `bars` given as None is one that is not there."""

    __slots__ = ("_closes", "_matrix", "correlation", "correlation_z", "indicators", "panel", "together")

    def __init__(self, instruments: int, features: bool = True) -> None:
        """Begin with no bar seen; without `features` only what the rules read is kept."""
        self.indicators = [Indicators() for _ in range(instruments)]
        several = instruments >= MINIMUM_INSTRUMENTS
        self.panel = FeaturePanel(instruments) if several and features else None
        self.together = RollingCorrelation(instruments) if several else None
        self.correlation: float | None = None
        self.correlation_z: float | None = None
        self._matrix = np.zeros((len(FEATURES), instruments))
        self._closes = [math.nan] * instruments

    def update(self, bars: Sequence[BarLike | None]) -> None:
        """Take the bars that closed at one time, one of each instrument or None."""
        for indicators, bar in zip(self.indicators, bars, strict=True):
            if bar is not None:
                indicators.update(bar)
        if self.together is None:
            return
        closes = [math.nan if bar is None else float(bar.close) for bar in bars]
        returns = [close / held - 1.0 for close, held in zip(closes, self._closes, strict=True)]
        self._closes = [
            held if bar is None else close for bar, close, held in zip(bars, closes, self._closes, strict=True)
        ]
        self.correlation = self.together.update(returns)
        self.correlation_z = self.together.z_score
        if self.panel is not None:
            self._fill(self.panel, bars, closes)

    def _fill(self, panel: FeaturePanel, bars: Sequence[BarLike | None], closes: list[float]) -> None:
        ahead = len(PANEL_FEATURES)
        self._matrix[:ahead] = panel.update(_prices(bars, closes))
        z_score = 0.0 if self.correlation_z is None else self.correlation_z
        own = self.indicators
        self._matrix[ahead:] = [
            [each.adx for each in own],
            [each.choppiness for each in own],
            [each.percentile for each in own],
            [z_score] * len(own),
        ]

    @property
    def features(self) -> FloatArray:
        """Return the model's features (F, N) after the last bar; the array is used again."""
        return self._matrix

    def rule_inputs(self, instrument: int) -> RuleInputs | None:
        """Return what the rules read of an instrument, or None until all of it is defined."""
        own = self.indicators[instrument]
        if own.bars < RULE_BARS:
            return None
        return RuleInputs(own.adx, own.choppiness, own.percentile, self.correlation)

    def model_ready(self, instrument: int) -> bool:
        """Return whether every feature of the model is defined for an instrument."""
        return self.indicators[instrument].bars >= MODEL_BARS and self.correlation is not None

    def reset(self, instrument: int) -> None:
        """Forget one instrument, as after a data gap."""
        self.indicators[instrument] = Indicators()
        self._closes[instrument] = math.nan
        if self.panel is not None:
            self.panel.reset(instrument)


def _number(value: object) -> float:
    return value if isinstance(value, float) else math.nan


def _prices(bars: Sequence[BarLike | None], closes: list[float]) -> FloatArray:
    """Return open, high, low and close (4, N), NaN where there is no bar."""
    if None not in bars:
        there = cast(Sequence[BarLike], bars)
        rows = [[bar.open for bar in there], [bar.high for bar in there], [bar.low for bar in there], closes]
        return np.array(rows, dtype=np.float64)
    columns = [(math.nan,) * 4 if bar is None else (bar.open, bar.high, bar.low, bar.close) for bar in bars]
    return np.ascontiguousarray(np.array(columns, dtype=np.float64).T)
