"""Coinbase as a source of candles, through its own adapter."""

from collections.abc import Sequence

from tradewind.app.fetching import Row
from tradewind.model.money import plain
from tradewind.storage.catalog import ImportOptions
from tradewind.venues.coinbase.desk import CoinbaseDesk
from tradewind.venues.coinbase.market_desk import CANDLES_PAGE, granularity_of

SECOND_NS = 1_000_000_000


class CoinbaseCandles:
    """The candles of one desk."""

    title = "Coinbase"
    page_bars = CANDLES_PAGE

    def __init__(self, desk: CoinbaseDesk) -> None:
        self.desk = desk

    def check(self, span_ns: int) -> None:
        """Raise ConfigError when there are no candles of that length."""
        granularity_of(span_ns)

    async def options(self, instrument: str) -> ImportOptions:
        """Return the increments that the venue states."""
        found = await self.desk.market.instrument(instrument)
        return ImportOptions(
            tick=plain(found.price_decimal(found.tick)),
            lot=plain(found.quantity_decimal(found.lot)),
            traded_as=found.kind,
        )

    async def now_ns(self) -> int:
        """Return the venue's time."""
        return await self.desk.market.server_time_ns()

    async def page(self, instrument: str, span_ns: int, start_ns: int, end_ns: int) -> Sequence[Row]:
        """Return one page of candles."""
        told = await self.desk.market.raw_candles(instrument, span_ns, start_ns, end_ns)
        return [Row(each.start * SECOND_NS, each.open, each.high, each.low, each.close, each.volume) for each in told]
