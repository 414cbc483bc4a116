"""A paper session is journaled in one process and replayed in others: the same digests, whatever their environment."""

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tradewind.app import replaying
from tradewind.app.replaying import replay_run
from tradewind.app.strategies import load_source
from tradewind.engine.ports import Recorder
from tradewind.engine.replay import Breakpoints
from tradewind.model.answers import OrderFilled
from tradewind.model.errors import ConfigError, StateError
from tradewind.storage.journal.reader import read_journal
from tradewind.storage.runs import JOURNAL_FILE, RunDigests, RunRecord, RunStore

STRATEGY = '''
from tradewind.model.intents import FLAT, TargetWeight
from tradewind.strategy.base import Strategy

class Weekly(Strategy):
    """Long six days, flat on the seventh; sensitive to no clock but the bars'."""

    days: int = 7

    def on_bar(self, view):
        return FLAT if view.bar.ts_ns // 86_400_000_000_000 % self.days == 0 else TargetWeight(0.5, None, "weekly")
'''

RECORD = """
import sys, threading
from decimal import Decimal
from pathlib import Path
import msgspec
from tradewind.app.generated import generated_market
from tradewind.app.pacing import Pacer, SystemClock
from tradewind.app.paper import PaperSession
from tradewind.app.replaying import begin_session, recorded_engine
from tradewind.app.settings import MarketSettings
from tradewind.app.strategies import make_strategy
from tradewind.app.wiring import simulated_venue, streamed_sources
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.readmodel import ReadModel
from tradewind.model.commands import ChangeBot, Halt, PauseBot, RestoreBot, SwitchFlag
from tradewind.model.intents import Exits
from tradewind.risk.limits import Limits
from tradewind.simulation.settings import SimulationSettings
from tradewind.storage.runs import RunDigests, RunRecord, RunStore

folder = Path(sys.argv[1])
market = generated_market(MarketSettings(instruments=3, bars=1500), 7)
names = [each.instrument.id for each in market]
own = make_strategy(str(folder / "weekly.py") + ":Weekly", {"days": 5})
config = EngineConfig(
    session="paper",
    instruments=tuple(each.instrument for each in market),
    bots=(
        BotSpec(id="averages", strategy=make_strategy("moving_average", {}), instruments=tuple(names),
                budget=Decimal("0.4"), exits=Exits(stop_loss=0.02, take_profit=0.03, time_ns=40 * 3_600 * 10**9)),
        BotSpec(id="own", strategy=own, instruments=tuple(names[:2]), budget=Decimal("0.9")),
        BotSpec(id="reversion", strategy=make_strategy("rsi_reversion", {"length": 7}), instruments=(names[2],)),
    ),
    limits=Limits(instrument_share_max=Decimal("0.4"), exposure_share_max=Decimal("0.8")),
)
settings = SimulationSettings(participation=Decimal("0.1"), half_spread_bps=Decimal(1))
store = RunStore(folder / "runs")
record = RunRecord(kind="paper", created_at_ns=10**18, code_version="test", engine=recorded_engine(config),
                   settings=msgspec.to_builtins(settings), seed=7)
record, recorder = begin_session(store, record)
pacer = Pacer(SystemClock(), threading.Event(), None, None)
venue = simulated_venue(config, settings, market)
session = PaperSession(config, settings, venue, streamed_sources(market), pacer=pacer,
                       model=ReadModel(config.instruments), recorder=recorder)

def watch(glance):
    if glance.done == 1500:
        session.commands.put(PauseBot(0, "own", "lunch"))
        session.commands.put(SwitchFlag(0, "streaming", "off"))
    if glance.done == 2000:
        session.commands.put(ChangeBot(0, "reversion", "try", "donchian", {"entry_bars": 15}, promoted=True))
        session.commands.put(ChangeBot(0, "averages", "less", budget=Decimal("0.2")))
    if glance.done == 2600:
        source = (folder / "weekly.py").read_text().replace("TargetWeight(0.5", "TargetWeight(0.7")
        place = str(folder / "weekly.py") + ":Weekly"
        session.commands.put(ChangeBot(0, "own", "edited", place, {}, source))
    if glance.done == 3500:
        session.commands.put(RestoreBot(0, "reversion", "worse"))
    if glance.done == 4200:
        session.commands.put(Halt(0, "storm"))

done = session.run(watch)
closed = recorder.close(done.state, done.audit_digest, done.ended)
record = msgspec.structs.replace(record, digests=RunDigests(closed.digest, done.audit_digest, done.state_digest))
store.finish(record, audit=done.audit)
print(record.id, closed.digest, len(done.state.orders))
"""

REPLAY = """
import json, sys
from pathlib import Path
from tradewind.app.replaying import replay_run
done = replay_run(Path(sys.argv[1]))
print(json.dumps([done.equal, done.complete, done.digest_expected, done.digest_got, done.state_digest, done.message]))
"""


def python(script: str, *arguments: Path, hash_seed: int, zone: str) -> str:
    """Return what a script prints in a process of its own, with this hash seed and time zone."""
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "TZ": zone}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder and digest of a paper session: three bots, one of them from a file, with commands in the middle."""
    folder = tmp_path_factory.mktemp("session")
    (folder / "weekly.py").write_text(STRATEGY)
    run, digest, orders = python(RECORD, folder, hash_seed=1, zone="Asia/Tokyo").split()
    assert int(orders) > 200
    return folder / "runs" / run, digest


@pytest.fixture
def copy(session: tuple[Path, str], tmp_path: Path) -> Path:
    """A journal of that session to do damage to."""
    journal = tmp_path / "copy.twj"
    journal.write_bytes((session[0] / JOURNAL_FILE).read_bytes())
    return journal


@pytest.mark.parametrize(("hash_seed", "zone"), [(2, "America/St_Johns"), (0, "UTC")])
def test_another_process_replays_to_the_same_digest(session: tuple[Path, str], hash_seed: int, zone: str) -> None:
    folder, digest = session
    equal, complete, expected, got, state, message = json.loads(python(REPLAY, folder, hash_seed=hash_seed, zone=zone))
    assert (equal, complete, expected, got) == (True, True, digest, digest)
    recorded = RunStore(folder.parent).load(folder.name)
    assert recorded.digests is not None
    assert (recorded.digests.digest, recorded.digests.state) == (digest, state)
    assert message.startswith("equal: ")
    assert message.endswith(f"lead to digest {digest}")


def test_without_its_last_record_a_journal_replays_to_its_prefix(session: tuple[Path, str], copy: Path) -> None:
    whole = read_journal(copy).finish()
    data = copy.read_bytes()
    copy.write_bytes(data[:-1])
    end = read_journal(copy).finish()
    for size in (len(data) - 1, end.offset):  # cut inside its last record, and exactly before it
        copy.write_bytes(data[:size])
        here = replay_run(copy)
        again = json.loads(python(REPLAY, copy, hash_seed=3, zone="Pacific/Auckland"))
        assert (here.equal, here.complete, here.digest_expected) == (True, False, None)
        assert again == [True, False, None, here.digest_got, here.state_digest, here.message]
        assert here.events == end.events < whole.events
        assert here.digest_got != session[1]
        assert f"{end.records} records with {end.events} events are kept" in here.message
        assert here.message.endswith(f"Up to there the digest is {here.digest_got}")
        assert ("breaks off at byte" in here.message) == (size != end.offset)


def test_damage_stops_a_replay(copy: Path) -> None:
    data = bytearray(copy.read_bytes())
    data[len(data) // 2] ^= 1
    copy.write_bytes(data)
    with pytest.raises(StateError, match=r"is damaged: record \d+ at byte \d+ .* intact ones follow from byte \d+"):
        replay_run(copy)
    copy.write_bytes(data[:30])
    with pytest.raises(StateError, match=r"holds no session .*: restore it from a backup"):
        replay_run(copy)


def test_a_strategy_file_that_changed_since_is_read_as_it_was(session: tuple[Path, str]) -> None:
    source = session[0].parent.parent / "weekly.py"
    source.write_text(STRATEGY.replace("TargetWeight(0.5", "TargetWeight(0.49"))
    try:
        outcome = replay_run(session[0])
    finally:
        source.write_text(STRATEGY)
    assert outcome.equal


def test_a_changed_strategy_is_told(session: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    changed = STRATEGY.replace("TargetWeight(0.5", "TargetWeight(0.49")
    monkeypatch.setattr(replaying, "recorded_loader", lambda _: lambda place: load_source(place, changed))
    outcome = replay_run(session[0])
    assert not outcome.equal
    assert outcome.difference is not None
    assert outcome.difference.what == "sent"
    assert "Compare the code (it was version test) and the files of your own strategies" in outcome.message


def test_a_replay_stops_where_asked(session: tuple[Path, str]) -> None:
    at_fill = replay_run(session[0], breakpoints=Breakpoints(frozenset({"fill"})))
    assert at_fill.stopped is not None
    assert isinstance(at_fill.stopped.records[0], OrderFilled)
    assert at_fill.message.startswith("held at fill, after event ")
    until_ns = at_fill.ts_ns - 1
    before = replay_run(session[0], until_ns=until_ns)
    assert before.ts_ns <= until_ns
    assert before.message.startswith("stopped after event ")
    assert before.state is not None
    assert all(not order.fill_ids for order in before.state.orders.values())


# -- backtests ---------------------------------------------------------------------------------------------------------

DIGESTS = RunDigests("whole", "audit", "state")


def backtest(session: tuple[Path, str], tmp_path: Path) -> tuple[RunStore, RunRecord]:
    """Return a kept run without a journal, of the engine that the session had."""
    engine = RunStore(session[0].parent).load(session[0].name).engine
    store = RunStore(tmp_path / "runs")
    record = RunRecord(
        kind="backtest", created_at_ns=1, code_version="9", engine=engine, digests=DIGESTS, counts={"events": 5}
    )
    return store, store.save(record)


def test_a_backtest_is_run_again_and_compared(session: tuple[Path, str], tmp_path: Path) -> None:
    store, record = backtest(session, tmp_path)
    place = store.folder(record.id)
    asked: list[RunRecord] = []

    def same(run: RunRecord, recorder: Recorder | None) -> RunDigests:
        asked.append(run)
        return DIGESTS

    outcome = replay_run(place, rerun=same)
    assert asked == [record]
    assert (outcome.equal, outcome.complete, outcome.message) == (True, True, "equal: run again it gives digest whole")
    other = replay_run(place, rerun=lambda run, recorder: RunDigests("other", "audit", "state"))
    assert not other.equal
    assert "the run's digest was whole, run again it gives other. Compare the code (it was version 9)" in other.message
    with pytest.raises(ConfigError, match="has no journal to replay"):
        replay_run(place)


def test_a_backtest_is_looked_at_event_by_event(session: tuple[Path, str], tmp_path: Path) -> None:
    store, record = backtest(session, tmp_path)
    entries = list(read_journal(session[0] / JOURNAL_FILE))

    def rerun(run: RunRecord, recorder: Recorder | None) -> RunDigests:
        assert recorder is not None
        for entry in entries:
            if type(entry).__name__ == "Intended":
                recorder.intend(entry.sequence, entry.effects)
            elif type(entry).__name__ not in {"Checkpoint", "Closed"}:
                recorder.note(entry)
        return DIGESTS

    outcome = replay_run(store.folder(record.id), rerun=rerun, breakpoints=Breakpoints(frozenset({"refusal"})))
    journaled = replay_run(session[0], breakpoints=Breakpoints(frozenset({"refusal"})))
    assert outcome.stopped == journaled.stopped
    assert msgspec.structs.replace(outcome, state=None) == msgspec.structs.replace(journaled, state=None)
