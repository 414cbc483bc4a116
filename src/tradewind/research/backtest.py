"""A backtest: recorded events through the same engine as live, against the simulated venue (SPEC B1).

The result is what happened, as values: the audit stream, the final state, and one digest over both. What is computed
from it (curves, metrics, pages) lives beside this module.
"""

import gc
import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial

import msgspec
import numpy as np

from tradewind.app.strategy_fits import fit_events
from tradewind.app.tail_fits import Closes, TailFits, tail_fits
from tradewind.app.wiring import opening_account
from tradewind.engine.config import EngineConfig
from tradewind.engine.digest import AuditDigest, state_digest
from tradewind.engine.driver import Driver, Responder
from tradewind.engine.ports import Recorder, Venue
from tradewind.engine.sequencer import Recorded, merge, restless
from tradewind.engine.state import EngineState
from tradewind.model.commands import Fitted
from tradewind.model.effects import Alarm
from tradewind.model.market_events import MarketEvent
from tradewind.model.money import multiply
from tradewind.research.series import BarSeries, check_series, recorded_sources
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.book import BookVenue
from tradewind.simulation.settings import SimulationSettings

Progress = Callable[[int, int], None]


class BacktestResult(msgspec.Struct):
    """What a run did. `digest` covers orders, fills, decisions and the final ledger; equal runs have equal digests."""

    config: EngineConfig
    settings: SimulationSettings
    digest: str
    audit_digest: str
    state_digest: str
    events: int
    fills: int
    orders: int
    equity: Decimal
    audit: list[msgspec.Struct]
    alarms: list[Alarm]
    state: EngineState
    checks_on: tuple[str, ...]
    checks_off: tuple[str, ...]


def run_backtest(
    config: EngineConfig,
    settings: SimulationSettings,
    series: Sequence[BarSeries],
    *,
    extra: Sequence[Recorded] = (),
    progress: Progress | None = None,
    responder: Responder | None = None,
    serve: bool = True,
    keep_audit: bool = True,
    recorder: Recorder | None = None,
) -> BacktestResult:
    """Run the bots of `config` over the bars and return what happened.

    `extra` are further recorded sources (funding, marks). `progress` is told (events done, events in all) now and then.
    Raises  DataError for bars that cannot be used, StateError if engine and venue disagree.
    """
    for one in series:
        check_series(one)
    state = EngineState(config)
    venue = BarVenue(config.instruments, settings, opening_account(config), restless(extra))
    sources = list(extra)
    for one in sorted(series, key=lambda each: each.instrument.id):
        specs = state.markets[one.instrument.id].specs
        sources += recorded_sources(one, specs, config.gap_bars_max, serve=serve)
    total = sum(len(source.ts_ns) for source in sources)
    closes = [Closes(s.instrument.id, s.span_ns, s.open_ns + s.span_ns, s.close.astype(np.float64)) for s in series]
    return run_events(
        config, settings, state, venue, merge(sources), total, progress, responder, keep_audit, recorder,
        fits=fit_events(config, sources), tails=tail_fits(config, sorted(closes, key=lambda each: each.instrument)),
    )  # fmt: skip


def run_recorded(
    config: EngineConfig,
    settings: SimulationSettings,
    sources: Sequence[Recorded],
    *,
    progress: Progress | None = None,
    responder: Responder | None = None,
    keep_audit: bool = True,
    recorder: Recorder | None = None,
) -> BacktestResult:
    """Run the bots of `config` over recorded books, trades and marks, against a venue that keeps the book."""
    state = EngineState(config)
    venue = BookVenue(config.instruments, settings, opening_account(config))
    total = sum(len(source.ts_ns) for source in sources)
    return run_events(config, settings, state, venue, merge(sources), total, progress, responder, keep_audit, recorder)


def run_events(
    config: EngineConfig,
    settings: SimulationSettings,
    state: EngineState,
    venue: Venue,
    chunks: Iterable[Sequence[MarketEvent]],
    total: int,
    progress: Progress | None = None,
    responder: Responder | None = None,
    keep_audit: bool = True,
    recorder: Recorder | None = None,
    fits: Iterable[Fitted] = (),
    tails: TailFits | None = None,
) -> BacktestResult:
    """Drive an engine and a venue through chunks of events and return what happened; `fits` come in at their times.

    `tails` are fits that are made as the run gets to their times.
    """
    running = AuditDigest()
    kept: list[msgspec.Struct] = []
    take_records = partial(drain, state, running, kept if keep_audit else None)
    driver = Driver(state, venue, responder=responder, recorder=recorder, take_records=take_records)
    for fit in fits:
        driver.agenda.add(fit.ts_ns, fit)
    done = 0
    with quiet_collector():
        for chunk in chunks:
            if tails is not None and chunk:
                for fit in tails.upto(chunk[-1].ts_ns):
                    driver.agenda.add(fit.ts_ns, fit)
            driver.feed(chunk)
            done += len(chunk)
            take_records()
            if progress is not None:
                progress(done, total)
        driver.finish()
    take_records()
    audit_digest, end_digest = running.hexdigest(), state_digest(state)
    return BacktestResult(
        config,
        settings,
        hashlib.blake2b(f"{audit_digest}{end_digest}".encode(), digest_size=16).hexdigest(),
        audit_digest,
        end_digest,
        done,
        state.fills,
        len(state.orders),
        _final_equity(state),
        kept,
        driver.alarms,
        state,
        state.reviewer.on,
        state.reviewer.off,
    )


def _final_equity(state: EngineState) -> Decimal:
    """Return the account's worth at the end; where something held has no price, what is certain: cash less costs."""
    equity = state.equity()
    return state.base if equity is None else equity


def drain(state: EngineState, running: AuditDigest, kept: list[msgspec.Struct] | None) -> None:
    """Take the audit records that have come up since the last time into the digest, and keep them if wanted."""
    if state.audit:
        running.update(state.audit)
        if kept is not None:
            kept.extend(state.audit)
        state.audit.clear()


@contextmanager
def quiet_collector() -> Iterator[None]:
    """Keep the cycle collector from walking the run's growing records again and again.

    Only in the main thread, where nobody else's garbage is held up. At the end the collector is as before, and what the
    run has made counts as old: it is looked at with the next full collection, not at once.
    """
    active = gc.isenabled() and threading.current_thread() is threading.main_thread()
    if active:
        gc.disable()
    try:
        yield
    finally:
        if active:
            gc.freeze()
            gc.unfreeze()
            gc.enable()


def notional_traded(result: BacktestResult) -> Decimal:
    """Return the sum of the notionals of all fills, in the account's currency."""
    total = Decimal(0)
    for order in result.state.orders.values():
        instrument = result.state.markets[order.request.instrument].instrument
        total += multiply(instrument.unit_value, order.value)
    return total
