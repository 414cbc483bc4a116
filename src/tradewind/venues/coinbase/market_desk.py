"""What can be asked of the market: instruments, their states, candles, books, trades and the venue's clock."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from tradewind.model.errors import ConfigError, MalformedAnswer, VenueRejected
from tradewind.model.instrument import Instrument
from tradewind.model.market_events import Bar, BookSnapshot, TradePrint
from tradewind.model.money import EXACT
from tradewind.model.orders import Side
from tradewind.venues.coinbase import requests
from tradewind.venues.coinbase.client import Client
from tradewind.venues.coinbase.products import instrument_of, state_of
from tradewind.venues.coinbase.wire.products import (
    BookLevel,
    Candle,
    ListCandles,
    ListProducts,
    MarketTrades,
    Product,
    ProductBook,
    Trade,
)
from tradewind.venues.coinbase.wire.values import ns_of
from tradewind.venues.coinbase.wire.words import OrderSide
from tradewind.venues.ports import ProductState

SECOND_NS = 1_000_000_000
GRANULARITIES: Mapping[int, str] = {
    60: "ONE_MINUTE",
    300: "FIVE_MINUTE",
    900: "FIFTEEN_MINUTE",
    1_800: "THIRTY_MINUTE",
    3_600: "ONE_HOUR",
    7_200: "TWO_HOUR",
    14_400: "FOUR_HOUR",
    21_600: "SIX_HOUR",
    86_400: "ONE_DAY",
}
CANDLES_PAGE = 300  # the venue gives at most 350 in one answer
PRODUCTS_PAGE = 100
TRADES_PAGE = 100
UNKNOWN_PRODUCT = "UNKNOWN_PRODUCT"
PRODUCT_TYPES = ("SPOT", "FUTURE")
AGGRESSORS = {
    OrderSide.BUY: Side.SELL,
    OrderSide.SELL: Side.BUY,
}  # a trade names the maker's side: ours is the other's


class CoinbaseMarket:
    """The market's side of the desk. What it learns of instruments and their states it keeps."""

    def __init__(self, client: Client, known: Iterable[Instrument] = ()) -> None:
        self.client = client
        self.known: dict[str, Instrument] = {each.id: each for each in known}
        self.states: dict[str, ProductState] = {}

    def know(self, instruments: Iterable[Instrument]) -> None:
        """Use these instruments, with their scales, for what is asked and told from now on."""
        self.known.update((each.id, each) for each in instruments)

    async def instrument(self, id: str) -> Instrument:
        """Return an instrument, asked for once.

        Raises  VenueRejected with UNKNOWN_PRODUCT when the venue has none of that name.
        """
        if id not in self.known:
            await self.instruments([id])
        return self.known[id]

    async def instruments(self, ids: Sequence[str]) -> tuple[Instrument, ...]:
        """Return the instruments in the order asked for; those that were known before keep their scales."""
        for product in await self._named(ids):
            self.known.setdefault(product.product_id, instrument_of(product))
        return tuple(self.known[each] for each in ids)

    async def product_states(self, ids: Sequence[str]) -> dict[str, ProductState]:
        """Return what each instrument lets people do now."""
        found = {product.product_id: state_of(product) for product in await self._named(ids)}
        return {each: found[each] for each in ids}

    async def products(self, ids: Sequence[str] = ()) -> tuple[Product, ...]:
        """Return the venue's own records, of all spot products and futures without names; states are remembered."""
        signed = self.client.is_signed
        parts = [ids[first : first + PRODUCTS_PAGE] for first in range(0, len(ids), PRODUCTS_PAGE)]
        # Without a type the venue lists spot alone.
        asked = [requests.list_products(part, signed=signed) for part in parts] or [
            requests.list_products(product_type=kind, signed=signed) for kind in PRODUCT_TYPES
        ]
        found: list[Product] = []
        for request in asked:
            found += (await self.client.call(request, ListProducts)).products
        return self._remembered(found)

    async def product(self, id: str) -> Product:
        """Return the venue's own record of one product.

        Raises  VenueRejected with UNKNOWN_PRODUCT when there is none of that name.
        """
        try:
            found = await self.client.call(requests.get_product(id, signed=self.client.is_signed), Product)
        except VenueRejected as error:
            said = f"Coinbase has no product {id}: see `tradewind markets` ({error})"
            raise VenueRejected(said, UNKNOWN_PRODUCT) from None
        return self._remembered([found])[0]

    async def candles(self, id: str, span_ns: int, start_ns: int, end_ns: int) -> tuple[Bar, ...]:
        """Return the closed bars that open in [start_ns, end_ns), oldest first, each once."""
        instrument = await self.instrument(id)
        closed_ns = self.client.venue_now_ns() - span_ns
        bars: dict[int, Bar] = {}
        while start_ns < end_ns:
            until_ns = min(end_ns, start_ns + CANDLES_PAGE * span_ns)
            for candle in await self.raw_candles(id, span_ns, start_ns, until_ns):
                opened_ns = candle.start * SECOND_NS
                if start_ns <= opened_ns < until_ns and opened_ns <= closed_ns:
                    bars[opened_ns] = bar_of(candle, instrument, span_ns)
            start_ns = until_ns
        return tuple(bars[opened_ns] for opened_ns in sorted(bars))

    async def raw_candles(self, id: str, span_ns: int, start_ns: int, end_ns: int) -> Sequence[Candle]:
        """Return one page of candles as the venue tells them, newest first."""
        granularity = granularity_of(span_ns)
        signed = self.client.is_signed
        start_s, end_s = start_ns // SECOND_NS, -(-end_ns // SECOND_NS)
        request = requests.product_candles(id, granularity, start_s, end_s, signed=signed)
        return (await self.client.call(request, ListCandles)).candles

    async def book(self, id: str, *, limit: int | None = None) -> BookSnapshot:
        """Return the book as it stands, best levels first."""
        instrument = await self.instrument(id)
        request = requests.product_book(id, limit=limit, signed=self.client.is_signed)
        book = (await self.client.call(request, ProductBook)).pricebook
        bids = sorted(_levels(book.bids, instrument), reverse=True)
        asks = sorted(_levels(book.asks, instrument))
        return BookSnapshot(id, ns_of(book.time) or self.client.venue_now_ns(), tuple(bids), tuple(asks))

    async def trades(self, id: str, *, limit: int = TRADES_PAGE) -> tuple[TradePrint, ...]:
        """Return the last public trades, oldest first."""
        instrument = await self.instrument(id)
        request = requests.market_trades(id, limit, signed=self.client.is_signed)
        found = (await self.client.call(request, MarketTrades)).trades
        return tuple(print_of(trade, instrument) for trade in reversed(found))

    async def server_time_ns(self) -> int:
        """Return the venue's time; how far our clock is off is remembered for tokens."""
        return await self.client.server_time_ns()

    async def _named(self, ids: Sequence[str]) -> list[Product]:
        """Return the records of the products named; what a list of names leaves out is asked for by itself."""
        found = {each.product_id: each for each in (await self.products(ids) if ids else ())}
        return [found[each] if each in found else await self.product(each) for each in ids]

    def _remembered(self, found: Sequence[Product]) -> tuple[Product, ...]:
        self.states.update((each.product_id, state_of(each)) for each in found)
        return tuple(found)


def granularity_of(span_ns: int) -> str:
    """Return the venue's word for a length of bars.

    Raises  ConfigError naming the lengths it has.
    """
    word = GRANULARITIES.get(span_ns // SECOND_NS) if span_ns % SECOND_NS == 0 else None
    if word is None:
        raise ConfigError("Coinbase has candles of 1m, 5m, 15m, 30m, 1h, 2h, 4h, 6h and 1d only: resample those")
    return word


def bar_of(candle: Candle, instrument: Instrument, span_ns: int) -> Bar:
    """Return a candle as a bar in the instrument's units.

    Candles can be older than today's increments: a price between two units goes to the nearer one (history is shown,
    never traded at), volume below the smallest unit is cut off.

    Raises  MalformedAnswer for prices that are not positive or contradict each other.
    """
    low, high = candle.low, candle.high
    sound = low > 0 and low <= min(candle.open, candle.close) and max(candle.open, candle.close) <= high
    if not sound or candle.volume < 0:
        raise MalformedAnswer(
            f"candle of {instrument.id} at {candle.start}: low {low}, high {high} and the rest disagree"
        )
    return Bar(
        instrument.id,
        candle.start * SECOND_NS + span_ns,
        span_ns,
        _nearest(candle.open, instrument),
        _nearest(high, instrument),
        _nearest(low, instrument),
        _nearest(candle.close, instrument),
        _floor(candle.volume, instrument.volume_scale),
    )


def print_of(trade: Trade, instrument: Instrument) -> TradePrint:
    """Return a public trade with the aggressor's side.

    Raises  MalformedAnswer for a trade without price, size or side.
    """
    side = None if trade.side is None else AGGRESSORS.get(trade.side)
    if trade.price is None or trade.size is None or side is None or trade.price <= 0 or trade.size <= 0:
        raise MalformedAnswer(f"trade {trade.trade_id} of {instrument.id} lacks price, size or side")
    return TradePrint(
        instrument.id,
        ns_of(trade.time),
        side,
        _exactly(trade.price, instrument),
        _floor(trade.size, instrument.quantity_scale),
        int(trade.trade_id) if trade.trade_id.isdigit() else 0,
    )


def _levels(levels: Sequence[BookLevel], instrument: Instrument) -> list[tuple[int, int]]:
    for level in levels:
        if level.price <= 0 or level.size < 0:
            raise MalformedAnswer(f"book of {instrument.id}: {level.size} at {level.price} is no level")
    made = ((_exactly(each.price, instrument), _floor(each.size, instrument.quantity_scale)) for each in levels)
    return [(price, size) for price, size in made if size]


def _exactly(price: Decimal, instrument: Instrument) -> int:
    try:
        return instrument.price_units(price)
    except ValueError as error:
        raise MalformedAnswer(f"{error}: the venue's increments changed, ask for the product again") from None


def _nearest(price: Decimal, instrument: Instrument) -> int:
    return int(price.scaleb(instrument.price_scale, EXACT).to_integral_value(ROUND_HALF_EVEN))


def _floor(value: Decimal, scale: int) -> int:
    return int(value.scaleb(scale, EXACT))
