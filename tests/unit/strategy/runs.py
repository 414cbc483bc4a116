"""A strategy run through the real engine, driver and simulated venue, and what it decided there."""

from collections.abc import Callable
from decimal import Decimal
from itertools import zip_longest
from typing import NamedTuple

import numpy as np

from tests.unit.strategy.series import HOUR_NS, SCALE, Candles
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.digest import AuditDigest, state_digest
from tradewind.engine.driver import Driver
from tradewind.engine.sequencer import RecordedBars
from tradewind.engine.state import EngineState
from tradewind.model.commands import StrategyFailed
from tradewind.model.decisions import Decided
from tradewind.model.fees import flat_fees
from tradewind.model.instrument import InstrumentKind, define_instrument
from tradewind.model.money import ONE
from tradewind.numeric.serving import precompute
from tradewind.risk.limits import Limits
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.settings import OpeningAccount, SimulationSettings
from tradewind.strategy.base import Strategy

CASH = Decimal(1_000_000)
FEES = flat_fees(Decimal("0.001"), Decimal("0.001"))
NO_LIMITS = Limits(leverage_max=None, instrument_share_max=None, exposure_share_max=None, slippage_bps_max=None)


class Run(NamedTuple):
    """The side held at each close, what was decided, and digests over everything."""

    sides: list[int]
    decided: list[Decided]
    failed: list[StrategyFailed]
    digest: tuple[str, str]


def run(strategy: Strategy, bars: Candles, *, spot: bool = True, served: bool = True) -> Run:
    """Run one bot over the bars; with `served` the indicators come from columns, else the engine streams them."""
    kind = InstrumentKind.SPOT if spot else InstrumentKind.PERPETUAL
    # A turn from long to short is one order of twice the size: the margin leaves room for it.
    margin = ONE if spot else Decimal("0.1")
    instrument = define_instrument(
        "BTC-USD", kind=kind, price_increment=Decimal(1).scaleb(-SCALE), initial_margin=margin
    )
    state = EngineState(
        EngineConfig(
            session="t",
            instruments=(instrument,),
            bots=(BotSpec(id="bot", strategy=strategy, instruments=("BTC-USD",)),),
            cash=CASH,
            fees=FEES,
            limits=NO_LIMITS,
        )
    )
    venue = BarVenue([instrument], SimulationSettings(fees=FEES), OpeningAccount(cash=CASH))
    driver = Driver(state, venue)
    market = state.markets["BTC-USD"]
    columns = precompute(market.specs, bars.arrays(), []) if served else None
    source = RecordedBars("BTC-USD", HOUR_NS, bars.ts_ns, bars, None, columns)
    (seat,) = market.seats_all
    sides = []
    for bar in source.events(0, len(bars.close)):
        driver.feed((bar,))
        sides.append(int(np.sign(seat.view.position)))
    driver.finish()
    audit = AuditDigest()
    audit.update(state.audit)
    return Run(
        sides,
        [record for record in state.audit if isinstance(record, Decided)],
        [record for record in state.audit if isinstance(record, StrategyFailed)],
        (audit.hexdigest(), state_digest(state)),
    )


def first_leak(make: Callable[[Candles], Strategy], bars: Candles, cut: int, *, spot: bool = True) -> Decided | None:
    """The first decision that changes when the bars from `cut` on are not known yet; None if the future has no say."""
    known = run(make(bars.head(cut)), bars.head(cut), spot=spot).decided
    hindsight = run(make(bars), bars, spot=spot).decided
    hindsight = [record for record in hindsight if record.ts_ns <= cut * HOUR_NS]
    for one, other in zip_longest(known, hindsight):
        if one != other:
            return one or other
    return None
