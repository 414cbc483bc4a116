"""Walk-forward: who may trade in a window is decided on what came before it, and on nothing else.

Every bot is followed alone, on paper: its signals, exits and costs, without regimes and without the account's limits.
Before each window its trades in the training window are judged. A trade counts only if it began in the training window
and had ended an embargo before the choice (METHODS 5): what is decided at a time rests on nothing that was open then.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from tradewind.app.fleet import WalkForwardSection
from tradewind.app.times import duration_ns
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.views import RoundTrip
from tradewind.model.errors import ConfigError
from tradewind.portfolio.edge_gate import edge_gate
from tradewind.research.fleet.reasons import kind_of
from tradewind.research.fleet.scheduled import Scheduled

BPS = 10_000.0
TRIPS_OF_A_KIND_MIN = 5
WINDOWS_MOST = 5_000


class Window(NamedTuple):
    """One choice: trained on [train_from, train_to), in force from `from_ns` until the next."""

    train_from_ns: int
    train_to_ns: int
    from_ns: int
    to_ns: int


class Trade(NamedTuple):
    """A closed trade on paper: when, and what it brought in bps of what was put in, before and after fees."""

    bot: str
    entry_ns: int
    exit_ns: int
    gross_bps: float
    net_bps: float


class Choice(msgspec.Struct, frozen=True):
    """What was chosen for a window: each bot's share of its budget, and the edge in bps that it rests on."""

    window: Window
    trades: int
    shares: dict[str, float]
    edges_bps: dict[str, float | None]


class WalkForward(msgspec.Struct, frozen=True):
    """Every choice of a run, and how many candidates were tried: they count as trials."""

    choices: tuple[Choice, ...]
    candidates: int


def windows(section: WalkForwardSection, start_ns: int, end_ns: int) -> list[Window]:
    """Return the windows from start to end: one every `step`, each in force for `test`, trained on `train` before it.

    The embargo, a share of the training window, lies between the last trade that counts and the choice.
    Raises  ConfigError for so many that most of the run would be choosing.
    """
    train, test = duration_ns(section.train), duration_ns(section.test)
    step = duration_ns(section.step) if section.step is not None else test
    gap = int(train * float(section.embargo))
    if (count := -((start_ns - end_ns) // step)) > WINDOWS_MOST:
        raise ConfigError(
            f"walk_forward chooses every {section.step or section.test}, here {count:,} times, and {WINDOWS_MOST:,} "
            f"are the most: make {'step' if section.step else 'test'} longer"
        )
    return [
        Window(at - gap - train, at - gap, at, min(at + min(step, test), end_ns))
        for at in range(start_ns, end_ns, step)
    ]


def paper_trades(trips: Sequence[RoundTrip]) -> list[Trade]:
    """Return the closed trades of a run in shares of what was put in: sizes differ, edges are compared."""
    found = []
    for trip in trips:
        put_in = float(trip.entry_price * trip.quantity)
        if put_in > 0 and trip.reason != "end":
            gross, net = (float(value) / put_in * BPS for value in (trip.realised + trip.funding, trip.gained))
            found.append(Trade(trip.bot, trip.entry_ns, trip.exit_ns, gross, net))
    return found


def choose(section: WalkForwardSection, window: Window, trades: Sequence[Trade], engine: EngineConfig) -> Choice:
    """Return who may trade in the window, and how much, by the trades that had begun and ended in its training."""
    counted = [each for each in trades if window.train_from_ns <= each.entry_ns and each.exit_ns < window.train_to_ns]
    edges = _edges(section, counted, [spec.id for spec in engine.bots])
    passing = {name: _passes(section, edge, engine) for name, edge in edges.items()}
    best = max((edge for name, edge in edges.items() if edge is not None and passing[name]), default=0.0)
    shares = {}
    for name, edge in edges.items():
        if edge is None:
            shares[name] = float(section.unproven)
        elif not passing[name]:
            shares[name] = 0.0
        else:
            shares[name] = 1.0 if section.choose == "bots" else edge / best
    return Choice(window, len(counted), shares, edges)


def walk_forward(
    section: WalkForwardSection, trades: Sequence[Trade], engine: EngineConfig, start_ns: int, end_ns: int
) -> WalkForward:
    """Return every choice from `start_ns` to `end_ns`."""
    made = [choose(section, window, trades, engine) for window in windows(section, start_ns, end_ns)]
    return WalkForward(tuple(made), len(engine.bots))


def scheduled(engine: EngineConfig, walk: WalkForward) -> EngineConfig:
    """Return the fleet with each bot bound to what was chosen for it; between two windows nothing begins."""
    return msgspec.structs.replace(engine, bots=tuple(_bound(spec, walk) for spec in engine.bots))


def _bound(spec: BotSpec, walk: WalkForward) -> BotSpec:
    starts: list[int] = []
    shares: list[float] = []
    for number, choice in enumerate(walk.choices):
        starts.append(choice.window.from_ns)
        shares.append(choice.shares.get(spec.id, 0.0))
        following = walk.choices[number + 1].window.from_ns if number + 1 < len(walk.choices) else None
        if following is not None and choice.window.to_ns < following:
            starts.append(choice.window.to_ns)
            shares.append(0.0)
    inner = Scheduled(inner=spec.strategy, starts_ns=tuple(starts), shares=tuple(shares))
    return msgspec.structs.replace(spec, strategy=inner)


def _edges(section: WalkForwardSection, trades: Sequence[Trade], bots: Sequence[str]) -> dict[str, float | None]:
    """Return each bot's expected gain per trade, shrunk to its kind's, and that to nothing; None where nobody knows.

    With n trades of mean m the estimate is (n m + k M) / (n + k): a bot of few trades is taken for one of its kind.
    """
    k = section.shrink_trades
    values: dict[str, list[float]] = {name: [] for name in bots}
    for trade in trades:
        if trade.bot in values:
            values[trade.bot].append(trade.gross_bps if section.criterion == "edge_gate" else trade.net_bps)
    of_kind: dict[str, list[float]] = {}
    for name in bots:
        of_kind.setdefault(kind_of(name), []).extend(values[name])
    means = {kind: sum(each) / (len(each) + k) if each else 0.0 for kind, each in of_kind.items()}
    return {
        name: None
        if len(of_kind[kind_of(name)]) < TRIPS_OF_A_KIND_MIN
        else (sum(values[name]) + k * means[kind_of(name)]) / max(len(values[name]) + k, 1)
        for name in bots
    }


def _passes(section: WalkForwardSection, edge: float | None, engine: EngineConfig) -> bool:
    if edge is None:
        return False
    if section.criterion == "expectancy":
        return edge > 0
    taker = engine.fees.tiers[0].taker
    return edge_gate(edge, taker, Decimal(str(section.spread_bps))).passes
