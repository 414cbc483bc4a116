"""A session that let its records go has them again from its journal, to the last one."""

import threading
from pathlib import Path

import msgspec
import pytest

from tradewind.app.config import resolve
from tradewind.app.generated import generated_market
from tradewind.app.home import Home
from tradewind.app.pacing import Pacer, SystemClock
from tradewind.app.paper import PaperSession, SessionRecord
from tradewind.app.replaying import begin_session, rebuild, recorded_engine
from tradewind.app.wiring import engine_config, simulated_venue, simulation_settings, streamed_sources
from tradewind.engine.readmodel import ReadModel
from tradewind.model.errors import StateError
from tradewind.storage.runs import RunRecord, RunStore

CONFIG = resolve(
    Home(Path("nowhere")), {}, profile="demo", overrides={"market": {"instruments": 6, "bars": 300}}
).config
MARKET = generated_market(CONFIG.market, CONFIG.seed)
ENGINE = engine_config(CONFIG, [each.instrument for each in MARKET])


def recorded(folder: Path, *, close: bool = True) -> tuple[SessionRecord, Path]:
    """Run a session that keeps nothing, and return it with its journal."""
    settings, store = simulation_settings(CONFIG), RunStore(folder)
    record = RunRecord(
        kind="paper", created_at_ns=10**18, code_version="test", engine=recorded_engine(ENGINE),
        settings=msgspec.to_builtins(settings), seed=7,
    )  # fmt: skip
    record, recorder = begin_session(store, record)
    made = session(recorder=recorder, keep_all=False)
    if close:
        recorder.close(made.state, made.audit_digest, made.ended)
    recorder.journal.close()
    return made, store.journal(record.id)


def session(**more: object) -> SessionRecord:
    settings = simulation_settings(CONFIG)
    venue, model = simulated_venue(ENGINE, settings, MARKET), ReadModel(ENGINE.instruments, keep=20)
    pacer = Pacer(SystemClock(), threading.Event(), None, None)
    made = PaperSession(ENGINE, settings, venue, streamed_sources(MARKET), pacer=pacer, model=model, **more)  # type: ignore[arg-type]
    return made.run(lambda _: None)


def test_records_and_orders_come_back_from_the_journal(tmp_path: Path) -> None:
    light, journal = recorded(tmp_path)
    whole = session()
    state, audit = rebuild(ENGINE, journal)
    assert light.audit == []
    assert audit == whole.audit
    assert list(state.orders) == list(whole.state.orders)
    assert (state.fills, state.orders_made) == (light.state.fills, light.state.orders_made)


def test_a_journal_without_an_end_is_no_whole_session(tmp_path: Path) -> None:
    _, journal = recorded(tmp_path, close=False)
    with pytest.raises(StateError, match="has no end"):
        rebuild(ENGINE, journal)


def test_a_journal_of_another_configuration_is_refused(tmp_path: Path) -> None:
    _, journal = recorded(tmp_path)
    with pytest.raises(StateError, match="does not lead to its own end"):
        rebuild(msgspec.structs.replace(ENGINE, cash=ENGINE.cash + 1), journal)
