"""Strategies that know the future, each by another way, and indicators that are not what they say."""

from collections.abc import Sequence

import numpy as np

from tradewind.model.intents import FLAT, TargetWeight
from tradewind.numeric.bars import BarArrays, BarLike, FloatArray
from tradewind.numeric.indicators import IndicatorSpec, sma
from tradewind.strategy.base import Strategy, View

LONG = TargetWeight(1.0)


class LastClose:
    """A stream that is honest: it knows the latest close."""

    def __init__(self, scale: int) -> None:
        self.scale = scale

    def update(self, bar: BarLike) -> float | None:
        return bar.close / self.scale


class Close(IndicatorSpec, frozen=True):
    """The close of a bar, as it should be."""

    state = LastClose

    @property
    def warmup_bars(self) -> int:
        return 1

    def closes(self, bars: BarArrays) -> FloatArray:
        return np.asarray(bars.close / bars.price_scale, dtype=np.float64)


class Centred(Close, frozen=True):
    """A mean of the bars round the current one."""

    def direct(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        return (np.convolve(self.closes(bars), np.ones(9) / 9, mode="same"),)


class Normalised(Close, frozen=True):
    """The close in deviations of the whole series."""

    def direct(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        closes = self.closes(bars)
        return ((closes - closes.mean()) / max(float(closes.std()), 1e-9),)


class Shifted(Close, frozen=True):
    """The next bar's close, as a column that was shifted the wrong way."""

    def direct(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        closes = self.closes(bars)
        return (np.append(closes[1:], closes[-1:]),)


class Filled(Close, frozen=True):
    """A mean whose warm-up was filled in backwards."""

    @property
    def warmup_bars(self) -> int:
        return 10

    def direct(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        (means,) = sma(10).batch(bars)
        return (np.where(np.isnan(means), means[np.isfinite(means)][0], means),)


class Hasty(Close, frozen=True):
    """It says that five bars are enough, and needs ten."""

    @property
    def warmup_bars(self) -> int:
        return 5

    def direct(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        return sma(10).batch(bars)


class HoleyStream(LastClose):
    """It loses its value at every fiftieth bar."""

    def __init__(self, scale: int) -> None:
        super().__init__(scale)
        self.seen = 0

    def update(self, bar: BarLike) -> float | None:
        self.seen += 1
        return None if self.seen % 50 == 0 else super().update(bar)


class Holey(Close, frozen=True):
    """It has no value at every fiftieth bar, in columns and streamed alike."""

    state = HoleyStream

    def direct(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        closes = self.closes(bars).copy()
        closes[49::50] = np.nan
        return (closes,)


class Reads(Strategy):
    """Long while the close is below what an indicator says."""

    spec: IndicatorSpec
    flip: bool = False

    def indicators(self) -> Sequence[IndicatorSpec]:
        return (self.spec,)

    def on_bar(self, view: View) -> TargetWeight:
        (value,) = view.values
        below = (0.0 if isinstance(self.spec, Normalised) else view.close) < value
        return LONG if below != self.flip else FLAT


DIARY: dict[int, float] = {}


class Remembers(Strategy):
    """Writes down every close, outside of its state: in the next run it knows them."""

    def on_bar(self, view: View) -> TargetWeight:
        assert view.bar is not None
        DIARY[view.bar.ts_ns] = view.close
        later = DIARY.get(view.bar.ts_ns + view.bar.span_ns, view.close)
        return LONG if later > view.close else FLAT


class Breaks(Strategy, kw_only=True):
    """Is honest, and raises after some bars."""

    after: int

    def on_bar(self, view: View) -> TargetWeight:
        assert view.bar is not None
        if view.bar.ts_ns > self.after * view.bar.span_ns:
            raise RuntimeError("no more")
        return LONG


class HasTheFile(Strategy, forbid_unknown_fields=False):
    """Has read the closes from where the bars come from: no change of what it is fed takes them away."""

    closes: tuple[float, ...] = ()
    begin_ns: int = 0

    def on_bar(self, view: View) -> TargetWeight:
        assert view.bar is not None
        row = (view.bar.ts_ns - self.begin_ns) // view.bar.span_ns
        if row >= len(self.closes):
            return FLAT
        return LONG if self.closes[row] > self.closes[row - 1] else FLAT
