"""What comes with the bars of a perpetual: funding and mark prices of the same venue and instrument.

At one moment the order is the bar that closes, the mark, the funding, the margin's terms: what is held at that close is
charged, at that mark; an order decided at that close, which fills at the next open, is not.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec

from tradewind.app.candle_files import MARK_LABEL
from tradewind.app.settings import DataSettings
from tradewind.app.times import moment_text
from tradewind.engine.sequencer import TERMS_PRIORITY, Recorded, RecordedEvents
from tradewind.model.instrument import Instrument, InstrumentKind
from tradewind.model.market_events import FundingRate, MarginRates, MarkPrice
from tradewind.storage.catalog import BarTable, Catalog, Kind, Manifest, SeriesKey
from tradewind.storage.catalog.events import funding
from tradewind.storage.catalog.scaling import Scaled, rounded

MARK_PRIORITY, FUNDING_PRIORITY = 3, 4  # bars have 2, margin terms come last
USUAL_NS = 8 * 3_600_000_000_000  # between two settlements, where only one is known
USUAL_MOST_NS = USUAL_NS + 600_000_000_000  # a few minutes late is on time
TOLD_MIN = 0.005
BARS_ARE_MARKS = "the bars are the marks"


class Carry(msgspec.Struct, frozen=True, eq=False):
    """Funding and marks of one perpetual in the range of its bars; the texts say where they are from, or why not.

    All of it is empty for an instrument that has neither. `digest` names the sources of what is used; `unfunded` is the
    share of the bars' time for which no funding is known, so that nothing is charged.
    """

    funding: tuple[FundingRate, ...] = ()
    marks: tuple[MarkPrice, ...] = ()
    funding_told: str = ""
    marks_told: str = ""
    digest: str = ""
    unfunded: float = 0.0
    windows: tuple[MarginRates, ...] = ()

    def sources(self, instrument: str) -> list[Recorded]:
        """Return the sources for the sequencer; none for what is not there."""
        made: list[Recorded] = []
        if self.marks:
            made.append(RecordedEvents(instrument, MARK_PRIORITY, self.marks))
        if self.funding:
            made.append(RecordedEvents(instrument, FUNDING_PRIORITY, self.funding))
        if self.windows:
            made.append(RecordedEvents(instrument, TERMS_PRIORITY, self.windows))
        return made

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        """What is told about it, as (what, text)."""
        return tuple(
            (what, text) for what, text in (("funding", self.funding_told), ("marks", self.marks_told)) if text
        )


def carry_of(catalog: Catalog, instrument: Instrument, bars: BarTable, data: DataSettings) -> Carry:
    """Return the funding and marks that the catalog has for a perpetual's bars, as far as the settings want them."""
    if instrument.kind is not InstrumentKind.PERPETUAL:
        return Carry()
    there = {manifest.key: manifest for manifest in catalog.list()}
    rates_key = SeriesKey(bars.venue, bars.instrument, Kind.FUNDING.value)
    rates: tuple[FundingRate, ...] = ()
    if not data.funding:
        rates_told = "not charged: data.funding is off"
    elif rates_key not in there:
        rates_told = f"none found for {bars.venue} {bars.instrument}: none is charged"
    else:
        rates = _funding(catalog, rates_key, instrument, bars)
        rates_told = _told(rates, "settlements", rates_key)
    unfunded = uncharged(rates, int(bars.open_ns[0]), int(bars.close_ns[-1]))
    if data.funding and rates_key in there and unfunded >= TOLD_MIN:
        rates_told += f": none is charged for {unfunded:.0%} of the time"
    mark_key = _mark_series(there, bars) if data.marks else None
    marks = () if mark_key is None else _marks(catalog, mark_key, instrument, bars)
    marks_told = BARS_ARE_MARKS if mark_key is None else _told(marks, "prices", mark_key)
    used = [key for key, found in ((rates_key, rates), (mark_key, marks)) if key is not None and found]
    digest = "-".join(entry.sha256[:16] for key in used for entry in there[key].sources)
    return Carry(rates, marks, rates_told, marks_told, digest, unfunded)


def uncharged(rates: Sequence[FundingRate], start_ns: int, end_ns: int) -> float:
    """Return the share of the time from start to end that lies between settlements further apart than usual there."""
    times = [each.ts_ns for each in rates]
    if not times or end_ns <= start_ns:
        return 1.0
    usual = _usual_ns([after - before for before, after in pairwise(times)])
    stretches = [after - before for before, after in pairwise([start_ns, *times, end_ns])]
    return sum(each - usual for each in stretches if 2 * each > 3 * usual) / (end_ns - start_ns)


def _usual_ns(apart: Sequence[int]) -> int:
    """Return how far apart settlements may be: venues change that, so the longest that was kept twice in a row counts.

    Beyond eight hours two in a row may be two holes: of such only the middle one of all counts.
    """
    kept = [one for one, other in pairwise(apart) if one <= USUAL_MOST_NS and 0.9 * one < other < 1.1 * one]
    return max([*kept, sorted(apart)[len(apart) // 2]]) if apart else USUAL_NS


def _funding(catalog: Catalog, key: SeriesKey, instrument: Instrument, bars: BarTable) -> tuple[FundingRate, ...]:
    """Return the settlements after the first bar's open, when something can be held, until the last close."""
    start_ns, end_ns = int(bars.open_ns[0]) + 1, int(bars.close_ns[-1]) + 1
    return tuple(funding(catalog, key, instrument.price_scale, start_ns=start_ns, end_ns=end_ns))


def _mark_series(there: Mapping[SeriesKey, Manifest], bars: BarTable) -> SeriesKey | None:
    """Return the mark prices of the bars' own length, where there are any."""
    for key in there:
        mine = (key.venue, key.instrument, key.kind) == (bars.venue, bars.instrument, Kind.BARS.value)
        if mine and key.interval.endswith(MARK_LABEL) and key.span_ns == bars.span_ns and key.interval != bars.interval:
            return key
    return None


def _marks(catalog: Catalog, key: SeriesKey, instrument: Instrument, bars: BarTable) -> tuple[MarkPrice, ...]:
    """Return the closes of the mark prices in the bars' range; digits beyond the instrument's prices are rounded."""
    start_ns, end_ns = int(bars.open_ns[0]), int(bars.open_ns[-1]) + 1
    table = catalog.bars(key.venue, key.instrument, key.interval, start_ns, end_ns)
    prices = rounded(Scaled(table.close, table.price_scale), instrument.price_scale)
    return tuple(map(MarkPrice, [instrument.id] * len(table), table.close_ns.tolist(), prices.tolist()))


def _told(found: tuple[FundingRate, ...] | tuple[MarkPrice, ...], what: str, key: SeriesKey) -> str:
    if not found:
        return f"{key} has none in the range of the bars"
    return f"{len(found):,} {what} of {key}, {moment_text(found[0].ts_ns)} to {moment_text(found[-1].ts_ns)} UTC"
