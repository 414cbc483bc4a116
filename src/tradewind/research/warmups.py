"""Whether a strategy's indicators are as warm as they say: no value too early, none too late, streams like columns."""

from collections.abc import Sequence

import msgspec
import numpy as np

from tradewind.numeric.bars import BarArrays, FloatArray
from tradewind.numeric.indicators.spec import IndicatorSpec, replay
from tradewind.research.series import BarSeries, bar_arrays
from tradewind.strategy.base import Strategy

STARTS = (1, 2, 3, 5, 10, 20)
SETTLED = 1e-3


class WarmupTest(msgspec.Struct, frozen=True):
    """One indicator: the warm-up it declares, the row count at which values come, and what is wrong, if anything.

    `settles_bars` is the history after which its last value no longer depends on where it began, to a thousandth.
    """

    indicator: str
    declared_bars: int
    found_bars: int | None
    settles_bars: int | None
    passed: bool
    told: str


class WarmupReport(msgspec.Struct, frozen=True):
    """All indicators of a strategy."""

    tests: tuple[WarmupTest, ...]

    @property
    def clean(self) -> bool:
        """Return whether every indicator keeps its word."""
        return all(test.passed for test in self.tests)


def check_warmup(strategy: Strategy, series: BarSeries) -> WarmupReport:
    """Return what the strategy's declared indicators do on these bars."""
    return WarmupReport(tuple(_test(spec, bar_arrays(series)) for spec in strategy.indicators()))


def _test(spec: IndicatorSpec, bars: BarArrays) -> WarmupTest:
    columns, streamed = spec.batch(bars), replay(spec, bars)
    declared = spec.warmup_bars
    found = _first(columns)
    name = f"{spec.name}({', '.join(map(str, spec.parameters))})"
    told = _wrong(columns, streamed, declared, found, len(bars))
    settles = _settles(spec, bars) if not told else None
    return WarmupTest(name, declared, found, settles, not told, told or "values from its warm-up on, streamed alike")


def _wrong(
    columns: Sequence[FloatArray], streamed: Sequence[FloatArray], declared: int, found: int | None, rows: int
) -> str:
    """Return what is wrong in words, empty if nothing is."""
    early = [row for column in columns for row in np.flatnonzero(np.isfinite(column[: declared - 1])).tolist()]
    if early:
        return f"it has a value after {min(early) + 1} bars, before it is warm: what it was made of had not happened"
    if found is None:
        if rows < declared:
            return f"it says that it needs {declared} bars, and there were {rows}: nothing was shown, give it more"
        return f"it has no value in {rows} bars, though it says {declared} are enough"
    if found > declared:
        return f"it needs {found} bars, more than it declares: the strategy would be asked without a value"
    holes = [row for column in columns for row in np.flatnonzero(~np.isfinite(column[found:])).tolist()]
    if holes:
        return f"it has no value at bar {found + min(holes) + 1}, after it was warm: the strategy is asked without one"
    for column, stream in zip(columns, streamed, strict=True):
        differ = np.flatnonzero(~((column == stream) | (np.isnan(column) & np.isnan(stream))))
        if differ.size:
            return f"over columns it is not what its stream gives, first at bar {int(differ[0]) + 1}"
    return ""


def _first(columns: Sequence[FloatArray]) -> int | None:
    """Return the number of bars at which every output has a value, None if it never comes to that."""
    defined = np.flatnonzero(np.logical_and.reduce([np.isfinite(column) for column in columns]))
    return int(defined[0]) + 1 if defined.size else None


def _settles(spec: IndicatorSpec, bars: BarArrays) -> int | None:
    """Return after how many bars the last values are those of the whole history; None where no start is enough."""
    rows = len(bars)
    final = np.array([column[-1] for column in spec.batch(bars)])
    for times in STARTS:
        length = times * spec.warmup_bars
        if length >= rows:
            return None
        values = np.array([column[-1] for column in spec.batch(bars.span(rows - length, rows))])
        scale = np.maximum(np.abs(final), 1e-12)
        if np.all(np.abs(values - final) <= SETTLED * scale):
            return length
    return None
