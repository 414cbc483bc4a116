"""What can be asked of the market through ccxt: instruments, states, candles, books, trades and the venue's clock."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tradewind.model.errors import ConfigError, MalformedAnswer
from tradewind.model.instrument import Instrument
from tradewind.model.market_events import Bar, BookSnapshot, TradePrint
from tradewind.venues.ccxt.capabilities import CANDLES_PAGE, Support
from tradewind.venues.ccxt.client import Client
from tradewind.venues.ccxt.exact import MILLISECOND_NS, moment_ns
from tradewind.venues.ccxt.incoming import CandleRow, bar_of, book_of, candle_row, print_of
from tradewind.venues.ccxt.markets import instrument_of, state_of
from tradewind.venues.ports import ProductState

SECOND_NS = 1_000_000_000
UNITS_S: Mapping[str, int] = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class CcxtMarket:
    """The market's side of the desk. What it learns of instruments and their states it keeps."""

    def __init__(self, client: Client, known: Iterable[Instrument] = ()) -> None:
        self.client = client
        self.known: dict[str, Instrument] = {each.id: each for each in known}
        self.states: dict[str, ProductState] = {}
        self._skew_ns: int | None = None

    def know(self, instruments: Iterable[Instrument]) -> None:
        """Use these instruments, with their scales, for what is asked and told from now on."""
        self.known.update((each.id, each) for each in instruments)

    async def instrument(self, id: str) -> Instrument:
        """Return an instrument, asked for once.

        Raises  VenueRejected with UNKNOWN_PRODUCT when there is none of that name, ConfigError for one that the engine
        cannot hold.
        """
        if id not in self.known:
            await self.instruments([id])
        return self.known[id]

    async def instruments(self, ids: Sequence[str]) -> tuple[Instrument, ...]:
        """Return the instruments in the order asked for; those that were known before keep their scales."""
        names = await self.client.names()
        for each in ids:
            market = names.market(each)
            made = instrument_of(market, self.client.venue, int(self.client.exchange.precisionMode))
            self.known.setdefault(each, made)
            self.states.setdefault(each, state_of(market))
        return tuple(self.known[each] for each in ids)

    async def product_states(self, ids: Sequence[str]) -> dict[str, ProductState]:
        """Return what each instrument lets people do now, asked anew."""
        names = await self.client.names(anew=True)
        found = {each: state_of(names.market(each)) for each in ids}
        self.states.update(found)
        return found

    async def symbol(self, id: str) -> str:
        """Return ccxt's name of an instrument."""
        return str((await self.client.names()).market(id)["symbol"])

    async def candles(self, id: str, span_ns: int, start_ns: int, end_ns: int) -> tuple[Bar, ...]:
        """Return the closed bars that open in [start_ns, end_ns), oldest first, each once."""
        instrument = await self.instrument(id)
        rows = await self.candle_rows(id, span_ns, start_ns, end_ns)
        return tuple(bar_of(row, instrument, span_ns) for row in rows)

    async def candle_rows(self, id: str, span_ns: int, start_ns: int, end_ns: int) -> tuple[CandleRow, ...]:
        """Return the closed candles that open in [start_ns, end_ns) in their own digits, oldest first, each once.

        Venues differ in what a page is: from its start on, within a window, or the newest ones whatever was asked. So
        the next page begins behind the last candle, an empty page skips its window, and a page that is newer than all
        that was asked for ends the work: the venue does not reach further back.
        """
        self.client.need("data", "candles")
        market = (await self.client.names()).market(id)
        symbol, can = market["symbol"], self.client.map_for(spot=not market.get("contract"))
        word, page = self.interval_of(span_ns), CANDLES_PAGE if can is None else can.candles_page
        closed_ns = await self.now_ns() - span_ns
        found: dict[int, CandleRow] = {}
        while start_ns < end_ns:
            count = min(page, -(-(end_ns - start_ns) // span_ns))
            told = await self.client.call("fetch_ohlcv", symbol, word, since=start_ns // MILLISECOND_NS, limit=count)
            rows = [candle_row(row, id) for row in told or () if start_ns <= moment_ns(row[0])]
            if rows and all(row.open_ns >= end_ns for row in rows):
                break
            fitting = [row for row in rows if row.open_ns < end_ns]
            found.update((row.open_ns, row) for row in fitting if row.open_ns <= closed_ns)
            last_ns = max((row.open_ns for row in fitting), default=start_ns + (count - 1) * span_ns)
            start_ns = last_ns + span_ns
        return tuple(found[open_ns] for open_ns in sorted(found))

    def interval_of(self, span_ns: int) -> str:
        """Return the venue's word for a length of candles.

        Raises  ConfigError naming the lengths it has.
        """
        has = {span_of(word): word for each in self.client.maps.values() for word in each.intervals}
        if span_ns not in has:
            lengths = ", ".join(has[each] for each in sorted(has) if each)
            raise ConfigError(f"{self.client.venue} has candles of {lengths or 'no length'} only: resample those")
        return has[span_ns]

    async def book(self, id: str, *, limit: int | None = None) -> BookSnapshot:
        """Return the book as it stands, best levels first."""
        self.client.need("data", "book")
        instrument = await self.instrument(id)
        told = await self.client.call("fetch_order_book", await self.symbol(id), limit)
        return book_of(told, instrument, self.client.now_ns())

    async def trades(self, id: str, *, limit: int | None = None) -> tuple[TradePrint, ...]:
        """Return the last public trades, oldest first."""
        self.client.need("data", "trades")
        instrument = await self.instrument(id)
        told = await self.client.call("fetch_trades", await self.symbol(id), limit=limit)
        prints = (print_of(trade, instrument, maker_side=self.client.quirks.maker_side) for trade in told)
        return tuple(sorted(prints, key=lambda each: each.ts_ns))

    async def server_time_ns(self) -> int:
        """Return the venue's time.

        Raises  VenueRejected where ccxt cannot ask for it.
        """
        self.client.need("data", "server time")
        told: Any = await self.client.call("fetch_time")
        if not isinstance(told, int):
            raise MalformedAnswer(f"{self.client.venue} told no time: {told!r}")
        return moment_ns(told)

    async def now_ns(self) -> int:
        """Return the venue's time by our clock and how far that was off when it was asked; ours where it tells none."""
        if self._skew_ns is None:
            tells = any(each.support("data", "server time") is Support.NATIVE for each in self.client.maps.values())
            self._skew_ns = await self.server_time_ns() - self.client.now_ns() if tells else 0
        return self.client.now_ns() + self._skew_ns


def span_of(word: str) -> int:
    """Return the length of candles that a word of ccxt names, 0 for months and what is no length."""
    unit = UNITS_S.get(word[-1:], 0)
    return int(word[:-1]) * unit * SECOND_NS if word[:-1].isdecimal() else 0
