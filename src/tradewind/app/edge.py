"""What is known of the bots' edges: from kept runs of the same strategies for a session, and of a run that is over.

An edge is what a round trip is expected to gain before costs, in basis points of its entry (SPEC S9).
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from tradewind.app.recording import recorded_instruments
from tradewind.app.replaying import recorded_engine
from tradewind.app.settings import Config
from tradewind.engine.config import EngineConfig
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.views import RoundTrip
from tradewind.model.errors import ConfigError
from tradewind.model.instrument import Instrument
from tradewind.model.money import ZERO, add, multiply, ratio
from tradewind.portfolio.edge_gate import BPS, EdgeRules, GateAnswer, KnownEdge, edge_gate, expected_edge
from tradewind.storage.runs import RunStore


class BotEdge(msgspec.Struct, frozen=True):
    """What a bot's trades of a run say of its edge, and whether it would open anything live."""

    bot: str
    trades: int
    answer: GateAnswer


def live_rules(config: Config, engine: EngineConfig, store: RunStore, *, real_money: bool) -> EdgeRules | UnsetType:
    """Return what a live session holds its bots' edges to: nothing on a rehearsal, unless the gate says so.

    Raises  ConfigError for a run that is not there, and for an override of a bot that is not there.
    """
    section = config.edge
    if section.gate == "auto" and not real_money:
        return UNSET
    bots = {bot.id for bot in engine.bots}
    if unknown := sorted(set(section.override) - bots):
        raise ConfigError(f"edge.override names {unknown[0]!r}, which is no bot: choose from {', '.join(sorted(bots))}")
    return EdgeRules(
        known=known_edges(engine, store, section.runs),
        overrides=dict(section.override),
        spread_bps=section.spread_bps,
    )


def known_edges(engine: EngineConfig, store: RunStore, runs: Sequence[str]) -> dict[str, KnownEdge]:
    """Return what kept runs showed of the bots: only of those with the same id, strategy and parameters there."""
    # As a record has it: through JSON, where every sequence is a list.
    bots = msgspec.json.decode(msgspec.json.encode(recorded_engine(engine)["bots"]))
    wanted = {bot["id"]: bot["strategy"] for bot in bots}
    found: dict[str, list[Decimal]] = {}
    for run in runs:
        record = store.load(run)
        same = {bot["id"] for bot in record.engine["bots"] if wanted.get(bot["id"]) == bot["strategy"]}
        instruments = recorded_instruments(record)
        model = ReadModel(instruments)
        model.take(store.audit(run))
        for bot, results in _results(model.trips, instruments).items():
            if bot in same:
                found.setdefault(bot, []).extend(results)
    return {bot: KnownEdge(len(each), _mean(each)) for bot, each in sorted(found.items())}


def measured_edges(config: EngineConfig, model: ReadModel, spread_bps: Decimal) -> list[BotEdge]:
    """Return what each bot's closed trades of a run say, bot by bot."""
    results = _results(model.trips, config.instruments)
    taker = config.fees.tier(config.volume_30d).taker
    return [
        BotEdge(bot.id, len(trades), edge_gate(expected_edge(None, trades), taker, spread_bps))
        for bot in config.bots
        for trades in [results.get(bot.id, [])]
    ]


def _results(trips: Iterable[RoundTrip], instruments: Iterable[Instrument]) -> Mapping[str, list[Decimal]]:
    """Return the results before costs of each bot's trips, in bps of what they entered with."""
    sizes = {each.id: each.contract_size for each in instruments}
    found: dict[str, list[Decimal]] = {}
    for trip in trips:
        value = multiply(multiply(trip.entry_price, trip.quantity), sizes[trip.instrument])
        if value > ZERO:
            found.setdefault(trip.bot, []).append(multiply(ratio(trip.realised, value), BPS))
    return found


def _mean(values: Sequence[Decimal]) -> Decimal:
    total = ZERO
    for value in values:
        total = add(total, value)
    return ratio(total, Decimal(len(values)))
