"""Regimes over recorded bars: the classifier run over the bars of several instruments, in the order they closed.

One instrument's history, or where every instrument of a market stands.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

import msgspec
import numpy as np

from tradewind.app.market_data import MarketData
from tradewind.app.regime import LoadedModel
from tradewind.model.errors import ConfigError
from tradewind.model.regime import Regime, RegimeReading, RegimeSource
from tradewind.numeric.bars import BarArrays, BarRow
from tradewind.regime.classifier import RegimeClassifier
from tradewind.regime.settings import RegimeSettings
from tradewind.storage.catalog import Convention
from tradewind.strategy.registry import nearest


class Standing(msgspec.Struct, frozen=True):
    """The last reading of an instrument, and the close that its regime has held since, or the first one read.

    `last_bar_ns` is the close of its latest bar, in an overview.
    """

    reading: RegimeReading
    since_ns: int
    last_bar_ns: int | None = None


class Stretch(msgspec.Struct, frozen=True):
    """Closes in a row under one regime: from which to which, how many, and how sure it was of them on average."""

    regime: Regime
    source: RegimeSource
    from_ns: int
    to_ns: int
    bars: int
    confidence: float
    reason: str


class MarketOverview(msgspec.Struct, frozen=True):
    """Where every instrument of a market stands at the last close of any."""

    ts_ns: int
    standings: tuple[Standing, ...]
    model_sha256: str | None


class RegimeHistory(msgspec.Struct, frozen=True):
    """The readings of one instrument bar by bar, its closes, and where every instrument stands."""

    instrument: str
    instruments: tuple[str, ...]
    readings: tuple[RegimeReading, ...]
    closes: tuple[float, ...]
    latest: tuple[Standing, ...]
    model_sha256: str | None

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """Return the readings by runs of one regime, told by one tier for one reason."""
        runs = groupby(self.readings, lambda each: (each.regime, each.source, each.reason))
        return tuple(_stretch(list(run)) for _, run in runs)

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
    place = names.index(instrument)
    own = market[place]
    scale = 10.0**own.instrument.price_scale
    first_ns = int(own.bars.open_ns[-min(bars, len(own.bars))])
    readings: list[RegimeReading] = []
    closes: list[float] = []
    latest: tuple[Standing, ...] = ()
    for latest, there in _told(market, loaded, first_ns):
        if instrument in there:
            readings.append(latest[place].reading)
            closes.append(there[instrument].close / scale)
    return RegimeHistory(instrument, tuple(names), tuple(readings), tuple(closes), latest, _hash(loaded))


def market_overview(market: Sequence[MarketData], loaded: LoadedModel, bars: int) -> MarketOverview:
    """Return where every instrument stands, told from the last `bars` closes of the market.

    Raises  ConfigError when bars are of different lengths.
    """
    last_ns = max(int(each.bars.open_ns[-1]) for each in market)
    first_ns = last_ns - (bars - 1) * _span_ns(market)
    latest: tuple[Standing, ...] = ()
    for standings, _ in _told(market, loaded, first_ns):
        latest = standings
    span_ns = _span_ns(market)
    ends = {each.instrument.id: int(each.bars.open_ns[-1]) + span_ns for each in market}
    latest = tuple(msgspec.structs.replace(each, last_bar_ns=ends[each.reading.instrument]) for each in latest)
    return MarketOverview(last_ns + span_ns, latest, _hash(loaded))


def _told(
    market: Sequence[MarketData], loaded: LoadedModel, first_ns: int
) -> Iterator[tuple[tuple[Standing, ...], dict[str, BarRow]]]:
    """Yield where all stand at each close from `first_ns` on, and the bars that closed then."""
    span_ns = _span_ns(market)
    names = [each.instrument.id for each in market]
    quiet = all(each.bars.convention is Convention.NO_TRADE for each in market)
    classifier = RegimeClassifier(names, RegimeSettings(gaps_are_no_trade=quiet), loaded.model, loaded.flag)
    rows = {each.instrument.id: _rows(each, first_ns) for each in market}
    standings: tuple[Standing, ...] = ()
    for open_ns in sorted(set().union(*rows.values())):
        there = {name: found[open_ns] for name, found in rows.items() if open_ns in found}
        told = classifier.update(open_ns + span_ns, there)
        standings = tuple(map(_standing, standings, told)) or tuple(Standing(each, each.ts_ns) for each in told)
        yield standings, there


def _standing(before: Standing, told: RegimeReading) -> Standing:
    return Standing(told, before.since_ns if told.regime is before.reading.regime else told.ts_ns)


def _stretch(run: Sequence[RegimeReading]) -> Stretch:
    sure = sum(each.confidence for each in run) / len(run)
    first, last = run[0], run[-1]
    return Stretch(first.regime, first.source, first.ts_ns, last.ts_ns, len(run), sure, first.reason)


def _span_ns(market: Sequence[MarketData]) -> int:
    spans = {each.bars.span_ns for each in market}
    if len(spans) > 1:
        raise ConfigError("the bars are of different lengths: choose one with --interval")
    return spans.pop()


def _hash(loaded: LoadedModel) -> str | None:
    return None if loaded.model is None else loaded.model.sha256


def _rows(market: MarketData, first_ns: int) -> dict[int, BarRow]:
    bars = market.bars
    start = int(np.searchsorted(bars.open_ns, first_ns))
    arrays = BarArrays(bars.open, bars.high, bars.low, bars.close, bars.volume).span(start, len(bars))
    return dict(zip(bars.open_ns[start:].tolist(), arrays.rows(), strict=True))
