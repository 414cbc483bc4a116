"""What a session fits: the account's tail, and what its strategies ask for. Pure; made in a thread of its own.

A job says when it is due and what comes of the closes there are: parameters, or the reason why there are none.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from tradewind.app.live.fit_history import Snapshot
from tradewind.app.strategy_fits import fit_held_ns, fit_requests, parameters_of, together
from tradewind.app.tail_fits import Table, aligned, fit_span_ns, tail_of, valid_ns
from tradewind.engine.config import BotSpec, EngineConfig, TailPlan
from tradewind.numeric.risk_measures import HISTORICAL_MINIMUM, HISTORICAL_WINDOW
from tradewind.risk.tail_book import TAIL
from tradewind.strategy.base import FitRequest


class Made(NamedTuple):
    """What came of a fit: the last close that it knows, its parameters or None, and what there is to say."""

    known_ns: int
    parameters: dict[str, float] | None
    trouble: str = ""


class FitJob(Protocol):
    """One fit that is made again and again. `bars` is how many closes of `span_ns` it looks at."""

    kind: str
    names: tuple[str, ...]
    span_ns: int
    bars: int
    every_ns: int
    valid_ns: int
    move_max: float | None

    def make(self, snapshot: Snapshot) -> Made:
        """Return the fit of what is known."""
        ...


class TailJob:
    """The fit that the limits on VaR and correlation need."""

    def __init__(self, plan: TailPlan, names: Sequence[str], session_ns: int) -> None:
        self.kind = TAIL
        self.names = tuple(sorted(names))
        self.span_ns = fit_span_ns(plan, session_ns)
        self.bars = HISTORICAL_WINDOW + 1
        self.every_ns = plan.every_ns
        self.valid_ns = valid_ns(plan, self.span_ns)
        self.move_max = plan.move_max if isinstance(plan.move_max, float) else None

    def make(self, snapshot: Snapshot) -> Made:
        """Return the tail's parameters; a large move since the last close counts as one more return."""
        table = aligned(snapshot.closes(), self.span_ns)
        if not table.times.size:
            return Made(0, None, "no candles")
        known_ns = int(table.times[-1])
        returns = self._with_moves(table, snapshot) if snapshot.marks else table.returns
        parameters = tail_of(self.names, returns, self.span_ns)
        counts = np.isfinite(returns[-HISTORICAL_WINDOW:]).sum(axis=0)
        few = [f"{name} {count}" for name, count in zip(self.names, counts, strict=True) if count < HISTORICAL_MINIMUM]
        trouble = f"fewer than {HISTORICAL_MINIMUM} returns: {', '.join(few)}" if few else ""
        if parameters is not None:
            unknown = [name for name in self.names if name not in parameters]
            quiet = f"no move, or no candles lately: {', '.join(unknown)}" if unknown else ""
            return Made(known_ns, parameters, trouble or quiet)
        return Made(known_ns, None, trouble or "too few returns that all instruments have, or prices that do not move")

    def _with_moves(self, table: Table, snapshot: Snapshot) -> np.ndarray:
        moved = np.full(len(self.names), np.nan)
        for place, name in enumerate(self.names):
            rows = np.flatnonzero(np.isfinite(table.closes[:, place]))
            if rows.size and name in snapshot.marks:
                moved[place] = snapshot.marks[name] / table.closes[rows[-1], place] - 1
        return np.vstack([table.returns, moved])


class StrategyJob:
    """A fit that a strategy asks for, of the session's own candles."""

    move_max: float | None = None

    def __init__(self, request: FitRequest, session_ns: int) -> None:
        self.kind = request.kind
        self.names = request.instruments
        self.span_ns = session_ns
        self.bars = request.window_bars + request.window_bars // 4  # some, that only one of them has
        self.every_ns = request.every_bars * session_ns
        self.valid_ns = fit_held_ns(request, session_ns)
        self._request = request

    def make(self, snapshot: Snapshot) -> Made:
        """Return the fit of the last closes that all its instruments have."""
        times, prices = together(snapshot.closes())
        window = self._request.window_bars
        known_ns = int(times[-1]) if times.size else 0
        if times.size < window:
            return Made(known_ns, None, f"{times.size} of {window} candles that {' and '.join(self.names)} both have")
        return Made(known_ns, parameters_of(self._request, [each[-window:] for each in prices]))


def fit_jobs(config: EngineConfig, bots: Iterable[BotSpec], session_ns: int) -> list[FitJob]:
    """Return what a session of this configuration, whose bots are these by now, has to fit; nothing for most.

    Raises  ConfigError where the session's candles do not make up those that VaR is to be fitted on.
    """
    names = [each.id for each in config.instruments]
    jobs: list[FitJob] = []
    if isinstance(config.tail, TailPlan):
        jobs.append(TailJob(config.tail, names, session_ns))
    jobs.extend(StrategyJob(each, session_ns) for each in fit_requests(bots) if set(each.instruments) <= set(names))
    return jobs
