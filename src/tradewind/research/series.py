"""Bars of one instrument as the engine wants them: integer columns on the instrument's scales, gaps as events."""

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from tradewind.engine.sequencer import Recorded, RecordedBars, gap_source
from tradewind.model.errors import DataError
from tradewind.model.instrument import Instrument, InstrumentKind
from tradewind.model.market_events import Gap
from tradewind.model.money import plain
from tradewind.numeric.bars import BarArrays
from tradewind.numeric.indicators import IndicatorSpec
from tradewind.numeric.serving import precompute

IntArray = npt.NDArray[np.int64]


class BarSeries(msgspec.Struct, frozen=True):
    """Closed bars of one instrument, oldest first. `open_ns` are the bars' opening times; `volume` may be None.

    `no_trade` says that absent bars mean that nothing traded; else they are missing data. `source` and `digest` say
    where the bars come from and what they are, for the run record; `notes` what came with them, as (what, text).
    """

    instrument: Instrument
    span_ns: int
    open_ns: IntArray
    open: IntArray
    high: IntArray
    low: IntArray
    close: IntArray
    volume: IntArray | None
    no_trade: bool = False
    source: str = ""
    digest: str = ""
    notes: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.open_ns)


def perpetual_notes(series: BarSeries) -> list[tuple[str, str]]:
    """Return what a reader must know of a perpetual: its funding, its marks, its margin; nothing of other kinds."""
    instrument = series.instrument
    if instrument.kind is not InstrumentKind.PERPETUAL:
        return []
    if instrument.maintenance_margin is None:
        margin = (
            f"no maintenance margin is set for {instrument.id}: positions are never liquidated; state "
            f"[instruments.{instrument.id}] initial_margin and maintenance_margin"
        )
    else:
        margin = f"initial {plain(instrument.initial_margin)}, maintenance {plain(instrument.maintenance_margin)}"
    return [*series.notes, ("margin", margin)]


def check_series(series: BarSeries) -> None:
    """Refuse bars that no run may use: unsorted or duplicate times, prices that are not positive, impossible ranges.

    Raises  DataError naming the instrument, the first bad row and the remedy.
    """
    name = series.instrument.id
    if len(series) == 0:
        raise DataError(f"{name}: there are no bars in the chosen range: import data or choose another range")
    steps = np.diff(series.open_ns)
    if (bad := _first(steps <= 0)) is not None:
        kind = "twice" if steps[bad] == 0 else "out of order"
        raise DataError(
            f"{name}: row {bad + 1} has its time {kind}: sort the bars and remove duplicates, then import again"
        )
    if (bad := _first(series.low <= 0)) is not None:
        raise DataError(
            f"{name}: row {bad} has a price that is not positive: correct or remove the row, then import again"
        )
    top = np.maximum(series.open, series.close)
    bottom = np.minimum(series.open, series.close)
    if (bad := _first((series.high < top) | (series.low > bottom))) is not None:
        raise DataError(f"{name}: row {bad} has open or close outside low..high: correct the row, then import again")


def find_gaps(series: BarSeries) -> list[Gap]:
    """Return a gap event for each hole between consecutive bars, known when the bar after the hole closes."""
    missing = np.diff(series.open_ns) // series.span_ns - 1
    rows = np.flatnonzero(missing > 0)
    return [
        Gap(series.instrument.id, int(series.open_ns[row + 1]) + series.span_ns, int(missing[row]), series.no_trade)
        for row in rows.tolist()
    ]


def recorded_sources(
    series: BarSeries, specs: Sequence[IndicatorSpec], gap_bars_max: int, *, serve: bool = True
) -> list[Recorded]:
    """Return the series as sources for the sequencer; with `serve` the declared indicators are computed beforehand."""
    gaps = find_gaps(series)
    served = None
    if serve:
        served = precompute(specs, bar_arrays(series), _segments(series, gap_bars_max))
    columns = (series.open, series.high, series.low, series.close)
    closes = series.open_ns + series.span_ns
    bars = RecordedBars(series.instrument.id, series.span_ns, closes, columns, series.volume, served)
    return [bars, gap_source(series.instrument.id, gaps)] if gaps else [bars]


def bar_arrays(series: BarSeries) -> BarArrays:
    """Return the bars as indicators take them."""
    instrument = series.instrument
    return BarArrays(
        series.open,
        series.high,
        series.low,
        series.close,
        series.volume,
        price_scale=10**instrument.price_scale,
        volume_scale=10**instrument.volume_scale,
    )


def _segments(series: BarSeries, gap_bars_max: int) -> list[int]:
    """Return the rows at which indicators start again: after data gaps of more than the maximum (METHODS 0)."""
    if series.no_trade:
        return []
    missing = np.diff(series.open_ns) // series.span_ns - 1
    return [row + 1 for row in np.flatnonzero(missing > gap_bars_max).tolist()]


def _first(bad: npt.NDArray[np.bool_]) -> int | None:
    rows = np.flatnonzero(bad)
    return int(rows[0]) if len(rows) else None
