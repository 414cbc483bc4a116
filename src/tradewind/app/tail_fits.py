"""Fits of the account's tail at the times of a run: made from bars that had closed, handed out as the run gets there.

What is fitted is not fitted in the engine: it enters as the event `Fitted`, a nanosecond after the bars it knows, is
journaled with the others, and expires. The same fits are made for a backtest and for a paper session.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.app.market_data import MarketData
from tradewind.engine.config import EngineConfig, TailPlan
from tradewind.model.commands import Fitted
from tradewind.model.errors import ConfigError
from tradewind.numeric.risk_measures import HISTORICAL_WINDOW
from tradewind.numeric.tail_fit import fit_tail
from tradewind.risk.tail_book import TAIL, tail_parameters

DAY_NS = 86_400_000_000_000
VALID_TIMES = 2
DIGITS = 10
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


class Closes(NamedTuple):
    """The closes of one instrument's bars, at any scale, by the time they were known."""

    instrument: str
    span_ns: int
    close_ns: IntArray
    close: FloatArray


class TailFits:
    """The fits of one run. `upto` hands out those that are due, in order, each once; none is made before it is due."""

    def __init__(self, plan: TailPlan, closes: Sequence[Closes]) -> None:
        spans = {each.span_ns for each in closes}
        if len(spans) > 1:
            raise ConfigError("VaR and correlation need bars of one length: choose one with --interval")
        self._span_ns = spans.pop() if spans else DAY_NS
        self._names = [each.instrument for each in closes]
        self._times, self._returns = _aligned(closes, self._span_ns)
        self._due = _due_rows(self._times, plan.every_ns)
        self._valid_ns = VALID_TIMES * max(plan.every_ns, self._span_ns)
        self._next = 0

    def upto(self, ts_ns: int) -> Iterator[Fitted]:
        """Yield the fits that are known by `ts_ns` and have not been handed out."""
        while self._next < len(self._due) and self._times[self._due[self._next]] < ts_ns:
            row = self._due[self._next]
            self._next += 1
            if (made := self._fitted(row)) is not None:
                yield made

    def _fitted(self, row: int) -> Fitted | None:
        rows = self._returns[max(0, row + 1 - HISTORICAL_WINDOW) : row + 1]
        fit = fit_tail(rows, DAY_NS / self._span_ns)
        if fit is None:
            return None
        as_of_ns = int(self._times[row])
        names = [self._names[place] for place in fit.places]
        parameters = tail_parameters(names, fit.covariance.tolist(), fit.multiplier)
        # The last digits depend on the machine's linear algebra; a decision must not.
        rounded = {name: float(f"{value:.{DIGITS}g}") for name, value in parameters.items()}
        return Fitted(as_of_ns + 1, TAIL, as_of_ns, rounded, as_of_ns + self._valid_ns)


def tail_fits(config: EngineConfig, closes: Sequence[Closes]) -> TailFits | None:
    """Return the fits that a run needs: none where neither VaR nor correlation is checked."""
    return TailFits(config.tail, closes) if isinstance(config.tail, TailPlan) else None


def market_fits(config: EngineConfig, market: Sequence[MarketData]) -> TailFits | None:
    """Return the fits that a run over a market needs."""
    ordered = sorted(market, key=lambda one: one.instrument.id)
    return tail_fits(
        config,
        [Closes(m.instrument.id, m.bars.span_ns, m.bars.close_ns, m.bars.close.astype(np.float64)) for m in ordered],
    )


def _aligned(closes: Sequence[Closes], span_ns: int) -> tuple[IntArray, FloatArray]:
    """Return all times, and the returns of each instrument at them: NaN where it or the bar before is missing."""
    times = np.unique(np.concatenate([each.close_ns for each in closes])) if closes else np.empty(0, dtype=np.int64)
    returns = np.full((times.size, len(closes)), np.nan)
    for place, each in enumerate(closes):
        together = np.diff(each.close_ns) == span_ns
        rows = np.searchsorted(times, each.close_ns[1:])
        returns[rows[together], place] = (each.close[1:] / each.close[:-1] - 1)[together]
    return times, returns


def _due_rows(times: IntArray, every_ns: int) -> list[int]:
    """Return the rows at which a fit is made: the first, and each that is `every_ns` or more after the one before."""
    due: list[int] = []
    last: int | None = None
    for row, ts_ns in enumerate(times.tolist()):
        if last is None or ts_ns - last >= every_ns:
            due.append(row)
            last = ts_ns
    return due
