"""Indicator values for a strategy: all of them ahead of time over columns, or bar by bar, with the same bits."""

import math
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise

import numpy as np

from tradewind.numeric.bars import BarArrays, BarLike, FloatArray
from tradewind.numeric.indicators.spec import IndicatorSpec


def precompute(specs: Sequence[IndicatorSpec], bars: BarArrays, segments: Sequence[int]) -> list[FloatArray]:
    """Return every output of every indicator in order, as columns.

    Shape   (T,) -> a list of (T,), float64.
    Timing  Output `t` uses bars up to and including `t`, back to the latest start of a segment.
    NaN     Where an indicator has no value; each row index in `segments` starts its warm-up again.
    Raises  ValueError if a segment starts outside the rows.
    """
    rows = len(bars)
    for start in segments:
        if not 0 <= start <= rows:
            raise ValueError(f"a segment starts at row {start}, but there are only {rows} rows: give indices of rows")
    edges = [*sorted({0, *segments} - {rows}), rows]
    spans = [(start, stop, bars.span(start, stop)) for start, stop in pairwise(edges)]
    columns: list[FloatArray] = []
    for spec in specs:
        if len(spans) == 1:
            columns.extend(spec.batch(bars))
            continue
        outputs = [np.full(rows, np.nan) for _ in range(spec.outputs)]
        for start, stop, span in spans:
            for output, values in zip(outputs, spec.batch(span), strict=True):
                output[start:stop] = values
        columns.extend(outputs)
    return columns


Update = tuple[Callable[[BarLike], object], tuple[float, ...]]


class Server:
    """Streams of several indicators side by side; `update` gives what `precompute` has in that row."""

    __slots__ = ("_price_scale", "_specs", "_updates", "_volume_scale")

    def __init__(self, specs: Sequence[IndicatorSpec], price_scale: int = 1, volume_scale: int = 1) -> None:
        self._specs = tuple(specs)
        self._price_scale = price_scale
        self._volume_scale = volume_scale
        self.reset()

    def update(self, bar: BarLike) -> tuple[float, ...]:
        """Return every output of every indicator in order, NaN where there is none yet."""
        row: list[float] = []
        for update, missing in self._updates:
            value = update(bar)
            if value is None:
                row += missing
            elif type(value) is tuple:
                row += value
            else:
                row.append(value)  # type: ignore[arg-type]
        return tuple(row)

    def reset(self) -> None:
        """Forget every bar: the indicators warm up again, as after a data gap."""
        self._updates: list[Update] = [
            (spec.stream(self._price_scale, self._volume_scale).update, (math.nan,) * spec.outputs)
            for spec in self._specs
        ]

    def inherit(self, other: "Server", specs: Collection[IndicatorSpec]) -> None:
        """Go on with the other server's streams of these indicators, where it has them; it is not to be used again."""
        theirs = dict(zip(other._specs, other._updates, strict=True))
        self._updates = [
            theirs[spec] if spec in specs and spec in theirs else own
            for spec, own in zip(self._specs, self._updates, strict=True)
        ]
