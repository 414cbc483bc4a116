"""Bars as the catalog gives them: int64 columns at one scale, sorted by time, with what is absent between them."""

from collections.abc import Iterator

import msgspec
import numpy as np

from tradewind.market.aggregate import BarColumns, Ints
from tradewind.market.quality import NO_TIME, missing_bars
from tradewind.model.errors import DataError
from tradewind.model.market_events import Bar, Gap
from tradewind.storage.catalog.scaling import Scaled, rescaled, rounded
from tradewind.storage.catalog.series import Convention

CHUNK_ROWS = 8_192


class BarTable(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """The bars of one instrument and interval. A price is worth 10**-price_scale, a volume 10**-volume_scale.

    Before row `gap_rows[i]` there are `gap_bars[i]` bars absent; `convention` tells what that means. `derived` says
    that tick and lot of the series were estimated from the data.
    """

    instrument: str
    venue: str
    interval: str
    span_ns: int
    open_ns: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints
    price_scale: int
    volume_scale: int
    convention: Convention = Convention.GAP
    gap_rows: Ints
    gap_bars: Ints
    derived: bool = True

    def __len__(self) -> int:
        return len(self.open_ns)

    @property
    def columns(self) -> BarColumns:
        """The same arrays as the market floor takes them."""
        return BarColumns(self.open_ns, self.open, self.high, self.low, self.close, self.volume)

    @property
    def close_ns(self) -> Ints:
        """The times from which the bars may be known."""
        return self.open_ns + self.span_ns

    def at_scales(self, price_scale: int, volume_scale: int) -> "BarTable":
        """Return the same bars at other scales: prices exactly, volumes rounded where digits are fewer.

        Raises  DataError when a price needs more decimals, or does not fit 64 bits.
        """
        if (price_scale, volume_scale) == (self.price_scale, self.volume_scale):
            return self
        prices = {
            name: rescaled(Scaled(getattr(self, name), self.price_scale), price_scale)
            for name in ("open", "high", "low", "close")
        }
        volume = rounded(Scaled(self.volume, self.volume_scale), volume_scale)
        return msgspec.structs.replace(
            self, **prices, volume=volume, price_scale=price_scale, volume_scale=volume_scale
        )

    def events(self, chunk_rows: int = CHUNK_ROWS) -> Iterator[Bar | Gap]:
        """Yield bars in order, each gap before the bar that ends it; bars are made in chunks, in C."""
        no_trade = self.convention is Convention.NO_TRADE
        gaps = dict(zip(self.gap_rows.tolist(), self.gap_bars.tolist(), strict=True))
        for start in range(0, len(self), chunk_rows):
            for row, bar in enumerate(self._chunk(start, start + chunk_rows), start):
                if gaps and row in gaps:
                    yield Gap(self.instrument, bar.open_ns, gaps[row], no_trade)
                yield bar

    def bars(self, chunk_rows: int = CHUNK_ROWS) -> Iterator[Bar]:
        """Yield the bars in order, without gaps."""
        for start in range(0, len(self), chunk_rows):
            yield from self._chunk(start, start + chunk_rows)

    def _chunk(self, start: int, end: int) -> Iterator[Bar]:
        rows = slice(start, end)
        ends = self.close_ns[rows].tolist()
        prices = (column[rows].tolist() for column in (self.open, self.high, self.low, self.close))
        names, spans = [self.instrument] * len(ends), [self.span_ns] * len(ends)
        return map(Bar, names, ends, spans, *prices, self.volume[rows].tolist())


def gaps_in(open_ns: Ints, span_ns: int, last_ns: int = NO_TIME) -> tuple[Ints, Ints]:
    """Return the rows before which bars are absent, and how many.

    Raises  DataError when times do not increase, which no import writes.
    """
    if len(open_ns) > 1 and bool((np.diff(open_ns) <= 0).any()):
        raise DataError("bars in the catalog are not sorted: verify the series and import its source again")
    return missing_bars(open_ns, span_ns, last_ns)
