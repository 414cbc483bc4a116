"""Bars built from trades or from shorter bars, one at a time or as arrays, with identical results.

A bar covers `[open, open + span)` and is closed once, by the first event or timer at or after its end plus grace. What
arrives for a closed bar is a `BarCorrection` holding the bar as it would have been; the past bar never changes. An
interval without a trade gives no bar: the next bar is preceded by a `Gap`. All arithmetic is on integers.
"""

from collections.abc import Iterator

import msgspec
import numpy as np

from tradewind.model.market_events import Bar, Gap, TradePrint

GRACE_NS = 2_000_000_000
REMEMBERED_BARS = 64
DAY_NS = 86_400_000_000_000
WEEK_NS = 7 * DAY_NS
MONDAY_NS = 4 * DAY_NS  # 1970-01-05; weeks start on Monday, everything shorter divides the epoch
INT64_MAX = 2**63 - 1
NEVER_NS = 2**63 - 1

Prices = tuple[int, int, int, int]  # open, high, low, close
Ints = np.ndarray[tuple[int], np.dtype[np.int64]]


class BarCorrection(msgspec.Struct, frozen=True):
    """A late arrival would have changed a closed bar: `bar` is the bar with it, `was` the bar that was published.

    `ts_ns` is the time at which it became known. `was` is None when the interval had published nothing; `bar` is None
    when the interval lies further back than what is remembered.
    """

    instrument: str
    ts_ns: int
    open_ns: int
    bar: Bar | None
    was: Bar | None


BuiltEvent = Bar | Gap | BarCorrection


class BarColumns(msgspec.Struct, frozen=True, eq=False):
    """Bars as int64 columns, sorted by open time."""

    open_ns: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints

    def __len__(self) -> int:
        return len(self.open_ns)


def bucket_open(ts_ns: int, span_ns: int) -> int:
    """Return the open time of the bar that holds `ts_ns`: multiples of the span, weeks from Monday."""
    origin = grid_origin(span_ns)
    return ts_ns - (ts_ns - origin) % span_ns


def grid_origin(span_ns: int) -> int:
    """Return a time at which a bar of this span opens."""
    return MONDAY_NS if span_ns % WEEK_NS == 0 else 0


# -- one at a time ----------------------------------------------------------------------------------------------------


class TradeBars:
    """Trades in, bars out. `grace_ns` is how long after its end a bar stays open for trades that come late."""

    def __init__(self, instrument: str, span_ns: int, grace_ns: int = GRACE_NS) -> None:
        self._builder = _Builder(instrument, span_ns, grace_ns, no_trade=True)

    @property
    def gap_bars(self) -> int:
        """How many intervals passed without a trade."""
        return self._builder.gap_bars

    @property
    def corrections(self) -> int:
        return self._builder.corrections

    def on_trade(self, trade: TradePrint, known_ns: int | None = None) -> list[BuiltEvent]:
        """Return what the trade closes or corrects; `known_ns` is when it arrived, its own time unless told."""
        now_ns = trade.ts_ns if known_ns is None else known_ns
        price = trade.price
        return self._builder.add(now_ns, trade.ts_ns, (price, price, price, price), trade.quantity)

    def close_due(self, ts_ns: int) -> list[BuiltEvent]:
        """Return the bars whose end plus grace is reached at `ts_ns`: the timer event of a live feed."""
        return self._builder.close_until(ts_ns)

    def finish(self) -> list[BuiltEvent]:
        """Return the bars still open, when no more trades will come."""
        return self._builder.close_all()


class LongerBars:
    """Bars in, longer bars out; a longer bar closes with its last part, or with the first event after its end.

    `no_trade` says that a part is absent because nothing traded; otherwise absent parts are missing data.
    """

    def __init__(
        self, instrument: str, part_ns: int, span_ns: int, grace_ns: int = 0, *, no_trade: bool = False
    ) -> None:
        check_multiple(part_ns, span_ns)
        self.part_ns = part_ns
        self._builder = _Builder(instrument, span_ns, grace_ns, no_trade=no_trade)

    @property
    def gap_bars(self) -> int:
        """How many longer intervals passed without any part."""
        return self._builder.gap_bars

    def on_bar(self, bar: Bar) -> list[BuiltEvent]:
        """Return what the bar closes or corrects."""
        if bar.span_ns != self.part_ns:
            raise ValueError(f"bar of {bar.instrument} spans {bar.span_ns} ns, expected {self.part_ns}")
        prices = (bar.open, bar.high, bar.low, bar.close)
        return self._builder.add(bar.ts_ns, bar.open_ns, prices, bar.volume)

    def close_due(self, ts_ns: int) -> list[BuiltEvent]:
        """Return the bars whose end plus grace is reached at `ts_ns`."""
        return self._builder.close_until(ts_ns)

    def finish(self) -> list[BuiltEvent]:
        """Return the bars still open, when no more parts will come."""
        return self._builder.close_all()


class _Forming:
    """A bar while it grows: the first and last piece by time decide open and close, by arrival where times tie."""

    __slots__ = ("close", "first_ns", "high", "last_ns", "low", "open", "volume")

    def __init__(self, at_ns: int, prices: Prices, volume: int | None) -> None:
        self.first_ns = self.last_ns = at_ns
        self.open, self.high, self.low, self.close = prices
        self.volume = volume

    def add(self, at_ns: int, prices: Prices, volume: int | None) -> None:
        opening, high, low, closing = prices
        if at_ns < self.first_ns:
            self.first_ns, self.open = at_ns, opening
        if at_ns >= self.last_ns:
            self.last_ns, self.close = at_ns, closing
        self.high = max(self.high, high)
        self.low = min(self.low, low)
        self.volume = None if self.volume is None or volume is None else self.volume + volume

    def bar(self, instrument: str, open_ns: int, span_ns: int) -> Bar:
        end_ns = open_ns + span_ns
        return Bar(instrument, end_ns, span_ns, self.open, self.high, self.low, self.close, self.volume)


class _Builder:
    """What trades and bars have in common: open bars by time, closed ones remembered for corrections."""

    def __init__(self, instrument: str, span_ns: int, grace_ns: int, *, no_trade: bool) -> None:
        if span_ns <= 0 or grace_ns < 0:
            raise ValueError(f"span_ns must be positive and grace_ns not negative, were {span_ns} and {grace_ns}")
        self.instrument = instrument
        self.span_ns = span_ns
        self.grace_ns = grace_ns
        self.no_trade = no_trade
        self.gap_bars = 0
        self.corrections = 0
        self._open: dict[int, _Forming] = {}
        self._due_ns = NEVER_NS
        self._closed: dict[int, _Forming] = {}
        self._closed_end_ns: int | None = None
        self._forgotten_end_ns: int | None = None

    def add(self, now_ns: int, at_ns: int, prices: Prices, volume: int | None) -> list[BuiltEvent]:
        # Bars due before now are closed first, so that a timer that ticked late changes nothing; the bar that ends
        # exactly now takes its last part and closes after it.
        built = self.close_until(now_ns - 1)
        open_ns = bucket_open(at_ns, self.span_ns)
        if self._closed_end_ns is not None and open_ns < self._closed_end_ns:
            built.append(self._correct(now_ns, open_ns, at_ns, prices, volume))
            return built
        forming = self._open.get(open_ns)
        if forming is None:
            self._open[open_ns] = _Forming(at_ns, prices, volume)
            self._due_ns = min(self._due_ns, open_ns + self.span_ns + self.grace_ns)
        else:
            forming.add(at_ns, prices, volume)
        return built + self.close_until(now_ns)

    def close_until(self, ts_ns: int) -> list[BuiltEvent]:
        if ts_ns < self._due_ns:
            return []
        limit_ns = ts_ns - self.span_ns - self.grace_ns
        return self._close(sorted(open_ns for open_ns in self._open if open_ns <= limit_ns))

    def close_all(self) -> list[BuiltEvent]:
        return self._close(sorted(self._open))

    def _close(self, opens_ns: list[int]) -> list[BuiltEvent]:
        built: list[BuiltEvent] = []
        for open_ns in opens_ns:
            if self._closed_end_ns is not None and open_ns > self._closed_end_ns:
                missing = (open_ns - self._closed_end_ns) // self.span_ns
                self.gap_bars += missing
                built.append(Gap(self.instrument, open_ns, missing, no_trade=self.no_trade))
            forming = self._open.pop(open_ns)
            built.append(forming.bar(self.instrument, open_ns, self.span_ns))
            self._closed_end_ns = open_ns + self.span_ns
            self._remember(open_ns, forming)
        self._due_ns = min(self._open, default=NEVER_NS) + self.span_ns + self.grace_ns
        return built

    def _remember(self, open_ns: int, forming: _Forming) -> None:
        self._closed[open_ns] = forming
        if len(self._closed) > REMEMBERED_BARS:
            oldest_ns = min(self._closed)
            del self._closed[oldest_ns]
            self._forgotten_end_ns = oldest_ns + self.span_ns

    def _correct(self, now_ns: int, open_ns: int, at_ns: int, prices: Prices, volume: int | None) -> BarCorrection:
        self.corrections += 1
        if self._forgotten_end_ns is not None and open_ns < self._forgotten_end_ns:
            return BarCorrection(self.instrument, now_ns, open_ns, None, None)
        forming = self._closed.get(open_ns)
        was = None if forming is None else forming.bar(self.instrument, open_ns, self.span_ns)
        if forming is None:
            forming = _Forming(at_ns, prices, volume)
            self._remember(open_ns, forming)
        else:
            forming.add(at_ns, prices, volume)
        return BarCorrection(self.instrument, now_ns, open_ns, forming.bar(self.instrument, open_ns, self.span_ns), was)


# -- as arrays --------------------------------------------------------------------------------------------------------


def bars_of_trades(ts_ns: Ints, price: Ints, quantity: Ints, span_ns: int) -> BarColumns:
    """Return the bars of trades in any order; equal times keep the order of arrival, as streaming does.

    Raises  OverflowError when a bar's volume does not fit 64 bits.
    """
    order = np.argsort(ts_ns, kind="stable")
    price, quantity = price[order], quantity[order]
    return _reduce(ts_ns[order], price, price, price, price, quantity, span_ns)


def longer_bars(bars: BarColumns, part_ns: int, span_ns: int) -> BarColumns:
    """Return the longer bars of sorted bars; parts that are missing are left out, never filled.

    Raises  ValueError unless `span_ns` is a multiple of `part_ns`; OverflowError as above.
    """
    check_multiple(part_ns, span_ns)
    return _reduce(bars.open_ns, bars.open, bars.high, bars.low, bars.close, bars.volume, span_ns)


def check_multiple(part_ns: int, span_ns: int) -> None:
    """Raise ValueError unless bars of `span_ns` can be made of whole bars of `part_ns`."""
    if part_ns <= 0 or span_ns <= part_ns or span_ns % part_ns:
        raise ValueError(f"span_ns must be a larger multiple of {part_ns}, was {span_ns}")


def bars_from_columns(columns: BarColumns, instrument: str, span_ns: int) -> Iterator[Bar]:
    """Return the bars as values, in order."""
    ends = (columns.open_ns + span_ns).tolist()
    prices = (columns.open.tolist(), columns.high.tolist(), columns.low.tolist(), columns.close.tolist())
    for end_ns, opening, high, low, closing, volume in zip(ends, *prices, columns.volume.tolist(), strict=True):
        yield Bar(instrument, end_ns, span_ns, opening, high, low, closing, volume)


def _reduce(at_ns: Ints, opening: Ints, high: Ints, low: Ints, closing: Ints, volume: Ints, span_ns: int) -> BarColumns:
    if len(at_ns) == 0:
        return BarColumns(at_ns, opening, high, low, closing, volume)
    opens_ns = at_ns - (at_ns - grid_origin(span_ns)) % span_ns
    starts = np.flatnonzero(np.r_[True, opens_ns[1:] != opens_ns[:-1]])
    ends = np.r_[starts[1:], len(at_ns)] - 1
    sums = np.add.reduceat(volume, starts)
    if float(np.abs(np.add.reduceat(volume.astype(np.float64), starts)).max()) > INT64_MAX * (1 - 1e-9):
        raise OverflowError("the volume of a longer bar needs more than 64 bits: use fewer decimals for volume")
    return BarColumns(
        opens_ns[starts],
        opening[starts],
        np.maximum.reduceat(high, starts),
        np.minimum.reduceat(low, starts),
        closing[ends],
        sums,
    )
