"""The parts of a session on a venue, put together: engine, outbox, gateway, checker, guards, and the session on top."""

from collections.abc import Sequence
from contextlib import suppress

import msgspec

from tradewind.app.live.checking import Checker
from tradewind.app.live.clock import SessionClock
from tradewind.app.live.coverage import Coverage
from tradewind.app.live.engine import LiveEngine
from tradewind.app.live.gate import Gate
from tradewind.app.live.gateway import Gateway
from tradewind.app.live.guarding import Guarding
from tradewind.app.live.latch import Latch
from tradewind.app.live.lease import Lease
from tradewind.app.live.outbox import Leaving, Outbox
from tradewind.app.live.plan import LivePlan
from tradewind.app.live.protecting import Protecting
from tradewind.app.live.recovering import Recovered
from tradewind.app.live.restoring import restore
from tradewind.app.live.session import LiveSession
from tradewind.app.live.standing import Standing
from tradewind.app.live.trading import Trading
from tradewind.app.live.venue_side import VenueSide
from tradewind.engine.config import EngineConfig
from tradewind.engine.digest import AuditDigest
from tradewind.engine.funding_dues import FundingDues
from tradewind.engine.order_questions import Pace
from tradewind.engine.order_truth import OrderTruth
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.reconciling import ReconcilePolicy, Reconciler
from tradewind.engine.state import EngineState
from tradewind.model.commands import TimerFired
from tradewind.model.effects import Alarm
from tradewind.model.errors import StateError
from tradewind.storage.journal.recorder import JournalRecorder

# Every three seconds for some minutes: when a venue comes back doubt is over in seconds, not at the next round.
PACE = Pace(steps_ns=(500_000_000, 1_000_000_000, 2_000_000_000, *([3_000_000_000] * 100)))


class Parts(msgspec.Struct):
    """An engine with its views, fresh or replayed."""

    state: EngineState
    model: ReadModel
    digest: AuditDigest


class Opened(msgspec.Struct, kw_only=True):
    """What a session begins with: the venue, its account's folder, its journal, and its engine as it was or is new."""

    side: VenueSide
    plan: LivePlan
    config: EngineConfig
    parts: Parts
    recorder: JournalRecorder
    clock: SessionClock
    lease: Lease
    standing: Standing
    run: str
    own: frozenset[str]  # the sessions whose orders are ours
    recovered: Recovered | None

    @property
    def since_ns(self) -> int:
        """From when on its executions are: its own beginning, not that of the process."""
        return self.clock.now_ns() if self.recovered is None else self.recovered.header.created_at_ns


class Late:
    """What the parts of a session need of each other before all are there."""

    session: LiveSession
    gateway: Gateway

    def alarm(self, alarm: Alarm) -> None:
        """Keep an alarm for whoever looks."""
        self.session.alarm(alarm)

    def failed(self, what: str, why: str) -> None:
        """Count that something between us and the venue failed."""
        self.session.guarding.note_error()

    def halt(self, reason: str) -> None:
        """Trip the latch for a guard; it stops all the same when the disk does not take that, and an alarm says so."""
        with suppress(StateError):
            self.session.halt(reason, "guard")

    def send(self, box: Sequence[Leaving]) -> None:
        """Let requests leave whose intents are on the disk."""
        self.gateway.send(box)

    def prepare(self, box: Sequence[Leaving]) -> None:
        """Make ready what will leave."""
        self.gateway.prepare(box)


def compose(opened: Opened) -> LiveSession:
    """Return the session; nothing of it runs yet."""
    late, parts, plan, side = Late(), opened.parts, opened.plan, opened.side
    outbox = Outbox(opened.recorder.journal, late.send, late.prepare)
    engine = _engine(opened, outbox, late)
    latch = Latch(opened.lease.folder)
    truth = OrderTruth(opened.config.instruments, PACE)
    protecting = Protecting({each.id: each for each in opened.config.instruments}, plan.protecting)
    gate = Gate(parts.state, latch, lambda: opened.lease.is_held)
    late.gateway = gateway = _gateway(opened, engine, truth, protecting, gate, outbox, late)
    checker = _checker(opened, engine, gateway, late)
    late.session = LiveSession(
        side,
        engine,
        plan,
        latch,
        opened.standing,
        guards(engine, opened.lease, plan, late),
        Trading(outbox, gateway, checker, Coverage(parts.state, protecting, truth)),
        run=opened.run,
        askable=plan.span_ns in side.spans_ns(),
        restore=None if opened.recovered is None else restore,
    )
    return late.session


def guards(engine: LiveEngine, lease: Lease, plan: LivePlan, late: Late) -> Guarding:
    """Return the guards of a session, with their state in the account's folder."""
    return Guarding(engine, lease.folder, daily_loss_max=plan.daily_loss_max, halt=late.halt)


def _engine(opened: Opened, outbox: Outbox, late: Late) -> LiveEngine:
    """Return the engine on the outbox; timers that were due before a restart are due again."""
    parts = opened.parts
    engine = LiveEngine(
        parts.state,
        outbox,
        opened.recorder,
        opened.clock,
        model=parts.model,
        digest=parts.digest,
        release=outbox.release,
        on_alarm=late.alarm,
    )
    for timer in opened.recovered.timers if opened.recovered is not None else ():
        engine.driver.agenda.add(timer.due_ns, TimerFired(timer.due_ns, timer.key))
    return engine


def _gateway(
    opened: Opened,
    engine: LiveEngine,
    truth: OrderTruth,
    protecting: Protecting,
    gate: Gate,
    outbox: Outbox,
    late: Late,
) -> Gateway:
    plan = opened.plan
    return Gateway(
        opened.side.orders,
        engine,
        truth,
        protecting,
        gate,
        timeout_s=plan.timeout_s,
        ioc_only=plan.ioc_only,
        committed=outbox.committed,
        preview=opened.side.preview if plan.preview else None,
        on_alarm=late.alarm,
        on_error=late.failed,
    )


def _checker(opened: Opened, engine: LiveEngine, gateway: Gateway, late: Late) -> Checker:
    plan, recovered = opened.plan, opened.recovered
    reconciler = Reconciler(
        gateway.truth,
        opened.config.instruments,
        ReconcilePolicy(foreign_orders=plan.foreign_orders),
        None if recovered is None else recovered.header.created_at_ns,
        FundingDues(None if recovered is None else recovered.state.now_ns),
    )
    return Checker(
        opened.side.orders,
        opened.side.account,
        engine,
        gateway,
        reconciler,
        orders_every_s=plan.orders_every_s,
        holdings_every_s=plan.accounts_every_s,
        since_ns=opened.since_ns,
        timeout_s=plan.timeout_s,
        own=opened.own,
        on_alarm=late.alarm,
    )
