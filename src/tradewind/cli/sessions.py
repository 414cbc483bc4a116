"""A paper session from settings to its kept result: what `demo` and `paper` share."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from tradewind.app.candidate import refuse_unheard, shadow_plan
from tradewind.app.config import Resolved
from tradewind.app.config_watch import ConfigWatch
from tradewind.app.home import Home
from tradewind.app.market_data import MarketData
from tradewind.app.pacing import Pacer, SystemClock, speed_of, stopped_by_signals
from tradewind.app.paper import Glance, PaperSession, SessionRecord
from tradewind.app.paper_history import History
from tradewind.app.plan_terms import refuse_short_plans
from tradewind.app.recording import run_record
from tradewind.app.replaying import begin_session, rebuild
from tradewind.app.shadow import Shadow, shadow_journal
from tradewind.app.tail_fits import market_fits
from tradewind.app.wiring import engine_config, simulated_venue, simulation_settings, streamed_sources
from tradewind.cli.keeping import completed, now_ns, tear_sheet
from tradewind.cli.running import bar_series
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.replay import run_digest
from tradewind.engine.state import EngineState
from tradewind.research.backtest import BacktestResult
from tradewind.research.breakdown import read_model, strategy_name
from tradewind.research.metrics import Metrics, compute_metrics
from tradewind.research.series import BarSeries
from tradewind.storage.runs import RunRecord, RunStore

KEPT_ROWS = 400
Watch = Callable[[Glance], None]


class Kept(msgspec.Struct, frozen=True):
    """A session that is over: its record, result, figures, views, and the path of its tear sheet."""

    record: RunRecord
    result: BacktestResult
    metrics: Metrics
    model: ReadModel
    page: Path
    series: Sequence[BarSeries] = ()


class Session:
    """A session that is ready to run. `model` holds the latest rows, for a display."""

    def __init__(
        self,
        kind: str,
        resolved: Resolved,
        home: Home,
        market: Sequence[MarketData],
        guardian: ConfigWatch | None = None,
        history: History | None = None,
    ) -> None:
        config = resolved.config
        refuse_short_plans(config, market)
        self.engine = engine_config(config, [each.instrument for each in market])
        settings = simulation_settings(config)
        self._plan = shadow_plan(config, self.engine, settings)
        if self._plan is not None:
            refuse_unheard(self._plan, self.engine, books=False)
        self.troubles: list[str] = []  # of the shadow
        self.market = market
        fed = market if history is None else history.market
        self.stop = threading.Event()
        names = {bot.id: strategy_name(bot.strategy) for bot in self.engine.bots}
        self.model = ReadModel(self.engine.instruments, strategies=names, keep=KEPT_ROWS)
        minutes = config.paper.minutes
        speed = speed_of(config.paper.speed)
        self._store = RunStore(home.runs)
        record = run_record(kind, resolved, self.engine, settings, market, now_ns())
        self.record, self._recorder = begin_session(self._store, record)
        self.shadow = self._shadow(fed)
        self.paper = PaperSession(
            self.engine,
            settings,
            simulated_venue(self.engine, settings, fed),
            streamed_sources(fed),
            pacer=Pacer(SystemClock(), self.stop, speed, None if minutes is None else float(minutes) * 60),
            model=self.model,
            recorder=self._recorder,
            on_stop=config.paper.on_stop,
            keep_all=False,
            tails=market_fits(self.engine, fed),
            guardian=guardian,
            shadow=self.shadow,
            history_ns=None if history is None else history.until_ns,
        )

    def _shadow(self, market: Sequence[MarketData]) -> Shadow | None:
        """Return the candidate that runs beside, if there is one, listening to what the session records."""
        plan = self._plan
        if plan is None:
            return None
        journal = shadow_journal(plan, self.record, self._store.folder(self.record.id))
        shadow = Shadow(plan, simulated_venue(plan.engine, plan.settings, market), journal, tell=self.troubles.append)
        shadow.listen(self._recorder)
        return shadow

    def run(self, watch: Watch) -> Kept:
        """Run until data or time are over, or a signal asks to stop; then keep what came of it.

        Whatever happens, the journal is whole as far as it goes, and the run counts as running no more.
        """
        try:
            with stopped_by_signals(self.stop):
                done = self.paper.run(watch)
            self._recorder.close(done.state, done.audit_digest, done.ended)
            return self._keep(done)
        finally:
            self._recorder.journal.close()
            if self.shadow is not None:
                self.shadow.leave()
            self._store.release(self.record.id)

    def _keep(self, done: SessionRecord) -> Kept:
        result = result_of(done, *rebuild(self.engine, self._store.journal(self.record.id)))
        series = bar_series(self.market)
        model = read_model(result)
        metrics = compute_metrics(result, series, model=model)
        record = completed(self.record, result, metrics, done.ended)
        record = self._store.finish(record, audit=result.audit)
        return Kept(record, result, metrics, model, tear_sheet(self._store, record, result, series, None), series)


def result_of(record: SessionRecord, state: EngineState, audit: list[msgspec.Struct]) -> BacktestResult:
    """Return the session, with its whole state and records, in the form that metrics and reports take."""
    return BacktestResult(
        record.config,
        record.settings,
        run_digest(record.audit_digest, record.state_digest),
        record.audit_digest,
        record.state_digest,
        record.events,
        state.fills,
        state.orders_made,
        state.equity() or state.base,
        audit,
        record.alarms,
        state,
        state.reviewer.on,
        state.reviewer.off,
    )
