"""Where the chain behind a decision is found: a kept run's events, from its journal or from its record run again."""

from collections.abc import Iterable
from pathlib import Path

from tradewind.app.regime import model_of_hash
from tradewind.app.replaying import Rerun, Tape
from tradewind.app.strategies import load_class, load_source, recorded_loader
from tradewind.engine.config import EngineConfig
from tradewind.engine.explaining import Why, WhyNot, why, why_not
from tradewind.engine.resolved import engine_config
from tradewind.model.entries import Entry
from tradewind.model.errors import ConfigError, StateError
from tradewind.storage.journal.reader import read_journal
from tradewind.storage.runs import JOURNAL_FILE, RunStore


def why_order(place: Path, order: str, rerun: Rerun) -> Why:
    """Return the chain of an order of the run whose folder or journal this is."""
    config, entries = events_of(place, rerun)
    return why(config, entries, order, load_source)


def why_nothing(place: Path, instrument: str, at_ns: int | None, bot: str | None, rerun: Rerun) -> list[WhyNot]:
    """Return why the bots on an instrument did nothing at a time."""
    config, entries = events_of(place, rerun)
    return why_not(config, entries, instrument, at_ns, bot, load_source)


def events_of(place: Path, rerun: Rerun) -> tuple[EngineConfig, Iterable[Entry]]:
    """Return a run's configuration and its events; a backtest keeps none, so `rerun` runs its record again.

    Raises  StateError for a damaged journal or a backtest that no longer gives the same.
    """
    journal = place if place.is_file() else place / JOURNAL_FILE
    if journal.exists():
        reader = read_journal(journal)
        if reader.session is None:
            raise StateError(f"{reader.path} holds no session ({reader.finish().message}): restore it from a backup")
        return engine_config(reader.session.engine, recorded_loader(reader.session.sources), model_of_hash), reader
    record = RunStore(place.parent).load(place.name)
    if record.digests is None:
        raise ConfigError(f"run {place.name} has no journal and no end: run it again with the settings in its run.json")
    tape = Tape()
    if rerun(record, tape) != record.digests:
        raise StateError(f"run {place.name} no longer gives the same: explain it with the code that made it")
    return engine_config(record.engine, load_class, model_of_hash), tape.entries
