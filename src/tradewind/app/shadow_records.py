"""What a run and its shadow did, read back: the records of both as views, and what the two were told to do."""

from pathlib import Path

import msgspec

from tradewind.app.regime import model_of_hash
from tradewind.app.shadow import latest_shadow
from tradewind.app.strategies import load_source, recorded_loader
from tradewind.engine.config import EngineConfig
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.replay import replay
from tradewind.engine.resolved import engine_config
from tradewind.model.errors import ConfigError, StateError
from tradewind.storage.journal.reader import read_journal
from tradewind.storage.runs import AUDIT_FILE, JOURNAL_FILE, RunStore


class Told(msgspec.Struct, frozen=True):
    """One side: its engine's configuration, everything that happened as views, and how its record ends."""

    config: EngineConfig
    model: ReadModel
    ended: str


def both_sides(store: RunStore, run: str) -> tuple[Told, Told]:
    """Return (session, shadow) of a run, as far as they are on the disk: a session may still be running.

    Raises  ConfigError for a run without a shadow, StateError for a journal that is damaged or of other code.
    """
    folder = store.folder(run)
    shadow = latest_shadow(folder)
    if shadow is None:
        raise ConfigError(f"run {folder.name} had no shadow: start one with --shadow FILE")
    return _session(store, folder), _journaled(shadow)


def _session(store: RunStore, folder: Path) -> Told:
    journal = folder / JOURNAL_FILE
    if journal.is_file():
        return _journaled(journal)
    record = store.load(folder.name)
    config = engine_config(record.engine, recorded_loader({}), model_of_hash)
    model = _model(config)
    if (folder / AUDIT_FILE).is_file():
        model.take(store.audit(folder.name))
    return Told(config, model, record.ended or record.status)


def _journaled(path: Path) -> Told:
    reader = read_journal(path)
    if reader.session is None:
        raise StateError(f"{path} holds no session yet ({reader.finish().message})")
    config = engine_config(reader.session.engine, recorded_loader(reader.session.sources), model_of_hash)
    model = _model(config)
    done = replay(config, reader, heard=model.take, load=load_source)
    if done.difference is not None:
        raise StateError(
            f"{path} does not lead to what it records ({done.difference.what} after event {done.difference.sequence}): "
            "read it with the version that wrote it"
        )
    return Told(config, model, "" if done.closed is None else done.closed.reason)


def _model(config: EngineConfig) -> ReadModel:
    names = {bot.id: type(bot.strategy).__name__ for bot in config.bots}
    return ReadModel(config.instruments, strategies=names, held=config.held)
