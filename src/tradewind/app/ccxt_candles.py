"""Any venue of ccxt as a source of candles."""

import asyncio
from collections.abc import Sequence

from tradewind.app.fetching import Row
from tradewind.model.errors import ConfigError, RateLimited, TransportError, VenueUnavailable
from tradewind.model.instrument import InstrumentKind
from tradewind.model.money import plain
from tradewind.storage.catalog import ImportOptions
from tradewind.venues.ccxt.capabilities import CANDLES_PAGE
from tradewind.venues.ccxt.desk import CcxtDesk
from tradewind.venues.ccxt.incoming import CandleRow

PAUSES_S = (1.0, 4.0, 16.0)


class CcxtCandles:
    """The candles of one desk."""

    def __init__(self, desk: CcxtDesk) -> None:
        self.desk = desk
        self.title = f"{desk.client.venue} through ccxt"
        self.page_bars = max((each.candles_page for each in desk.client.maps.values()), default=CANDLES_PAGE)

    def check(self, span_ns: int) -> None:
        """Raise ConfigError when there are no candles of that length."""
        self.desk.client.need("data", "candles")
        self.desk.market.interval_of(span_ns)

    async def options(self, instrument: str) -> ImportOptions:
        """Return the increments that the venue states; where they are not fixed, they are derived from the candles."""
        market = (await self.desk.client.names()).market(instrument)
        kind = InstrumentKind.PERPETUAL if market.get("contract") else InstrumentKind.SPOT
        try:
            found = await self.desk.market.instrument(instrument)
        except ConfigError:  # candles can be looked at where the engine could not trade
            return ImportOptions(traded_as=kind)
        tick, lot = found.price_decimal(found.tick), found.quantity_decimal(found.lot)
        return ImportOptions(tick=plain(tick), lot=plain(lot), traded_as=kind)

    async def now_ns(self) -> int:
        """Return the venue's time where it tells it, else this machine's."""
        return await self.desk.market.now_ns()

    async def page(self, instrument: str, span_ns: int, start_ns: int, end_ns: int) -> Sequence[Row]:
        """Return the candles of one page; a venue that is away or wants us slower is asked again after a while."""
        told = await self._patiently(instrument, span_ns, start_ns, end_ns)
        return [Row(each.open_ns, each.open, each.high, each.low, each.close, each.volume) for each in told]

    async def _patiently(self, instrument: str, span_ns: int, start_ns: int, end_ns: int) -> Sequence[CandleRow]:
        for pause_s in PAUSES_S:
            try:
                return await self.desk.market.candle_rows(instrument, span_ns, start_ns, end_ns)
            except RateLimited as error:
                await asyncio.sleep(max(pause_s, error.retry_after_s))
            except (VenueUnavailable, TransportError):
                await asyncio.sleep(pause_s)
        return await self.desk.market.candle_rows(instrument, span_ns, start_ns, end_ns)
