"""What commands that run something share: bars in the form a backtest takes, and a result that came from a session."""

from collections.abc import Sequence

from tradewind.app.market_data import MarketData
from tradewind.research.series import BarSeries
from tradewind.storage.catalog import Convention


def bar_series(market: Sequence[MarketData]) -> list[BarSeries]:
    """Return the market's bars as a backtest takes them, sorted by instrument."""
    return [_one(each) for each in sorted(market, key=lambda one: one.instrument.id)]


def _one(market: MarketData) -> BarSeries:
    bars = market.bars
    return BarSeries(
        market.instrument,
        bars.span_ns,
        bars.open_ns,
        bars.open,
        bars.high,
        bars.low,
        bars.close,
        bars.volume,
        bars.convention is Convention.NO_TRADE,
        market.source,
        market.digest,
    )
