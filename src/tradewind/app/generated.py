"""A generated market as a run's data: several correlated instruments with prices and increments like real ones."""

from decimal import Decimal

import numpy as np

from tradewind.app.generated_assets import ASSETS
from tradewind.app.market_data import MarketData
from tradewind.app.settings import MarketSettings
from tradewind.model.instrument import define_instrument
from tradewind.numeric.regime_chain import Difficulty
from tradewind.numeric.regime_market import START_PRICE, RegimeMarket, bars_on_grid, regime_market
from tradewind.storage.catalog import BarTable, Convention, interval_ns

VENUE = "generated"
FIRST_NS = 1_704_067_200_000_000_000
"""2024-01-01T00:00Z: a date that is plainly not today's, so that nobody takes the bars for real ones."""


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
