"""What a market says, as events: bars, gaps, books, trades, marks and funding.

`ts_ns` is the time from which the event may be known, integer UTC nanoseconds: a bar's close, a print's receipt.
"""

from decimal import Decimal

import msgspec

from tradewind.model.orders import Side


class Bar(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="bar"):
    """One closed bar: it opened at `ts_ns - span_ns` and is usable from `ts_ns` on.

    Prices in price units, volume in volume units (None: unlimited, as in hand-written scenarios). `served` holds the
    declared indicator values of this instrument where a run computed them beforehand; they equal to the last bit what
    the engine would stream itself, and they are not part of the journal.
    """

    instrument: str
    ts_ns: int
    span_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: int | None = None
    served: tuple[float, ...] | None = None

    @property
    def open_ns(self) -> int:
        return self.ts_ns - self.span_ns


class Gap(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="gap"):
    """`bars` bars are absent before `ts_ns`. Without trades (`no_trade`) states stay; otherwise data are missing."""

    instrument: str
    ts_ns: int
    bars: int = 1
    no_trade: bool = False


class BookSnapshot(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="book"):
    """The whole book: (price, size) levels, best first or not; replaces what was known."""

    instrument: str
    ts_ns: int
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]
    sequence: int = 0


class LevelUpdate(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="level"):
    """One level's new displayed size (0 removes it). `side` is BUY for a bid, SELL for an ask."""

    instrument: str
    ts_ns: int
    side: Side
    price: int
    size: int
    sequence: int = 0


class TradePrint(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="trade"):
    """A public trade; `side` is the aggressor's."""

    instrument: str
    ts_ns: int
    side: Side
    price: int
    quantity: int
    trade_id: int = 0


class QuoteTick(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="quote"):
    """Best bid and ask with their sizes."""

    instrument: str
    ts_ns: int
    bid: int
    bid_size: int
    ask: int
    ask_size: int


class MarkPrice(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="mark"):
    """The venue's mark price, reached by a jump."""

    instrument: str
    ts_ns: int
    price: int


class FundingRate(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="funding"):
    """Funding due now on open positions: -quantity x size x mark x rate; only accrued when `settle` is false."""

    instrument: str
    ts_ns: int
    rate: Decimal
    mark: int | None = None
    settle: bool = True


class MarginRates(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="margin"):
    """From now on an instrument's positions need these shares of notional: a margin window begins, or terms change.

    `window` names what they belong to, such as `overnight`; a margin that isolated positions have put up stays.
    """

    instrument: str
    ts_ns: int
    initial_margin: Decimal
    maintenance_margin: Decimal | None = None
    window: str = ""


class FundingSettlement(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="settlement"):
    """Moves the accrued funding of an instrument to cash."""

    instrument: str
    ts_ns: int


MarketEvent = (
    Bar
    | Gap
    | BookSnapshot
    | LevelUpdate
    | TradePrint
    | QuoteTick
    | MarkPrice
    | FundingRate
    | FundingSettlement
    | MarginRates
)
