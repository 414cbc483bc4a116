"""Fits of the account's tail at the times of a run: made from bars that had closed, handed out as the run gets there.

What is fitted is not fitted in the engine: it enters as the event `Fitted`, a nanosecond after the bars it knows, is
journaled with the others, and expires. The same fits are made for a backtest, a paper session and a live one.
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


class Table(NamedTuple):
    """Closes and returns of several instruments at all their times: NaN where a bar, or the one before, is missing."""

    times: IntArray
    closes: FloatArray
    returns: FloatArray


class TailFits:
    """The fits of one run. `upto` hands out those that are due, in order, each once; none is made before it is due."""

    def __init__(self, plan: TailPlan, closes: Sequence[Closes]) -> None:
        spans = {each.span_ns for each in closes}
        if len(spans) > 1:
            raise ConfigError("VaR and correlation need bars of one length: choose one with --interval")
        self._span_ns = fit_span_ns(plan, spans.pop() if spans else DAY_NS)
        self._names = [each.instrument for each in closes]
        self._table = aligned([thinned(each, self._span_ns) for each in closes], self._span_ns)
        self._due = _due_rows(self._table, plan)
        self._valid_ns = valid_ns(plan, self._span_ns)
        self._next = 0

    def begin(self, ts_ns: int) -> None:
        """Leave out the fits that another has replaced by `ts_ns`: before that nobody decides."""
        self._next = max(0, int(np.searchsorted(self._table.times[self._due], ts_ns, side="right")) - 1)

    def upto(self, ts_ns: int) -> Iterator[Fitted]:
        """Yield the fits that are known by `ts_ns` and have not been handed out."""
        times = self._table.times
        while self._next < len(self._due) and times[self._due[self._next]] < ts_ns:
            row = self._due[self._next]
            self._next += 1
            parameters = tail_of(self._names, self._table.returns[: row + 1], self._span_ns)
            if parameters is not None:
                as_of_ns = int(times[row])
                yield Fitted(as_of_ns + 1, TAIL, as_of_ns, parameters, as_of_ns + self._valid_ns)


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


def tail_of(names: Sequence[str], returns: FloatArray, span_ns: int) -> dict[str, float] | None:
    """Return the parameters of a fit of the last returns, None with too few; instruments with too few are left out."""
    fit = fit_tail(returns[-HISTORICAL_WINDOW:], DAY_NS / span_ns)
    if fit is None:
        return None
    parameters = tail_parameters([names[place] for place in fit.places], fit.covariance.tolist(), fit.multiplier)
    # The last digits depend on the machine's linear algebra; a decision must not.
    return {name: float(f"{value:.{DIGITS}g}") for name, value in parameters.items()}


def fit_span_ns(plan: TailPlan, bars_ns: int) -> int:
    """Return the length of the bars that a fit is made of: the run's own, or longer ones that the plan names.

    Raises  ConfigError where the run's bars are too long, or do not make up one of the plan's.
    """
    span_ns = plan.span_ns if isinstance(plan.span_ns, int) else bars_ns
    if span_ns % bars_ns:
        raise ConfigError(
            f"var.interval is {span_ns / 60e9:g} minutes, which bars of {bars_ns / 60e9:g} minutes do not make up: "
            "choose a multiple of data.interval, or leave it out"
        )
    return span_ns


def valid_ns(plan: TailPlan, span_ns: int) -> int:
    """Return for how long a fit holds after the last bar it knows."""
    return VALID_TIMES * max(plan.every_ns, span_ns)


def thinned(closes: Closes, span_ns: int) -> Closes:
    """Return the closes at the ends of bars of `span_ns`, which are as long as the closes' own or longer."""
    if span_ns == closes.span_ns:
        return closes
    kept = closes.close_ns % span_ns == 0
    return Closes(closes.instrument, span_ns, closes.close_ns[kept], closes.close[kept])


def aligned(closes: Sequence[Closes], span_ns: int) -> Table:
    """Return all times, and the closes and returns of each instrument at them."""
    times = np.unique(np.concatenate([each.close_ns for each in closes])) if closes else np.empty(0, dtype=np.int64)
    shown = np.full((times.size, len(closes)), np.nan)
    returns = shown.copy()
    for place, each in enumerate(closes):
        shown[np.searchsorted(times, each.close_ns), place] = each.close
        together = np.diff(each.close_ns) == span_ns
        rows = np.searchsorted(times, each.close_ns[1:])
        returns[rows[together], place] = (each.close[1:] / each.close[:-1] - 1)[together]
    return Table(times, shown, returns)


def _due_rows(table: Table, plan: TailPlan) -> list[int]:
    """Return the rows at which a fit is made: the first, each that is `every_ns` or more after the one before, and
    those of large moves between.
    """
    times, due = table.times, [0] if table.times.size else []
    while due:
        last = due[-1]
        row = int(np.searchsorted(times, times[last] + plan.every_ns))
        if isinstance(plan.move_max, float) and row - last > 1:
            moved = np.abs(table.closes[last + 1 : row] / table.closes[last] - 1) >= plan.move_max
            found = moved.any(axis=1)  # what is missing has not moved: NaN compares as false
            row = last + 1 + int(found.argmax()) if found.any() else row
        if row >= times.size:
            break
        due.append(row)
    return due
