"""What a session's budgets go on from: the returns of its bots that a kept session had measured (SPEC S5).

They become part of the engine's configuration, and so of the journal's header: a replay begins with the same. Whatever
does not fit is refused at the start, since budgets from other bots' results look like budgets from none.
"""

import math
from collections.abc import Sequence

import msgspec
from msgspec import UNSET, UnsetType

from tradewind.app.regime import model_of_hash
from tradewind.app.replaying import recorded_engine
from tradewind.app.settings import Config
from tradewind.app.strategies import load_source, recorded_loader
from tradewind.app.times import moment_text
from tradewind.engine.config import EngineConfig
from tradewind.engine.replay import replay
from tradewind.engine.resolved import Values, engine_config
from tradewind.engine.state import EngineState
from tradewind.model.errors import ConfigError
from tradewind.portfolio.budgets import BudgetRules, Budgets, KnownResults, budget_weights
from tradewind.storage.journal.reader import read_journal
from tradewind.storage.runs import RunStore

KEY = "allocation.history"


def budgets_from(config: Config, engine: EngineConfig, store: RunStore, now_ns: int) -> BudgetRules | UnsetType:
    """Return the engine's rules for budgets, with what the named session had measured where one is named.

    Raises  ConfigError for a session whose results are not those of these bots, or are too old.
    """
    rules, name = engine.budgets, config.allocation.history
    if not name:
        return rules
    if rules is UNSET:
        raise ConfigError(f"{KEY} is {name!r}, and budgets do not go by results: choose another allocation.method")
    run = store.find(name)
    state, recorded = _ended(store, run)
    _refuse_other_bots(engine, state, recorded, run)
    before = state.budgets
    if before is None or before.rules.every_ns != rules.every_ns:
        raise ConfigError(f"{KEY}: run {run} did not measure results every {config.allocation.every}")
    rows = [row for row in before.rows if all(math.isfinite(value) for value in row)][-rules.window :]
    as_of_ns = before.seen_ns
    if not as_of_ns and before.rules.known is not UNSET:
        as_of_ns = before.rules.known.as_of_ns  # it measured nothing itself, and has what it began with
    _refuse_stale(rules, as_of_ns, len(rows), run, now_ns)
    weights = _weights(rules, before, rows)
    known = KnownResults(run=run, as_of_ns=as_of_ns, rows=tuple(rows), weights=weights)
    return msgspec.structs.replace(rules, known=known)


def _ended(store: RunStore, run: str) -> tuple[EngineState, Values]:
    """Return a kept session's engine at its last event, and the configuration that it began with, as recorded."""
    path = store.journal(run)
    if not path.exists():
        raise ConfigError(f"{KEY}: run {run} has no journal: name a session, `tradewind paper` over candles is one")
    reader = read_journal(path)
    if reader.session is None:
        raise ConfigError(f"{KEY}: run {run} was cut off before it began: name another")
    config = engine_config(reader.session.engine, recorded_loader(reader.session.sources), model_of_hash)
    done = replay(config, reader, load=load_source)
    if done.difference is not None:
        raise ConfigError(f"{KEY}: run {run} does not replay to what it records: see `tradewind replay {run}`")
    return done.state, reader.session.engine


def _refuse_other_bots(engine: EngineConfig, state: EngineState, recorded: Values, run: str) -> None:
    """Raise ConfigError for a bot that is new, gone or other than in the run: its returns are somebody else's."""
    # As a record has it: through JSON, where every sequence is a list.
    ours = {bot["id"]: bot for bot in msgspec.json.decode(msgspec.json.encode(recorded_engine(engine)["bots"]))}
    theirs = {bot["id"]: bot for bot in recorded["bots"]}
    reloaded = {bot.id for bot in state.config.bots if state.bots[bot.id].spec.strategy != bot.strategy}
    for name in sorted({*ours, *theirs}):
        one, other = ours.get(name), theirs.get(name)
        if one is None or other is None:
            raise ConfigError(f"{KEY}: run {run} and this session do not have the same bots: {name!r} is in one only")
        if name in reloaded or any(one[part] != other[part] for part in ("strategy", "instruments")):
            raise ConfigError(f"{KEY}: bot {name!r} was another one in run {run}: leave the run out, or name another")


def _refuse_stale(rules: BudgetRules, as_of_ns: int, rows: int, run: str, now_ns: int) -> None:
    """Raise ConfigError for results that say nothing of now."""
    if not rows:
        raise ConfigError(f"{KEY}: run {run} has measured no results: it was shorter than two of allocation.every")
    age_ns, last = now_ns - as_of_ns, moment_text(as_of_ns)
    if age_ns < 0:
        raise ConfigError(f"{KEY}: run {run} has its last results at {last} UTC, which is yet to come")
    if age_ns > rules.minimum * rules.every_ns:
        raise ConfigError(
            f"{KEY}: run {run} has its last results at {last} UTC, longer ago than allocation.minimum "
            f"({rules.minimum}) times allocation.every: name a later session, or leave it out"
        )


def _weights(rules: BudgetRules, before: Budgets, rows: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """Return the weights to begin with: those in force where the rules are the same, else what the rows say."""
    held = tuple([before.weights[bot] for bot in before.names])
    if msgspec.structs.replace(before.rules, known=UNSET) == rules:
        return held
    made = budget_weights(rules, rows, held)
    return made or budget_weights(msgspec.structs.replace(rules, method="equal"), (), held) or held
