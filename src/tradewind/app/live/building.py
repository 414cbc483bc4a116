"""From a checked configuration and an opened venue to a session that is ready to run: the live side's wiring.

The account's lease comes first; what was cut off goes on; otherwise the venue's account becomes a new run. A failure in
any step lets go of everything.
"""

import time
from collections.abc import Callable
from typing import Any

import msgspec

from tradewind.app.budget_history import budgets_from
from tradewind.app.candidate import refuse_unheard, shadow_plan
from tradewind.app.config import Resolved
from tradewind.app.edge import live_rules
from tradewind.app.home import Home
from tradewind.app.live.asking import instruments_of, refuse_without_required_checks
from tradewind.app.live.clock import SessionClock
from tradewind.app.live.composing import Late, Opened, Parts, compose, guards
from tradewind.app.live.dry import DrySide
from tradewind.app.live.engine import LiveEngine
from tradewind.app.live.latch import Latch
from tradewind.app.live.lease import Lease
from tradewind.app.live.opening import first_config, look_round, new_session, refuse_other
from tradewind.app.live.plan import live_plan
from tradewind.app.live.recovering import Recovered, recover
from tradewind.app.live.session import LiveSession
from tradewind.app.live.sessions import refuse_another
from tradewind.app.live.standing import Standing
from tradewind.app.live.stopping import Ended
from tradewind.app.live.venue_side import VenueSide
from tradewind.app.recording import recorded_config, run_record
from tradewind.app.replaying import begin_session
from tradewind.app.settings import Config
from tradewind.app.shadow import Shadow, shadow_journal
from tradewind.app.strategies import load_source
from tradewind.app.wiring import engine_config, guard_plan, opening_account, simulation_settings
from tradewind.engine.config import EngineConfig
from tradewind.engine.digest import AuditDigest
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.state import EngineState
from tradewind.model.effects import Alarm
from tradewind.model.entries import Intended
from tradewind.model.errors import ConfigError, StateError
from tradewind.simulation.book import BookVenue
from tradewind.storage.journal.reader import read_journal
from tradewind.storage.journal.recorder import JournalRecorder
from tradewind.storage.journal.writer import Journal
from tradewind.storage.runs import RunRecord, RunStore

KEPT_ROWS = 5_000
SHADOW_END_S = 10.0
CHECKPOINT_EVENTS = 50_000
ENGINE_PARTS = (
    "data", "account", "fees", "bots", "limits", "protections", "liquidation", "exits", "regime", "allocation",
    "execution", "var", "breakers", "sizing", "tiers", "edge", "guards", "instruments",
)  # fmt: skip
PLACES = ("path", "catalog")  # kept as they hold from every folder


class Built(msgspec.Struct):
    """A session with what has to be closed after it."""

    session: LiveSession
    lease: Lease
    recorder: JournalRecorder
    record: RunRecord
    store: RunStore
    recovered: Recovered | None

    def close(self, ended: Ended | None) -> RunRecord:
        """Keep what came of it and let go; without an orderly end the journal stays open for the next start."""
        session, record = self.session, self.record
        try:
            if session.shadow is not None and ended is None:
                session.shadow.leave()
            elif session.shadow is not None and ended is not None:
                session.shadow.close(ended.reason, SHADOW_END_S)
            if ended is None:
                self.recorder.journal.close()
                return record
            left = session.leftovers(ended)
            session.standing.leave_behind(left)
            if session.trading is not None:
                session.standing.hand_over(session.engine.state, record.id)
                if left is not None or session.engine.state.live_orders():
                    self.recorder.journal.close()  # the next start goes on with it, and with the orders that stay
                    return self.store.leave(record, ended.reason)
            session.engine.close_records()
            self.recorder.close(session.engine.state, session.engine.digest.hexdigest(), ended.reason)
            done = msgspec.structs.replace(record, ended=ended.reason)
            return self.store.finish(done)
        finally:
            self.lease.release()


async def build(resolved: Resolved, home: Home, side: VenueSide, *, now_ns: Callable[[], int] = time.time_ns) -> Built:
    """Return the session of this account, begun anew or taken up where it was cut off.

    Raises  StateError when another process trades it, ConfigError, AuthError or VenueError when it cannot start.
    """
    plan = live_plan(resolved.config)
    names = instruments_of(resolved.config, verb="trade")
    side = DrySide(side) if plan.dry_run else side
    if side.is_real and not plan.dry_run:
        refuse_without_required_checks(resolved.config.limits)
    lease = Lease.take(home.root / "live", side.identity)
    try:
        standing = Standing(lease.folder)
        store = RunStore(home.runs)
        recovered, record = _cut_off(store, standing)
        found = await look_round(side, names, private=True, skew_max_ns=plan.skew_max_ns)
        own = _own_sessions(recovered, standing)
        if not plan.dry_run:
            refuse_another(found.orders, own)
        if recovered is None or record is None:
            config = first_config(resolved.config, found, standing.handover(), now_ns(), side.identity.name)
            real_money = side.is_real and not plan.dry_run
            edge = live_rules(resolved.config, config, store, real_money=real_money)
            budgets = budgets_from(resolved.config, config, store, now_ns())
            config = msgspec.structs.replace(config, edge=edge, budgets=budgets)
            record, recorder = _begin("live", resolved, config, store, now_ns())
            standing.begin(record.id, config.session)
            parts = Parts(EngineState(config, load_source), model_for(config), AuditDigest())
            clock = SessionClock()
            shadow = _shadow(resolved, config, store, record, recorder)
        else:
            config = recovered.config
            refuse_other(config, found.instruments)
            recorder = _go_on(recovered, store, record)
            if record.ended:
                record = store.go_on(msgspec.structs.replace(record, ended=""))  # what stopped in order goes on
            shadow = _shadow(resolved, config, store, record, recorder)
            if shadow is not None:
                shadow.catch_up(read_journal(store.journal(record.id)), recovered.events)
            parts = Parts(recovered.state, recovered.model, recovered.digest)
            clock = SessionClock(recovered.state.now_ns)
    except BaseException:
        lease.release()
        raise
    side.know(config.instruments)
    session = compose(
        Opened(
            side=side,
            plan=plan,
            config=config,
            parts=parts,
            recorder=recorder,
            clock=clock,
            lease=lease,
            standing=standing,
            run=record.id,
            own=own | {config.session},
            recovered=recovered,
        )
    )
    _beside(session, shadow)
    session.products_told(found.states)  # funding that came due meanwhile is expected before cash is compared
    if recovered is not None and (others := other_settings(record, resolved)):
        text = (
            f"the run goes on as it began, and not with what is said now of {', '.join(others)}: it has orders at the "
            "venue; to begin anew, end it with `--on-stop cancel-all` or `--on-stop flatten` first"
        )
        session.alarm(Alarm(clock.now_ns(), "configuration", text))
    return Built(session, lease, recorder, record, store, recovered)


async def build_paper(
    resolved: Resolved, home: Home, side: VenueSide, *, now_ns: Callable[[], int] = time.time_ns
) -> Built:
    """Return a session on the venue's live data whose orders fill in a simulation: the same wiring, no key (B8, G4).

    Raises  as `build`.
    """
    config, plan = resolved.config, live_plan(resolved.config)
    names = instruments_of(config, verb="watch")
    lease = Lease.take(home.root / "live", side.identity)
    try:
        found = await look_round(side, names, private=False, skew_max_ns=plan.skew_max_ns)
        engine_settings = engine_config(config, found.instruments)
        name, plan_of_guards = new_session(side.identity.name, now_ns()), guard_plan(config.guards, woken=True)
        store, standing = RunStore(home.runs), Standing(lease.folder)
        budgets = budgets_from(config, engine_settings, store, now_ns())
        engine_settings = msgspec.structs.replace(engine_settings, session=name, guards=plan_of_guards, budgets=budgets)
        record, recorder = _begin("paper", resolved, engine_settings, store, now_ns())
        shadow = _shadow(resolved, engine_settings, store, record, recorder)
    except BaseException:
        lease.release()
        raise
    side.know(found.instruments)
    late = Late()
    engine = LiveEngine(
        EngineState(engine_settings, load_source),
        BookVenue(engine_settings.instruments, simulation_settings(config), opening_account(engine_settings)),
        recorder,
        SessionClock(),
        model=model_for(engine_settings),
        release=_nothing,
        on_alarm=late.alarm,
    )
    late.session = session = LiveSession(
        side,
        engine,
        plan,
        Latch(lease.folder),
        standing,
        guards(engine, lease, plan, late),
        None,
        run=record.id,
        askable=plan.span_ns in side.spans_ns(),
    )
    _beside(session, shadow)
    return Built(session, lease, recorder, record, store, None)


def _shadow(
    resolved: Resolved, engine: EngineConfig, store: RunStore, record: RunRecord, recorder: JournalRecorder
) -> Shadow | None:
    """Return the candidate that is to run beside, listening to what the session records; None where there is none."""
    plan = shadow_plan(resolved.config, engine, simulation_settings(resolved.config))
    if plan is None:
        return None
    refuse_unheard(plan, engine, books=True)
    venue = BookVenue(plan.engine.instruments, plan.settings, opening_account(plan.engine))
    shadow = Shadow(plan, venue, shadow_journal(plan, record, store.folder(record.id)))
    shadow.listen(recorder)
    return shadow


def _beside(session: LiveSession, shadow: Shadow | None) -> None:
    """Let a session have its shadow, and hear what goes wrong in it."""
    session.shadow = shadow
    if shadow is not None:
        shadow.tell = lambda text: session.alarm(Alarm(session.engine.now_ns(), "shadow", text))


def _nothing() -> None:
    """Nothing leaves a paper session, so nothing waits for the disk."""


def model_for(config: EngineConfig) -> ReadModel:
    """Return empty views for an engine."""
    names = {bot.id: type(bot.strategy).__name__ for bot in config.bots}
    return ReadModel(config.instruments, strategies=names, held=config.held, keep=KEPT_ROWS)


def _cut_off(store: RunStore, standing: Standing) -> tuple[Recovered | None, RunRecord | None]:
    """Return the account's run that has no orderly end, replayed; (None, None) when a new one begins."""
    run = standing.current
    if run is None:
        return None, None
    try:
        path = store.journal(run)
    except ConfigError:
        raise ConfigError(
            f"the account's run {run} is gone from {store.root}: restore it, or remove "
            f"{standing.folder / 'current.json'} after looking at the venue"
        ) from None
    record = store.load(run)
    if record.status == "finished":
        return None, None
    recovered = recover(path, model_for)
    if recovered.closed is not None:
        return None, None
    return recovered, record


def _own_sessions(recovered: Recovered | None, standing: Standing) -> frozenset[str]:
    """Return the sessions whose orders may be there without anybody else trading: those that have begun here."""
    return frozenset(standing.sessions if recovered is None else {*standing.sessions, recovered.config.session})


def other_settings(record: RunRecord, resolved: Resolved) -> list[str]:
    """Return the parts of the configuration that the engine was made of and that are said otherwise now."""
    now = msgspec.json.decode(msgspec.json.encode(recorded_config(resolved.config)))
    return [part for part in ENGINE_PARTS if part in record.config and record.config[part] != now[part]]


def settings_of(record: RunRecord, now: Config) -> Config:
    """Return the configuration that a run goes on by: what its engine was made of is the run's, the rest is of now."""
    values: dict[str, Any] = msgspec.to_builtins(now)
    kept = {part: record.config[part] for part in ENGINE_PARTS if part in record.config}
    if "data" in kept:
        kept["data"] = kept["data"] | {place: values["data"][place] for place in PLACES}
    try:
        return msgspec.convert({**values, **kept}, Config, strict=False)
    except msgspec.ValidationError as error:
        raise StateError(
            f"the settings of run {record.id} cannot be read ({error}): go on with the version that began it"
        ) from None


def _begin(
    kind: str, resolved: Resolved, config: EngineConfig, store: RunStore, created_ns: int
) -> tuple[RunRecord, JournalRecorder]:
    record = run_record(kind, resolved, config, simulation_settings(resolved.config), (), created_ns)
    record, recorder = begin_session(store, record)
    return record, JournalRecorder(recorder.journal, checkpoint_events=CHECKPOINT_EVENTS)


def _go_on(recovered: Recovered, store: RunStore, record: RunRecord) -> JournalRecorder:
    """Return the recorder of a run that goes on; what its last event wanted is recorded, and was never sent."""
    journal = Journal.resume(store.journal(record.id))
    if recovered.unsent:
        journal.append(Intended(recovered.state.sequence, recovered.unsent))
    journal.wait(journal.commit())
    return JournalRecorder(journal, checkpoint_events=CHECKPOINT_EVENTS)
