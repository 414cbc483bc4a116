"""A generated market for the local exchange: a past as candles, and the minutes to come as order flow.

The prices are those of the seeded regime market, calmed from hours to minutes; each next day is drawn when the one
before is over, and goes on from its last prices. The past is two months of hours and a last day of minutes.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from tradewind.app.generated_assets import ASSETS, Asset
from tradewind.market.flow import FlowRow, FlowSettings, OrderFlow
from tradewind.model.instrument import decimals_of
from tradewind.numeric.regime_market import START_PRICE, SUB_STEPS, GridBars, RegimeMarket, bars_on_grid, regime_market

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS
PAST_HOURS = 60 * 24
DAY_MINUTES = 1440
CALM_HOURS = 0.5
CALM = 0.13
"""About the root of a sixtieth: what is an hour's move in the generator becomes a minute's."""


class Stock(NamedTuple):
    """A product's part in the market: which asset it follows, the scale of its numbers, and its share of the volume."""

    product_id: str
    asset: int
    price_increment: Decimal
    base_increment: Decimal
    size: Decimal = Decimal(1)
    """Base units in one unit of quantity: 1, or a contract's size."""
    past_digits: int | None = None
    """The digits of the past's volumes, where they are not those of quantities."""

    @property
    def price_digits(self) -> int:
        return decimals_of(self.price_increment)

    @property
    def quantity_digits(self) -> int:
        return decimals_of(self.base_increment)

    @property
    def volume_digits(self) -> int:
        return self.quantity_digits if self.past_digits is None else self.past_digits


class Past(NamedTuple):
    """Bars before the start, oldest first: columns of integers at the stock's scales."""

    span_s: int
    start_s: Sequence[int]
    bars: GridBars


class Happening(NamedTuple):
    """A row of flow at a time of the market."""

    ts_ns: int
    product_id: str
    row: FlowRow


class GeneratedMarket:
    """The minutes of a seeded market, one after the other."""

    def __init__(self, seed: int, stocks: Sequence[Stock], start_ns: int) -> None:
        self._seed = seed
        self._stocks = stocks
        self._assets = max(stock.asset for stock in stocks) + 1
        self._start_ns = start_ns - start_ns % MINUTE_NS - MINUTE_NS
        """A whole minute of trades and more is there when the exchange opens."""
        self._levels = np.ones(self._assets)
        self._chunk = 0
        self._flows = [
            OrderFlow(
                np.random.default_rng([seed, number]),
                tick=_units(stock.price_increment, stock.price_digits),
                lot=_units(stock.base_increment, stock.quantity_digits),
                settings=FlowSettings(levels=12),
            )
            for number, stock in enumerate(stocks)
        ]
        self.past = self._past()
        self._minutes = self._coming()
        self._due: deque[Happening] = deque()

    def until(self, ts_ns: int) -> Iterator[Happening]:
        """Yield what happens up to a time of the market, and was not yielded before."""
        while True:
            while self._due and self._due[0].ts_ns <= ts_ns:
                yield self._due.popleft()
            if self._due:
                return
            self._due.extend(next(self._minutes))

    def _past(self) -> dict[str, list[Past]]:
        """Return the two stretches of each stock's past, the hours first."""
        found: dict[str, list[Past]] = {stock.product_id: [] for stock in self._stocks}
        minutes_ns = self._start_ns - DAY_MINUTES * MINUTE_NS
        minutes_ns -= minutes_ns % HOUR_NS
        minutes = (self._start_ns - minutes_ns) // MINUTE_NS
        hours_ns = minutes_ns - PAST_HOURS * HOUR_NS
        for first_ns, bars, span_ns, calm in (
            (hours_ns, PAST_HOURS, HOUR_NS, CALM_HOURS),
            (minutes_ns, minutes, MINUTE_NS, CALM),
        ):
            market = self._drawn(bars, calm, keep_path=False)
            starts = [(first_ns + span_ns * bar) // SECOND_NS for bar in range(bars)]
            for stock in self._stocks:
                columns = self._bars(market, stock, span_ns // MINUTE_NS)
                found[stock.product_id].append(Past(span_ns // SECOND_NS, starts, columns))
        return found

    def _coming(self) -> Iterator[list[Happening]]:
        """Yield the rows of each minute of all products, in the order of time."""
        minute = 0
        while True:
            market = self._drawn(DAY_MINUTES, CALM, keep_path=True)
            columns = [self._bars(market, stock, 1) for stock in self._stocks]
            for index in range(DAY_MINUTES):
                open_ns = self._start_ns + minute * MINUTE_NS
                yield self._minute(columns, index, open_ns)
                minute += 1

    def _minute(self, columns: Sequence[GridBars], index: int, open_ns: int) -> list[Happening]:
        rows: list[Happening] = []
        for stock, flow, bars in zip(self._stocks, self._flows, columns, strict=True):
            assert bars.path is not None
            path = bars.path[index].tolist()
            drawn = flow.bar(open_ns, MINUTE_NS, int(bars.open[index]), path, int(bars.volume[index]))
            rows += [Happening(row.ts_ns, stock.product_id, row) for row in drawn]
        rows.sort(key=lambda happening: happening.ts_ns)
        return rows

    def _drawn(self, bars: int, calm: float, *, keep_path: bool) -> RegimeMarket:
        """Return the next stretch of the market at today's levels, and remember where it ends."""
        market = regime_market(self._seed + self._chunk, assets=self._assets, bars=bars, keep_path=keep_path)
        self._chunk += 1
        start = market.open[0]
        columns = ("open", "high", "low", "close")
        calmed = {name: self._levels * (getattr(market, name) / start) ** calm for name in columns}
        path = None if market.path is None else self._levels * (market.path / start) ** calm
        self._levels = calmed["close"][-1]
        return market._replace(**calmed, path=path)

    def _bars(self, market: RegimeMarket, stock: Stock, minutes: int) -> GridBars:
        """Return a stock's bars of so many minutes on its grid."""
        asset: Asset = ASSETS[stock.asset]
        columns = ("open", "high", "low", "close")
        priced = market._replace(
            **{name: getattr(market, name) * asset.price for name in columns},
            volume=market.volume * (asset.price / START_PRICE),
            path=None if market.path is None else market.path * asset.price,
        )
        hourly = Decimal(asset.volume) / stock.size
        lot = _units(stock.base_increment, stock.quantity_digits)
        return bars_on_grid(
            priced,
            stock.asset,
            price_scale=stock.price_digits,
            tick=_units(stock.price_increment, stock.price_digits),
            typical_volume=max(4 * SUB_STEPS * lot, int((hourly * minutes / 60).scaleb(stock.quantity_digits))),
            lot=lot,
            minimum_lots=4 * SUB_STEPS,
        )


def _units(increment: Decimal, digits: int) -> int:
    return int(increment.scaleb(digits))
