"""What commands that run something share: data in the form a backtest takes, and the backtest that suits them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from tradewind.app.market_data import MarketData
from tradewind.app.shadow import CHECKPOINT_EVENTS, ShadowPlan, shadow_journal
from tradewind.app.strategy_fits import fit_events
from tradewind.app.tail_fits import market_fits
from tradewind.app.wiring import simulated_venue, streamed_sources
from tradewind.engine.config import EngineConfig
from tradewind.engine.ports import Recorder
from tradewind.engine.sequencer import Recorded, merge
from tradewind.engine.state import EngineState
from tradewind.research.backtest import BacktestResult, run_backtest, run_events
from tradewind.research.series import BarSeries
from tradewind.simulation.settings import SimulationSettings
from tradewind.storage.catalog import Convention
from tradewind.storage.journal.recorder import JournalRecorder
from tradewind.storage.runs import RunRecord


def run_market(
    engine: EngineConfig,
    settings: SimulationSettings,
    market: Sequence[MarketData],
    *,
    serve: bool = True,
    progress: Callable[[int, int], None] | None = None,
    recorder: Recorder | None = None,
) -> BacktestResult:
    """Run over bars with indicators computed beforehand, or over recorded ticks, as the data are."""
    if not any(each.ticks for each in market):
        return run_backtest(
            engine,
            settings,
            bar_series(market),
            extra=carried(market),
            serve=serve,
            progress=progress,
            recorder=recorder,
        )
    sources = streamed_sources(market)
    state = EngineState(engine)
    venue = simulated_venue(engine, settings, market)
    total = sum(len(source.ts_ns) for source in sources)
    fits, tails = fit_events(engine, sources), market_fits(engine, market)
    return run_events(
        engine, settings, state, venue, merge(sources), total, progress, recorder=recorder, fits=fits, tails=tails
    )


def run_shadow(
    plan: ShadowPlan,
    run: RunRecord,
    folder: Path,
    market: Sequence[MarketData],
    *,
    serve: bool,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Run a candidate over the market of a backtest, and keep its journal in the run's folder."""
    recorder = JournalRecorder(shadow_journal(plan, run, folder), checkpoint_events=CHECKPOINT_EVENTS)
    try:
        result = run_market(plan.engine, plan.settings, market, serve=serve, progress=progress, recorder=recorder)
        recorder.close(result.state, result.audit_digest)
    finally:
        recorder.journal.close()


def carried(market: Sequence[MarketData]) -> list[Recorded]:
    """Return the mark prices and funding of perpetuals as further sources of a run."""
    return [source for each in market for source in each.carry.sources(each.instrument.id)]


def bar_series(market: Sequence[MarketData]) -> list[BarSeries]:
    """Return the market's bars as a backtest takes them, sorted by instrument."""
    return [_one(each) for each in sorted(market, key=lambda one: one.instrument.id)]


def _one(market: MarketData) -> BarSeries:
    bars = market.bars
    return BarSeries(
        market.instrument,
        bars.span_ns,
        bars.open_ns,
        bars.open,
        bars.high,
        bars.low,
        bars.close,
        bars.volume,
        bars.convention is Convention.NO_TRADE,
        market.source,
        market.digest,
        market.carry.notes,
    )
