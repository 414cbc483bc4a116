"""A run that was kept, done again: a session from its journal, a backtest from its record (SPEC T1).

Both are held to the digests that were recorded. A journal that was cut off, or of a session that stopped with orders at
the venue, is replayed as far as it goes, and says so.
"""

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import PathFinder
from pathlib import Path

import msgspec

from tradewind.app.regime import model_of_hash
from tradewind.app.strategies import load_class, load_source, recorded_loader, source_of
from tradewind.app.times import moment_text
from tradewind.engine.config import EngineConfig
from tradewind.engine.ports import Recorder
from tradewind.engine.replay import Break, Breakpoints, Difference, Hold, Replayed, replay
from tradewind.engine.resolved import Values, engine_config, engine_values
from tradewind.engine.state import EngineState
from tradewind.model.effects import Effect
from tradewind.model.entries import Entry, Event, Intended, sent
from tradewind.model.errors import ConfigError, StateError
from tradewind.storage.journal.layout import SessionHeader
from tradewind.storage.journal.reader import JournalReader, read_journal
from tradewind.storage.journal.recorder import JournalRecorder
from tradewind.storage.journal.writer import Journal
from tradewind.storage.runs import JOURNAL_FILE, RUN_FILE, RunDigests, RunRecord, RunStore
from tradewind.strategy.base import Strategy

Rerun = Callable[[RunRecord, Recorder | None], RunDigests]


class ReplayOutcome(msgspec.Struct, frozen=True):
    """What a replay showed. `equal` says that nothing differs as far as the record goes; `complete` that it went to the
    end, `goes_on` that there is none yet: the session stopped in order and left orders at the venue. `digest_expected`
    is None where the record has no digest for the place the replay ended at.
    """

    digest_expected: str | None
    digest_got: str
    state_digest: str
    equal: bool
    complete: bool
    message: str
    events: int = 0
    checkpoints: int = 0
    ts_ns: int = 0
    stopped: Break | None = None
    difference: Difference | None = None
    state: EngineState | None = None
    exhausted: bool = True
    goes_on: bool = False


# -- recording --------------------------------------------------------------------------------------------------------


def begin_session(store: RunStore, record: RunRecord, *, durable: bool = False) -> tuple[RunRecord, JournalRecorder]:
    """Return the record of a session that starts, with its id, and the recorder for its driver.

    With `durable` orders wait for the disk, as trading live asks for. It ends with `recorder.close`, then
    `store.finish`.
    """
    begun = store.begin(record)
    return begun, JournalRecorder(Journal.create(store.journal(begun.id), session_header(begun)), durable=durable)


def session_header(begun: RunRecord) -> SessionHeader:
    """Return what stands first in the journal of a session."""
    return SessionHeader(
        session=begun.id,
        mode=begun.kind,
        created_at_ns=begun.created_at_ns,
        code_version=begun.code_version,
        engine=begun.engine,
        settings=begun.settings,
        config=begun.config,
        config_hash=begun.config_hash,
        data={name: each.digest for name, each in begun.data.items()},
        flags={name: str(value) for name, value in begun.flags.items()},
        seed=begun.seed,
        sources=sources_of(begun.engine),
    )


def recorded_engine(config: EngineConfig) -> Values:
    """Return the engine's configuration as values for a record; a user's own strategies by where they are found."""
    return engine_values(config, {type(bot.strategy): place_of(type(bot.strategy)) for bot in config.bots})


def sources_of(engine: Values) -> dict[str, str]:
    """Return the texts of the files that the bots' own strategies are in, by place."""
    places = {bot["strategy"]["name"] for bot in engine["bots"]}
    return {place: text for place in sorted(places) if (text := source_of(place))}


def place_of(strategy: type[Strategy]) -> str:
    """Return the name, `module:Class` or `file.py:Class` under which a strategy class is found again."""
    module = sys.modules[strategy.__module__]
    source = getattr(module, "__file__", None)
    importable = PathFinder.find_spec(strategy.__module__.partition(".")[0]) is not None
    if source is None or importable:
        return f"{strategy.__module__}:{strategy.__qualname__}"
    return f"{Path(source).resolve()}:{strategy.__qualname__}"


# -- replaying --------------------------------------------------------------------------------------------------------


def replay_run(
    place: Path,
    *,
    rerun: Rerun | None = None,
    until_ns: int | None = None,
    breakpoints: Breakpoints | None = None,
    hold: Hold | None = None,
) -> ReplayOutcome:
    """Return what doing a run again showed; `place` is a run's folder or a journal file.

    A folder without a journal is a backtest: `rerun` runs its record again, and tells the recorder it is given what the
    engine takes. At a breakpoint `hold` is asked whether to go on; without it the replay stops at the first.
    Raises  StateError for a damaged journal, DataError or ConfigError when what was run is no longer there.
    """
    if place.is_file():
        return _replay_journal(read_journal(place), until_ns, breakpoints, hold)
    journal = place / JOURNAL_FILE
    if journal.exists():
        outcome = _replay_journal(read_journal(journal), until_ns, breakpoints, hold)
        return _left_open(outcome) if _stopped_in_order(place) else outcome
    record = RunStore(place.parent).load(place.name)
    if rerun is None or record.digests is None:
        raise ConfigError(f"run {place.name} has no journal to replay: run it again with the settings in its run.json")
    return _replay_backtest(record, record.digests, rerun, until_ns, breakpoints, hold)


def rebuild(config: EngineConfig, journal: Path) -> tuple[EngineState, list[msgspec.Struct]]:
    """Return a closed session's state with all its orders, and all its audit records, out of its journal.

    Raises  StateError when the journal does not lead to the end that it records.
    """
    audit: list[msgspec.Struct] = []
    done = replay(config, read_journal(journal), heard=audit.extend, load=load_source)
    if done.difference is not None:
        raise StateError(f"{journal} does not lead to its own end: {_different(done.difference)}")
    if done.closed is None:
        raise StateError(f"{journal} has no end: the session was not closed")
    return done.state, audit


def _replay_journal(
    reader: JournalReader, until_ns: int | None, breakpoints: Breakpoints | None, hold: Hold | None
) -> ReplayOutcome:
    if reader.session is None:
        raise StateError(f"{reader.path} holds no session ({reader.finish().message}): restore it from a backup")
    config = engine_config(reader.session.engine, recorded_loader(reader.session.sources), model_of_hash)
    done = replay(config, reader, until_ns=until_ns, breakpoints=breakpoints, hold=hold, load=load_source)
    return _outcome(done, "" if reader.end is None else reader.end.message, reader.session.code_version)


def _stopped_in_order(place: Path) -> bool:
    """Return whether the run's record says that its session stopped, though its journal has no end."""
    record = RunStore(place.parent).load(place.name) if (place / RUN_FILE).exists() else None
    return record is not None and record.status == "interrupted" and bool(record.ended)


def _left_open(outcome: ReplayOutcome) -> ReplayOutcome:
    """Return what a replay of a whole journal without an end showed, where the session had stopped in order."""
    if outcome.complete or outcome.difference is not None or outcome.stopped is not None or not outcome.exhausted:
        return outcome
    live = [] if outcome.state is None else [order.request.order_id for order in outcome.state.live_orders()]
    stay = f"{len(live)} orders stay at the venue ({', '.join(live)})" if live else "something was left to see to"
    message = (
        f"equal so far: the session stopped in order, but {stay}, so the run is not over and the next start goes on "
        f"with it. {outcome.events} events and {outcome.checkpoints} checkpoints lead to digest {outcome.digest_got}"
    )
    return msgspec.structs.replace(outcome, message=message, goes_on=True)


def _replay_backtest(
    record: RunRecord,
    expected: RunDigests,
    rerun: Rerun,
    until_ns: int | None,
    breakpoints: Breakpoints | None,
    hold: Hold | None,
) -> ReplayOutcome:
    tape = None if until_ns is None and breakpoints is None else Tape()
    got = rerun(record, tape)
    config = engine_config(record.engine, load_class, model_of_hash)
    if tape is not None and got == expected:
        done = replay(config, tape.entries, until_ns=until_ns, breakpoints=breakpoints, hold=hold)
        return _outcome(done, "", record.code_version)
    equal = got == expected
    if equal:
        message = f"equal: run again it gives digest {got.digest}"
    else:
        message = f"different: the run's digest was {expected.digest}, run again it gives {got.digest}. " + _hint(
            record.code_version
        )
    return ReplayOutcome(expected.digest, got.digest, got.state, equal, True, message)


def _outcome(done: Replayed, end: str, version: str) -> ReplayOutcome:
    """Return what a replay of events showed; `end` is how the journal ends, if the replay got there."""
    if done.difference is not None:
        message = f"{_different(done.difference)}. {_hint(version)}"
    elif done.closed is not None:
        message = f"equal: {done.events} events and {done.checkpoints} checkpoints lead to digest {done.digest}"
    elif done.stopped is not None:
        message = f"held at {done.stopped.what}, {_place(done)}: state digest {done.state_digest}"
    elif end and done.exhausted:
        message = f"{end}. Up to there the digest is {done.digest}"
    else:
        message = f"stopped {_place(done)}: state digest {done.state_digest}"
    return ReplayOutcome(
        digest_expected=None if done.closed is None else done.closed.digest,
        digest_got=done.digest,
        state_digest=done.state_digest,
        equal=done.difference is None,
        complete=done.closed is not None,
        message=message,
        events=done.events,
        checkpoints=done.checkpoints,
        ts_ns=done.state.now_ns,
        stopped=done.stopped,
        difference=done.difference,
        state=done.state,
        exhausted=done.exhausted,
    )


def _place(done: Replayed) -> str:
    return f"after event {done.events} at {moment_text(done.state.now_ns, seconds=True)} UTC"


def _different(difference: Difference) -> str:
    return (
        f"different after event {difference.sequence}: {difference.what} was {difference.recorded}, "
        f"now it is {difference.replayed}"
    )


def _hint(version: str) -> str:
    return f"Compare the code (it was version {version}) and the files of your own strategies with those of the run"


class Tape:
    """A recorder that keeps in memory what the engine takes, for looking at a backtest event by event."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.note: Callable[[Event], None] = self.entries.append

    def intend(self, sequence: int, effects: Sequence[Effect]) -> None:
        """Keep what is about to leave."""
        if leaving := sent(effects):
            self.entries.append(Intended(sequence, leaving))

    def settle(self, state: EngineState) -> None:
        """Keep nothing: there is no disk to wait for."""
