"""What a strategy is: parameters, declared indicators, and a function from a view to an intent (SPEC S1).

A strategy is a frozen value. What it remembers between bars is declared in `Memory`, one per instrument, so that it is
part of snapshots and digests. It cannot tell in which mode it runs: it sees a `View`, and returns what it wants.
"""

from collections.abc import Callable, Mapping, Sequence, Sized
from decimal import Decimal

import msgspec

from tradewind.market.book import Book
from tradewind.model.answers import OrderFilled
from tradewind.model.instrument import Instrument
from tradewind.model.intents import Intent
from tradewind.model.market_events import Bar, FundingRate, QuoteTick, TradePrint
from tradewind.numeric.indicators import IndicatorSpec

Wish = Intent | Sequence[Intent] | None


class NoMemory(msgspec.Struct):
    """A strategy that remembers nothing."""


class View:
    """What a strategy may see of one instrument at one moment, read-only by convention and by digest.

    `values` are the declared indicators at the last closed bar, in the order declared (outputs flattened); `position`
    is the bot's own signed quantity in units, 0 when flat. Prices as floats come from the properties; decisions are
    made on floats, orders on exact numbers.
    """

    __slots__ = (
        "bar",
        "best_ask",
        "best_bid",
        "funding",
        "heard_ns",
        "instrument",
        "memory",
        "orders",
        "position",
        "price_divisor",
        "values",
    )

    def __init__(self, instrument: Instrument, memory: msgspec.Struct, orders: Sized = ()) -> None:
        self.instrument = instrument
        self.memory = memory
        self.orders = orders
        self.price_divisor: int = 10**instrument.price_scale
        self.bar: Bar | None = None
        self.values: tuple[float, ...] = ()
        self.position = 0
        self.heard_ns = 0  # the time of the latest callback that was about no bar
        self.best_bid: int | None = None
        self.best_ask: int | None = None
        self.funding: FundingRate | None = None

    @property
    def now_ns(self) -> int:
        """The time of what the strategy is asked about: a bar's close, or a later quote, trade or fill."""
        bar = self.bar
        return self.heard_ns if bar is None or bar.ts_ns < self.heard_ns else bar.ts_ns

    @now_ns.setter
    def now_ns(self, ts_ns: int) -> None:
        self.heard_ns = ts_ns

    @property
    def open(self) -> float:
        return self._bar().open / self.price_divisor

    @property
    def high(self) -> float:
        return self._bar().high / self.price_divisor

    @property
    def low(self) -> float:
        return self._bar().low / self.price_divisor

    @property
    def close(self) -> float:
        return self._bar().close / self.price_divisor

    @property
    def volume(self) -> float | None:
        volume = self._bar().volume
        scale: int = 10**self.instrument.volume_scale
        return None if volume is None else volume / scale

    @property
    def working(self) -> int:
        """How many orders of the bot are on their way or open here."""
        return len(self.orders)

    @property
    def quantity(self) -> Decimal:
        """The bot's signed position in base units."""
        return self.instrument.quantity_decimal(self.position)

    def price(self, units: int) -> Decimal:
        """Return a price in quote units from price units, exactly."""
        return self.instrument.price_decimal(units)

    def _bar(self) -> Bar:
        if self.bar is None:
            raise LookupError(f"no bar of {self.instrument.id} has closed yet")
        return self.bar


class GroupView:
    """What a strategy may see of all its instruments together, at the end of a round of bars or after a quote.

    `views` are those of the instruments whose indicators are warm, by name, in the order of names; `fresh` are those
    whose bar belongs to this round (of a quote: the one that was quoted); `quotes` are the latest touches with sizes.
    """

    __slots__ = ("fitted", "fresh", "memory", "now_ns", "quotes", "views")

    def __init__(self, memory: msgspec.Struct, fitted: Callable[[str], Mapping[str, float] | None]) -> None:
        self.memory = memory
        self.fitted = fitted  # the parameters of a fit by its kind; None when there is none or it has expired
        self.views: dict[str, View] = {}
        self.fresh: tuple[str, ...] = ()
        self.quotes: dict[str, QuoteTick] = {}
        self.now_ns = 0


class FitRequest(msgspec.Struct, frozen=True):
    """Parameters that a strategy needs estimated outside the engine: by which method, on how many closes, how often.

    They come back as the event `Fitted` under `kind`.
    """

    kind: str
    method: str
    instruments: tuple[str, ...]
    window_bars: int
    every_bars: int


class Strategy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all strategies. Fields are the parameters; override `indicators` and the callbacks that you need.

    A callback returns None (nothing to do), one intent, or a list of intents. Before all declared indicators are
    defined no callback runs.
    """

    def indicators(self) -> Sequence[IndicatorSpec]:
        """Return the indicators whose values `view.values` will hold, in this order."""
        return ()

    def memory(self) -> msgspec.Struct:
        """Return the declared state of one instrument at the start."""
        return NoMemory()

    def on_bar(self, view: View) -> Wish:
        """Decide at the close of a bar; orders become active at the next one."""
        return None

    def on_trade(self, view: View, trade: TradePrint) -> Wish:
        return None

    def on_quote(self, view: View, quote: QuoteTick) -> Wish:
        return None

    def on_book(self, view: View, book: Book) -> Wish:
        """Decide after the book changed, valid and not crossed; best bid and ask are in the view too."""
        return None

    def on_fill(self, view: View, fill: OrderFilled) -> Wish:
        return None

    def group_memory(self) -> msgspec.Struct:
        """Return the declared state, at the start, of a strategy that sees its instruments together."""
        return NoMemory()

    def unsuited(self, instruments: Sequence[Instrument]) -> str | None:
        """Return why a bot of this strategy could never do anything on these instruments; None where it could."""
        return None

    def fits(self, instruments: Sequence[str]) -> Sequence[FitRequest]:
        """Return what is to be estimated outside the engine for a bot on these instruments."""
        return ()

    def on_group(self, group: GroupView) -> Mapping[str, Wish] | None:
        """Decide by instrument, once per round: when every instrument's bar is there, or shortly after the first."""
        return None

    def on_group_quote(self, group: GroupView) -> Mapping[str, Wish] | None:
        """Decide by instrument after a quote, or a change of the book, of any of them."""
        return None

    def group_reading(self, group: GroupView) -> Mapping[str, float | str]:
        """Return the same as `reading` of a strategy that sees its instruments together."""
        return {}

    def reading(self, view: View) -> Mapping[str, float | str]:
        """Return what an operator is shown of the strategy's thinking: read off the view, changing nothing."""
        return {}


def overrides(strategy: Strategy, callback: str) -> bool:
    """Return whether the strategy defines the callback itself: those it does not are never called."""
    return getattr(type(strategy), callback) is not getattr(Strategy, callback)


def sees_groups(strategy: Strategy) -> bool:
    """Return whether the strategy sees its instruments together."""
    return overrides(strategy, "on_group") or overrides(strategy, "on_group_quote")


def warmup_bars(strategy: Strategy) -> int:
    """Return how many closed bars the strategy's indicators need before all are defined; 0 without indicators."""
    return max((spec.warmup_bars for spec in strategy.indicators()), default=0)
