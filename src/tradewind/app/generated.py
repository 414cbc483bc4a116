"""A generated market as a run's data: several correlated instruments with prices and increments like real ones."""

from decimal import Decimal
from typing import NamedTuple

import numpy as np

from tradewind.app.market_data import MarketData
from tradewind.app.settings import MarketSettings
from tradewind.model.instrument import define_instrument
from tradewind.numeric.regime_chain import Difficulty
from tradewind.numeric.regime_market import START_PRICE, RegimeMarket, bars_on_grid, regime_market
from tradewind.storage.catalog import BarTable, Convention, interval_ns

VENUE = "generated"
FIRST_NS = 1_704_067_200_000_000_000
"""2024-01-01T00:00Z: a date that is plainly not today's, so that nobody takes the bars for real ones."""


class Asset(NamedTuple):
    """One made-up instrument: its price at the start, tick, lot, and quantity traded in an ordinary bar."""

    name: str
    price: float
    tick: str
    lot: str
    volume: str


ASSETS = (
    Asset("BTC-USD", 60_000.0, "0.01", "0.00000001", "45"),
    Asset("ETH-USD", 3_000.0, "0.01", "0.0000001", "700"),
    Asset("SOL-USD", 150.0, "0.01", "0.00001", "12000"),
    Asset("XRP-USD", 0.6, "0.0001", "0.01", "2500000"),
    Asset("ADA-USD", 0.45, "0.0001", "0.01", "2000000"),
    Asset("LINK-USD", 18.0, "0.001", "0.001", "60000"),
    Asset("AVAX-USD", 35.0, "0.01", "0.001", "30000"),
    Asset("DOGE-USD", 0.15, "0.00001", "0.1", "9000000"),
    Asset("LTC-USD", 85.0, "0.01", "0.0001", "11000"),
    Asset("DOT-USD", 7.0, "0.001", "0.001", "90000"),
    Asset("ATOM-USD", 9.0, "0.001", "0.001", "70000"),
    Asset("UNI-USD", 10.0, "0.001", "0.001", "65000"),
)


def generated_market(settings: MarketSettings, seed: int) -> list[MarketData]:
    """Return the bars of a seeded market, sorted by instrument; equal arguments give equal bars."""
    difficulty = Difficulty[settings.difficulty.upper()]
    market = regime_market(seed, difficulty, assets=settings.instruments, bars=settings.bars)
    made = [_instrument(market, number, settings, seed) for number in range(settings.instruments)]
    return sorted(made, key=lambda each: each.instrument.id)


def _instrument(market: RegimeMarket, number: int, settings: MarketSettings, seed: int) -> MarketData:
    asset = ASSETS[number]
    instrument = define_instrument(
        asset.name, price_increment=asset.tick, base_increment=asset.lot, venue=VENUE, min_notional=Decimal(10)
    )
    span_ns = interval_ns(settings.interval)
    columns = bars_on_grid(
        _priced(market, asset.price / START_PRICE),
        number,
        price_scale=instrument.price_scale,
        tick=instrument.tick,
        typical_volume=int(Decimal(asset.volume).scaleb(instrument.volume_scale)),
        lot=instrument.lot,
    )
    nothing = np.empty(0, dtype=np.int64)
    bars = BarTable(
        instrument=asset.name,
        venue=VENUE,
        interval=settings.interval,
        span_ns=span_ns,
        open_ns=FIRST_NS + span_ns * np.arange(settings.bars, dtype=np.int64),
        open=columns.open,
        high=columns.high,
        low=columns.low,
        close=columns.close,
        volume=columns.volume,
        price_scale=instrument.price_scale,
        volume_scale=instrument.volume_scale,
        convention=Convention.GAP,
        gap_rows=nothing,
        gap_bars=nothing,
        derived=False,
    )
    return MarketData(instrument, bars, f"generated market, seed {seed}", f"seed-{seed}-{settings.difficulty}")


def _priced(market: RegimeMarket, factor: float) -> RegimeMarket:
    """Return the market at another level of prices; its volume is a multiple of the bars' ranges."""
    columns = ("open", "high", "low", "close", "volume")
    return market._replace(**{name: getattr(market, name) * factor for name in columns})
