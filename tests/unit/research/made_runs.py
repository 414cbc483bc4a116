"""Small runs on made-up bars: spot and perpetual, several bots and spans, gaps, funding and liquidations."""

from decimal import Decimal

import numpy as np

from tradewind.app.wiring import opening_account
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.driver import Driver
from tradewind.engine.sequencer import RecordedEvents, merge
from tradewind.engine.state import EngineState
from tradewind.model.fees import flat_fees
from tradewind.model.instrument import InstrumentKind, define_instrument
from tradewind.model.intents import TargetQuantity, TargetWeight
from tradewind.model.market_events import FundingRate, FundingSettlement
from tradewind.research.backtest import run_backtest
from tradewind.research.series import BarSeries, recorded_sources
from tradewind.risk.limits import Limits
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.settings import SimulationSettings
from tradewind.strategy.base import Strategy

HOUR_NS = 3_600_000_000_000
DAY_NS = 24 * HOUR_NS
START_NS = 1_704_067_200_000_000_000  # 2024-01-01
FEES = flat_fees(Decimal("0.0003"), Decimal("0.001"))
OPEN_LIMITS = Limits(leverage_max=None, instrument_share_max=None, exposure_share_max=None, slippage_bps_max=None)


class Restless(Strategy):
    """Wants another share of its budget every few bars, by a fixed sequence of its own."""

    seed: int = 1
    short: bool = False
    every: int = 3

    def on_bar(self, view):
        turn = view.bar.ts_ns // view.bar.span_ns
        if turn % self.every:
            return None
        draw = (turn * turn * 31 + turn * 7 + self.seed * 40_503) % 997
        weight = (draw % 5) / 4 - (0.5 if self.short else 0.0)
        return TargetWeight(weight, reason=f"draw {draw}")


class Once(Strategy):
    """Holds a quantity from its first bar on, and again after it was taken away."""

    quantity: str = "1"

    def on_bar(self, view):
        return None if view.position else TargetQuantity(Decimal(self.quantity))


class Never(Strategy):
    def on_bar(self, view):
        return None


def make_bars(
    instrument, count, *, seed=1, span_ns=HOUR_NS, start_ns=START_NS, missing=(), price=100.0, volatility=0.01
):
    rng = np.random.default_rng(seed)
    close = price * np.exp(np.cumsum(rng.standard_normal(count) * volatility))
    opened = np.concatenate([[price], close[:-1]]) * (1 + rng.standard_normal(count) * volatility / 5)
    unit = 10**instrument.price_scale
    o, c = (np.maximum(1, np.round(column * unit)).astype(np.int64) for column in (opened, close))
    high = np.maximum(o, c) + rng.integers(0, unit, count)
    low = np.maximum(1, np.minimum(o, c) - rng.integers(0, unit, count))
    volume = rng.integers(1, 10**6, count) * 10 ** max(0, instrument.volume_scale - 3)
    keep = ~np.isin(np.arange(count), missing)
    open_ns = start_ns + np.arange(count, dtype=np.int64) * span_ns
    return BarSeries(
        instrument,
        span_ns,
        *(column[keep] for column in (open_ns, o, high, low, c, volume)),
        no_trade=True,
        source="made",
    )


def series_of(closes, *, instrument=None, span_ns=DAY_NS, start_ns=START_NS, opens=None):
    """Bars with these closes, each opening at the close before."""
    instrument = instrument or spot()
    unit = 10**instrument.price_scale
    c = np.array([round(close * unit) for close in closes], dtype=np.int64)
    o = np.concatenate([c[:1], c[:-1]]) if opens is None else np.array([round(x * unit) for x in opens], dtype=np.int64)
    open_ns = start_ns + np.arange(len(c), dtype=np.int64) * span_ns
    return BarSeries(instrument, span_ns, open_ns, o, np.maximum(o, c), np.minimum(o, c), c, None)


def spot(name="AAA-USD"):
    return define_instrument(name, price_increment="0.01", base_increment="0.0001")


def perpetual(name="BBB-PERP", **terms):
    fields = {
        "maintenance_margin": Decimal("0.05"),
        "initial_margin": Decimal("0.1"),
        "contract_size": Decimal("0.1"),
        **terms,
    }
    return define_instrument(
        name,
        kind=InstrumentKind.PERPETUAL,
        price_increment="0.01",
        base_increment="1",
        volume_decimals=0,
        quote="USD",
        **fields,
    )


def bot(strategy, *names, id="one", **more):
    return BotSpec(id=id, strategy=strategy, instruments=tuple(names), **more)


def config_of(series, bots, **more):
    fields = {"cash": Decimal(100_000), "fees": FEES, "limits": OPEN_LIMITS, **more}
    return EngineConfig(
        session="made", instruments=tuple(each.instrument for each in series), bots=tuple(bots), **fields
    )


def funding(instrument, count, *, rate="0.0001", every_ns=8 * HOUR_NS, settle=True):
    """Funding every eight hours; without `settle` it accrues, and every third time it is moved to cash."""
    rates = []
    for at in range(1, count + 1):
        rates.append(FundingRate(instrument, START_NS + at * every_ns, Decimal(rate), settle=settle))
        if not settle and at % 3 == 0:
            rates.append(FundingSettlement(instrument, START_NS + at * every_ns))
    return RecordedEvents(f"{instrument} funding", 1, rates)


def run(series, bots, settings=None, extra=(), **more):
    config = config_of(series, bots, **more)
    return run_backtest(config, settings or SimulationSettings(fees=config.fees), series, extra=extra)


def watch(result, series, extra=()):
    """The engine's own equity after the last event of every time, asked while the same run goes on."""
    state = EngineState(result.config)
    driver = Driver(state, BarVenue(result.config.instruments, result.settings, opening_account(result.config)))
    sources = list(extra)
    for each in sorted(series, key=lambda one: one.instrument.id):
        sources += recorded_sources(each, state.markets[each.instrument.id].specs, result.config.gap_bars_max)
    seen = {}
    for chunk in merge(sources):
        for event in chunk:
            driver.feed([event])
            seen[event.ts_ns] = state.equity()
    return seen
