"""Strategies that see several instruments, run through the real engine over bars of one clock."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tests.unit.strategy.runs import CASH, FEES, NO_LIMITS
from tests.unit.strategy.series import HOUR_NS, SCALE, Candles, candles
from tradewind.app.strategy_fits import fit_events
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.digest import AuditDigest, state_digest
from tradewind.engine.driver import Driver
from tradewind.engine.sequencer import Recorded, RecordedBars, RecordedEvents, merge
from tradewind.engine.state import EngineState
from tradewind.model.commands import StrategyFailed
from tradewind.model.decisions import Decided
from tradewind.model.instrument import Instrument, InstrumentKind, define_instrument
from tradewind.model.market_events import FundingRate
from tradewind.model.money import ONE
from tradewind.numeric.serving import precompute
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.settings import OpeningAccount, SimulationSettings
from tradewind.strategy.base import Strategy


class GroupRun(NamedTuple):
    """What was held of each instrument at each close, what was decided, digests over everything, and the state."""

    held: dict[str, list[int]]
    decided: list[Decided]
    failed: list[StrategyFailed]
    digest: tuple[str, str]
    state: EngineState


def instrument(name: str) -> Instrument:
    """A perpetual where the name says so, else spot."""
    perpetual = name.endswith("-PERP")
    return define_instrument(
        name,
        kind=InstrumentKind.PERPETUAL if perpetual else InstrumentKind.SPOT,
        price_increment=Decimal(1).scaleb(-SCALE),
        initial_margin=Decimal("0.1") if perpetual else ONE,
    )


def run_group(
    strategy: Strategy,
    bars: Mapping[str, Candles],
    *,
    served: bool = True,
    funding: Sequence[FundingRate] = (),
    missing: Mapping[str, frozenset[int]] = {},
) -> GroupRun:
    """Run one bot over the bars; rows in `missing` have no bar, as where nothing was traded."""
    instruments = tuple(instrument(name) for name in bars)
    state = EngineState(
        EngineConfig(
            session="t",
            instruments=instruments,
            bots=(BotSpec(id="bot", strategy=strategy, instruments=tuple(bars)),),
            cash=CASH,
            fees=FEES,
            limits=NO_LIMITS,
        )
    )
    driver = Driver(state, BarVenue(instruments, SimulationSettings(fees=FEES), OpeningAccount(cash=CASH)))
    sources: list[Recorded] = []
    for name, each in bars.items():
        kept = np.array([row not in missing.get(name, ()) for row in range(len(each.close))])
        columns = Candles(*(column[kept] for column in each))
        computed = precompute(state.markets[name].specs, columns.arrays(), []) if served else None
        sources.append(RecordedBars(name, HOUR_NS, each.ts_ns[kept], columns, None, computed))
    for fit in fit_events(state.config, sources):
        driver.agenda.add(fit.ts_ns, fit)
    if funding:
        sources.append(RecordedEvents("funding", 1, funding))
    held: dict[str, list[int]] = {name: [] for name in bars}
    for events in merge(sources, chunk=64):
        for event in events:
            driver.feed((event,))
            seats = state.markets[event.instrument].seats_all
            held[event.instrument].append(seats[0].view.position)
    driver.finish()
    audit = AuditDigest()
    audit.update(state.audit)
    return GroupRun(
        held,
        [record for record in state.audit if isinstance(record, Decided)],
        [record for record in state.audit if isinstance(record, StrategyFailed)],
        (audit.hexdigest(), state_digest(state)),
        state,
    )


def heads(bars: Mapping[str, Candles], rows: int) -> dict[str, Candles]:
    """The first rows of every instrument."""
    return {name: each.head(rows) for name, each in bars.items()}


def up_to(decided: Sequence[Decided], rows: int) -> list[Decided]:
    """The decisions made with so many rows known."""
    return [record for record in decided if record.ts_ns < rows * HOUR_NS + HOUR_NS // 2]


def cointegrated(rng: np.random.Generator, rows: int) -> dict[str, Candles]:
    """Two perpetuals whose logarithms keep to a line, with a gap that opens and closes."""
    walk = np.log(100) + np.cumsum(0.005 * rng.standard_normal(rows))
    return {"A-PERP": path(0.5 + 0.9 * walk + reverting(rng, rows), rng), "B-PERP": path(walk, rng)}


def reverting(rng: np.random.Generator, rows: int, keep: float = 0.9, deviation: float = 0.01) -> NDArray[np.float64]:
    """A gap that forgets."""
    gap = np.zeros(rows)
    for row in range(1, rows):
        gap[row] = keep * gap[row - 1] + deviation * rng.standard_normal()
    return gap


def strangers(rng: np.random.Generator, rows: int, names: Sequence[str]) -> dict[str, Candles]:
    """Random walks that know nothing of each other."""
    return {name: path(np.log(100) + np.cumsum(0.01 * rng.standard_normal(rows)), rng) for name in names}


def path(log_prices: NDArray[np.float64], rng: np.random.Generator) -> Candles:
    """Bars through these logarithms of closes."""
    return candles(np.exp(log_prices), rng)
