"""Regimes over recorded bars: the classifier run over the bars of several instruments, in the order they closed."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np

from tradewind.app.market_data import MarketData
from tradewind.app.regime import LoadedModel
from tradewind.model.errors import ConfigError
from tradewind.model.regime import RegimeReading
from tradewind.numeric.bars import BarArrays, BarRow
from tradewind.regime.classifier import RegimeClassifier
from tradewind.regime.settings import RegimeSettings
from tradewind.storage.catalog import Convention
from tradewind.strategy.registry import nearest


class RegimeHistory(msgspec.Struct, frozen=True):
    """The readings of one instrument bar by bar, its closes, and the last reading of every instrument."""

    instrument: str
    instruments: tuple[str, ...]
    readings: tuple[RegimeReading, ...]
    closes: tuple[float, ...]
    latest: tuple[RegimeReading, ...]
    model_sha256: str | None

    @property
    def shares(self) -> dict[str, float]:
        """Return how much of the bars each regime had."""
        counted = Counter(reading.regime.value for reading in self.readings)
        return {name: bars / len(self.readings) for name, bars in sorted(counted.items())}

    @property
    def switches_per_1000(self) -> float:
        """Return how often the regime changed, per 1,000 bars."""
        pairs = pairwise(self.readings)
        return 1000.0 * sum(a.regime is not b.regime for a, b in pairs) / len(self.readings)


def regime_history(instrument: str, market: Sequence[MarketData], loaded: LoadedModel, bars: int) -> RegimeHistory:
    """Return the regimes of an instrument beside the others, over the last `bars` bars that it has.

    Raises  ConfigError when the instrument is not among the market's, or bars are of different lengths.
    """
    names = [each.instrument.id for each in market]
    if instrument not in names:
        raise ConfigError(f"{instrument} is not part of the data: {nearest(instrument, names)}")
    spans = {each.bars.span_ns for each in market}
    if len(spans) > 1:
        raise ConfigError("the bars are of different lengths: choose one with --interval")
    span_ns = spans.pop()
    own = market[names.index(instrument)]
    first_ns = int(own.bars.open_ns[-min(bars, len(own.bars))])
    quiet = all(each.bars.convention is Convention.NO_TRADE for each in market)
    classifier = RegimeClassifier(names, RegimeSettings(gaps_are_no_trade=quiet), loaded.model, loaded.flag)
    rows = {each.instrument.id: _rows(each, first_ns) for each in market}
    scale = 10.0**own.instrument.price_scale
    readings: list[RegimeReading] = []
    closes: list[float] = []
    latest: tuple[RegimeReading, ...] = ()
    place = names.index(instrument)
    for open_ns in sorted(set().union(*rows.values())):
        there = {name: found[open_ns] for name, found in rows.items() if open_ns in found}
        latest = classifier.update(open_ns + span_ns, there)
        if instrument in there:
            readings.append(latest[place])
            closes.append(there[instrument].close / scale)
    return RegimeHistory(
        instrument,
        tuple(names),
        tuple(readings),
        tuple(closes),
        latest,
        None if loaded.model is None else loaded.model.sha256,
    )


def _rows(market: MarketData, first_ns: int) -> dict[int, BarRow]:
    bars = market.bars
    start = int(np.searchsorted(bars.open_ns, first_ns))
    arrays = BarArrays(bars.open, bars.high, bars.low, bars.close, bars.volume).span(start, len(bars))
    return dict(zip(bars.open_ns[start:].tolist(), arrays.rows(), strict=True))
