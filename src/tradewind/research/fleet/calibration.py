"""Does the scorecard find an edge where there is one, and none where there is none? Measured on generated markets.

Half of the instruments of a planted market drift for days, up and down in turn; everywhere else the next move is as
likely up as down. A bot's discovery on an instrument that drifts is found; any other is false. The same walks are run
without costs too: fees alone would keep a judge from ever finding anything where nothing is.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec
import numpy as np

from tradewind.app.fleet import FleetPlan
from tradewind.app.settings import Config, FeeSettings, SimulationSection
from tradewind.app.wiring import simulation_settings
from tradewind.model.instrument import define_instrument
from tradewind.model.money import ZERO
from tradewind.numeric.significance import Interval, wilson_interval
from tradewind.research.backtest import run_backtest
from tradewind.research.breakdown import read_model
from tradewind.research.curve import FloatArray
from tradewind.research.fleet.arms import paper_config
from tradewind.research.fleet.scoring import by_bot_gains, discovered
from tradewind.research.series import BarSeries

HOUR_NS = 3_600_000_000_000
FIRST_NS = 1_704_067_200_000_000_000
INSTRUMENTS = 4
BARS = 4_000
STEPS = 6  # of a bar's path
BASE_VOLATILITY = 0.008  # of one bar
VOLATILITY_AR, VOLATILITY_NOISE = 0.97, 0.06
TAILS = 5  # degrees of freedom of a step
DRIFT = 0.35  # of a bar's volatility: in the middle of the trends of the medium markets of RegimeBench
EPISODE_BARS = 96
START = 100_000
NONE, FREE, PLANTED = "no_edge", "no_edge_no_costs", "planted_edge"
MOST = 0.10
Told = Callable[[str, int, int], None]


class Row(msgspec.Struct, frozen=True):
    """One kind of market: how many reported an edge, and which of the bots' discoveries were false.

    Of planted markets only those count as `reported` in which a bot was discovered where the edge is.
    """

    markets: int
    reported: int
    interval: Interval
    bots: int
    discoveries: int
    false: int

    @property
    def share(self) -> float:
        return self.reported / self.markets


class Calibration(msgspec.Struct, frozen=True):
    """What was found in each kind of market; `false_discovery` counts the discoveries of all of them."""

    digest: str
    seed: int
    rows: dict[str, Row]

    @property
    def false_discovery(self) -> float:
        """The share of all discoveries, bot by bot, that were on an instrument without an edge; 0 without any."""
        made = sum(row.discoveries for row in self.rows.values())
        return sum(row.false for row in self.rows.values()) / made if made else 0.0

    @property
    def false_reports(self) -> float:
        """The larger share of markets without an edge that reported one."""
        return max(self.rows[kind].share for kind in (NONE, FREE))

    @property
    def reached(self) -> bool:
        return self.false_discovery <= MOST and self.false_reports <= MOST and self.rows[PLANTED].share >= 1 - MOST


def calibrate(plan: FleetPlan, markets: int, seed: int, told: Told | None = None) -> Calibration:
    """Return what a fleet's bots discover in as many markets of each kind; `told` hears (kind, done, in all)."""
    rows = {}
    for number, kind in enumerate((NONE, FREE, PLANTED)):
        found = []
        for market in range(markets):
            if told is not None:
                told(kind, number * markets + market, 3 * markets)
            # The walks without costs are those with: the same luck, judged without what costs take.
            found.append(_judged(plan, kind, (seed, int(kind == PLANTED), market)))
        rows[kind] = _row(found, planted=kind == PLANTED)
    return Calibration(plan.digest, seed, rows)


def generated(kind: str, seed: Sequence[int]) -> list[BarSeries]:
    """Return one market: of a planted one every other instrument drifts."""
    rng = np.random.default_rng(seed)
    drifts = [kind == PLANTED and number % 2 == 0 for number in range(INSTRUMENTS)]
    return [_walk(f"{'EDGE' if drift else 'NONE'}{number}-USD", drift, rng) for number, drift in enumerate(drifts)]


def _judged(plan: FleetPlan, kind: str, seed: Sequence[int]) -> tuple[int, int, int]:
    """Return how many bots there were, how many were discovered, and how many of those have no edge."""
    series = generated(kind, seed)
    config = _every_instrument(plan.config)
    if kind == FREE:
        config = msgspec.structs.replace(
            config, fees=FeeSettings(maker=ZERO, taker=ZERO), simulation=SimulationSection()
        )
    engine = paper_config(config, [each.instrument for each in series])
    model = read_model(run_backtest(engine, simulation_settings(config), series))
    gains = by_bot_gains(model.trips)
    names = discovered({spec.id: gains.get(spec.id, []) for spec in engine.bots})
    return len(engine.bots), len(names), sum("@EDGE" not in name for name in names)


def _every_instrument(config: Config) -> Config:
    bots = tuple(msgspec.structs.replace(bot, instruments=()) for bot in config.bots)
    return msgspec.structs.replace(config, bots=bots, instruments={})


def _row(found: Sequence[tuple[int, int, int]], *, planted: bool) -> Row:
    reported = sum(count > (false if planted else 0) for _, count, false in found)
    return Row(
        markets=len(found),
        reported=reported,
        interval=wilson_interval(reported, len(found)),
        bots=sum(bots for bots, _, _ in found),
        discoveries=sum(count for _, count, _ in found),
        false=sum(count for _, _, count in found),
    )


def _walk(name: str, drifts: bool, rng: np.random.Generator) -> BarSeries:
    """Return bars of a walk whose moves have no mean, but for the episodes of one that drifts."""
    calm = np.zeros(BARS)
    noise = rng.normal(0, VOLATILITY_NOISE, BARS)
    for at in range(1, BARS):
        calm[at] = VOLATILITY_AR * calm[at - 1] + noise[at]
    volatility = BASE_VOLATILITY * np.exp(calm)
    shocks = rng.standard_t(TAILS, (BARS, STEPS)) * np.sqrt((TAILS - 2) / TAILS / STEPS)
    moves = volatility[:, None] * (shocks + _episodes(rng)[:, None] / STEPS if drifts else shocks)
    path = START * np.cumprod(1 + np.maximum(moves, -0.5).reshape(-1)).reshape(BARS, STEPS)
    prices = np.maximum(np.round(path * 100), 1).astype(np.int64)
    closes = prices[:, -1]
    opens = np.concatenate([[START * 100], closes[:-1]])
    low, high = np.minimum(opens, prices.min(axis=1)), np.maximum(opens, prices.max(axis=1))
    instrument = define_instrument(name, price_increment=Decimal("0.01"), base_increment=Decimal("0.000001"))
    open_ns = FIRST_NS + HOUR_NS * np.arange(BARS, dtype=np.int64)
    return BarSeries(instrument, HOUR_NS, open_ns, opens, high, low, closes, np.full(BARS, 10**9, dtype=np.int64))


def _episodes(rng: np.random.Generator) -> FloatArray:
    """Return the drift of each bar, in volatilities of a bar: up and down in turn, for some days each."""
    drift = np.empty(BARS)
    at, side = 0, 1.0
    while at < BARS:
        length = 24 + int(rng.geometric(1 / (EPISODE_BARS - 24)))
        drift[at : at + length] = side * DRIFT
        at, side = at + length, -side
    return drift
