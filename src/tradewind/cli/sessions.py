"""A paper session from settings to result: what `demo` and `paper` share."""

import hashlib
import threading
from collections.abc import Callable, Sequence

from tradewind.app.config import Resolved
from tradewind.app.market_data import MarketData
from tradewind.app.pacing import Pacer, SystemClock, speed_of, stopped_by_signals
from tradewind.app.paper import Glance, PaperSession, SessionRecord
from tradewind.app.wiring import engine_config, simulation_settings, streamed_sources
from tradewind.engine.config import EngineConfig
from tradewind.engine.readmodel import ReadModel
from tradewind.research.backtest import BacktestResult
from tradewind.research.breakdown import strategy_name

KEPT_ROWS = 400
Watch = Callable[[Glance], None]


class Session:
    """A session that is ready to run, with the views a display reads."""

    def __init__(self, resolved: Resolved, market: Sequence[MarketData], *, minutes: float | None) -> None:
        config = resolved.config
        self.engine: EngineConfig = engine_config(resolved, [each.instrument for each in market])
        self.market = market
        self.stop = threading.Event()
        names = {bot.id: strategy_name(bot.strategy) for bot in self.engine.bots}
        self.model = ReadModel(self.engine.instruments, strategies=names, keep=KEPT_ROWS)
        pacer = Pacer(SystemClock(), self.stop, speed_of(config.paper.speed), None if minutes is None else minutes * 60)
        self.paper = PaperSession(
            self.engine,
            simulation_settings(config),
            streamed_sources(market),
            pacer=pacer,
            model=self.model,
            on_stop=config.paper.on_stop,
        )

    def run(self, watch: Watch) -> SessionRecord:
        """Run until the data or the time are over, or a signal asks to stop."""
        with stopped_by_signals(self.stop):
            return self.paper.run(watch)


def result_of(record: SessionRecord) -> BacktestResult:
    """Return the session in the form that metrics and reports take."""
    state = record.state
    digest = hashlib.blake2b(f"{record.audit_digest}{record.state_digest}".encode(), digest_size=16).hexdigest()
    return BacktestResult(
        record.config,
        record.settings,
        digest,
        record.audit_digest,
        record.state_digest,
        record.events,
        sum(len(order.fill_ids) for order in state.orders.values()),
        len(state.orders),
        state.equity() or state.base,
        record.audit,
        record.alarms,
        state,
        state.reviewer.on,
        state.reviewer.off,
    )
